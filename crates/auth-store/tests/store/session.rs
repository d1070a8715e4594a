//! Sessions: found with their user, extended, ended.

use auth_core::{Session, SessionId, SessionToken, UserId};
use auth_store::testing::TestDatabase;
use auth_store::{StoreError, constraint};
use time::Duration;

use crate::made;

fn assert_same(stored: &Session, new: &Session) {
    assert_eq!(stored.id, new.id);
    assert_eq!(stored.token.expose(), new.token.expose());
    assert_eq!(stored.user_id, new.user_id);
    assert_eq!(stored.expires_at, made::STORED_NOW + Duration::days(7));
    assert_eq!((stored.created_at, stored.updated_at), (made::STORED_NOW, made::STORED_NOW));
    assert_eq!((&stored.ip_address, &stored.user_agent), (&new.ip_address, &new.user_agent));
}

#[tokio::test]
async fn a_session_is_found_with_its_user() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let new = made::registration("ann@example.com");
    let session = new.session.clone().unwrap();
    store.register(&new).await.unwrap();
    let by_token = store.sessions().find_by_token(&session.token).await.unwrap().unwrap();
    assert_same(&by_token.session, &session);
    assert_eq!(by_token.user.email, new.user.email);
    let by_id = store.sessions().find_by_id(&session.id).await.unwrap().unwrap();
    assert_same(&by_id.session, &session);
    assert!(store.sessions().find_by_id(&SessionId::from_stored("x")).await.unwrap().is_none());
    assert!(store.sessions().find_by_token(&SessionToken::from_stored("x")).await.unwrap().is_none());
}

#[tokio::test]
async fn unknown_client_data_stay_as_they_are() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let new = made::registration("ann@example.com");
    store.register(&new).await.unwrap();
    let session =
        Session {
            ip_address: None, user_agent: Some("Ünïcode 🦀".to_owned()), ..made::session(&new.user)
        };
    store.sessions().insert(&session).await.unwrap();
    let found = store.sessions().find_by_token(&session.token).await.unwrap().unwrap().session;
    assert_eq!((found.ip_address, found.user_agent), (None, session.user_agent));
}

#[tokio::test]
async fn refreshing_moves_the_end_and_tells_if_the_session_is_gone() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let new = made::registration("ann@example.com");
    let session = new.session.clone().unwrap();
    store.register(&new).await.unwrap();
    let (now, end) = (made::NOW + Duration::days(2), made::NOW + Duration::days(9));
    let refreshed = store.sessions().refresh(&session.token, end, now).await.unwrap().unwrap();
    assert_eq!(refreshed.expires_at, made::STORED_NOW + Duration::days(9));
    assert_eq!(refreshed.updated_at, made::STORED_NOW + Duration::days(2));
    assert_eq!(refreshed.created_at, made::STORED_NOW);
    store.sessions().delete_by_token(&session.token).await.unwrap();
    assert!(store.sessions().refresh(&session.token, end, now).await.unwrap().is_none());
}

#[tokio::test]
async fn deleting_tells_whether_a_session_was_there() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let new = made::registration("ann@example.com");
    let session = new.session.clone().unwrap();
    store.register(&new).await.unwrap();
    let other = made::session(&new.user);
    store.sessions().insert(&other).await.unwrap();
    assert!(store.sessions().delete_by_token(&session.token).await.unwrap());
    assert!(!store.sessions().delete_by_token(&session.token).await.unwrap());
    assert!(store.sessions().find_by_token(&session.token).await.unwrap().is_none());
    assert!(store.sessions().find_by_token(&other.token).await.unwrap().is_some(), "the other session stays");
}

#[tokio::test]
async fn living_sessions_of_one_user_are_listed_oldest_first() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let (ann, bob) = (made::registration("ann@example.com"), made::registration("bob@example.com"));
    store.register(&ann).await.unwrap();
    store.register(&bob).await.unwrap();
    let now = made::STORED_NOW + Duration::days(1);
    let made_at = |hours| {
        let created_at = made::STORED_NOW + Duration::hours(hours);
        Session { created_at, ..made::session(&ann.user) }
    };
    let (later, last) = (made_at(1), Session { expires_at: now, ..made_at(2) });
    for session in [&last, &later] {
        store.sessions().insert(session).await.unwrap();
    }
    let listed = async |now, limit| -> Vec<SessionId> {
        let sessions = store.sessions().list_by_user(&ann.user.id, now, limit).await.unwrap();
        sessions.into_iter().map(|session| session.id).collect()
    };
    let first = ann.session.unwrap().id;
    let just_before = now - Duration::milliseconds(1);
    assert_eq!(listed(just_before, 3).await, [first.clone(), later.id.clone(), last.id.clone()]);
    assert_eq!(listed(now, 3).await, [first, later.id.clone()], "what ends now is not listed");
    assert_eq!(listed(just_before, 2).await, [later.id, last.id], "of more than fit, the newest");
    assert!(listed(now + Duration::days(8), 3).await.is_empty());
}

#[tokio::test]
async fn r_031_ending_an_owned_session_needs_its_owner() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let (ann, bob) = (made::registration("ann@example.com"), made::registration("bob@example.com"));
    store.register(&ann).await.unwrap();
    store.register(&bob).await.unwrap();
    let (anns, bobs) = (ann.session.unwrap().token, bob.session.unwrap().token);
    assert!(!store.sessions().delete_owned(&bobs, &ann.user.id).await.unwrap());
    assert!(store.sessions().find_by_token(&bobs).await.unwrap().is_some(), "another's session stays");
    assert!(store.sessions().delete_owned(&anns, &ann.user.id).await.unwrap());
    assert!(!store.sessions().delete_owned(&anns, &ann.user.id).await.unwrap(), "it is gone already");
    let unstorable = SessionToken::from_stored("a\0b");
    assert!(!store.sessions().delete_owned(&unstorable, &ann.user.id).await.unwrap());
}

#[tokio::test]
async fn every_session_of_a_user_ends_and_nobody_elses() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let (ann, bob) = (made::registration("ann@example.com"), made::registration("bob@example.com"));
    store.register(&ann).await.unwrap();
    store.register(&bob).await.unwrap();
    // More than the reference looks at.
    for _ in 0..150 {
        store.sessions().insert(&made::session(&ann.user)).await.unwrap();
    }
    let kept = ann.session.unwrap().token;
    let sessions = store.sessions();
    assert_eq!(sessions.delete_by_user_except(&ann.user.id, &kept).await.unwrap(), 150);
    assert!(sessions.find_by_token(&kept).await.unwrap().is_some());
    assert_eq!(sessions.delete_by_user(&ann.user.id).await.unwrap(), 1);
    assert_eq!(sessions.delete_by_user(&ann.user.id).await.unwrap(), 0);
    assert!(sessions.find_by_token(&bob.session.unwrap().token).await.unwrap().is_some());
}

#[tokio::test]
async fn only_an_ended_session_is_swept() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let new = made::registration("ann@example.com");
    let session = new.session.clone().unwrap();
    store.register(&new).await.unwrap();
    let last_moment = made::STORED_NOW + Duration::days(7);
    assert!(!store.sessions().delete_expired(&session.token, last_moment).await.unwrap());
    let after = last_moment + Duration::milliseconds(1);
    assert!(store.sessions().delete_expired(&session.token, after).await.unwrap());
    assert!(store.sessions().find_by_token(&session.token).await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_needs_a_user_and_a_token_of_its_own() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let new = made::registration("ann@example.com");
    store.register(&new).await.unwrap();
    let orphan = Session { user_id: UserId::from_stored("nobody"), ..made::session(&new.user) };
    let refused = store.sessions().insert(&orphan).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::Conflict { constraint, .. } if constraint == constraint::SESSION_USER)
    );
    let twin = Session { token: new.session.unwrap().token, ..made::session(&new.user) };
    let refused = store.sessions().insert(&twin).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::Conflict { constraint, .. } if constraint == constraint::SESSION_TOKEN)
    );
}

#[tokio::test]
async fn a_row_that_cannot_be_read_names_its_column() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let new = made::registration("ann@example.com");
    let token = new.session.clone().unwrap().token;
    store.register(&new).await.unwrap();
    database.execute("UPDATE session SET \"expiresAt\" = 'infinity'").await;
    let error = store.sessions().find_by_token(&token).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Inconsistent { table: "session", column, .. } if column == "expiresAt"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_works_from_spawned_tasks() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let new = made::registration("ann@example.com");
    let token = new.session.clone().unwrap().token;
    let registering = store.clone();
    tokio::spawn(async move { registering.register(&new).await }).await.unwrap().unwrap();
    let found = tokio::spawn(async move { store.sessions().find_by_token(&token).await }).await.unwrap();
    assert!(found.unwrap().is_some());
}
