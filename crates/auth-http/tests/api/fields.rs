//! Additional fields over HTTP: who may set them, who sees them, and what becomes of wrong ones.

use serde_json::{Value, json};
use test_support::{Answer, CredentialHeader, PASSWORD, SettingsFile, TestApp, email_and_password};

const FIELDS: &str = r#"
    [user.additional_fields.plan]
    type = "string"
    default = "free"

    [user.additional_fields.age]
    type = "number"
    required = false

    [user.additional_fields.credits]
    type = "number"
    bigint = true
    required = false

    [user.additional_fields.born]
    type = "date"
    required = false

    [user.additional_fields.meta]
    type = "json"
    required = false

    [user.additional_fields.role]
    type = "string"
    default = "user"
    input = false

    [user.additional_fields.note]
    type = "string"
    required = false
    returned = false

    [user.additional_fields.ssn]
    type = "string"
    required = false
    input = false

    [user.additional_fields.nickName]
    type = "string"
    required = false
    unique = true
    column = "nick_name"

    [session.additional_fields.device]
    type = "string"
    required = false

    [session.additional_fields.hits]
    type = "number"
    default = 0

    [session.additional_fields.trace]
    type = "string"
    required = false
    returned = false

    [session.additional_fields.locked]
    type = "string"
    required = false
    input = false
"#;

fn body(email: &str, extra: Value) -> Value {
    let mut body = json!({"name": "Ann", "email": email, "password": PASSWORD});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

/// Gives the part of a body that stands between two texts.
fn between<'a>(answer: &'a Answer, start: &str, end: &str) -> &'a str {
    let (_, rest) = answer.body.split_once(start).unwrap_or_else(|| panic!("{}", answer.body));
    rest.split_once(end).unwrap_or_else(|| panic!("{}", answer.body)).0
}

#[actix_web::test]
async fn r_074_answers_show_fields_where_the_reference_does_and_hidden_ones_never() {
    let app = TestApp::with_file(FIELDS, &[]).await;
    let extra = json!({
        "nickName": "annie", "note": "hidden note", "meta": {"long": 1, "b": [1.0, "ü"]},
        "born": "2000-01-02", "credits": "9007199254740993", "age": "41",
    });
    let signed_up = app.post("/sign-up/email", &body("ann@example.com", extra)).await;
    assert_eq!(signed_up.status, 200, "{}", signed_up.body);
    let user = r#""plan":"free","age":41,"credits":"9007199254740993","born":"2000-01-02T00:00:00.000Z","meta":{"b":[1,"ü"],"long":1},"role":"user","ssn":null,"nickName":"annie""#;
    let session = r#""device":null,"hits":0,"locked":null"#;
    let of_user = |answer: &Answer| {
        let (_, rest) = answer.body.split_once(r#""user":{"#).unwrap();
        let (_, rest) = rest.split_once(r#""updatedAt":""#).unwrap();
        rest.split_once(r#"","#).unwrap().1.split_once(r#","id":"#).unwrap().0.to_owned()
    };
    assert_eq!(of_user(&signed_up), user);

    let credentials = email_and_password("ann@example.com");
    let login = app.post("/login", &credentials).await;
    let cookie = login.cookie();
    let read = app.get_as(&cookie, "/get-session").await;
    for answer in [&login, &read] {
        assert_eq!(of_user(answer), user);
        assert_eq!(between(answer, r#"userId":""#, r#","id":"#).split_once(r#"","#).unwrap().1, session);
    }
    assert_eq!(of_user(&app.post("/sign-in/email", &credentials).await), user);
    let bare = app.get_as(&cookie, "/user").await;
    assert!(bare.body.contains(user), "{}", bare.body);
    let listed = app.get_as(&cookie, "/list-sessions").await;
    assert!(listed.body.contains(session), "{}", listed.body);

    assert_eq!(app.sql("select note from \"user\"").await, "hidden note");
    app.execute("update session set trace = 'hidden trace'").await;
    let read = app.get_as(&cookie, "/get-session").await;
    for answer in [&signed_up, &login, &read, &bare, &listed] {
        assert!(!answer.body.contains("hidden") && !answer.body.contains("trace"), "{}", answer.body);
    }
}

#[actix_web::test]
async fn r_073_protected_fields_are_not_the_clients_to_set_on_either_sign_up_route() {
    let app = TestApp::with_file(FIELDS, &[("AUTH__RATE_LIMIT__ENABLED", "false")]).await;
    for (number, route) in ["/sign-up/email", "/register"].into_iter().enumerate() {
        for forbidden in [json!("x"), json!([]), json!(1)] {
            let answer = app.post(route, &body("no@example.com", json!({"ssn": forbidden}))).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (400, r#"{"message":"ssn is not allowed to be set","code":"FIELD_NOT_ALLOWED"}"#)
            );
        }
        let email = format!("user{number}@example.com");
        let extra = json!({
            "role": "admin", "ssn": "", "id": "x", "emailVerified": true, "createdAt": "1999-01-01", "unknown": 1,
            "hits": 9, "nick_name": "by column",
        });
        let answer = app.post(route, &body(&email, extra)).await;
        assert!(answer.status < 300, "{}", answer.body);
        let user = answer.json()["user"].clone();
        assert_eq!(user["role"], "user");
        assert_eq!(
            (&user["ssn"], &user["nickName"], &user["emailVerified"]),
            (&json!(null), &json!(null), &json!(false))
        );
        assert_ne!(user["id"], "x");
        assert_eq!(
            app.sql(&format!(
                "select sum(hits) from session s join \"user\" u on u.id = \"userId\" where email = '{email}'"
            ))
            .await,
            "0"
        );
    }
    let taken = body("user0@example.com", json!({"ssn": "x"}));
    assert_eq!(
        app.post("/sign-up/email", &taken).await.code(),
        "FIELD_NOT_ALLOWED",
        "before the address is looked up"
    );
}

#[actix_web::test]
async fn values_that_a_field_cannot_hold_are_refused_as_the_reference_refuses_them() {
    let app = TestApp::with_file(FIELDS, &[("AUTH__RATE_LIMIT__ENABLED", "false")]).await;
    app.register("ann@example.com").await;
    for (number, extra) in [
        json!({"age": 1.5}),
        json!({"age": "x"}),
        json!({"age": true}),
        json!({"born": "nope"}),
        json!({"meta": "{"}),
        json!({"meta": {"a": "\u{0}"}}),
        json!({"plan": "a\u{0}b"}),
        json!({"plan": {"a": 1}}),
    ]
    .into_iter()
    .enumerate()
    {
        let answer =
            app.post("/sign-up/email", &body(&format!("user{number}@example.com"), extra.clone())).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (422, r#"{"message":"Failed to create user","code":"FAILED_TO_CREATE_USER"}"#),
            "{extra}"
        );
        let answer = app.post("/sign-up/email", &body("ann@example.com", extra.clone())).await;
        assert_eq!(answer.code(), "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", "{extra}");
    }
    assert_eq!(app.count("user").await, 1);
    let first = app.post("/sign-up/email", &body("bob@example.com", json!({"nickName": "b"}))).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let second = app.post("/sign-up/email", &body("eve@example.com", json!({"nickName": "b"}))).await;
    assert_eq!((second.status, second.code()), (422, "FAILED_TO_CREATE_USER".to_owned()));
}

#[actix_web::test]
async fn a_required_field_has_to_be_there() {
    let fields = "[user.additional_fields.team]\ntype = \"string\"";
    let app = TestApp::with_file(fields, &[("AUTH__RATE_LIMIT__ENABLED", "false")]).await;
    let missing = (400, r#"{"message":"team is required","code":"MISSING_FIELD"}"#.to_owned());
    for route in ["/sign-up/email", "/register"] {
        let answer = app.post(route, &body("ann@example.com", json!({}))).await;
        assert_eq!((answer.status, answer.body), missing);
    }
    let answer = app.post("/sign-up/email", &body("ann@example.com", json!({"team": null}))).await;
    assert_eq!(answer.code(), "FAILED_TO_CREATE_USER");
    let short = json!({"name": "", "email": "ann@example.com", "password": "short"});
    assert_eq!(app.post("/sign-up/email", &short).await.code(), "PASSWORD_TOO_SHORT", "lengths come first");
    let form = [("email", "ann@example.com"), ("password", PASSWORD), ("name", ""), ("team", "a")];
    assert_eq!(app.post_form("/sign-up/email", &form).await.json()["user"]["team"], "a");
}

#[actix_web::test]
async fn update_session_sets_fields_of_the_callers_session() {
    let app = TestApp::with_file(FIELDS, &[("AUTH__RATE_LIMIT__ENABLED", "false")]).await;
    let registered = app.register("ann@example.com").await;
    let (cookie, token) = (registered.session_cookie(), registered.session_token());
    app.login("ann@example.com").await;
    let update = async |body: Value| {
        let request = app.request("POST", "/update-session").header("cookie", &cookie);
        app.send(request.header("origin", &app.origin).json(&body)).await
    };
    let answer =
        update(json!({"device": "phone", "hits": "7", "trace": "t", "token": "x", "userId": "y"})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.starts_with(r#"{"session":{"expiresAt":""#), "{}", answer.body);
    assert!(answer.body.contains(r#""device":"phone","hits":7,"locked":null,"id":""#), "{}", answer.body);
    let session = &answer.json()["session"];
    assert_eq!(
        (&session["token"], &session["expiresAt"]),
        (&json!(token), &registered.json()["session"]["expiresAt"])
    );
    let [line] = answer.set_cookies()[..] else { panic!("{:?}", answer.set_cookies()) };
    assert!(line.contains("session_token=") && line.contains("Max-Age=604800"), "{line}");
    assert_eq!(app.sql("select string_agg(coalesce(device, '-') || hits || coalesce(trace, '-'), ' ' order by hits) from session").await, "-0- phone7t");

    assert_eq!(update(json!({"device": null})).await.json()["session"]["device"], json!(null));
    for (body, expected) in [
        (json!({}), r#"{"message":"No fields to update"}"#),
        (json!({"locked": ""}), r#"{"message":"No fields to update"}"#),
        (
            json!({"locked": "x", "hits": 1}),
            r#"{"message":"locked is not allowed to be set","code":"FIELD_NOT_ALLOWED"}"#,
        ),
        (
            json!({"hits": "x"}),
            r#"{"message":"[body.hits] Invalid input: expected number","code":"VALIDATION_ERROR"}"#,
        ),
        (
            json!({"hits": null}),
            r#"{"message":"[body.hits] Invalid input: expected number","code":"VALIDATION_ERROR"}"#,
        ),
        (
            json!({"device": "a\u{0}"}),
            r#"{"message":"[body] Invalid input: a value cannot be stored","code":"VALIDATION_ERROR"}"#,
        ),
        (
            json!([]),
            r#"{"message":"[body] Invalid input: expected record, received array","code":"VALIDATION_ERROR"}"#,
        ),
    ] {
        let answer = update(body.clone()).await;
        assert_eq!((answer.status, answer.body.as_str()), (400, expected), "{body}");
    }
    assert_eq!(app.sql("select max(hits) from session").await, "7");
    let bearer = app.request("POST", "/update-session").bearer_auth(registered.access_token());
    let answer = app.send(bearer.json(&json!({"hits": 8}))).await;
    assert_eq!((answer.status, answer.set_cookies().len()), (200, 0), "a token's caller keeps no cookies");
}

#[actix_web::test]
async fn r_092_missing_columns_are_not_ready() {
    let app = TestApp::start().await;
    let declaring = TestApp::sharing(&app, &[SettingsFile::new(FIELDS).variable()]).await;
    let ready = async || {
        let answer = declaring.get_at_root("/readyz").await;
        (answer.status, answer.body)
    };
    assert_eq!(ready().await.0, 200);
    app.execute("alter table \"user\" drop column nick_name").await;
    let (status, said) = ready().await;
    assert_eq!(status, 503);
    assert!(said.contains("migrations"), "{said}");
}

#[actix_web::test]
async fn r_076_name_and_image_have_a_bound_that_nobody_honest_meets() {
    let limits = [("AUTH__SERVER__BODY_LIMIT", "300000"), ("AUTH__RATE_LIMIT__ENABLED", "false")];
    let app = TestApp::with_file(FIELDS, &limits).await;
    let refused = |field: &str, max: usize| {
        format!(
            r#"{{"message":"[body.{field}] Too big: expected string to have <={max} characters","code":"VALIDATION_ERROR"}}"#
        )
    };
    for route in ["/sign-up/email", "/register"] {
        let long = body("ann@example.com", json!({"name": "ü".repeat(513)}));
        let answer = app.post(route, &long).await;
        assert_eq!((answer.status, answer.body), (400, refused("name", 512)));
        let long = body("ann@example.com", json!({"image": "x".repeat(65_537)}));
        let answer = app.post(route, &long).await;
        assert_eq!((answer.status, answer.body), (400, refused("image", 65_536)));
    }
    let long = body("ann@example.com", json!({"plan": "x".repeat(65_537)}));
    assert_eq!(app.post("/sign-up/email", &long).await.code(), "FAILED_TO_CREATE_USER");
    let long = body("ann@example.com", json!({"name": "\u{1}".repeat(512), "image": "x".repeat(65_536)}));
    let answer = app.post("/register", &long).await;
    assert_eq!(answer.status, 201);
    let token = answer.access_token();
    let read = app.get_as(&CredentialHeader::bearer(&token), "/user").await;
    assert_eq!(read.status, 200, "the longest name leaves room in a token: {} bytes", token.len());
}

#[actix_web::test]
async fn r_035_a_sign_in_over_the_bound_ends_the_oldest_session() {
    let limits = [("AUTH__SESSION__MAX_PER_USER", "2"), ("AUTH__RATE_LIMIT__ENABLED", "false")];
    let (app, ann) = TestApp::signed_in(&limits).await;
    let first = ann.session_cookie();
    let mut cookies = vec![first];
    for route in ["/login", "/sign-in/email"] {
        let answer = app.post(route, &email_and_password("ann@example.com")).await;
        cookies.push(answer.session_cookie());
    }
    for (cookie, status) in cookies.iter().zip([401, 200, 200]) {
        assert_eq!(app.get("/user", &[("cookie", cookie)]).await.status, status);
    }
    assert_eq!(app.count("session").await, 2);
}
