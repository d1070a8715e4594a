//! `POST /sign-up/email` and `POST /register`.

use serde_json::{Value, json};
use test_support::{PASSWORD, TestApp, email_and_password};

#[actix_web::test]
async fn register_answers_201_with_the_session_envelope() {
    let app = TestApp::start().await;
    let answer = app.post("/register", &email_and_password("Ann@Example.com")).await;
    assert_eq!(answer.status, 201);
    let body = answer.json();
    assert_eq!(body["user"]["email"], "ann@example.com");
    assert_eq!(body["user"]["name"], "ann", "the part before the @ is the default name");
    assert_eq!(body["user"]["emailVerified"], false);
    assert_eq!(body["user"]["image"], Value::Null);
    assert_eq!(body["session"]["userId"], body["user"]["id"]);
    assert_eq!(body["refreshToken"], Value::Null);
    assert_eq!(body["accessToken"].as_str().unwrap().matches('.').count(), 2);
    assert!(body["accessTokenExpiresAt"].as_str().unwrap().ends_with(".000Z"));
    assert!(answer.set_cookies().iter().any(|line| line.starts_with("better-auth.session_token=")));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn sign_up_answers_with_raw_token_and_user() {
    let app = TestApp::start().await;
    let input =
        json!({"email": "ann@example.com", "password": PASSWORD, "name": "", "image": "https://a.b/c.png"});
    let answer = app.post("/sign-up/email", &input).await;
    assert_eq!(answer.status, 200);
    let members: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["token", "user"]);
    assert_eq!(answer.json()["user"]["image"], "https://a.b/c.png");
    assert_eq!(answer.json()["user"]["name"], "");
}

#[actix_web::test]
async fn a_taken_address_is_422_in_any_spelling_of_case() {
    let (app, _) = TestApp::signed_in(&[]).await;
    for (path, email) in [("/register", "ANN@example.com"), ("/sign-up/email", "ann@EXAMPLE.com")] {
        let answer = app.post(path, &json!({"email": email, "password": PASSWORD, "name": "x"})).await;
        assert_eq!(answer.status, 422, "{path}");
        assert_eq!(answer.code(), "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL");
    }
}

#[actix_web::test]
async fn r_058_of_parallel_sign_ups_for_one_address_one_succeeds() {
    // A slow machine must not shed load here: it is the race that is tested.
    let app = TestApp::with(&[("AUTH__PASSWORD__QUEUE_TIMEOUT", "60s")]).await;
    let input = json!({"email": "ann@example.com", "password": PASSWORD, "name": "Ann"});
    let answers = futures_util::future::join_all((0..24).map(|_| app.post("/register", &input))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((answer.status, answer.code()), (422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL".to_owned()));
    }
    assert_eq!(app.count("user").await, 1);
    assert_eq!(app.count("account").await, 1);
    assert_eq!(app.count("session").await, 1);
}

#[actix_web::test]
async fn r_037_length_is_counted_in_utf16_units_on_every_path_that_sets_a_password() {
    let app = TestApp::start().await;
    let emoji = "\u{1f510}"; // two UTF-16 units
    let cases = [
        ("1234567".to_owned(), "PASSWORD_TOO_SHORT"),
        (emoji.repeat(3), "PASSWORD_TOO_SHORT"),
        (emoji.repeat(4), ""),
        ("a".repeat(128), ""),
        ("a".repeat(129), "PASSWORD_TOO_LONG"),
        (emoji.repeat(65), "PASSWORD_TOO_LONG"),
        ("  spaces  ".to_owned(), ""),
    ];
    for (at, (password, expected)) in cases.iter().enumerate() {
        for path in ["/register", "/sign-up/email"] {
            let email = format!("a{at}{}@example.com", path.len());
            let answer = app.post(path, &json!({"email": email, "password": password, "name": "x"})).await;
            assert_eq!(answer.code(), *expected, "{path} {password:?}");
            if expected.is_empty() {
                let again = app.post("/login", &json!({"email": email, "password": password})).await;
                assert_eq!(again.status, 200, "the password is stored whole");
                let cut = app.post("/login", &json!({"email": email, "password": password.trim()})).await;
                assert_eq!(cut.status == 200, password.trim() == password, "nothing is trimmed");
            }
        }
    }
}

#[actix_web::test]
async fn r_057_look_alike_addresses_are_refused() {
    let app = TestApp::start().await;
    app.register("kate@example.com").await;
    for email in
        ["\u{212a}ate@example.com", "k\u{430}te@example.com", " kate@example.com", "kate@example.com\n"]
    {
        let answer = app.post("/register", &email_and_password(email)).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "VALIDATION_ERROR"), "{email:?}");
    }
    assert_eq!(app.count("user").await, 1);
}

#[actix_web::test]
async fn r_073_protected_fields_are_never_set_by_clients() {
    let app = TestApp::start().await;
    let input = json!({
        "email": "ann@example.com", "password": PASSWORD, "name": "Ann",
        "id": "attacker-chosen", "emailVerified": true, "role": "admin", "createdAt": "2000-01-01T00:00:00.000Z",
        "updatedAt": "2000-01-01T00:00:00.000Z", "token": "attackerchosen", "userId": "attacker-chosen",
        "expiresAt": "2100-01-01T00:00:00.000Z", "ipAddress": "6.6.6.6", "userAgent": "forged", "accountId": "x",
        "providerId": "google", "accessToken": "x", "refreshToken": "x", "scope": "x", "issuer": "x"
    });
    for path in ["/register", "/sign-up/email", "/login", "/sign-in/email"] {
        let answer = app.post(path, &input).await;
        assert!(matches!(answer.status, 200 | 201 | 422), "{path}: {}", answer.status);
        let text = answer.body.to_string();
        for forged in
            ["attacker", "2000-01-01", "2100-01-01", "6.6.6.6", "forged", "admin", "\"emailVerified\":true"]
        {
            assert!(!text.contains(forged), "{path} took {forged}");
        }
    }
    let rows = app
        .sql("select count(*)::text from account where \"providerId\" <> 'credential' or scope is not null")
        .await;
    assert_eq!(rows, "0");
}

#[actix_web::test]
async fn a_name_that_cannot_be_stored_is_422_and_leaves_nothing() {
    let app = TestApp::start().await;
    let input = json!({"email": "ann@example.com", "password": PASSWORD, "name": "a\u{0}b"});
    let answer = app.post("/sign-up/email", &input).await;
    assert_eq!((answer.status, answer.code().as_str()), (422, "FAILED_TO_CREATE_USER"));
    assert_eq!(app.count("user").await, 0);
}

#[actix_web::test]
async fn a_row_that_a_constraint_of_the_applications_own_refuses_is_no_taken_address() {
    let app = TestApp::start().await;
    app.execute("alter table \"user\" add constraint short_name check (char_length(name) <= 3)").await;
    let input = json!({"email": "ann@example.com", "password": PASSWORD, "name": "Anna"});
    assert_eq!(app.post("/sign-up/email", &input).await.code(), "FAILED_TO_CREATE_USER");
}

#[actix_web::test]
async fn sign_up_can_be_turned_off_alone() {
    let app = TestApp::with(&[("AUTH__EMAIL_AND_PASSWORD__DISABLE_SIGN_UP", "true")]).await;
    let input = json!({"email": "ann@example.com", "password": PASSWORD, "name": "x"});
    let answer = app.post("/sign-up/email", &input).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "EMAIL_PASSWORD_SIGN_UP_DISABLED"));
    assert_eq!(app.post("/login", &input).await.code(), "INVALID_EMAIL_OR_PASSWORD");

    let app = TestApp::with(&[("AUTH__EMAIL_AND_PASSWORD__ENABLED", "false")]).await;
    assert_eq!(app.post("/sign-in/email", &input).await.code(), "EMAIL_PASSWORD_DISABLED");
}
