//! The extractors, in a router of axum.

#![allow(clippy::unwrap_used, reason = "tests")]

use auth_axum::{Authentication, OptionalPrincipal, Principal, RequireFresh, RequireRole, Role};
use auth_core::Authenticator;
use auth_core::testing::cases::{Case, Guard, NOW};
use auth_core::testing::{TestCredential, TestIssuer};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router, middleware};
use tower::ServiceExt;

/// The route whose principal is optional by being an `Option`.
const OPTION: &str = "/option";

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

async fn option(caller: Option<Principal>) -> String {
    maybe(OptionalPrincipal(caller.map(|Principal(caller)| caller))).await
}

async fn fresh(caller: RequireFresh) -> String {
    caller.user_id().to_string()
}

async fn admin(caller: RequireRole<Admin>) -> String {
    caller.user_id().to_string()
}

/// Stands for a CORS layer.
async fn allow_origin(mut response: Response) -> Response {
    let origin = HeaderValue::from_static("https://app.example.com");
    response.headers_mut().insert("access-control-allow-origin", origin);
    response
}

/// Sends one request and gives status, headers and body.
async fn ask(
    authentication: Option<Authentication>,
    path: &str,
    credential: Option<&TestCredential>,
) -> (u16, HeaderMap, String) {
    let mut app = Router::new()
        .route(Guard::Principal.path(), get(who))
        .route(Guard::Optional.path(), get(maybe))
        .route(OPTION, get(option))
        .route(Guard::Fresh.path(), get(fresh))
        .route(Guard::Admin.path(), get(admin))
        .layer(middleware::map_response(allow_origin));
    if let Some(authentication) = authentication {
        app = app.layer(Extension(authentication));
    }
    let mut request = Request::builder().uri(path);
    if let Some(credential) = credential {
        let (name, value) = credential.header();
        request = request.header(name, value);
    }
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    (status, headers, String::from_utf8(body.to_vec()).unwrap())
}

fn authentication(case: &Case) -> Authentication {
    Authentication::new(case.authenticator()).with_clock(|| NOW)
}

/// Routes of a guard.
fn paths(guard: Guard) -> Vec<&'static str> {
    if guard == Guard::Optional { vec![guard.path(), OPTION] } else { vec![guard.path()] }
}

/// Sends the requests of the cases and compares the answers.
async fn check(cases: Vec<Case>) {
    for case in cases {
        for path in paths(case.guard) {
            let (status, headers, body) =
                ask(Some(authentication(&case)), path, case.credential.as_ref()).await;
            let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
            case.assert_answer(status, &body, header);
            let seen_by_layers = header("access-control-allow-origin");
            assert_eq!(seen_by_layers.as_deref(), Some("https://app.example.com"), "{} at {path}", case.name);
        }
    }
}

#[tokio::test]
async fn every_form_of_credential_is_a_principal() {
    check(Case::forms_of_credentials()).await;
}

#[tokio::test]
async fn a_refusal_is_an_answer_of_better_auths_shape_that_layers_see() {
    check(Case::refusals()).await;
}

#[tokio::test]
async fn an_optional_principal_is_nobody_for_dead_cookies_and_never_for_bad_bearers() {
    check(Case::optional_principals()).await;
}

#[tokio::test]
async fn r_093_an_outage_is_503_for_everybody_who_has_to_be_looked_up() {
    check(Case::outages()).await;
}

#[tokio::test]
async fn r_030_a_fresh_session_is_asked_for_by_its_sign_in() {
    check(Case::fresh_sessions()).await;
}

#[tokio::test]
async fn a_role_is_asked_for_by_its_name() {
    check(Case::roles()).await;
}

#[tokio::test]
async fn an_app_refuses_in_words_of_its_own() {
    let authenticator = Authenticator::new(TestIssuer::new().verifier());
    let own = Authentication::new(authenticator).on_refusal(|refusal| {
        let status = axum::http::StatusCode::from_u16(refusal.status()).unwrap();
        (status, format!("no: {}", refusal.code().code())).into_response()
    });
    let (status, headers, body) = ask(Some(own), Guard::Principal.path(), None).await;
    assert_eq!((status, body.as_str()), (401, "no: UNAUTHORIZED"));
    assert!(headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn an_app_without_authentication_lets_nobody_in() {
    let ann = TestIssuer::new().user("ann@example.com").access_token(NOW);
    for path in Guard::ALL.into_iter().flat_map(paths) {
        assert_eq!(ask(None, path, Some(&ann)).await.0, 500, "{path}");
    }
}
