//! Better Auth's `bearer` plugin, where it is turned on: what differs between its routes and the token API's, and what
//! the reference cannot be asked. What the plugin itself does is compared by the conformance suite.

use serde_json::json;
use test_support::{Answer, CredentialHeader, PASSWORD, TestApp, email_and_password};
use time::Duration;

const ENABLED: (&str, &str) = ("AUTH__BEARER__ENABLED", "true");
const SIGNED_ONLY: (&str, &str) = ("AUTH__BEARER__REQUIRE_SIGNATURE", "true");

/// A page of the server's own origin.
const ORIGIN: &str = "http://auth.test:3000";

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// The email address of whoever the session in an answer belongs to.
fn who(answer: &Answer) -> String {
    answer.json()["user"]["email"].as_str().unwrap_or_default().to_owned()
}

#[actix_web::test]
async fn r_017_with_the_plugin_a_bad_token_is_passed_over_on_better_auths_routes_alone() {
    let app = TestApp::with(&[ENABLED]).await;
    let (ann, bob) = (app.register("ann@example.com").await, app.register("bob@example.com").await);
    let (token, cookie) = (ann.access_token(), bob.session_cookie());
    let wrong_mac = format!("{}.{}=", ann.session_token(), "A".repeat(43));
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.".to_owned();
    let bad = [format!("{token}x"), unsigned, wrong_mac, "a.b.c".to_owned(), ".".to_owned(), String::new()];
    for header in bad.iter().map(|token| bearer(token)) {
        let headers = [("authorization", header.as_str()), ("cookie", &cookie)];
        let session = app.get("/get-session", &headers).await;
        assert_eq!((session.status, who(&session).as_str()), (200, "bob@example.com"), "{header}");
        assert_eq!(app.get("/list-sessions", &headers).await.json()[0]["userId"], bob.json()["user"]["id"]);
        let nobody = app.get("/get-session", &headers[..1]).await;
        assert_eq!((nobody.status, nobody.code().as_str()), (401, "UNAUTHORIZED"), "{header}: as without");
        for (method, path) in [("GET", "/user"), ("POST", "/logout")] {
            let request = app.request(method, path).header("origin", &app.origin).header("cookie", &cookie);
            let answer = app.send(request.header("authorization", &header)).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "INVALID_TOKEN"), "{path} {header}");
        }
    }
    assert_eq!(app.count("session").await, 2);
}

#[actix_web::test]
async fn r_017_a_header_that_came_twice_is_refused_with_the_plugin_too() {
    let (app, ann) = TestApp::signed_in(&[ENABLED]).await;
    let good = bearer(&ann.session_token());
    for (method, path) in
        [("GET", "/get-session"), ("GET", "/list-sessions"), ("GET", "/user"), ("POST", "/sign-out")]
    {
        for other in [good.as_str(), "Basic YTpi"] {
            let request =
                app.request(method, path).header("authorization", &good).header("authorization", other);
            let answer = app.send(request).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "INVALID_TOKEN"), "{path} {other}");
        }
    }
    assert_eq!(app.count("session").await, 1);
}

#[actix_web::test]
async fn access_tokens_that_verify_count_beside_the_plugin_and_take_no_cookies() {
    let app = TestApp::with(&[ENABLED, ("AUTH__ACCESS_TOKEN__ACCEPT_FOREIGN", "true")]).await;
    let (ann, bob) = (app.register("ann@example.com").await, app.register("bob@example.com").await);
    let (token, cookie) = (bearer(&ann.access_token()), bob.session_cookie());
    let headers = [("authorization", token.as_str()), ("cookie", &cookie)];
    assert_eq!(who(&app.get("/get-session", &headers).await), "ann@example.com");
    app.execute("update session set \"expiresAt\" = \"expiresAt\" - interval '2 days'").await;
    let due = app.get("/get-session", &headers).await;
    assert_eq!((due.set_cookies().len(), due.header("set-auth-token")), (0, ""));

    let claims = json!({"sub": ann.json()["user"]["id"], "exp": app.now_seconds() + 60});
    let foreign = bearer(&app.sign_jwt(&json!({"alg": "HS256", "typ": "JWT"}), &claims));
    let answer = app.get("/get-session", &[("authorization", &foreign), ("cookie", &cookie)]).await;
    assert_eq!((who(&answer).as_str(), answer.json()["session"].is_null()), ("ann@example.com", true));

    app.clock.advance(Duration::hours(2));
    assert_eq!(who(&app.get("/get-session", &headers).await), "bob@example.com", "expired: passed over");
    assert_eq!(app.get("/user", &headers).await.code(), "TOKEN_EXPIRED");
    app.clock.advance(-Duration::hours(2));
    app.execute("delete from session where \"userId\" = (select id from \"user\" where email like 'ann%')")
        .await;
    let ended = app.get("/get-session", &headers).await;
    assert_eq!(
        (ended.status, ended.code().as_str()),
        (401, "INVALID_TOKEN"),
        "it verifies, and its session is over"
    );
}

#[actix_web::test]
async fn the_token_api_announces_the_session_token_to_whoever_asked_for_the_plugin() {
    for enabled in ["false", "true"] {
        let app = TestApp::with(&[(ENABLED.0, enabled)]).await;
        let credentials = email_and_password("ann@example.com");
        let wrong = json!({"email": "ann@example.com", "password": "wrong password"});
        for answer in [app.post("/register", &credentials).await, app.post("/login", &credentials).await] {
            let token = answer.header("set-auth-token").to_owned();
            if enabled == "true" {
                assert_eq!(token.split('.').next().unwrap(), answer.session_token());
                assert_eq!(answer.header("access-control-expose-headers"), "set-auth-token");
                assert_eq!(app.get_as(&CredentialHeader::bearer(token), "/user").await.status, 200);
            } else {
                assert_eq!((token.as_str(), answer.header("access-control-expose-headers")), ("", ""));
            }
        }
        let refused = app.post("/login", &wrong).await;
        assert_eq!((refused.status, refused.header("set-auth-token")), (401, ""));
    }
}

#[actix_web::test]
async fn pages_of_other_origins_can_read_the_token() {
    let app = TestApp::with(&[ENABLED]).await;
    let credentials = json!({"email": "ann@example.com", "password": PASSWORD, "name": "Ann"});
    let own = "x-request-id, retry-after, x-retry-after";
    let sign_up = app.request("POST", "/sign-up/email").header("origin", ORIGIN).json(&credentials);
    let signed_up = app.send(sign_up).await;
    assert!(!signed_up.header("set-auth-token").is_empty());
    assert_eq!(signed_up.header("access-control-expose-headers"), format!("set-auth-token, {own}"));
    let token = bearer(signed_up.header("set-auth-token"));
    let read = app.get("/get-session", &[("authorization", &token), ("origin", ORIGIN)]).await;
    assert_eq!((read.status, read.header("access-control-expose-headers")), (200, own));
}

#[actix_web::test]
async fn a_caller_with_a_session_token_takes_cookies_as_one_with_a_cookie() {
    let (app, ann) = TestApp::signed_in(&[ENABLED]).await;
    let token = bearer(&ann.session_token());
    app.clock.advance(Duration::days(2));
    let renewed = app.get("/get-session", &[("authorization", &token)]).await;
    assert_eq!(renewed.session_cookie(), ann.session_cookie());
    assert_eq!(renewed.header("set-auth-token").split('.').next().unwrap(), ann.session_token());
    app.clock.advance(Duration::days(8));
    let ended = app.get("/get-session", &[("authorization", &token)]).await;
    assert_eq!(
        (ended.body.as_str(), ended.set_cookies().len(), ended.header("set-auth-token")),
        ("null", 3, "")
    );
    assert_eq!(app.count("session").await, 0);
}

#[actix_web::test]
async fn r_013_a_stored_token_that_must_not_be_signed_is_no_session_to_the_plugin() {
    let (app, _) = TestApp::signed_in(&[ENABLED]).await;
    for stored in ["true", "a-b"] {
        app.execute(&format!("update session set token = '{stored}'")).await;
        let token = bearer(stored);
        let headers = [("authorization", token.as_str())];
        let answer = app.get("/get-session", &headers).await;
        assert_eq!((answer.body.as_str(), answer.set_cookies().len()), ("null", 3), "{stored}");
        let guarded = app.get("/list-sessions", &headers).await;
        assert_eq!((guarded.status, guarded.set_cookies().len()), (401, 3), "{stored}");
    }
}

#[actix_web::test]
async fn a_signature_is_asked_for_on_every_route_where_it_is_asked_for_at_all() {
    let (app, ann) = TestApp::signed_in(&[ENABLED, SIGNED_ONLY]).await;
    let (raw, signed) = (bearer(&ann.session_token()), bearer(ann.header("set-auth-token")));
    for path in ["/user", "/get-session", "/list-sessions"] {
        assert_eq!(app.get(path, &[("authorization", &raw)]).await.status, 401, "{path}");
        for token in [&signed, &bearer(&ann.access_token())] {
            assert_eq!(app.get(path, &[("authorization", token)]).await.status, 200, "{path} {token}");
        }
    }
    let logout = app.request("POST", "/logout").header("authorization", &raw);
    assert_eq!(app.send(logout).await.status, 401);
    assert_eq!(app.count("session").await, 1);
}
