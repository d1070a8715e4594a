//! Tables and columns that are not called as Better Auth calls them: every statement finds them, and every check.

use std::num::NonZeroU32;
use std::sync::Arc;

use auth_core::{
    AdditionalFields, DeclaredFields, FieldDeclaration, FieldKind, FieldOwner, FieldValue, RateLimitId,
    StoredHash, UserId, Visibility,
};
use auth_store::migrations::{self, Applied, Data, Layout, MigrationError, Problem, Reverted, Severity};
use auth_store::testing::TestDatabase;
use auth_store::{
    Address, Expiring, IdKind, NewPassword, NewSignIn, PoolSettings, RateLimitHit, Store, TableNames,
};
use serde_json::json;
use time::Duration;

use crate::made;

/// Every table, and every column but `id`, called otherwise.
fn all_other() -> TableNames {
    let mut names = TableNames::default();
    for (table, called, columns) in [
        ("user", "users", "name email emailVerified image createdAt updatedAt"),
        ("session", "sessions", "expiresAt token createdAt updatedAt ipAddress userAgent userId"),
        (
            "account",
            "accounts",
            "accountId providerId userId accessToken refreshToken idToken accessTokenExpiresAt",
        ),
        ("account", "accounts", "refreshTokenExpiresAt scope password createdAt updatedAt"),
        ("verification", "proofs", "identifier value expiresAt createdAt updatedAt"),
        ("rateLimit", "rate_limits", "key count lastRequest"),
        ("jwks", "keys", "publicKey privateKey createdAt expiresAt alg crv"),
    ] {
        names.call_table(table, called).unwrap();
        for field in columns.split(' ') {
            names.call_column(table, field, &format!("{}_{field}", &called[..2])).unwrap();
        }
    }
    names.check().unwrap();
    names
}

fn fields() -> DeclaredFields {
    let field = |name: &str| FieldDeclaration {
        name: name.into(),
        column: format!("{name}_column"),
        kind: FieldKind::Text,
        required: false,
        default: None,
        input: true,
        visibility: Visibility::Returned,
        unique: false,
        index: true,
    };
    DeclaredFields {
        user: AdditionalFields::new(FieldOwner::User, vec![field("plan")]).unwrap(),
        session: AdditionalFields::new(FieldOwner::Session, vec![field("device")]).unwrap(),
    }
}

/// A migrated database of that layout, and a store on it.
async fn started(layout: &Layout) -> (TestDatabase, Store) {
    let database = TestDatabase::create_empty().await;
    let url = database.database_url();
    migrations::up(&url, layout.clone()).await.unwrap();
    migrations::fields::up(&url, &fields(), &layout.names).await.unwrap();
    let settings = PoolSettings { names: Arc::clone(&layout.names), ..PoolSettings::new(url) };
    let store = Store::connect_lazily(settings).unwrap().with_fields(Arc::new(fields())).with_ids(layout.ids);
    (database, store)
}

#[tokio::test]
async fn every_statement_finds_tables_and_columns_of_other_names() {
    for ids in IdKind::ALL {
        let layout = Layout { ids, names: Arc::new(all_other()), ..Layout::default() };
        let (database, store) = started(&layout).await;
        let now = made::STORED_NOW;

        let new = made::registration("ann@example.com");
        let registered = store.register(&new).await.unwrap();
        let (ann, first) = (registered.user, registered.session.unwrap());
        let bob = made::registration("bob@example.com");
        store.register_enumeration_safe(&bob, Address::Free).await.unwrap();
        assert!(store.register(&new).await.is_err(), "{ids}: the address is taken");
        assert_eq!(store.users().find_by_email(&ann.email).await.unwrap().unwrap().id, ann.id);
        let account = store.accounts().find_credential(&ann.id).await.unwrap().unwrap();
        assert_eq!(
            (account.user_id.as_str(), account.account_id.as_str()),
            (ann.id.as_str(), ann.id.as_str())
        );
        assert_eq!(store.accounts().password_samples().await.unwrap().len(), 1);

        let sessions = store.sessions();
        let found = sessions.find_by_token(&first.token).await.unwrap().unwrap();
        assert_eq!((found.user.id, found.session.id), (ann.id.clone(), first.id.clone()));
        assert!(sessions.find_by_id(&first.id).await.unwrap().is_some());
        let later = now + Duration::days(9);
        let extended = sessions.refresh(&first.token, later, now).await.unwrap().unwrap();
        assert_eq!(extended.expires_at, later);
        let verified = account.password.clone().unwrap();
        let rehashed = StoredHash::from_stored("$argon2id$again");
        let sign_in = NewSignIn {
            session: made::session(&ann),
            verified,
            rehashed: Some(rehashed.clone()),
            max_sessions: NonZeroU32::new(2),
        };
        store.sign_in(&sign_in).await.unwrap().unwrap();
        assert_eq!(sessions.list_by_user(&ann.id, now, 10).await.unwrap().len(), 2);
        let third = NewSignIn { session: made::session(&ann), verified: rehashed.clone(), ..sign_in };
        let third = store.sign_in(&NewSignIn { rehashed: None, ..third }).await.unwrap().unwrap();
        assert_eq!(sessions.list_by_user(&ann.id, now, 10).await.unwrap().len(), 2, "one was too many");
        let device = json!({ "device": "phone" });
        let changes = fields().session.parse_update(device.as_object().unwrap()).unwrap();
        let changed = sessions.update_additional(&third.token, &changes, now).await.unwrap().unwrap();
        assert_eq!(changed.additional.get("device"), Some(&FieldValue::Text("phone".to_owned())));
        assert!(!sessions.delete_expired(&third.token, now).await.unwrap());
        assert!(sessions.delete_by_token(&third.token).await.unwrap());
        let others = sessions.list_by_user(&ann.id, now, 10).await.unwrap();
        assert!(sessions.delete_owned(&others[0].token, &ann.id).await.unwrap());
        let change = NewPassword {
            user_id: ann.id.clone(),
            verified: rehashed,
            password: StoredHash::from_stored("$argon2id$another"),
            now,
        };
        let replaced =
            store.replace_password_and_sessions(&change, &made::session(&ann)).await.unwrap().unwrap();
        assert_eq!(sessions.delete_by_user_except(&ann.id, &replaced.token).await.unwrap(), 0);
        assert_eq!(sessions.delete_by_user(&UserId::from_stored("nobody")).await.unwrap(), 0);

        let id = RateLimitId::generate(&mut rand::rng());
        let window = std::time::Duration::from_secs(10);
        let hit = RateLimitHit { key: "::1|/ok", window, max: 1, now, id: &id };
        store.rate_limits().count(&hit).await.unwrap();
        store.rate_limits().count(&hit).await.unwrap();
        let ahead = RateLimitHit { now: now - Duration::days(1), ..hit };
        store.rate_limits().count(&ahead).await.unwrap();
        let (one, other) = (crate::key::key(None), crate::key::key(None));
        store.keys().insert(&one).await.unwrap();
        assert_eq!(store.keys().insert_unless_replaced(&other, now).await.unwrap().len(), 1);
        let proof = crate::verification::proof("reset-password:a", now);
        let proof_id = store.verifications().insert(&proof).await.unwrap();
        let found = store.verifications().find_by_identifier(&proof.identifier).await.unwrap().unwrap();
        assert_eq!(found.id, proof_id);
        assert!(store.verifications().delete(&proof_id).await.unwrap());
        for (table, removed) in
            [(Expiring::Sessions, 2), (Expiring::Verifications, 0), (Expiring::RateLimits, 1)]
        {
            let gone = store.remove_expired(table, now + Duration::days(90)).await.unwrap();
            assert_eq!(gone, removed, "{ids}: {table:?}");
        }
        assert_eq!(store.pending_migrations().await.unwrap(), 0);
        assert_eq!(store.schema_drift().await.unwrap(), []);
        assert_eq!(migrations::fields::check(&database.database_url(), &fields(), layout).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_finding_and_what_mends_it_have_the_databases_names() {
    let layout = Layout { names: Arc::new(all_other()), ..Layout::default() };
    let (database, _store) = started(&layout).await;
    let url = database.database_url();
    for broken in [
        "ALTER TABLE sessions DROP CONSTRAINT \"sessions_se_userId_fkey\"",
        "DROP INDEX \"sessions_se_userId_idx\"",
        "ALTER TABLE users DROP CONSTRAINT \"users_us_email_key\"",
        "ALTER TABLE users ALTER \"us_name\" DROP NOT NULL",
        "DROP INDEX users_plan_column_idx",
        // A column of somebody else's, called as Better Auth calls one that has another name here.
        "ALTER TABLE users ADD email text NOT NULL",
    ] {
        database.execute(broken).await;
        let findings = migrations::fields::check(&url, &fields(), layout.clone()).await.unwrap();
        let [finding] = findings.as_slice() else { panic!("{broken}: {findings:?}") };
        assert!(["sessions", "users"].contains(&finding.table.as_str()), "{broken}: {finding}");
        database.execute(finding.fix.as_deref().unwrap()).await;
        assert_eq!(migrations::fields::check(&url, &fields(), layout.clone()).await.unwrap(), [], "{broken}");
    }
}

#[tokio::test]
async fn migrations_go_up_and_down_under_other_names() {
    let layout = Layout { names: Arc::new(all_other()), ..Layout::default() };
    let (database, store) = started(&layout).await;
    let url = database.database_url();
    store.register(&made::registration("ann@example.com")).await.unwrap();
    let down = async |data| migrations::down(&url, data, &layout.names).await;
    for _ in ["jwt", "rate_limit"] {
        down(Data::Keep).await.unwrap();
    }
    assert!(down(Data::Keep).await.is_err(), "somebody signed up");
    down(Data::Drop).await.unwrap();
    assert_eq!(migrations::up(&url, layout.clone()).await.unwrap().features.len(), 3);
}

/// Tables of Better Auth's own names are somebody else's then.
#[tokio::test]
async fn tables_of_better_auths_names_stay_as_they_are_beside_the_others() {
    let database = TestDatabase::create().await;
    database
        .execute("DROP TABLE auth_schema_migrations; ALTER TABLE \"user\" ADD theirs text NOT NULL")
        .await;
    let layout = Layout { names: Arc::new(all_other()), ..Layout::default() };
    let url = database.database_url();
    migrations::up(&url, layout.clone()).await.unwrap();
    assert_eq!(migrations::check(&url, layout).await.unwrap(), []);
    let findings = migrations::check(&url, IdKind::Text).await.unwrap();
    let broken = findings.iter().find(|finding| finding.severity == Severity::Breaks).unwrap();
    assert_eq!((broken.table.as_str(), &broken.problem), ("user", &Problem::ExtraRequired));
}

/// A database that was migrated under Better Auth's names, and settings that came later.
#[tokio::test]
async fn up_and_plan_refuse_names_that_what_ran_before_does_not_have() {
    let database = TestDatabase::create().await;
    let (url, layout) =
        (database.database_url(), Layout { names: Arc::new(all_other()), ..Layout::default() });
    let error = migrations::up(&url, layout.clone()).await.unwrap_err();
    assert!(matches!(error, MigrationError::NotAsRecorded { .. }), "{error}");
    assert!(error.to_string().contains("\"users\" is missing"), "{error}");
    assert_eq!(migrations::plan(&url, layout).await.unwrap().obstacles.len(), 6);
    // Tables that were renamed meanwhile are what the settings say.
    let mut users = TableNames::default();
    users.call_table("user", "users").unwrap();
    database.execute("ALTER TABLE \"user\" RENAME TO users").await;
    let layout = Layout { names: Arc::new(users), ..Layout::default() };
    assert_eq!(migrations::up(&url, layout.clone()).await.unwrap(), Applied::default());
    assert_eq!(migrations::check(&url, layout).await.unwrap(), []);
}

#[tokio::test]
async fn down_drops_the_tables_that_up_made_and_no_others() {
    let database = TestDatabase::create_empty().await;
    database
        .execute("CREATE TABLE \"user\" (id text, theirs text); INSERT INTO \"user\" VALUES ('1', 'x')")
        .await;
    let (url, layout) =
        (database.database_url(), Layout { names: Arc::new(all_other()), ..Layout::default() });
    migrations::up(&url, layout.clone()).await.unwrap();
    // With the names forgotten, the next one to go is jwks, which was made as `keys`.
    let error = migrations::down(&url, Data::Drop, &TableNames::default()).await.unwrap_err();
    assert!(matches!(error, MigrationError::OtherNames { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("the tables of jwt were made as keys, and [database.names] calls them jwks"),
        "{error}"
    );
    for _ in ["jwt", "rate_limit", "core"] {
        migrations::down(&url, Data::Drop, &layout.names).await.unwrap();
    }
    let theirs = database.query_one_text("SELECT theirs FROM \"user\"").await;
    assert_eq!(theirs.as_deref(), Some("x"));
    assert_eq!(database.query_one_text("SELECT to_regclass('users')::text").await, None);
}

/// A database that this project migrated before it knew of names.
#[tokio::test]
async fn a_record_without_names_is_of_better_auths_names() {
    let database = TestDatabase::create().await;
    let url = database.database_url();
    database.execute("ALTER TABLE auth_schema_migrations DROP COLUMN tables").await;
    assert_eq!(migrations::up(&url, IdKind::Text).await.unwrap(), Applied::default());
    let error = migrations::down(&url, Data::Keep, &all_other()).await.unwrap_err();
    assert!(matches!(error, MigrationError::OtherNames { .. }), "{error}");
    let gone = migrations::down(&url, Data::Keep, &TableNames::default()).await.unwrap();
    assert!(matches!(gone, Some(Reverted::Dropped(_))), "{gone:?}");
    migrations::up(&url, IdKind::Text).await.unwrap();
}

/// A name that is spelt wrong would be made anew, and what it is called in truth forgotten.
#[tokio::test]
async fn adoption_refuses_a_named_column_that_is_not_there_and_a_table_without_passwords() {
    for (mend, field, column) in [
        ("ALTER TABLE account RENAME password TO password_hash", "password", "pasword_hash"),
        ("ALTER TABLE account RENAME password TO password_hash", "", "password"),
        ("ALTER TABLE account RENAME scope TO scopes", "scope", "scop"),
    ] {
        let database = TestDatabase::create().await;
        database.execute("DROP TABLE auth_schema_migrations").await;
        database.execute(mend).await;
        let mut names = TableNames::default();
        if !field.is_empty() {
            names.call_column("account", field, column).unwrap();
        }
        let layout = Layout { names: Arc::new(names), ..Layout::default() };
        let error = migrations::up(&database.database_url(), layout).await.unwrap_err();
        assert!(matches!(error, MigrationError::NotAdoptable { .. }), "{error}");
        assert!(error.to_string().contains(&format!("\"account\".\"{column}\" is missing")), "{error}");
    }
}
