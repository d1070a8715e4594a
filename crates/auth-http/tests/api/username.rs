//! The `username` plugin: names at sign-up, and signing in with them.

use serde_json::{Value, json};
use test_support::{Answer, PASSWORD, SettingsFile, TestApp, routes_of, routes_with};
use time::Duration;

const ON: (&str, &str) = ("AUTH__USERNAME__ENABLED", "true");

/// Both ways to sign up.
const SIGN_UPS: [&str; 2] = ["/sign-up/email", "/register"];

/// A sign-up with more members.
fn person(email: &str, others: Value) -> Value {
    let mut body = json!({"name": "Ann", "email": email, "password": PASSWORD});
    body.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    body
}

/// A server with the plugin, and `Ann_1`.
async fn with_ann(variables: &[(&str, &str)]) -> TestApp {
    let app = TestApp::with(&[&[ON], variables].concat()).await;
    let ann = person("ann@example.com", json!({"username": "Ann_1"}));
    assert_eq!(app.post("/sign-up/email", &ann).await.status, 200);
    app
}

async fn sign_in(app: &TestApp, username: &str, password: &str) -> Answer {
    app.post("/sign-in/username", &json!({"username": username, "password": password})).await
}

fn told(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

#[actix_web::test]
async fn a_user_signs_in_by_the_name_in_any_case() {
    let app = with_ann(&[]).await;
    for name in ["ann_1", "ANN_1"] {
        let answer = sign_in(&app, name, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let body = answer.json();
        assert_eq!((&body["redirect"], body.get("url")), (&json!(false), None));
        assert_eq!(body["user"]["username"], "ann_1");
        assert_eq!(body["user"]["displayUsername"], "Ann_1", "as typed");
        let shown = app.get_as(&answer.cookie(), "/get-session").await.json();
        assert_eq!(shown["user"]["username"], "ann_1");
    }
    let input =
        json!({"username": "ann_1", "password": PASSWORD, "callbackURL": "/dash", "rememberMe": false});
    let answer = app.post("/sign-in/username", &input).await;
    assert_eq!((answer.status, answer.header("location")), (200, "/dash"));
    assert!(answer.set_cookies().iter().all(|line| !line.contains("Max-Age")), "{answer:?}");
}

#[actix_web::test]
async fn every_refusal_of_a_sign_in_has_the_references_code() {
    let app = with_ann(&[]).await;
    app.post("/sign-up/email", &person("none@example.com", json!({"username": "hashless"}))).await;
    app.execute(
        "delete from account where \"userId\" = (select id from \"user\" where username = 'hashless')",
    )
    .await;
    let long_password = "x".repeat(129);
    for (username, password, status, code) in [
        ("ann_1", "wrong password", 401, "INVALID_USERNAME_OR_PASSWORD"),
        ("nobody", PASSWORD, 401, "INVALID_USERNAME_OR_PASSWORD"),
        ("hashless", PASSWORD, 401, "INVALID_USERNAME_OR_PASSWORD"),
        ("", PASSWORD, 401, "INVALID_USERNAME_OR_PASSWORD"),
        ("ann_1", "", 401, "INVALID_USERNAME_OR_PASSWORD"),
        ("an", PASSWORD, 422, "USERNAME_TOO_SHORT"),
        (&"a".repeat(31), PASSWORD, 422, "USERNAME_TOO_LONG"),
        ("ann 1", PASSWORD, 422, "INVALID_USERNAME"),
        ("ann@example.com", PASSWORD, 422, "INVALID_USERNAME"),
        ("ann_1\0", PASSWORD, 422, "INVALID_USERNAME"),
        ("ann_1", &long_password, 400, "PASSWORD_TOO_LONG"),
    ] {
        let answer = sign_in(&app, username, password).await;
        assert_eq!(told(&answer), (status, code.to_owned()), "{username:?}");
        assert!(answer.set_cookies().is_empty(), "{username:?}");
    }
    for body in [json!({}), json!({"username": 1, "password": PASSWORD}), json!([])] {
        assert_eq!(told(&app.post("/sign-in/username", &body).await), (400, "VALIDATION_ERROR".to_owned()));
    }
    let form = app.post_form("/sign-in/username", &[("username", "ann_1"), ("password", PASSWORD)]).await;
    assert_eq!(form.status, 415, "pages of other sites can send forms");
}

#[actix_web::test]
async fn names_are_checked_at_sign_up_before_all_other_fields() {
    let app = with_ann(&[]).await;
    for (others, status, code) in [
        (json!({"username": "an"}), 400, "USERNAME_TOO_SHORT"),
        (json!({"username": ""}), 400, "USERNAME_TOO_SHORT"),
        (json!({"username": "a".repeat(31)}), 400, "USERNAME_TOO_LONG"),
        (json!({"username": "ann 1"}), 400, "INVALID_USERNAME"),
        (json!({"username": "ANN_1"}), 400, "USERNAME_IS_ALREADY_TAKEN"),
        (json!({"displayUsername": "Ann_1"}), 400, "USERNAME_IS_ALREADY_TAKEN"),
        (json!({"username": 5}), 422, "FAILED_TO_CREATE_USER"),
        (json!({"username": ["eve"]}), 422, "FAILED_TO_CREATE_USER"),
    ] {
        for path in SIGN_UPS {
            for email in ["eve@example.com", "no address"] {
                let answer = app.post(path, &person(email, others.clone())).await;
                assert_eq!(told(&answer), (status, code.to_owned()), "{path} {email} {others}");
            }
        }
    }
    let answer = app.post("/sign-up/email", &person("no address", json!({"username": "fine"}))).await;
    assert_eq!(told(&answer), (400, "VALIDATION_ERROR".to_owned()));
    assert_eq!(app.sql("select count(*)::text from \"user\"").await, "1");
}

#[actix_web::test]
async fn what_is_stored_of_the_names_at_sign_up() {
    let app = TestApp::with(&[ON]).await;
    let cases = [
        (json!({"username": "Bob.1"}), json!(["bob.1", "Bob.1"])),
        (json!({"username": "Cee", "displayUsername": "C\u{e9}e!"}), json!(["cee", "C\u{e9}e!"])),
        (json!({"displayUsername": "Dee"}), json!(["dee", "Dee"])),
        (json!({"displayUsername": "D d"}), json!([null, "D d"])),
        (json!({"username": null, "displayUsername": "Eve"}), json!([null, "Eve"])),
        (json!({"username": "fay", "displayUsername": ""}), json!(["fay", "fay"])),
        (json!({}), json!([null, null])),
    ];
    for (number, (others, stored)) in cases.into_iter().enumerate() {
        let path = SIGN_UPS[number % 2];
        let answer = app.post(path, &person(&format!("{number}@example.com"), others.clone())).await;
        assert!(matches!(answer.status, 200 | 201), "{others} {}", answer.body);
        let user = &answer.json()["user"];
        assert_eq!(json!([user["username"], user["displayUsername"]]), stored, "{others}");
    }
}

#[actix_web::test]
async fn a_name_is_available_until_a_user_has_it() {
    let app = with_ann(&[]).await;
    for (name, available) in [("ann_1", false), ("ANN_1", false), ("ann_2", true)] {
        let answer = app.post("/is-username-available", &json!({"username": name})).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"available": available})), "{name}");
    }
    for (name, code) in [
        ("", "INVALID_USERNAME"),
        ("an", "USERNAME_TOO_SHORT"),
        (&"a".repeat(31), "USERNAME_TOO_LONG"),
        ("a b", "INVALID_USERNAME"),
    ] {
        let answer = app.post("/is-username-available", &json!({"username": name})).await;
        assert_eq!(told(&answer), (422, code.to_owned()), "{name:?}");
    }
    let answer = app.post("/is-username-available", &json!({})).await;
    assert_eq!(told(&answer), (400, "VALIDATION_ERROR".to_owned()));
}

#[actix_web::test]
async fn settings_change_lengths_case_and_what_is_shown() {
    let settings = [
        ("AUTH__USERNAME__MIN_LENGTH", "5"),
        ("AUTH__USERNAME__MAX_LENGTH", "6"),
        ("AUTH__USERNAME__NORMALIZATION", "none"),
        ("AUTH__USERNAME__DISPLAY_USERNAME", "false"),
    ];
    let app = with_ann(&settings).await;
    let signed_in = sign_in(&app, "Ann_1", PASSWORD).await;
    assert_eq!(signed_in.json()["user"]["username"], "Ann_1");
    assert!(signed_in.json()["user"].get("displayUsername").is_none(), "{}", signed_in.body);
    assert_eq!(sign_in(&app, "ann_1", PASSWORD).await.status, 401, "another name");
    assert_eq!(sign_in(&app, "ann1", PASSWORD).await.code(), "USERNAME_TOO_SHORT");
    assert_eq!(sign_in(&app, "ann1234", PASSWORD).await.code(), "USERNAME_TOO_LONG");
}

#[actix_web::test]
async fn who_must_verify_an_address_gets_no_session_by_name_either() {
    let app = with_ann(&[("AUTH__EMAIL_AND_PASSWORD__REQUIRE_EMAIL_VERIFICATION", "true")]).await;
    assert_eq!(told(&sign_in(&app, "ann_1", PASSWORD).await), (403, "EMAIL_NOT_VERIFIED".to_owned()));
    let wrong = sign_in(&app, "ann_1", "wrong password").await;
    assert_eq!(wrong.code(), "INVALID_USERNAME_OR_PASSWORD", "not told without the password");
    app.execute("update \"user\" set \"emailVerified\" = true").await;
    assert_eq!(sign_in(&app, "ann_1", PASSWORD).await.status, 200);
}

#[actix_web::test]
async fn r_088_tries_by_name_and_by_address_are_tries_at_one_account() {
    let app = with_ann(&[("AUTH__EMAIL_AND_PASSWORD__FAILURES_BEFORE_DELAY", "3")]).await;
    // The address from which Ann signed up is forgiven ten failures of its own.
    for _ in 0..5 {
        let by_address = json!({"email": "ann@example.com", "password": "wrong password"});
        assert_eq!(app.post("/sign-in/email", &by_address).await.status, 401);
        assert_eq!(sign_in(&app, "ann_1", "wrong password").await.status, 401);
    }
    assert_eq!(sign_in(&app, "ann_1", "wrong password").await.status, 429);
    assert_eq!(
        app.post("/sign-in/email", &json!({"email": "ann@example.com", "password": PASSWORD})).await.status,
        429
    );
    for _ in 0..3 {
        assert_eq!(sign_in(&app, "nobody", PASSWORD).await.status, 401);
    }
    assert_eq!(sign_in(&app, "NOBODY", PASSWORD).await.status, 429, "as an account that is there");
    app.clock.advance(Duration::minutes(16));
    assert_eq!(sign_in(&app, "ann_1", PASSWORD).await.status, 200);
}

#[actix_web::test]
async fn no_two_users_get_one_name_at_once() {
    let app = TestApp::with(&[ON]).await;
    let bodies: Vec<Value> =
        (0..4).map(|number| person(&format!("{number}@example.com"), json!({"username": "ann"}))).collect();
    let answers =
        futures_util::future::join_all(bodies.iter().map(|body| app.post("/sign-up/email", body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert!(
            ["USERNAME_IS_ALREADY_TAKEN", "FAILED_TO_CREATE_USER"].contains(&answer.code().as_str()),
            "{}",
            answer.body
        );
    }
    assert_eq!(app.sql("select count(*)::text from account").await, "1");
}

#[actix_web::test]
async fn columns_have_the_names_that_the_database_gives_them() {
    let names = "[database.names.user]\nusername = \"user_name\"\n[username]\nenabled = true\n";
    let file = SettingsFile::new(names);
    let app = TestApp::with(&[file.variable()]).await;
    let ann = person("ann@example.com", json!({"username": "Ann"}));
    assert_eq!(app.post("/sign-up/email", &ann).await.json()["user"]["username"], "ann");
    assert_eq!(app.sql("select user_name from \"user\"").await, "ann");
    assert_eq!(sign_in(&app, "ann", PASSWORD).await.status, 200);
    let answer = app.post("/is-username-available", &json!({"username": "ann"})).await;
    assert_eq!(answer.json(), json!({"available": false}));
    assert_eq!(app.get_at_root("/readyz").await.status, 200);
    app.execute("alter table \"user\" rename user_name to username").await;
    let other = TestApp::sharing(&app, &[ON]).await;
    assert_eq!(sign_in(&other, "ann", PASSWORD).await.status, 200);
    assert_eq!(other.get_at_root("/readyz").await.status, 200);
}

#[actix_web::test]
async fn without_the_plugin_there_is_nothing_of_it() {
    let app = TestApp::start().await;
    let routes = routes_of("username");
    assert_eq!(routes.len(), 2);
    for route in routes {
        assert_eq!(app.post(route.path, &json!({"username": "ann", "password": PASSWORD})).await.status, 404);
    }
    let answer = app.post("/sign-up/email", &person("ann@example.com", json!({"username": "x"}))).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json()["user"].get("username").is_none(), "{}", answer.body);
    let on = routes_with(&[ON]);
    let rate = |path: &str| on.iter().find(|route| route.path == path).unwrap().facts.rate;
    assert_eq!(rate("/sign-in/username"), rate("/sign-in/email"));
}
