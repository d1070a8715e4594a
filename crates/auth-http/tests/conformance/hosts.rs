//! Hosts of requests: random lists and headers, judged here and by Better Auth's own function.

use actix_web::test::TestRequest;
use auth_http::host::{HostPattern, HostPolicy, Protocol, RequestedHost};
use auth_http::settings::{Environment, Settings};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use crate::node;

/// Lists in the run, and requests for each.
const LISTS: usize = 800;
const REQUESTS: usize = 50;

const PATTERNS: [&str; 16] = [
    "app.example.com",
    "*.example.com",
    "**.example.org",
    "preview-*.example.com",
    "*.preview.example.com",
    "a?.example.net",
    "app.example.com:8443",
    "*.example.com:*",
    "localhost",
    "localhost:*",
    "*.localhost:3000",
    "127.0.0.1:*",
    "[::1]",
    "[::1]:*",
    "https://admin.example.com",
    "http://*.example.edu",
];

/// No `_`, which browsers take in a host and the reference's check of this header does not, and no name that begins like
/// an address of this machine, which the reference takes for one.
const HOST_PARTS: [&str; 36] = [
    "app.example.com",
    "admin.example.com",
    "example.com",
    "example.org",
    "example.net",
    "example.edu",
    "localhost",
    "[::1]",
    "preview-7.",
    "preview.",
    "pr-7.",
    "a",
    "ab.",
    "A.",
    "EXAMPLE.com",
    "evil.com",
    ".evil.com",
    ".",
    "-",
    ":3000",
    ":8443",
    ":443",
    ":80",
    ":",
    ":x",
    "/",
    "\\",
    "@",
    "#",
    "?",
    "*",
    "%2e",
    ", ",
    "[",
    "]",
    "https://",
];

const PROTOS: [&str; 6] = ["https", "http", "HTTPS", "https, http", "ftp", ""];

fn pick<'a>(rng: &mut StdRng, from: &[&'a str]) -> &'a str {
    from[rng.random_range(0..from.len())]
}

/// A host: half of them are made of a pattern, so that many are listed.
fn host(rng: &mut StdRng, patterns: &[&str]) -> String {
    let mut host = if rng.random_bool(0.5) {
        let pattern = pick(rng, patterns).rsplit("://").next().unwrap_or_default();
        let filled = pattern.replace(":*", ":3000").replace("**", "a.b").replace('*', "c").replace('?', "d");
        if rng.random_bool(0.2) { filled.to_uppercase() } else { filled }
    } else {
        pick(rng, &HOST_PARTS).to_owned()
    };
    while rng.random_bool(0.4) {
        host.push_str(pick(rng, &HOST_PARTS));
    }
    // White space at an end is no part of a header's value.
    host.trim().to_owned()
}

#[test]
fn r_068_random_hosts_come_under_what_the_reference_says() {
    needs!("node");
    const PEER: &str = "10.0.0.1:9";
    let mut rng = StdRng::seed_from_u64(690);
    let (mut cases, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..LISTS {
        let protocol = pick(&mut rng, &["", "auto", "https", "http"]);
        let known = if protocol == "http" { Protocol::Http } else { Protocol::Https };
        let mut patterns: Vec<&str> =
            (0..rng.random_range(1..=4)).map(|_| pick(&mut rng, &PATTERNS)).collect();
        patterns.retain(|pattern| HostPattern::parse(pattern, known).is_ok());
        assert!(!patterns.is_empty());
        let fallback = pick(&mut rng, &["", "https://main.example.com", "http://localhost:1"]);
        let believed = pick(&mut rng, &["true", "false"]);
        let environment = Environment::default()
            .with("DATABASE_URL", "postgres://nobody@localhost/none")
            .with("BETTER_AUTH_SECRET", crate::ours::random_secret())
            .with("BETTER_AUTH_URL", fallback)
            .with("AUTH__SERVER__ALLOWED_HOSTS", patterns.join(","))
            .with("AUTH__SERVER__PROTOCOL", protocol)
            .with("AUTH__PROXIES__TRUSTED", "10.0.0.0/8")
            .with("AUTH__PROXIES__TRUSTED_PROXY_HEADERS", believed);
        let settings = Settings::load(&environment).unwrap();
        let policy = HostPolicy::new(settings.server.base_url, &settings.proxies);
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let config =
            json!({ "allowedHosts": patterns, "protocol": some(protocol), "fallback": some(fallback) });
        for _ in 0..REQUESTS {
            let mut headers = Vec::new();
            if rng.random_bool(0.95) {
                headers.push(("host", host(&mut rng, &patterns)));
            }
            if rng.random_bool(0.4) {
                headers.push(("x-forwarded-host", host(&mut rng, &patterns)));
            }
            if rng.random_bool(0.5) {
                headers.push(("x-forwarded-proto", pick(&mut rng, &PROTOS).to_owned()));
            }
            let request = headers
                .iter()
                .fold(TestRequest::default().peer_addr(PEER.parse().unwrap()), |request, (name, value)| {
                    request.insert_header((*name, value.as_str()))
                });
            let request = request.to_http_request();
            ours.push(policy.base_url(&RequestedHost::of(&request)).map(|url| url.origin().to_owned()));
            cases.push(json!({
                "config": config,
                "trusted": believed == "true",
                "headers": headers,
            }));
        }
    }
    let theirs = node::run("hosts.mjs", &json!({ "cases": cases }));
    let mut listed = 0;
    let mut complaints = Vec::new();
    for (at, (case, ours)) in cases.iter().zip(&ours).enumerate() {
        listed +=
            usize::from(ours.as_deref().is_some_and(|it| Some(it) != case["config"]["fallback"].as_str()));
        if theirs[at].as_str() != ours.as_deref() {
            complaints.push(format!("{case}: here {ours:?}, there {}", theirs[at]));
        }
    }
    let shown = complaints.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(complaints.is_empty(), "{} differ:\n{shown}", complaints.len());
    let least = LISTS * REQUESTS / 5;
    assert!(listed > least, "too few are listed to say anything: {listed}");
    assert!(ours.iter().filter(|origin| origin.is_none()).count() > least / 2, "too few are refused");
}
