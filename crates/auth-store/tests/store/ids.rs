//! Every table in every kind of ids: text, uuids, numbers (Better Auth core §12.3).

use std::num::NonZeroU32;
use std::time::Duration;

use auth_core::{
    AccountId, KeyId, RateLimitId, Secret, Session, SessionId, StoredHash, StoredKey, UserId, Verification,
    VerificationId,
};
use auth_store::migrations::{self, Data, MigrationError, Problem, Severity};
use auth_store::testing::TestDatabase;
use auth_store::{
    Address, Expiring, IdKind, NewPassword, NewRegistration, NewSignIn, RateLimitHit, RateLimitVerdict,
    Registered, Store, StoreError, TableNames, constraint,
};

use crate::made;

async fn with_ids(ids: IdKind) -> (TestDatabase, Store) {
    let database = TestDatabase::create_with_ids(ids).await;
    let store = database.store().with_ids(ids);
    (database, store)
}

/// Signs up; gives user and session as they are stored.
async fn register(store: &Store, email: &str) -> (auth_core::User, Session) {
    let Registered { user, session } = store.register(&made::registration(email)).await.unwrap();
    (user, session.unwrap())
}

/// Tells whether an id is of the form that clients see.
fn is_of(ids: IdKind, id: &str) -> bool {
    match ids {
        IdKind::Text => id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        IdKind::Uuid => {
            let hyphens: Vec<usize> = id.match_indices('-').map(|(at, _)| at).collect();
            let hex = |byte: u8| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            id.len() == 36 && hyphens == [8, 13, 18, 23] && id.bytes().all(hex) && id.as_bytes()[14] == b'4'
        }
        IdKind::Serial => id.parse::<u32>().is_ok_and(|number| number.to_string() == id && number > 0),
    }
}

/// Texts that name no row of a kind; none is an error.
fn strangers(ids: IdKind) -> Vec<&'static str> {
    let uuid = "8d8ac610-566d-4ef0-9c22-186b2a5ed793";
    let mut strangers = vec!["", "nobody", uuid, "7", "2147483648", "9223372036854775808", "' OR true --"];
    match ids {
        IdKind::Text => {}
        IdKind::Uuid => strangers.push("8D8AC610566D4EF09C22186B2A5ED793"),
        IdKind::Serial => strangers.extend(["01", "+1", " 1", "1 ", "1.0", "1e0", "-1", "NaN"]),
    }
    strangers
}

fn key() -> StoredKey {
    StoredKey {
        id: KeyId::generate(&mut rand::rng()),
        public_key: "{}".to_owned(),
        private_key: Secret::new("\"00ff\"".to_owned()),
        created_at: made::NOW,
        expires_at: None,
        algorithm: Some("EdDSA".to_owned()),
        curve: None,
    }
}

fn proof(identifier: &str) -> Verification {
    Verification {
        id: VerificationId::generate(&mut rand::rng()),
        identifier: Secret::new(identifier.to_owned()),
        value: "user".to_owned(),
        expires_at: made::NOW,
        created_at: made::NOW,
        updated_at: made::NOW,
    }
}

async fn count(store: &Store, key: &str, max: u32) -> RateLimitVerdict {
    let id = RateLimitId::generate(&mut rand::rng());
    let hit = RateLimitHit { key, window: Duration::from_secs(10), max, now: made::STORED_NOW, id: &id };
    store.rate_limits().count(&hit).await.unwrap()
}

#[tokio::test]
async fn users_and_sessions_are_found_by_the_ids_that_were_given_back() {
    for ids in IdKind::ALL {
        let (_database, store) = with_ids(ids).await;
        let (ann, session) = register(&store, "ann@example.com").await;
        let (bob, _) = register(&store, "bob@example.com").await;
        assert!(is_of(ids, ann.id.as_str()) && is_of(ids, session.id.as_str()), "{ids}: {:?}", ann.id);
        assert_ne!(ann.id, bob.id);
        assert_eq!(session.user_id, ann.id);

        let users = store.users();
        assert_eq!(users.find_by_id(&ann.id).await.unwrap().unwrap().email, ann.email);
        assert_eq!(users.find_by_email(&bob.email).await.unwrap().unwrap().id, bob.id);
        let (found, hash) = users.find_credential_by_email(&ann.email).await.unwrap().unwrap();
        assert_eq!((found.id, hash.is_some()), (ann.id.clone(), true), "{ids}");
        let account = store.accounts().find_credential(&ann.id).await.unwrap().unwrap();
        assert!(is_of(ids, account.id.as_str()));
        assert_eq!((account.account_id.as_str(), &account.user_id), (ann.id.as_str(), &ann.id));

        let sessions = store.sessions();
        let by_token = sessions.find_by_token(&session.token).await.unwrap().unwrap();
        let by_id = sessions.find_by_id(&session.id).await.unwrap().unwrap();
        for found in [by_token, by_id] {
            assert_eq!((found.user.id, found.session.id), (ann.id.clone(), session.id.clone()));
            assert_eq!(found.session.user_id, ann.id);
        }
        let refreshed = sessions.refresh(&session.token, made::NOW, made::NOW).await.unwrap().unwrap();
        assert_eq!((refreshed.id, refreshed.user_id), (session.id, ann.id));
    }
}

#[tokio::test]
async fn sessions_begin_and_end_in_every_kind() {
    for ids in IdKind::ALL {
        let (_database, store) = with_ids(ids).await;
        let (ann, first) = register(&store, "ann@example.com").await;
        let (bob, bobs) = register(&store, "bob@example.com").await;
        let verified = StoredHash::from_stored("$argon2id$hash");
        let sign_in = async |max| {
            let new = NewSignIn {
                session: made::session(&ann),
                verified: verified.clone(),
                rehashed: None,
                max_sessions: NonZeroU32::new(max),
            };
            store.sign_in(&new).await.unwrap().unwrap()
        };
        let sessions = store.sessions();
        let listed = async || -> Vec<SessionId> {
            let listed = store.sessions().list_by_user(&ann.id, made::NOW, 100).await.unwrap();
            listed.into_iter().map(|session| session.id).collect()
        };
        let second = sign_in(0).await;
        assert!(is_of(ids, second.id.as_str()));
        assert_eq!(sorted(listed().await), sorted(vec![first.id.clone(), second.id.clone()]));
        let third = sign_in(1).await;
        assert_eq!(listed().await, std::slice::from_ref(&third.id), "{ids}: the new one stays");

        assert!(!sessions.delete_owned(&bobs.token, &ann.id).await.unwrap());
        let fourth = sign_in(0).await;
        assert!(sessions.delete_owned(&fourth.token, &ann.id).await.unwrap());
        sign_in(0).await;
        assert_eq!(sessions.delete_by_user_except(&ann.id, &third.token).await.unwrap(), 1);
        assert_eq!(listed().await, [third.id]);

        let new = NewPassword {
            user_id: ann.id.clone(),
            verified: verified.clone(),
            password: StoredHash::from_stored("$argon2id$other"),
            now: made::NOW,
        };
        let fifth = made::session(&ann);
        let stored = store.replace_password_and_sessions(&new, &fifth).await.unwrap().unwrap();
        assert_eq!(stored.token.expose(), fifth.token.expose());
        assert_eq!(listed().await, [stored.id]);
        assert!(store.replace_password_and_sessions(&new, &made::session(&ann)).await.unwrap().is_none());
        assert!(
            store.accounts().update_password(&ann.id, &new.password, &verified, made::NOW).await.unwrap()
        );
        assert_eq!(sessions.delete_by_user(&ann.id).await.unwrap(), 1);
        assert_eq!(sessions.list_by_user(&bob.id, made::NOW, 100).await.unwrap().len(), 1, "bob's stays");
    }
}

fn sorted(mut ids: Vec<SessionId>) -> Vec<SessionId> {
    ids.sort();
    ids
}

#[tokio::test]
async fn what_is_no_id_of_the_kind_names_nobody_and_is_no_error() {
    for ids in IdKind::ALL {
        let (database, store) = with_ids(ids).await;
        let (ann, session) = register(&store, "ann@example.com").await;
        let id = store.verifications().insert(&proof("kept")).await.unwrap();
        let hash = StoredHash::from_stored("$argon2id$hash");
        for stranger in strangers(ids) {
            let user = UserId::from_stored(stranger);
            assert!(store.users().find_by_id(&user).await.unwrap().is_none(), "{ids}: {stranger}");
            let sessions = store.sessions();
            let session_id = SessionId::from_stored(stranger);
            assert!(sessions.find_by_id(&session_id).await.unwrap().is_none(), "{ids}: {stranger}");
            assert!(
                sessions.list_by_user(&user, made::NOW, 100).await.unwrap().is_empty(),
                "{ids}: {stranger}"
            );
            assert!(!sessions.delete_owned(&session.token, &user).await.unwrap(), "{ids}: {stranger}");
            assert_eq!(sessions.delete_by_user(&user).await.unwrap(), 0, "{ids}: {stranger}");
            assert_eq!(sessions.delete_by_user_except(&user, &session.token).await.unwrap(), 0);
            let accounts = store.accounts();
            assert!(accounts.find_credential(&user).await.unwrap().is_none(), "{ids}: {stranger}");
            assert!(!accounts.update_password(&user, &hash, &hash, made::NOW).await.unwrap());
            let verification = VerificationId::from_stored(stranger);
            assert!(!store.verifications().delete(&verification).await.unwrap(), "{ids}: {stranger}");
            // A row that refers to it is refused.
            let orphan = Session { user_id: user, ..made::session(&ann) };
            match sessions.insert(&orphan).await.unwrap_err() {
                StoreError::Conflict { constraint, .. } => assert_eq!(constraint, constraint::SESSION_USER),
                StoreError::Rejected { .. } => assert_ne!(ids, IdKind::Text, "{stranger}"),
                other => panic!("{ids}: {stranger}: {other:?}"),
            }
        }
        let rows = "SELECT concat_ws(' ', (SELECT count(*) FROM \"user\"), (SELECT count(*) FROM session), \
                    (SELECT count(*) FROM verification))";
        assert_eq!(database.query_one_text(rows).await.as_deref(), Some("1 1 1"), "{ids}");
        assert!(store.verifications().delete(&id).await.unwrap());
    }
}

#[tokio::test]
async fn keys_proofs_and_counts_have_ids_of_the_kind() {
    for ids in IdKind::ALL {
        let (database, store) = with_ids(ids).await;
        let over = StoredKey { expires_at: Some(made::NOW), ..key() };
        let stored = store.keys().insert(&over).await.unwrap();
        let keys = store.keys().insert_unless_replaced(&key(), made::NOW).await.unwrap();
        assert_eq!(keys.len(), 2);
        let listed = store.keys().list().await.unwrap();
        assert_eq!((&listed[0].id, &listed[1].id), (&stored.id, &keys[1].id), "{ids}: tokens name it so");
        assert!(listed.iter().all(|key| is_of(ids, key.id.as_str())), "{ids}");

        let id = store.verifications().insert(&proof("a")).await.unwrap();
        let found = store.verifications().find_by_identifier(&proof("a").identifier).await.unwrap().unwrap();
        assert_eq!(found.id, id);
        assert!(is_of(ids, id.as_str()));

        assert_eq!(count(&store, "k", 2).await, RateLimitVerdict::Passed);
        assert_eq!(count(&store, "k", 2).await, RateLimitVerdict::Passed);
        assert!(matches!(count(&store, "k", 2).await, RateLimitVerdict::Refused { .. }));
        let counted = database.query_one_text("SELECT id FROM \"rateLimit\" WHERE count = 2").await.unwrap();
        assert!(is_of(ids, &counted), "{ids}: {counted}");
    }
}

#[tokio::test]
async fn r_105_expired_rows_of_every_kind_go() {
    for ids in IdKind::ALL {
        let (_database, store) = with_ids(ids).await;
        let (_, live) = register(&store, "ann@example.com").await;
        let (bob, _) = register(&store, "bob@example.com").await;
        let over = Session { expires_at: made::NOW, ..made::session(&bob) };
        store.sessions().insert(&over).await.unwrap();
        store.verifications().insert(&proof("a")).await.unwrap();
        count(&store, "k", 1).await;
        let later = made::STORED_NOW + time::Duration::hours(1);
        for table in Expiring::ALL {
            assert_eq!(store.remove_expired(table, later).await.unwrap(), 1, "{ids}: {table:?}");
            assert_eq!(store.remove_expired(table, later).await.unwrap(), 0, "{ids}: {table:?}");
        }
        assert!(store.sessions().find_by_token(&live.token).await.unwrap().is_some());
        assert!(store.sessions().find_by_token(&over.token).await.unwrap().is_none());
    }
}

/// neither the answer nor the row of a sign-up for a taken address differs in its id.
#[tokio::test]
async fn r_056_a_taken_address_gets_an_id_like_a_free_one() {
    for ids in IdKind::ALL {
        let (database, store) = with_ids(ids).await;
        let (ann, _) = register(&store, "ann@example.com").await;
        let unseen = |email: &str| NewRegistration { session: None, ..made::registration(email) };
        let taken =
            store.register_enumeration_safe(&unseen("ann@example.com"), Address::Taken).await.unwrap();
        let free = store.register_enumeration_safe(&unseen("bob@example.com"), Address::Free).await.unwrap();
        for id in [&taken.user.id, &free.user.id] {
            assert!(is_of(ids, id.as_str()), "{ids}: {id:?}");
            assert_ne!(*id, ann.id);
        }
        assert_ne!(taken.user.id, free.user.id);
        assert_eq!(taken.user.email.as_str(), "ann@example.com");
        assert!(store.users().find_by_id(&taken.user.id).await.unwrap().is_none());
        assert!(store.users().find_by_id(&free.user.id).await.unwrap().is_some());
        let users = "SELECT count(*) FROM \"user\"";
        assert_eq!(database.query_one_text(users).await.as_deref(), Some("2"));
        assert!(store.accounts().find_credential(&free.user.id).await.unwrap().is_some(), "{ids}");
    }
}

#[tokio::test]
async fn counting_takes_one_number_for_each_row_and_not_for_each_request() {
    let (database, store) = with_ids(IdKind::Serial).await;
    for _ in 0..20 {
        count(&store, "a", 3).await;
    }
    count(&store, "b", 3).await;
    let used = "SELECT last_value FROM pg_sequences WHERE sequencename = 'rateLimit_id_seq'";
    assert_eq!(database.query_one_text(used).await.as_deref(), Some("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn r_082_numbered_counts_let_exactly_the_allowed_number_pass() {
    let (database, store) = with_ids(IdKind::Serial).await;
    let stores = [store, database.store().with_ids(IdKind::Serial)];
    let tries = (0..40).map(|number| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move { count(&store, "k", 7).await })
    });
    let verdicts = futures_util::future::join_all(tries).await;
    let passed = verdicts.iter().filter(|verdict| *verdict.as_ref().unwrap() == RateLimitVerdict::Passed);
    assert_eq!(passed.count(), 7);
}

/// A role that may use the tables needs no right to their sequences.
#[tokio::test]
async fn numbers_need_no_rights_beside_those_to_the_tables() {
    let (database, _) = with_ids(IdKind::Serial).await;
    let role = format!("app_{:08x}", rand::random::<u32>());
    database
        .execute(&format!(
            "CREATE ROLE {role} LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
        ))
        .await;
    let mut settings = database.settings();
    let start = database.url().find("://").unwrap() + 3;
    let end = start + database.url()[start..].find('@').unwrap();
    let url = format!("{}{role}{}", &database.url()[..start], &database.url()[end..]);
    settings.url = auth_store::DatabaseUrl::parse(&url).unwrap();
    let store = Store::connect_lazily(settings).unwrap().with_ids(IdKind::Serial);
    register(&store, "ann@example.com").await;
    store.keys().insert(&key()).await.unwrap();
    assert_eq!(count(&store, "k", 1).await, RateLimitVerdict::Passed);
    assert_eq!(auth_store::testing::read_text(&store, "current_user").await.unwrap(), role);
    drop(store);
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

/// An operator who runs out of numbers makes the columns wider.
#[tokio::test]
async fn bigint_columns_are_numbers_too() {
    let (database, store) = with_ids(IdKind::Serial).await;
    let (ann, session) = register(&store, "ann@example.com").await;
    database
        .execute(
            "ALTER TABLE account ALTER \"userId\" TYPE bigint; ALTER TABLE session ALTER \"userId\" TYPE bigint; \
             ALTER TABLE \"user\" ALTER id TYPE bigint; ALTER SEQUENCE user_id_seq AS bigint RESTART 5000000000",
        )
        .await;
    assert_eq!(migrations::check(&database.database_url(), IdKind::Serial).await.unwrap(), []);
    let (bob, bobs) = register(&store, "bob@example.com").await;
    assert_eq!(bob.id.as_str(), "5000000000");
    for (user, session) in [(ann, session), (bob, bobs)] {
        let found = store.sessions().find_by_token(&session.token).await.unwrap().unwrap();
        assert_eq!((found.user.id, found.session.user_id), (user.id.clone(), user.id.clone()));
        assert!(store.accounts().find_credential(&user.id).await.unwrap().is_some());
        assert_eq!(store.sessions().delete_by_user(&user.id).await.unwrap(), 1);
    }
}

/// The parameter is a `bigint` and the column an `integer`: the index is used all the same.
#[tokio::test]
async fn numbers_are_looked_up_through_the_index() {
    let (database, _) = with_ids(IdKind::Serial).await;
    let client = database.client().await;
    client.batch_execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan").await.unwrap();
    for (name, parameter, condition) in
        [("one", "bigint", "\"userId\" = $1"), ("many", "bigint[]", "\"userId\" = ANY ($1)")]
    {
        let prepare = format!("PREPARE {name} ({parameter}) AS SELECT FROM session WHERE {condition}");
        client.batch_execute(&prepare).await.unwrap();
        let plan = client.query(&format!("EXPLAIN EXECUTE {name} (NULL)"), &[]).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        assert!(plan.iter().any(|line| line.contains("Index Cond: (\"userId\" = ")), "{plan:?}");
    }
}

#[tokio::test]
async fn tables_of_another_kind_are_refused_and_the_setting_is_named() {
    for there in IdKind::ALL {
        let database = TestDatabase::create_with_ids(there).await;
        let url = database.database_url();
        for asked in IdKind::ALL {
            database.execute("DELETE FROM auth_schema_migrations").await;
            let store = database.store().with_ids(asked);
            if asked == there {
                assert_eq!(migrations::up(&url, asked).await.unwrap().features.len(), 3);
                assert_eq!(migrations::check(&url, asked).await.unwrap(), []);
                assert_eq!(store.schema_drift().await.unwrap(), []);
                continue;
            }
            let error = migrations::up(&url, asked).await.unwrap_err();
            let MigrationError::NotAdoptable { findings } = &error else { panic!("{error:?}") };
            let fits = |finding: &migrations::Finding| match &finding.problem {
                Problem::OtherIds { expected, fits, .. } => (*expected, *fits) == (asked, Some(there)),
                _ => false,
            };
            assert!(findings.iter().all(fits), "{findings:?}");
            assert!(error.to_string().contains(&format!("set it to \"{there}\"")), "{error}");
            assert!(!migrations::plan(&url, asked).await.unwrap().obstacles.is_empty());
            // Six keys, and two columns that refer to users.
            for findings in
                [migrations::check(&url, asked).await.unwrap(), store.schema_drift().await.unwrap()]
            {
                assert_eq!(findings.len(), 8, "{findings:?}");
                assert!(findings.iter().all(fits), "{findings:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_id_that_no_column_makes_is_drift_and_its_fix_mends_it() {
    for (ids, drift) in [(IdKind::Uuid, "DROP DEFAULT"), (IdKind::Serial, "DROP IDENTITY")] {
        let (database, store) = with_ids(ids).await;
        register(&store, "ann@example.com").await;
        database.execute(&format!("ALTER TABLE session ALTER id {drift}")).await;
        let findings = migrations::check(&database.database_url(), ids).await.unwrap();
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!((&finding.problem, finding.severity), (&Problem::NoIdDefault, Severity::Breaks));
        database.execute(finding.fix.as_deref().unwrap()).await;
        assert_eq!(migrations::check(&database.database_url(), ids).await.unwrap(), []);
        register(&store, "bob@example.com").await;
    }
}

/// Where a host application makes ids by a function of its own, the column may be of any text.
#[tokio::test]
async fn texts_of_any_form_are_ids_where_ids_are_text() {
    let (database, store) = with_ids(IdKind::Text).await;
    database.execute("ALTER TABLE session ALTER id TYPE varchar(50)").await;
    let mut new = made::registration("ann@example.com");
    new.user.id = UserId::from_stored("usr_1");
    new.account.id = AccountId::from_stored("acc_1");
    new.account.account_id = "usr_1".to_owned();
    new.account.user_id = new.user.id.clone();
    let session =
        new.session.insert(Session { id: SessionId::from_stored("ses_1"), ..made::session(&new.user) });
    let token = session.token.clone();
    store.register(&new).await.unwrap();
    let found = store.sessions().find_by_token(&token).await.unwrap().unwrap();
    assert_eq!((found.user.id.as_str(), found.session.id.as_str()), ("usr_1", "ses_1"));
    let found = store.sessions().find_by_id(&SessionId::from_stored("ses_1")).await.unwrap();
    assert!(found.is_some());
}

/// What is recorded is of the kind it was made with, and what is still to come does not mix in another.
#[tokio::test]
async fn up_and_plan_refuse_another_kind_where_migrations_ran() {
    let database = TestDatabase::create().await;
    let url = database.database_url();
    let assert_refused = async || {
        let error = migrations::up(&url, IdKind::Uuid).await.unwrap_err();
        assert!(matches!(error, MigrationError::NotAsRecorded { .. }), "{error}");
        assert!(error.to_string().contains("database.generate_id"), "{error}");
        assert!(!migrations::plan(&url, IdKind::Uuid).await.unwrap().obstacles.is_empty());
    };
    assert_refused().await;
    migrations::down(&url, Data::Keep, &TableNames::default()).await.unwrap();
    assert_refused().await;
    assert_eq!(database.query_one_text("SELECT to_regclass('jwks')::text").await, None, "nothing was made");
    migrations::up(&url, IdKind::Text).await.unwrap();
}
