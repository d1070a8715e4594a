//! What clients send: media types, malformed bodies, and fields of every wrong form.

use serde_json::{Value, json};
use test_support::{PASSWORD, TestApp, email_and_password, routes};

/// Routes that take forms beside JSON.
const TAKES_FORMS: [&str; 4] = ["/register", "/login", "/sign-up/email", "/sign-in/email"];
/// Routes that read no body.
const BODILESS: [&str; 1] = ["/get-session"];

fn routes_with_a_body() -> impl Iterator<Item = &'static str> {
    let posts = routes().iter().filter(|route| route.method == "POST").map(|route| route.path);
    posts.filter(|path| !BODILESS.contains(path))
}

#[actix_web::test]
async fn r_065_routes_read_the_listed_media_types_alone() {
    let app = TestApp::start().await;
    let body = json!({"email": "ann@example.com", "password": PASSWORD, "name": "x"}).to_string();
    for path in routes_with_a_body() {
        let takes_forms = TAKES_FORMS.contains(&path);
        let listed = if takes_forms {
            "application/x-www-form-urlencoded, application/json"
        } else {
            "application/json"
        };
        let refused = [
            "text/plain",
            "application/vnd.api+json",
            "multipart/form-data; boundary=x",
            "application/jsonx",
            "\u{fc}",
        ];
        for media_type in refused {
            let answer = app
                .send(app.request("POST", path).header("content-type", media_type).body(body.clone()))
                .await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (415, "UNSUPPORTED_MEDIA_TYPE"),
                "{path} {media_type}"
            );
            assert_eq!(
                answer.json()["message"].as_str().unwrap(),
                format!("Content-Type \"{media_type}\" is not allowed. Allowed types: {listed}"),
            );
        }
        let form = app
            .send(
                app.request("POST", path)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body("a=b"),
            )
            .await;
        assert_eq!(form.status == 415, !takes_forms, "{path}");
        let spelled = app
            .send(
                app.request("POST", path)
                    .header("content-type", " Application/JSON ; charset=utf-8")
                    .body(body.clone()),
            )
            .await;
        assert_ne!(spelled.status, 415, "{path}");
        // A body without a type, with an empty one, or of no length is none, as behind the reference's Node adapter.
        let answer = async |request: reqwest::RequestBuilder| {
            let answer = app.send(request).await;
            (answer.status, answer.body)
        };
        let none = answer(app.request("POST", path)).await;
        assert_ne!(none.0, 415, "{path}");
        assert_eq!(answer(app.request("POST", path).body("{}")).await, none, "{path}: without a type");
        let untyped = app.request("POST", path).header("content-type", "").body("{}");
        assert_eq!(answer(untyped).await, none, "{path}: with an empty type");
        let empty = app.request("POST", path).header("content-type", "text/plain").body("");
        assert_eq!(answer(empty).await, none, "{path}: of no length");
    }
}

#[actix_web::test]
async fn r_015_of_members_that_stand_twice_in_a_body_the_last_counts() {
    let (app, _) = TestApp::signed_in(&[]).await;
    let sign_in = |body: String| {
        app.request("POST", "/sign-in/email").header("content-type", "application/json").body(body)
    };
    for (body, status) in [
        (format!(r#"{{"email":1,"email":"ann@example.com","password":"x","password":"{PASSWORD}"}}"#), 200),
        (format!(r#"{{"email":"ann@example.com","password":"{PASSWORD}","password":"wrong horse"}}"#), 401),
        (format!(r#"{{"email":"ann@example.com","email":1,"password":"{PASSWORD}"}}"#), 400),
        (
            format!(
                r#"{{"callbackURL":"//evil.example","callbackURL":"/x","email":"ann@example.com","password":"{PASSWORD}"}}"#
            ),
            200,
        ),
        (r#"{"callbackURL":"/x","callbackURL":"//evil.example"}"#.to_owned(), 403),
    ] {
        assert_eq!(app.send(sign_in(body.clone())).await.status, status, "{body}");
    }
    let form =
        app.request("POST", "/sign-in/email").header("content-type", "application/x-www-form-urlencoded");
    let form = form.body(format!("email=x&email=ann%40example.com&password={}", PASSWORD.replace(' ', "+")));
    assert_eq!(app.send(form).await.status, 200);
}

#[actix_web::test]
async fn r_071_what_refuses_is_json_or_nothing_and_shows_no_markup_of_the_request() {
    const MARKUP: &str = "<script>alert(1)</script>";
    let app = TestApp::start().await;
    let mut answers = Vec::new();
    for route in routes().iter().filter(|route| route.path != "/error") {
        let request = |path: &str| app.request(route.method, path);
        let path = format!("{}?callbackURL={MARKUP}&error={MARKUP}&token={MARKUP}&{MARKUP}", route.path);
        answers.push(app.send(request(&path)).await);
        answers.push(app.send(request(route.path).json(&json!({"email": MARKUP, MARKUP: 1}))).await);
        answers.push(app.send(request(route.path).bearer_auth(MARKUP)).await);
        answers.push(app.send(request(route.path).header("cookie", MARKUP).header("origin", MARKUP)).await);
        answers.push(
            app.send(request(route.path).header("content-type", "application/json").body(MARKUP)).await,
        );
        answers.push(app.send(app.request("PUT", &path)).await);
    }
    answers.push(app.get(&format!("/{MARKUP}"), &[]).await);
    for answer in answers {
        match answer.header("content-type") {
            "" => assert_eq!(answer.body, "", "{answer:?}"),
            kind => assert_eq!(kind, "application/json", "{answer:?}"),
        }
        assert!(!answer.body.contains("<script>"), "{answer:?}");
    }
}

#[actix_web::test]
async fn every_issue_is_reported_at_once_in_the_references_words() {
    let app = TestApp::start().await;
    let cases = [
        (
            "/sign-up/email",
            json!({"name": 1, "email": "x", "password": "", "image": null, "callbackURL": [], "rememberMe": "no"}),
            "[body.name] Invalid input: expected string, received number; [body.email] Invalid email address; [body.password] Too small: expected string to have >=1 characters; [body.image] Invalid input: expected string, received null; [body.callbackURL] Invalid input: expected string, received array; [body.rememberMe] Invalid input: expected boolean, received string",
        ),
        (
            "/sign-in/email",
            json!({"email": true, "password": {}, "rememberMe": null}),
            "[body.email] Invalid input: expected string, received boolean; [body.password] Invalid input: expected string, received object; [body.rememberMe] Invalid input: expected boolean, received null",
        ),
        ("/sign-in/email", json!([]), "[body] Invalid input: expected object, received array"),
        (
            "/sign-up/email",
            json!(null),
            "[body] Invalid input: expected object, received null; [body] Invalid input: expected record, received null",
        ),
        (
            "/register",
            json!({}),
            "[body.email] Invalid input: expected string, received undefined; [body.password] Invalid input: expected string, received undefined",
        ),
    ];
    for (path, body, message) in cases {
        let answer = app.post(path, &body).await;
        let expected = json!({"message": message, "code": "VALIDATION_ERROR"});
        // `callbackURL: []` is caught before validation.
        if answer.body.contains("Invalid callbackURL: expected a string") {
            continue;
        }
        assert_eq!((answer.status, answer.json()), (400, expected), "{path}");
    }
}

#[actix_web::test]
async fn r_075_no_input_gives_a_server_error() {
    let app = TestApp::start().await;
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let long = "a".repeat(60_000);
    let texts = [
        String::new(), " ".to_owned(), "{".to_owned(), "nul".to_owned(), "\u{feff}{}".to_owned(), deep, "1e999".to_owned(),
        r#"{"email":"a@b.co","email":"c@d.ef","password":"correct horse","name":"x"}"#.to_owned(),
        r#"{"email":"ann@example.com","password":"\ud800pass word","name":"\udfff"}"#.to_owned(),
        r#"{"email":"\u0000@example.com","password":"\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000","name":"\u0000"}"#.to_owned(),
        format!(r#"{{"email":"{long}@example.com","password":"correct horse","name":"x"}}"#),
        format!(r#"{{"email":"n@example.com","password":"{long}","name":"x"}}"#),
        format!(r#"{{"email":"m@example.com","password":"correct horse","name":"{long}"}}"#),
        r#"{"email":"i@example.com","password":"correct horse","name":"'; drop table session; --"}"#.to_owned(),
        r#"{"email":1e308,"password":-1,"name":9007199254740993,"rememberMe":0}"#.to_owned(),
    ];
    for path in routes().iter().filter(|route| route.method == "POST").map(|route| route.path) {
        for text in &texts {
            let answer = app
                .send(app.request("POST", path).header("content-type", "application/json").body(text.clone()))
                .await;
            assert!(
                answer.status < 500,
                "{path} {}: {} {}",
                &text[..text.len().min(80)],
                answer.status,
                answer.body
            );
        }
        let bytes =
            app.request("POST", path).header("content-type", "application/json").body(vec![0xff, 0xfe, 0x00]);
        assert!(app.send(bytes).await.status < 500, "{path}");
        let form = app
            .request("POST", path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("%ff=%00&&=&email=%");
        assert!(app.send(form).await.status < 500, "{path}");
    }
    let queries =
        ["?disableRefresh=%ff", "?disableRefresh=1&disableRefresh=2", "?%00", "?callbackURL=//evil.com"];
    for query in queries {
        for path in routes().iter().filter(|route| route.method == "GET").map(|route| route.path) {
            assert!(app.get(&format!("{path}{query}"), &[]).await.status < 500, "{path}{query}");
        }
    }
    let long_token = "a".repeat(9_000);
    for header in ["Bearer \u{1}", &long_token, "Bearer ..", "Bearer a.b", "=", "\u{ff}"] {
        for name in ["authorization", "cookie", "origin", "user-agent", "x-forwarded-for", "content-type"] {
            let Ok(value) = reqwest::header::HeaderValue::from_bytes(header.as_bytes()) else { continue };
            let answer = app.send(app.request("GET", "/get-session").header(name, value)).await;
            assert!(answer.status < 500, "{name}: {header}");
        }
    }
    assert_eq!(app.sql("select to_regclass('session')::text").await, "session", "nothing was injected");
}

#[actix_web::test]
async fn r_074_answers_hold_the_listed_members_and_nothing_else() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    let cookie = registered.cookie();
    let answers = [
        registered.json(),
        app.login("ann@example.com").await.json(),
        app.post("/sign-in/email", &email_and_password("ann@example.com")).await.json(),
        app.get_as(&cookie, "/get-session").await.json(),
        json!({"user": app.get_as(&cookie, "/user").await.json()}),
    ];
    let hash = app.stored_hash("ann@example.com").await;
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for answer in &answers {
        assert_eq!(
            keys(&answer["user"]),
            ["name", "email", "emailVerified", "image", "createdAt", "updatedAt", "id"]
        );
        if answer.get("session").is_some() {
            let members =
                ["expiresAt", "token", "createdAt", "updatedAt", "ipAddress", "userAgent", "userId", "id"];
            assert_eq!(keys(&answer["session"]), members);
        }
        let text = answer.to_string();
        assert!(!text.contains(&hash) && !text.contains("argon2") && !text.contains("password"));
    }
}
