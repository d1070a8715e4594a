//! Session fixation: whoever plants a token in somebody's browser does not know the session that begins there.

use serde_json::{Value, json};
use test_support::{Answer, PASSWORD, TestApp};

/// Asks with all that an attacker might have planted: a living session of their own and a made-up one, as cookies, as
/// fields of the body and in the query.
async fn ask_with_planted(
    app: &TestApp,
    path: &str,
    mallory: &Answer,
    cookies: &str,
    body: &Value,
) -> Answer {
    let token = mallory.session_token();
    let mut body = body.clone();
    body["token"] = json!(token);
    body["sessionToken"] = json!(token);
    body["session"] = json!({"token": token, "id": mallory.json()["session"]["id"]});
    let request = app.request("POST", &format!("{path}?token={token}&session_token={token}"));
    app.send(request.header("origin", &app.origin).header("cookie", cookies).json(&body)).await
}

async fn reader_of(app: &TestApp, cookie: &str) -> Value {
    app.get("/get-session", &[("cookie", cookie)]).await.json()["user"]["email"].clone()
}

#[actix_web::test]
async fn r_023_sign_in_and_sign_up_never_adopt_a_token_that_the_client_sent() {
    let cached = [("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true")];
    for settings in [&[][..], &cached] {
        let (app, _) = TestApp::signed_in(settings).await;
        let mallory = app.register("mallory@example.com").await;
        let planted = [
            mallory.cookie_header(),
            "better-auth.session_token=planted".to_owned(),
            format!("better-auth.session_token={}", mallory.session_token()),
            String::new(),
        ];
        for (number, cookies) in planted.iter().enumerate() {
            let new = |route: &str| format!("{route}{number}@example.com");
            for (path, email) in [
                ("/sign-in/email", "ann@example.com".to_owned()),
                ("/login", "ann@example.com".to_owned()),
                ("/sign-up/email", new("up")),
                ("/register", new("reg")),
            ] {
                let case = format!("{path} {cookies}");
                let before = app.sql("select count(*)::text from session").await;
                let body = json!({"email": email, "password": PASSWORD, "name": "Ann"});
                let answer = ask_with_planted(&app, path, &mallory, cookies, &body).await;
                assert!([200, 201].contains(&answer.status), "{case}: {}", answer.body);
                let after = app.sql("select count(*)::text from session").await;
                let added = |count: &str| count.parse::<i32>().unwrap();
                assert_eq!(added(&after), added(&before) + 1, "{case}: a session of its own");
                assert!(!answer.body.contains(&mallory.session_token()), "{case}");
                assert_ne!(answer.session_cookie(), mallory.session_cookie(), "{case}");
                assert!(!answer.cookie_header().contains("planted"), "{case}");
                assert_eq!(reader_of(&app, &answer.session_cookie()).await, email, "{case}");
                // Mallory's session stays what it was, Mallory's.
                assert_eq!(reader_of(&app, &mallory.session_cookie()).await, "mallory@example.com", "{case}");
            }
        }
    }
}

#[actix_web::test]
async fn r_023_a_password_change_that_ends_the_other_sessions_begins_a_new_one() {
    let (app, first) = TestApp::signed_in(&[]).await;
    let mallory = app.register("mallory@example.com").await;
    let other = app.login("ann@example.com").await;
    let body = json!({"currentPassword": PASSWORD, "newPassword": "a wholly other password", "revokeOtherSessions": true});
    let answer = ask_with_planted(&app, "/change-password", &mallory, &first.session_cookie(), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let known = [first.session_token(), other.session_token(), mallory.session_token()];
    assert!(!known.contains(&token), "the token of a session that somebody may know");
    assert!(answer.session_cookie().contains(&token));
    assert_eq!(reader_of(&app, &answer.session_cookie()).await, "ann@example.com");
    for old in [&first, &other] {
        assert_eq!(app.get_as(&old.cookie(), "/get-session").await.body, "null");
        let bearer = old.session_bearer();
        assert_eq!(app.get_as(&bearer, "/user").await.status, 401);
    }
    assert_eq!(reader_of(&app, &mallory.session_cookie()).await, "mallory@example.com");
}
