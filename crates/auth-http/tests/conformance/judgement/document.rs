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
    /// Steps whose answers are those of Better Auth.
    identical: usize,
    /// Steps whose answers differ in headers alone, as rows about all answers of a kind say.
    general: usize,
    /// Steps that differ on purpose in another way.
    meant: usize,
    /// Steps that differ in a way that no row describes.
    wrong: usize,
    answers: BTreeSet<String>,
}

impl Tally {
    fn add(&mut self, step: &StepOutcome) {
        self.steps += 1;
        let count = if !step.complaints.is_empty() {
            &mut self.wrong
        } else if step.rows().any(|row| general_headers(row).is_none()) {
            &mut self.meant
        } else if step.rows().next().is_some() {
            &mut self.general
        } else {
            &mut self.identical
        };
        *count += 1;
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
    let Tally { steps, identical, general, meant, wrong, .. } = whole;
    let headers = headers_of_general_rows();
    Text {
        summary: format!(
            "{} configurations, {} scenarios, {steps} steps, {requests} requests:\n\n\
             | steps | their answers |\n|---|---|\n\
             | {identical} | are those of Better Auth, byte for byte |\n\
             | {general} | differ in headers alone: {headers} |\n\
             | {meant} | differ on purpose |\n\
             | {wrong} | differ in another way |\n\n\
             Every difference on purpose and every header has a [row](#meant-differences) with its reason. A row that changes nothing \
             fails the suite, and so does a step that differs in another way.\n",
            outcomes.len(),
            scenarios.len(),
        ),
        routes,
        configurations,
        register: table,
        line: format!(
            "**Conformance with better-auth {}**: {steps} steps in {} configurations, compared in status, body, cookies and the headers \
             that clients read, apart from generated values such as ids and times. {identical} are answered byte for byte alike, \
             {general} differ in headers alone ({headers}), {meant} differ [on purpose](docs/COMPATIBILITY.md#meant-differences), and \
             {wrong} differ in another way. Routes that are not here yet are not among them.\n",
            version(),
            outcomes.len(),
        ),
    }
}

/// Whether a row is about all answers of a kind, of which it changes headers alone.
fn general_headers(row: &Row) -> Option<Vec<&str>> {
    row.headers_alone().filter(|_| !row.is_single())
}

/// Lists the headers that such rows change.
fn headers_of_general_rows() -> String {
    let headers: BTreeSet<&str> = register::ROWS.iter().filter_map(general_headers).flatten().collect();
    headers.into_iter().map(|header| format!("`{header}`")).collect::<Vec<_>>().join(", ")
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
