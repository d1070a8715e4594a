//! `POST /change-password`.

use serde_json::{Value, json};
use test_support::{Answer, CredentialHeader, PASSWORD, TestApp};

const NEW: &str = "a wholly other password";

async fn change(app: &TestApp, credential: &CredentialHeader, body: &Value) -> Answer {
    app.post_as(credential, "/change-password", body).await
}

#[actix_web::test]
async fn r_041_a_password_change_needs_the_current_password() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    let cookie = registered.cookie();
    let before = app.stored_hash("ann@example.com").await;
    let wrong = "not the password";
    let cases = [
        (json!({"newPassword": NEW, "currentPassword": wrong}), 400, "INVALID_PASSWORD"),
        (json!({"newPassword": NEW, "currentPassword": ""}), 400, "INVALID_PASSWORD"),
        (json!({"newPassword": "short", "currentPassword": PASSWORD}), 400, "PASSWORD_TOO_SHORT"),
        (json!({"newPassword": "x".repeat(129), "currentPassword": PASSWORD}), 400, "PASSWORD_TOO_LONG"),
        (json!({"newPassword": NEW, "currentPassword": "x".repeat(129)}), 400, "PASSWORD_TOO_LONG"),
        (json!({"newPassword": NEW}), 400, "VALIDATION_ERROR"),
    ];
    for (body, status, code) in cases {
        let answer = change(&app, &cookie, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{body}");
    }
    let anonymous =
        app.post("/change-password", &json!({"newPassword": NEW, "currentPassword": PASSWORD})).await;
    assert_eq!((anonymous.status, anonymous.code().as_str()), (401, "UNAUTHORIZED"));
    let anonymous_and_bad = app.post("/change-password", &json!({})).await;
    assert_eq!(anonymous_and_bad.code(), "VALIDATION_ERROR", "the body is checked first");
    assert_eq!(app.stored_hash("ann@example.com").await, before);

    // Setting a password without knowing one is no route of the reference, nor of this server.
    let request = app.request_as(&cookie, "POST", "/set-password");
    assert_eq!(app.send(request.json(&json!({"newPassword": NEW}))).await.status, 404);
    assert_eq!(app.stored_hash("ann@example.com").await, before);
}

#[actix_web::test]
async fn the_new_password_signs_in_and_the_old_one_does_not() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    let cookie = registered.cookie();
    let answer = change(&app, &cookie, &json!({"newPassword": NEW, "currentPassword": PASSWORD})).await;
    assert_eq!(answer.json(), json!({"token": null, "user": registered.json()["user"]}));
    assert!(answer.set_cookies().is_empty());
    assert_eq!(app.get_as(&cookie, "/get-session").await.status, 200);
    let login = async |password| {
        app.post("/login", &json!({"email": "ann@example.com", "password": password})).await.status
    };
    assert_eq!((login(PASSWORD).await, login(NEW).await), (401, 200));
}

#[actix_web::test]
async fn r_033_other_sessions_end_when_asked_and_the_caller_gets_a_new_one() {
    let (app, first) = TestApp::signed_in(&[]).await;
    let second = app.login("ann@example.com").await;
    let body = json!({"newPassword": NEW, "currentPassword": PASSWORD, "revokeOtherSessions": true});
    let answer = change(&app, &second.cookie(), &body).await;
    assert_eq!(answer.status, 200);
    for old in [first.cookie(), second.cookie()] {
        assert_eq!(app.get_as(&old, "/get-session").await.body, "null");
    }
    let session = app.get_as(&answer.cookie(), "/get-session").await.json();
    assert_eq!(session["session"]["token"], answer.json()["token"]);
}

#[actix_web::test]
async fn a_user_without_a_password_cannot_change_it() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.cookie();
    app.execute("update account set password = null").await;
    let answer = change(&app, &cookie, &json!({"newPassword": NEW, "currentPassword": PASSWORD})).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "CREDENTIAL_ACCOUNT_NOT_FOUND"));
}

#[actix_web::test]
async fn a_caller_with_an_access_token_gets_no_cookies() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let body = json!({"newPassword": NEW, "currentPassword": PASSWORD, "revokeOtherSessions": true});
    let answer = change(&app, &ann.access_bearer(), &body).await;
    assert_eq!(answer.status, 200);
    assert!(answer.set_cookies().is_empty());
    assert!(answer.json()["token"].is_string());
}
