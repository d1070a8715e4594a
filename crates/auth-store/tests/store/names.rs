//! Tables and columns that are not called as Better Auth calls them: every statement finds them, and every check.

use std::sync::Arc;

use auth_core::{
    AdditionalFields, DeclaredFields, FieldDeclaration, FieldKind, FieldOwner, RateLimitId, StoredHash,
    UserId, Visibility,
};
use auth_store::migrations::{self, Data, Layout, Problem, Severity, embedded};
use auth_store::testing::TestDatabase;
use auth_store::{
    Address, Expiring, IdKind, NewPassword, NewSignIn, PoolSettings, RateLimitHit, Store, TableNames,
};
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
        let layout = Layout { ids, names: Arc::new(all_other()) };
        let (database, store) = started(&layout).await;
        let now = made::STORED_NOW;

        let new = made::registration("ann@example.com");
        let registered = store.register(&new).await.unwrap();
        let (ann, first) = (registered.user, registered.session.unwrap());
        let bob = made::registration("bob@example.com");
        store.register_unseen(&bob, Address::Free).await.unwrap();
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
        let sign_in = NewSignIn {
            session: made::session(&ann),
            verified: verified.clone(),
            rehashed: None,
            max_sessions: None,
        };
        let second = store.sign_in(&sign_in).await.unwrap().unwrap();
        assert_eq!(sessions.list_by_user(&ann.id, now, 10).await.unwrap().len(), 2);
        assert!(sessions.delete_owned(&second.token, &ann.id).await.unwrap());
        let change = NewPassword {
            user_id: ann.id.clone(),
            verified,
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
        assert!(store.keys().list().await.unwrap().is_empty());
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
    for _ in 1..embedded::ALL.len() {
        down(Data::Keep).await.unwrap();
    }
    assert!(down(Data::Keep).await.is_err(), "somebody signed up");
    down(Data::Drop).await.unwrap();
    assert_eq!(migrations::up(&url, layout.clone()).await.unwrap().len(), embedded::ALL.len());
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
