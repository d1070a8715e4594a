//! The route table, walked: every route answers an anonymous caller as its row says, and nothing else
//! answers at all.

use std::collections::BTreeSet;

use auth_http::{Access, RouteFacts};
use auth_store::testing::TestDatabase;
use serde_json::json;
use test_support::{
    CredentialHeader, PASSWORD, TestApp, TestRoute, all_routes, error_codes, every_feature, routes,
};
use time::Duration;

#[actix_web::test]
async fn every_route_answers_an_anonymous_caller_as_its_row_says() {
    let app = TestApp::with(&every_feature()).await;
    for entry in all_routes() {
        let body = json!({"newPassword": "long enough", "currentPassword": "long enough", "token": "x"});
        let answer = app.send(app.request(entry.method, entry.path).json(&body)).await;
        assert_ne!(answer.status, 404, "{} {}", entry.method, entry.path);
        // The token API refuses an anonymous `GET /get-session` too, unless the settings say `null`.
        let is_refused = entry.is_guarded() || entry.path == "/get-session" && entry.method == "GET";
        assert_eq!(answer.status == 401, is_refused, "{} {}", entry.method, entry.path);
    }
}

#[test]
fn every_route_says_what_there_is_to_say_of_it() {
    let mut seen = BTreeSet::new();
    for route in all_routes() {
        let RouteFacts { method, path, summary, answers, errors, rate, .. } = &route.facts;
        let name = format!("{method} {path}");
        assert!(seen.insert(name.clone()), "{name} is there twice");
        assert!(path.starts_with('/') && !path.ends_with('/'), "{name}");
        assert!(summary.ends_with('.') && summary.len() > 20, "{name}: {summary:?}");
        assert!(!answers.is_empty(), "{name} has no answer");
        for (status, body) in *answers {
            assert!((200..400).contains(status) && !body.is_empty(), "{name}: {status} {body:?}");
        }
        for error in *errors {
            assert!(error_codes().contains(error), "{name}: {} belongs to no room", error.code());
        }
        let tests_a_secret = matches!(
            path.as_ref(),
            "/register"
                | "/login"
                | "/sign-up/email"
                | "/sign-in/email"
                | "/sign-in/username"
                | "/change-password"
        );
        assert_eq!(rate.is_some(), tests_a_secret, "{name}");
    }
}

#[actix_web::test]
async fn the_access_that_a_route_declares_is_what_is_enforced() {
    let mut on = every_feature();
    on.extend([
        ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
        ("AUTH__SESSION__FRESH_AGE", "1h"),
        ("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false"),
    ]);
    let app = TestApp::with(&on).await;
    let asked = async |route: &TestRoute, credential: Option<&CredentialHeader>| {
        // Wrong on purpose: a route that lets the caller in answers something else than 401 or 403 of its guard.
        let body = json!({"newPassword": "x", "currentPassword": "x", "token": "x"});
        let request = match credential {
            Some(credential) => app.request_as(credential, route.method, route.path),
            None => app.request(route.method, route.path),
        };
        app.send(if route.method == "GET" { request } else { request.json(&body) }).await
    };
    for (number, route) in all_routes().iter().enumerate() {
        let name = format!("{} {}", route.method, route.path);
        let ann = app.register(&format!("ann{number}@example.com")).await;
        let is_guarded = route.is_guarded();
        let none = asked(route, None).await;
        if is_guarded {
            assert_eq!(
                (none.status, none.code().as_str()),
                (401, "UNAUTHORIZED"),
                "{name} without credentials"
            );
        } else {
            assert_ne!(none.code(), "SESSION_NOT_FRESH", "{name}");
        }
        // A cookie cache whose session is gone: no guard takes its word.
        let cached = ann.all_cookies();
        app.execute(&format!("delete from session where token = '{}'", ann.session_token())).await;
        let gone = asked(route, Some(&cached)).await;
        match route.facts.access {
            Access::Session { .. } | Access::Credentials => {
                assert_eq!(
                    (gone.status, gone.code().as_str()),
                    (401, "UNAUTHORIZED"),
                    "{name} by a cache alone"
                );
            }
            Access::Optional | Access::Anyone => assert_ne!(gone.status, 401, "{name} by a cache alone"),
        }
        // A session that is too old for what asks for a fresh one.
        let old = app.login(&format!("ann{number}@example.com")).await;
        app.clock.advance(Duration::hours(2));
        let stale = asked(route, Some(&old.cookie())).await;
        let wants_fresh = matches!(route.facts.access, Access::Session { fresh: true, .. });
        assert_eq!(stale.code() == "SESSION_NOT_FRESH", wants_fresh, "{name} by an old session");
        assert!(wants_fresh || stale.status != 401, "{name}: {}", stale.body);
    }
}

#[actix_web::test]
async fn r_034_no_answer_with_a_session_or_a_token_may_be_stored() {
    let app = TestApp::with(&every_feature()).await;
    let person = json!({"email": "ann@example.com", "password": PASSWORD, "name": "Ann"});
    let registered = app.register("ann@example.com").await;
    let cookie = registered.session_cookie();
    let mut with_secrets = 0;
    for entry in all_routes() {
        let storable = matches!(entry.path, "/ok" | "/jwks" | "/.well-known/jwks.json");
        let request = || app.request(entry.method, entry.path);
        let acting = request().header("cookie", &cookie).header("origin", &app.origin);
        for request in [request(), request().json(&person), acting, request().bearer_auth("forged")] {
            let answer = app.send(request).await;
            let (route, stored) =
                (format!("{} {}", entry.method, entry.path), answer.header("cache-control"));
            let is_secret = answer.body.contains("oken\"") || !answer.set_cookies().is_empty();
            with_secrets += usize::from(is_secret);
            assert!(stored == "no-store" || storable && !is_secret, "{route}: {answer:?}");
            assert!(!storable || stored.is_empty(), "{route}: {answer:?}");
        }
    }
    assert!(with_secrets > 3, "{with_secrets}");
}

#[actix_web::test]
async fn r_077_unknown_paths_and_methods_are_a_bare_404() {
    let app = TestApp::with(&every_feature()).await;
    let mut unknown = vec![
        ("GET", "/nope".to_owned()),
        ("GET", String::new()),
        ("GET", "/".to_owned()),
        ("GET", "/ok/".to_owned()),
        ("GET", "//ok".to_owned()),
        ("GET", "/OK".to_owned()),
        ("GET", "/%6fk".to_owned()),
        ("GET", "/ok/x".to_owned()),
    ];
    for method in ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"] {
        for entry in all_routes() {
            let is_known =
                all_routes().iter().any(|known| known.path == entry.path && known.method == method);
            if !is_known {
                unknown.push((method, entry.path.to_owned()));
            }
        }
    }
    for path in ["/ok%2f", "/ok;x", "/ok%00", "/sign-in//email", "/sign-in/email//"] {
        unknown.push(("GET", path.to_owned()));
        unknown.push(("POST", path.to_owned()));
    }
    for (method, path) in unknown {
        let answer = app.send(app.request(method, &path)).await;
        assert_eq!((answer.status, answer.body.as_str()), (404, ""), "{method} {path}");
        assert!(answer.headers.get("content-type").is_none(), "{method} {path}");
    }
}

#[actix_web::test]
async fn r_077_raw_requests_for_what_is_not_there_are_a_bare_404() {
    let app = TestApp::start().await;
    // As it stands on the line: clients tidy these up before they send them.
    for line in [
        "GET /api/auth/../auth/ok",
        "GET /api/auth/./ok",
        "GET /api/auth/ok/.",
        "GET /api/auth/%2e/ok",
        "GET /api//auth/ok",
        "GET //api/auth/ok",
        "GET /api/auth//ok",
        "GET /api/auth/ok//",
        "GET /api/authok",
        "GET /API/auth/ok",
        "GET /api%2fauth/ok",
        "TRACE /api/auth/ok",
        "TRACE /",
        "OPTIONS *",
        "PROPFIND /api/auth/ok",
        "get /api/auth/ok",
    ] {
        let answer =
            app.raw(format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 404 "), "{line}: {answer}");
        assert_eq!(body, "", "{line}");
        assert!(!head.to_ascii_lowercase().contains("content-type"), "{line}: {answer}");
    }
}

#[actix_web::test]
async fn r_077_a_path_that_is_turned_off_is_404_in_every_method_and_spelling() {
    let app = TestApp::with(&[("AUTH__SERVER__DISABLED_PATHS", "/sign-up/email,/ok")]).await;
    for method in ["GET", "POST", "PUT", "OPTIONS"] {
        for path in ["/sign-up/email", "/sign-up/email/", "/sign-up/email///", "/ok?x=1"] {
            let answer = app.send(app.request(method, path)).await;
            assert_eq!((answer.status, answer.body.as_str()), (404, "Not Found"), "{method} {path}");
            assert_eq!(answer.header("content-type"), "text/plain;charset=UTF-8");
        }
    }
    for (path, status) in
        [("/sign-up/emailx", 404), ("/sign-up", 404), ("/okx", 404), ("/sign-in/email", 400)]
    {
        let answer = app.post(path, &json!({})).await;
        assert_ne!(answer.body, "Not Found", "R-72: {path}");
        assert_eq!(answer.status, status, "{path}");
    }
}

#[actix_web::test]
async fn r_072_a_route_that_is_turned_off_has_no_second_spelling() {
    let pairs = [("/sign-up/email", "/register"), ("/sign-in/email", "/login"), ("/sign-out", "/logout")];
    let database = TestDatabase::create().await;
    for (theirs, ours) in pairs {
        for disabled in [theirs, ours] {
            let app = TestApp::on(database.url(), &[("AUTH__SERVER__DISABLED_PATHS", disabled)]).await;
            for entry in routes() {
                let answer = app.send(app.request(entry.method, entry.path)).await;
                let is_off = [theirs, ours].contains(&entry.path);
                assert_eq!(answer.body == "Not Found", is_off, "{disabled} {}", entry.path);
            }
        }
    }
}

#[actix_web::test]
async fn r_077_a_slash_at_the_end_is_passed_over_only_where_it_is_set_so() {
    let mut on = every_feature();
    on.push(("AUTH__SERVER__SKIP_TRAILING_SLASHES", "true"));
    let app = TestApp::with(&on).await;
    for entry in all_routes() {
        let ask = async |path: &str| {
            let answer = app.send(app.request(entry.method, path)).await;
            (answer.status, answer.code())
        };
        let (path, slashed) = (entry.path, format!("{}/", entry.path));
        assert_eq!(ask(&slashed).await, ask(path).await, "{slashed}");
        assert_eq!(ask(&format!("{slashed}?x=/")).await, ask(path).await, "{slashed} with a query");
        assert_eq!(ask(&format!("{slashed}/")).await, (404, String::new()), "{slashed}/");
    }
    for path in ["/", "", "//", "/nope/"] {
        assert_eq!(app.get(path, &[]).await.status, 404, "{path}");
    }
}
