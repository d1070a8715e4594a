//! Tests of session reads that share one connection.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use auth_core::{Account, AccountId, AdditionalValues, Email, StoredHash, User};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::future::try_join_all;
use time::macros::datetime;

use super::*;
use crate::registration::NewRegistration;
use crate::testing::{TestDatabase, query_one_text};

const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);

fn registration(number: usize) -> NewRegistration {
    let rng = &mut rand::rng();
    let user = User {
        id: UserId::generate(rng),
        name: String::new(),
        email: Email::parse(&format!("user{number}@example.com")).unwrap(),
        email_verified: false,
        image: None,
        created_at: NOW,
        updated_at: NOW,
        additional: AdditionalValues::default(),
    };
    let account =
        Account::credential(AccountId::generate(rng), user.id.clone(), StoredHash::from_stored("hash"), NOW);
    let session = Session {
        id: SessionId::generate(rng),
        token: SessionToken::generate(rng),
        user_id: user.id.clone(),
        expires_at: NOW,
        created_at: NOW,
        updated_at: NOW,
        ip_address: None,
        user_agent: None,
        additional: AdditionalValues::default(),
    };
    NewRegistration { user, account, session: Some(session) }
}

#[tokio::test]
async fn many_session_reads_share_one_connection_and_one_prepared_statement() {
    let database = TestDatabase::create().await;
    let people: Vec<NewRegistration> = (0..20).map(registration).collect();
    let store = database.store();
    for person in &people {
        store.register(person).await.unwrap();
    }
    let connection = AsyncPgConnection::establish(database.url()).await.unwrap();
    let shared = &connection;
    // All reads are sent before the first is answered. Each must get its own answer.
    let reads = (0..500).map(async |number| {
        let person = people.get(number % people.len()).unwrap();
        let token = &person.session.as_ref().unwrap().token;
        let mut connection = shared;
        let found =
            find_by_token_on(&mut connection, &DeclaredFields::default(), token).await?.expect("is stored");
        assert_eq!(found.user.id, person.user.id);
        assert_eq!(found.session.token.expose(), token.expose());
        Ok::<(), StoreError>(())
    });
    try_join_all(reads).await.unwrap();
    let mut connection = shared;
    let unknown = SessionToken::from_stored("unknown");
    assert!(find_by_token_on(&mut connection, &DeclaredFields::default(), &unknown).await.unwrap().is_none());

    let transactions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                        AND query LIKE '%\"session\"%' AND query LIKE 'SELECT \"user\"%'";
    let client = database.client().await;
    assert_eq!(
        query_one_text(&client, transactions).await.as_deref(),
        Some("1"),
        "one connection did it all"
    );
}
