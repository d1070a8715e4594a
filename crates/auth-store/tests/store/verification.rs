//! Proofs are stored, found newest first, and consumed once.

use auth_core::{Secret, Verification, VerificationId};
use auth_store::testing::TestDatabase;
use time::{Duration, OffsetDateTime};

use crate::made;

pub(crate) fn proof(identifier: &str, created_at: OffsetDateTime) -> Verification {
    Verification {
        id: VerificationId::generate(&mut rand::rng()),
        identifier: Secret::new(identifier.to_owned()),
        value: "user".to_owned(),
        expires_at: made::NOW + Duration::hours(1),
        created_at,
        updated_at: created_at,
    }
}

#[tokio::test]
async fn the_newest_proof_is_found() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let older = proof("reset-password:a", made::NOW);
    let newer = proof("reset-password:a", made::NOW + Duration::seconds(1));
    for proof in [&newer, &older] {
        store.verifications().insert(proof).await.unwrap();
    }
    let found = store.verifications().find_by_identifier(&newer.identifier).await.unwrap().unwrap();
    assert_eq!(found.id, newer.id);
    assert_eq!(found.created_at, made::STORED_NOW + Duration::seconds(1));
    assert_eq!(found.expires_at, made::STORED_NOW + Duration::hours(1));
    let unknown = Secret::new("reset-password:b".to_owned());
    assert!(store.verifications().find_by_identifier(&unknown).await.unwrap().is_none());
}

#[tokio::test]
async fn of_many_who_consume_a_proof_one_succeeds() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let proof = proof("reset-password:a", made::NOW);
    store.verifications().insert(&proof).await.unwrap();
    let repository = store.verifications();
    let tries = (0..8).map(|_| repository.delete(&proof.id));
    let outcomes = futures_util::future::try_join_all(tries).await.unwrap();
    assert_eq!(outcomes.into_iter().filter(|deleted| *deleted).count(), 1);
}
