//! Tables and columns that a feature asks for: made while it is on, neither made nor missed while it is off.

use std::sync::Arc;

use auth_store::migrations::{self, Data, Layout, MigrationError, Problem, Reverted};
use auth_store::tables::{Column, Part, RATE_LIMIT, Table};
use auth_store::testing::TestDatabase;
use auth_store::{IdKind, TableNames, TableSet};

use crate::made;

const TABLES: &str = "SELECT string_agg(relname, ' ' ORDER BY relname COLLATE \"C\") FROM pg_class \
                      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";

fn layout(tables: TableSet) -> Layout {
    Layout { tables, ..Layout::default() }
}

#[tokio::test]
async fn tables_of_features_that_are_off_are_neither_made_nor_missed() {
    let database = TestDatabase::create_empty().await;
    let (url, core) = (database.database_url(), layout(TableSet::core()));
    let store = |tables| database.store().with_tables(tables);
    migrations::up(&url, core.clone()).await.unwrap();
    let made = "account auth_schema_migrations session user verification";
    assert_eq!(database.query_one_text(TABLES).await.as_deref(), Some(made));
    assert_eq!(migrations::check(&url, core.clone()).await.unwrap(), []);
    assert_eq!(store(TableSet::core()).pending_migrations().await.unwrap(), 0);
    assert_eq!(store(TableSet::core()).schema_drift().await.unwrap(), []);
    store(TableSet::core()).register(&made::registration("ann@example.com")).await.unwrap();

    // Turned on later.
    let counting = TableSet::core().with(&RATE_LIMIT);
    assert_eq!(store(counting.clone()).pending_migrations().await.unwrap(), 1);
    let missing = store(counting.clone()).schema_drift().await.unwrap();
    assert_eq!(missing.len(), 1);
    assert_eq!((missing[0].table.as_str(), &missing[0].problem), ("rateLimit", &Problem::MissingTable));
    let applied = migrations::up(&url, layout(counting.clone())).await.unwrap();
    let what: Vec<&str> = applied.changes.iter().map(|change| change.what.as_str()).collect();
    assert_eq!(what, ["table \"rateLimit\"", "index \"rateLimit_lastRequest_idx\""]);
    assert_eq!(store(counting).pending_migrations().await.unwrap(), 0);

    // Turned off again: the table stays, and what becomes of it does not matter.
    database.execute("ALTER TABLE \"rateLimit\" ALTER count TYPE text").await;
    assert_eq!(migrations::check(&url, core.clone()).await.unwrap(), []);
    let status = migrations::status(&url, core).await.unwrap();
    let counted = status.iter().find(|status| status.feature == "rate_limit").unwrap();
    assert!(!counted.asked_for && counted.known && counted.applied_at.is_some());
}

/// A plugin as one value: columns of `user`, and a table.
static PLUGIN: Part = Part {
    feature: "plugin",
    tables: &[
        Table {
            name: "user",
            columns: &[
                Column::text("username").nullable().unique(),
                Column::text("displayUsername").nullable().indexed(),
            ],
        },
        Table { name: "note", columns: &[Column::key(), Column::owner("userId"), Column::text("text")] },
    ],
};

fn with_plugin(names: TableNames, ids: IdKind) -> Layout {
    Layout { ids, names: Arc::new(names), tables: TableSet::core().with(&PLUGIN) }
}

fn known() -> TableNames {
    TableNames::of(TableSet::default().with(&PLUGIN))
}

fn renamed() -> TableNames {
    let mut names = known();
    names.call_table("note", "notes").unwrap();
    names.call_table("user", "users").unwrap();
    names.call_column("user", "username", "login").unwrap();
    names.call_column("note", "userId", "author").unwrap();
    names.check().unwrap();
    names
}

#[tokio::test]
async fn a_part_is_made_with_the_tables_and_added_to_tables_that_are_there() {
    for (names, ids) in [
        (known(), IdKind::Text),
        (renamed(), IdKind::Text),
        (known(), IdKind::Serial),
        (renamed(), IdKind::Uuid),
    ] {
        let whole = with_plugin(names, ids);
        let core = Layout { tables: TableSet::core(), ..whole.clone() };
        let (at_once, in_turn) = (TestDatabase::create_empty().await, TestDatabase::create_empty().await);
        let first = migrations::up(&at_once.database_url(), whole.clone()).await.unwrap();
        assert_eq!(first.features, ["core", "plugin"]);
        let url = in_turn.database_url();
        migrations::up(&url, core).await.unwrap();
        let settings = auth_store::PoolSettings { names: Arc::clone(&whole.names), ..in_turn.settings() };
        let store = auth_store::Store::connect_lazily(settings).unwrap().with_ids(ids);
        store.register(&made::registration("ann@example.com")).await.unwrap();
        let plan = migrations::plan(&url, whole.clone()).await.unwrap();
        assert_eq!((plan.pending, plan.adopts.len(), plan.obstacles), (vec!["plugin"], 0, vec![]));
        let then = migrations::up(&url, whole.clone()).await.unwrap();
        assert_eq!(then.changes, plan.changes, "{ids}");
        let (user, username) = (whole.names.table("user"), whole.names.column("user", "username"));
        assert!(then.changes.iter().any(|change| change.what == format!("column \"{user}\".\"{username}\"")));
        for database in [&at_once, &in_turn] {
            assert_eq!(
                migrations::check(&database.database_url(), whole.clone()).await.unwrap(),
                [],
                "{ids}"
            );
        }
        // Each value once, by the constraint of a new table or the index of a new column.
        let same = format!("UPDATE \"{user}\" SET \"{username}\" = 'ann'");
        in_turn.execute(&same).await;
        store.register(&made::registration("bob@example.com")).await.unwrap();
        assert!(in_turn.client().await.batch_execute(&same).await.is_err(), "{ids}");
    }
}

#[tokio::test]
async fn taking_a_part_back_drops_its_columns_and_no_others() {
    let database = TestDatabase::create_empty().await;
    let url = database.database_url();
    let whole = with_plugin(known(), IdKind::Text);
    migrations::up(&url, whole.clone()).await.unwrap();
    database.store().register(&made::registration("ann@example.com")).await.unwrap();
    database.execute("UPDATE \"user\" SET username = 'ann'").await;
    let down = async |data| migrations::down(&url, data, &whole.names).await;
    let refused = down(Data::Keep).await.unwrap_err();
    assert!(
        matches!(&refused, MigrationError::WouldLoseData { tables, .. } if *tables == ["user"]),
        "{refused}"
    );
    database.execute("UPDATE \"user\" SET username = NULL").await;
    assert_eq!(down(Data::Keep).await.unwrap(), Some(Reverted::Dropped("plugin")));
    assert_eq!(migrations::check(&url, layout(TableSet::core())).await.unwrap(), []);
    assert_eq!(database.query_one_text("SELECT name FROM \"user\"").await.as_deref(), Some("Ann"));
    assert!(database.client().await.batch_execute("SELECT username FROM \"user\"").await.is_err());
}

#[tokio::test]
async fn a_column_of_another_type_is_not_adopted() {
    let database = TestDatabase::create().await;
    let url = database.database_url();
    database.execute("ALTER TABLE \"user\" ADD username integer").await;
    let error = migrations::up(&url, with_plugin(known(), IdKind::Text)).await.unwrap_err();
    assert!(matches!(error, MigrationError::NotAdoptable { .. }), "{error}");
    assert!(error.to_string().contains("\"user\".\"username\" has type integer, expected text"), "{error}");
}
