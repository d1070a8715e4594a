//! The credential account of a user.

use auth_core::{StoredHash, UserId};
use auth_store::testing::TestDatabase;
use time::Duration;

use crate::made;

#[tokio::test]
async fn the_credential_account_is_found_and_its_password_replaced() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let new = made::registration("ann@example.com");
    store.register(&new).await.unwrap();
    let before = store.accounts().find_credential(&new.user.id).await.unwrap().unwrap();
    assert_eq!(before.account_id, new.user.id.as_str());
    assert_eq!(before.provider_id, "credential");
    assert_eq!(before.updated_at, made::STORED_NOW);

    let later = made::NOW + Duration::hours(1);
    let (verified, hash) = (before.password.clone().unwrap(), StoredHash::from_stored("$argon2id$other"));
    let update =
        async || store.accounts().update_password(&new.user.id, &verified, &hash, later).await.unwrap();
    assert!(update().await);
    assert!(!update().await, "what was verified is no longer what is stored");
    let after = store.accounts().find_credential(&new.user.id).await.unwrap().unwrap();
    assert_eq!(after.password.unwrap().expose(), "$argon2id$other");
    assert_eq!(
        (after.created_at, after.updated_at),
        (before.created_at, made::STORED_NOW + Duration::hours(1))
    );
}

#[tokio::test]
async fn only_the_credential_account_of_that_user_changes() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let (ann, bob) = (made::registration("ann@example.com"), made::registration("bob@example.com"));
    store.register(&ann).await.unwrap();
    store.register(&bob).await.unwrap();
    database
        .execute(&format!(
            "INSERT INTO account (id, \"accountId\", \"providerId\", \"userId\", \"updatedAt\") \
             VALUES ('g', '{0}', 'github', '{0}', now())",
            ann.user.id
        ))
        .await;
    let hash = StoredHash::from_stored("new");
    let verified = ann.account.password.clone().unwrap();
    let nobody = UserId::from_stored("x");
    assert!(store.accounts().update_password(&ann.user.id, &verified, &hash, made::NOW).await.unwrap());
    assert!(!store.accounts().update_password(&nobody, &verified, &hash, made::NOW).await.unwrap());
    let changed = database.query_one_text("SELECT count(*) FROM account WHERE password = 'new'").await;
    assert_eq!(changed.as_deref(), Some("1"));
}
