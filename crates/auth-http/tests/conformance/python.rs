//! Runs `python/verify.py` with the interpreter named by `AUTH_TEST_PYTHON`, which has PyJWT.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// What PyJWT says about each token, given the secret alone.
pub(crate) fn verify(secret: &str, tokens: &[&str]) -> Vec<Value> {
    let python = std::env::var_os("AUTH_TEST_PYTHON").expect(
        "AUTH_TEST_PYTHON names a Python that has PyJWT: `cargo xtask test` makes one, or `python3 -m venv v && v/bin/pip \
         install pyjwt` and AUTH_TEST_PYTHON=v/bin/python",
    );
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/python/verify.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the interpreter that AUTH_TEST_PYTHON names starts");
    let input = json!({ "secret": secret, "tokens": tokens }).to_string();
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("the script reads");
    let output = child.wait_with_output().expect("the script ends");
    assert!(output.status.success(), "verify.py failed");
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}
