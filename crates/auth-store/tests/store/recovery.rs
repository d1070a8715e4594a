//! A new password that ends every session.

use auth_core::StoredHash;
use auth_store::NewPassword;
use auth_store::testing::TestDatabase;

use crate::made;

#[tokio::test]
async fn password_and_sessions_are_replaced_together_or_not_at_all() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let (ann, bob) = (made::registration("ann@example.com"), made::registration("bob@example.com"));
    store.register(&ann).await.unwrap();
    store.register(&bob).await.unwrap();
    let new = NewPassword {
        user_id: ann.user.id.clone(),
        verified: ann.account.password.clone().unwrap(),
        password: StoredHash::from_stored("new"),
        now: made::NOW,
    };
    let (first, second) = (made::session(&ann.user), made::session(&ann.user));
    assert!(store.replace_password_and_sessions(&new, &first).await.unwrap().is_some());
    let old = &ann.session.as_ref().unwrap().token;
    assert!(store.sessions().find_by_token(old).await.unwrap().is_none());
    assert!(store.sessions().find_by_token(&first.token).await.unwrap().is_some());
    assert!(store.sessions().find_by_token(&bob.session.as_ref().unwrap().token).await.unwrap().is_some());

    assert!(
        store.replace_password_and_sessions(&new, &second).await.unwrap().is_none(),
        "the verified hash is gone"
    );
    assert!(store.sessions().find_by_token(&first.token).await.unwrap().is_some());
    assert!(store.sessions().find_by_token(&second.token).await.unwrap().is_none());
}
