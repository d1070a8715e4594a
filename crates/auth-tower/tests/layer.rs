//! The layer, around a service that tells whom it sees.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;

use auth_core::testing::{TestCredential, TestIssuer, TestUser};
use auth_core::{Authenticator, Principal, Refusal};
use auth_tower::{Answer, AuthLayer, Authentication};
use http::{Request, Response};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use tower::{Layer, ServiceExt, service_fn};

const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);

fn layer(issuer: &TestIssuer) -> AuthLayer {
    let authenticator = Authenticator::new(issuer.verifier()).with_sessions(issuer.sessions());
    AuthLayer::new(Authentication::new(authenticator).with_clock(|| NOW))
}

async fn tell(request: Request<String>) -> Result<Response<String>, Infallible> {
    let caller = request.extensions().get::<Principal>().and_then(Principal::email);
    Ok(Response::new(caller.unwrap_or("nobody").to_owned()))
}

async fn ask<A>(layer: &AuthLayer<A>, request: Request<String>) -> (u16, String)
where
    A: Answer<String> + Send + Sync + 'static,
{
    let response = layer.layer(service_fn(tell)).oneshot(request).await.unwrap();
    (response.status().as_u16(), response.into_body())
}

fn request(credential: Option<&TestCredential>) -> Request<String> {
    let mut request = Request::builder();
    if let Some(credential) = credential {
        let (name, value) = credential.header();
        request = request.header(name, value);
    }
    request.body(String::new()).unwrap()
}

#[tokio::test]
async fn who_is_signed_in_reaches_the_service_with_a_name() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    let forms: [fn(&TestUser, OffsetDateTime) -> TestCredential; 4] =
        [TestUser::access_token, TestUser::session_token, TestUser::session_cookie, TestUser::cached_cookie];
    for form in forms {
        let credential = form(&ann, NOW);
        let seen = ask(&layer(&issuer), request(Some(&credential))).await;
        assert_eq!(seen, (200, "ann@example.com".to_owned()), "{credential:?}");
    }
}

#[tokio::test]
async fn others_do_not_reach_it() {
    let issuer = TestIssuer::new();
    let late = issuer.user("ann@example.com").access_token(NOW - Duration::hours(2));
    let stranger = TestIssuer::new().user("ann@example.com").access_token(NOW);
    let check = async |credential, code: &str| {
        let (status, body) = ask(&layer(&issuer), request(credential)).await;
        assert_eq!(status, 401);
        assert!(body.contains(code), "{body}");
    };
    check(None, "UNAUTHORIZED").await;
    check(Some(&late), "TOKEN_EXPIRED").await;
    check(Some(&stranger), "INVALID_TOKEN").await;
}

#[tokio::test]
async fn an_optional_layer_lets_nobody_through_as_nobody() {
    let issuer = TestIssuer::new();
    let optional = layer(&issuer).optional();
    let ann = issuer.user("ann@example.com");
    let cookie = ann.session_cookie(NOW);
    assert_eq!(ask(&optional, request(None)).await, (200, "nobody".to_owned()));
    assert_eq!(ask(&optional, request(Some(&cookie))).await, (200, "ann@example.com".to_owned()));
    ann.sign_out();
    assert_eq!(ask(&optional, request(Some(&cookie))).await, (200, "nobody".to_owned()));
    let stranger = TestIssuer::new().user("ann@example.com").access_token(NOW);
    assert_eq!(ask(&optional, request(Some(&stranger))).await.0, 401);
}

#[tokio::test]
async fn r_060_a_principal_that_came_with_the_request_is_not_believed() {
    let issuer = TestIssuer::new();
    let lookup = Authenticator::new(issuer.verifier()).with_sessions(issuer.sessions());
    let cookie = issuer.user("ann@example.com").session_cookie(NOW);
    let ann = lookup.authenticate(&cookie.credentials(), NOW).await.unwrap();
    let mut forged = request(None);
    forged.extensions_mut().insert(ann);
    assert_eq!(ask(&layer(&issuer).optional(), forged).await, (200, "nobody".to_owned()));
}

#[tokio::test]
async fn a_service_refuses_in_words_of_its_own() {
    let own = layer(&TestIssuer::new()).on_refusal(|refusal: &Refusal| {
        Response::builder().status(refusal.status()).body("no".to_owned()).unwrap()
    });
    assert_eq!(ask(&own, request(None)).await, (401, "no".to_owned()));
}
