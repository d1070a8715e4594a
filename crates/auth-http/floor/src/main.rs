//! Baseline for auth-server's response times: a bare Actix handler that does the same work by hand.
//!
//! It verifies the signed cookie, reads session and user in one join over one pipelined connection per
//! worker, and writes the same body. It has no limits, deadlines, logs, origin checks or settings. Use it for
//! measurements only, because it lacks the checks of a real server. `cargo xtask bench serve` measures both
//! servers side by side.
//!
//! `auth-floor` serves. `auth-floor cookies` reads session tokens from standard input, one per line, and
//! prints the signed cookie of each.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod body;
mod cookies;

use std::env;
use std::error::Error;
use std::io::stdin;

use actix_web::http::header;
use actix_web::rt::System;
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use time::OffsetDateTime;
use tokio_postgres::{Client, NoTls, Statement};

use crate::body::{CachedBody, StoredBody};
use crate::cookies::Signatures;

/// The same statement as the server's: it reads user and session by the session token.
const READ: &str = "SELECT u.id, u.name, u.email, u.\"emailVerified\", u.image, u.\"createdAt\", u.\"updatedAt\", \
    s.id, s.\"expiresAt\", s.token, s.\"createdAt\", s.\"updatedAt\", s.\"ipAddress\", s.\"userAgent\", s.\"userId\" \
    FROM session s INNER JOIN \"user\" u ON s.\"userId\" = u.id WHERE s.token = $1";

const OK: &str = r#"{"ok":true}"#;

/// State of a worker.
struct Worker {
    signatures: Signatures,
    client: Client,
    read: Statement,
}

fn main() -> Result<(), Box<dyn Error>> {
    let signatures = Signatures::new(env::var("BETTER_AUTH_SECRET")?.as_bytes())?;
    if env::args().nth(1).is_some_and(|argument| argument == "cookies") {
        for token in stdin().lines() {
            println!("{}", signatures.session_cookie(&token?));
        }
        return Ok(());
    }
    let port: u16 = env::var("PORT")?.parse()?;
    let workers: usize = env::var("WORKERS")?.parse()?;
    let database = env::var("DATABASE_URL")?;
    System::new().block_on(async move {
        let app = move || {
            let (signatures, database) = (signatures.clone(), database.clone());
            App::new()
                .data_factory(move || Worker::connect(signatures.clone(), database.clone()))
                .route("/api/auth/ok", web::get().to(ok))
                .route("/api/auth/get-session", web::get().to(get_session))
        };
        HttpServer::new(app).workers(workers).bind(("127.0.0.1", port))?.run().await
    })?;
    Ok(())
}

impl Worker {
    async fn connect(signatures: Signatures, database: String) -> Result<Self, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&database, NoTls).await?;
        // The task ends when the client is dropped.
        actix_web::rt::spawn(connection);
        let read = client.prepare(READ).await?;
        Ok(Self { signatures, client, read })
    }

    /// Reads a session as a JSON body; `None` if it does not exist, has expired or cannot be read.
    async fn stored(&self, token: &str, now: OffsetDateTime) -> Option<String> {
        let row = self.client.query_opt(&self.read, &[&token]).await.ok()??;
        let body = StoredBody::read(&row).ok()?;
        if body.has_ended(now) { None } else { serde_json::to_string(&body).ok() }
    }
}

async fn ok() -> HttpResponse {
    json(OK.to_owned())
}

async fn get_session(request: HttpRequest, worker: Data<Worker>) -> HttpResponse {
    let header = request.headers().get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or("");
    #[expect(clippy::disallowed_methods, reason = "the one reading of the clock of this request")]
    let now = OffsetDateTime::now_utc();
    let Some(token) = worker.signatures.session_token(header) else {
        return HttpResponse::Unauthorized().finish();
    };
    if let Some(copy) = worker.signatures.session_data(header, now) {
        let body = CachedBody::read(&copy).ok().and_then(|body| serde_json::to_string(&body).ok());
        return body.map_or_else(|| HttpResponse::Unauthorized().finish(), json);
    }
    match worker.stored(&token, now).await {
        Some(body) => json(body),
        None => HttpResponse::Unauthorized().finish(),
    }
}

fn json(body: String) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/json")).body(body)
}
