//! An axum service that asks the auth server about every caller, so that a sign-out takes effect at once.
//!
//! ```sh
//! export BETTER_AUTH_URL=http://127.0.0.1:3000 BETTER_AUTH_SECRET=…   # those of the auth server
//! cargo run -p auth-core --example axum_service
//! curl http://127.0.0.1:8080/me -H "authorization: Bearer $TOKEN"
//! ```

#![allow(clippy::print_stdout, reason = "an example says where it listens")]

use std::error::Error;

use auth_axum::{Authentication, OptionalPrincipal, Principal, RequireFresh};
use auth_client::{AuthServer, HttpSessions};
use auth_core::{Authenticator, Verifier};
use axum::routing::{get, post};
use axum::{Extension, Router};

async fn me(caller: Principal) -> String {
    format!("{} {}", caller.user_id(), caller.email().unwrap_or_default())
}

async fn home(OptionalPrincipal(caller): OptionalPrincipal) -> String {
    caller.map_or_else(|| "hello".to_owned(), |caller| format!("hello {}", caller.name().unwrap_or_default()))
}

async fn delete_everything(caller: RequireFresh) -> String {
    format!("as {} wishes", caller.user_id())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let base_url = std::env::var("BETTER_AUTH_URL")?;
    // Without `allow_http_on_loopback`, the URL of the auth server must be https.
    let server = AuthServer::new(&format!("{base_url}/api/auth"))?.allow_http_on_loopback();
    let authenticator = Authenticator::new(Verifier::from_vars(std::env::vars())?)
        .with_sessions(HttpSessions::new(&server)?)
        .confirming_all();
    let app = Router::new()
        .route("/", get(home))
        .route("/me", get(me))
        .route("/delete", post(delete_everything))
        .layer(Extension(Authentication::new(authenticator)));
    let port: u16 = std::env::var("PORT").unwrap_or_else(|_| "8080".to_owned()).parse()?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
