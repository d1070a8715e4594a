//! Lanes: the same scenario, lived four times on one database. One browser stays with Better Auth, one with this
//! server, and two change servers at every step, so that whatever one server made the other one reads.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::answer::Answer;
use super::scenario::Step;
use crate::http::{self, Request};
use crate::normalise::{Names, percent_decode};

/// Whom a step is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Theirs,
    Ours,
}

/// Which server each step goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    Stays(Side),
    /// Begins there and changes with every step.
    Alternates(Side),
}

impl Course {
    pub(crate) fn side(self, step: usize) -> Side {
        match self {
            Self::Stays(side) => side,
            Self::Alternates(first) if step.is_multiple_of(2) => first,
            Self::Alternates(Side::Ours) => Side::Theirs,
            Self::Alternates(Side::Theirs) => Side::Ours,
        }
    }

    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Stays(Side::Theirs) => "Better Auth alone",
            Self::Stays(Side::Ours) => "this server alone",
            Self::Alternates(Side::Theirs) => "both, Better Auth first",
            Self::Alternates(Side::Ours) => "both, this server first",
        }
    }
}

/// One life of a scenario.
pub(crate) struct Lane {
    pub(crate) course: Course,
    number: usize,
    names: Names,
    /// Browser → cookie → value as sent.
    jars: BTreeMap<String, BTreeMap<String, String>>,
}

impl Lane {
    pub(crate) fn new(number: usize, course: Course, names: Names) -> Self {
        Self { course, number, names, jars: BTreeMap::new() }
    }

    /// Sends a step to the server that listens at `address` and is known as `origin`; its clock says `now`.
    pub(crate) fn play(
        &mut self,
        number: usize,
        step: &Step,
        address: &str,
        origin: &str,
        now: OffsetDateTime,
    ) -> Answer {
        let request = self.request(step, origin);
        let response = http::send(address, &request);
        if let Some(name) = step.browser.as_ref().or(step.keep.as_ref()) {
            let jar = self.jars.entry(name.clone()).or_default();
            for line in response.set_cookies() {
                keep(jar, line);
            }
        }
        self.names.begin(number);
        let (lane, domain, ip) = (self.label(), self.domain(), self.ip());
        let portable = |text: &str| {
            let text = text.replace(origin, "{{origin}}").replace(&domain, "example.com");
            text.replace(&ip, "{{ip}}").replace(&lane, "{{lane}}")
        };
        Answer::at(&response, &mut self.names, step.unordered, now, portable)
    }

    fn request(&self, step: &Step, origin: &str) -> Request {
        let values = self.values(origin);
        let mut request = Request::new(step.method(), &self.fill(step.path(), &values));
        if let Some(browser) = &step.browser {
            let jar = self.jars.get(browser);
            let pairs: Vec<_> =
                jar.into_iter().flatten().map(|(name, value)| format!("{name}={value}")).collect();
            if !pairs.is_empty() {
                request = request.header("cookie", &pairs.join("; "));
            }
            if step.method() != "GET" && !step.headers.contains_key("origin") {
                request = request.header("origin", origin);
            }
        }
        for (name, value) in &step.headers {
            request = request.header(name, &self.fill(value, &values));
        }
        if let Some(json) = &step.json {
            request = request.header("content-type", "application/json");
            request.body = Some(self.fill(&json.to_string(), &values).into_bytes());
        }
        if let Some(body) = &step.body {
            request.body = Some(self.fill(body, &values).into_bytes());
        }
        request
    }

    /// The step's SQL for this lane; `None` where it is the same for all lanes.
    pub(crate) fn sql(&self, sql: &str) -> Option<String> {
        let filled = self.fill(sql, &self.values(""));
        (filled != sql).then_some(filled)
    }

    /// With `.example` behind it as long as `example.com`, so that lengths stay what a scenario says.
    fn label(&self) -> String {
        format!("ln{}", self.number)
    }

    fn domain(&self) -> String {
        format!("{}.example", self.label())
    }

    fn ip(&self) -> String {
        format!("198.51.100.{}", self.number)
    }

    fn values(&self, origin: &str) -> BTreeMap<String, String> {
        let mut values = BTreeMap::from([
            ("origin".to_owned(), origin.to_owned()),
            ("ip".to_owned(), self.ip()),
            ("octet".to_owned(), self.number.to_string()),
            ("lane".to_owned(), self.label()),
        ]);
        for (browser, jar) in &self.jars {
            for (name, value) in jar {
                // Prefixes are a matter of configuration: `my.session_token`, `__Secure-better-auth.session_token`.
                let key = name.split_once('.').map_or(name.as_str(), |(_, key)| key);
                if key == "session_token" {
                    let signed = percent_decode(value);
                    let token = signed.split('.').next().unwrap_or_default().to_owned();
                    values.insert(format!("{browser}.token"), token);
                    values.insert(format!("{browser}.unpadded"), signed.trim_end_matches('=').to_owned());
                    values.insert(format!("{browser}.stray"), with_stray_bits(&signed));
                    values.insert(format!("{browser}.signed"), signed);
                    values.insert(browser.clone(), value.clone());
                }
                values.insert(format!("{browser}.{key}"), value.clone());
            }
        }
        values
    }

    fn fill(&self, text: &str, values: &BTreeMap<String, String>) -> String {
        let mut text = text.to_owned();
        for at in ["@", "%40"] {
            for domain in ["example.com", "Example.com", "EXAMPLE.COM", "EXAMPLE.com"] {
                let mut own = self.domain();
                if domain.starts_with("EX") {
                    own = own.to_uppercase();
                }
                text = text.replace(&format!("{at}{domain}"), &format!("{at}{own}"));
            }
        }
        for (name, value) in values {
            text = text.replace(&format!("{{{{{name}}}}}"), value);
        }
        // Elsewhere an earlier answer has differed, which is told of.
        let complete = !super::recording() || !text.contains("{{");
        assert!(complete, "a placeholder without a value in {text}");
        text
    }
}

/// Another spelling of the same 32 bytes: the last letter before the padding has two bits to spare.
fn with_stray_bits(signed: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let kept = signed.trim_end_matches('=');
    let last = kept.chars().next_back().and_then(|last| ALPHABET.find(last)).expect("base64");
    format!("{}{}=", &kept[..kept.len() - 1], &ALPHABET[last + 1..last + 2])
}

/// Does with a `Set-Cookie` line what a browser does.
fn keep(jar: &mut BTreeMap<String, String>, line: &str) {
    let (pair, attributes) = line.split_once("; ").unwrap_or((line, ""));
    let (name, value) = pair.split_once('=').expect("a cookie has a name");
    if attributes.split("; ").any(|attribute| attribute == "Max-Age=0") {
        jar.remove(name);
    } else {
        jar.insert(name.to_owned(), value.to_owned());
    }
}
