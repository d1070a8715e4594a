//! Where a request may send its visitor next (Better Auth core §4.3).

use serde_json::{Value, json};
use test_support::{PASSWORD, TestApp, routes};

/// Addresses that lead to a stranger, or might in some browser, proxy or router.
const HOSTILE: [&str; 80] = [
    "https://evil.example",
    "http://evil.example",
    "HTTPS://EVIL.EXAMPLE",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:////evil.example",
    "https:\\\\evil.example",
    "https:/\\evil.example",
    "https://evil.example:3000",
    "https://auth.test:3000",
    "http://auth.test",
    "http://auth.test:3001",
    "http://auth.test:3000@evil.example",
    "http://auth.test:3000.evil.example",
    "http://auth.test.evil.example:3000",
    "http://evil.example/auth.test:3000",
    "http://evil.example?http://auth.test:3000",
    "http://evil.example#http://auth.test:3000",
    "http://evil.example\\@auth.test:3000",
    "http://evil.example%2f@auth.test.evil.example:3000",
    "http://xauth.test:3000",
    "http://auth.test:3000:80",
    "http://[::1]:3000",
    "http://127.0.0.1:3000",
    "http://0x7f000001:3000",
    "http://аuth.test:3000",
    "http://auth。evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "//evil.example/%2e%2e",
    "//auth.test:3000",
    "//user@evil.example",
    "/\\evil.example",
    "/\\/evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "\\evil.example",
    "/a\\b",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    "\n//evil.example",
    " //evil.example",
    "\u{0}//evil.example",
    "/\u{0}/evil.example",
    "/\u{7f}/evil.example",
    "/\u{85}/evil.example",
    "/%2fevil.example",
    "/%2Fevil.example",
    "/%5cevil.example",
    "/%5Cevil.example",
    "/x/%2f%2fevil.example",
    "/x%5c..%5cevil.example",
    "/.%2fevil.example",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "javascript://auth.test:3000/%0aalert(1)",
    "javascript://x.apps.example.com/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript:msgbox(1)",
    "blob:http://auth.test:3000/1",
    "filesystem:http://auth.test:3000/1",
    "view-source:http://auth.test:3000",
    "file:///etc/passwd",
    "ftp://auth.test:3000",
    "ws://auth.test:3000",
    "about:blank",
    "evil.example",
    "auth.test:3000",
    "@evil.example",
    "?next=//evil.example",
    "#//evil.example",
    ".",
    "https://x.apps.example.com.evil.example",
];

const HARMLESS: [&str; 12] = [
    "/",
    "/dashboard",
    "/a/b?next=https://evil.example",
    "/a#//evil.example",
    "/a?x=%2F",
    "/a:b;c",
    "/..//x",
    "http://auth.test:3000",
    "http://auth.test:3000/deep?er#x",
    "HTTP://AUTH.test:3000/",
    "https://x.apps.example.com/cb",
    "myapp://callback",
];

const FIELDS: [(&str, &str); 4] = [
    ("callbackURL", "INVALID_CALLBACK_URL"),
    ("redirectTo", "INVALID_REDIRECT_URL"),
    ("errorCallbackURL", "INVALID_ERROR_CALLBACK_URL"),
    ("newUserCallbackURL", "INVALID_NEW_USER_CALLBACK_URL"),
];

/// Routes that read no body.
const BODILESS: [&str; 1] = ["/get-session"];

fn routes_with_a_body() -> impl Iterator<Item = &'static str> {
    let posts = routes().iter().filter(|route| route.method == "POST").map(|route| route.path);
    posts.filter(|path| !BODILESS.contains(path))
}

async fn app() -> TestApp {
    TestApp::with(&[("BETTER_AUTH_TRUSTED_ORIGINS", "https://*.apps.example.com,myapp://")]).await
}

fn in_query(name: &str, value: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}

#[actix_web::test]
async fn r_067_no_field_leads_to_a_stranger() {
    let app = app().await;
    for path in routes_with_a_body() {
        // Every form on one route, and on the others enough to see that they ask the same judge.
        let step = if path == "/sign-in/email" { 1 } else { 9 };
        for url in HOSTILE.into_iter().step_by(step) {
            for (field, code) in FIELDS {
                let answer = app.post(path, &json!({ field: url })).await;
                assert_eq!((answer.status, answer.code().as_str()), (403, code), "{path} {field} {url:?}");
                assert!(answer.headers.get("location").is_none(), "{path} {field} {url:?}");
            }
            let asked = format!("{path}?{}", in_query("callbackURL", url));
            for body in [json!({}), json!({"callbackURL": ""})] {
                let answer = app.post(&asked, &body).await;
                assert_eq!((answer.status, answer.code().as_str()), (403, FIELDS[0].1), "{asked}");
            }
        }
    }
}

#[actix_web::test]
async fn r_067_what_stays_here_passes_and_is_repeated_as_it_came() {
    let app = app().await;
    app.register("ann@example.com").await;
    for url in HARMLESS {
        let body = json!({"email": "ann@example.com", "password": PASSWORD, "callbackURL": url});
        let answer = app.post("/sign-in/email", &body).await;
        assert_eq!((answer.status, answer.header("location")), (200, url));
        for (field, _) in FIELDS {
            let answer = app.post("/sign-in/email", &json!({ field: url })).await;
            assert_eq!(answer.code(), "VALIDATION_ERROR", "{field} {url}");
        }
        let answer = app.post(&format!("/sign-in/email?{}", in_query("callbackURL", url)), &json!({})).await;
        assert_eq!(answer.code(), "VALIDATION_ERROR", "{url}");
    }
}

#[actix_web::test]
async fn r_067_a_redirect_that_is_no_text_is_400_without_a_code() {
    let app = app().await;
    let values =
        [json!(["/"]), json!([]), json!({}), json!({"url": "/"}), json!(1), json!(true), json!(-0.5)];
    for path in routes_with_a_body() {
        for (field, _) in FIELDS {
            let label = if field == "redirectTo" { "redirectURL" } else { field };
            for value in &values {
                let answer = app.post(path, &json!({ field: value })).await;
                let expected = format!(r#"{{"message":"Invalid {label}: expected a string"}}"#);
                assert_eq!((answer.status, answer.body), (400, expected), "{path} {field} {value}");
            }
            for falsy in [Value::Null, json!(false), json!(0), json!("")] {
                let answer = app.post(path, &json!({ field: falsy })).await;
                assert!(!answer.body.contains("expected a string\""), "{path} {field}: {}", answer.body);
            }
        }
        let twice = app.post(&format!("{path}?callbackURL=/a&callbackURL=/b"), &json!({})).await;
        assert_eq!(twice.body, r#"{"message":"Invalid callbackURL: expected a string"}"#, "{path}");
        // The body's own comes first, as in the reference.
        let both =
            app.post(&format!("{path}?callbackURL=//evil.example"), &json!({"callbackURL": "/x"})).await;
        assert_ne!(both.status, 403, "{path}");
    }
}
