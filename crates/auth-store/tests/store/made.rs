//! Entities for tests.

use auth_core::{
    Account, AccountId, AdditionalValues, Email, Session, SessionId, SessionToken, StoredHash, User, UserId,
};
use auth_store::NewRegistration;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// The tests' "now": a moment with microseconds, which must not reach the database.
pub(crate) const NOW: OffsetDateTime = datetime!(2030-01-15 12:00:00.123456 UTC);

/// [`NOW`] as the database holds it.
pub(crate) const STORED_NOW: OffsetDateTime = datetime!(2030-01-15 12:00:00.123 UTC);

pub(crate) fn user(email: &str) -> User {
    User {
        id: UserId::generate(&mut rand::rng()),
        name: "Ann".to_owned(),
        email: Email::parse(email).unwrap(),
        email_verified: false,
        image: None,
        created_at: NOW,
        updated_at: NOW,
        additional: AdditionalValues::default(),
    }
}

pub(crate) fn account(user: &User) -> Account {
    let id = AccountId::generate(&mut rand::rng());
    Account::credential(id, user.id.clone(), StoredHash::from_stored("$argon2id$hash"), NOW)
}

pub(crate) fn session(user: &User) -> Session {
    Session {
        id: SessionId::generate(&mut rand::rng()),
        token: SessionToken::generate(&mut rand::rng()),
        user_id: user.id.clone(),
        expires_at: NOW + Duration::days(7),
        created_at: NOW,
        updated_at: NOW,
        ip_address: Some("192.0.2.1".to_owned()),
        user_agent: Some(String::new()),
        additional: AdditionalValues::default(),
    }
}

pub(crate) fn registration(email: &str) -> NewRegistration {
    let user = user(email);
    NewRegistration { account: account(&user), session: Some(session(&user)), user }
}

/// Asks again and again until the answer is the expected one.
///
/// # Panics
///
/// After ten seconds.
pub(crate) async fn wait_for(client: &tokio_postgres::Client, sql: &str, expected: &str) {
    let given_up_at = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while auth_store::testing::query_one_text(client, sql).await.as_deref() != Some(expected) {
        assert!(std::time::Instant::now() < given_up_at, "still not {expected}: {sql}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
