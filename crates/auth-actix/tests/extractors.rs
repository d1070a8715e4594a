//! The extractors, in an app of actix-web.

#![allow(clippy::unwrap_used, reason = "tests")]

use actix_web::dev::ServiceResponse;
use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HeaderMap};
use actix_web::middleware::DefaultHeaders;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, web};
use auth_actix::{Authentication, OptionalPrincipal, Principal, RequireFresh, RequireRole, Role};
use auth_core::Authenticator;
use auth_core::testing::cases::{Case, Guard, NOW};
use auth_core::testing::{TestCredential, TestIssuer};

struct Admin;

impl Role for Admin {
    const NAME: &'static str = "admin";
}

async fn who(caller: Principal) -> String {
    caller.email().unwrap_or_default().to_owned()
}

async fn maybe(OptionalPrincipal(caller): OptionalPrincipal) -> String {
    caller.and_then(|caller| caller.email().map(str::to_owned)).unwrap_or_else(|| "anonymous".to_owned())
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
        .route(Guard::Principal.path(), web::get().to(who))
        .route(Guard::Optional.path(), web::get().to(maybe))
        .route(Guard::Fresh.path(), web::get().to(fresh))
        .route(Guard::Admin.path(), web::get().to(admin));
    let app = init_service(app).await;
    let mut request = TestRequest::get().uri(path);
    if let Some(credential) = credential {
        request = request.insert_header(credential.header());
    }
    let response: ServiceResponse = call_service(&app, request.to_request()).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, String::from_utf8(read_body(response).await.to_vec()).unwrap())
}

fn authentication(case: &Case) -> Authentication {
    Authentication::new(case.authenticator()).with_clock(|| NOW)
}

/// Sends the requests of the cases and compares the answers.
async fn check(cases: Vec<Case>) {
    for case in cases {
        let (status, headers, body) =
            ask(Some(authentication(&case)), case.guard.path(), case.credential.as_ref()).await;
        let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        case.assert_answer(status, &body, header);
        let seen_by_middleware = header("access-control-allow-origin");
        assert_eq!(seen_by_middleware.as_deref(), Some("https://app.example.com"), "{}", case.name);
    }
}

#[actix_web::test]
async fn every_form_of_credential_is_a_principal() {
    check(Case::forms_of_credentials()).await;
}

#[actix_web::test]
async fn a_refusal_is_an_answer_of_better_auths_shape_that_middleware_sees() {
    check(Case::refusals()).await;
}

#[actix_web::test]
async fn an_optional_principal_is_nobody_for_dead_cookies_and_never_for_bad_bearers() {
    check(Case::optional_principals()).await;
}

#[actix_web::test]
async fn r_093_an_outage_is_503_for_everybody_who_has_to_be_looked_up() {
    check(Case::outages()).await;
}

#[actix_web::test]
async fn r_030_a_fresh_session_is_asked_for_by_its_sign_in() {
    check(Case::fresh_sessions()).await;
}

#[actix_web::test]
async fn a_role_is_asked_for_by_its_name() {
    check(Case::roles()).await;
}

#[actix_web::test]
async fn an_app_refuses_in_words_of_its_own() {
    let authenticator = Authenticator::new(TestIssuer::new().verifier());
    let own = Authentication::new(authenticator).on_refusal(|refusal| {
        HttpResponse::build(refusal.status().try_into().unwrap())
            .body(format!("no: {}", refusal.code().code()))
    });
    let (status, headers, body) = ask(Some(own), Guard::Principal.path(), None).await;
    assert_eq!((status, body.as_str()), (401, "no: UNAUTHORIZED"));
    assert!(headers.contains_key("access-control-allow-origin"));
}

#[actix_web::test]
async fn an_app_without_authentication_lets_nobody_in() {
    let ann = TestIssuer::new().user("ann@example.com").access_token(NOW);
    for path in Guard::ALL.map(Guard::path) {
        assert_eq!(ask(None, path, Some(&ann)).await.0, 500, "{path}");
    }
}
