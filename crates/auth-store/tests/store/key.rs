//! Keys are listed as they were stored, and servers that all find none make one.

use auth_core::{KeyId, Secret, StoredKey};
use auth_store::StoreError;
use auth_store::testing::TestDatabase;
use time::Duration;

use crate::made;

pub(crate) fn key(lives: Option<Duration>) -> StoredKey {
    StoredKey {
        id: KeyId::generate(&mut rand::rng()),
        public_key: r#"{"kty":"OKP"}"#.to_owned(),
        private_key: Secret::new("\"00ff\"".to_owned()),
        created_at: made::NOW,
        expires_at: lives.map(|lives| made::NOW + lives),
        algorithm: Some("EdDSA".to_owned()),
        curve: Some("Ed25519".to_owned()),
    }
}

#[tokio::test]
async fn keys_are_listed_as_they_were_stored() {
    let database = TestDatabase::create().await;
    let store = database.store();
    assert!(store.keys().list().await.unwrap().is_empty());
    let (first, second) = (key(None), key(Some(Duration::hours(1))));
    for key in [&first, &second] {
        store.keys().insert(key).await.unwrap();
    }
    database
        .execute(
            r#"INSERT INTO jwks (id, "publicKey", "privateKey", "createdAt") VALUES ('old', '{}', '""', now())"#,
        )
        .await;
    let found = store.keys().list().await.unwrap();
    let [a, b, old] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((&a.id, &b.id, old.id.as_str()), (&first.id, &second.id, "old"));
    assert_eq!((a.public_key.as_str(), a.private_key.expose().as_str()), (r#"{"kty":"OKP"}"#, "\"00ff\""));
    assert_eq!((a.created_at, a.expires_at), (made::STORED_NOW, None));
    assert_eq!(b.expires_at, Some(made::STORED_NOW + Duration::hours(1)));
    assert_eq!((a.algorithm.as_deref(), a.curve.as_deref()), (Some("EdDSA"), Some("Ed25519")));
    assert_eq!((old.algorithm.as_deref(), old.curve.as_deref(), old.expires_at), (None, None, None));
    let again = store.keys().insert(&first).await;
    assert!(matches!(again, Err(StoreError::Conflict { constraint, .. }) if constraint == "jwks_pkey"));
}

#[tokio::test]
async fn r_130_of_servers_that_all_find_no_key_one_stores_its_own() {
    let database = TestDatabase::create().await;
    for round in 0..5 {
        let stores: Vec<_> = (0..8).map(|_| database.store()).collect();
        let now = made::NOW + Duration::minutes(round);
        let tries = stores.iter().map(|store| async move {
            let mut new = key(None);
            (new.created_at, new.expires_at) = (now, Some(now + Duration::seconds(59)));
            store.keys().insert_unless_replaced(&new, now).await.unwrap()
        });
        let seen: Vec<Vec<StoredKey>> = futures_util::future::join_all(tries).await;
        let chosen = |keys: &[StoredKey]| StoredKey::signing(keys, "EdDSA", now).map(|key| key.id.clone());
        let first = chosen(&seen[0]);
        assert!(first.is_some() && seen.iter().all(|keys| chosen(keys) == first), "all agree");
        let count = store_count(&database).await;
        assert_eq!(count, (round + 1).to_string(), "one key a round");
    }
}

async fn store_count(database: &TestDatabase) -> String {
    database.query_one_text("SELECT count(*)::text FROM jwks").await.unwrap()
}
