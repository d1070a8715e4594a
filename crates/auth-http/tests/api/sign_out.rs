//! `POST /sign-out` and `POST /logout`.

use serde_json::json;
use test_support::{CredentialHeader, TestApp};

const CLEARED: [&str; 3] = [
    "better-auth.session_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
    "better-auth.session_data=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
    "better-auth.dont_remember=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
];

#[actix_web::test]
async fn r_024_sign_out_deletes_the_row_and_every_credential_dies_with_it() {
    let app = TestApp::start().await;
    for path in ["/sign-out", "/logout"] {
        let registered = app.register(&format!("{}@example.com", &path[1..])).await;
        let cookie = registered.cookie();
        let request = app.request_as(&cookie, "POST", path);
        let answer = app.send(request).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"success":true}"#));
        assert_eq!(answer.set_cookies(), CLEARED);
        assert_eq!(app.count("session").await, 0);
        for token in [registered.access_token(), registered.session_token()] {
            let answer = app.get_as(&CredentialHeader::bearer(&token), "/get-session").await;
            assert_eq!(answer.status, 401);
        }
        assert_eq!(app.get_as(&cookie, "/get-session").await.body, "null");
    }
}

#[actix_web::test]
async fn r_024_sign_out_ends_the_session_that_a_bearer_token_names() {
    let app = TestApp::start().await;
    for (at, path) in ["/sign-out", "/logout"].into_iter().enumerate() {
        for kind in ["jwt", "raw"] {
            let registered = app.register(&format!("{kind}{at}@example.com")).await;
            let token = if kind == "jwt" { registered.access_token() } else { registered.session_token() };
            let bearer = CredentialHeader::bearer(token);
            let answer = app.send(app.request("POST", path).header("authorization", bearer.value())).await;
            assert_eq!(answer.status, 200, "{path} {kind}");
            assert_eq!(app.get_as(&bearer, "/user").await.status, 401, "{path} {kind}");
            assert_eq!(app.count("session").await, 0, "{path} {kind}");
        }
    }
    let forged = app.request("POST", "/sign-out").header("authorization", "Bearer forged.token.here");
    assert_eq!(app.send(forged).await.status, 401);
}

#[actix_web::test]
async fn r_024_success_is_not_answered_when_the_row_may_live_on() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    app.execute("alter table session rename to session_away").await;
    let cookie = registered.cookie();
    for path in ["/sign-out", "/logout"] {
        let request = app.request_as(&cookie, "POST", path);
        let answer = app.send(request).await;
        assert!(answer.status >= 500, "{path}: {}", answer.status);
        assert!(answer.set_cookies().is_empty());
    }
    app.execute("alter table session_away rename to session").await;
    assert_eq!(app.get_as(&cookie, "/get-session").await.status, 200);
}

#[actix_web::test]
async fn sign_out_without_a_session_succeeds_and_checks_its_fields() {
    let app = TestApp::start().await;
    let answer = app.post("/sign-out", &json!({})).await;
    assert_eq!((answer.status, answer.set_cookies().len()), (200, 3));
    assert_eq!(app.send(app.request("POST", "/sign-out")).await.status, 200);
    assert_eq!(app.post("/sign-out", &json!({"disableRedirect": 1})).await.code(), "VALIDATION_ERROR");
    assert_eq!(app.post("/sign-out", &json!(null)).await.code(), "VALIDATION_ERROR");
}

#[actix_web::test]
async fn signing_out_with_a_cookie_needs_a_trusted_origin() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.session_cookie();
    for (origin, code) in [
        ("", "MISSING_OR_NULL_ORIGIN"),
        ("null", "MISSING_OR_NULL_ORIGIN"),
        ("https://evil.com", "INVALID_ORIGIN"),
    ] {
        for path in ["/sign-out", "/logout"] {
            let mut request = app.request("POST", path).header("cookie", &cookie);
            if !origin.is_empty() {
                request = request.header("origin", origin);
            }
            let answer = app.send(request).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, code), "{path} {origin}");
        }
    }
    assert_eq!(app.count("session").await, 1);
}
