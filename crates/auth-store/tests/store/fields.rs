//! Additional fields: their columns, their statements, and what becomes of their values.

use std::sync::Arc;

use auth_core::{
    AdditionalFields, AdditionalValues, DeclaredFields, FieldDeclaration, FieldKind, FieldOwner, FieldValue,
    JsonText, Session, Visibility,
};
use auth_store::migrations::{self, Problem, Severity};
use auth_store::testing::TestDatabase;
use auth_store::{Address, IdKind, NewRegistration, Store, StoreError, TableNames};
use serde_json::json;
use time::Duration;
use time::macros::datetime;

use crate::made;

fn field(name: &str, kind: FieldKind) -> FieldDeclaration {
    FieldDeclaration {
        name: name.into(),
        column: name.to_owned(),
        kind,
        required: false,
        default: None,
        input: true,
        visibility: Visibility::Returned,
        unique: false,
        index: false,
    }
}

fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.to_owned())
}

fn declared() -> DeclaredFields {
    let user = vec![
        FieldDeclaration { required: true, default: Some(text("it's")), ..field("plan", FieldKind::Text) },
        FieldDeclaration { index: true, ..field("age", FieldKind::Number) },
        field("credits", FieldKind::BigNumber),
        FieldDeclaration {
            required: true,
            default: Some(FieldValue::Boolean(false)),
            ..field("adult", FieldKind::Boolean)
        },
        field("born", FieldKind::Date),
        field("meta", FieldKind::Json),
        field("tags", FieldKind::TextList),
        FieldDeclaration { column: "nick_name".to_owned(), unique: true, ..field("nick", FieldKind::Text) },
        FieldDeclaration { required: true, ..field("select", FieldKind::Text) },
    ];
    let session = vec![
        field("device", FieldKind::Text),
        FieldDeclaration {
            required: true,
            default: Some(FieldValue::Number(0)),
            ..field("hits", FieldKind::Number)
        },
        field("data", FieldKind::Json),
    ];
    DeclaredFields {
        user: AdditionalFields::new(FieldOwner::User, user).unwrap(),
        session: AdditionalFields::new(FieldOwner::Session, session).unwrap(),
    }
}

async fn migrated() -> (TestDatabase, Store) {
    let database = TestDatabase::create().await;
    migrations::fields::up(&database.database_url(), &declared(), &TableNames::default()).await.unwrap();
    let store = database.store().with_fields(Arc::new(declared()));
    (database, store)
}

fn of_user(nick: &str) -> AdditionalValues {
    declared().user.values([
        text("pro"),
        FieldValue::Number(-7),
        FieldValue::BigNumber(i64::MAX),
        FieldValue::Boolean(true),
        FieldValue::Date(datetime!(2000-02-29 1:02:03.004 UTC)),
        FieldValue::Json(JsonText::parse(r#"{"a":1,"bb":[1.5,"x"]}"#).unwrap()),
        FieldValue::Json(JsonText::parse(r#"["a","b"]"#).unwrap()),
        text(nick),
        text("\"; DROP TABLE \"user\"; --"),
    ])
}

fn registration(email: &str, nick: &str) -> NewRegistration {
    let mut new = made::registration(email);
    new.user.additional = of_user(nick);
    new.session.as_mut().unwrap().additional = declared().session.defaults();
    new
}

#[tokio::test]
async fn values_come_back_as_they_were_stored_from_every_lookup() {
    let (_database, store) = migrated().await;
    let new = registration("ann@example.com", "ann");
    let session = new.session.clone().unwrap();
    let stored = store.register(&new).await.unwrap();
    assert_eq!(stored.user.additional, new.user.additional);
    assert_eq!(stored.session.unwrap().additional, session.additional);

    let by_token = store.sessions().find_by_token(&session.token).await.unwrap().unwrap();
    let by_id = store.sessions().find_by_id(&session.id).await.unwrap().unwrap();
    for principal in [by_token, by_id] {
        assert_eq!(principal.user.additional, new.user.additional);
        assert_eq!(principal.session.additional, session.additional);
    }
    let users = store.users();
    assert_eq!(users.find_by_id(&new.user.id).await.unwrap().unwrap().additional, new.user.additional);
    assert_eq!(users.find_by_email(&new.user.email).await.unwrap().unwrap().additional, new.user.additional);
    let (user, hash) = users.find_credential_by_email(&new.user.email).await.unwrap().unwrap();
    assert_eq!((user.additional, hash.is_some()), (new.user.additional.clone(), true));
    let refreshed = store.sessions().refresh(&session.token, made::NOW, made::NOW).await.unwrap().unwrap();
    assert_eq!(refreshed.additional, session.additional);
}

#[tokio::test]
async fn a_value_that_nobody_gave_is_null() {
    let (_database, store) = migrated().await;
    let mut new = made::registration("ann@example.com");
    new.user.additional.set("plan".into(), text("free"), Visibility::Returned);
    new.user.additional.set("adult".into(), FieldValue::Boolean(true), Visibility::Returned);
    new.session = None;
    store.register(&new).await.unwrap();
    let found = store.users().find_by_id(&new.user.id).await.unwrap().unwrap().additional;
    let null = FieldValue::Null;
    assert_eq!(
        (found.get("plan"), found.get("age"), found.get("meta")),
        (Some(&text("free")), Some(&null), Some(&null))
    );
    assert_eq!(found.iter().count(), 9);
}

#[tokio::test]
async fn json_comes_back_in_the_databases_order_at_once() {
    let (_database, store) = migrated().await;
    let mut new = registration("ann@example.com", "ann");
    let given = FieldValue::Json(JsonText::parse(r#"{"long":1,"b":2,"a":3.0}"#).unwrap());
    new.user.additional.set("meta".into(), given, Visibility::Returned);
    let stored = store.register(&new).await.unwrap().user.additional;
    let expected = FieldValue::Json(JsonText::parse(r#"{"a":3,"b":2,"long":1}"#).unwrap());
    assert_eq!(stored.get("meta"), Some(&expected));
    let found = store.users().find_by_id(&new.user.id).await.unwrap().unwrap().additional;
    assert_eq!(found.get("meta"), Some(&expected));
}

#[tokio::test]
async fn what_a_column_cannot_hold_is_refused_and_not_an_outage() {
    let (_database, store) = migrated().await;
    let nul = |name: &str, value| {
        let mut new = registration("ann@example.com", "ann");
        new.user.additional.set(name.into(), value, Visibility::Returned);
        new
    };
    let json = FieldValue::Json(JsonText::parse(r#"{"a":"\u0000"}"#).unwrap());
    for new in [
        nul("plan", text("a\0b")),
        nul("meta", json),
        nul("plan", FieldValue::Null),
        nul("age", text("7")),
        nul("age", FieldValue::Number(i64::MAX)),
    ] {
        let error = store.register(&new).await.unwrap_err();
        assert!(matches!(error, StoreError::Rejected { .. }), "{error:?}");
        let error = store.register_enumeration_safe(&new, Address::Taken).await.unwrap_err();
        assert!(matches!(error, StoreError::Rejected { .. }), "{error:?}");
    }
    assert!(store.users().find_by_id(&nul("plan", FieldValue::Null).user.id).await.unwrap().is_none());
}

#[tokio::test]
async fn changes_touch_the_named_fields_of_one_session() {
    let (_database, store) = migrated().await;
    let new = registration("ann@example.com", "ann");
    let session = new.session.clone().unwrap();
    store.register(&new).await.unwrap();
    let other = Session { additional: declared().session.defaults(), ..made::session(&new.user) };
    store.sessions().insert(&other).await.unwrap();
    let change = async |body: serde_json::Value, token| {
        let changes = declared().session.parse_update(body.as_object().unwrap()).unwrap();
        store.sessions().update_additional(token, &changes, made::NOW + Duration::hours(1)).await.unwrap()
    };
    let changed = change(json!({"device": "phone", "data": {"a": 1}}), &session.token).await.unwrap();
    assert_eq!(changed.updated_at, made::STORED_NOW + Duration::hours(1));
    assert_eq!((changed.id, changed.expires_at), (session.id, made::STORED_NOW + Duration::days(7)));
    let changed = change(json!({"data": null, "hits": 3}), &session.token).await.unwrap().additional;
    assert_eq!(changed.get("device"), Some(&text("phone")), "it stays as it was");
    assert_eq!(
        (changed.get("hits"), changed.get("data")),
        (Some(&FieldValue::Number(3)), Some(&FieldValue::Null))
    );
    let found = store.sessions().find_by_token(&session.token).await.unwrap().unwrap().session.additional;
    assert_eq!(found, changed);
    let found = store.sessions().find_by_token(&other.token).await.unwrap().unwrap().session;
    assert_eq!(found.additional, declared().session.defaults(), "another session");
    store.sessions().delete_by_token(&session.token).await.unwrap();
    assert!(change(json!({"hits": 3}), &session.token).await.is_none());
}

/// R-56: what is taken, by whom, and what a value may be, is the same question for a taken address.
#[tokio::test]
async fn r_056_a_taken_address_is_tried_like_a_free_one_and_leaves_nothing() {
    let (database, store) = migrated().await;
    let ann = registration("ann@example.com", "ann");
    store.register(&ann).await.unwrap();
    let rows = "SELECT concat_ws(' ', (SELECT count(*) FROM \"user\"), (SELECT count(*) FROM account), \
                (SELECT count(*) FROM session))";
    let before = database.query_one_text(rows).await;

    let unseen = |email: &str, nick: &str| NewRegistration { session: None, ..registration(email, nick) };
    let again = unseen("ann@example.com", "other");
    let tried = store.register_enumeration_safe(&again, Address::Taken).await.unwrap();
    assert_eq!(tried.user.additional, again.user.additional);
    assert_eq!(tried.user.email, again.user.email, "as if it had been free");
    assert_eq!(database.query_one_text(rows).await, before);
    let taken_nick = unseen("ann@example.com", "ann");
    let error = store.register_enumeration_safe(&taken_nick, Address::Taken).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error:?}");
    assert_eq!(database.query_one_text(rows).await, before);

    let error =
        store.register_enumeration_safe(&unseen("bob@example.com", "ann"), Address::Free).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error:?}");
    let error = store.register_enumeration_safe(&again, Address::Free).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "the address was taken meanwhile: {error:?}");
    assert_eq!(database.query_one_text(rows).await, before);
    let bob = unseen("bob@example.com", "bob");
    store.register_enumeration_safe(&bob, Address::Free).await.unwrap();
    assert!(store.users().find_credential_by_email(&bob.user.email).await.unwrap().unwrap().1.is_some());
}

#[tokio::test]
async fn migrating_adds_what_is_missing_and_then_nothing() {
    let database = TestDatabase::create().await;
    let (url, fields) = (database.database_url(), declared());
    let store = database.store().with_fields(Arc::new(declared()));
    let ann = made::registration("ann@example.com");
    database.store().register(&ann).await.unwrap();
    assert_eq!(store.pending_migrations().await.unwrap(), 12, "each column counts");
    assert_eq!(database.store().pending_migrations().await.unwrap(), 0, "nothing declared, nothing missing");
    let missing = migrations::fields::check(&url, &fields, IdKind::Text).await.unwrap();
    assert!(
        missing.iter().any(|finding| finding.to_string().starts_with("\"user\".\"plan\" is missing")),
        "{missing:?}"
    );

    let plan = migrations::fields::plan(&url, &fields, &TableNames::default()).await.unwrap();
    assert_eq!(store.pending_migrations().await.unwrap(), 12, "planning does nothing");
    assert_eq!(migrations::fields::up(&url, &fields, &TableNames::default()).await.unwrap(), plan);
    assert_eq!(
        plan[..3],
        [
            "ALTER TABLE \"user\" ADD COLUMN IF NOT EXISTS \"plan\" text NOT NULL DEFAULT 'it''s'",
            "ALTER TABLE \"user\" ADD COLUMN IF NOT EXISTS \"age\" integer",
            "CREATE INDEX \"user_age_idx\" ON \"user\" (\"age\")",
        ]
    );
    assert!(
        plan.contains(&"CREATE UNIQUE INDEX \"user_nick_name_uidx\" ON \"user\" (\"nick_name\")".to_owned())
    );
    assert_eq!(store.pending_migrations().await.unwrap(), 0);
    assert_eq!(migrations::fields::up(&url, &fields, &TableNames::default()).await.unwrap(), [""; 0]);
    assert_eq!(migrations::fields::check(&url, &fields, IdKind::Text).await.unwrap(), []);
    assert_eq!(
        migrations::check(&url, IdKind::Text).await.unwrap(),
        [],
        "a Node server that declares none of it can start"
    );

    // A row from before has the defaults, and can be read although a required field has none.
    let found = store.users().find_by_id(&ann.user.id).await.unwrap().unwrap().additional;
    assert_eq!((found.get("plan"), found.get("select")), (Some(&text("it's")), Some(&FieldValue::Null)));
}

#[tokio::test]
async fn columns_as_nodes_migration_makes_them_are_taken_as_they_are() {
    let database = TestDatabase::create().await;
    database
        .execute(
            "ALTER TABLE \"user\" ADD plan varchar(20) NOT NULL, ADD age smallint, ADD credits bigint, \
             ADD adult boolean NOT NULL, ADD born timestamptz, ADD meta jsonb, ADD tags jsonb, \
             ADD nick_name text UNIQUE, ADD \"select\" text NOT NULL; \
             ALTER TABLE session ADD device text, ADD hits integer NOT NULL, ADD data jsonb",
        )
        .await;
    let (url, fields) = (database.database_url(), declared());
    assert!(
        !migrations::check(&url, IdKind::Text).await.unwrap().is_empty(),
        "undeclared, they would break every insert"
    );
    let findings = migrations::fields::check(&url, &fields, IdKind::Text).await.unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((&findings[0].problem, findings[0].severity), (&Problem::NoIndex, Severity::Weakens));
    assert_eq!(
        migrations::fields::up(&url, &fields, &TableNames::default()).await.unwrap(),
        ["CREATE INDEX \"user_age_idx\" ON \"user\" (\"age\")"]
    );
    let store = database.store().with_fields(Arc::new(fields));
    let new = registration("ann@example.com", "ann");
    assert_eq!(store.register(&new).await.unwrap().user.additional, new.user.additional);

    database.execute("ALTER TABLE \"user\" ALTER credits TYPE numeric").await;
    let findings = migrations::fields::check(&url, &declared(), IdKind::Text).await.unwrap();
    assert!(findings[0].to_string().contains("has type numeric, expected bigint"), "{findings:?}");
    let error = store.users().find_by_id(&new.user.id).await.unwrap_err();
    assert!(matches!(&error, StoreError::Inconsistent { column, .. } if column == "credits"), "{error:?}");
}

#[tokio::test]
async fn parallel_starters_add_each_column_once() {
    let database = TestDatabase::create().await;
    let url = database.database_url();
    let starters = (0..4).map(|_| async {
        migrations::fields::up(&url, &declared(), &TableNames::default()).await.unwrap().len()
    });
    let ran = futures_util::future::join_all(starters).await;
    assert_eq!(ran.iter().filter(|ran| **ran > 0).count(), 1, "{ran:?}");
    assert_eq!(migrations::fields::check(&url, &declared(), IdKind::Text).await.unwrap(), []);
}

/// How many statements with additional fields are prepared on the connection, this one aside.
const PREPARED: &str = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%\"hits\"%' \
                        AND statement NOT LIKE '%pg_prepared_statements%'";

#[tokio::test]
async fn statements_with_fields_are_prepared_once() {
    let (database, _) = migrated().await;
    let settings = auth_store::PoolSettings { max_connections: 1, ..database.settings() };
    let store = Store::connect_lazily(settings).unwrap().with_fields(Arc::new(declared()));
    let count = async || auth_store::testing::read_text(&store, PREPARED).await.unwrap();
    let mut after_first = None;
    for number in 0..5_u32 {
        let new = registration(&format!("user{number}@example.com"), &format!("nick{number}"));
        let token = new.session.clone().unwrap().token;
        store.register(&new).await.unwrap();
        store.sessions().find_by_token(&token).await.unwrap().unwrap();
        store.sessions().refresh(&token, made::NOW, made::NOW).await.unwrap().unwrap();
        // Each time other fields, and another kind of value.
        let body = match number % 3 {
            0 => json!({"device": "x", "hits": number}),
            1 => json!({"data": null}),
            _ => json!({"data": [number], "device": null}),
        };
        let changes = declared().session.parse_update(body.as_object().unwrap()).unwrap();
        store.sessions().update_additional(&token, &changes, made::NOW).await.unwrap().unwrap();
        let prepared = count().await;
        assert_eq!(*after_first.get_or_insert(prepared.clone()), prepared, "in round {number}");
    }
    // INSERT, lookup, refresh, update.
    assert_eq!(after_first.as_deref(), Some("4"));
}
