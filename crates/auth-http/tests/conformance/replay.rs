//! Recorded exchanges of Better Auth 1.7.25, played to this server: status, headers, cookies and body,
//! byte for byte after `normalise`. What differs on purpose is listed with its reason in
//! `recordings/differences.json`; a difference that is no longer one fails as well.
//!
//! The same recordings are played to the live package, so they cannot go stale unnoticed. After changing a
//! request, `CONFORMANCE_RECORD=1 cargo test -p auth-http --test conformance recordings` writes its answers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::database::Database;
use crate::http::{self, Request};
use crate::node::Reference;
use crate::normalise::{Names, percent_decode};
use crate::ours::{Ours, random_secret};

/// Headers that a Better Auth client can notice. `set-cookie` is compared apart.
pub(crate) const COMPARED_HEADERS: [&str; 6] =
    ["content-type", "cache-control", "pragma", "location", "x-retry-after", "www-authenticate"];

/// Settings under which this server answers what Better Auth does: the client's address comes from where
/// Better Auth takes it. Hashes are as cheap as they get on both sides: `passwords` and `sharing` are about those.
pub(crate) const BETTER_AUTHS_ANSWERS: [(&str, &str); 5] = [
    ("AUTH__PASSWORD__ARGON2__MEMORY_KIB", "8"),
    ("AUTH__PASSWORD__ARGON2__ITERATIONS", "1"),
    ("AUTH__PROXIES__TRUSTED", "127.0.0.1"),
    ("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false"),
    ("AUTH__SESSION__ANONYMOUS_GET_SESSION", "null"),
];

/// A story on an empty database: exchanges in order, each able to use the cookies of earlier ones.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Scenario {
    name: String,
    /// Options of Better Auth, and the settings of this server that mean the same.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    options: Value,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    settings: BTreeMap<String, String>,
    exchanges: Vec<Exchange>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Exchange {
    label: String,
    /// Run on the database before the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sql: Option<String>,
    /// Keeps the cookies of the answer: `{{<keep>}}` is its session cookie's value as sent,
    /// `{{<keep>.token}}` the session token in it, `{{<keep>.dont_remember}}` the other cookie's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keep: Option<String>,
    request: RecordedRequest,
    #[serde(default)]
    response: RecordedResponse,
}

/// `{{origin}}` stands for the origin of the server that is asked.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct RecordedRequest {
    method: String,
    path: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
struct RecordedResponse {
    status: u16,
    headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    set_cookie: Vec<String>,
    body: String,
}

/// A row of `differences.json`: where this server answers otherwise, how, and why.
#[derive(Clone, Debug, Deserialize)]
struct Difference {
    scenario: String,
    /// One exchange, or every exchange of the scenario whose recorded answer the change applies to.
    label: Option<String>,
    reason: String,
    #[serde(default)]
    status: Option<u16>,
    /// Header name → its value here, `null` where it is absent here.
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    #[serde(default)]
    set_cookie: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    /// Text of the body → what stands there instead.
    #[serde(default)]
    body_replace: BTreeMap<String, String>,
}

impl Difference {
    fn concerns(&self, scenario: &Scenario, exchange: &Exchange) -> bool {
        self.scenario == scenario.name && self.label.as_ref().is_none_or(|label| *label == exchange.label)
    }

    fn apply(&self, response: &mut RecordedResponse) {
        if let Some(status) = self.status {
            response.status = status;
        }
        for (name, value) in &self.headers {
            match value {
                Some(value) => response.headers.insert(name.clone(), value.clone()),
                None => response.headers.remove(name),
            };
        }
        if let Some(lines) = &self.set_cookie {
            response.set_cookie.clone_from(lines);
        }
        if let Some(body) = &self.body {
            response.body.clone_from(body);
        }
        for (from, to) in &self.body_replace {
            response.body = response.body.replace(from, to);
        }
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/recordings")
}

fn load<T: serde::de::DeserializeOwned>(file: &str) -> T {
    let text = std::fs::read_to_string(folder().join(file)).expect("a readable recording");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{{{name}}}}}"), value);
    }
    assert!(!text.contains("{{"), "a placeholder without a value in {text}");
    text
}

/// Plays a scenario to one server and answers what it answered, normalised.
fn play(scenario: &Scenario, origin: &str, secret: &str, database: &Database) -> Vec<RecordedResponse> {
    let mut names = Names::new(secret);
    let mut values = BTreeMap::from([("origin".to_owned(), origin.to_owned())]);
    let mut answers = Vec::new();
    for exchange in &scenario.exchanges {
        if let Some(sql) = &exchange.sql {
            database.execute(&fill(sql, &values));
        }
        let mut request = Request::new(&exchange.request.method, &exchange.request.path);
        for (name, value) in &exchange.request.headers {
            request = request.header(name, &fill(value, &values));
        }
        request.body = exchange.request.body.as_ref().map(|body| fill(body, &values).into_bytes());
        let response = http::send(origin, &request);
        if let Some(keep) = &exchange.keep {
            if let Some(cookie) = response.cookie_ending(".session_token") {
                let token = percent_decode(&cookie).split('.').next().unwrap_or_default().to_owned();
                values.insert(format!("{keep}.token"), token);
                values.insert(keep.clone(), cookie);
            }
            if let Some(cookie) = response.cookie_ending(".dont_remember") {
                values.insert(format!("{keep}.dont_remember"), cookie);
            }
        }
        let now = OffsetDateTime::now_utc();
        // The port differs from run to run, so no recording names it.
        let portable = |text: &str| text.replace(origin, "{{origin}}");
        answers.push(RecordedResponse {
            status: response.status,
            headers: response
                .headers
                .iter()
                .filter(|(name, _)| COMPARED_HEADERS.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), portable(value)))
                .collect(),
            set_cookie: response.set_cookies().into_iter().map(|line| names.set_cookie(line, now)).collect(),
            body: names.text(&portable(&response.text()), now),
        });
    }
    answers
}

fn describe(exchange: &Exchange, expected: &RecordedResponse, got: &RecordedResponse) -> String {
    format!(
        "{} [{} {}]\n  expected {}\n       got {}\n",
        exchange.label,
        exchange.request.method,
        exchange.request.path,
        serde_json::to_string(expected).expect("printable"),
        serde_json::to_string(got).expect("printable"),
    )
}

/// Plays the scenarios of one file to this server.
fn replay(file: &str) {
    let scenarios: Vec<Scenario> = load(file);
    let differences: Vec<Difference> = load("differences.json");
    let mut complaints = Vec::new();
    for scenario in &scenarios {
        let database = Database::migrated_by_us();
        let mut settings = BETTER_AUTHS_ANSWERS.to_vec();
        settings.extend(scenario.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let ours = Ours::start_with(&database, &random_secret(), &settings);
        let answers = play(scenario, ours.origin(), ours.secret(), &database);
        for (exchange, got) in scenario.exchanges.iter().zip(&answers) {
            let mut expected = exchange.response.clone();
            for difference in differences.iter().filter(|it| it.concerns(scenario, exchange)) {
                let before = expected.clone();
                difference.apply(&mut expected);
                if difference.label.is_some() && before == expected {
                    complaints.push(format!(
                        "{}: a listed difference changes nothing: {}",
                        exchange.label, difference.reason
                    ));
                }
            }
            if *got != expected {
                complaints.push(describe(exchange, &expected, got));
            }
        }
    }
    assert!(complaints.is_empty(), "{} of {file} differ:\n\n{}", complaints.len(), complaints.join("\n"));
}

/// Plays the scenarios of one file to the live package, or records them.
fn replay_to_the_reference(file: &str) {
    let mut scenarios: Vec<Scenario> = load(file);
    let record = std::env::var_os("CONFORMANCE_RECORD").is_some();
    let mut complaints = Vec::new();
    for scenario in &mut scenarios {
        let database = Database::migrated_by_us();
        let mut extra = json!({ "quick": true });
        if !scenario.options.is_null() {
            extra["options"] = scenario.options.clone();
        }
        let reference = Reference::start_with(&database, &random_secret(), &extra);
        let answers = play(scenario, reference.origin(), reference.secret(), &database);
        for (exchange, got) in scenario.exchanges.iter_mut().zip(answers) {
            if exchange.response != got {
                complaints.push(describe(exchange, &exchange.response, &got));
                exchange.response = got;
            }
        }
    }
    if record {
        let text = serde_json::to_string_pretty(&scenarios).expect("printable");
        std::fs::write(folder().join(file), text + "\n").expect("a writable recording");
        return;
    }
    assert!(complaints.is_empty(), "{} of {file} are stale:\n\n{}", complaints.len(), complaints.join("\n"));
}

macro_rules! recordings {
    ($($name:ident => $file:literal),+ $(,)?) => {
        $(mod $name {
            #[test]
            fn this_server_answers_as_recorded() {
                super::replay($file);
            }

            #[test]
            fn recordings_are_what_the_pinned_package_answers() {
                needs!("node");
                super::replay_to_the_reference($file);
            }
        })+
    };
}

recordings! {
    sign_up => "sign-up.json",
    sign_in => "sign-in.json",
    sign_out => "sign-out.json",
    get_session => "get-session.json",
    routing => "routing.json",
    media_types => "media-types.json",
    configured => "configured.json",
}
