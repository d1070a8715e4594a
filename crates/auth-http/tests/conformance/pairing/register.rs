//! The register of meant differences, `register.json`: where this server answers otherwise than Better Auth, how, and
//! why. A row is a claim like any other: one that changes nothing, or that no step meets, fails.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::answer::Answer;
use super::configuration::load;

/// One meant difference.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// Scenario and label of the one step it is about.
    pub(crate) scenario: String,
    pub(crate) label: String,
    pub(crate) reason: String,
    status: Option<u16>,
    /// Header → its value here, `null` where it is absent here.
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    set_cookie: Option<Vec<String>>,
    body: Option<String>,
    /// Text of the body → what stands there instead.
    #[serde(default)]
    body_replace: BTreeMap<String, String>,
}

/// All rows, in the order of the file.
pub(crate) static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| load("register.json"));

impl Row {
    fn concerns(&self, scenario: &str, label: &str) -> bool {
        self.scenario == scenario && self.label == label
    }

    fn apply(&self, answer: &mut Answer) {
        if let Some(status) = self.status {
            answer.status = status;
        }
        for (name, value) in &self.headers {
            match value {
                Some(value) => answer.headers.insert(name.clone(), value.clone()),
                None => answer.headers.remove(name),
            };
        }
        if let Some(lines) = &self.set_cookie {
            answer.set_cookie.clone_from(lines);
        }
        if let Some(body) = &self.body {
            answer.body.clone_from(body);
        }
        for (from, to) in &self.body_replace {
            answer.body = answer.body.replace(from, to);
        }
    }
}

/// The one difference of every route: what may hold a session, a token or a cookie says that it must not be stored
/// . The reference says so of `/get-session` alone. Answers of no route are its own, without a type.
fn never_stored(path: &str, answer: &mut Answer) {
    let path = path.split('?').next().unwrap_or_default().trim_end_matches('/');
    let is_of_a_route = answer.headers.contains_key("content-type") || answer.status >= 500;
    if is_of_a_route && !path.ends_with("/ok") && answer.status != 429 && answer.body != "Not Found" {
        answer.headers.entry("cache-control".to_owned()).or_insert_with(|| "no-store".to_owned());
    }
}

/// What this server must answer where Better Auth answers `theirs`, and the rows that say so.
pub(crate) fn expected(
    scenario: &str,
    label: &str,
    path: &str,
    theirs: &Answer,
) -> (Answer, Vec<&'static Row>) {
    let mut answer = theirs.clone();
    never_stored(path, &mut answer);
    let rows: Vec<&Row> = ROWS.iter().filter(|row| row.concerns(scenario, label)).collect();
    for row in &rows {
        let before = answer.clone();
        row.apply(&mut answer);
        assert!(
            before != answer,
            "{scenario}, {label}: a registered difference changes nothing: {}",
            row.reason
        );
    }
    (answer, rows)
}
