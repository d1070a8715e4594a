//! What must not come out, and what old secrets still open.

use serde_json::json;

use crate::app::{PASSWORD, TestApp};

#[actix_web::test]
async fn r_113_a_failure_inside_shows_nothing_of_itself() {
    let app = TestApp::start().await;
    let registered = app.register("ann@example.com").await;
    let cookie = registered.session_cookie();
    app.execute("alter table session rename column token to token_elsewhere; alter table account rename to account_elsewhere").await;
    let login = app.post("/login", &json!({"email": "ann@example.com", "password": PASSWORD})).await;
    let register = app.post("/register", &json!({"email": "bob@example.com", "password": PASSWORD})).await;
    let session = app.get("/get-session", &[("cookie", &cookie)]).await;
    let user = app.get("/user", &[("cookie", &cookie)]).await;
    for answer in [login, register, session, user] {
        assert_eq!((answer.status, answer.body.as_str()), (500, ""), "nothing of itself");
        assert!(answer.set_cookies().is_empty());
        assert!(answer.headers.get("content-type").is_none());
    }
    app.stop().await;
}

#[actix_web::test]
async fn r_111_rotation_signs_browsers_out_and_the_old_secret_signs_nobody_in() {
    const NEW: &str = "rotated-secret-of-this-test-Zk3vQ9xT7mB2nR5c";
    let before = TestApp::start().await;
    let old = before.register("ann@example.com").await;
    let old_token = old.access_token();
    let secrets = format!("2:{NEW},1:{}", crate::app::SECRET);
    // BETTER_AUTH_SECRET stands beside them still, as the secret of the time before.
    let after = TestApp::sharing(&before, &[("BETTER_AUTH_SECRETS", &secrets)]).await;
    for credentials in [("cookie", old.cookie_header()), ("authorization", format!("Bearer {old_token}"))] {
        let answer = after.get("/get-session", &[(credentials.0, &credentials.1)]).await;
        assert!(!answer.body.contains("ann@example.com"), "{}: {}", credentials.0, answer.body);
    }
    let login = after.post("/login", &json!({"email": "ann@example.com", "password": PASSWORD})).await;
    let cookie = login.cookie_header();
    assert!(after.get("/get-session", &[("cookie", &cookie)]).await.body.contains("ann@example.com"));
    // Where versions are not set yet, nobody knows the new one.
    assert_eq!(before.get("/get-session", &[("cookie", &cookie)]).await.body, "null");
    // A server that has the new secret alone reads what the new version signed.
    let single = TestApp::sharing(&before, &[("BETTER_AUTH_SECRET", NEW)]).await;
    assert!(single.get("/get-session", &[("cookie", &cookie)]).await.body.contains("ann@example.com"));
    single.stop().await;
    after.stop().await;
    before.stop().await;
}

#[actix_web::test]
async fn r_111_an_encrypted_cache_survives_rotation_where_its_session_cookie_was_renewed() {
    const NEW: &str = "rotated-secret-of-this-test-Zk3vQ9xT7mB2nR5c";
    let jwe = [
        ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
        ("AUTH__SESSION__COOKIE_CACHE__STRATEGY", "jwe"),
        ("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false"),
    ];
    let before = TestApp::with(&jwe).await;
    let old = before.register("ann@example.com").await;
    let cache = old.set_cookies().into_iter().find(|line| line.contains(".session_data=")).unwrap();
    let cache = cache.split(';').next().unwrap().to_owned();
    let new_secret = auth_core::SigningSecret::parse(NEW).unwrap();
    let token = auth_core::SessionToken::parse(&old.session_token()).unwrap();
    let signed = auth_core::signed_value::sign_session_token(&token, &new_secret).unwrap();
    let signed = auth_core::encode_uri_component(&signed);
    // The row goes, so that only the cache can answer.
    before.execute("delete from session").await;
    let header = format!("better-auth.session_token={signed}; {cache}");
    let rotated = format!("2:{NEW},1:{}", crate::app::SECRET);
    let retired = format!("2:{NEW}");
    for (secrets, single, expected) in [
        (rotated.as_str(), "", true),
        // As the secret of the time before versions.
        (retired.as_str(), crate::app::SECRET, true),
        (retired.as_str(), "", false),
    ] {
        let variables =
            [jwe[0], jwe[1], jwe[2], ("BETTER_AUTH_SECRETS", secrets), ("BETTER_AUTH_SECRET", single)];
        let after = TestApp::sharing(&before, &variables).await;
        let answer = after.get("/get-session", &[("cookie", &header)]).await;
        assert_eq!(answer.body.contains("ann@example.com"), expected, "{secrets}: {}", answer.body);
        after.stop().await;
    }
    before.stop().await;
}
