//! This server beside the real Better Auth: one PostgreSQL, one secret, configured alike from `configurations.json`.
//!
//! The scenarios of `scenarios/*.json` are lived in four lanes at once (see [`lane`]): by a browser of Better Auth, by one of
//! this server, and by two that change servers at every step. In all of them each step must be answered as
//! `answers/*.json` says: status, headers, cookies and body, byte for byte after [`crate::normalise`]. The answers are
//! what Better Auth said when they were written (`cargo xtask conformance --record`), and its own lane proves that it
//! still says so. What differs on purpose is a row of `register.json`.
//!
//! Without Node the lane of this server is still held against the answers.

pub(crate) mod answer;
pub(crate) mod configuration;
mod lane;
pub(crate) mod pair;
pub(crate) mod register;
mod scenario;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use answer::{Answer, Answers};
use configuration::Configuration;
use lane::{Course, Lane, Side};
use pair::Pair;
use register::{Asked, Row};
use scenario::{Scenario, Step};
use serde::{Deserialize, Serialize};
use time::Duration;

/// What came of one configuration. Its test writes it to a file, so that the tests of the whole suite, which are other
/// processes, can read it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Outcome {
    /// The configuration's name.
    pub(crate) configuration: String,
    pub(crate) steps: Vec<StepOutcome>,
}

/// What came of one step, over all lanes.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct StepOutcome {
    pub(crate) scenario: String,
    label: String,
    pub(crate) send: String,
    /// Better Auth's answer.
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    /// Requests sent for it.
    pub(crate) requests: usize,
    /// What the register says of it, as positions in [`register::ROWS`].
    rows: Vec<usize>,
    /// Answers that are not what they must be.
    pub(crate) complaints: Vec<String>,
}

impl StepOutcome {
    /// The rows of the register that speak of this step.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &'static Row> {
        self.rows.iter().map(|&at| &register::ROWS[at])
    }
}

/// Names the folder for outcomes.
const OUTCOMES_VARIABLE: &str = "CONFORMANCE_OUTCOMES";

impl Outcome {
    fn file(configuration: &Configuration) -> Option<PathBuf> {
        let folder = std::env::var_os(OUTCOMES_VARIABLE)?;
        Some(PathBuf::from(folder).join(format!("{}.json", configuration.slug())))
    }

    fn write(&self, configuration: &Configuration) {
        let Some(file) = Self::file(configuration) else { return };
        let text = serde_json::to_string(self).expect("printable");
        std::fs::write(file, text).expect("a writable file of outcomes");
    }

    /// Reads what came of a configuration in this run of the suite.
    pub(crate) fn read(configuration: &Configuration) -> Self {
        let file = Self::file(configuration);
        let text = file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_else(|| {
            panic!(
                "{} was not played in this run: `cargo xtask conformance` plays all configurations",
                configuration.name
            )
        });
        serde_json::from_str(&text).expect("an outcome")
    }
}

/// Whether Better Auth's answers are written instead of compared.
pub(crate) fn recording() -> bool {
    std::env::var_os("CONFORMANCE_RECORD").is_some()
}

fn run(configuration: &'static Configuration) -> Outcome {
    let pair = Pair::start(configuration);
    let mut answers = answer::read(&configuration.slug());
    let mut steps = Vec::new();
    for scenario in scenario::of(&configuration.name) {
        if Focus::of_this_run().is_none_or(|focus| focus.scenario == scenario.name) {
            steps.extend(live(&scenario, &pair, &mut answers));
        }
    }
    if recording() {
        answer::write(&configuration.slug(), &answers);
    }
    Outcome { configuration: configuration.name.clone(), steps }
}

/// One scenario that the run is restricted to, and the step that it ends with: for looking at a difference.
#[derive(Debug)]
struct Focus {
    scenario: String,
    label: Option<String>,
}

impl Focus {
    /// Reads `CONFORMANCE_STEP`: the name of a scenario, or `scenario: label of a step`.
    fn of_this_run() -> Option<Self> {
        let text = std::env::var("CONFORMANCE_STEP").ok()?;
        Some(match text.split_once(": ") {
            Some((scenario, label)) => Self { scenario: scenario.to_owned(), label: Some(label.to_owned()) },
            None => Self { scenario: text, label: None },
        })
    }
}

/// Lives a scenario in all lanes.
fn live(scenario: &Scenario, pair: &Pair, answers: &mut Answers) -> Vec<StepOutcome> {
    let labels: BTreeSet<&str> = scenario.steps.iter().map(|step| step.label.as_str()).collect();
    assert_eq!(labels.len(), scenario.steps.len(), "a label stands twice in {}", scenario.name);
    pair.empty_tables();
    let mut lanes = pair.lanes(scenario.apart.is_some());
    let pinned = answers.entry(scenario.name.clone()).or_default();
    if recording() {
        pinned.clear();
    }
    let focus = Focus::of_this_run();
    let mut outcomes = Vec::new();
    for (index, step) in scenario.steps.iter().enumerate() {
        before(step, pair, &lanes);
        let got: Vec<_> = lanes
            .iter_mut()
            .map(|lane| {
                let side = lane.course.side(index);
                let (address, origin) = pair.server(side);
                (lane.course, side, lane.play(index + 1, step, address, origin, pair.now()))
            })
            .collect();
        if recording() {
            let (_, _, theirs) = &got[0];
            pinned.push(answer::Pinned { label: step.label.clone(), answer: theirs.clone() });
        }
        let theirs = pinned
            .get(index)
            .filter(|pinned| pinned.label == step.label)
            .unwrap_or_else(|| {
                panic!(
                    "{}, {}: no answer written; run `cargo xtask conformance --record`",
                    scenario.name, step.label
                )
            })
            .answer
            .clone();
        let asked = Asked {
            configuration: pair.name(),
            scenario: &scenario.name,
            label: &step.label,
            send: &step.send,
            theirs: &theirs,
        };
        let in_focus = focus.as_ref().is_some_and(|focus| focus.label.as_ref() == Some(&step.label));
        if in_focus || focus.as_ref().is_some_and(|focus| focus.label.is_none()) {
            show(pair, step, &got);
        }
        let (ours, rows) = if recording() { (theirs.clone(), Vec::new()) } else { asked.expected() };
        let mut complaints = Vec::new();
        if theirs.status != step.status {
            complaints
                .push(format!("the step expects {}, Better Auth answers {}", step.status, theirs.status));
        }
        for (course, side, answer) in &got {
            let expected = if *side == Side::Ours { &ours } else { &theirs };
            if answer != expected {
                let print = |it| serde_json::to_string(it).expect("printable");
                complaints.push(format!(
                    "{} ({})\n    expected {}\n         got {}",
                    if *side == Side::Ours { "this server" } else { "Better Auth" },
                    course.describe(),
                    print(expected),
                    print(answer)
                ));
            }
        }
        outcomes.push(StepOutcome {
            scenario: scenario.name.clone(),
            label: step.label.clone(),
            send: step.send.clone(),
            status: theirs.status,
            code: theirs.code(),
            requests: got.len(),
            rows,
            complaints,
        });
        if in_focus {
            break;
        }
    }
    outcomes
}

/// Prints what each lane got for a step.
fn show(pair: &Pair, step: &Step, got: &[(Course, Side, Answer)]) {
    eprintln!("\n{}: {} [{}]", pair.name(), step.label, step.send);
    for (course, _, answer) in got {
        let answer = serde_json::to_string_pretty(answer).expect("printable");
        eprintln!("{}: {answer}", course.describe());
    }
}

/// What a step does before its request.
fn before(step: &Step, pair: &Pair, lanes: &[Lane]) {
    if let Some(sql) = &step.sql {
        let own: Vec<String> = lanes.iter().filter_map(|lane| lane.sql(sql)).collect();
        if own.is_empty() {
            pair.execute(sql);
        }
        for sql in own {
            pair.execute(&sql);
        }
    }
    if let Some(pause) = step.pause {
        pair.advance(Duration::milliseconds(pause));
    }
}

/// For `--reference latest`: the steps that the other release answers otherwise, one per line.
fn tell_changes(outcome: &Outcome) {
    let Some(file) = std::env::var_os("CONFORMANCE_CHANGES") else { return };
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).expect("a writable file");
    for step in outcome.steps.iter().filter(|step| !step.complaints.is_empty()) {
        writeln!(file, "{}: {}: {}", outcome.configuration, step.scenario, step.label).expect("written");
    }
}

fn check(name: &str) {
    let configuration = Configuration::named(name);
    let outcome = run(configuration);
    if Focus::of_this_run().is_none() {
        outcome.write(configuration);
    }
    tell_changes(&outcome);
    assert!(!outcome.steps.is_empty(), "no scenario speaks of {name:?}");
    let complaints: Vec<String> = outcome
        .steps
        .iter()
        .filter(|step| !step.complaints.is_empty())
        .map(|step| {
            format!("{}: {} [{}]\n  {}", step.scenario, step.label, step.send, step.complaints.join("\n  "))
        })
        .collect();
    assert!(
        complaints.is_empty(),
        "{name}: {} of {} steps:\n\n{}\n",
        complaints.len(),
        outcome.steps.len(),
        complaints.join("\n")
    );
}

macro_rules! configurations {
    ($($test:ident => $name:literal),+ $(,)?) => {
        $(#[test]
        fn $test() {
            check($name);
        })+

        const TESTED: &[&str] = &[$($name),+];
    };
}

configurations! {
    default => "default",
    password_off => "password off",
    sign_up_off => "sign-up off",
    password_limits => "password limits",
    secure_cookies => "secure cookies",
    prefix_and_domain => "prefix and domain",
    short_sessions => "short sessions",
    refresh_on_every_read => "refresh on every read",
    list_limit => "list limit",
    refresh_off => "refresh off",
    trusted_origins => "trusted origins",
    another_base_path => "another base path",
    https_base_url => "https base URL",
    cross_subdomain_cookies => "cross-subdomain cookies",
    cookie_names_and_attributes => "cookie names and attributes",
    cookies_for_other_sites => "cookies for other sites",
    cookie_cache_compact => "cookie cache compact",
    cookie_cache_jwt => "cookie cache jwt",
    cookie_cache_jwe => "cookie cache jwe",
    cookie_cache_in_many_chunks => "cookie cache in many chunks",
    scrypt => "scrypt",
    cookie_cache_short => "cookie cache short",
    cookie_cache_version => "cookie cache version",
    deferred_refresh => "deferred refresh",
    deferred_refresh_and_cache => "deferred refresh and cache",
    no_automatic_sign_in => "no automatic sign-in",
    verification_required => "verification required",
    additional_fields => "additional fields",
    additional_fields_and_cache => "additional fields and cache",
    kinds_of_additional_fields => "kinds of additional fields",
    kinds_of_additional_fields_and_cache => "kinds of additional fields and cache",
    origin_patterns => "origin patterns",
    disabled_paths => "disabled paths",
    trailing_slashes => "trailing slashes",
    no_csrf_check => "no CSRF check",
    no_origin_check => "no origin check",
    no_origin_check_csrf_check_on => "no origin check, CSRF check on",
    no_origin_check_on_paths => "no origin check on paths",
    fresh_age_off => "fresh age off",
    fresh_age_short => "fresh age short",
    error_address => "error address",
    versioned_secrets => "versioned secrets",
    versioned_secrets_and_jwe => "versioned secrets and jwe",
    rate_limit_memory => "rate limit memory",
    rate_limit_database => "rate limit database",
    client_address => "client address",
    bearer => "bearer",
    bearer_with_signatures => "bearer with signatures",
    bearer_and_cookie_cache => "bearer and cookie cache",
    bearer_and_secure_cookies => "bearer and secure cookies",
    bearer_and_deferred_refresh => "bearer and deferred refresh",
    ids_as_uuid => "ids as uuid",
    ids_as_uuid_fields_and_cache => "ids as uuid, fields and cache",
    ids_as_uuid_no_automatic_sign_in => "ids as uuid, no automatic sign-in",
    ids_as_serial => "ids as serial",
    ids_as_serial_fields_and_cache => "ids as serial, fields and cache",
    ids_as_serial_no_automatic_sign_in => "ids as serial, no automatic sign-in",
    ids_as_serial_rate_limit_database => "ids as serial, rate limit database",
    other_names => "other names",
    other_names_rate_limit_database => "other names, rate limit database",
    jwt_plugin => "jwt plugin",
    jwt_plugin_and_cookie_cache => "jwt plugin and cookie cache",
    cookie_cache_under_public_keys => "cookie cache under public keys",
    allowed_hosts => "allowed hosts",
    allowed_hosts_under_both_schemes => "allowed hosts under both schemes",
    allowed_hosts_behind_a_proxy => "allowed hosts behind a proxy",
    trusted_proxy_headers => "trusted proxy headers",
    username => "username",
    username_with_options => "username with options",
}

/// Every description is played, and every file of scenarios belongs to one.
#[test]
fn each_configuration_has_its_test() {
    let described: Vec<&str> = configuration::ALL.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(described, TESTED);
    for name in scenario::configurations() {
        Configuration::named(&name);
    }
}
