//! `POST /sign-in/email` and `POST /login`.

use futures_util::FutureExt;
use futures_util::future::select_all;
use serde_json::{Value, json};
use test_support::{PASSWORD, SHIPPED_HASHES, TestApp, email_and_password};

#[actix_web::test]
async fn login_takes_json_and_a_form_in_which_username_may_stand_for_email() {
    let (app, _) = TestApp::signed_in(&[]).await;
    let json = app.login("ann@example.com").await;
    assert_eq!(json.status, 200);
    for field in ["email", "username"] {
        let form = app.post_form("/login", &[(field, "Ann@Example.com"), ("password", PASSWORD)]).await;
        assert_eq!(form.status, 200, "{field}");
        assert_eq!(form.json()["user"]["email"], "ann@example.com");
    }
    let username_in_json =
        app.post("/login", &json!({"username": "ann@example.com", "password": PASSWORD})).await;
    assert_eq!(username_in_json.code(), "VALIDATION_ERROR");
}

#[actix_web::test]
async fn sign_in_with_a_callback_says_where_to_go() {
    let (app, _) = TestApp::signed_in(&[]).await;
    let input = json!({"email": "ann@example.com", "password": PASSWORD, "callbackURL": "/dash"});
    let answer = app.post("/sign-in/email", &input).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("location"), "/dash");
    assert_eq!((&answer.json()["redirect"], &answer.json()["url"]), (&json!(true), &json!("/dash")));

    let input = json!({"email": "ann@example.com", "password": PASSWORD, "callbackURL": "https://evil.com"});
    assert_eq!(app.post("/sign-in/email", &input).await.code(), "INVALID_CALLBACK_URL");
    let input = json!({"email": "ann@example.com", "password": PASSWORD, "callbackURL": ["/"]});
    assert_eq!(
        app.post("/sign-in/email", &input).await.body,
        r#"{"message":"Invalid callbackURL: expected a string"}"#
    );
}

#[actix_web::test]
async fn a_user_who_asks_to_be_forgotten_gets_a_short_session_and_no_lasting_cookie() {
    let (app, _) = TestApp::signed_in(&[]).await;
    let input = json!({"email": "ann@example.com", "password": PASSWORD, "rememberMe": false});
    let answer = app.post("/login", &input).await;
    let cookies = answer.set_cookies();
    assert_eq!(cookies.len(), 2);
    assert!(cookies.iter().all(|line| !line.contains("Max-Age")), "{cookies:?}");
    assert!(cookies[1].starts_with("better-auth.dont_remember=true."));
    let life = app.sql("select round(extract(epoch from \"expiresAt\" - \"createdAt\"))::text from session order by \"createdAt\" desc limit 1").await;
    assert_eq!(life, "86400");
}

#[actix_web::test]
async fn hashes_of_node_and_of_python_sign_in_and_are_moved_when_asked() {
    // Published vectors: Better Auth's scrypt of `password1`; bcrypt of `password1`, made by Python's bcrypt 5.
    let scrypt = "860f642437cab0a49e1e7d5af2dfcc76:3ce0c71aac6ad30fa43c36b17d3dc6d6c5ff48b1cb1779cf3625fd9598e886b259b0ea2abd33f5b0597da30ffabf3e72665671ee200ba4020b9d0cb0cd9c769b";
    let bcrypt = "$2b$10$Qb5e0awfOXN3fl7LMF5VtO84DPY9XryvOIJpBgHmuiiiOZwS.znee";
    for rehash in ["false", "true"] {
        let rehashing = ("AUTH__PASSWORD__REHASH_ON_SIGN_IN", rehash);
        let app = TestApp::with(&[&SHIPPED_HASHES[..], &[rehashing]].concat()).await;
        for (email, stored) in [("node@example.com", scrypt), ("python@example.com", bcrypt)] {
            app.register(email).await;
            app.set_hash(email, stored).await;
            let wrong = app.post("/login", &json!({"email": email, "password": "password2"})).await;
            assert_eq!(wrong.status, 401);
            let right = app.post("/login", &json!({"email": email, "password": "password1"})).await;
            assert_eq!(right.status, 200, "{email}");
            let now_stored = app.stored_hash(email).await;
            assert_eq!(now_stored == stored, rehash == "false", "{email} {rehash}");
            assert_eq!(now_stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), rehash == "true");
            assert_eq!(
                app.post("/login", &json!({"email": email, "password": "password1"})).await.status,
                200
            );
        }
    }
}

#[actix_web::test]
async fn r_039_a_malformed_stored_hash_is_a_failed_sign_in() {
    let (app, _) = TestApp::signed_in(&[]).await;
    for hash in [
        "",
        ":",
        "abc",
        "$argon2id$",
        "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
        "$2b$99$x",
        "a:b",
    ] {
        app.set_hash("ann@example.com", hash).await;
        let answer = app.post("/login", &email_and_password("ann@example.com")).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "INVALID_EMAIL_OR_PASSWORD"), "{hash:?}");
    }
}

#[actix_web::test]
async fn the_reference_format_is_written_when_asked() {
    let (app, _) = TestApp::signed_in(&[("AUTH__PASSWORD__HASHER", "scrypt")]).await;
    let stored = app.stored_hash("ann@example.com").await;
    let (salt, key) = stored.split_once(':').unwrap();
    assert_eq!((salt.len(), key.len()), (32, 128));
    assert_eq!(app.login("ann@example.com").await.status, 200);
}

#[actix_web::test]
async fn r_076_the_stored_session_says_where_it_came_from_and_no_more() {
    let (app, _) = TestApp::signed_in(&[]).await;
    let request = app.request("POST", "/login").header("user-agent", "x".repeat(16 * 1024 - 1024));
    let answer = app.send(request.json(&email_and_password("ann@example.com"))).await;
    assert_eq!(answer.json()["session"]["ipAddress"], "127.0.0.1");
    assert_eq!(answer.json()["session"]["userAgent"].as_str().unwrap().len(), 1024);
    let nameless = app
        .send(
            app.request("POST", "/login")
                .header("user-agent", "")
                .json(&email_and_password("ann@example.com")),
        )
        .await;
    assert_eq!(nameless.json()["session"]["userAgent"], Value::String(String::new()));
    let bytes = reqwest::header::HeaderValue::from_bytes("\"q\" ä".as_bytes()).unwrap();
    let lettered = app.request("POST", "/login").header("user-agent", bytes);
    let lettered = app.send(lettered.json(&email_and_password("ann@example.com"))).await;
    assert_eq!(lettered.json()["session"]["userAgent"], "\"q\" Ã¤", "one letter per byte, as Node reads it");
}

#[actix_web::test]
async fn r_099_a_sign_in_that_is_refused_for_load_asks_no_database() {
    let settings = [
        ("AUTH__PASSWORD__PERMITS", "1"),
        ("AUTH__PASSWORD__QUEUE", "0"),
        // On a busy machine the hash, which has a low priority, takes longer than a handler may.
        ("AUTH__SERVER__HANDLER_TIMEOUT", "120s"),
    ];
    let (app, _) = TestApp::signed_in(&settings).await;
    // Costs seconds, while a refusal is held back for less than one.
    app.set_hash("ann@example.com", &format!("$2b$15${}", ".".repeat(53))).await;
    let wrong = json!({"email": "ann@example.com", "password": "wrong horse"});
    // On a machine that is busy otherwise the hash may be done before the others are refused: then once more.
    for _ in 0..10 {
        // One of two is hashed; the other is refused long before that is done.
        let tries = [0, 1].map(|_| app.post("/sign-in/email", &wrong).boxed_local());
        let (first, _, mut hashed) = select_all(tries).await;
        if first.status == 401 {
            hashed.remove(0).await;
            continue;
        }
        assert_eq!(first.status, 503);
        app.execute("alter table account rename to elsewhere").await;
        hashed.push(app.post("/sign-in/email", &wrong).boxed_local());
        let (refused, which, mut hashed) = select_all(hashed).await;
        if which == 0 {
            // Its hash would keep the permit.
            hashed.remove(0).await;
            app.execute("alter table elsewhere rename to account").await;
            continue;
        }
        assert_eq!((refused.status, refused.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
        assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
        assert_eq!(hashed.remove(0).await.status, 401);
        break;
    }
    assert_eq!(app.post("/sign-in/email", &wrong).await.status, 500, "one that is not refused asks");
}
