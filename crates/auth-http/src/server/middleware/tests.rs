//! A panic in a handler fails only its own request.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse};

use super::*;
use crate::app::settings::LogFormat;
use crate::logging::tests::Lines;
use crate::web::context::Context;
use crate::web::error::ApiError;
use crate::web::guard::Anyone;
use crate::web::input::NoBody;
use crate::web::route::Route;
use crate::web::router::Router;
use crate::web::services::WebServices;

async fn panicking(context: Context<()>, _: NoBody, _: Rc<()>) -> Result<HttpResponse, ApiError> {
    panic!("{}", context.query())
}

async fn ok(_: Context<()>, _: NoBody, _: Rc<()>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().finish())
}

#[actix_web::test]
async fn r_101_a_panicking_handler_is_answered_as_any_unexpected_failure() {
    const CANARY: &str = "what-the-client-sent";
    let services = Rc::new(WebServices::for_tests("/auth"));
    let count = services.panics.clone();
    let routes = [Route::post("/panic", Anyone, panicking), Route::get("/ok", Anyone, ok)];
    let routes = routes.map(|route| route.mount(&Rc::new(())));
    let app = App::new().service(Router::new(services, routes, Vec::new()).scope());
    let limits = RequestLimits { head: 4096, path: 1024, handler_timeout: Duration::from_secs(60) };
    let policies = Rc::new(Policies { limits, cors: None, clients: ClientAddressPolicy::none() });
    let app = app.wrap(from_fn(move |request, next| around(Rc::clone(&policies), request, next)));
    let app = init_service(app).await;
    let (lines, _collecting) = Lines::of_this_thread(LogFormat::Json);
    for number in 1..=3 {
        let request = TestRequest::post().uri(&format!("/auth/panic?{CANARY}"));
        let answer = call_service(&app, request.set_payload(CANARY).to_request()).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!answer.headers().contains_key("content-type"));
        let id = answer.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        assert_eq!(read_body(answer).await, "");
        assert_eq!(count.number(), number);
        let text = lines.text();
        let line: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        let told = ["level", "message", "method", "route"].map(|key| line[key].as_str().unwrap_or_default());
        assert_eq!(told, ["ERROR", "request failed", "POST", "/auth/panic"], "{text}");
        assert_eq!(
            (line["status"].as_u64(), line["span"]["request_id"].as_str()),
            (Some(500), id.as_deref())
        );
        let error = line["error"].as_str().unwrap_or_default();
        assert!(error.contains(&format!("panicked, number {number} since the start")), "{text}");
        assert!(!text.contains(CANARY), "{text}");
        let well = call_service(&app, TestRequest::get().uri("/auth/ok").to_request()).await;
        assert_eq!(well.status(), StatusCode::OK);
    }
}
