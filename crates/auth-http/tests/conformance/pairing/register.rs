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
    /// The configuration under which it holds; none: every one.
    #[serde(default)]
    pub(crate) configuration: Option<String>,
    /// Scenario and label of the one step it is about.
    #[serde(default)]
    pub(crate) scenario: Option<String>,
    #[serde(default)]
    pub(crate) label: Option<String>,
    /// Or every step whose request begins so, and whose answer at Better Auth is this one.
    #[serde(default)]
    pub(crate) request: Option<String>,
    #[serde(default)]
    pub(crate) answer: Option<String>,
    /// And whose answer there has this header.
    #[serde(default)]
    pub(crate) with_header: Option<String>,
    /// Beginnings of requests and answers that it is not about.
    #[serde(default)]
    pub(crate) except: Vec<String>,
    pub(crate) reason: String,
    status: Option<u16>,
    /// Header → its value here, `null` where it is absent here.
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    set_cookie: Option<Vec<String>>,
    /// Lines that are missing here.
    #[serde(default)]
    without_set_cookie: Vec<String>,
    /// Lines of a cookie that a later line of the same answer sets or removes are left out.
    #[serde(default)]
    without_superseded_cookies: bool,
    body: Option<String>,
    /// Text of the body → what stands there instead.
    #[serde(default)]
    body_replace: BTreeMap<String, String>,
}

/// All rows, in the order of the file.
pub(crate) static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| load("register.json"));

impl Row {
    /// Whether the row is about one step alone.
    pub(crate) fn is_single(&self) -> bool {
        self.label.is_some()
    }

    /// The headers of an answer that the row changes, where it changes nothing else.
    pub(crate) fn headers_alone(&self) -> Option<Vec<&str>> {
        let changes_more = self.status.is_some()
            || self.body.is_some()
            || self.set_cookie.is_some()
            || !self.body_replace.is_empty();
        let cookies = !self.without_set_cookie.is_empty() || self.without_superseded_cookies;
        let headers = self.headers.keys().map(String::as_str).chain(cookies.then_some("set-cookie"));
        (!changes_more).then(|| headers.collect())
    }

    fn concerns(&self, step: &Asked<'_>) -> bool {
        let fits = |wanted: &Option<String>, is: &dyn Fn(&str) -> bool| wanted.as_deref().is_none_or(is);
        fits(&self.configuration, &|it| it == step.configuration)
            && fits(&self.scenario, &|it| it == step.scenario)
            && fits(&self.label, &|it| it == step.label)
            && fits(&self.request, &|it| step.send.starts_with(it))
            && fits(&self.answer, &|it| step.kind().starts_with(it))
            && fits(&self.with_header, &|it| step.theirs.headers.contains_key(it))
            && !self.except.iter().any(|it| step.send.starts_with(it) || step.kind().starts_with(it))
    }

    /// Which steps the row is about, in words.
    pub(crate) fn place(&self) -> String {
        let quoted =
            |text: &Option<String>, around: &str| text.as_ref().map(|text| format!("{around}{text}{around}"));
        let repeated =
            self.without_superseded_cookies.then(|| "every answer that names a cookie twice".to_owned());
        let request = quoted(&self.request, "`");
        let answer = quoted(&self.answer, "`").map(|it| format!("answered {it}"));
        let header = quoted(&self.with_header, "`").map(|it| format!("every answer with {it}"));
        let except = (!self.except.is_empty()).then(|| format!("except `{}`", self.except.join("`, `")));
        let parts = [
            self.configuration.clone(),
            self.scenario.clone(),
            self.label.clone(),
            request,
            answer,
            header,
            repeated,
            except,
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
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
        answer.set_cookie.retain(|line| !self.without_set_cookie.contains(line));
        if self.without_superseded_cookies {
            answer.set_cookie = without_superseded_cookies(&answer.set_cookie);
        }
        if let Some(body) = &self.body {
            answer.body.clone_from(body);
        }
        for (from, to) in &self.body_replace {
            answer.body = answer.body.replace(from, to);
        }
    }
}

fn without_superseded_cookies(lines: &[String]) -> Vec<String> {
    let name = |line: &str| line.split('=').next().unwrap_or_default().to_owned();
    let superseded = |at: usize| lines[at + 1..].iter().any(|later| name(later) == name(&lines[at]));
    let kept = lines.iter().enumerate().filter(|(at, _)| !superseded(*at));
    kept.map(|(_, line)| line.clone()).collect()
}

/// A step and Better Auth's answer to it.
pub(crate) struct Asked<'a> {
    pub(crate) configuration: &'a str,
    pub(crate) scenario: &'a str,
    pub(crate) label: &'a str,
    pub(crate) send: &'a str,
    pub(crate) theirs: &'a Answer,
}

impl Asked<'_> {
    /// Status and code: `401 UNAUTHORIZED`.
    fn kind(&self) -> String {
        let code = self.theirs.code().unwrap_or_default();
        format!("{} {code}", self.theirs.status)
    }

    /// What this server must answer, and the rows that say so, as positions in [`ROWS`].
    pub(crate) fn expected(&self) -> (Answer, Vec<usize>) {
        let mut answer = self.theirs.clone();
        let mut rows = Vec::new();
        for (at, row) in ROWS.iter().enumerate().filter(|(_, row)| row.concerns(self)) {
            let before = answer.clone();
            row.apply(&mut answer);
            let changes = before != answer;
            assert!(changes || !row.is_single(), "a registered difference changes nothing: {}", row.place());
            if changes {
                rows.push(at);
            }
        }
        (answer, rows)
    }
}
