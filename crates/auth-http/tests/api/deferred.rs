//! `session.defer_refresh`: reads leave the database alone, `POST /get-session` writes.

use serde_json::Value;
use test_support::{Answer, CredentialHeader, TestApp};
use time::Duration;

const DEFERRED: [(&str, &str); 1] = [("AUTH__SESSION__DEFER_REFRESH", "true")];

async fn post(app: &TestApp, query: &str, cookie: &CredentialHeader) -> Answer {
    app.send(app.request_as(cookie, "POST", &format!("/get-session{query}"))).await
}

#[actix_web::test]
async fn a_read_says_that_the_session_is_due_and_a_post_extends_it() {
    let (app, registered) = TestApp::signed_in(&DEFERRED).await;
    let cookie = registered.cookie();
    let read = async || app.get_as(&cookie, "/get-session").await;
    let stored = async || app.sql("select t::text from session t").await;
    let before = stored().await;

    let early = read().await;
    assert_eq!(early.json()["needsRefresh"], false);
    let members: Vec<String> = early.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        members,
        ["session", "user", "needsRefresh", "accessToken", "accessTokenExpiresAt", "refreshToken"]
    );
    app.clock.advance(Duration::hours(25));
    let due = read().await;
    assert_eq!(due.json()["needsRefresh"], true);
    assert_eq!(due.json()["session"], registered.json()["session"]);
    assert!(due.set_cookies().is_empty());
    assert_eq!(stored().await, before);

    let quiet = post(&app, "?disableRefresh=0", &cookie).await;
    assert_eq!(quiet.json()["needsRefresh"], Value::Null);
    assert_eq!(stored().await, before);
    let extended = post(&app, "", &cookie).await;
    assert_eq!(
        extended.json()["needsRefresh"],
        Value::Null,
        "a POST does what is needed and does not ask for it"
    );
    assert_eq!(extended.cookie(), cookie);
    assert_ne!(stored().await, before);
    assert_eq!(read().await.json()["needsRefresh"], false);
}

#[actix_web::test]
async fn guards_leave_the_session_to_the_post() {
    let (app, ann) = TestApp::signed_in(&[DEFERRED[0], ("AUTH__SESSION__FRESH_AGE", "0s")]).await;
    let cookie = ann.cookie();
    app.clock.advance(Duration::hours(25));
    let expiry = "select \"expiresAt\"::text from session";
    let before = app.sql(expiry).await;
    let listed = app.get_as(&cookie, "/list-sessions").await;
    assert_eq!((listed.status, listed.set_cookies().len()), (200, 0));
    assert_eq!(app.sql(expiry).await, before);
}

#[actix_web::test]
async fn a_read_that_never_extends_does_not_ask_for_it() {
    let off = ("AUTH__SESSION__DISABLE_REFRESH", "true");
    let (app, ann) = TestApp::signed_in(&[DEFERRED[0], off]).await;
    let cookie = ann.cookie();
    app.clock.advance(Duration::hours(25));
    assert_eq!(app.get_as(&cookie, "/get-session").await.json()["needsRefresh"], false);
    let quiet = app.get_as(&cookie, "/get-session?disableRefresh=1").await;
    assert_eq!(quiet.json()["needsRefresh"], Value::Null);
    assert!(post(&app, "", &cookie).await.set_cookies().is_empty());
}

#[actix_web::test]
async fn without_deferred_refresh_a_post_is_refused() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.cookie();
    let refused = post(&app, "", &cookie).await;
    assert_eq!((refused.status, refused.code().as_str()), (405, "METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED"));
    assert_eq!(refused.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn a_foreign_page_cannot_extend_a_session() {
    let (app, ann) = TestApp::signed_in(&DEFERRED).await;
    let cookie = ann.cookie();
    let request = app.request("POST", "/get-session").header("cookie", cookie.value());
    let foreign = app.send(request.header("origin", "https://evil.example")).await;
    assert_eq!((foreign.status, foreign.code().as_str()), (403, "INVALID_ORIGIN"));
    let redirect = post(&app, "?callbackURL=https://evil.example", &cookie).await;
    assert_eq!((redirect.status, redirect.code().as_str()), (403, "INVALID_CALLBACK_URL"));
    let body = app.request_as(&cookie, "POST", "/get-session");
    let body = app.send(body.header("content-type", "text/plain").body("{")).await;
    assert_eq!(body.status, 200, "its body is not read");
}
