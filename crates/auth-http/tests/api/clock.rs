//! One time per decision, and clocks that go backwards.

use serde_json::{Value, json};
use test_support::{PASSWORD, TestApp, email_and_password};
use time::Duration;

#[actix_web::test]
async fn r_108_a_request_happens_at_one_time() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let body = ann.json();
    let created = &body["session"]["createdAt"];
    for time in [&body["session"]["updatedAt"], &body["user"]["createdAt"], &body["user"]["updatedAt"]] {
        assert_eq!(time, created);
    }
    let stored = app
        .sql(
            "select (s.\"createdAt\" = u.\"createdAt\" and a.\"createdAt\" = u.\"createdAt\" \
             and s.\"expiresAt\" - s.\"createdAt\" = interval '7 days')::text \
             from session s, \"user\" u, account a",
        )
        .await;
    assert_eq!(stored, "true");
    let claims = body["accessToken"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&test_support::from_base64(claims)).unwrap();
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
}

#[actix_web::test]
async fn r_108_a_clock_that_goes_back_revives_nothing() {
    let app = TestApp::start().await;
    let person = email_and_password("ann@example.com");
    let registered = app.register("ann@example.com").await;
    let signed_in = async || app.post("/login", &person).await;
    let (expired, signed_out, replaced) = (registered, signed_in().await, signed_in().await);

    // One session is signed out, one is replaced by a new password, one runs out and is seen to.
    let bearer = |token: &str| format!("Bearer {token}");
    let out = app.request("POST", "/logout").header("authorization", bearer(&signed_out.session_token()));
    assert_eq!(app.send(out).await.status, 200);
    let change =
        json!({"currentPassword": PASSWORD, "newPassword": "another password", "revokeOtherSessions": false});
    let change = app.request("POST", "/change-password").bearer_auth(replaced.session_token()).json(&change);
    assert_eq!(app.send(change).await.status, 200);
    app.clock.advance(Duration::days(8));
    let cookie = expired.session_cookie();
    for (name, value) in [("cookie", cookie.clone()), ("authorization", bearer(&expired.session_token()))] {
        let answer = app.get("/get-session", &[(name, &value)]).await;
        assert!(answer.status == 401 || answer.body == "null", "{name}: {}", answer.body);
    }

    for back in [Duration::days(1), Duration::days(7), Duration::minutes(5), Duration::days(30)] {
        app.clock.advance(-back);
        for dead in [&expired, &signed_out] {
            let credentials = [
                ("cookie", dead.session_cookie()),
                ("authorization", bearer(&dead.session_token())),
                ("authorization", bearer(&dead.access_token())),
            ];
            for (name, value) in credentials {
                let answer = app.get("/user", &[(name, &value)]).await;
                assert_eq!(answer.status, 401, "{back} back, {name}: {}", answer.body);
            }
        }
        let old = app.post("/login", &person).await;
        assert_eq!(old.code(), "INVALID_EMAIL_OR_PASSWORD", "the old password, {back} back");
    }
}

#[actix_web::test]
async fn r_108_a_clock_that_goes_back_shortens_no_session_and_trusts_no_token_of_tomorrow() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    let ends = "select \"expiresAt\"::text from session";
    let before = app.sql(ends).await;
    app.clock.advance(-Duration::days(3));
    let cookie = registered.cookie();
    let answer = app.get_as(&cookie, "/get-session").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(app.sql(ends).await, before);
    // Its session lives, but the token says that it was made in the future.
    let ahead = app.get_as(&registered.access_bearer(), "/user").await;
    assert_eq!((ahead.status, ahead.code().as_str()), (401, "INVALID_TOKEN"));
}
