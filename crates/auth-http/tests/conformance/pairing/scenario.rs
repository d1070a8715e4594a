//! Scenarios, as `scenarios/*.json` tells them: what is sent, with whose cookies, and which status it must have.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::configuration::{folder, load};

/// A story that begins with empty tables.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    /// Configurations beside that of its file under which it must go the same way.
    #[serde(default)]
    also: Vec<String>,
    /// Why the servers cannot take turns here: a meant difference lies in what one of them stores.
    pub(crate) apart: Option<String>,
    pub(crate) steps: Vec<Step>,
}

/// One request. In `path`, `headers`, `json`, `body` and `sql`:
///
/// - `{{origin}}` is the origin of the server that is asked, `{{ip}}` an address that this lane alone uses, `{{octet}}` a part of one;
/// - `@example.com` becomes a domain of the lane, so that each lane has users of its own, and `{{lane}}` a label of it;
/// - `{{ada}}` is the session cookie that the browser (or `keep`) `ada` holds, as sent, `{{ada.token}}` the session token in it,
///   `{{ada.signed}}` the same with its signature, `{{ada.unpadded}}` without the `=` at its end, `{{ada.stray}}` in another spelling of the signature,
///   `{{ada.dont_remember}}` and so on its other cookies.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) label: String,
    /// Run on the database before the request, once; once per lane if it speaks of something that lanes differ in.
    pub(crate) sql: Option<String>,
    /// Milliseconds that pass before the request: the clocks of both servers are moved.
    pub(crate) pause: Option<i64>,
    /// Sends the cookies of this browser, and an `Origin` with everything but GET; keeps what the answer sets.
    pub(crate) browser: Option<String>,
    /// Keeps the cookies of the answer under this name, without sending any.
    pub(crate) keep: Option<String>,
    /// Method, blank, path with query.
    pub(crate) send: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// A JSON body, with its content type.
    pub(crate) json: Option<Value>,
    /// A body as it is.
    pub(crate) body: Option<String>,
    /// The status of the answer, said by who wrote the step: a success is one on both sides, not two equal failures.
    pub(crate) status: u16,
    /// The answer is a list without an order of its own: it is put into the order of `createdAt`.
    #[serde(default)]
    pub(crate) unordered: bool,
}

impl Step {
    pub(crate) fn method(&self) -> &str {
        self.send.split_once(' ').expect("a method and a path").0
    }

    pub(crate) fn path(&self) -> &str {
        self.send.split_once(' ').expect("a method and a path").1
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    configuration: String,
    scenarios: Vec<Scenario>,
}

fn files() -> Vec<File> {
    let entries = std::fs::read_dir(folder().join("scenarios")).expect("a folder of scenarios");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .filter(|name| name.ends_with(".json"))
        .collect();
    names.sort();
    names.iter().map(|name| load(&format!("scenarios/{name}"))).collect()
}

/// The scenarios of one configuration, over all files.
pub(crate) fn of(configuration: &str) -> Vec<Scenario> {
    let is_of = |file: &File, scenario: &Scenario| {
        file.configuration == configuration || scenario.also.iter().any(|it| it == configuration)
    };
    let mut scenarios = Vec::new();
    for mut file in files() {
        let all = std::mem::take(&mut file.scenarios);
        scenarios.extend(all.into_iter().filter(|scenario| is_of(&file, scenario)));
    }
    scenarios
}

/// Names of configurations that the files speak of.
pub(crate) fn configurations() -> Vec<String> {
    let names = files().into_iter().flat_map(|file| {
        let also = file.scenarios.into_iter().flat_map(|scenario| scenario.also);
        also.chain([file.configuration]).collect::<Vec<_>>()
    });
    names.collect()
}
