//! An answer in the form that is compared, and its file: `answers/<configuration>.json` holds what Better Auth
//! answered, written by the suite.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::configuration::folder;
use crate::http::Response;
use crate::normalise::Names;

/// Headers that a Better Auth client can notice; `Set-Cookie` is compared apart. The rest is framing, CORS (which
/// Better Auth leaves to its host, but for what its plugins expose) and headers of this server that answers of the
/// reference never have.
pub(crate) const COMPARED_HEADERS: [&str; 9] = [
    "content-type",
    "cache-control",
    "pragma",
    "location",
    "x-retry-after",
    "www-authenticate",
    SET_AUTH_TOKEN,
    SET_AUTH_JWT,
    EXPOSED,
];

const SET_AUTH_TOKEN: &str = "set-auth-token";
const SET_AUTH_JWT: &str = "set-auth-jwt";
const EXPOSED: &str = "access-control-expose-headers";
/// What the CORS layer of this server exposes of its own.
const EXPOSED_BY_US: [&str; 3] = ["x-request-id", "retry-after", "x-retry-after"];

/// What was answered, with names in the place of what differs from run to run.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) set_cookie: Vec<String>,
    pub(crate) body: String,
}

impl Answer {
    /// Names what the server generated. `portable` takes out what belongs to the lane.
    pub(crate) fn of(
        response: &Response,
        names: &mut Names,
        unordered: bool,
        portable: impl Fn(&str) -> String,
    ) -> Self {
        Self::at(response, names, unordered, OffsetDateTime::now_utc(), portable)
    }

    /// The `code` of an error.
    pub(crate) fn code(&self) -> Option<String> {
        serde_json::from_str::<Error>(&self.body).ok().map(|error| error.code)
    }

    /// The same for an answer of another time.
    pub(crate) fn at(
        response: &Response,
        names: &mut Names,
        unordered: bool,
        now: OffsetDateTime,
        portable: impl Fn(&str) -> String,
    ) -> Self {
        let compared = response.headers.iter().filter(|(name, _)| COMPARED_HEADERS.contains(&name.as_str()));
        let mut headers = BTreeMap::new();
        for (name, value) in compared {
            let value = match name.as_str() {
                SET_AUTH_TOKEN => names.signed(value, now),
                SET_AUTH_JWT => portable(&names.text(&names.opened(value, now), now)),
                EXPOSED => match exposed_by_route(value) {
                    none if none.is_empty() => continue,
                    names => names,
                },
                _ => portable(value),
            };
            headers.insert(name.clone(), value);
        }
        let body = response.text();
        let body = if unordered { by_creation(&body) } else { names.opened(&body, now) };
        Self {
            status: response.status,
            headers,
            set_cookie: names
                .set_cookies(&response.set_cookies(), now)
                .iter()
                .map(|line| portable(line))
                .collect(),
            body: portable(&names.text(&body, now)),
        }
    }
}

/// The names that a route exposes.
fn exposed_by_route(list: &str) -> String {
    let names = list.split(", ").filter(|name| !EXPOSED_BY_US.contains(name));
    names.collect::<Vec<_>>().join(", ")
}

/// Member of error bodies.
#[derive(Deserialize)]
struct Error {
    code: String,
}

/// Puts the objects of a flat list into the order of their `createdAt`, without touching their bytes.
fn by_creation(list: &str) -> String {
    let Some(inner) = list.strip_prefix("[{").and_then(|list| list.strip_suffix("}]")) else {
        return list.to_owned();
    };
    let created = |object: &&str| {
        let at = object.split("\"createdAt\":\"").nth(1);
        at.and_then(|rest| rest.get(..24)).unwrap_or_default().to_owned()
    };
    let mut objects: Vec<&str> = inner.split("},{").collect();
    objects.sort_by_key(created);
    format!("[{{{}}}]", objects.join("},{"))
}

/// The answer to one step, as the file has it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Pinned {
    pub(crate) label: String,
    #[serde(flatten)]
    pub(crate) answer: Answer,
}

/// Scenario → its answers.
pub(crate) type Answers = BTreeMap<String, Vec<Pinned>>;

fn file(slug: &str) -> std::path::PathBuf {
    folder().join("answers").join(format!("{slug}.json"))
}

/// Reads the answers of a configuration; none where they have not been written yet.
pub(crate) fn read(slug: &str) -> Answers {
    match std::fs::read_to_string(file(slug)) {
        Ok(text) => {
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("answers/{slug}.json: {error}"))
        }
        Err(_) => Answers::new(),
    }
}

/// Writes them.
pub(crate) fn write(slug: &str, answers: &Answers) {
    let text = serde_json::to_string_pretty(answers).expect("printable");
    std::fs::write(file(slug), text + "\n").expect("a writable file of answers");
}
