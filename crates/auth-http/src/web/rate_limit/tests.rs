//! Tests of keys and rules together.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::net::IpAddr;

use super::*;

fn limiter(custom: &[&str]) -> RateLimiter {
    RateLimiter::new(
        &RateLimitSettings {
            enabled: true,
            default: RateRule { window: Duration::from_secs(10), max: 100 },
            storage: RateLimitStorage::Memory,
            custom_rules: custom.iter().map(|text| text.parse().unwrap()).collect(),
        },
        true,
        "/api/auth",
        &crate::web::route::examples::routes(),
    )
}

fn address(text: &str) -> ClientAddress {
    ClientAddress::canonical(text.parse::<IpAddr>().unwrap(), 64)
}

fn key(client: Option<&str>, path: &str) -> Option<String> {
    let limiter = limiter(&["/free = off", "/shared/* = 7 per 1m"]);
    let client = client.map(address);
    limiter.counting.unwrap().key_and_rule(client.as_ref(), path).map(|(key, _)| key)
}

#[test]
fn r_080_keys_are_the_references() {
    let expected: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/ip.json")).unwrap();
    let known = key(Some("1.2.3.4"), "/api/auth/sign-in/email");
    assert_eq!(known.as_deref(), expected["rate_limit_key"].as_str());
    let cases = [
        ("2001:db8::7", "/api/auth/get-session/", "2001:0db8:0000:0000:0000:0000:0000:0000|/get-session"),
        ("1.2.3.4", "/api/auth/login", "1.2.3.4|/sign-in/email"),
        ("1.2.3.4", "/api/auth/register", "1.2.3.4|/sign-up/email"),
    ];
    for (client, path, expected) in cases {
        assert_eq!(key(Some(client), path).as_deref(), Some(expected), "{path}");
    }
    assert_eq!(key(Some("1.2.3.4"), "/api/auth/free"), None);
}

#[test]
fn r_087_unknown_paths_share_one_key_per_rule() {
    let unknown = |path: &str| key(Some("1.2.3.4"), path).unwrap();
    for path in ["/api/auth/b", "/api/auth", "/api/auth//ok", "/api/auth/%6fk", "/elsewhere", "/api/auth/?|"]
    {
        assert_eq!(unknown(path), unknown("/api/auth/a"), "{path}");
    }
    assert_eq!(unknown("/api/auth/shared/x"), unknown("/api/auth/shared/y"));
    assert_eq!(unknown("/api/auth/sign-in/x"), unknown("/api/auth/a"), "no route of this server");
    let all = ["/api/auth/a", "/api/auth/shared/x"];
    let distinct: std::collections::HashSet<_> = all.map(unknown).into_iter().collect();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn r_085_clients_without_an_address_share_one_count() {
    assert_eq!(key(None, "/api/auth/ok").as_deref(), Some("no-trusted-ip|/ok"));
}
