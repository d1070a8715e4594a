//! A session for a password that was verified.

use std::num::NonZeroU32;

use auth_core::{Session, SessionToken, StoredHash, User};
use auth_store::NewSignIn;
use auth_store::testing::TestDatabase;
use time::Duration;

use crate::made;

#[tokio::test]
async fn a_sign_in_that_a_change_of_password_overtook_leaves_no_session() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let ann = made::registration("ann@example.com");
    store.register(&ann).await.unwrap();
    let verified = ann.account.password.clone().unwrap();
    let sign_in = |rehashed| NewSignIn {
        session: made::session(&ann.user),
        verified: verified.clone(),
        rehashed,
        max_sessions: None,
    };

    let current = sign_in(None);
    assert!(store.sign_in(&current).await.unwrap().is_some());
    assert!(store.sessions().find_by_token(&current.session.token).await.unwrap().is_some());

    let moved = sign_in(Some(StoredHash::from_stored("moved")));
    assert!(store.sign_in(&moved).await.unwrap().is_some());
    assert!(store.sessions().find_by_token(&moved.session.token).await.unwrap().is_some());
    let stored = store.accounts().find_credential(&ann.user.id).await.unwrap().unwrap().password.unwrap();
    assert_eq!(stored.expose(), "moved");

    for late in [sign_in(None), sign_in(Some(StoredHash::from_stored("late")))] {
        assert!(store.sign_in(&late).await.unwrap().is_none());
        assert!(store.sessions().find_by_token(&late.session.token).await.unwrap().is_none());
    }
    let stored = store.accounts().find_credential(&ann.user.id).await.unwrap().unwrap().password.unwrap();
    assert_eq!(stored.expose(), "moved");
}

#[tokio::test]
async fn r_055_one_hash_of_each_scheme_is_sampled() {
    let database = TestDatabase::create().await;
    let store = database.store();
    assert!(store.accounts().password_samples().await.unwrap().is_empty());
    let hashes = [
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
        "$argon2id$v=19$m=19456,t=2,p=1$b3RoZXJzYWx0$aGFzaA",
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA",
        "$2b$10$Qb5e0awfOXN3fl7LMF5VtO84DPY9XryvOIJpBgHmuiiiOZwS.znee",
        "$2b$12$Qb5e0awfOXN3fl7LMF5VtO84DPY9XryvOIJpBgHmuiiiOZwS.znee",
        "00aa:11bb",
        "22cc:33dd",
    ];
    for (at, hash) in hashes.into_iter().enumerate() {
        let mut new = made::registration(&format!("user{at}@example.com"));
        new.account.password = Some(StoredHash::from_stored(hash));
        store.register(&new).await.unwrap();
    }
    let samples = store.accounts().password_samples().await.unwrap();
    assert_eq!(samples.len(), 5, "two of argon2id, two of bcrypt, one of the reference's");
}

#[tokio::test]
async fn r_035_a_thousand_sign_ins_leave_no_more_sessions_than_the_bound() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let ann = made::registration("ann@example.com");
    let bob = made::registration("bob@example.com");
    store.register(&ann).await.unwrap();
    store.register(&bob).await.unwrap();
    let mut last = Vec::new();
    for number in 0..1000 {
        let created_at = made::NOW + Duration::seconds(number);
        let session = Session { created_at, ..made::session(&ann.user) };
        last.push(session.token.clone());
        let verified = ann.account.password.clone().unwrap();
        let new = NewSignIn { session, verified, rehashed: None, max_sessions: NonZeroU32::new(10) };
        assert!(store.sign_in(&new).await.unwrap().is_some());
    }
    let count = |user: &User| {
        let sql = format!("SELECT count(*) FROM session WHERE \"userId\" = '{}'", user.id.as_str());
        let database = &database;
        async move { database.query_one_text(&sql).await.unwrap() }
    };
    assert_eq!(count(&ann.user).await, "10");
    assert_eq!(count(&bob.user).await, "1", "another user's stay");
    for token in &last[990..] {
        assert!(store.sessions().find_by_token(token).await.unwrap().is_some(), "the newest stay");
    }
    assert!(store.sessions().find_by_token(&last[989]).await.unwrap().is_none());
}

#[tokio::test]
async fn r_035_ended_sessions_go_before_living_ones_and_the_new_one_never() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let ann = made::registration("ann@example.com");
    store.register(&ann).await.unwrap();
    let first = ann.session.clone().unwrap().token;
    // Younger than the first and over.
    let over = Session {
        created_at: made::NOW + Duration::hours(1),
        expires_at: made::NOW + Duration::hours(2),
        ..made::session(&ann.user)
    };
    store.sessions().insert(&over).await.unwrap();
    let sign_in = async |max: u32, hour: i64| {
        let session = Session { created_at: made::NOW + Duration::hours(hour), ..made::session(&ann.user) };
        let token = session.token.clone();
        let verified = ann.account.password.clone().unwrap();
        let new = NewSignIn { session, verified, rehashed: None, max_sessions: NonZeroU32::new(max) };
        assert!(store.sign_in(&new).await.unwrap().is_some());
        token
    };
    let lives = async |token: &SessionToken| store.sessions().find_by_token(token).await.unwrap().is_some();
    let second = sign_in(2, 3).await;
    assert!(!lives(&over.token).await);
    assert!(lives(&first).await && lives(&second).await);
    let third = sign_in(0, 4).await;
    assert!(lives(&first).await && lives(&second).await && lives(&third).await, "0 is no bound");
    // Its clock is behind: it is the oldest, and new all the same.
    let late = sign_in(1, -1).await;
    assert!(lives(&late).await);
    assert!(!lives(&first).await && !lives(&second).await && !lives(&third).await);
}

#[tokio::test]
async fn r_035_sign_ins_at_once_keep_the_bound() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let ann = made::registration("ann@example.com");
    store.register(&ann).await.unwrap();
    let sign_ins = (0..40).map(|_| {
        let verified = ann.account.password.clone().unwrap();
        let session = made::session(&ann.user);
        let store = &store;
        async move {
            let new = NewSignIn { session, verified, rehashed: None, max_sessions: NonZeroU32::new(3) };
            store.sign_in(&new).await.unwrap()
        }
    });
    assert!(futures_util::future::join_all(sign_ins).await.into_iter().all(|stored| stored.is_some()));
    let count = database.query_one_text("SELECT count(*) FROM session").await;
    assert_eq!(count.as_deref(), Some("3"));
}
