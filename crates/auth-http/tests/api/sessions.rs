//! `/list-sessions` and the routes that end sessions.

use serde_json::{Value, json};
use test_support::{Answer, PASSWORD, TestApp};
use time::Duration;

async fn is_live(app: &TestApp, answer: &Answer) -> bool {
    app.get_as(&answer.cookie(), "/get-session").await.body != "null"
}

fn done(answer: &Answer) {
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":true}"#));
}

#[actix_web::test]
async fn a_user_lists_their_own_living_sessions() {
    let (app, first) = TestApp::signed_in(&[]).await;
    app.register("bob@example.com").await;
    let short = json!({"email": "ann@example.com", "password": PASSWORD, "rememberMe": false});
    app.post("/login", &short).await;
    app.clock.advance(Duration::hours(23));
    let third = app.login("ann@example.com").await;
    let list = async || app.get_as(&third.cookie(), "/list-sessions").await;
    assert_eq!(list().await.json().as_array().unwrap().len(), 3);
    app.clock.advance(Duration::hours(2));
    let listed = list().await.json();
    assert_eq!(listed, json!([first.json()["session"], third.json()["session"]]));
}

#[actix_web::test]
async fn of_many_sessions_the_newest_hundred_are_listed_and_all_are_ended() {
    let (app, mine) = TestApp::signed_in(&[]).await;
    let bobs = app.register("bob@example.com").await;
    app.execute(
        "insert into session (id, token, \"userId\", \"expiresAt\", \"createdAt\", \"updatedAt\") \
         select 'id' || n, 'token' || n, (select id from \"user\" where email = 'ann@example.com'), \
         now() + interval '1 day', now() + n * interval '1 ms', now() from generate_series(1, 250) n",
    )
    .await;
    let cookie = mine.cookie();
    let listed = app.get_as(&cookie, "/list-sessions").await;
    let tokens: Vec<Value> =
        listed.json().as_array().unwrap().iter().map(|session| session["token"].clone()).collect();
    assert_eq!(tokens, (151..=250).map(|n| json!(format!("token{n}"))).collect::<Vec<_>>());
    let others = app.post_as(&cookie, "/revoke-other-sessions", &json!({})).await;
    done(&others);
    assert!(others.set_cookies().is_empty());
    assert_eq!(app.count("session").await, 2);
    assert!(is_live(&app, &mine).await && is_live(&app, &bobs).await);
}

#[actix_web::test]
async fn r_031_revoking_a_foreign_or_unknown_token_changes_nothing_and_says_nothing() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.register("ann@example.com").await, app.register("bob@example.com").await);
    let foreign = bob.session_token();
    let cookie = ann.cookie();
    let tokens = [foreign.as_str(), "unknown", "", "a\0b", "ünïcode", &"x".repeat(10_000), "' or '1'='1"];
    for token in tokens {
        let answer = app.post_as(&cookie, "/revoke-session", &json!({"token": token})).await;
        done(&answer);
        assert!(answer.set_cookies().is_empty(), "{token:?}");
    }
    assert_eq!(app.count("session").await, 2);
    assert!(is_live(&app, &ann).await && is_live(&app, &bob).await);
}

#[actix_web::test]
async fn one_session_ends_and_its_own_cookies_go_only_with_itself() {
    let (app, first) = TestApp::signed_in(&[]).await;
    let second = app.login("ann@example.com").await;
    let cookie = first.cookie();
    let other = app.post_as(&cookie, "/revoke-session", &json!({"token": second.session_token()})).await;
    done(&other);
    assert!(other.set_cookies().is_empty());
    assert!(is_live(&app, &first).await && !is_live(&app, &second).await);
    let own = app.post_as(&cookie, "/revoke-session", &json!({"token": first.session_token()})).await;
    done(&own);
    assert_eq!(own.set_cookies().len(), 3);
    assert!(own.set_cookies().iter().all(|line| line.contains("=; Max-Age=0;")));
    assert_eq!(app.count("session").await, 0);
}

#[actix_web::test]
async fn a_token_of_another_alphabet_can_be_ended_too() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.cookie();
    app.execute(
        "insert into session select 'odd', \"expiresAt\", 'Odd-token_1', \"createdAt\", \"updatedAt\", \"ipAddress\", \
         \"userAgent\", \"userId\" from session",
    )
    .await;
    done(&app.post_as(&cookie, "/revoke-session", &json!({"token": "Odd-token_1"})).await);
    assert_eq!(app.count("session").await, 1);
}

#[actix_web::test]
async fn all_sessions_end_with_the_callers_own() {
    let (app, first) = TestApp::signed_in(&[]).await;
    let second = app.login("ann@example.com").await;
    let bob = app.register("bob@example.com").await;
    let answer = app.post_as(&second.cookie(), "/revoke-sessions", &json!({"ignored": 1})).await;
    done(&answer);
    assert_eq!(answer.set_cookies().len(), 3);
    assert!(!is_live(&app, &first).await && !is_live(&app, &second).await && is_live(&app, &bob).await);
    let access = app.get_as(&first.access_bearer(), "/user").await;
    assert_eq!(access.status, 401, "access tokens end with their sessions");
}

#[actix_web::test]
async fn bodies_are_checked_before_the_caller() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.cookie();
    let text = "[body.token] Invalid input: expected string, received";
    for (path, body, message) in [
        ("/revoke-session", json!({}), format!("{text} undefined")),
        ("/revoke-session", json!({"token": null}), format!("{text} null")),
        ("/revoke-session", json!([]), "[body] Invalid input: expected object, received array".to_owned()),
        ("/update-session", json!([]), "[body] Invalid input: expected record, received array".to_owned()),
        ("/update-session", json!("x"), "[body] Invalid input: expected record, received string".to_owned()),
    ] {
        for answer in [app.post_as(&cookie, path, &body).await, app.post(path, &body).await] {
            assert_eq!((answer.status, answer.code().as_str()), (400, "VALIDATION_ERROR"), "{path} {body}");
            assert_eq!(answer.json()["message"], message, "{path} {body}");
        }
    }
    for path in ["/revoke-sessions", "/revoke-other-sessions"] {
        let request = app.request_as(&cookie, "POST", path);
        let text = app.send(request.header("content-type", "text/plain").body("x")).await;
        assert_eq!(text.status, 415, "{path}");
    }
    assert_eq!(app.count("session").await, 1);
}

#[actix_web::test]
async fn r_073_no_column_of_a_session_is_the_clients_to_set() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    let cookie = registered.cookie();
    let stored = async || app.sql("select t::text from session t").await;
    let before = stored().await;
    let mut body = registered.json()["session"].clone();
    body["unknown"] = json!(1);
    body["expiresAt"] = json!("2099-01-01T00:00:00.000Z");
    for body in [body, json!({}), json!({"userId": "x", "token": "y", "id": "z"})] {
        let answer = app.post_as(&cookie, "/update-session", &body).await;
        assert_eq!((answer.status, answer.body.as_str()), (400, r#"{"message":"No fields to update"}"#));
        assert_eq!(stored().await, before);
    }
}
