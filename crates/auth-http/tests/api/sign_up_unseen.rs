//! Signing up where the answer must not tell whether the address was taken (R-56): no automatic sign-in, or
//! verified addresses required.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use test_support::{Answer, PASSWORD, TestApp, email_and_password};

const QUIET: (&str, &str) = ("AUTH__RATE_LIMIT__ENABLED", "false");
const NO_SIGN_IN: (&str, &str) = ("AUTH__EMAIL_AND_PASSWORD__AUTO_SIGN_IN", "false");
const VERIFIED: (&str, &str) = ("AUTH__EMAIL_AND_PASSWORD__REQUIRE_EMAIL_VERIFICATION", "true");

const FIELDS: &str = r#"
    [user.additional_fields.plan]
    type = "string"
    default = "free"

    [user.additional_fields.meta]
    type = "json"
    required = false

    [user.additional_fields.nick]
    type = "string"
    required = false
    unique = true

    [user.additional_fields.note]
    type = "string"
    required = false
    returned = false
"#;

fn sign_up(email: &str, extra: Value) -> Value {
    let mut body = json!({"name": "Ann", "email": email, "password": PASSWORD});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

/// An answer without what differs between any two sign-ups: ids, times and the address; their form is
/// checked.
fn comparable(answer: &Answer, email: &str) -> (u16, BTreeSet<String>, String) {
    let mut text = answer.body.clone();
    if let Ok(Value::Object(body)) = serde_json::from_str(&answer.body)
        && let Some(user) = body.get("user")
    {
        let id = user["id"].as_str().unwrap();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        let created = user["createdAt"].as_str().unwrap();
        assert_eq!((created, created.len()), (user["updatedAt"].as_str().unwrap(), 24));
        text = text.replace(id, "<id>").replace(created, "<time>");
    }
    let names = answer.headers.iter().map(|(name, value)| match name.as_str() {
        "date" | "content-length" | "x-request-id" => name.to_string(),
        _ => format!("{name}: {}", value.to_str().unwrap()),
    });
    (answer.status, names.collect(), text.replace(email, "<email>"))
}

#[actix_web::test]
async fn r_056_sign_up_answers_a_taken_and_a_free_address_alike_to_the_letter() {
    for setting in [NO_SIGN_IN, VERIFIED] {
        let app = TestApp::with_file(FIELDS, &[setting, QUIET]).await;
        let taken = sign_up("taken@example.com", json!({"nick": "taken", "note": "theirs"}));
        assert_eq!(app.post("/sign-up/email", &taken).await.status, 200);
        let before = app.sql("select (u.*)::text || (a.*)::text from \"user\" u, account a").await;
        let cases = [
            json!({}),
            json!({"image": "https://example.com/a.png", "name": ""}),
            json!({"plan": "pro", "note": "mine", "meta": {"long": 1, "b": 2}}),
            json!({"plan": null, "meta": [1, {"z": 1}]}),
            json!({"rememberMe": false, "callbackURL": "/welcome"}),
            json!({"name": "a\u{0}b"}),
            json!({"image": "a\u{0}b"}),
            json!({"plan": "a\u{0}b"}),
            json!({"plan": {"a": 1}}),
            json!({"nick": "taken"}),
            json!({"password": "short"}),
            json!({"password": "x".repeat(129)}),
        ];
        for (number, case) in cases.into_iter().enumerate() {
            for route in ["/sign-up/email", "/register"] {
                let free = format!("free{number}{}@example.com", route.len());
                let of_free = app.post(route, &sign_up(&free, case.clone())).await;
                let of_taken = app.post(route, &sign_up("Taken@Example.com", case.clone())).await;
                assert_eq!(
                    comparable(&of_taken, "taken@example.com"),
                    comparable(&of_free, &free),
                    "{route} {case}"
                );
                assert!(of_taken.set_cookies().is_empty());
            }
        }
        let after = "select (u.*)::text || (a.*)::text from \"user\" u join account a on a.\"userId\" = u.id where email = 'taken@example.com'";
        assert_eq!(app.sql(after).await, before, "nothing of the taken user changed");
        assert_eq!(app.count("session").await, 0);
    }
}

#[actix_web::test]
async fn sign_up_without_sign_in_makes_a_user_who_can_sign_in() {
    let app = TestApp::with(&[NO_SIGN_IN]).await;
    let answer = app.post("/sign-up/email", &sign_up("ann@example.com", json!({}))).await;
    assert!(answer.body.starts_with(r#"{"token":null,"user":{"name":"Ann","email":"ann@example.com","emailVerified":false,"image":null,"#), "{}", answer.body);
    assert_eq!((answer.set_cookies().len(), app.count("session").await), (0, 0));
    let signed_in = app.post("/sign-in/email", &email_and_password("ann@example.com")).await;
    assert_eq!(signed_in.status, 200);
    assert_eq!(signed_in.json()["user"]["id"], answer.json()["user"]["id"]);
}

#[actix_web::test]
async fn register_without_sign_in_answers_an_envelope_without_session_or_token() {
    let app = TestApp::with(&[NO_SIGN_IN]).await;
    let answer = app.post("/register", &sign_up("ann@example.com", json!({}))).await;
    assert_eq!(answer.status, 201);
    assert!(answer.body.starts_with(r#"{"session":null,"user":{"#), "{}", answer.body);
    assert!(
        answer.body.ends_with(r#","accessToken":null,"accessTokenExpiresAt":null,"refreshToken":null}"#),
        "{}",
        answer.body
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let bare = TestApp::with(&[NO_SIGN_IN, ("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false")]).await;
    let answer = bare.post("/register", &sign_up("ann@example.com", json!({}))).await;
    assert_eq!(answer.json().as_object().unwrap().keys().collect::<Vec<_>>(), ["session", "user"]);
}

#[actix_web::test]
async fn an_unproven_address_is_told_only_to_who_knows_the_password() {
    let app = TestApp::with(&[VERIFIED, QUIET]).await;
    app.post("/sign-up/email", &sign_up("ann@example.com", json!({}))).await;
    for route in ["/sign-in/email", "/login"] {
        let right = app.post(route, &email_and_password("ann@example.com")).await;
        assert_eq!(
            (right.status, right.body.as_str()),
            (403, r#"{"message":"Email not verified","code":"EMAIL_NOT_VERIFIED"}"#)
        );
        assert!(right.set_cookies().is_empty());
        for (email, password) in [("ann@example.com", "wrong password"), ("bob@example.com", PASSWORD)] {
            let wrong = app.post(route, &json!({"email": email, "password": password})).await;
            assert_eq!((wrong.status, wrong.code()), (401, "INVALID_EMAIL_OR_PASSWORD".to_owned()));
        }
    }
    assert_eq!(app.count("session").await, 0);
    app.execute("update \"user\" set \"emailVerified\" = true").await;
    let right = app.post("/sign-in/email", &email_and_password("ann@example.com")).await;
    assert_eq!(right.status, 200);
}

/// The reference answers the losers 422, which tells them that somebody else just signed up.
#[actix_web::test]
async fn r_056_parallel_sign_ups_for_one_address_are_alike_too() {
    // Shedding is another rule's subject.
    let patient = ("AUTH__PASSWORD__QUEUE_TIMEOUT", "30s");
    let app = TestApp::with_file(FIELDS, &[NO_SIGN_IN, QUIET, patient]).await;
    let body = sign_up("ann@example.com", json!({"plan": "pro"}));
    let answers = join_all((0..12).map(|_| app.post("/sign-up/email", &body))).await;
    let alike: BTreeSet<_> = answers.iter().map(|answer| comparable(answer, "ann@example.com")).collect();
    assert_eq!(alike.len(), 1, "{alike:?}");
    assert_eq!((answers[0].status, app.count("user").await, app.count("account").await), (200, 1, 1));
}
