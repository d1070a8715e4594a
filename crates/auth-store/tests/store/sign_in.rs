//! A session for a password that was verified.

use auth_core::StoredHash;
use auth_store::NewSignIn;
use auth_store::testing::TestDatabase;

use crate::made;

#[tokio::test]
async fn a_sign_in_that_a_change_of_password_overtook_leaves_no_session() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let ann = made::registration("ann@example.com");
    store.register(&ann).await.unwrap();
    let verified = ann.account.password.clone().unwrap();
    let sign_in =
        |rehashed| NewSignIn { session: made::session(&ann.user), verified: verified.clone(), rehashed };

    let current = sign_in(None);
    assert!(store.sign_in(&current).await.unwrap());
    assert!(store.sessions().find_by_token(&current.session.token).await.unwrap().is_some());

    let moved = sign_in(Some(StoredHash::from_stored("moved")));
    assert!(store.sign_in(&moved).await.unwrap());
    assert!(store.sessions().find_by_token(&moved.session.token).await.unwrap().is_some());
    let stored = store.accounts().find_credential(&ann.user.id).await.unwrap().unwrap().password.unwrap();
    assert_eq!(stored.expose(), "moved");

    for late in [sign_in(None), sign_in(Some(StoredHash::from_stored("late")))] {
        assert!(!store.sign_in(&late).await.unwrap());
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
