//! Errors are told apart by code and constraint, whatever language the server speaks.

use auth_store::testing::{TestDatabase, read_text};
use auth_store::{Outage, StoreError, constraint};

use crate::made;

/// Raises an error with a code, and with a text that no server has.
const FAIL: &str = "CREATE FUNCTION fail(code text) RETURNS text LANGUAGE plpgsql AS \
                    $$ BEGIN RAISE EXCEPTION 'anders gesagt' USING ERRCODE = code; END $$";

#[tokio::test]
async fn a_code_decides_and_no_text() {
    let database = TestDatabase::create().await;
    database.execute(FAIL).await;
    let store = database.store();
    let kind = |error: &StoreError| match error {
        StoreError::Unavailable(Outage::ConnectionLost(_)) => "lost",
        StoreError::Unavailable(Outage::GivenUp(_)) => "given up",
        StoreError::Unavailable(Outage::StalePlan(_)) => "stale plan",
        StoreError::Conflict { .. } => "conflict",
        StoreError::Rejected { .. } => "rejected",
        StoreError::Query(_) => "query",
        _ => "other",
    };
    for (code, expected) in [
        ("08006", "lost"),
        ("08P01", "lost"),
        ("57P01", "lost"),
        ("57P03", "lost"),
        ("25P03", "lost"),
        ("57014", "given up"),
        ("55P03", "given up"),
        ("40P01", "given up"),
        ("40001", "given up"),
        ("25006", "given up"),
        ("53100", "given up"),
        ("53300", "given up"),
        ("23505", "conflict"),
        ("23503", "conflict"),
        ("23502", "rejected"),
        ("22001", "rejected"),
        ("22003", "rejected"),
        ("22021", "rejected"),
        ("22P05", "rejected"),
        ("54000", "rejected"),
        // Not every "feature not supported" is a plan that is out of date.
        ("0A000", "query"),
        ("42P01", "query"),
        ("P0001", "query"),
    ] {
        let error = read_text(&store, &format!("fail('{code}')")).await.unwrap_err();
        assert_eq!(kind(&error), expected, "{code}: {error:?}");
        assert_eq!(error.sqlstate().map(|state| state.code()), Some(code));
        let chain = format!("{error:?}");
        assert!(chain.contains("anders gesagt"), "the source is kept: {chain}");
    }
}

#[tokio::test]
async fn a_conflict_keeps_code_and_constraint() {
    let database = TestDatabase::create().await;
    let store = database.store();
    store.register(&made::registration("ann@example.com")).await.unwrap();
    let error = store.register(&made::registration("ann@example.com")).await.unwrap_err();
    assert_eq!(error.sqlstate().map(|state| state.code()), Some("23505"));
    let StoreError::Conflict { constraint, source } = &error else { panic!("{error:?}") };
    assert_eq!(constraint, constraint::USER_EMAIL);
    assert_eq!(source.constraint(), Some(constraint::USER_EMAIL));
}
