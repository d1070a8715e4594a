//! `docs/COMPATIBILITY.md` and the line of the README are results of this suite: numbers come from the run, words from
//! `compatibility.md` beside this file. A document that says anything else fails; `cargo xtask conformance --update`
//! writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use super::{outcomes, route};
use crate::ours::{BETTER_AUTHS_ANSWERS, CHEAP_HASHES};
use crate::pairing::StepOutcome;
use crate::pairing::configuration::{ALL, Configuration, flattened, folder, in_words, load};
use crate::pairing::pair::Cast;
use crate::pairing::register::{self, Row};

#[derive(Default)]
struct Tally {
    steps: usize,
    /// Steps that a row of the register is about.
    meant: usize,
    /// Steps that a row about answers of a kind changes.
    general: usize,
    wrong: usize,
    answers: BTreeSet<String>,
}

impl Tally {
    fn add(&mut self, step: &StepOutcome) {
        self.steps += 1;
        self.meant += usize::from(step.rows().any(Row::is_single));
        self.general += usize::from(step.rows().any(|row| !row.is_single()));
        self.wrong += usize::from(!step.complaints.is_empty());
        let code = step.code.as_deref().map_or_else(String::new, |code| format!(" `{code}`"));
        self.answers.insert(format!("{}{code}", step.status));
    }

    /// Steps answered as they must be, of all.
    fn passed(&self) -> String {
        format!("{} of {}", self.steps - self.wrong, self.steps)
    }
}

fn version() -> String {
    let package: serde_json::Value = load("node/package.json");
    package["dependencies"]["better-auth"].as_str().expect("a pinned version").to_owned()
}

/// Under which settings all of it was measured: those that no row of the table of configurations shows.
fn settings() -> String {
    let real = ALL.iter().filter(|it| it.real_hashes).map(|it| format!("\"{}\"", it.name));
    let real = real.collect::<Vec<_>>().join(", ");
    let mut of_its_own: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for configuration in ALL.iter() {
        for setting in flattened(&configuration.settings_of_its_own) {
            of_its_own.entry(setting).or_default().push(&configuration.name);
        }
    }
    let of_its_own: String = of_its_own
        .iter()
        .map(|(setting, names)| format!(" {setting} in \"{}\".", names.join("\", \"")))
        .collect();
    format!(
        "Beside what the table of configurations says, this server ran with its shipped settings and these: {}; in all but {real} also {}, \
         where Better Auth had the same argon2id in place of its scrypt.{of_its_own}\n",
        in_words(&BETTER_AUTHS_ANSWERS),
        in_words(&CHEAP_HASHES),
    )
}

struct Text {
    summary: String,
    routes: String,
    configurations: String,
    register: String,
    line: String,
}

fn text() -> Text {
    let (mut whole, mut requests, mut scenarios) = (Tally::default(), 0, BTreeSet::new());
    let mut by_route: BTreeMap<String, Tally> = BTreeMap::new();
    let mut configurations =
        String::from("| configuration | what it changes | as they must be |\n|---|---|---|\n");
    let outcomes = outcomes();
    for outcome in &outcomes {
        let mut own = Tally::default();
        for step in &outcome.steps {
            own.add(step);
            whole.add(step);
            by_route.entry(route(step)).or_default().add(step);
            requests += step.requests;
            scenarios.insert(&step.scenario);
        }
        let configuration = Configuration::named(&outcome.configuration);
        let apart = configuration.apart.as_ref();
        let apart = apart.map_or_else(String::new, |why| format!("; not in turns: {why}"));
        let about = format!("{}{apart}", configuration.about);
        writeln!(configurations, "| {} | {about} | {} |", configuration.name, own.passed()).expect("text");
    }

    let mut routes =
        String::from("| route | as they must be | meant to differ | answers compared |\n|---|---|---|---|\n");
    for (route, tally) in &by_route {
        let answers: Vec<&str> = tally.answers.iter().map(String::as_str).collect();
        let answers = answers.join(", ");
        writeln!(routes, "| {route} | {} | {} | {answers} |", tally.passed(), tally.meant).expect("text");
    }

    let mut table = String::from("| step | reason |\n|---|---|\n");
    for row in register::ROWS.iter() {
        writeln!(table, "| {} | {} |", row.place(), row.reason).expect("text");
    }
    let (version, passed) = (version(), whole.passed());
    Text {
        summary: format!(
            "{} configurations, {} scenarios, {} steps, {requests} requests. Steps answered as they must be: {passed}. In {} of them this \
             server means to differ in a way of its own; in {} a row about all answers of a kind applies, such as one header more. \
             Each difference is a [row](#meant-differences) with its reason, and a row that changes nothing fails.\n",
            outcomes.len(),
            scenarios.len(),
            whole.steps,
            whole.meant,
            whole.general,
        ),
        routes,
        configurations,
        register: table,
        line: format!(
            "**Conformance: {passed} steps** beside better-auth {version} in {} configurations. {} register rows say where this server \
             means to differ; more stands in the tables of [COMPATIBILITY](docs/COMPATIBILITY.md#meant-differences).\n",
            outcomes.len(),
            register::ROWS.len()
        ),
    }
}

/// Puts generated text between `<!-- name -->` and `<!-- /name -->`.
fn put(document: &str, name: &str, text: &str) -> String {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = document.split_once(&open).unwrap_or_else(|| panic!("no {open} in the document"));
    let (_, after) = rest.split_once(&close).unwrap_or_else(|| panic!("no {close} in the document"));
    format!("{before}{open}{text}{close}{after}")
}

fn read(path: &PathBuf) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_documents_say_what_was_measured() {
    if Cast::of_this_run() != Cast::Both {
        return;
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = text();
    let mut document = read(&folder().join("compatibility.md"));
    for (name, part) in [
        ("summary", &text.summary),
        ("settings", &settings()),
        ("routes", &text.routes),
        ("configurations", &text.configurations),
        ("register", &text.register),
    ] {
        document = put(&document, name, part);
    }
    let readme = root.join("README.md");
    let files = [
        (root.join("docs/COMPATIBILITY.md"), document),
        (readme.clone(), put(&read(&readme), "conformance", &text.line)),
    ];
    for (path, wanted) in files {
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, wanted).expect("a writable document");
        } else if std::fs::read_to_string(&path).ok().as_deref() != Some(wanted.as_str()) {
            panic!("{} is stale: run `cargo xtask conformance --update`", path.display());
        }
    }
}
