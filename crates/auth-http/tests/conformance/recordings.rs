//! 53 exchanges recorded from Better Auth 1.7.25, published test vectors, replayed to this server without Node. They were
//! made before this suite and apart from it: what they say cannot have been bent to what this server does.
//!
//! A recorded request carries tokens of the recorded run, so each is replaced by the one that this server gave in its
//! place; answers are compared as everywhere, see [`crate::normalise`].

use std::collections::BTreeMap;

use serde::Deserialize;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::cache::Secrets;
use crate::database::Database;
use crate::http::{self, Request, Response};
use crate::normalise::Names;
use crate::ours::{Ours, cheap_and_alike, random_secret};
use crate::pairing::answer::Answer;
use crate::pairing::configuration::load;
use crate::pairing::register::{self, Asked};

/// When the recordings were made; they took three seconds.
const RECORDED_AT: OffsetDateTime = datetime!(2026-11-22 17:13:27 UTC);
/// Where the recorded server listened.
const RECORDED_ORIGIN: &str = "http://127.0.0.1:4101";
/// What the register calls these exchanges.
pub(crate) const SCENARIO: &str = "recordings";

#[derive(Debug, Deserialize)]
struct Recordings {
    secret: String,
    exchanges: Vec<Exchange>,
}

#[derive(Debug, Deserialize)]
struct Exchange {
    /// The options of the recorded server, in words.
    instance: String,
    label: String,
    request: RecordedRequest,
    response: RecordedResponse,
}

#[derive(Debug, Deserialize)]
struct RecordedRequest {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RecordedResponse {
    status: u16,
    headers: BTreeMap<String, String>,
    set_cookie: Vec<String>,
    body: String,
}

impl RecordedResponse {
    fn response(&self) -> Response {
        let plain = self.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        let cookies = self.set_cookie.iter().map(|line| ("set-cookie".to_owned(), line.clone()));
        let headers = plain.chain(cookies).collect();
        Response { status: self.status, headers, body: self.body.clone().into_bytes() }
    }
}

/// The settings that mean what an instance of the recordings was given.
fn settings(instance: &str) -> &'static [(&'static str, &'static str)] {
    match instance {
        "defaults + emailAndPassword.enabled" => &[],
        "disabledPaths ['/ok']" => &[("AUTH__SERVER__DISABLED_PATHS", "/ok")],
        "onAPIError.errorURL" => &[("AUTH__SERVER__ERROR_URL", "https://app.example.com/err?x=1#frag")],
        "emailAndPassword.enabled:false" => &[("AUTH__EMAIL_AND_PASSWORD__ENABLED", "false")],
        "requireEmailVerification + sendVerificationEmail" => {
            &[("AUTH__EMAIL_AND_PASSWORD__REQUIRE_EMAIL_VERIFICATION", "true")]
        }
        "autoSignIn:false" => &[("AUTH__EMAIL_AND_PASSWORD__AUTO_SIGN_IN", "false")],
        "advanced.useSecureCookies" => &[("AUTH__COOKIES__SECURE", "true")],
        "session.cookieCache.enabled (compact)" => &[("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true")],
        "cookieCache jwt" => &[
            ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
            ("AUTH__SESSION__COOKIE_CACHE__STRATEGY", "jwt"),
        ],
        "cookieCache jwe" => &[
            ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
            ("AUTH__SESSION__COOKIE_CACHE__STRATEGY", "jwe"),
        ],
        "session.deferSessionRefresh" => &[("AUTH__SESSION__DEFER_REFRESH", "true")],
        "rateLimit.enabled" => &[("AUTH__RATE_LIMIT__ENABLED", "true")],
        other if other.starts_with("crossSubDomainCookies{enabled,domain:'.example.com'}") => &[
            ("AUTH__COOKIES__DOMAIN", ".example.com"),
            ("AUTH__COOKIES__PREFIX", "my"),
            ("AUTH__COOKIES__DEFAULT_ATTRIBUTES__SAME_SITE", "none"),
            ("AUTH__COOKIES__DEFAULT_ATTRIBUTES__PARTITIONED", "true"),
        ],
        other => panic!("no settings for {other:?}"),
    }
}

/// What the labels say happened to the sessions before a request.
fn time_passes(label: &str) -> Option<&'static str> {
    match label {
        "get-session, 2 days used, disableRefresh=false (still truthy)" => Some(
            "update session set \"expiresAt\" = \"expiresAt\" - interval '2 days' where \"userAgent\" = 'rec/1'",
        ),
        "get-session GET when due" => {
            Some("update session set \"expiresAt\" = \"expiresAt\" - interval '2 days'")
        }
        "get-session expired" => Some(
            "update session set \"expiresAt\" = now() - interval '1 minute' where \"expiresAt\" < now() + interval '2 days'",
        ),
        "list-sessions not fresh" => {
            Some("update session set \"createdAt\" = \"createdAt\" - interval '2 days'")
        }
        _ => None,
    }
}

/// Recorded cookie values and the ones that stand for them here.
#[derive(Default)]
struct Cookies(Vec<(String, String)>);

impl Cookies {
    fn learn(&mut self, recorded: &Response, got: &Response) {
        for (name, value) in pairs(recorded) {
            if let Some((_, own)) = pairs(got).find(|(own, _)| *own == name) {
                self.0.push((value.to_owned(), own.to_owned()));
            }
        }
    }

    fn replace(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (recorded, own)| text.replace(recorded, own))
    }
}

/// Cookies that an answer sets: name and value, as sent.
fn pairs(response: &Response) -> impl Iterator<Item = (&str, &str)> {
    let lines = response.set_cookies().into_iter();
    lines.filter_map(|line| line.split("; ").next()?.split_once('=')).filter(|(_, value)| !value.is_empty())
}

fn json(path: &str, body: &str) -> Request {
    let mut request = Request::new("POST", path).header("content-type", "application/json");
    request.body = Some(body.as_bytes().to_vec());
    request
}

#[test]
fn this_server_answers_as_recorded() {
    let recordings: Recordings = load("recordings/better-auth-1.7.25.json");
    assert_eq!(recordings.exchanges.len(), 53);
    let (database, secret) = (Database::migrated_by_us(), random_secret());
    let mut theirs = Names::new(Secrets::published(&recordings.secret));
    let mut names = Names::new(Secrets::single(&secret));
    let mut cookies = Cookies::default();
    let mut server: Option<(String, Ours)> = None;
    let mut complaints = Vec::new();
    for (index, exchange) in recordings.exchanges.iter().enumerate() {
        let begins = server.as_ref().is_none_or(|(instance, _)| *instance != exchange.instance);
        if begins {
            let mut all = cheap_and_alike();
            all.extend(settings(&exchange.instance));
            server = Some((exchange.instance.clone(), Ours::start_with(&database, &secret, &all)));
        }
        let origin = server.as_ref().expect("a server").1.origin();
        if begins {
            not_recorded(exchange, origin, &mut cookies);
        }
        if let Some(sql) = time_passes(&exchange.label) {
            database.execute(sql);
        }
        let got = http::send(origin, &request(exchange, origin, &cookies));
        let recorded = exchange.response.response();
        cookies.learn(&recorded, &got);

        let unordered = exchange.label == "list-sessions";
        theirs.begin(index);
        names.begin(index);
        let recorded = Answer::at(&recorded, &mut theirs, unordered, RECORDED_AT, |text| {
            text.replace(RECORDED_ORIGIN, "{{origin}}")
        });
        let got = Answer::of(&got, &mut names, unordered, |text| text.replace(origin, "{{origin}}"));
        let send = format!(
            "{} {}",
            exchange.request.method,
            exchange.request.path.replace("<basePath>", "/api/auth")
        );
        let asked = Asked {
            configuration: "default",
            scenario: SCENARIO,
            label: &exchange.label,
            send: &send,
            theirs: &recorded,
        };
        let (expected, _) = asked.expected();
        if got != expected {
            complaints.push(format!("{}\n  expected {expected:?}\n       got {got:?}", exchange.label));
        }
    }
    assert!(complaints.is_empty(), "{} differ:\n\n{}", complaints.len(), complaints.join("\n"));
    for row in register::ROWS.iter().filter(|row| row.scenario.as_deref() == Some(SCENARIO)) {
        let met = recordings.exchanges.iter().any(|exchange| Some(&exchange.label) == row.label.as_ref());
        assert!(met, "no recording is called so: {}", row.place());
    }
}

fn request(exchange: &Exchange, origin: &str, cookies: &Cookies) -> Request {
    let recorded = &exchange.request;
    let path = recorded.path.replace("<basePath>", "/api/auth");
    let mut request = Request::new(&recorded.method, &path);
    for (name, value) in &recorded.headers {
        request = request.header(name, &cookies.replace(value).replace(RECORDED_ORIGIN, origin));
    }
    request.body = recorded.body.as_ref().map(|body| body.clone().into_bytes());
    request
}

/// Two instances were asked things before the first recorded exchange.
fn not_recorded(exchange: &Exchange, origin: &str, cookies: &mut Cookies) {
    match exchange.instance.as_str() {
        "session.deferSessionRefresh" => {
            let body = "{\"email\":\"rec-5kr0p4@example.com\",\"password\":\"password1\"}";
            let got = http::send(origin, &json("/api/auth/sign-in/email", body));
            let (_, own) = pairs(&got).next().expect("a session cookie");
            let (_, recorded) = exchange.request.headers["cookie"].split_once('=').expect("a session cookie");
            cookies.0.push((recorded.to_owned(), own.to_owned()));
        }
        "rateLimit.enabled" => {
            for _ in 0..3 {
                let ip = &exchange.request.headers["x-forwarded-for"];
                http::send(origin, &json("/api/auth/sign-in/email", "{}").header("x-forwarded-for", ip));
            }
        }
        _ => {}
    }
}
