//! Better Auth in Node: servers that live as long as the test holds them, and the scripts of `node/`.
//!
//! All of them run in one process, the host ([`node/host.mjs`](../node/host.mjs)), so that the package is loaded once.
//! `cargo xtask test` starts it for all tests and names its address in a variable; without the variable each test process
//! starts one for itself.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use auth_core::wire::unix_milliseconds;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::database::Database;
use crate::http::{self, Request};

/// The address of a host that was started for all tests.
const HOST_VARIABLE: &str = "AUTH_TEST_NODE_HOST";

/// Names a folder with another release of Better Auth and copies of the scripts, for `--reference latest`.
const RELEASE_VARIABLE: &str = "CONFORMANCE_REFERENCE";

/// Whether the tests run against another release than the pinned one.
pub(crate) fn is_another_release() -> bool {
    std::env::var_os(RELEASE_VARIABLE).is_some()
}

/// The host of this test process.
static HOST: LazyLock<String> =
    LazyLock::new(|| std::env::var(HOST_VARIABLE).unwrap_or_else(|_| start_host()));

/// Starts a host that ends with this process, and gives its address.
fn start_host() -> String {
    let pinned = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/node");
    let folder = std::env::var_os(RELEASE_VARIABLE).map_or_else(pinned, PathBuf::from);
    assert!(
        folder.join("node_modules/better-auth").is_dir(),
        "Better Auth is not installed: run `npm ci` in {}, or the tests through `cargo xtask test`, which does it",
        folder.display()
    );
    let mut command = Command::new("node");
    // Better Auth reads a dozen variables of its environment; a developer's must not reach the tests.
    command.env_clear();
    for name in ["PATH", "HOME", "TMPDIR", "SystemRoot"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.current_dir(&folder).arg("host.mjs").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("`node` starts: Node.js 20 or newer is needed");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("piped");
    BufReader::new(stdout).read_line(&mut line).expect("the host says its port");
    let told: Value = serde_json::from_str(&line).expect("the host says its port");
    // The host ends when its standard input does, which is when this process ends.
    std::mem::forget(child);
    format!("http://127.0.0.1:{}", told["port"])
}

/// Asks a host.
fn ask(host: &str, method: &str, path: &str, input: &Value) -> Value {
    let mut request = Request::post_json(path, input);
    method.clone_into(&mut request.method);
    let answer = http::send(host, &request);
    assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
    answer.json()
}

/// Runs a script and gives what it found.
pub(crate) fn run(script: &str, input: &Value) -> Value {
    ask(&HOST, "POST", &format!("/scripts/{script}"), input)
}

/// Better Auth's own migration tool: what it would do (`apply: false`) or did (`apply: true`).
pub(crate) fn migrations(database: &Database, apply: bool) -> Value {
    migrations_with(database, apply, &json!({}))
}

/// The same under options.
pub(crate) fn migrations_with(database: &Database, apply: bool, options: &Value) -> Value {
    let secret = crate::ours::random_secret();
    run(
        "migrate.mjs",
        &json!({ "databaseUrl": database.url(), "secret": secret, "apply": apply, "options": options }),
    )
}

/// Makes Better Auth's tables with its own migration tool.
pub(crate) fn migrate(database: &Database, options: &Value) {
    migrate_with(database, options, &json!({}));
}

/// The same, with those of its plugins.
pub(crate) fn migrate_with(database: &Database, options: &Value, plugins: &Value) {
    let secret = crate::ours::random_secret();
    let url = database.url();
    run(
        "migrate.mjs",
        &json!({ "databaseUrl": url, "secret": secret, "apply": true, "options": options, "plugins": plugins }),
    );
}

/// A live Better Auth server. Dropping it ends it.
pub(crate) struct Reference {
    host: String,
    id: u64,
    origin: String,
}

impl Reference {
    /// Starts with e-mail and password sign-in enabled, hashes that cost nothing, and everything else as the package has it.
    pub(crate) fn start(database: &Database, secret: &str) -> Self {
        Self::start_with(database, secret, &json!({}))
    }

    /// Starts with `extra` laid over the input of `options.mjs`.
    pub(crate) fn start_with(database: &Database, secret: &str, extra: &Value) -> Self {
        let mut input = json!({ "databaseUrl": database.url(), "secret": secret, "quick": true });
        for (key, value) in extra.as_object().expect("an object of options") {
            input[key] = value.clone();
        }
        let limits = &extra["options"]["rateLimit"];
        let in_memory = limits["enabled"] == true && limits["storage"] != "database";
        // The package keeps the counts of all servers of a process in one map, so these get a process each.
        let host = if in_memory { start_host() } else { HOST.clone() };
        let started = ask(&host, "POST", "/servers", &input);
        let origin = format!("http://127.0.0.1:{}", started["port"]);
        Self { host, id: started["id"].as_u64().expect("a number"), origin }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Moves this server's clock forward.
    pub(crate) fn advance(&self, by: Duration) {
        self.set_clock(&json!({ "ahead": by.whole_milliseconds() as i64 }));
    }

    /// Stops this server's clock at a moment, from which only [`advance`](Self::advance) moves it.
    pub(crate) fn stop_clock(&self, at: OffsetDateTime) {
        self.set_clock(&json!({ "stoppedAt": unix_milliseconds(at) }));
    }

    fn set_clock(&self, input: &Value) {
        ask(&self.host, "POST", &format!("/servers/{}/clock", self.id), input);
    }

    /// The token of the next verification mail that this server sends.
    pub(crate) fn next_mail_token(&self) -> String {
        let mail = ask(&self.host, "POST", &format!("/servers/{}/mails", self.id), &json!({}));
        mail["token"].as_str().expect("a mail with a token").to_owned()
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // A failing test may have lost its host too.
        let _ = http::try_send(&self.host, &Request::new("DELETE", &format!("/servers/{}", self.id)));
    }
}
