//! `auth-core`'s example services, each in a process of its own beside a server's: one issues, the other knows who calls.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use auth_store::testing::TestDatabase;
use reqwest::header::COOKIE;
use serde_json::Value;
use test_support::{Process, SECRET, email_and_password};

use crate::SERVER;

/// A running example.
struct Service {
    child: Child,
    origin: String,
}

impl Service {
    /// Starts an example, which `cargo test --workspace` has built beside the server.
    fn start(name: &str, auth_url: &str) -> Self {
        let beside = Path::new(env!("CARGO_BIN_EXE_auth-server")).parent().unwrap();
        let program = beside.join("examples").join(name);
        assert!(program.exists(), "first: cargo build --package auth-core --example {name}");
        let mut command = Command::new(program);
        command.env_clear().envs([
            ("BETTER_AUTH_URL", auth_url),
            ("BETTER_AUTH_SECRET", SECRET),
            ("PORT", "0"),
        ]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let origin = line.trim().strip_prefix("listening on ").expect("an address").to_owned();
        Self { child, origin }
    }

    async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let mut request = reqwest::Client::new().get(format!("{}{path}", self.origin));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server that knows the address under which the service will ask it.
async fn server(database: &TestDatabase, changes: &[(&str, &str)]) -> (Process, String) {
    let free =
        std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port().to_string();
    let url = format!("http://127.0.0.1:{free}");
    let mut variables = vec![("BETTER_AUTH_URL", url.as_str()), ("PORT", free.as_str())];
    variables.extend_from_slice(changes);
    let server = SERVER.start(database.url(), &variables).await;
    (server, url)
}

/// Signs somebody up and gives access token, cookies and user id.
async fn register(server: &Process, email: &str) -> (String, String, String) {
    let body = email_and_password(email);
    let answer = server.post("/api/auth/register", &body).await;
    assert_eq!(answer.status(), 201);
    let cookies: Vec<String> = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|line| line.to_str().unwrap().split(';').next().unwrap().to_owned())
        .collect();
    let body: Value = answer.json().await.unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (format!("Bearer {}", text(&body["accessToken"])), cookies.join("; "), text(&body["user"]["id"]))
}

#[tokio::test]
async fn r_016_a_service_that_looks_sessions_up_sees_a_sign_out_at_once() {
    let database = TestDatabase::create().await;
    let (server, url) = server(&database, &[]).await;
    let service = Service::start("axum_service", &url);
    assert_eq!(service.ask("/", &[]).await, (200, "hello".to_owned()));
    assert_eq!(service.ask("/me", &[]).await.0, 401);

    let (bearer, cookie, id) = register(&server, "ann@example.com").await;
    let shown = [("authorization", bearer.as_str()), ("cookie", cookie.as_str())];
    for header in shown {
        let answer = service.ask("/me", &[header]).await;
        assert_eq!(answer, (200, format!("{id} ann@example.com")), "{}", header.0);
        assert_eq!(service.ask("/", &[header]).await.1, "hello ann");
    }
    let out =
        server.client.post(server.url("/api/auth/sign-out")).header(COOKIE, &cookie).header("origin", &url);
    assert_eq!(out.send().await.unwrap().status(), 200);
    for header in shown {
        assert_eq!(service.ask("/me", &[header]).await.0, 401, "{}", header.0);
    }

    let (bearer, _, _) = register(&server, "bob@example.com").await;
    drop(server);
    let (status, body) = service.ask("/me", &[("authorization", &bearer)]).await;
    assert_eq!(
        (status, body.contains("SERVICE_UNAVAILABLE")),
        (503, true),
        "an outage is not `not signed in`"
    );
}

#[tokio::test]
async fn a_service_that_asks_nobody_knows_tokens_and_cookie_caches() {
    let database = TestDatabase::create().await;
    for strategy in ["compact", "jwt"] {
        let cache = [
            ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
            ("AUTH__SESSION__COOKIE_CACHE__STRATEGY", strategy),
        ];
        let (server, url) = server(&database, &cache).await;
        let service = Service::start("actix_service", &url);
        let email = format!("{strategy}@example.com");
        let (bearer, cookie, id) = register(&server, &email).await;
        drop(server);
        for header in [("authorization", bearer.as_str()), ("cookie", cookie.as_str())] {
            let answer = service.ask("/me", &[header]).await;
            assert_eq!(answer, (200, format!("{id} {email}")), "{}", header.0);
        }
        let bare = cookie.split("; ").find(|pair| pair.contains("session_token")).unwrap();
        let (status, body) = service.ask("/me", &[("cookie", bare)]).await;
        assert_eq!(
            (status, body.contains("UNAUTHORIZED")),
            (401, true),
            "a bare cookie proves no live session"
        );
        assert_eq!(service.ask("/", &[("cookie", bare)]).await.1, "hello");
        let forged = cookie.replace("session_token=", "session_token=x");
        assert_eq!(service.ask("/me", &[("cookie", &forged)]).await.0, 401);
    }
}

#[tokio::test]
async fn a_function_tells_who_is_calling() {
    let database = TestDatabase::create().await;
    let (server, url) = server(&database, &[]).await;
    let (bearer, cookie, id) = register(&server, "ann@example.com").await;
    let program =
        Path::new(env!("CARGO_BIN_EXE_auth-server")).parent().unwrap().join("examples/plain_function");
    let tell = |name: &str, value: &str| {
        let variables = [("BETTER_AUTH_URL", url.as_str()), ("BETTER_AUTH_SECRET", SECRET)];
        let output = Command::new(&program).env_clear().envs(variables).args([name, value]).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(tell("authorization", &bearer).contains(&id));
    assert!(tell("cookie", &cookie).contains("has to be looked up"));
    assert!(tell("authorization", "Bearer a.b.c").contains("refused with 401"));
}
