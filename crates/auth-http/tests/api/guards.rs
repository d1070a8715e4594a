//! Routes that act for a user by a session: who gets in, and what getting in does to the session.

use serde_json::{Value, json};
use test_support::{Answer, CredentialHeader, PASSWORD, TestApp, TestRoute, routes};
use time::Duration;

/// The reference's routes that ask for a session. The token API's own ask for credentials, and a session may
/// do; they extend nothing.
const GUARDED: [(&str, &str); 6] = [
    ("GET", "/list-sessions"),
    ("POST", "/revoke-session"),
    ("POST", "/revoke-sessions"),
    ("POST", "/revoke-other-sessions"),
    ("POST", "/update-session"),
    ("POST", "/change-password"),
];

/// A body that every route takes.
fn body() -> Value {
    json!({"token": "nobodys", "newPassword": "a wholly other password", "currentPassword": PASSWORD})
}

async fn ask(app: &TestApp, (method, path): (&str, &str), headers: &[(&str, &str)]) -> Answer {
    let mut request = app.request(method, path).header("origin", &app.origin);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(if method == "GET" { request } else { request.json(&body()) }).await
}

/// Everything stored, as text; without the two columns of a session's life if asked to.
async fn rows(app: &TestApp, life: &str) -> String {
    let session =
        format!("concat_ws(',', id, token, \"userId\", \"createdAt\", \"ipAddress\", \"userAgent\"{life})");
    let tables =
        [("user", "t::text"), ("session", &session), ("account", "t::text"), ("verification", "t::text")];
    let table = |(name, text): (&str, &str)| {
        format!("(select string_agg({text}, ';' order by id) from \"{name}\" t)")
    };
    app.sql(&format!("select concat_ws('|', {})", tables.map(table).join(", "))).await
}

/// The columns that a read may change.
const LIFE: &str = ", \"expiresAt\", \"updatedAt\"";

fn is_same(entry: &TestRoute, (method, path): (&str, &str)) -> bool {
    entry.method == method && entry.path == path
}

#[actix_web::test]
async fn every_route_for_callers_is_tested_here_or_extends_nothing() {
    let own = [("POST", "/logout"), ("GET", "/user")];
    for entry in routes().iter().filter(|entry| entry.is_guarded()) {
        let is_listed = GUARDED.iter().chain(&own).any(|route| is_same(entry, *route));
        assert!(is_listed, "{} {} is in neither list", entry.method, entry.path);
    }
}

#[actix_web::test]
async fn a_guard_extends_a_session_that_is_due_and_sends_its_cookie_whatever_the_answer() {
    let app = TestApp::with(&[("AUTH__SESSION__FRESH_AGE", "0s")]).await;
    for (number, route) in GUARDED.into_iter().enumerate() {
        let registered = app.register(&format!("user{number}@example.com")).await;
        let cookie = registered.session_cookie();
        let of_user = format!("session where \"userId\" = '{}'", registered.user_id());
        let expiry = &format!("select \"expiresAt\"::text from {of_user}");
        let before = app.sql(expiry).await;
        assert!(ask(&app, ("GET", "/list-sessions"), &[("cookie", &cookie)]).await.set_cookies().is_empty());

        app.clock.advance(Duration::hours(25));
        for flag in ["disableRefresh=false", "disableRefresh=0", "disableRefresh=&disableRefresh="] {
            let (method, path) = route;
            // These end the session or change the password, so that there is nothing to compare with.
            if !matches!(path, "/revoke-sessions" | "/change-password") {
                let answer = ask(&app, (method, &format!("{path}?{flag}")), &[("cookie", &cookie)]).await;
                assert!(answer.set_cookies().is_empty(), "{route:?} {flag}");
                assert_eq!(app.sql(expiry).await, before, "{route:?} {flag}");
            }
        }

        let answer = ask(&app, route, &[("cookie", &cookie)]).await;
        let lines = answer.set_cookies();
        if route.1 == "/revoke-sessions" {
            assert_eq!(
                answer.cookie_names(),
                ["session_token", "session_data", "dont_remember"].map(|it| format!("better-auth.{it}"))
            );
            assert!(lines.iter().all(|line| line.contains("=; Max-Age=0;")), "{lines:?}");
            assert_eq!(app.sql(&format!("select count(*)::text from {of_user}")).await, "0");
        } else {
            assert_eq!(lines.len(), 1, "{route:?} {lines:?}");
            assert!(lines[0].starts_with(&format!("{cookie}; Max-Age=604800; ")), "{route:?} {lines:?}");
            assert_ne!(app.sql(expiry).await, before, "{route:?}");
            assert!(
                ask(&app, ("GET", "/list-sessions"), &[("cookie", &cookie)]).await.set_cookies().is_empty(),
                "it is not due any more"
            );
        }
    }
}

#[actix_web::test]
async fn a_refusal_keeps_the_cookie_of_the_session_that_its_guard_extended() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.cookie();
    app.clock.advance(Duration::hours(25));
    let wrong = json!({"newPassword": "a wholly other password", "currentPassword": "not the password"});
    let answer = app.post_as(&cookie, "/change-password", &wrong).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "INVALID_PASSWORD"));
    assert_eq!(answer.cookie(), cookie);
}

#[actix_web::test]
async fn a_new_session_takes_the_place_of_the_one_that_the_guard_extended() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.cookie();
    app.clock.advance(Duration::hours(25));
    let mut body = body();
    body["revokeOtherSessions"] = json!(true);
    let answer = app.post_as(&cookie, "/change-password", &body).await;
    assert_eq!((answer.status, answer.cookie_names()), (200, vec!["better-auth.session_token"]));
    assert_ne!(answer.cookie(), cookie);
}

#[actix_web::test]
async fn an_ended_session_is_401_on_every_guarded_route_and_its_cookies_go() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.session_cookie();
    app.execute("update session set \"expiresAt\" = now() - interval '1 hour'").await;
    for route in GUARDED {
        let answer = ask(&app, route, &[("cookie", &cookie)]).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHORIZED"), "{route:?}");
        assert_eq!(
            answer.cookie_names(),
            ["session_token", "session_data", "dont_remember"].map(|it| format!("better-auth.{it}")),
            "{route:?}"
        );
        assert!(answer.set_cookies().iter().all(|line| line.contains("=; Max-Age=0;")), "{route:?}");
    }
}

#[actix_web::test]
async fn callers_with_tokens_pass_guards_and_get_no_cookies() {
    let settings = [("AUTH__ACCESS_TOKEN__ACCEPT_FOREIGN", "true"), ("AUTH__SESSION__UPDATE_AGE", "0s")];
    let app = TestApp::with(&settings).await;
    for (number, route) in GUARDED.into_iter().enumerate() {
        let registered = app.register(&format!("user{number}@example.com")).await;
        let answer = ask(&app, route, &[registered.access_bearer().as_pair()]).await;
        let expected = if route.1 == "/update-session" { 400 } else { 200 };
        assert_eq!(answer.status, expected, "{route:?} {}", answer.body);
        assert!(answer.set_cookies().is_empty(), "{route:?}");

        let claims = json!({"sub": registered.user_id(), "exp": app.now_seconds() + 60});
        let foreign = app.sign_jwt(&json!({"alg": "HS256", "typ": "JWT"}), &claims);
        let answer = ask(&app, route, &[CredentialHeader::bearer(foreign).as_pair()]).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "INVALID_TOKEN"),
            "it has no session: {route:?}"
        );
    }
}

#[actix_web::test]
async fn r_022_no_route_takes_a_cookie_that_does_not_verify_and_none_is_spoilt_by_one() {
    let (app, registered) = TestApp::signed_in(&[("AUTH__SESSION__ANONYMOUS_GET_SESSION", "null")]).await;
    let good = registered.session_cookie();
    let (_, value) = good.split_once('=').unwrap();
    let (token, _) = value.split_once('.').unwrap();
    let signed_true = auth_core::signed_value::sign_true(&app.secret);
    let bad = [
        format!("{}A", &good[..good.len() - 1]),
        good[..good.len() - 2].to_owned(),
        format!("better-auth.session_token={token}"),
        format!("better-auth.session_token={token}."),
        format!("better-auth.session_token={signed_true}"),
        format!("better-auth.dont_remember={value}"),
        format!("better-auth.session_data={value}"),
        format!("__Secure-{good}"),
        format!("better-auth.session_token=forged; {good}"),
    ];
    let before = rows(&app, LIFE).await;
    for cookie in &bad {
        for route in GUARDED.into_iter().chain([("GET", "/user"), ("POST", "/logout")]) {
            let answer = ask(&app, route, &[("cookie", cookie)]).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHORIZED"), "{route:?} {cookie}");
        }
        assert_eq!(app.get("/get-session", &[("cookie", cookie)]).await.body, "null", "{cookie}");
        assert_eq!(ask(&app, ("POST", "/sign-out"), &[("cookie", cookie)]).await.status, 200);
    }
    assert_eq!(rows(&app, LIFE).await, before, "nobody acted");

    let spoilt =
        format!("x=\"%; =; {good}; better-auth.session_token=forged; better-auth.dont_remember=forged");
    for route in GUARDED.into_iter().filter(|route| route.1 != "/revoke-sessions") {
        assert_ne!(ask(&app, route, &[("cookie", &spoilt)]).await.status, 401, "{route:?}");
    }
}

/// No cookie cache, and each of its forms.
fn caches() -> [Vec<(&'static str, &'static str)>; 4] {
    ["", "compact", "jwt", "jwe"].map(|strategy| {
        let cache = [
            ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
            ("AUTH__SESSION__COOKIE_CACHE__STRATEGY", strategy),
            ("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false"),
        ];
        cache.into_iter().filter(|_| !strategy.is_empty()).collect()
    })
}

#[actix_web::test]
async fn r_020_no_answer_names_a_cookie_twice() {
    for settings in caches() {
        let app = TestApp::with(&settings).await;
        let signed_true = auth_core::signed_value::sign_true(&app.secret);
        let brought = [
            String::new(),
            "; better-auth.session_data=x; better-auth.session_data.0=y".to_owned(),
            format!("; better-auth.dont_remember={}", auth_core::encode_uri_component(&signed_true)),
        ];
        let mut number = 0;
        for hours in [0, 25, 24 * 8] {
            // A user for each request that may end the session.
            let mut requests = Vec::new();
            for entry in routes() {
                for more in &brought {
                    number += 1;
                    let signed_up = app.register(&format!("user{number}@example.com")).await;
                    requests.push(((entry.method, entry.path), more, signed_up));
                }
            }
            let columns = ["createdAt", "updatedAt", "expiresAt"]
                .map(|column| format!("\"{column}\" = \"{column}\" - interval '{hours} hours'"));
            app.execute(&format!("update session set {}", columns.join(", "))).await;
            for (route, more, signed_up) in requests {
                // The first of two copies counts; without the good one the stale one does.
                for cookie in [signed_up.cookie_header(), signed_up.session_cookie()] {
                    let answer = ask(&app, route, &[("cookie", &format!("{cookie}{more}"))]).await;
                    let mut names = answer.cookie_names();
                    let all = names.len();
                    names.sort_unstable();
                    names.dedup();
                    let lines = answer.set_cookies();
                    assert_eq!(names.len(), all, "{route:?} after {hours} h, {settings:?}: {lines:?}");
                }
            }
        }
    }
}

#[actix_web::test]
async fn r_030_a_session_is_fresh_by_its_creation_and_not_by_its_use() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.session_cookie();
    let list = async || ask(&app, ("GET", "/list-sessions"), &[("cookie", &cookie)]).await;
    app.clock.advance(Duration::hours(24) - Duration::minutes(1));
    assert_eq!(list().await.status, 200);
    app.clock.advance(Duration::minutes(2));
    let extended = app.get("/get-session", &[("cookie", &cookie)]).await;
    assert_eq!(extended.session_cookie(), cookie, "it was used, and extended");
    let stale = list().await;
    assert_eq!(
        (stale.status, stale.body.as_str()),
        (403, r#"{"message":"Session is not fresh","code":"SESSION_NOT_FRESH"}"#)
    );
    let always = TestApp::sharing(&app, &[("AUTH__SESSION__FRESH_AGE", "0s")]).await;
    always.clock.advance(Duration::hours(25));
    assert_eq!(ask(&always, ("GET", "/list-sessions"), &[("cookie", &cookie)]).await.status, 200);
}

#[actix_web::test]
async fn r_066_a_get_changes_nothing_but_the_life_of_the_callers_session() {
    for (deferred, ages) in [("false", &[1, 25][..]), ("true", &[1, 25, 24 * 8])] {
        let settings = [("AUTH__SESSION__DEFER_REFRESH", deferred), ("AUTH__SESSION__FRESH_AGE", "0s")];
        let app = TestApp::with(&settings).await;
        for hours in ages {
            let cookie = app.register(&format!("user{hours}@example.com")).await.session_cookie();
            app.clock.advance(Duration::hours(*hours));
            let may_extend = deferred == "false" && *hours == 25;
            let compared = if may_extend { "" } else { LIFE };
            let before = rows(&app, compared).await;
            for entry in routes().iter().filter(|entry| entry.method == "GET") {
                for query in ["", "?token=x&newPassword=x&currentPassword=x&error=x"] {
                    ask(&app, ("GET", &format!("{}{query}", entry.path)), &[("cookie", &cookie)]).await;
                }
                assert_eq!(rows(&app, compared).await, before, "{} {deferred} {hours}", entry.path);
            }
            app.clock.advance(Duration::hours(-*hours));
        }
    }
}

#[actix_web::test]
async fn r_032_a_deleted_user_has_no_session_and_no_token() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    let credentials = [registered.cookie(), registered.access_bearer(), registered.session_bearer()];
    app.execute("delete from \"user\"").await;
    assert_eq!(app.count("session").await, 0, "the schema ends them with the user");
    for route in GUARDED.into_iter().chain([("GET", "/user"), ("POST", "/logout")]) {
        for credential in &credentials {
            let answer = ask(&app, route, &[credential.as_pair()]).await;
            assert_eq!(answer.status, 401, "{route:?} {credential:?}");
        }
    }
    assert_eq!(app.get_as(&registered.cookie(), "/get-session").await.body, "null");
}

#[actix_web::test]
async fn r_028_an_ended_session_stays_ended_on_every_path() {
    let (app, registered) = TestApp::signed_in(&[("AUTH__SESSION__DEFER_REFRESH", "true")]).await;
    let credentials = [registered.cookie(), registered.session_bearer(), registered.access_bearer()];
    let cookie = &credentials[0];
    app.clock.advance(Duration::days(7) + Duration::milliseconds(1));
    // The row is still there: reads leave it alone.
    for query in ["", "?disableRefresh=1", "?disableCookieCache=1", "?disableRefresh=&disableCookieCache="] {
        let path = format!("/get-session{query}");
        assert_eq!(app.get_as(cookie, &path).await.body, "null", "{query}");
        for route in GUARDED {
            let path = format!("{}{query}", route.1);
            for credential in &credentials {
                let answer = ask(&app, (route.0, &path), &[credential.as_pair()]).await;
                assert_eq!(answer.status, 401, "{path} {credential:?}");
            }
        }
    }
    assert_eq!(app.count("session").await, 1);
    assert_eq!(ask(&app, ("POST", "/get-session"), &[cookie.as_pair()]).await.body, "null");
    assert_eq!(app.count("session").await, 0, "and is removed by the route that may write");
}

#[actix_web::test]
async fn r_029_use_extends_a_session_once_a_day_by_its_full_life() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.cookie();
    let mut extended = 0;
    for _ in 0..60 {
        app.clock.advance(Duration::hours(12));
        let answer = app.get_as(&cookie, "/get-session").await;
        let session = &answer.json()["session"];
        let time = |name: &str| {
            let text = session[name].as_str().unwrap();
            time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap()
        };
        assert_eq!(time("expiresAt") - time("updatedAt"), Duration::days(7));
        assert!(time("updatedAt") <= app.clock.now());
        extended += answer.set_cookies().len();
    }
    assert_eq!(extended, 30, "every second read, for thirty days");
    app.clock.advance(Duration::days(7) + Duration::milliseconds(1));
    assert_eq!(app.get_as(&cookie, "/get-session").await.body, "null");
}

/// Names and values by which somebody might ask for less of a check.
fn flags() -> Vec<String> {
    let names = ["disableCookieCache", "disableRefresh", "disablecookiecache", "disableRefresh[]"];
    let values = ["", "=", "=true", "=false", "=0", "=null", "=undefined", "=%00", "=a&disableRefresh=b"];
    names.iter().flat_map(|name| values.map(|value| format!("{name}{value}"))).collect()
}

#[actix_web::test]
async fn r_026_no_spelling_of_a_flag_lets_anyone_in_or_brings_a_session_back() {
    for settings in caches() {
        let (app, ended) = TestApp::signed_in(&settings).await;
        let own = app.register("mallory@example.com").await;
        app.execute("delete from session").await;
        let is_cached = ended.cookie_header() != ended.session_cookie();
        assert_eq!(is_cached, !settings.is_empty(), "{settings:?}");
        let copy_of = |answer: &Answer| {
            let cookies = answer.cookie_header();
            cookies
                .split("; ")
                .filter(|cookie| !cookie.contains("session_token="))
                .collect::<Vec<_>>()
                .join("; ")
        };
        // A copy alone, under a forged token, under somebody else's.
        let forged = "better-auth.session_token=x.y";
        let (copy, foreign) = (copy_of(&ended), copy_of(&own));
        let bad = [
            ended.session_cookie(),
            forged.to_owned(),
            format!("{forged}; {copy}"),
            format!("{}; {foreign}", ended.session_cookie()),
        ];
        for flag in flags() {
            for cookie in &bad {
                let read = app.get(&format!("/get-session?{flag}"), &[("cookie", cookie)]).await;
                assert_eq!((read.status, read.body.as_str()), (200, "null"), "{flag} {cookie}");
            }
        }
        // Its own good copy may be shown until it runs out, and does nothing else.
        let cookies: Vec<_> = bad.into_iter().chain([ended.cookie_header(), copy]).collect();
        for flag in flags() {
            for (method, path) in GUARDED.into_iter().chain([("GET", "/user"), ("POST", "/logout")]) {
                let path = format!("{path}?{flag}");
                for cookie in &cookies {
                    let answer = ask(&app, (method, &path), &[("cookie", cookie)]).await;
                    assert_eq!(answer.status, 401, "{path} {cookie}");
                }
            }
        }
        app.clock.advance(Duration::minutes(6));
        for flag in flags() {
            let read = app.get_as(&ended.all_cookies(), &format!("/get-session?{flag}")).await;
            let is_removal = |line: &&str| line.contains("=; Max-Age=0");
            assert_eq!((read.status, read.body.as_str()), (200, "null"), "{flag}, the copy ran out");
            assert!(read.set_cookies().iter().all(is_removal), "{flag}: {:?}", read.set_cookies());
        }
        assert_eq!(app.count("session").await, 0);
    }
}
