//! The work before a request's handler: the clock is read once, the cookies are parsed once, and their
//! signature is checked once.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use actix_web::App;
use actix_web::http::header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE};
use actix_web::test::{TestRequest, call_service, init_service};
use auth_core::testing::counts::{self, Counts};
use auth_store::testing::TestDatabase;
use serde_json::json;

use super::*;
use crate::app::settings::Environment;
use crate::config::clock;
use crate::web::access::Access;

const URL: &str = "https://auth.example.com";
const PASSWORD: &str = "correct horse";

fn settings(database: &TestDatabase) -> Settings {
    let variables = [
        ("DATABASE_URL", database.url()),
        ("BETTER_AUTH_URL", URL),
        ("BETTER_AUTH_SECRET", "test-secret-0123456789-abcdefghijklmnopqrstuvwxyz"),
        ("AUTH__JWT__ENABLED", "true"),
        ("AUTH__PASSWORD__ARGON2__MEMORY_KIB", "8"),
        ("AUTH__PASSWORD__ARGON2__ITERATIONS", "1"),
    ];
    let environment = variables
        .into_iter()
        .fold(Environment::default(), |environment, (name, value)| environment.with(name, value));
    Settings::load(&environment).unwrap()
}

#[actix_web::test]
async fn a_request_reads_the_clock_its_cookies_and_their_signature_once() {
    let database = TestDatabase::create().await;
    let settings = settings(&database);
    let auth = Auth::new(&settings, Clock::system()).unwrap();
    let app = init_service(App::new().configure(|app| auth.configure(app))).await;
    for (number, route) in auth.routes().iter().enumerate() {
        let email = format!("ann{number}@example.com");
        let register = TestRequest::post().uri("/api/auth/sign-up/email").set_json(json!({
            "name": "Ann", "email": email, "password": PASSWORD,
        }));
        let answer = call_service(&app, register.to_request()).await;
        let cookie =
            answer.headers().get(SET_COOKIE).unwrap().to_str().unwrap().split(';').next().unwrap().to_owned();
        let body = json!({
            "name": "Ann", "email": email, "password": PASSWORD, "token": "x",
            "newPassword": PASSWORD, "currentPassword": PASSWORD,
        });
        let request = TestRequest::default()
            .method(route.method.clone())
            .uri(&format!("/api/auth{}", route.path))
            .insert_header((COOKIE, cookie))
            .insert_header((ORIGIN, URL));
        let request = if route.method == "GET" {
            request
        } else {
            request.insert_header((CONTENT_TYPE, "application/json")).set_payload(body.to_string())
        };
        counts::take();
        clock::counted::take();
        let answer = call_service(&app, request.to_request()).await;
        let name = format!("{} {} {}", route.method, route.path, answer.status());
        assert_eq!(clock::counted::take(), 1, "readings of the clock, {name}");
        let Counts { cookie_parses, signature_checks } = counts::take();
        assert!(cookie_parses <= 1 && signature_checks <= 1, "{cookie_parses} {signature_checks} {name}");
        match route.access {
            Access::Session { .. } | Access::Credentials | Access::Optional => {
                assert_eq!((cookie_parses, signature_checks), (1, 1), "{name}");
            }
            Access::Anyone => {}
        }
    }
}
