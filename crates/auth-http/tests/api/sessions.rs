//! `/list-sessions` and the routes that end sessions.

use serde_json::{Value, json};
use time::Duration;

use crate::app::{Answer, PASSWORD, TestApp};

async fn login(app: &TestApp, email: &str) -> Answer {
    app.post("/login", &json!({"email": email, "password": PASSWORD})).await
}

async fn post(app: &TestApp, path: &str, cookie: &str, body: &Value) -> Answer {
    let request = app.request("POST", path).header("origin", &app.origin).header("cookie", cookie);
    app.send(request.json(body)).await
}

async fn is_live(app: &TestApp, answer: &Answer) -> bool {
    app.get("/get-session", &[("cookie", &answer.session_cookie())]).await.body != "null"
}

fn done(answer: &Answer) {
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":true}"#));
}

#[actix_web::test]
async fn a_user_lists_their_own_living_sessions() {
    let app = TestApp::start().await;
    let first = app.register("ann@example.com").await;
    app.register("bob@example.com").await;
    let short = json!({"email": "ann@example.com", "password": PASSWORD, "rememberMe": false});
    app.post("/login", &short).await;
    app.clock.advance(Duration::hours(23));
    let third = login(&app, "ann@example.com").await;
    let list = async || app.get("/list-sessions", &[("cookie", &third.session_cookie())]).await;
    assert_eq!(list().await.json().as_array().unwrap().len(), 3);
    app.clock.advance(Duration::hours(2));
    let listed = list().await.json();
    assert_eq!(listed, json!([first.json()["session"], third.json()["session"]]));
    app.stop().await;
}

#[actix_web::test]
async fn of_many_sessions_the_newest_hundred_are_listed_and_all_are_ended() {
    let app = TestApp::start().await;
    let mine = app.register("ann@example.com").await;
    let bobs = app.register("bob@example.com").await;
    app.execute(
        "insert into session (id, token, \"userId\", \"expiresAt\", \"createdAt\", \"updatedAt\") \
         select 'id' || n, 'token' || n, (select id from \"user\" where email = 'ann@example.com'), \
         now() + interval '1 day', now() + n * interval '1 ms', now() from generate_series(1, 250) n",
    )
    .await;
    let cookie = mine.session_cookie();
    let listed = app.get("/list-sessions", &[("cookie", &cookie)]).await;
    let tokens: Vec<Value> =
        listed.json().as_array().unwrap().iter().map(|session| session["token"].clone()).collect();
    assert_eq!(tokens, (151..=250).map(|n| json!(format!("token{n}"))).collect::<Vec<_>>());
    let others = post(&app, "/revoke-other-sessions", &cookie, &json!({})).await;
    done(&others);
    assert!(others.set_cookies().is_empty());
    assert_eq!(app.count("session").await, 2);
    assert!(is_live(&app, &mine).await && is_live(&app, &bobs).await);
    app.stop().await;
}

#[actix_web::test]
async fn r_031_revoking_a_foreign_or_unknown_token_changes_nothing_and_says_nothing() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.register("ann@example.com").await, app.register("bob@example.com").await);
    let foreign = bob.session_token();
    let cookie = ann.session_cookie();
    let tokens = [foreign.as_str(), "unknown", "", "a\0b", "ünïcode", &"x".repeat(10_000), "' or '1'='1"];
    for token in tokens {
        let answer = post(&app, "/revoke-session", &cookie, &json!({"token": token})).await;
        done(&answer);
        assert!(answer.set_cookies().is_empty(), "{token:?}");
    }
    assert_eq!(app.count("session").await, 2);
    assert!(is_live(&app, &ann).await && is_live(&app, &bob).await);
    app.stop().await;
}

#[actix_web::test]
async fn one_session_ends_and_its_own_cookies_go_only_with_itself() {
    let app = TestApp::start().await;
    let first = app.register("ann@example.com").await;
    let second = login(&app, "ann@example.com").await;
    let cookie = first.session_cookie();
    let other = post(&app, "/revoke-session", &cookie, &json!({"token": second.session_token()})).await;
    done(&other);
    assert!(other.set_cookies().is_empty());
    assert!(is_live(&app, &first).await && !is_live(&app, &second).await);
    let own = post(&app, "/revoke-session", &cookie, &json!({"token": first.session_token()})).await;
    done(&own);
    assert_eq!(own.set_cookies().len(), 3);
    assert!(own.set_cookies().iter().all(|line| line.contains("=; Max-Age=0;")));
    assert_eq!(app.count("session").await, 0);
    app.stop().await;
}

#[actix_web::test]
async fn a_token_of_another_alphabet_can_be_ended_too() {
    let app = TestApp::start().await;
    let cookie = app.register("ann@example.com").await.session_cookie();
    app.execute(
        "insert into session select 'odd', \"expiresAt\", 'Odd-token_1', \"createdAt\", \"updatedAt\", \"ipAddress\", \
         \"userAgent\", \"userId\" from session",
    )
    .await;
    done(&post(&app, "/revoke-session", &cookie, &json!({"token": "Odd-token_1"})).await);
    assert_eq!(app.count("session").await, 1);
    app.stop().await;
}

#[actix_web::test]
async fn all_sessions_end_with_the_callers_own() {
    let app = TestApp::start().await;
    let first = app.register("ann@example.com").await;
    let second = login(&app, "ann@example.com").await;
    let bob = app.register("bob@example.com").await;
    let answer = post(&app, "/revoke-sessions", &second.session_cookie(), &json!({"ignored": 1})).await;
    done(&answer);
    assert_eq!(answer.set_cookies().len(), 3);
    assert!(!is_live(&app, &first).await && !is_live(&app, &second).await && is_live(&app, &bob).await);
    let access = app.get("/user", &[("authorization", &format!("Bearer {}", first.access_token()))]).await;
    assert_eq!(access.status, 401, "access tokens end with their sessions");
    app.stop().await;
}

#[actix_web::test]
async fn bodies_are_checked_before_the_caller() {
    let app = TestApp::start().await;
    let cookie = app.register("ann@example.com").await.session_cookie();
    let text = "[body.token] Invalid input: expected string, received";
    for (path, body, message) in [
        ("/revoke-session", json!({}), format!("{text} undefined")),
        ("/revoke-session", json!({"token": null}), format!("{text} null")),
        ("/revoke-session", json!([]), "[body] Invalid input: expected object, received array".to_owned()),
        ("/update-session", json!([]), "[body] Invalid input: expected record, received array".to_owned()),
        ("/update-session", json!("x"), "[body] Invalid input: expected record, received string".to_owned()),
    ] {
        for answer in [post(&app, path, &cookie, &body).await, app.post(path, &body).await] {
            assert_eq!((answer.status, answer.code().as_str()), (400, "VALIDATION_ERROR"), "{path} {body}");
            assert_eq!(answer.json()["message"], message, "{path} {body}");
        }
    }
    for path in ["/revoke-sessions", "/revoke-other-sessions"] {
        let request = app.request("POST", path).header("origin", &app.origin).header("cookie", &cookie);
        let text = app.send(request.header("content-type", "text/plain").body("x")).await;
        assert_eq!(text.status, 415, "{path}");
    }
    assert_eq!(app.count("session").await, 1);
    app.stop().await;
}

#[actix_web::test]
async fn r_073_no_column_of_a_session_is_the_clients_to_set() {
    let app = TestApp::start().await;
    let registered = app.register("ann@example.com").await;
    let cookie = registered.session_cookie();
    let stored = async || app.sql("select t::text from session t").await;
    let before = stored().await;
    let mut body = registered.json()["session"].clone();
    body["unknown"] = json!(1);
    body["expiresAt"] = json!("2099-01-01T00:00:00.000Z");
    for body in [body, json!({}), json!({"userId": "x", "token": "y", "id": "z"})] {
        let answer = post(&app, "/update-session", &cookie, &body).await;
        assert_eq!((answer.status, answer.body.as_str()), (400, r#"{"message":"No fields to update"}"#));
        assert_eq!(stored().await, before);
    }
    app.stop().await;
}
