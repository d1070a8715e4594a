//! `GET /get-session`: both APIs' answers, and what a read does to the session.

use serde_json::{Value, json};
use test_support::{CredentialHeader, PASSWORD, TestApp};
use time::Duration;

#[actix_web::test]
async fn a_caller_without_credentials_is_refused_or_told_null_as_set() {
    let app = TestApp::start().await;
    let refused = app.get("/get-session", &[]).await;
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (401, r#"{"message":"Unauthorized","code":"UNAUTHORIZED"}"#)
    );
    assert_eq!(refused.header("www-authenticate"), "Bearer");

    let app = TestApp::with(&[("AUTH__SESSION__ANONYMOUS_GET_SESSION", "null")]).await;
    let null = app.get("/get-session", &[]).await;
    assert_eq!((null.status, null.body.as_str()), (200, "null"));
    assert_eq!((null.header("cache-control"), null.header("pragma")), ("no-store", "no-cache"));
}

#[actix_web::test]
async fn the_envelope_is_better_auths_answer_and_three_members() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.cookie();
    let answer = app.get_as(&cookie, "/get-session").await;
    let members: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["session", "user", "accessToken", "accessTokenExpiresAt", "refreshToken"]);
    assert!(answer.set_cookies().is_empty(), "nothing is due");

    let (app, registered) = TestApp::signed_in(&[("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false")]).await;
    let answer = app.get_as(&registered.cookie(), "/get-session").await;
    for answer in [registered, answer] {
        let members: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["session", "user"]);
    }
}

#[actix_web::test]
async fn a_jwt_caller_keeps_its_token_for_half_its_life() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let token = ann.access_token();
    let read = async |token: &str| app.get_as(&CredentialHeader::bearer(token), "/get-session").await;
    assert_eq!(read(&token).await.access_token(), token);
    app.clock.advance(Duration::minutes(29));
    assert_eq!(read(&token).await.access_token(), token);
    app.clock.advance(Duration::minutes(2));
    let next = read(&token).await;
    assert_ne!(next.access_token(), token);
    assert!(next.set_cookies().is_empty(), "a caller with a token keeps no cookies");
    assert_eq!(read(&next.access_token()).await.status, 200);
    app.clock.advance(Duration::minutes(30));
    let expired = read(&token).await;
    assert_eq!((expired.status, expired.code().as_str()), (401, "TOKEN_EXPIRED"));
    assert!(expired.header("www-authenticate").starts_with(r#"Bearer error="invalid_token""#));
}

#[actix_web::test]
async fn an_access_token_never_outlives_its_session() {
    let app =
        TestApp::with(&[("AUTH__SESSION__EXPIRES_IN", "10m"), ("AUTH__SESSION__DISABLE_REFRESH", "true")])
            .await;
    let registered = app.register("ann@example.com").await.json();
    let (token_ends, session_ends) =
        (&registered["accessTokenExpiresAt"], &registered["session"]["expiresAt"]);
    assert!(token_ends.as_str().unwrap() <= session_ends.as_str().unwrap(), "{token_ends} {session_ends}");
}

#[actix_web::test]
async fn a_read_after_update_age_extends_the_session_and_its_cookie() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    let cookie = registered.cookie();
    app.clock.advance(Duration::hours(23));
    assert!(app.get_as(&cookie, "/get-session").await.set_cookies().is_empty());
    app.clock.advance(Duration::hours(2));
    let unrefreshed = app.get_as(&cookie, "/get-session?disableRefresh=false").await;
    assert!(unrefreshed.set_cookies().is_empty(), "any non-empty value is true");
    assert_eq!(unrefreshed.json()["session"]["expiresAt"], registered.json()["session"]["expiresAt"]);

    let extended = app.get_as(&cookie, "/get-session").await;
    assert!(
        extended.json()["session"]["expiresAt"].as_str() > registered.json()["session"]["expiresAt"].as_str()
    );
    assert_eq!(extended.cookie(), cookie);
    assert!(extended.set_cookies()[0].contains("; Max-Age=604800; "));
    assert_eq!(extended.json()["session"]["createdAt"], registered.json()["session"]["createdAt"]);
}

#[actix_web::test]
async fn an_unremembered_session_is_not_extended() {
    let (app, _) = TestApp::signed_in(&[]).await;
    let input = json!({"email": "ann@example.com", "password": PASSWORD, "rememberMe": false});
    let cookies = app.post("/login", &input).await.all_cookies();
    app.clock.advance(Duration::hours(23));
    let answer = app.get_as(&cookies, "/get-session").await;
    assert_eq!(answer.status, 200);
    assert!(answer.set_cookies().is_empty());
    app.clock.advance(Duration::hours(2));
    assert_eq!(app.get_as(&cookies, "/get-session").await.body, "null");
}

#[actix_web::test]
async fn an_unremembered_session_does_not_grow_for_callers_with_tokens() {
    let (app, _) = TestApp::signed_in(&[]).await;
    let input = json!({"email": "ann@example.com", "password": PASSWORD, "rememberMe": false});
    let login = app.post("/login", &input).await;
    for token in [login.access_token(), login.session_token()] {
        let answer = app.get_as(&CredentialHeader::bearer(&token), "/get-session").await;
        assert_eq!(answer.json()["session"]["expiresAt"], login.json()["session"]["expiresAt"]);
    }
}

#[actix_web::test]
async fn a_long_name_does_not_make_a_token_that_is_refused() {
    let app = TestApp::start().await;
    let input = json!({"email": "ann@example.com", "password": PASSWORD, "name": "\u{1}".repeat(512)});
    let registered = app.post("/register", &input).await;
    assert_eq!(registered.status, 201);
    let bearer = registered.access_bearer();
    assert_eq!(app.get_as(&bearer, "/user").await.status, 200);
}

#[actix_web::test]
async fn an_ended_session_is_null_for_cookies_and_401_for_tokens_and_its_row_goes() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    app.clock.advance(Duration::days(8));
    let bearer = app.get_as(&registered.session_bearer(), "/get-session").await;
    assert_eq!((bearer.status, bearer.code().as_str()), (401, "INVALID_TOKEN"));
    assert_eq!(app.count("session").await, 0);
    let answer = app.get_as(&registered.cookie(), "/get-session").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "null"));
    assert_eq!(
        answer.cookie_names(),
        ["better-auth.session_token", "better-auth.session_data", "better-auth.dont_remember"]
    );
    assert!(
        answer.set_cookies().iter().all(|line| line.contains("=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"))
    );
}

#[actix_web::test]
async fn a_forged_cookie_is_null_and_nothing_is_cleared() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.session_cookie();
    let forged = format!("{}A", &cookie[..cookie.len() - 1]);
    for cookie in [forged.as_str(), "better-auth.session_token=x", "better-auth.session_token="] {
        let answer = app.get("/get-session", &[("cookie", cookie)]).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "null"), "{cookie}");
        assert!(answer.set_cookies().is_empty());
    }
}

#[actix_web::test]
async fn foreign_tokens_speak_for_a_user_without_a_session_where_they_are_accepted() {
    for accepted in [false, true] {
        let text = accepted.to_string();
        let app = TestApp::with(&[("AUTH__ACCESS_TOKEN__ACCEPT_FOREIGN", &text)]).await;
        let user = app.register("ann@example.com").await.json()["user"].clone();
        let token = app.sign_jwt(
            &json!({"alg": "HS256", "typ": "JWT"}),
            &json!({"sub": user["id"], "exp": app.now_seconds() + 60}),
        );
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let answer = app.get("/get-session", &headers).await;
        if !accepted {
            assert_eq!((answer.status, answer.code().as_str()), (401, "INVALID_TOKEN"));
        } else {
            assert_eq!(answer.json()["session"], Value::Null);
            assert_eq!(answer.json()["user"], user);
            assert_eq!(app.get("/user", &headers).await.json(), user);
            let logout = app.send(app.request("POST", "/logout").header("authorization", &bearer)).await;
            assert_eq!(logout.status, 401, "there is no session to end");
        }
    }
}

#[actix_web::test]
async fn a_session_that_another_server_ends_is_ended_here_at_once() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    app.execute("delete from session").await;
    let jwt = registered.access_bearer();
    assert_eq!(app.get_as(&jwt, "/user").await.status, 401);
    assert_eq!(app.get_as(&registered.cookie(), "/user").await.status, 401);
}

#[actix_web::test]
async fn r_020_a_cookie_cache_of_another_server_is_removed_once_on_every_path() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let live = ann.session_cookie();
    let ended = app.register("bob@example.com").await.session_cookie();
    app.execute(
        "delete from session where \"userId\" = (select id from \"user\" where email = 'bob@example.com')",
    )
    .await;
    for session in ["", "better-auth.session_token=forged; ", &format!("{live}; "), &format!("{ended}; ")] {
        for (cache, name) in [
            ("better-auth.session_data=x", "session_data"),
            ("better-auth.session_data.0=x", "session_data.0"),
        ] {
            let answer = app.get("/get-session", &[("cookie", &format!("{session}{cache}"))]).await;
            let mut names = answer.cookie_names();
            assert!(names.contains(&format!("better-auth.{name}").as_str()), "{session}{cache}: {names:?}");
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "one line per name");
        }
    }
}
