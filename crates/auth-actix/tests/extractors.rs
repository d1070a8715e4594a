//! The extractors, in an app of actix-web.

#![allow(clippy::unwrap_used, reason = "tests")]

use actix_web::dev::ServiceResponse;
use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HeaderMap, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, web};
use auth_actix::{Authentication, OptionalPrincipal, Principal, RequireFresh, RequireRole, Role};
use auth_core::Authenticator;
use auth_core::testing::{TestCredential, TestIssuer};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);

struct Admin;

impl Role for Admin {
    const NAME: &'static str = "admin";
}

async fn who(caller: Principal) -> String {
    caller.email().unwrap_or_default().to_owned()
}

async fn maybe(OptionalPrincipal(caller): OptionalPrincipal) -> String {
    caller.and_then(|caller| caller.email().map(str::to_owned)).unwrap_or_else(|| "nobody".to_owned())
}

async fn fresh(caller: RequireFresh) -> String {
    caller.user_id().to_string()
}

async fn admin(caller: RequireRole<Admin>) -> String {
    caller.user_id().to_string()
}

/// Sends one request and gives status, headers and body.
async fn ask(
    authentication: Option<Authentication>,
    path: &str,
    credential: Option<&TestCredential>,
) -> (u16, HeaderMap, String) {
    let mut app = App::new();
    if let Some(authentication) = authentication {
        app = app.app_data(authentication);
    }
    let app = app
        .wrap(DefaultHeaders::new().add((ACCESS_CONTROL_ALLOW_ORIGIN, "https://app.example.com")))
        .route("/who", web::get().to(who))
        .route("/maybe", web::get().to(maybe))
        .route("/fresh", web::get().to(fresh))
        .route("/admin", web::get().to(admin));
    let app = init_service(app).await;
    let mut request = TestRequest::get().uri(path);
    if let Some(credential) = credential {
        request = request.insert_header(credential.header());
    }
    let response: ServiceResponse = call_service(&app, request.to_request()).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, String::from_utf8(read_body(response).await.to_vec()).unwrap())
}

fn authentication(issuer: &TestIssuer) -> Authentication {
    let authenticator = Authenticator::new(issuer.verifier()).with_sessions(issuer.sessions());
    Authentication::new(authenticator).with_clock(|| NOW)
}

#[actix_web::test]
async fn every_form_of_credential_is_a_principal() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    for credential in
        [ann.access_token(NOW), ann.session_token(NOW), ann.session_cookie(NOW), ann.cached_cookie(NOW)]
    {
        let (status, _, body) = ask(Some(authentication(&issuer)), "/who", Some(&credential)).await;
        assert_eq!((status, body.as_str()), (200, "ann@example.com"), "{credential:?}");
    }
}

#[actix_web::test]
async fn a_refusal_is_an_answer_of_better_auths_shape_that_middleware_sees() {
    let issuer = TestIssuer::new();
    let (status, headers, body) = ask(Some(authentication(&issuer)), "/who", None).await;
    assert_eq!((status, body.as_str()), (401, r#"{"message":"Unauthorized","code":"UNAUTHORIZED"}"#));
    let header = |name| headers.get(name).map(HeaderValue::as_bytes);
    assert_eq!(header("content-type"), Some(&b"application/json"[..]));
    assert_eq!(header("www-authenticate"), Some(&b"Bearer"[..]));
    assert_eq!(header("cache-control"), Some(&b"no-store"[..]));
    assert_eq!(header("access-control-allow-origin"), Some(&b"https://app.example.com"[..]));

    let late = issuer.user("ann@example.com").access_token(NOW - Duration::hours(2));
    let (status, _, body) = ask(Some(authentication(&issuer)), "/who", Some(&late)).await;
    assert_eq!((status, body.as_str()), (401, r#"{"message":"Token expired","code":"TOKEN_EXPIRED"}"#));
}

#[actix_web::test]
async fn an_optional_principal_is_nobody_for_dead_cookies_and_never_for_bad_bearers() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    let (cookie, bearer) = (ann.session_cookie(NOW), ann.session_token(NOW));
    let ask = async |credential| {
        let (status, _, body) = ask(Some(authentication(&issuer)), "/maybe", credential).await;
        (status, body)
    };
    assert_eq!(ask(None).await, (200, "nobody".to_owned()));
    assert_eq!(ask(Some(&cookie)).await, (200, "ann@example.com".to_owned()));
    ann.sign_out();
    assert_eq!(ask(Some(&cookie)).await, (200, "nobody".to_owned()));
    assert_eq!(ask(Some(&bearer)).await.0, 401);
}

#[actix_web::test]
async fn r_093_an_outage_is_503_for_everybody_who_has_to_be_looked_up() {
    let issuer = TestIssuer::new();
    let cookie = issuer.user("ann@example.com").session_cookie(NOW);
    issuer.sessions().break_down();
    for path in ["/who", "/maybe", "/fresh", "/admin"] {
        let (status, _, body) = ask(Some(authentication(&issuer)), path, Some(&cookie)).await;
        let expected = r#"{"message":"Service unavailable","code":"SERVICE_UNAVAILABLE"}"#;
        assert_eq!((status, body.as_str()), (503, expected), "{path}");
    }
}

#[actix_web::test]
async fn r_030_a_fresh_session_is_asked_for_by_its_sign_in() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    let status = async |credential: &TestCredential| {
        ask(Some(authentication(&issuer)), "/fresh", Some(credential)).await.0
    };
    assert_eq!(status(&ann.session_cookie(NOW - Duration::hours(23))).await, 200);
    assert_eq!(status(&ann.session_cookie(NOW - Duration::hours(24))).await, 403);
    assert_eq!(status(&ann.access_token(NOW)).await, 200, "its session is looked up");
    let token = ann.access_token(NOW);
    ann.sign_out();
    assert_eq!(status(&token).await, 401);
}

#[actix_web::test]
async fn a_role_is_asked_for_by_its_name() {
    let issuer = TestIssuer::new();
    let status = async |credential: Option<&TestCredential>| {
        ask(Some(authentication(&issuer)), "/admin", credential).await.0
    };
    let admin = issuer.user("ann@example.com").with_role("editor,admin");
    assert_eq!(status(Some(&admin.session_cookie(NOW))).await, 200);
    assert_eq!(status(Some(&issuer.user("bob@example.com").session_cookie(NOW))).await, 403);
    assert_eq!(status(None).await, 401);
}

#[actix_web::test]
async fn an_app_refuses_in_words_of_its_own() {
    let issuer = TestIssuer::new();
    let own = authentication(&issuer).on_refusal(|refusal| {
        HttpResponse::build(refusal.status().try_into().unwrap())
            .body(format!("no: {}", refusal.code().code()))
    });
    let (status, headers, body) = ask(Some(own), "/who", None).await;
    assert_eq!((status, body.as_str()), (401, "no: UNAUTHORIZED"));
    assert!(headers.contains_key("access-control-allow-origin"));
}

#[actix_web::test]
async fn an_app_without_authentication_lets_nobody_in() {
    let ann = TestIssuer::new().user("ann@example.com").access_token(NOW);
    for path in ["/who", "/maybe", "/fresh", "/admin"] {
        assert_eq!(ask(None, path, Some(&ann)).await.0, 500, "{path}");
    }
}
