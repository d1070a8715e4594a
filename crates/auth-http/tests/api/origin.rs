//! Who may act with a visitor's cookies: origins, cross-site sign-ins, and the two switches (Better Auth core §4).

use auth_store::testing::TestDatabase;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};
use test_support::{Answer, PASSWORD, TestApp, claims, email_and_password, routes};

/// The host of the base URL.
const HOST: &str = "auth.test:3000";
const OWN: &str = "http://auth.test:3000";
const TRUSTED: (&str, &str) =
    ("BETTER_AUTH_TRUSTED_ORIGINS", "https://app.example.com,https://*.apps.example.com");

/// Routes that sign a user in.
const LOGINS: [&str; 4] = ["/register", "/login", "/sign-up/email", "/sign-in/email"];

fn posts() -> impl Iterator<Item = &'static str> {
    routes().iter().filter(|route| route.method == "POST").map(|route| route.path)
}

async fn post(app: &TestApp, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
    let request = headers.iter().fold(app.request("POST", path), |request, (name, value)| {
        request.header(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
    });
    app.send(match body {
        Some(body) => request.json(body),
        None => request,
    })
    .await
}

/// What an origin check said: its code, or nothing where it let the request pass.
fn refusal(answer: &Answer) -> String {
    if answer.status == 403 { answer.code() } else { String::new() }
}

#[actix_web::test]
async fn r_063_a_post_with_a_cookie_needs_a_trusted_origin_or_referer() {
    const MISSING: &str = "MISSING_OR_NULL_ORIGIN";
    const INVALID: &str = "INVALID_ORIGIN";
    let app = TestApp::with(&[TRUSTED]).await;
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[], MISSING),
        (&[("origin", "")], MISSING),
        (&[("origin", "null")], MISSING),
        (&[("origin", "null"), ("referer", OWN)], MISSING),
        (&[("origin", "null"), ("sec-fetch-site", "same-site")], MISSING),
        (&[("origin", "null"), ("sec-fetch-site", "same-origin"), ("host", HOST)], ""),
        (&[("origin", "null"), ("sec-fetch-site", "same-origin"), ("host", "evil.example")], INVALID),
        (&[("sec-fetch-site", "same-origin"), ("host", HOST)], MISSING),
        (&[("origin", OWN)], ""),
        (&[("origin", "HTTP://AUTH.test:3000")], ""),
        (&[("origin", "http://auth.test:3000/deep?er")], ""),
        (&[("origin", "https://app.example.com")], ""),
        (&[("origin", "https://app.example.com:443")], ""),
        (&[("origin", "https://x.apps.example.com")], ""),
        (&[("origin", ""), ("referer", "https://app.example.com/page?x")], ""),
        (&[("referer", "http://auth.test:3000/page")], ""),
        (&[("origin", OWN), ("referer", "https://evil.example")], ""),
        (&[("origin", "https://evil.example"), ("referer", OWN)], INVALID),
        (&[("origin", "https://evil.example")], INVALID),
        (&[("origin", "https://auth.test:3000")], INVALID),
        (&[("origin", "http://auth.test")], INVALID),
        (&[("origin", "http://auth.test:3000.evil.example")], INVALID),
        (&[("origin", "http://app.example.com")], INVALID),
        (&[("origin", "https://apps.example.com")], INVALID),
        (&[("origin", "https://x.apps.example.com.evil.example")], INVALID),
        (&[("origin", "https://evil.example/x.apps.example.com")], INVALID),
        (&[("origin", "/")], INVALID),
        (&[("origin", "//auth.test:3000")], INVALID),
        (&[("origin", "auth.test:3000")], INVALID),
        (&[("origin", "garbage")], INVALID),
        (&[("origin", "undefined")], INVALID),
        (&[("referer", "https://evil.example/http://auth.test:3000")], INVALID),
        (&[("referer", "about:blank")], INVALID),
        // Lines are joined, of a `Referer` the first one counts.
        (&[("origin", OWN), ("origin", "https://evil.example")], INVALID),
        (&[("origin", "https://evil.example"), ("origin", OWN)], INVALID),
        (&[("origin", OWN), ("origin", OWN)], INVALID),
        (&[("origin", ""), ("origin", OWN)], INVALID),
        (
            &[("origin", "null"), ("origin", "null"), ("sec-fetch-site", "same-origin"), ("host", HOST)],
            INVALID,
        ),
        (
            &[
                ("origin", "null"),
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-site", "none"),
                ("host", HOST),
            ],
            MISSING,
        ),
        (&[("referer", OWN), ("referer", "https://evil.example")], ""),
        (&[("referer", "https://evil.example"), ("referer", OWN)], INVALID),
        // What is no ASCII is there.
        (&[("origin", "https://\u{fc}.example")], INVALID),
        (&[("origin", "\u{fc}"), ("referer", OWN)], INVALID),
        (&[("referer", "\u{fc}")], INVALID),
        (&[("referer", "http://auth.test:3000/\u{fc}")], ""),
    ];
    for path in posts() {
        for (headers, expected) in table {
            for cookie in ["better-auth.session_token=forged", ""] {
                let mut headers = headers.to_vec();
                headers.push(("cookie", cookie));
                let answer = post(&app, path, &headers, None).await;
                assert_eq!(
                    refusal(&answer),
                    *expected,
                    "{path} {headers:?}: {} {}",
                    answer.status,
                    answer.body
                );
            }
            let answer = post(&app, path, headers, None).await;
            let of_a_login = LOGINS.contains(&path);
            assert!(of_a_login || refusal(&answer).is_empty(), "{path} {headers:?} without a cookie");
        }
    }
}

#[actix_web::test]
async fn r_063_a_refused_request_changes_nothing() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.session_cookie();
    let body = json!({"email": "new@example.com", "password": PASSWORD, "name": "x",
        "newPassword": "another password", "currentPassword": PASSWORD});
    for path in posts() {
        let headers = [("cookie", cookie.as_str()), ("origin", "https://evil.example")];
        let answer = post(&app, path, &headers, Some(&body)).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "INVALID_ORIGIN"), "{path}");
        assert!(answer.set_cookies().is_empty(), "{path}: {:?}", answer.set_cookies());
    }
    assert_eq!((app.count("user").await, app.count("session").await), (1, 1));
    assert_eq!(app.get("/get-session", &[("cookie", &cookie)]).await.status, 200);
}

#[actix_web::test]
async fn r_064_signing_in_checks_origin_and_fetch_metadata_without_cookies_too() {
    const BLOCKED: &str = "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED";
    const MISSING: &str = "MISSING_OR_NULL_ORIGIN";
    const INVALID: &str = "INVALID_ORIGIN";
    let app = TestApp::with(&[TRUSTED]).await;
    let own = ("origin", OWN);
    let evil = ("origin", "https://evil.example");
    let (cross, navigate) = (("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"));
    let document = ("sec-fetch-dest", "document");
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[], ""),
        (&[("user-agent", "curl/8")], ""),
        (&[own], ""),
        (&[evil], INVALID),
        (&[("origin", "null")], MISSING),
        (&[("referer", "https://evil.example/")], INVALID),
        (&[("referer", "https://app.example.com/")], ""),
        (&[("origin", "")], ""),
        (&[cross, navigate], BLOCKED),
        (&[cross, navigate, document, own], BLOCKED),
        (&[cross, navigate, evil], BLOCKED),
        (&[cross, ("sec-fetch-mode", "cors"), own], ""),
        (&[cross, ("sec-fetch-mode", "cors"), evil], INVALID),
        (&[cross, ("sec-fetch-mode", "cors")], MISSING),
        (&[cross], MISSING),
        (&[navigate], MISSING),
        (&[document], MISSING),
        (&[("sec-fetch-site", "same-origin"), navigate, own], ""),
        (&[("sec-fetch-site", "same-site"), navigate, own], ""),
        (&[("sec-fetch-site", "none"), navigate], MISSING),
        (&[("sec-fetch-site", "same-origin"), ("origin", "null"), ("host", HOST)], ""),
        (&[("sec-fetch-site", "same-origin"), ("origin", "null"), ("host", "evil.example")], INVALID),
        (&[("sec-fetch-site", " "), ("sec-fetch-mode", ""), ("sec-fetch-dest", "")], ""),
        (&[own, evil], INVALID),
        (&[evil, own], INVALID),
        (&[own, own], INVALID),
        (&[cross, cross, navigate], MISSING),
        (&[("sec-fetch-mode", ""), ("sec-fetch-mode", "")], MISSING),
        (&[("origin", "\u{fc}")], INVALID),
        (&[("origin", "\u{fc}"), ("referer", OWN)], INVALID),
        (&[("referer", "\u{fc}")], INVALID),
        (&[("sec-fetch-dest", "\u{fc}")], MISSING),
        // A cookie brings the other rule, which knows no navigation.
        (&[cross, navigate, ("cookie", "x=1"), own], ""),
        (&[cross, navigate, ("cookie", "x=1")], MISSING),
    ];
    // Fields that are right, and an account that is not there or cannot be made.
    let body = json!({"email": "nobody@example.com", "password": "short", "name": "x"});
    for path in LOGINS {
        assert!(posts().any(|post| post == path), "{path}");
        for (headers, expected) in table {
            let answer = post(&app, path, headers, Some(&body)).await;
            assert_eq!(refusal(&answer), *expected, "{path} {headers:?}: {} {}", answer.status, answer.body);
        }
    }
    assert_eq!(app.count("session").await, 0);
}

/// The two switches of the reference, each in all its positions, against five requests of a stranger's page.
#[actix_web::test]
async fn the_switches_turn_off_what_they_turn_off_in_the_reference() {
    let evil = ("origin", "https://evil.example");
    let cookie = ("cookie", "x=1");
    let navigation = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    let body = email_and_password("nobody@example.com");
    let with_callback =
        json!({"email": "nobody@example.com", "password": PASSWORD, "callbackURL": "https://evil.example"});
    let (origin, blocked, redirect) =
        ("INVALID_ORIGIN", "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED", "INVALID_CALLBACK_URL");
    // disable_csrf_check, disable_origin_check → a cookie with a foreign origin at /sign-in/email and at /sign-out,
    // a foreign origin without one, a cross-site navigation, a foreign redirect; the last four at /sign-in/email.
    let table = [
        ("", "false", [origin, origin, origin, blocked, redirect]),
        ("false", "false", [origin, origin, origin, blocked, redirect]),
        ("true", "false", ["", "", "", "", redirect]),
        ("", "true", ["", "", "", "", ""]),
        ("false", "true", ["", "", "", blocked, ""]),
        ("true", "true", ["", "", "", "", ""]),
        ("", "/sign-in", ["", origin, "", blocked, ""]),
        ("false", "/sign-in", ["", origin, "", blocked, ""]),
        ("true", "/sign-in", ["", "", "", "", ""]),
        ("", "/sign,/sign-in/email/x", [origin, origin, origin, blocked, redirect]),
    ];
    let database = TestDatabase::create().await;
    for (csrf, unchecked, expected) in table {
        let switches = [
            ("AUTH__SECURITY__DISABLE_CSRF_CHECK", csrf),
            ("AUTH__SECURITY__DISABLE_ORIGIN_CHECK", unchecked),
        ];
        let app = TestApp::on(database.url(), &switches).await;
        let sign_in = "/sign-in/email";
        let said = [
            post(&app, sign_in, &[evil, cookie], Some(&body)).await,
            post(&app, "/sign-out", &[evil, cookie], None).await,
            post(&app, sign_in, &[evil], Some(&body)).await,
            post(&app, sign_in, &navigation, Some(&body)).await,
            post(&app, sign_in, &[], Some(&with_callback)).await,
        ];
        assert_eq!(said.each_ref().map(refusal), expected, "csrf {csrf:?}, origin {unchecked:?}");
    }
}

#[actix_web::test]
async fn r_069_no_request_changes_what_the_server_trusts_or_says_of_itself() {
    let app = TestApp::with(&[("AUTH__PASSWORD__QUEUE_TIMEOUT", "30s")]).await;
    let hostile = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-for", "203.0.113.9"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-url", "/evil"),
        ("origin", "https://evil.example"),
    ];
    // The very first request of a server is where a careless one learns its own address.
    let first = post(&app, "/sign-in/email", &hostile, Some(&email_and_password("ann@example.com"))).await;
    assert_eq!(first.code(), "INVALID_ORIGIN", "{}", first.body);
    let absolute = "POST https://evil.example/api/auth/sign-out HTTP/1.1\r\nhost: evil.example\r\ncookie: x=1\r\n\
         origin: https://evil.example\r\nconnection: close\r\n\r\n";
    let answer = app.raw(absolute.as_bytes()).await;
    assert!(answer.contains("INVALID_ORIGIN") && answer.starts_with("HTTP/1.1 403 "), "{answer}");

    let mut tasks = Vec::new();
    for number in 0..12 {
        let request = hostile
            .iter()
            .take(7)
            .fold(app.request("POST", "/register"), |request, (name, value)| request.header(*name, *value));
        let honest = app.request("POST", "/register").header("origin", OWN);
        let email = |kind: &str| email_and_password(&format!("{kind}{number}@example.com"));
        for request in [request.json(&email("hostile")), honest.json(&email("honest"))] {
            tasks.push(actix_web::rt::spawn(
                async move { request.send().await.unwrap().text().await.unwrap() },
            ));
        }
    }
    for task in tasks {
        let body: Value = serde_json::from_str(&task.await.unwrap()).unwrap();
        assert_eq!(claims(body["accessToken"].as_str().unwrap())["iss"], OWN);
    }
    for (origin, expected) in [("https://evil.example", "INVALID_ORIGIN"), (OWN, "")] {
        let answer = post(&app, "/sign-out", &[("cookie", "x=1"), ("origin", origin)], None).await;
        assert_eq!(refusal(&answer), expected, "{origin}");
    }
    let cookie = app.register("late@example.com").await.set_cookies().join(" ");
    assert!(!cookie.contains("Secure") && !cookie.contains("evil"), "{cookie}");
}
