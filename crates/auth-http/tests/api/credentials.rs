//! The table "When credentials are missing or bad" of the token API, and the three forms of credentials.

use auth_core::testing::credential_order::{Counts, OrderCase, ShownCredentials};
use test_support::{CredentialHeader, TestApp};
use time::Duration;

#[actix_web::test]
async fn every_form_of_credential_reads_the_same_session() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    let cookie = registered.session_cookie();
    let signed = cookie.split_once('=').unwrap().1.to_owned();
    let decoded = signed.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let bearers = [registered.access_token(), registered.session_token(), signed, decoded]
        .map(CredentialHeader::bearer);
    for bearer in &bearers {
        let answer = app.get_as(bearer, "/get-session").await;
        assert_eq!(answer.json()["session"], registered.json()["session"], "{bearer:?}");
        assert_eq!(app.get_as(bearer, "/user").await.json(), registered.json()["user"]);
    }
    let answer = app.get_as(&registered.cookie(), "/get-session").await;
    assert_eq!(answer.json()["session"], registered.json()["session"]);
}

#[actix_web::test]
async fn r_017_a_bad_bearer_token_is_refused_and_never_ignored_for_a_cookie() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    let cookie = registered.cookie();
    let forged = format!("{}x", registered.access_token());
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.".to_owned();
    let wrong_mac = format!("{}.{}=", registered.session_token(), "A".repeat(43));
    let bad = ["Bearer", "Bearer ", "bearer a b", "Bearer a.b.c", "Bearer unknowntoken", "BEARER a.b.c.d.e"]
        .map(str::to_owned)
        .into_iter()
        .chain([forged, unsigned, wrong_mac].map(|token| format!("Bearer {token}")));
    for header in bad {
        for (method, path) in [("GET", "/user"), ("GET", "/get-session"), ("POST", "/logout")] {
            let request = app.request_as(&cookie, method, path).header("authorization", &header);
            let answer = app.send(request).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "INVALID_TOKEN"), "{path} {header}");
            assert_eq!(answer.header("www-authenticate"), r#"Bearer error="invalid_token""#);
        }
    }
    let bearer = registered.access_bearer();
    let doubled = app.request_as(&bearer, "GET", "/user").header("authorization", bearer.value());
    assert_eq!(app.send(doubled).await.status, 401);
    let elsewhere = app.get("/user", &[("authorization", "Basic YTpi"), cookie.as_pair()]).await;
    assert_eq!(elsewhere.status, 200, "another scheme is somebody else's business");
}

#[actix_web::test]
async fn r_017_the_order_of_credentials_is_that_of_the_check_for_services() {
    let app = TestApp::start().await;
    let late = app.register("ann@example.com").await;
    app.clock.advance(Duration::hours(2));
    let ann = app.login("ann@example.com").await;
    let (bob, carl) = (app.register("bob@example.com").await, app.register("carl@example.com").await);
    let shown = ShownCredentials {
        access_token: ann.access_token(),
        expired_access_token: late.access_token(),
        session_token: bob.session_token(),
        signed_session_token: bob.session_cookie().split_once('=').unwrap().1.to_owned(),
        cookie: carl.session_cookie(),
    };
    for case in OrderCase::all() {
        let mut request = app.request("GET", "/user");
        for line in case.authorization(&shown) {
            request = request.header("authorization", line);
        }
        if let Some(line) = case.cookie(&shown) {
            request = request.header("cookie", line);
        }
        let answer = app.send(request).await;
        let user = match case.counts {
            Counts::AccessToken => &ann,
            Counts::SessionToken => &bob,
            Counts::Cookie => &carl,
            Counts::Refused(code) => {
                assert_eq!((answer.status, answer.code().as_str()), (401, code.code()), "{}", case.name);
                continue;
            }
        };
        assert_eq!((answer.status, answer.json()), (200, user.json()["user"].clone()), "{}", case.name);
    }
}

#[actix_web::test]
async fn without_credentials_user_and_logout_are_401() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    app.execute("delete from session").await;
    let cookies = [
        None,
        Some("better-auth.session_token=forged.sig"),
        Some(registered.session_cookie().leak() as &str),
    ];
    for cookie in cookies {
        for (method, path) in [("GET", "/user"), ("POST", "/logout")] {
            let mut request = app.request(method, path).header("origin", &app.origin);
            if let Some(cookie) = cookie {
                request = request.header("cookie", cookie);
            }
            let answer = app.send(request).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHORIZED"), "{path} {cookie:?}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            // Only a cookie of ours is taken away.
            let is_ours = cookie.is_some_and(|cookie| !cookie.contains("forged"));
            assert_eq!(answer.set_cookies().len(), if is_ours { 3 } else { 0 }, "{path} {cookie:?}");
        }
    }
}

#[actix_web::test]
async fn r_002_no_kind_of_signed_text_passes_for_another_over_http() {
    let (app, registered) = TestApp::signed_in(&[]).await;
    let user = registered.json()["user"].clone();
    let exp = app.now_seconds() + 600;
    let header = serde_json::json!({"alg": "HS256"});
    let email_token = app.sign_jwt(
        &header,
        &serde_json::json!({"email": "ann@example.com", "userId": user["id"], "iat": exp - 900, "exp": exp}),
    );
    let change_token = app.sign_jwt(&header, &serde_json::json!({"email": "ann@example.com", "updateTo": "b@example.com", "requestType": "change-email-verification", "sub": user["id"], "exp": exp}));
    let cache_jwt = app.sign_jwt(&header, &serde_json::json!({"session": registered.json()["session"], "user": user, "updatedAt": 1, "version": "1", "sub": user["id"], "iat": exp - 900, "exp": exp}));
    let signed_true = registered_true(&app);
    let others = [email_token, change_token, cache_jwt, signed_true];
    for foreign in ["false", "true"] {
        let app = TestApp::sharing(&app, &[("AUTH__ACCESS_TOKEN__ACCEPT_FOREIGN", foreign)]).await;
        for token in &others {
            let answer = app.get_as(&CredentialHeader::bearer(token), "/user").await;
            assert_eq!(answer.status, 401, "{token} as bearer");
            let cookie = format!("better-auth.session_token={token}");
            assert_eq!(
                app.get("/get-session", &[("cookie", &cookie)]).await.body,
                "null",
                "{token} as cookie"
            );
        }
    }
    let access_as_cookie = format!("better-auth.session_token={}", registered.access_token());
    assert_eq!(app.get("/get-session", &[("cookie", &access_as_cookie)]).await.body, "null");
}

fn registered_true(app: &TestApp) -> String {
    auth_core::signed_value::sign_true(&app.secret)
}
