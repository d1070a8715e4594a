//! Compares patterns with Better Auth's own results and with a model, and checks which patterns are refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use super::*;

fn check(pattern: &str, url: &str, expected: bool) {
    assert_eq!(OriginPattern::parse(pattern).unwrap().matches(url), expected, "{pattern} on {url}");
}

#[test]
fn r_068_patterns_match_what_the_reference_matches() {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../../tests/vectors/origin_matching.json")).unwrap();
    assert_eq!(vectors.len(), 15);
    for vector in vectors {
        let pattern = OriginPattern::compile(vector["pattern"].as_str().unwrap());
        for (list, expected) in [("matches", true), ("rejects", false)] {
            for url in vector[list].as_array().unwrap() {
                let url = url.as_str().unwrap();
                assert_eq!(pattern.matches(url), expected, "{pattern} on {url}");
            }
        }
    }
}

#[test]
fn r_068_exact_origins_are_compared_as_parsed() {
    check("https://app.example.com", "https://APP.example.com:443/p?q#f", true);
    check("https://app.example.com", "https://user@app.example.com/", true);
    check("https://app.example.com", "https://app.example.com:8443", false);
    check("https://app.example.com", "http://app.example.com", false);
    check("https://app.example.com", "https://app.example.com.evil.com", false);
    check("https://app.example.com", "https://evil.com\\@app.example.com", false);
    check("https://app.example.com", "blob:https://app.example.com/1", false);
    check("https://app.example.com", "null", false);
    check("https://app.example.com", "/path", false);
}

#[test]
fn r_068_wildcards_do_not_cross_a_host_or_scheme() {
    check("*.example.com", "https://a.example.com", true);
    // As in Better Auth: any depth, and any scheme if the pattern has none.
    check("*.example.com", "https://a.b.example.com", true);
    check("*.example.com", "http://a.example.com", true);
    check("https://*.example.com", "https://a.b.example.com", true);
    check("*.example.com", "https://example.com", false);
    check("*.example.com", "https://a.example.com:8443", false);
    check("*.example.com", "https://evil.com/.example.com", false);
    check("https://*.example.com", "https://a.example.com/x", true);
    check("https://*.example.com", "http://a.example.com", false);
    check("https://*.example.com", "https://evil.com/a.example.com", false);
    check("http?://a-*.example.com:*", "https://a-1.example.com:8443", true);
    check("http?://a-*.example.com:*", "ftp://a-1.example.com:8443", false);
    check("192.168.*.*", "http://192.168.1.7", true);
    check("192.168.*.*", "http://192.168.evil.com", false);
    check("10.*", "https://10.evil.com", false);
    check("https://app-?.example.com", "https://app-1.example.com", true);
}

#[test]
fn r_068_a_script_is_never_an_origin_whatever_its_host() {
    for scheme in ["javascript", "JavaScript", "vbscript", "data", " data", "java\tscript"] {
        check("*.example.com", &format!("{scheme}://a.example.com/%0aalert(1)"), false);
    }
}

#[test]
fn r_068_custom_schemes_match_their_own_scheme_alone() {
    check("myapp://", "myapp://anything/at/all", true);
    check("myapp://", "MYAPP://x", true);
    check("myapp://", "other://x", false);
    check("demo://host/cb", "demo://HOST/cb/next?x#y", true);
    check("demo://host/cb", "demo://host/cbx", false);
    check("demo://host/cb", "demo://host/cb/../other", false);
    check("demo://host/cb", "demo://host/cb/%2e%2e/other", false);
    check("demo://host/cb", "demo://host/x/../cb", true);
    check("demo://host/cb", "demo://evil/cb", false);
    check("demo://host/cb", "demo://user@host/cb", false);
}

#[test]
fn r_068_wildcards_in_custom_schemes_stay_in_their_part() {
    check("exp://*", "exp://192.168.1.5:8081/--/x", true);
    check("exp://*", "exp://user@192.168.1.5/", false);
    check("exp://192.168.*.*:*/**", "exp://192.168.1.5:8081/a/b", true);
    check("exp://192.168.*.*:*/**", "exp://192.168.evil.com:1/a", false);
    check("exp://192.168.*.*:*/**", "exp://192.168.1.5/a", false);
    check("app://*.example.com/cb/*", "app://a.example.com/cb/x", true);
    check("app://*.example.com/cb/*", "app://a.example.com/cb/x/y", false);
    check("app://*.example.com/cb/*", "app://evil.com/a.example.com/cb/x", false);
    check("app://*.example.com/cb/*", "app://evil.com?.example.com/cb/x", false);
    check("app://x/**", "app://x", true);
    check("app://?/cb", "app://a/cb", true);
    check("app://?/cb", "app:///cb", false);
    check("chrome-extension://abc*", "chrome-extension://abcdef", true);
}

#[test]
fn r_070_patterns_that_trust_everyone_or_nobody_are_refused() {
    let error = |pattern: &str| OriginPattern::parse(pattern).unwrap_err();
    for pattern in ["*", "*.*", "https://*", "*://*", "http://*:3000", "?", "**", "http*://*", "\\https://*"]
    {
        assert!(matches!(error(pattern), ParsePatternError::TrustsEveryone(_)), "{pattern}");
    }
    for pattern in [
        "app.*",
        "https://app.*",
        "https://app.example.*:8443",
        "localhost*",
        "*example.com",
        "10.*.example*",
    ] {
        assert!(matches!(error(pattern), ParsePatternError::TrustsStrangers(_)), "{pattern}");
    }
    for pattern in [
        "https://*.Example.com",
        "https://*.example.com/app",
        "*.example.com/**",
        "my*://x",
        "HTTPS://*.a.com",
        "a\u{7}://*",
    ] {
        assert!(matches!(error(pattern), ParsePatternError::NeverMatches(_)), "{pattern}");
    }
}

#[test]
fn a_pattern_that_could_never_match_is_refused_with_what_was_meant() {
    for (pattern, said) in [
        ("https://app.example.com/", "https://app.example.com`?"),
        ("https://APP.example.com", "https://app.example.com`?"),
        ("app.example.com", "write `https://app.example.com`"),
        ("javascript:alert(1)", "never"),
        ("data://x", "never"),
        ("", "empty"),
    ] {
        let error = OriginPattern::parse(pattern).unwrap_err().to_string();
        assert!(error.contains(said), "{pattern}: {error}");
    }
}

/// Each pattern has a model that decides by scheme, host and port of a URL. The pattern must match exactly if
/// the model does, whatever user, path, query or fragment the URL has.
#[test]
fn r_068_random_origins_match_exactly_where_their_parts_do() {
    const SCHEMES: [&str; 4] = ["https", "http", "ftp", "myapp"];
    const HOSTS: [&str; 9] = [
        "example.com",
        "a.example.com",
        "a.b.example.com",
        "aexample.com",
        "a.example.com.evil.com",
        "evil.com",
        "192.168.1.7",
        "192.168.1.evil.com",
        "localhost",
    ];
    const PORTS: [&str; 4] = ["", ":443", ":80", ":3000"];
    const PREFIXES: [&str; 4] = ["", "user@", "a.example.com@", "https:x@"];
    const TAILS: [&str; 8] = [
        "",
        "/",
        "/a.example.com",
        "?a.example.com",
        "#https://a.example.com",
        "/..//a.example.com",
        "/@a.example.com",
        "\\a.example.com",
    ];
    let is_below = |host: &str, domain: &str| host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.'));
    type Model = Box<dyn Fn(&str, &str, &str) -> bool>;
    let models: [(&str, Model); 6] = [
        ("https://a.example.com", Box::new(|s, h, p| s == "https" && h == "a.example.com" && p.is_empty())),
        ("http://localhost:3000", Box::new(|s, h, p| s == "http" && h == "localhost" && p == ":3000")),
        ("*.example.com", Box::new(move |_, h, p| is_below(h, "example.com") && p.is_empty())),
        (
            "https://*.example.com:3000",
            Box::new(move |s, h, p| s == "https" && is_below(h, "example.com") && p == ":3000"),
        ),
        ("192.168.*.*:*", Box::new(|_, h, p| h == "192.168.1.7" && !p.is_empty())),
        ("myapp://", Box::new(|s, _, _| s == "myapp")),
    ];
    let patterns = models.map(|(pattern, model)| (OriginPattern::parse(pattern).unwrap(), model));
    let mut rng = StdRng::seed_from_u64(68);
    let mut hits = 0;
    for _ in 0..10_000 {
        let mut pick = |list: &[&'static str]| list[rng.random_range(0..list.len())];
        let (scheme, host, port) = (pick(&SCHEMES), pick(&HOSTS), pick(&PORTS));
        let (prefix, tail) = (pick(&PREFIXES), pick(&TAILS));
        let url = format!("{scheme}://{prefix}{host}{port}{tail}");
        let default = match scheme {
            "https" => ":443",
            "http" => ":80",
            "ftp" => ":21",
            _ => "none",
        };
        // In a URL with a scheme other than http and https, the text after a backslash belongs to the host.
        if tail.starts_with('\\') && scheme == "myapp" {
            continue;
        }
        let port = if port == default { "" } else { port };
        for (pattern, model) in &patterns {
            let expected = model(scheme, host, port);
            hits += u32::from(expected);
            assert_eq!(pattern.matches(&url), expected, "{pattern} on {url}");
        }
    }
    assert!(hits > 1_000, "too few match to say anything: {hits}");
}
