//! Passwords tried in vain at one account, from many addresses (R-86, R-88).

use serde_json::{Value, json};
use test_support::{Answer, PASSWORD, TestApp};
use time::Duration;

const PROXIED: (&str, &str) = ("AUTH__PROXIES__TRUSTED", "127.0.0.1");
const EMAIL: &str = "ann@example.com";
const HOME: &str = "203.0.113.9";

async fn try_at(app: &TestApp, address: &str, path: &str, body: Value) -> Answer {
    app.send(app.request("POST", path).header("x-forwarded-for", address).json(&body)).await
}

async fn wrong(app: &TestApp, address: &str, email: &str) -> Answer {
    try_at(app, address, "/sign-in/email", json!({"email": email, "password": "wrong horse"})).await
}

#[actix_web::test]
async fn r_086_tries_from_many_addresses_are_delayed_but_not_the_owners() {
    let app = TestApp::with(&[PROXIED]).await;
    app.register(EMAIL).await;
    let right = json!({"email": EMAIL, "password": PASSWORD});
    let signed_in = try_at(&app, HOME, "/sign-in/email", right.clone()).await;
    assert_eq!(signed_in.status, 200);
    let cookie = signed_in.session_cookie();

    // All routes that test a password count together.
    for number in 0..34 {
        let address = format!("198.51.100.{number}");
        let body = json!({"email": "ANN@example.com", "password": "wrong horse"});
        assert_eq!(try_at(&app, &address, "/sign-in/email", body.clone()).await.status, 401);
        assert_eq!(try_at(&app, &address, "/login", body).await.status, 401);
        if number < 32 {
            let change = app
                .request("POST", "/change-password")
                .header("x-forwarded-for", format!("192.0.2.{number}"))
                .header("cookie", &cookie)
                .header("origin", &app.origin);
            let body = json!({"currentPassword": "wrong horse", "newPassword": "long enough"});
            assert_eq!(app.send(change.json(&body)).await.code(), "INVALID_PASSWORD");
        }
    }
    // Moved on a little, so that the two tries below stand in one second of the server's clock.
    assert_eq!(wrong(&app, "198.51.100.100", EMAIL).await.status, 401, "the first that takes its turn");
    let delayed = wrong(&app, "198.51.100.101", EMAIL).await;
    assert_eq!((delayed.status, delayed.header("x-retry-after")), (429, "1"));
    assert_eq!(delayed.body, r#"{"message":"Too many requests. Please try again later."}"#);
    let burned = wrong(&app, "198.51.100.1", EMAIL).await;
    assert_eq!(burned.status, 429);
    assert!(burned.header("x-retry-after").parse::<u32>().unwrap() > 30);

    assert_eq!(try_at(&app, HOME, "/login", right.clone()).await.status, 200, "the owner at home");
    app.clock.advance(Duration::seconds(1));
    assert_eq!(try_at(&app, "198.51.100.200", "/login", right).await.status, 200, "and elsewhere");
}

#[actix_web::test]
async fn r_086_an_owner_is_known_where_they_signed_up() {
    let app = TestApp::with(&[PROXIED]).await;
    let right = json!({"email": EMAIL, "password": PASSWORD, "name": ""});
    assert_eq!(try_at(&app, HOME, "/sign-up/email", right.clone()).await.status, 200);
    for number in 0..101 {
        assert_eq!(wrong(&app, &format!("198.51.100.{number}"), EMAIL).await.status, 401);
    }
    for _ in 0..2 {
        assert_eq!(try_at(&app, HOME, "/sign-in/email", right.clone()).await.status, 200);
    }
}

#[actix_web::test]
async fn r_086_an_account_that_does_not_exist_is_guarded_alike() {
    let app = TestApp::with(&[PROXIED]).await;
    let mut statuses = Vec::new();
    for number in 0..102 {
        statuses.push(wrong(&app, &format!("198.51.100.{number}"), "nobody@example.com").await.status);
    }
    assert_eq!(statuses[..101], [401; 101]);
    assert_eq!(statuses[101], 429);
    assert_eq!(wrong(&app, "198.51.100.1", "somebody@example.com").await.status, 401);
}

#[actix_web::test]
async fn r_086_tries_that_test_nothing_do_not_count() {
    let app = TestApp::with(&[PROXIED]).await;
    for _ in 0..110 {
        let too_long = json!({"email": EMAIL, "password": "x".repeat(129)});
        assert_eq!(try_at(&app, HOME, "/sign-in/email", too_long).await.code(), "PASSWORD_TOO_LONG");
    }
    assert_eq!(wrong(&app, "198.51.100.1", EMAIL).await.status, 401);
    assert_eq!(wrong(&app, "198.51.100.2", EMAIL).await.status, 401);
}
