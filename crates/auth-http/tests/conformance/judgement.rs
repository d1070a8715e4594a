//! What must hold over all configurations together. These tests read what the tests of [`crate::pairing`] wrote, and the
//! runner starts them after all others.

mod document;

use std::collections::BTreeSet;

use test_support::error_codes;

use crate::pairing::pair::Cast;
use crate::pairing::register::{self, Row};
use crate::pairing::{Outcome, StepOutcome, configuration};

/// What the reference offers and this suite asks, by path below the base path.
const ROUTES: [(&str, &str); 17] = [
    ("POST", "/sign-up/email"),
    ("POST", "/sign-in/email"),
    ("POST", "/sign-out"),
    ("GET", "/get-session"),
    ("POST", "/get-session"),
    ("POST", "/change-password"),
    ("GET", "/list-sessions"),
    ("POST", "/revoke-session"),
    ("POST", "/revoke-sessions"),
    ("POST", "/revoke-other-sessions"),
    ("POST", "/update-session"),
    ("GET", "/token"),
    ("GET", "/jwks"),
    ("POST", "/sign-in/username"),
    ("POST", "/is-username-available"),
    ("GET", "/ok"),
    ("GET", "/error"),
];

/// Error codes that no step can meet, and why.
const NOT_MET: [(&str, &str); 9] = [
    ("PAYLOAD_TOO_LARGE", "the reference has no limit"),
    ("REQUEST_TIMEOUT", "the reference has no deadline"),
    ("INVALID_TOKEN", "bearer tokens are this server's own"),
    ("TOKEN_EXPIRED", "bearer tokens are this server's own"),
    ("MISDIRECTED_REQUEST", "the reference rejects such a request without an answer"),
    ("SERVICE_UNAVAILABLE", "the reference answers 500, 401 or null"),
    ("FAILED_TO_GET_SESSION", "needs a race or an outage"),
    ("SECOND_FACTOR_REQUIRED", "this server's own, for users whom the plugin on Node would ask for a code"),
    ("BANNED_USER", "asks for a column of the reference's admin plugin"),
];

/// Which row of the table a step belongs to.
fn route(step: &StepOutcome) -> String {
    let (method, path) = step.send.split_once(' ').expect("a method and a path");
    let path = path.split('?').next().unwrap_or_default();
    let path = path.strip_prefix("/api/auth").or_else(|| path.strip_prefix("/custom")).unwrap_or(path);
    let known = ROUTES.iter().any(|route| *route == (method, path.trim_end_matches('/')));
    if known && step.status != 404 {
        format!("`{method} {}`", path.trim_end_matches('/'))
    } else {
        "paths and methods that are no route".to_owned()
    }
}

/// What came of all configurations, in the order of their file.
fn outcomes() -> Vec<Outcome> {
    configuration::ALL.iter().map(Outcome::read).collect()
}

/// A row of the register that no step meets is a claim without a proof.
#[test]
fn each_row_of_the_register_is_met() {
    if Cast::of_this_run() == Cast::TheirsAlone {
        return;
    }
    let outcomes = outcomes();
    let steps = outcomes.iter().flat_map(|outcome| &outcome.steps);
    let met: BTreeSet<String> = steps.flat_map(StepOutcome::rows).map(Row::place).collect();
    let elsewhere = |row: &&Row| row.scenario.as_deref() == Some(crate::recordings::SCENARIO);
    for row in register::ROWS.iter().filter(|row| !elsewhere(row)) {
        assert!(met.contains(&row.place()), "no step meets the row {}", row.place());
    }
}

/// A route or an error that no step meets is one that nothing is known of.
#[test]
fn every_route_and_every_error_is_met() {
    if Cast::of_this_run() != Cast::Both {
        return;
    }
    let outcomes = outcomes();
    let steps = || outcomes.iter().flat_map(|outcome| &outcome.steps);
    for (method, path) in ROUTES {
        let name = format!("`{method} {path}`");
        let succeeds = steps().any(|step| route(step) == name && step.status < 400);
        assert!(succeeds, "no step succeeds at {name}");
    }
    let met: BTreeSet<&str> = steps().filter_map(|step| step.code.as_deref()).collect();
    let known: BTreeSet<&str> = error_codes().iter().map(|code| code.code()).collect();
    for code in &known {
        let excused = NOT_MET.iter().any(|(other, _)| other == code);
        assert_ne!(met.contains(code), excused, "{code}");
    }
    assert_eq!(
        met.difference(&known).collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "codes that are not declared"
    );
}
