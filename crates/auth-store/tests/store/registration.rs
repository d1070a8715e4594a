//! Sign-up writes all rows or none.

use auth_core::Session;
use auth_store::testing::TestDatabase;
use auth_store::{NewRegistration, StoreError, constraint};

use crate::made;

async fn rows(database: &TestDatabase) -> String {
    database
        .query_one_text(
            "SELECT (SELECT count(*) FROM \"user\") || ' ' || (SELECT count(*) FROM account) || ' ' || \
             (SELECT count(*) FROM session)",
        )
        .await
        .unwrap()
}

#[tokio::test]
async fn a_sign_up_without_session_writes_none() {
    let database = TestDatabase::create().await;
    let new = NewRegistration { session: None, ..made::registration("ann@example.com") };
    database.store().register(&new).await.unwrap();
    assert_eq!(rows(&database).await, "1 1 0");
}

#[tokio::test]
async fn a_taken_address_is_a_conflict_and_writes_nothing() {
    let database = TestDatabase::create().await;
    let store = database.store();
    store.register(&made::registration("ann@example.com")).await.unwrap();
    let error = store.register(&made::registration("ann@example.com")).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Conflict { constraint, .. } if constraint == constraint::USER_EMAIL)
    );
    assert_eq!(rows(&database).await, "1 1 1");
}

#[tokio::test]
async fn a_failing_last_row_takes_the_others_back() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let ann = made::registration("ann@example.com");
    store.register(&ann).await.unwrap();
    let bob = made::registration("bob@example.com");
    let twin = Session { token: ann.session.clone().unwrap().token, ..made::session(&bob.user) };
    let error = store.register(&NewRegistration { session: Some(twin), ..bob }).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Conflict { constraint, .. } if constraint == constraint::SESSION_TOKEN)
    );
    assert_eq!(rows(&database).await, "1 1 1");
    // The connection is fit for the next sign-up.
    store.register(&made::registration("bob@example.com")).await.unwrap();
    assert_eq!(rows(&database).await, "2 2 2");
}

#[tokio::test]
async fn what_postgres_cannot_hold_is_rejected_and_no_outage() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let mut with_nul = made::registration("ann@example.com");
    with_nul.user.name = "A\0nn".to_owned();
    let error = store.register(&with_nul).await.unwrap_err();
    assert!(matches!(error, StoreError::Rejected { .. }), "{error:?}");

    // An index entry holds 2,704 bytes; text that does not compress reaches that.
    let long: String = (0..9_000).map(|_| rand::random_range('a'..='z')).collect();
    let mut too_long = made::registration("ann@example.com");
    too_long.user.email = auth_core::Email::from_stored(format!("{long}@example.com"));
    let error = store.register(&too_long).await.unwrap_err();
    assert!(matches!(error, StoreError::Rejected { reason: "too long", .. }), "{error:?}");
    assert_eq!(rows(&database).await, "0 0 0");
}
