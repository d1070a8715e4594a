//! Runs the scripts of `node/`: one-shot scripts that print JSON, and Better Auth servers that live as
//! long as the test holds them.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::database::Database;

/// How long a server may take to say its port, or a mail to be sent.
const PATIENCE: Duration = Duration::from_secs(30);

/// Names a folder with another release of Better Auth and copies of the scripts, for `--reference latest`.
const RELEASE_VARIABLE: &str = "CONFORMANCE_REFERENCE";

/// Whether the tests run against another release than the pinned one.
pub(crate) fn is_another_release() -> bool {
    std::env::var_os(RELEASE_VARIABLE).is_some()
}

fn command(script: &str) -> Command {
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
    command.current_dir(&folder).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn spawn(command: &mut Command) -> Child {
    command.spawn().expect("`node` starts: Node.js 20 or newer is needed")
}

/// Runs a script to its end and reads what it printed.
pub(crate) fn run(script: &str, input: &Value) -> Value {
    let mut child = spawn(command(script).stderr(Stdio::piped()));
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.to_string().as_bytes()).expect("the script reads its input");
    drop(stdin);
    let output = child.wait_with_output().expect("the script ends");
    assert!(output.status.success(), "{script} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{script} printed {:?}", String::from_utf8_lossy(&output.stdout)))
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

/// A live Better Auth server. Dropping it ends the process.
pub(crate) struct Reference {
    child: Child,
    // Held open: the script ends when its standard input does, even if this process is killed.
    _stdin: ChildStdin,
    lines: Mutex<Receiver<Value>>,
    origin: String,
}

impl Reference {
    /// Starts with e-mail and password sign-in enabled and everything else as the package has it.
    pub(crate) fn start(database: &Database, secret: &str) -> Self {
        Self::start_with(database, secret, &json!({}))
    }

    /// Starts with `extra` laid over the input of `options.mjs`.
    pub(crate) fn start_with(database: &Database, secret: &str, extra: &Value) -> Self {
        let mut input = json!({ "databaseUrl": database.url(), "secret": secret });
        for (key, value) in extra.as_object().expect("an object of options") {
            input[key] = value.clone();
        }
        let mut child = spawn(command("reference.mjs").stderr(Stdio::null()));
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(format!("{input}\n").as_bytes()).expect("the script reads its input");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let Ok(value) = serde_json::from_str(&line) else { continue };
                if sender.send(value).is_err() {
                    break;
                }
            }
        });
        let first: Value = lines.recv_timeout(PATIENCE).expect("the reference server says its port");
        let origin = format!("http://127.0.0.1:{}", first["port"]);
        Self { child, _stdin: stdin, lines: Mutex::new(lines), origin }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The token of the next verification mail that this server sends.
    pub(crate) fn next_mail_token(&self) -> String {
        let lines = self.lines.lock().expect("no reader panicked");
        let line = lines.recv_timeout(PATIENCE).expect("the reference server sends a mail");
        line["mail"]["token"].as_str().expect("a mail with a token").to_owned()
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
