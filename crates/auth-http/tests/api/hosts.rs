//! A server under several hosts: which ones it answers for, and what follows the host of a request (R-68, R-69, R-83).

use actix_web::{App, HttpServer, web};
use auth_core::{JwkSet, JwtPolicy, JwtVerifier};
use auth_http::clock::Clock;
use auth_http::settings::{Environment, Settings};
use auth_http::{Acting, Auth};
use auth_store::testing::TestDatabase;
use serde_json::{Value, json};
use test_support::{Answer, PASSWORD, SECRET, TestApp, all_routes, claims, email_and_password};

/// Settings or header lines.
type Pairs<'a> = &'a [(&'a str, &'a str)];

const APP: &str = "app.example.com";
const PREVIEW: &str = "pr-7.preview.example.com";
const EVIL: &str = "evil.test";
/// Hosts that nobody listed, though some look alike.
const STRANGERS: [&str; 5] = [
    EVIL,
    "app.example.com.evil.test",
    "preview.example.com",
    "app.example.com:8443",
    "evil.test/app.example.com",
];

const HOSTS: (&str, &str) =
    ("AUTH__SERVER__ALLOWED_HOSTS", "app.example.com,*.preview.example.com,localhost:*");
const NO_FALLBACK: (&str, &str) = ("BETTER_AUTH_URL", "");
const FALLBACK: (&str, &str) = ("BETTER_AUTH_URL", "https://main.example.com");
const JWT: (&str, &str) = ("AUTH__JWT__ENABLED", "true");

async fn start(settings: Pairs<'_>) -> TestApp {
    TestApp::with(&[&[HOSTS, NO_FALLBACK, JWT], settings].concat()).await
}

async fn get(app: &TestApp, host: &str, path: &str, headers: Pairs<'_>) -> Answer {
    app.get(path, &[&[("host", host)], headers].concat()).await
}

async fn post(app: &TestApp, host: &str, path: &str, headers: Pairs<'_>, body: &Value) -> Answer {
    let lines = [&[("host", host)], headers].concat();
    let request = lines.iter().fold(app.request("POST", path), |it, (name, value)| it.header(*name, *value));
    app.send(request.json(body)).await
}

async fn register(app: &TestApp, host: &str, email: &str) -> Answer {
    let answer = post(app, host, "/register", &[], &email_and_password(email)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// Everything that an answer says, in one text.
fn said(answer: &Answer) -> String {
    format!("{:?} {}", answer.headers, answer.body)
}

#[actix_web::test]
async fn r_069_a_host_that_is_not_listed_is_refused_before_anything_else() {
    let on = [
        ("AUTH__RATE_LIMIT__ENABLED", "true"),
        ("AUTH__RATE_LIMIT__MAX", "1"),
        ("AUTH__SERVER__DISABLED_PATHS", "/ok"),
    ];
    let app = start(&on).await;
    let body = email_and_password("ann@example.com");
    for host in STRANGERS {
        for route in all_routes() {
            let method = route.method;
            let request = app.request(method, route.path).header("host", host).header("cookie", "a=b");
            let answer = app.send(if method == "POST" { request.json(&body) } else { request }).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (421, "MISDIRECTED_REQUEST"),
                "{} {host}",
                route.path
            );
            assert_eq!(answer.body, r#"{"message":"Host is not allowed","code":"MISDIRECTED_REQUEST"}"#);
            assert!(!said(&answer).contains("evil"), "{}", said(&answer));
            assert_eq!(answer.set_cookies(), [""; 0]);
        }
        // Neither an unknown path nor one that is turned off tells a stranger more.
        for path in ["/no-such-route", "/ok"] {
            assert_eq!(get(&app, host, path, &[]).await.status, 421, "{path} {host}");
        }
    }
    assert_eq!(app.count("user").await, 0);
    // Nothing was counted: the one request that the limit allows is still there.
    assert_eq!(get(&app, APP, "/get-session", &[]).await.status, 401);
    assert_eq!(get(&app, APP, "/get-session", &[]).await.status, 429);
}

#[actix_web::test]
async fn probes_are_answered_under_any_host() {
    let app = start(&[]).await;
    for path in ["/healthz", "/readyz"] {
        let answer = app
            .raw(format!("GET {path} HTTP/1.1\r\nhost: {EVIL}\r\nconnection: close\r\n\r\n").as_bytes())
            .await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let keys =
        |host| format!("GET /.well-known/jwks.json HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    assert!(
        app.raw(keys(EVIL).as_bytes()).await.starts_with("HTTP/1.1 421 "),
        "the server's root is no way around"
    );
    assert!(app.raw(keys(APP).as_bytes()).await.starts_with("HTTP/1.1 200 "));
}

#[actix_web::test]
async fn r_069_a_request_without_a_host_or_with_two_is_for_none() {
    let app = start(&[]).await;
    for (head, status) in [
        ("GET /api/auth/ok HTTP/1.1\r\nhost: app.example.com\r\n", "200"),
        ("GET /api/auth/ok HTTP/1.0\r\nconnection: close\r\n", "421"),
        ("GET /api/auth/ok HTTP/1.1\r\nhost: app.example.com\r\nhost: app.example.com\r\n", "4"),
        ("GET /api/auth/ok HTTP/1.1\r\nhost: app.example.com\r\nhost: evil.test\r\n", "4"),
        // What stands in the target does not make up for a host that is not listed.
        ("GET http://app.example.com/api/auth/ok HTTP/1.1\r\nhost: evil.test\r\n", "421"),
        ("GET /api/auth/ok HTTP/1.1\r\nhost: evil.test\r\nx-forwarded-host: app.example.com\r\n", "421"),
        ("GET /api/auth/ok HTTP/1.1\r\nhost: evil.test\r\nforwarded: host=app.example.com\r\n", "421"),
    ] {
        let answer = app.raw(format!("{head}connection: close\r\n\r\n").as_bytes()).await;
        let got = answer.split(' ').nth(1).unwrap_or_default();
        assert!(got.starts_with(status), "{head:?}: {answer}");
    }
}

#[actix_web::test]
async fn r_069_each_request_is_answered_for_its_own_host() {
    let app = start(&[]).await;
    register(&app, APP, "ann@example.com").await;
    let cookie = register(&app, APP, "bob@example.com").await.session_cookie();
    let ask = async |host: &str| {
        for _ in 0..5 {
            let answer = get(&app, host, "/get-session", &[("cookie", &cookie)]).await;
            let scheme = if host.starts_with("localhost") { "http" } else { "https" };
            let origin = format!("{scheme}://{host}");
            assert_eq!(claims(&answer.access_token())["iss"], origin);
            let jwt = claims(answer.header("set-auth-jwt"));
            assert_eq!((&jwt["iss"], &jwt["aud"]), (&json!(origin), &json!(origin)));
            let token = get(&app, host, "/token", &[("cookie", &cookie)]).await.json();
            assert_eq!(claims(token["token"].as_str().unwrap())["iss"], origin);
            let refused = get(&app, EVIL, "/get-session", &[("cookie", &cookie)]).await;
            assert_eq!(refused.status, 421);
        }
    };
    tokio::join!(ask(APP), ask(PREVIEW), ask("localhost:3000"), ask("pr-8.preview.example.com"));
}

#[actix_web::test]
async fn r_003_an_access_token_is_good_at_the_host_that_issued_it_and_a_session_at_all() {
    let app = start(&[]).await;
    let registered = register(&app, APP, "ann@example.com").await;
    let token = bearer(&registered.access_token());
    assert_eq!(get(&app, APP, "/user", &[("authorization", &token)]).await.status, 200);
    let refused = get(&app, PREVIEW, "/user", &[("authorization", &token)]).await;
    assert_eq!((refused.status, refused.code().as_str()), (401, "INVALID_TOKEN"));
    let session = bearer(&registered.session_token());
    for host in [APP, PREVIEW] {
        assert_eq!(get(&app, host, "/user", &[("authorization", &session)]).await.status, 200);
        assert_eq!(get(&app, host, "/user", &[("cookie", &registered.session_cookie())]).await.status, 200);
    }
}

#[actix_web::test]
async fn a_jwt_verifies_for_the_host_it_was_asked_at() {
    let app = start(&[]).await;
    let cookie = register(&app, PREVIEW, "ann@example.com").await.session_cookie();
    let answer = get(&app, PREVIEW, "/token", &[("cookie", &cookie)]).await.json();
    let token = answer["token"].as_str().unwrap();
    let keys = JwkSet::parse(get(&app, APP, "/jwks", &[]).await.body.as_bytes()).unwrap();
    let key = keys.find(&JwtVerifier::kid(token).unwrap()).expect("the keys are those of all hosts");
    let verify = |host: &str| {
        JwtVerifier::new(&JwtPolicy::new(format!("https://{host}"))).verify(token, key, app.clock.now())
    };
    assert!(verify(PREVIEW).is_ok());
    assert!(verify(APP).is_err());
}

#[actix_web::test]
async fn r_069_the_fallback_speaks_where_a_stranger_asks() {
    let app = start(&[FALLBACK, ("AUTH__COOKIES__DOMAIN", "auto")]).await;
    for (number, host) in STRANGERS.iter().enumerate() {
        let registered = register(&app, host, &format!("ann{number}@example.com")).await;
        let session = get(&app, host, "/get-session", &[("cookie", &registered.session_cookie())]).await;
        for answer in [&registered, &session] {
            assert!(!said(answer).contains("evil"), "{}", said(answer));
            assert_eq!(claims(&answer.access_token())["iss"], "https://main.example.com");
        }
        assert_eq!(claims(session.header("set-auth-jwt"))["aud"], "https://main.example.com");
        assert!(registered.set_cookies()[0].contains("; Domain=main.example.com;"), "{}", said(&registered));
    }
    let listed = register(&app, APP, "bob@example.com").await;
    assert_eq!(claims(&listed.access_token())["iss"], "https://app.example.com");
}

#[actix_web::test]
async fn r_019_cookies_are_secure_as_the_protocol_says_and_shared_as_the_host_says() {
    const DOMAIN: (&str, &str) = ("AUTH__COOKIES__DOMAIN", "auto");
    let protocol = |protocol| ("AUTH__SERVER__PROTOCOL", protocol);
    const SECURE: &str = "__Secure-better-auth.session_token=;";
    const PLAIN: &str = "better-auth.session_token=;";
    // Settings, host, the cookie's name, its domain.
    let cases: [(Pairs, &str, &str, &str); 10] = [
        (&[], APP, SECURE, ""),
        (&[], "localhost:3000", SECURE, ""),
        (&[protocol("auto")], APP, SECURE, ""),
        (&[protocol("https")], "localhost:3000", SECURE, ""),
        (&[protocol("http")], APP, PLAIN, ""),
        (&[protocol("http"), ("AUTH__COOKIES__SECURE", "true")], APP, SECURE, ""),
        (&[("AUTH__SERVER__ALLOWED_HOSTS", "localhost:*")], "localhost:3000", PLAIN, ""),
        (&[DOMAIN], PREVIEW, SECURE, PREVIEW),
        // Shared cookies follow the scheme of the request, as in the reference.
        (&[DOMAIN], "localhost:3000", PLAIN, "localhost"),
        (&[DOMAIN, ("AUTH__SERVER__ALLOWED_HOSTS", "[::1]:*")], "[::1]:3000", PLAIN, ""),
    ];
    let database = TestDatabase::create().await;
    for (settings, host, name, domain) in cases {
        let app = TestApp::on(database.url(), &[&[HOSTS, NO_FALLBACK], settings].concat()).await;
        let answer = post(&app, host, "/sign-out", &[], &json!({})).await;
        let line = answer.set_cookies()[0].to_owned();
        let shared = line.split("; ").find_map(|part| part.strip_prefix("Domain=")).unwrap_or_default();
        assert!(line.starts_with(name), "{settings:?} {host}: {line}");
        assert_eq!(line.contains("; Secure"), name == SECURE, "{settings:?} {host}: {line}");
        assert_eq!(shared, domain, "{settings:?} {host}: {line}");
    }
}

#[actix_web::test]
async fn r_068_pages_of_listed_hosts_are_trusted_and_those_of_strangers_are_not() {
    let app = start(&[FALLBACK]).await;
    let cookie = register(&app, APP, "ann@example.com").await.session_cookie();
    let refusal = async |host: &str, origin: &str, site: &str| {
        let headers = [("cookie", cookie.as_str()), ("origin", origin), ("sec-fetch-site", site)];
        post(&app, host, "/revoke-other-sessions", &headers, &json!({})).await.code()
    };
    for (origin, code) in [
        ("https://app.example.com", ""),
        ("https://pr-9.preview.example.com", ""),
        ("https://main.example.com", ""),
        ("http://localhost:5173", ""),
        ("https://localhost:5173", ""),
        ("http://app.example.com", "INVALID_ORIGIN"),
        ("http://main.example.com", "INVALID_ORIGIN"),
        ("https://app.example.com:8443", "INVALID_ORIGIN"),
        ("https://preview.example.com", "INVALID_ORIGIN"),
        ("https://evil.test", "INVALID_ORIGIN"),
    ] {
        for host in [APP, PREVIEW, EVIL] {
            assert_eq!(refusal(host, origin, "same-site").await, code, "{origin} at {host}");
        }
        let allowed = get(&app, APP, "/ok", &[("origin", origin)]).await;
        let expected = if code.is_empty() { origin } else { "" };
        assert_eq!(allowed.header("access-control-allow-origin"), expected);
    }
    // A sandboxed page vouches for the host that it asks, which makes no stranger's host trusted.
    for (host, code) in [(APP, ""), (PREVIEW, ""), ("localhost:3000", ""), (EVIL, "INVALID_ORIGIN")] {
        assert_eq!(refusal(host, "null", "same-origin").await, code, "{host}");
        assert_eq!(refusal(host, "null", "same-site").await, "MISSING_OR_NULL_ORIGIN", "{host}");
    }
}

#[actix_web::test]
async fn r_067_redirects_lead_to_listed_hosts_alone() {
    let app = start(&[FALLBACK]).await;
    register(&app, APP, "ann@example.com").await;
    for (url, status) in [
        ("https://pr-9.preview.example.com/in", 200),
        ("https://main.example.com/in", 200),
        ("/in", 200),
        ("https://evil.test/in", 403),
        ("http://app.example.com/in", 403),
        ("//evil.test/in", 403),
    ] {
        for host in [APP, EVIL] {
            let body = json!({"email": "ann@example.com", "password": PASSWORD, "callbackURL": url});
            let answer = post(&app, host, "/sign-in/email", &[], &body).await;
            assert_eq!(answer.status, status, "{url} at {host}");
            assert!(status == 403 || answer.header("location") == url, "{url} at {host}");
        }
    }
}

#[actix_web::test]
async fn r_083_forwarded_hosts_count_from_trusted_proxies_alone() {
    let proxy =
        |network| [("AUTH__PROXIES__TRUSTED", network), ("AUTH__PROXIES__TRUSTED_PROXY_HEADERS", "true")];
    let (believed, other) = (start(&proxy("127.0.0.1")).await, start(&proxy("192.0.2.1")).await);
    // At a server that believes the proxy, and at one that believes another.
    let cases: [(Pairs, &str, &str); 6] = [
        (&[("x-forwarded-host", PREVIEW)], "https://pr-7.preview.example.com", "https://app.example.com"),
        (
            &[("x-forwarded-host", PREVIEW), ("x-forwarded-proto", "http")],
            "http://pr-7.preview.example.com",
            "https://app.example.com",
        ),
        (&[("x-forwarded-proto", "http")], "http://app.example.com", "https://app.example.com"),
        (
            &[("x-forwarded-host", "evil.test, app.example.com")],
            "https://app.example.com",
            "https://app.example.com",
        ),
        (&[("x-forwarded-proto", "javascript")], "https://app.example.com", "https://app.example.com"),
        (&[("x-forwarded-host", EVIL)], "", "https://app.example.com"),
    ];
    for (number, (lines, here, there)) in cases.into_iter().enumerate() {
        for (app, expected) in [(&believed, here), (&other, there)] {
            let body = email_and_password(&format!("ann{number}@example.com"));
            let answer = post(app, APP, "/register", lines, &body).await;
            assert_eq!(answer.status, if expected.is_empty() { 421 } else { 201 }, "{lines:?}");
            if !expected.is_empty() {
                assert_eq!(claims(&answer.access_token())["iss"], expected, "{lines:?}");
            }
        }
    }
}

#[actix_web::test]
async fn r_083_a_sandboxed_page_is_of_the_origin_that_a_trusted_proxy_names() {
    let behind = |network| {
        [
            ("BETTER_AUTH_URL", "https://auth.example.com"),
            ("AUTH__SERVER__ALLOWED_HOSTS", ""),
            ("AUTH__PROXIES__TRUSTED", network),
            ("AUTH__PROXIES__TRUSTED_PROXY_HEADERS", "true"),
        ]
    };
    for (network, codes) in
        [("127.0.0.1", ["", "INVALID_ORIGIN", "INVALID_ORIGIN"]), ("192.0.2.1", ["INVALID_ORIGIN"; 3])]
    {
        let app = start(&behind(network)).await;
        let forwarded: [Pairs; 3] = [
            &[("x-forwarded-host", "auth.example.com"), ("x-forwarded-proto", "https")],
            &[("x-forwarded-host", "auth.example.com"), ("x-forwarded-proto", "http")],
            // One of the two alone says nothing.
            &[("x-forwarded-host", "auth.example.com")],
        ];
        for (lines, code) in forwarded.into_iter().zip(codes) {
            let page = [("cookie", "a=b"), ("origin", "null"), ("sec-fetch-site", "same-origin")];
            let answer =
                post(&app, "10.0.0.1:3000", "/sign-out", &[&page[..], lines].concat(), &json!({})).await;
            assert_eq!(answer.code(), code, "{network} {lines:?}");
        }
    }
}

#[actix_web::test]
async fn r_069_an_app_that_mounts_the_routes_refuses_strangers_too() {
    async fn hello(Acting(caller): Acting) -> String {
        format!("Hello, {}", caller.user.email.as_str())
    }
    let database = TestDatabase::create().await;
    let environment = Environment::default()
        .with("DATABASE_URL", database.url())
        .with("BETTER_AUTH_SECRET", SECRET)
        .with(HOSTS.0, HOSTS.1);
    let auth = Auth::new(&Settings::load(&environment).unwrap(), Clock::system()).unwrap();
    let app = move || App::new().configure(|app| auth.configure(app)).route("/hello", web::get().to(hello));
    let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let origin = format!("http://{}", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    let client = reqwest::Client::new();

    let register = |host: &'static str| {
        let body = email_and_password("host@example.com");
        client.post(format!("{origin}/api/auth/register")).header("host", host).json(&body).send()
    };
    assert_eq!(register(EVIL).await.unwrap().status(), 421);
    let registered = register(APP).await.unwrap();
    assert_eq!(registered.status(), 201);
    let token = registered.json::<Value>().await.unwrap()["accessToken"].as_str().unwrap().to_owned();
    assert_eq!(claims(&token)["iss"], "https://app.example.com");
    // The app's own routes are outside the auth routes; who asks for a caller there asks for the host as well.
    for (host, status) in [(APP, 200), (PREVIEW, 401), (EVIL, 421)] {
        let hello = client.get(format!("{origin}/hello")).header("host", host).bearer_auth(&token);
        assert_eq!(hello.send().await.unwrap().status(), status, "{host}");
    }
}
