//! The order of work on a request (Better Auth core §3): a request that is wrong in two ways is refused for the
//! earlier one.

use serde_json::json;
use test_support::{Answer, TestApp};

/// What an answer says, in one word.
fn said(answer: &Answer) -> String {
    match answer.code().as_str() {
        "" => format!("{} {}", answer.status, answer.body),
        code => code.to_owned(),
    }
}

#[actix_web::test]
async fn of_two_faults_the_earlier_step_refuses() {
    let app = TestApp::with(&[("AUTH__SERVER__DISABLED_PATHS", "/sign-up/email")]).await;
    let evil = [("cookie", "x=1"), ("origin", "https://evil.example")];
    let navigation = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    let json_type = [("content-type", "application/json")];
    let text_type = [("content-type", "text/plain")];
    let bad_redirect = json!({"callbackURL": "//evil.example"}).to_string();
    let wrong = json!({"email": "nobody@example.com", "password": "wrong password"}).to_string();
    let short = json!({"newPassword": "x", "currentPassword": "x"}).to_string();
    let (sign_in, change) = ("/sign-in/email", "/change-password");
    type Headers<'h> = Vec<(&'h str, &'h str)>;
    let with = |lists: &[&[(&'static str, &'static str)]]| -> Headers<'static> { lists.concat() };
    // Path, headers, body, the step that refuses; the next step's fault is there too.
    let table: Vec<(&str, &str, Headers<'_>, &str, &str)> = vec![
        (
            "turned off before the route is looked up",
            "/sign-up/email/",
            with(&[&evil, &text_type]),
            "{",
            "404 Not Found",
        ),
        ("route before the body", "/sign-in/nobody", with(&[&evil, &text_type]), "{", "404 "),
        ("media type before syntax", sign_in, with(&[&text_type]), "{", "UNSUPPORTED_MEDIA_TYPE"),
        ("media type before origin", sign_in, with(&[&evil, &text_type]), "{}", "UNSUPPORTED_MEDIA_TYPE"),
        ("syntax before origin", sign_in, with(&[&evil, &json_type]), "{", "BAD_REQUEST"),
        ("origin before redirects", sign_in, with(&[&evil, &json_type]), &bad_redirect, "INVALID_ORIGIN"),
        ("origin before fields", sign_in, with(&[&evil, &json_type]), "{}", "INVALID_ORIGIN"),
        ("redirects before fields", sign_in, with(&[&json_type]), &bad_redirect, "INVALID_CALLBACK_URL"),
        (
            "redirects before the login rule",
            sign_in,
            with(&[&navigation, &json_type]),
            &bad_redirect,
            "INVALID_CALLBACK_URL",
        ),
        ("fields before the login rule", sign_in, with(&[&navigation, &json_type]), "{}", "VALIDATION_ERROR"),
        (
            "login rule before the password",
            sign_in,
            with(&[&navigation, &json_type]),
            &wrong,
            "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED",
        ),
        ("origin before the session", change, with(&[&evil, &json_type]), &short, "INVALID_ORIGIN"),
        ("fields before the session", change, with(&[&json_type]), "{}", "VALIDATION_ERROR"),
        ("session before the handler", change, with(&[&json_type]), &short, "UNAUTHORIZED"),
        (
            "the handler, where nothing else is wrong",
            sign_in,
            with(&[&json_type]),
            &wrong,
            "INVALID_EMAIL_OR_PASSWORD",
        ),
    ];
    for (step, path, headers, body, expected) in table {
        let request = headers
            .iter()
            .fold(app.request("POST", path), |request, (name, value)| request.header(*name, *value));
        let answer = app.send(request.body(body.to_owned())).await;
        assert_eq!(said(&answer), expected, "{step}");
    }
}

#[actix_web::test]
async fn redirect_fields_are_looked_at_in_the_references_order() {
    let app = TestApp::start().await;
    let fields = [
        ("callbackURL", "INVALID_CALLBACK_URL"),
        ("redirectTo", "INVALID_REDIRECT_URL"),
        ("errorCallbackURL", "INVALID_ERROR_CALLBACK_URL"),
        ("newUserCallbackURL", "INVALID_NEW_USER_CALLBACK_URL"),
    ];
    for (first, (_, code)) in fields.iter().enumerate() {
        let body: serde_json::Map<_, _> = fields[first..]
            .iter()
            .rev()
            .map(|(name, _)| ((*name).to_owned(), json!("//evil.example")))
            .collect();
        assert_eq!(app.post("/sign-out", &body.into()).await.code(), *code);
    }
}
