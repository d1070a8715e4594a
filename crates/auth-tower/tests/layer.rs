//! The layer, around a service that tells whom it sees.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;

use auth_core::testing::cases::{Case, Guard, NOW};
use auth_core::testing::{TestCredential, TestIssuer};
use auth_core::{Authenticator, Principal, Refusal};
use auth_tower::{Answer, AuthLayer, Authentication};
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};

fn layer(authenticator: Authenticator) -> AuthLayer {
    AuthLayer::new(Authentication::new(authenticator).with_clock(|| NOW))
}

async fn tell(request: Request<String>) -> Result<Response<String>, Infallible> {
    let caller = request.extensions().get::<Principal>().and_then(Principal::email);
    Ok(Response::new(caller.unwrap_or("anonymous").to_owned()))
}

async fn ask<A>(layer: &AuthLayer<A>, request: Request<String>) -> Response<String>
where
    A: Answer<String> + Send + Sync + 'static,
{
    layer.layer(service_fn(tell)).oneshot(request).await.unwrap()
}

fn request(credential: Option<&TestCredential>) -> Request<String> {
    let mut request = Request::builder();
    if let Some(credential) = credential {
        let (name, value) = credential.header();
        request = request.header(name, value);
    }
    request.body(String::new()).unwrap()
}

/// Sends the requests of the cases and compares the answers.
async fn check(cases: Vec<Case>) {
    for case in cases {
        let layer = layer(case.authenticator());
        let request = request(case.credential.as_ref());
        let answer = match case.guard {
            Guard::Principal => ask(&layer, request).await,
            Guard::Optional => ask(&layer.optional(), request).await,
            // Of the service behind the layer.
            Guard::Fresh | Guard::Admin => continue,
        };
        let header = |name: &str| Some(answer.headers().get(name)?.to_str().ok()?.to_owned());
        case.assert_answer(answer.status().as_u16(), answer.body(), header);
    }
}

#[tokio::test]
async fn who_is_signed_in_reaches_the_service_with_a_name() {
    check(Case::forms_of_credentials()).await;
}

#[tokio::test]
async fn others_do_not_reach_it() {
    check(Case::refusals()).await;
}

#[tokio::test]
async fn an_optional_layer_lets_nobody_through_as_nobody() {
    check(Case::optional_principals()).await;
}

#[tokio::test]
async fn r_093_an_outage_is_503_for_callers_who_have_to_be_looked_up() {
    check(Case::outages()).await;
}

#[tokio::test]
async fn r_060_a_principal_that_came_with_the_request_is_not_believed() {
    let issuer = TestIssuer::new();
    let lookup = Authenticator::new(issuer.verifier()).with_sessions(issuer.sessions());
    let cookie = issuer.user("ann@example.com").session_cookie(NOW);
    let ann = lookup.authenticate(&cookie.credentials(), NOW).await.unwrap();
    let mut forged = request(None);
    forged.extensions_mut().insert(ann);
    let answer = ask(&layer(lookup).optional(), forged).await;
    assert_eq!((answer.status().as_u16(), answer.body().as_str()), (200, "anonymous"));
}

#[tokio::test]
async fn a_service_refuses_in_words_of_its_own() {
    let authenticator = Authenticator::new(TestIssuer::new().verifier());
    let own = layer(authenticator).on_refusal(|refusal: &Refusal| {
        Response::builder().status(refusal.status()).body("no".to_owned()).unwrap()
    });
    let answer = ask(&own, request(None)).await;
    assert_eq!((answer.status().as_u16(), answer.body().as_str()), (401, "no"));
}
