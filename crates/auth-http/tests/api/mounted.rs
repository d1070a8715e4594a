//! `Auth` in an app of somebody else: its routes beside the auth routes, and its handlers asking who calls.

use actix_web::{App, HttpResponse, HttpServer, Responder, test, web};
use auth_http::clock::Clock;
use auth_http::settings::{Environment, Settings};
use auth_http::{Acting, Auth};
use auth_store::testing::TestDatabase;
use serde_json::Value;
use test_support::{SECRET, email_and_password};

async fn hello(Acting(caller): Acting) -> impl Responder {
    format!("Hello, {}", caller.user.email.as_str())
}

#[actix_web::test]
async fn a_host_keeps_its_routes_and_learns_who_calls_them() {
    // The plugin is for the auth routes: the host's refuse a bad token with it too.
    for plugin in ["false", "true"] {
        check(plugin).await;
    }
}

async fn check(bearer_plugin: &str) {
    let database = TestDatabase::create().await;
    let environment = Environment::default()
        .with("DATABASE_URL", database.url())
        .with("BETTER_AUTH_SECRET", SECRET)
        .with("BETTER_AUTH_URL", "http://host.test")
        .with("AUTH__BEARER__ENABLED", bearer_plugin);
    let auth = Auth::new(&Settings::load(&environment).unwrap(), Clock::system()).unwrap();
    let server = HttpServer::new(move || {
        App::new()
            .configure(|app| auth.configure(app))
            .route("/hello", web::get().to(hello))
            .default_service(web::to(|| async { HttpResponse::NotFound().body("the host's own page") }))
    })
    .workers(1)
    .disable_signals()
    .bind(("127.0.0.1", 0))
    .unwrap();
    let origin = format!("http://{}", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    let client = reqwest::Client::new();

    let register = client.post(format!("{origin}/api/auth/register"));
    let body = email_and_password("host@example.com");
    let registered = register.json(&body).send().await.unwrap();
    assert_eq!(registered.status(), 201);
    let cookie = registered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let token = registered.json::<Value>().await.unwrap()["accessToken"].as_str().unwrap().to_owned();

    let get = |path: &str| client.get(format!("{origin}{path}"));
    for request in [get("/hello").bearer_auth(&token), get("/hello").header("cookie", &cookie)] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.text().await.unwrap(), "Hello, host@example.com");
    }
    for request in [get("/hello"), get("/hello").bearer_auth("forged").header("cookie", &cookie)] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 401);
        assert!(answer.json::<Value>().await.unwrap()["code"].is_string());
    }

    let out = client.post(format!("{origin}/api/auth/logout")).bearer_auth(&token).send().await.unwrap();
    assert_eq!(out.status(), 200);
    assert_eq!(get("/hello").bearer_auth(&token).send().await.unwrap().status(), 401, "the session is over");

    assert_eq!(get("/elsewhere").send().await.unwrap().text().await.unwrap(), "the host's own page");
    assert_eq!(get("/api/auth/elsewhere").send().await.unwrap().text().await.unwrap(), "");
}

/// The settings say `users`, and the host's store would ask its own table `user`.
#[actix_web::test]
async fn nothing_is_mounted_over_a_store_that_calls_tables_otherwise() {
    let database = TestDatabase::create().await;
    for (table, status) in [("users", 404), ("user", 200)] {
        let environment = Environment::default()
            .with("DATABASE_URL", database.url())
            .with("BETTER_AUTH_SECRET", SECRET)
            .with("BETTER_AUTH_URL", "http://host.test")
            .with("AUTH__DATABASE__NAMES__USER__TABLE", table);
        let auth = Auth::new(&Settings::load(&environment).unwrap(), Clock::system()).unwrap();
        let store = database.store();
        let app = test::init_service(App::new().configure(|app| auth.configure_with(app, store))).await;
        let peer = "192.0.2.1:1234".parse().unwrap();
        let request = test::TestRequest::get().uri("/api/auth/ok").peer_addr(peer).to_request();
        assert_eq!(test::call_service(&app, request).await.status(), status, "{table}");
    }
}
