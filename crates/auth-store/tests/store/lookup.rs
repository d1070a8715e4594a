//! The store as the lookup of a service that checks callers.

use auth_core::testing::TestIssuer;
use auth_core::{Authenticator, Proof, Refusal};
use auth_store::NewRegistration;
use auth_store::testing::TestDatabase;
use time::OffsetDateTime;

use crate::made;

const NOW: OffsetDateTime = made::STORED_NOW;

#[tokio::test]
async fn r_016_a_service_over_the_database_sees_a_sign_out_at_once() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    let user = ann.user().clone();
    let new = NewRegistration { account: made::account(&user), session: None, user };
    store.register(&new).await.unwrap();
    let lookup = Authenticator::new(issuer.verifier()).with_sessions(store.clone()).confirming_all();

    let access_token = ann.access_token(NOW).credentials();
    let refused = lookup.authenticate(&access_token, NOW).await.unwrap_err();
    assert!(matches!(refused, Refusal::SessionOver(_)), "no row yet: {refused:?}");

    let (access_token, cookie) = (ann.access_token(NOW), ann.session_cookie(NOW));
    for session in ann.sessions() {
        store.sessions().insert(&session).await.unwrap();
    }
    for form in [&access_token, &cookie] {
        let caller = lookup.authenticate(&form.credentials(), NOW).await.unwrap();
        assert!(matches!(caller.proof(), Proof::Session(_)));
        assert_eq!(caller.email(), Some("ann@example.com"));
    }
    for session in ann.sessions() {
        store.sessions().delete_by_token(&session.token).await.unwrap();
    }
    for form in [&access_token, &cookie] {
        let refused = lookup.authenticate(&form.credentials(), NOW).await.unwrap_err();
        assert!(matches!(refused, Refusal::SessionOver(_)), "{refused:?}");
    }
}

#[tokio::test]
async fn r_093_a_database_that_is_away_is_an_outage_to_a_service_too() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let issuer = TestIssuer::new();
    let lookup = Authenticator::new(issuer.verifier()).with_sessions(store.clone());
    let shown = issuer.user("ann@example.com").session_cookie(NOW).credentials();
    assert_eq!(lookup.authenticate(&shown, NOW).await.unwrap_err().status(), 401);
    database.execute("alter table session rename to elsewhere").await;
    let refused = lookup.authenticate(&shown, NOW).await.unwrap_err();
    assert!(matches!(refused, Refusal::Unavailable(_)), "{refused:?}");
}
