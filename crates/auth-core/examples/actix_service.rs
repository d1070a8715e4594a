//! An actix-web service that authenticates callers with the shared secret alone: by access token, or by
//! session cookie with a cookie cache.
//!
//! ```sh
//! export BETTER_AUTH_URL=http://127.0.0.1:3000 BETTER_AUTH_SECRET=…   # those of the auth server
//! cargo run -p auth-core --example actix_service
//! curl http://127.0.0.1:8080/me -H "authorization: Bearer $TOKEN"
//! ```

#![allow(clippy::print_stdout, reason = "an example says where it listens")]

use std::error::Error;

use actix_web::{App, HttpServer, get};
use auth_actix::{Authentication, OptionalPrincipal, Principal};

#[get("/me")]
async fn me(caller: Principal) -> String {
    format!("{} {}", caller.user_id(), caller.email().unwrap_or_default())
}

#[get("/")]
async fn home(OptionalPrincipal(caller): OptionalPrincipal) -> String {
    caller.map_or_else(|| "hello".to_owned(), |caller| format!("hello {}", caller.name().unwrap_or_default()))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let authentication = Authentication::from_env()?;
    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".to_owned()).parse()?;
    let server =
        HttpServer::new(move || App::new().app_data(authentication.clone()).service(home).service(me))
            .workers(1)
            .bind(("127.0.0.1", port))?;
    println!("listening on http://{}", server.addrs().first().ok_or("no address")?);
    Ok(server.run().await?)
}
