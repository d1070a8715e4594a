//! What must not come out, and what old secrets still open.

use test_support::{TestApp, email_and_password};

#[actix_web::test]
async fn r_113_a_failure_inside_shows_nothing_of_itself() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    let cookie = registered.cookie();
    app.execute("alter table session rename column token to token_elsewhere; alter table account rename to account_elsewhere").await;
    let login = app.post("/login", &email_and_password("ann@example.com")).await;
    let register = app.post("/register", &email_and_password("bob@example.com")).await;
    let session = app.get_as(&cookie, "/get-session").await;
    let user = app.get_as(&cookie, "/user").await;
    for answer in [login, register, session, user] {
        assert_eq!((answer.status, answer.body.as_str()), (500, ""), "nothing of itself");
        assert!(answer.set_cookies().is_empty());
        assert!(answer.headers.get("content-type").is_none());
    }
}

#[actix_web::test]
async fn r_111_rotation_signs_browsers_out_and_the_old_secret_signs_nobody_in() {
    const NEW: &str = "rotated-secret-of-this-test-Zk3vQ9xT7mB2nR5c";
    let before = TestApp::start().await;
    let old = before.register("ann@example.com").await;
    let old_token = old.access_token();
    let secrets = format!("2:{NEW},1:{}", test_support::SECRET);
    // BETTER_AUTH_SECRET stands beside them still, as the secret of the time before.
    let after = TestApp::sharing(&before, &[("BETTER_AUTH_SECRETS", &secrets)]).await;
    for credentials in [("cookie", old.cookie_header()), ("authorization", format!("Bearer {old_token}"))] {
        let answer = after.get("/get-session", &[(credentials.0, &credentials.1)]).await;
        assert!(!answer.body.contains("ann@example.com"), "{}: {}", credentials.0, answer.body);
    }
    let login = after.login("ann@example.com").await;
    let cookie = login.all_cookies();
    assert!(after.get_as(&cookie, "/get-session").await.body.contains("ann@example.com"));
    // Where versions are not set yet, nobody knows the new one.
    assert_eq!(before.get_as(&cookie, "/get-session").await.body, "null");
    // A server that has the new secret alone reads what the new version signed.
    let single = TestApp::sharing(&before, &[("BETTER_AUTH_SECRET", NEW)]).await;
    assert!(single.get_as(&cookie, "/get-session").await.body.contains("ann@example.com"));
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
    let rotated = format!("2:{NEW},1:{}", test_support::SECRET);
    let retired = format!("2:{NEW}");
    for (secrets, single, expected) in [
        (rotated.as_str(), "", true),
        // As the secret of the time before versions.
        (retired.as_str(), test_support::SECRET, true),
        (retired.as_str(), "", false),
    ] {
        let variables =
            [jwe[0], jwe[1], jwe[2], ("BETTER_AUTH_SECRETS", secrets), ("BETTER_AUTH_SECRET", single)];
        let after = TestApp::sharing(&before, &variables).await;
        let answer = after.get("/get-session", &[("cookie", &header)]).await;
        assert_eq!(answer.body.contains("ann@example.com"), expected, "{secrets}: {}", answer.body);
    }
}
