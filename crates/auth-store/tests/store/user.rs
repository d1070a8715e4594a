//! Users are found by id and by exact address.

use auth_core::{Email, User, UserId};
use auth_store::testing::TestDatabase;

use crate::made;

#[tokio::test]
async fn a_registered_user_is_found_by_id_and_address() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let new = made::registration("ann@example.com");
    store.register(&new).await.unwrap();
    let stored = User { created_at: made::STORED_NOW, updated_at: made::STORED_NOW, ..new.user.clone() };
    assert_eq!(store.users().find_by_id(&new.user.id).await.unwrap(), Some(stored.clone()));
    assert_eq!(store.users().find_by_email(&new.user.email).await.unwrap(), Some(stored));
}

#[tokio::test]
async fn absence_is_none() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let email = Email::parse("nobody@example.com").unwrap();
    assert!(store.users().find_by_id(&UserId::from_stored("nobody")).await.unwrap().is_none());
    assert!(store.users().find_by_email(&email).await.unwrap().is_none());
    assert!(store.users().find_credential_by_email(&email).await.unwrap().is_none());
}

#[tokio::test]
async fn a_user_comes_with_the_hash_of_the_credential_account_only() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let new = made::registration("ann@example.com");
    store.register(&new).await.unwrap();
    let (user, hash) = store.users().find_credential_by_email(&new.user.email).await.unwrap().unwrap();
    assert_eq!(user.id, new.user.id);
    assert_eq!(hash.unwrap().expose(), "$argon2id$hash");

    // An account with another provider, or with a foreign accountId, is no credential.
    for change in ["\"providerId\" = 'github'", "\"providerId\" = 'credential', \"accountId\" = 'other'"] {
        database.execute(&format!("UPDATE account SET {change}")).await;
        let (user, hash) = store.users().find_credential_by_email(&new.user.email).await.unwrap().unwrap();
        assert_eq!(user.id, new.user.id);
        assert!(hash.is_none(), "{change}");
    }
}
