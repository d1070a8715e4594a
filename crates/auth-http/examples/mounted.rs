//! The auth routes inside an Actix app that has routes of its own.
//!
//! ```sh
//! DATABASE_URL=postgres://localhost/app BETTER_AUTH_URL=http://127.0.0.1:8080 \
//! BETTER_AUTH_SECRET=$(openssl rand -base64 48) cargo run -p auth-http --example mounted
//! curl http://127.0.0.1:8080/api/auth/ok
//! curl http://127.0.0.1:8080/hello
//! ```
//!
//! The settings file and variables are those of `auth-server`. The host app keeps its own address, middleware
//! and error pages. It must run the migrations itself: `auth-server migrate up`.

#![allow(clippy::print_stdout, reason = "an example says where it listens")]

use std::error::Error;

use actix_web::{App, HttpServer, Responder, get};
use auth_http::clock::Clock;
use auth_http::settings::{Environment, Settings};
use auth_http::{Acting, Auth};

/// A route of the host app that requires a signed-in user. Without one it answers 401 in Better Auth's
/// format.
#[get("/hello")]
async fn hello(Acting(caller): Acting) -> impl Responder {
    format!("Hello, {}", caller.user.name)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::load(&Environment::from_process())?;
    let auth = Auth::new(&settings, Clock::system())?;
    let port = 8080;
    println!("listening on http://127.0.0.1:{port}");
    HttpServer::new(move || App::new().configure(|app| auth.configure(app)).service(hello))
        .bind(("127.0.0.1", port))?
        .run()
        .await?;
    Ok(())
}
