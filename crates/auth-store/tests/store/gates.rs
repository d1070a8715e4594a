//! Columns of other servers' plugins that forbid a sign-in: found where they are, and obeyed as those plugins do.

use std::sync::Arc;

use auth_core::{
    AdditionalFields, DeclaredFields, FieldDeclaration, FieldKind, FieldOwner, UserId, Visibility,
};
use auth_store::testing::TestDatabase;
use auth_store::{Ban, IdKind, PoolSettings, Store, TableNames, UserGates, UserStanding};
use time::Duration;

use crate::made;

/// As Node's tool makes them (1.7.25).
const PLUGINS: &str = "ALTER TABLE \"user\" ADD \"twoFactorEnabled\" boolean DEFAULT false, \
                       ADD banned boolean DEFAULT false, ADD \"banReason\" text, ADD \"banExpires\" timestamptz";

async fn user_on(store: &Store, email: &str) -> UserId {
    store.register(&made::registration(email)).await.unwrap().user.id
}

async fn standing(store: &Store, id: &UserId) -> UserStanding {
    let gates = store.user_gates().await.unwrap();
    store.users().standing(&gates, id).await.unwrap()
}

#[tokio::test]
async fn without_the_columns_nothing_is_asked() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let ann = user_on(&store, "ann@example.com").await;
    let gates = store.user_gates().await.unwrap();
    assert!(gates.is_empty() && !gates.has_bans() && !gates.has_two_factor());
    assert_eq!(gates, UserGates::default());
    // A statement would fail now.
    database.execute("ALTER TABLE \"user\" RENAME TO elsewhere").await;
    let users = store.users();
    assert_eq!(users.standing(&gates, &ann).await.unwrap(), UserStanding::default());
    assert!(!users.lift_expired_ban(&gates, &ann, made::NOW).await.unwrap());
    assert_eq!(users.count_with_two_factor(&gates).await.unwrap(), 0);
}

#[tokio::test]
async fn second_factors_and_bans_are_read_in_every_kind_of_ids() {
    for ids in IdKind::ALL {
        let database = TestDatabase::create_with_ids(ids).await;
        database.execute(PLUGINS).await;
        let store = database.store().with_ids(ids);
        let (ann, bob) = (user_on(&store, "ann@example.com").await, user_on(&store, "bob@example.com").await);
        assert_eq!(standing(&store, &ann).await, UserStanding::default(), "{ids}");
        database
            .execute(
                "UPDATE \"user\" SET \"twoFactorEnabled\" = true, banned = true, \"banReason\" = 'spam', \
                 \"banExpires\" = '2030-01-15 12:00:00.123999Z' WHERE email = 'ann@example.com'; \
                 UPDATE \"user\" SET \"twoFactorEnabled\" = NULL, banned = NULL WHERE email = 'bob@example.com'",
            )
            .await;
        let ban = Ban { reason: Some("spam".to_owned()), expires_at: Some(made::STORED_NOW) };
        let expected = UserStanding { two_factor_enabled: true, ban: Some(ban) };
        assert_eq!(standing(&store, &ann).await, expected, "{ids}");
        assert_eq!(standing(&store, &bob).await, UserStanding::default(), "{ids}: NULL is no");
        for nobody in ["", "nobody", "99"] {
            assert_eq!(standing(&store, &UserId::from_stored(nobody)).await, UserStanding::default());
        }
        let gates = store.user_gates().await.unwrap();
        assert_eq!(store.users().count_with_two_factor(&gates).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn an_expired_ban_is_lifted_and_no_other() {
    let database = TestDatabase::create().await;
    database.execute(PLUGINS).await;
    let store = database.store();
    let ann = user_on(&store, "ann@example.com").await;
    let gates = store.user_gates().await.unwrap();
    let lift = async || store.users().lift_expired_ban(&gates, &ann, made::NOW).await.unwrap();
    for (expires, is_over) in [
        ("NULL", false),
        ("'2030-01-15 12:00:00.122Z'", true),
        // The plugin compares milliseconds, and the end itself still belongs to the ban.
        ("'2030-01-15 12:00:00.123Z'", false),
        ("'2030-01-15 12:00:00.123001Z'", false),
        ("'2031-01-01Z'", false),
        ("'infinity'", false),
    ] {
        let ban =
            format!("UPDATE \"user\" SET banned = true, \"banReason\" = 'spam', \"banExpires\" = {expires}");
        database.execute(&ban).await;
        let before = standing(&store, &ann).await.ban.expect(expires);
        assert_eq!(before.has_expired(made::NOW), is_over, "{expires}");
        assert_eq!(lift().await, is_over, "{expires}");
        assert_eq!(standing(&store, &ann).await.ban.is_none(), is_over, "{expires}");
        let left = "SELECT concat_ws(' ', banned, \"banReason\", \"banExpires\" IS NULL) FROM \"user\"";
        if is_over {
            assert_eq!(database.query_one_text(left).await.as_deref(), Some("f t"), "{expires}");
            let user = store.users().find_by_id(&ann).await.unwrap().unwrap();
            assert_eq!(user.updated_at, made::STORED_NOW, "as the plugin's update does");
        }
        assert!(!lift().await, "{expires}: once");
    }
    // An end that is past, and no ban.
    database.execute("UPDATE \"user\" SET banned = false, \"banExpires\" = '2020-01-01Z'").await;
    assert!(!lift().await);
}

#[tokio::test]
async fn columns_of_other_types_say_the_same() {
    for (columns, truth, moment, ends) in [
        ("banned integer, ADD \"banExpires\" timestamp", "1", "'2030-01-15 12:00:00.122'", true),
        ("banned text, ADD \"banExpires\" date", "'TRUE'", "'2030-01-14'", true),
        // A moment of an unknown form: the ban holds.
        ("banned boolean NOT NULL DEFAULT false, ADD \"banExpires\" text", "true", "'2020-01-01'", false),
        ("banned varchar(5), ADD \"banExpires\" bigint", "'1'", "0", false),
    ] {
        let database = TestDatabase::create().await;
        // The session's zone must not matter.
        let zone = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Tokyo''', current_database()); END $$";
        database.execute(zone).await;
        database.execute(&format!("ALTER TABLE \"user\" ADD {columns}")).await;
        let store = database.store();
        let ann = user_on(&store, "ann@example.com").await;
        assert_eq!(standing(&store, &ann).await, UserStanding::default(), "{columns}");
        database.execute(&format!("UPDATE \"user\" SET banned = {truth}, \"banExpires\" = {moment}")).await;
        let ban = standing(&store, &ann).await.ban.expect(columns);
        assert_eq!((ban.reason.as_deref(), ban.expires_at.is_some()), (None, ends), "{columns}");
        assert_eq!(ban.has_expired(made::NOW), ends, "{columns}");
        let gates = store.user_gates().await.unwrap();
        assert_eq!(store.users().lift_expired_ban(&gates, &ann, made::NOW).await.unwrap(), ends, "{columns}");
        assert_eq!(standing(&store, &ann).await.ban.is_none(), ends, "{columns}");
    }
}

#[tokio::test]
async fn a_ban_without_a_column_for_its_end_holds() {
    let database = TestDatabase::create().await;
    database.execute("ALTER TABLE \"user\" ADD banned boolean").await;
    let store = database.store();
    let ann = user_on(&store, "ann@example.com").await;
    database.execute("UPDATE \"user\" SET banned = true").await;
    assert_eq!(standing(&store, &ann).await.ban, Some(Ban::default()));
    let gates = store.user_gates().await.unwrap();
    let later = made::NOW + Duration::days(9_000);
    assert!(!store.users().lift_expired_ban(&gates, &ann, later).await.unwrap());
    assert!(!gates.has_two_factor());
}

fn declared_as(column: &str) -> DeclaredFields {
    let field = |name: &str, column: &str, kind| FieldDeclaration {
        name: name.into(),
        column: column.to_owned(),
        kind,
        required: false,
        default: None,
        input: false,
        visibility: Visibility::Returned,
        unique: false,
        index: false,
    };
    let fields = vec![
        field("banned", column, FieldKind::Boolean),
        field("twoFactorEnabled", "twoFactorEnabled", FieldKind::Boolean),
    ];
    DeclaredFields { user: AdditionalFields::new(FieldOwner::User, fields).unwrap(), ..Default::default() }
}

#[tokio::test]
async fn columns_are_found_under_the_names_of_the_settings() {
    let mut names = TableNames::default();
    names.call_table("user", "users").unwrap();
    for (field, column) in [
        ("updatedAt", "updated_at"),
        ("banned", "is_banned"),
        ("banReason", "ban_reason"),
        ("banExpires", "ban_expires"),
    ] {
        names.call_column("user", field, column).unwrap();
    }
    names.check().unwrap();
    let database = TestDatabase::create().await;
    database
        .execute(
            "ALTER TABLE \"user\" RENAME TO users; ALTER TABLE users RENAME \"updatedAt\" TO updated_at; \
             ALTER TABLE users ADD is_banned boolean, ADD ban_reason text, ADD ban_expires timestamptz, \
             ADD banned text DEFAULT 'true'",
        )
        .await;
    let settings = PoolSettings { names: Arc::new(names), ..database.settings() };
    let store = Store::connect_lazily(settings).unwrap();
    let ann = user_on(&store, "ann@example.com").await;
    assert_eq!(standing(&store, &ann).await.ban, None, "a column of the plugin's name is another one's here");
    database
        .execute("UPDATE users SET is_banned = true, ban_reason = 'spam', ban_expires = '2020-01-01Z'")
        .await;
    assert_eq!(standing(&store, &ann).await.ban.unwrap().reason.as_deref(), Some("spam"));
    let gates = store.user_gates().await.unwrap();
    assert!(store.users().lift_expired_ban(&gates, &ann, made::NOW).await.unwrap());
    assert_eq!(standing(&store, &ann).await.ban, None);
}

#[tokio::test]
async fn columns_of_additional_fields_are_obeyed_too() {
    for column in ["banned", "is_banned"] {
        let database = TestDatabase::create().await;
        let (url, declared) = (database.database_url(), declared_as(column));
        auth_store::migrations::fields::up(&url, &declared, &TableNames::default()).await.unwrap();
        let store = database.store().with_fields(Arc::new(declared));
        let ann = user_on(&store, "ann@example.com").await;
        let gates = store.user_gates().await.unwrap();
        assert!(gates.has_two_factor() && gates.has_bans());
        database.execute(&format!("UPDATE \"user\" SET {column} = true, \"twoFactorEnabled\" = true")).await;
        let expected = UserStanding { two_factor_enabled: true, ban: Some(Ban::default()) };
        assert_eq!(standing(&store, &ann).await, expected);
    }
}
