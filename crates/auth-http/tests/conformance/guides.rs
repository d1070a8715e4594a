//! The programs of `docs/guides`, run as they stand there beside a live server of this project.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::database::Database;
use crate::http::{self, Request};
use crate::node;
use crate::ours::{Ours, random_secret};
use crate::visitor::{Visitor, ok};

/// How long a service may take to answer its first request.
const PATIENCE: Duration = Duration::from_secs(30);

/// A guide's service. Dropping it ends the process and removes its folder.
struct Service {
    child: Child,
    origin: String,
    folder: PathBuf,
}

impl Service {
    /// Starts the numbered program of a guide.
    fn start(guide: &str, number: usize, ours: &Ours) -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let page = std::fs::read_to_string(workspace.join("docs/guides").join(guide)).expect("a guide");
        let (language, name) =
            if guide == "express.md" { ("js", "service.mjs") } else { ("python", "service.py") };
        let program = programs(&page, language).nth(number).expect("a program");
        let folder = std::env::temp_dir().join(format!("guide-{}", random_secret()));
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::write(folder.join(name), program).expect("a file");
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
        let mut command = match language {
            "js" => {
                let modules = workspace.join("crates/auth-http/tests/conformance/node/node_modules");
                let modules = modules.canonicalize().expect("`npm ci` has run");
                std::os::unix::fs::symlink(modules, folder.join("node_modules")).expect("a link");
                let mut command = Command::new("node");
                command.arg(name);
                command
            }
            _ => {
                let mut command = Command::new(std::env::var_os("AUTH_TEST_PYTHON").expect("a Python"));
                command.args([
                    "-m",
                    "uvicorn",
                    "service:app",
                    "--log-level",
                    "warning",
                    "--port",
                    &port.to_string(),
                ]);
                command
            }
        };
        let child = command
            .current_dir(&folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("PORT", port.to_string())
            .env("BETTER_AUTH_URL", ours.origin())
            .env("BETTER_AUTH_SECRET", ours.secret())
            .stdin(Stdio::null())
            .spawn()
            .expect("the service starts");
        let service = Self { child, origin: format!("http://127.0.0.1:{port}"), folder };
        let deadline = Instant::now() + PATIENCE;
        while http::try_send(&service.origin, &Request::get("/")).is_err() {
            assert!(Instant::now() < deadline, "{guide} {number} does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        service
    }

    /// Asks who is calling.
    fn ask(&self, authorization: Option<&str>) -> (u16, Value) {
        let mut request = Request::get("/me");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let answer = http::try_send(&self.origin, &request).expect("an answer");
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Gives the fenced programs of a page.
fn programs<'p>(page: &'p str, language: &str) -> impl Iterator<Item = &'p str> {
    let fence = format!("```{language}\n");
    page.split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .into_iter()
}

/// Signs somebody up and gives the envelope with the access token.
fn envelope(ours: &Ours) -> Value {
    let mut visitor = Visitor::new();
    ok(visitor.sign_up(ours, "ada@example.com", "correct horse battery staple"));
    visitor.session(ours)
}

/// The same token with its last letter but one changed.
fn tampered(token: &str) -> String {
    let at = token.len() - 2;
    let letter = if &token[at..=at] == "A" { "B" } else { "A" };
    format!("{}{letter}{}", &token[..at], &token[at + 1..])
}

fn services_with_the_secret_know_access_tokens_and_nothing_else(guide: &str) {
    let database = Database::migrated_by_us();
    let ours = Ours::start(&database, &random_secret());
    let envelope = envelope(&ours);
    let token = envelope["accessToken"].as_str().expect("an access token");
    let service = Service::start(guide, 0, &ours);
    let expected = json!({ "id": envelope["user"]["id"], "email": "ada@example.com" });
    for scheme in ["Bearer", "bearer"] {
        assert_eq!(service.ask(Some(&format!("{scheme} {token}"))), (200, expected.clone()), "{scheme}");
    }
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let claims = json!({ "iss": ours.origin(), "sub": "x", "sid": "x", "jti": "x", "iat": now, "exp": now + 600, "email": "x" });
    let made = node::run("tokens.mjs", &json!({ "secret": ours.secret(), "sign": [{ "claims": claims }] }));
    let untyped = made["signed"][0].as_str().expect("a token");
    let other = Database::migrated_by_us();
    let elsewhere = Ours::start(&other, &random_secret());
    let stranger = self::envelope(&elsewhere);
    let bad = [
        tampered(token),
        untyped.to_owned(),
        stranger["accessToken"].as_str().expect("an access token").to_owned(),
        envelope["session"]["token"].as_str().expect("a session token").to_owned(),
        "a.b.c".to_owned(),
    ];
    for bad in bad {
        assert_eq!(service.ask(Some(&format!("Bearer {bad}"))).0, 401, "{bad}");
    }
    for bad in [None, Some("Bearer"), Some("Basic YTpi")] {
        assert_eq!(service.ask(bad).0, 401, "{bad:?}");
    }
}

fn services_with_public_keys_know_tokens_of_the_jwt_plugin_and_nothing_else(guide: &str) {
    let database = Database::migrated_by_us();
    let jwt = [("AUTH__JWT__ENABLED", "true")];
    let ours = Ours::start_with(&database, &random_secret(), &jwt);
    let envelope = envelope(&ours);
    let access = envelope["accessToken"].as_str().expect("an access token");
    let token = |ours: &Ours, access: &str| {
        let answer = http::try_send(ours.origin(), &Request::get("/api/auth/token").bearer(access));
        let body: Value = serde_json::from_slice(&answer.expect("an answer").body).expect("JSON");
        body["token"].as_str().expect("a token").to_owned()
    };
    let good = token(&ours, access);
    let service = Service::start(guide, 1, &ours);
    let expected = json!({ "id": envelope["user"]["id"], "email": "ada@example.com" });
    assert_eq!(service.ask(Some(&format!("Bearer {good}"))), (200, expected.clone()));

    let other = Database::migrated_by_us();
    let elsewhere = Ours::start_with(&other, &random_secret(), &jwt);
    let stranger = self::envelope(&elsewhere);
    let stranger = token(&elsewhere, stranger["accessToken"].as_str().expect("an access token"));
    for bad in [tampered(&good), access.to_owned(), stranger, "a.b.c".to_owned()] {
        assert_eq!(service.ask(Some(&format!("Bearer {bad}"))).0, 401, "{bad}");
    }
    assert_eq!(service.ask(None).0, 401);

    let late = Service::start(guide, 1, &ours);
    drop(ours);
    assert_eq!(service.ask(Some(&format!("Bearer {good}"))), (200, expected), "the keys are known");
    assert_eq!(late.ask(Some(&format!("Bearer {good}"))).0, 503, "nobody knows the keys");
}

#[test]
fn r_130_fastapi_with_public_keys() {
    needs!("python");
    services_with_public_keys_know_tokens_of_the_jwt_plugin_and_nothing_else("fastapi.md");
}

#[test]
fn r_130_express_with_public_keys() {
    needs!("node");
    services_with_public_keys_know_tokens_of_the_jwt_plugin_and_nothing_else("express.md");
}

#[test]
fn r_002_fastapi_with_the_secret() {
    needs!("python", "node");
    services_with_the_secret_know_access_tokens_and_nothing_else("fastapi.md");
}

#[test]
fn r_002_express_with_the_secret() {
    needs!("node");
    services_with_the_secret_know_access_tokens_and_nothing_else("express.md");
}
