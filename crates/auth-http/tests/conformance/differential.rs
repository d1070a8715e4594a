//! random requests to this server and to the live reference, answered alike. The scenarios are what
//! somebody thought of; these are what nobody did. The seed is fixed, so a failure comes back;
//! `CONFORMANCE_SEED` tries another one and `CONFORMANCE_ROUNDS` more of them.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::cache::Secrets;
use crate::database::Database;
use crate::http::{self, Request};
use crate::node::Reference;
use crate::normalise::{Names, percent_decode};
use crate::ours::{Ours, cheap_and_alike, random_secret};
use crate::pairing::answer::Answer;
use crate::pairing::register::Asked;
use crate::visitor::{Visitor, ok};

/// Random requests per test. A thousand of each took some minutes and found nothing that is not listed.
const ROUNDS: usize = 100;

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

/// Both servers, each on a database of its own with the same user in it.
struct Twins {
    databases: [Database; 2],
    reference: Reference,
    ours: Ours,
    /// The session cookie's value at each.
    cookies: [String; 2],
}

impl Twins {
    fn start() -> Self {
        Self::start_with(&json!({}), &[])
    }

    /// Starts both with these plugins, and the settings that mean the same here.
    fn start_with(plugins: &Value, settings: &[(&str, &str)]) -> Self {
        let databases = [Database::migrated_by_us(), Database::migrated_by_us()];
        let secret = random_secret();
        let options = json!({ "plugins": plugins });
        let reference = Reference::start_with(&databases[0], &secret, &options);
        let ours = Ours::start_with(&databases[1], &secret, &[&cheap_and_alike()[..], settings].concat());
        let mut visitors = [Visitor::new(), Visitor::new()];
        ok(visitors[0].sign_up(&reference, "ada@example.com", "password1"));
        ok(visitors[1].sign_up(&ours, "ada@example.com", "password1"));
        let cookies = visitors.map(|it| it.session_cookie().to_owned());
        Self { databases, reference, ours, cookies }
    }

    /// Signs in at each server until its cookie's value is one to go on with.
    fn sign_in_until(&mut self, wanted: impl Fn(&str) -> bool) {
        let origins = [self.reference.origin(), self.ours.origin()];
        let body = json!({ "email": "ada@example.com", "password": "password1" });
        for (cookie, origin) in self.cookies.iter_mut().zip(origins) {
            while !wanted(cookie) {
                let answer = http::send(origin, &Request::post_json("/api/auth/sign-in/email", &body));
                let line = answer.set_cookies()[0];
                let (_, value) = line.split(';').next().expect("a pair").split_once('=').expect("a value");
                value.clone_into(cookie);
            }
        }
    }

    /// Sends the request that `make` makes, given the cookie and the origin of each server, and compares. A
    /// sign-up is undone, so that rounds do not depend on each other.
    fn compare(&self, make: impl Fn(&str, &str) -> Request) -> Option<String> {
        let origins = [self.reference.origin(), self.ours.origin()];
        let asked: Vec<Request> = (0..2).map(|at| make(&self.cookies[at], origins[at])).collect();
        let answers: Vec<Answer> = (0..2)
            .map(|at| {
                let answer = http::send(origins[at], &asked[at]);
                if answer.status == 200 && asked[at].path.contains("sign-up") {
                    self.databases[at].execute("delete from \"user\" where email <> 'ada@example.com'");
                }
                let mut names = Names::new(Secrets::single(self.ours.secret()));
                Answer::of(&answer, &mut names, false, |text| text.replace(origins[at], "<origin>"))
            })
            .collect();
        let send = format!("{} {}", asked[1].method, asked[1].path);
        // What the register says of all answers of a kind holds for these too.
        let step = Asked {
            configuration: "default",
            scenario: "random requests",
            label: "",
            send: &send,
            theirs: &answers[0],
        };
        let (expected, _) = step.expected();
        let body = asked[1].body.as_deref().map(String::from_utf8_lossy);
        (answers[1] != expected).then(|| {
            format!(
                "{send} {:?} {body:?}\n  expected {expected:?}\n       got {:?}\n",
                asked[1].headers, answers[1]
            )
        })
    }
}

/// Runs one generator and reports every request that was answered differently.
fn run(generate: impl Fn(&mut StdRng, &str, &str) -> Request) {
    run_with(&Twins::start(), generate);
}

fn run_with(twins: &Twins, generate: impl Fn(&mut StdRng, &str, &str) -> Request) {
    let seed = number("CONFORMANCE_SEED", 1) as u64;
    let complaints: Vec<String> = (0..number("CONFORMANCE_ROUNDS", ROUNDS))
        .filter_map(|round| {
            let round_seed = seed << 32 | round as u64;
            twins.compare(|cookie, origin| generate(&mut StdRng::seed_from_u64(round_seed), cookie, origin))
        })
        .collect();
    assert!(complaints.is_empty(), "{} differ:\n\n{}", complaints.len(), complaints.join("\n"));
}

fn one<'a>(rng: &mut StdRng, of: &[&'a str]) -> &'a str {
    of.choose(rng).expect("something to choose from")
}

const PATHS: [&str; 3] = ["/api/auth/sign-up/email", "/api/auth/sign-in/email", "/api/auth/sign-out"];

/// Members of the bodies, and of none.
const MEMBERS: [&str; 12] = [
    "name",
    "email",
    "password",
    "image",
    "rememberMe",
    "callbackURL",
    "redirectTo",
    "errorCallbackURL",
    "newUserCallbackURL",
    "state",
    "disableRedirect",
    "other",
];

const VALUES: [&str; 32] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "-0",
    "1.5",
    "1e3",
    "123456789012345678901234567890",
    "\"\"",
    "\"text\"",
    "\"long enough\"",
    "\"a@b.co\"",
    "\"A@B.CO\"",
    "\"ada@example.com\"",
    "\"password1\"",
    "\"/path\"",
    "\"//host\"",
    "\"/a b\"",
    "\"/%2f\"",
    "\"https://evil.example\"",
    "\"\\u0041\\n\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "\"2026-01-01T00:00:00.000Z\"",
    "[]",
    "[1]",
    "[[]]",
    "[\"/a\"]",
    "{}",
    "{\"a\":1}",
    "{\"email\":\"a@b.co\"}",
];

/// A JSON object with random members, most of them valid in most rounds.
fn random_object(rng: &mut StdRng) -> String {
    let mut members = Vec::new();
    for (name, valid) in
        [("name", "\"Ada\""), ("email", "\"b@example.com\""), ("password", "\"long enough\"")]
    {
        if rng.random_bool(0.85) {
            members.push(format!("\"{name}\":{valid}"));
        }
    }
    for _ in 0..rng.random_range(0..4) {
        let at = rng.random_range(0..=members.len());
        members.insert(at, format!("\"{}\":{}", one(rng, &MEMBERS), one(rng, &VALUES)));
    }
    format!("{{{}}}", members.join(one(rng, &[",", ",", " , ", ",\n"])))
}

#[test]
fn r_131_random_json_bodies_get_the_same_answer() {
    needs!("node");
    run(|rng, _, _| {
        let mut request = Request::new("POST", one(rng, &PATHS)).header("content-type", "application/json");
        let mut body = random_object(rng).into_bytes();
        if rng.random_bool(0.15) {
            let at = rng.random_range(0..=body.len());
            let noise = *[
                &b"\""[..],
                b"{",
                b"}",
                b",",
                b":",
                b"\\",
                b"\0",
                b"\xff",
                b"\xc3",
                b"/**/",
                b"\x0b",
                b"tru",
            ]
            .choose(rng)
            .expect("noise");
            body.splice(at..at, noise.iter().copied());
        }
        request.body = Some(body);
        request
    });
}

#[test]
fn r_131_random_forms_get_the_same_answer() {
    needs!("node");
    const PIECES: [&str; 22] = [
        "name=A",
        "email=c%40example.com",
        "email=ada%40example.com",
        "password=password1",
        "password=long+enough",
        "&",
        "&",
        "&",
        "&&",
        "=",
        "+",
        "%20",
        "%",
        "%4",
        "%zz",
        "%ff",
        "%F0%9F%98%80",
        "rememberMe=true",
        "callbackURL=%2Fx",
        "ä",
        ";",
        "name=",
    ];
    run(|rng, _, _| {
        let kind = "application/x-www-form-urlencoded";
        let mut request = Request::new("POST", one(rng, &PATHS[..2])).header("content-type", kind);
        let mut body = "name=B&email=b%40example.com&password=long+enough&".to_owned();
        if rng.random_bool(0.3) {
            body.clear();
        }
        for _ in 0..rng.random_range(0..6) {
            body.push_str(one(rng, &PIECES));
        }
        request.body = Some(body.into_bytes());
        request
    });
}

#[test]
fn r_131_random_cookie_headers_get_the_same_answer() {
    needs!("node");
    const PIECES: [&str; 24] = [
        ";",
        "; ",
        ";;",
        " ",
        "=",
        "\"",
        ",",
        "\t",
        "%",
        "%2",
        "%3D",
        "%E2%82%AC",
        "%ff",
        "a",
        "a=b",
        "=x",
        ".",
        "+",
        "/",
        "better-auth.session_token=",
        "better-auth.dont_remember=true",
        "better-auth.session_data=x",
        "better-auth.session_data.0=x",
        "Path=/",
    ];
    run(|rng, cookie, _| {
        let mut text = String::new();
        let mut good = format!("better-auth.session_token={cookie}");
        if rng.random_bool(0.2) {
            good = good.replace("%3D", "=").replace("%2B", "+").replace("%2F", "/");
        }
        for _ in 0..rng.random_range(0..4) {
            text.push_str(one(rng, &PIECES));
        }
        text.push_str(&good);
        for _ in 0..rng.random_range(0..4) {
            text.push_str(one(rng, &PIECES));
        }
        Request::get("/api/auth/get-session").header("cookie", text.trim())
    });
}

#[test]
fn r_131_random_origins_get_the_same_answer() {
    needs!("node");
    const VALUES: [&str; 18] = [
        "{own}",
        "{own}",
        "{own}/",
        "{own}/path?x",
        "{own}.evil.example",
        "null",
        "",
        "https://evil.example",
        "http://localhost",
        "/",
        "//",
        "*",
        "file://",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://",
        "{own}@evil.example",
        "x",
    ];
    run(|rng, cookie, origin| {
        let mut request = Request::new("POST", one(rng, &PATHS)).header("content-type", "application/json");
        if rng.random_bool(0.6) {
            let pair = format!("better-auth.session_token={cookie}");
            // Signing out would change the rounds that follow.
            let other = request.path.ends_with("/sign-out") || rng.random_bool(0.5);
            request = request.header("cookie", if other { "a=b" } else { &pair });
        }
        for header in ["origin", "referer"] {
            if rng.random_bool(0.6) {
                request = request.header(header, &one(rng, &VALUES).replace("{own}", origin));
            }
        }
        for (header, values) in [
            ("sec-fetch-site", ["cross-site", "same-origin", "none", ""]),
            ("sec-fetch-mode", ["navigate", "cors", "no-cors", " "]),
            ("sec-fetch-dest", ["document", "empty", "", "x"]),
        ] {
            if rng.random_bool(0.3) {
                request = request.header(header, one(rng, &values));
            }
        }
        let field =
            one(rng, &["callbackURL", "redirectTo", "errorCallbackURL", "newUserCallbackURL", "other"]);
        let value = one(rng, &VALUES).replace("{own}", origin);
        let body = json!({ "email": "nobody", "password": "x", field: value });
        request.body = Some(body.to_string().into_bytes());
        request
    });
}

#[test]
fn r_131_random_authorization_headers_get_the_same_answer_with_the_bearer_plugin() {
    needs!("node");
    const SCHEMES: [&str; 10] = [
        "Bearer ",
        "Bearer ",
        "Bearer ",
        "bearer ",
        "BEARER  ",
        "Bearer \t",
        "Bearer\t",
        "Bearer",
        "Token ",
        "",
    ];
    const PIECES: [&str; 22] = [
        ".", ".", "=", "==", "+", "/", "-", "_", "%", "%2", "%2E", "%3D", "%20", "%ff", "%C3%A9", "é", " ",
        ",", "a", "A.B", "\u{a0}", "\"",
    ];
    for signature in [false, true] {
        let required = signature.to_string();
        let settings =
            [("AUTH__BEARER__ENABLED", "true"), ("AUTH__BEARER__REQUIRE_SIGNATURE", required.as_str())];
        let mut twins = Twins::start_with(&json!({ "bearer": { "requireSignature": signature } }), &settings);
        twins.sign_in_until(|cookie| cookie.contains("%2B") || cookie.contains("%2F"));
        run_with(&twins, |rng, cookie, _| {
            let signed = percent_decode(cookie);
            let (raw, _) = signed.split_once('.').expect("a signature");
            let url = signed.replace('+', "-").replace('/', "_");
            let bare = signed.trim_end_matches('=');
            let forms =
                [raw, &signed, &signed, cookie, cookie, bare, &url, url.trim_end_matches('='), "", "a"];
            let mut token: Vec<char> = one(rng, &forms).chars().collect();
            for _ in 0..rng.random_range(0..3) {
                // Where the forms have their seams, or anywhere.
                let seams = [0, raw.len(), token.len(), token.len().saturating_sub(1)];
                let anywhere = rng.random_range(0..=token.len());
                let at = if rng.random_bool(0.7) { *seams.choose(rng).expect("a seam") } else { anywhere };
                let at = at.min(token.len());
                token.splice(at..at, one(rng, &PIECES).chars());
            }
            let token: String = token.into_iter().collect();
            let header = format!("{}{token}", one(rng, &SCHEMES));
            let mut request = Request::get("/api/auth/get-session").header("authorization", header.trim());
            if rng.random_bool(0.6) {
                let good = format!("better-auth.session_token={cookie}");
                let jar = one(rng, &["a=b", "better-auth.session_token=x.y", &good, &good]);
                request = request.header("cookie", jar);
            }
            request
        });
    }
}
