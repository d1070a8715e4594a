//! Which hosts a list accepts, and which proxies may name the host.
#![allow(clippy::unwrap_used, reason = "tests")]

use actix_web::http::header::HeaderValue;

use super::*;
use crate::app::settings::Settings;
use crate::config::Environment;
use crate::web::origin::ParsePatternError;

fn policy(changes: &[(&str, &str)]) -> HostPolicy {
    let mut environment = Environment::default()
        .with("BETTER_AUTH_SECRET", "unit-test-secret-Zk3vQ9xT7mB2nR5c")
        .with("DATABASE_URL", "postgres://nobody@localhost/none");
    for (name, value) in changes {
        environment = environment.with(*name, *value);
    }
    let settings = Settings::load(&environment).unwrap();
    HostPolicy::new(settings.server.base_url, &settings.proxies)
}

const HOSTS: (&str, &str) = (
    "AUTH__SERVER__ALLOWED_HOSTS",
    "app.example.com,*.preview.example.com,localhost:*,10.0.*.*,[::1]:3000,admin.example.com:8443",
);

/// The origin that a request with these header lines reaches.
fn origin(policy: &HostPolicy, lines: &[(&str, &str)]) -> Option<String> {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(name.parse().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let peer = Some(IpAddr::from([10, 1, 2, 3]));
    let asked = RequestedHost { peer, is_tls: false, authority: None, headers: &headers };
    policy.base_url(&asked).map(|url| url.origin().to_owned())
}

#[test]
fn a_listed_host_decides_the_address() {
    let policy = policy(&[HOSTS]);
    let check = |host: &str, expected: Option<&str>| {
        assert_eq!(origin(&policy, &[("host", host)]).as_deref(), expected, "{host}");
    };
    check("app.example.com", Some("https://app.example.com"));
    check("APP.Example.com", Some("https://app.example.com"));
    check("pr-7.preview.example.com", Some("https://pr-7.preview.example.com"));
    check("a.b.preview.example.com", Some("https://a.b.preview.example.com"));
    check("my_app.preview.example.com", Some("https://my_app.preview.example.com"));
    check("admin.example.com:8443", Some("https://admin.example.com:8443"));
    check("localhost:3000", Some("http://localhost:3000"));
    check("10.0.1.2", Some("https://10.0.1.2"));
    check("[::1]:3000", Some("http://[::1]:3000"));
    // The port is part of the host, as in Better Auth.
    check("app.example.com:443", None);
    check("app.example.com:8080", None);
    check("admin.example.com", None);
    check("localhost", None);
    check("preview.example.com", None);
    check("example.com", None);
}

#[test]
fn r_068_no_spelling_of_a_strangers_host_passes() {
    let policy = policy(&[HOSTS]);
    for host in [
        "",
        "evil.com",
        "app.example.com.evil.com",
        "evil.com/app.example.com",
        "evil.com#.preview.example.com",
        "evil.com?.preview.example.com",
        "evil.com\\.preview.example.com",
        "evil.com/.preview.example.com",
        "user@app.example.com",
        "evil.com:80@app.example.com",
        "app.example.com@evil.com",
        ".preview.example.com",
        "a..preview.example.com",
        "-a.preview.example.com",
        "a-.preview.example.com",
        "app.example.com.",
        "app.example.com, evil.com",
        "app.example.com evil.com",
        "app.example.com:",
        "app.example.com:x",
        "localhost:evil.com",
        "localhost:123456",
        "localhost:99999",
        "localhost:3000:80",
        "https://app.example.com",
        "10.0.evil.com",
        "10.0.1.evil.com",
        "10.0.1",
        "[::1]:3000.evil.com",
        "[::1",
        "[app.example.com]:3000",
        "\u{fc}.preview.example.com",
        "%61.preview.example.com",
    ] {
        assert_eq!(origin(&policy, &[("host", host)]), None, "{host:?}");
    }
    let name = |labels: usize| format!("{}preview.example.com", "a.".repeat(labels));
    assert!(origin(&policy, &[("host", &name(117))]).is_some(), "{} bytes", name(117).len());
    assert_eq!(origin(&policy, &[("host", &name(118))]), None, "longer than a name can be");
    assert_eq!(origin(&policy, &[]), None);
    let twice = [("host", "app.example.com"), ("host", "app.example.com")];
    assert_eq!(origin(&policy, &twice), None, "no telling which of the two counts");
}

#[test]
fn the_fallback_stands_in_for_every_host_that_is_not_listed() {
    let policy = policy(&[HOSTS, ("BETTER_AUTH_URL", "https://main.example.com")]);
    for (lines, expected) in [
        (&[("host", "app.example.com")][..], "https://app.example.com"),
        (&[("host", "evil.com")], "https://main.example.com"),
        (&[("host", "")], "https://main.example.com"),
        (&[], "https://main.example.com"),
    ] {
        assert_eq!(origin(&policy, lines).as_deref(), Some(expected), "{lines:?}");
    }
}

#[test]
fn the_protocol_decides_the_scheme() {
    for (protocol, app, local) in [
        ("", "https", "http"),
        ("auto", "https", "http"),
        ("https", "https", "https"),
        ("http", "http", "http"),
    ] {
        let policy = policy(&[HOSTS, ("AUTH__SERVER__PROTOCOL", protocol)]);
        for (host, scheme) in [("app.example.com", app), ("localhost:3000", local)] {
            let expected = format!("{scheme}://{host}");
            assert_eq!(origin(&policy, &[("host", host)]), Some(expected), "{protocol}");
        }
    }
}

#[test]
fn a_connection_with_tls_of_its_own_is_https() {
    let policy = policy(&[HOSTS]);
    let headers = HeaderMap::new();
    let asked =
        RequestedHost { peer: None, is_tls: true, authority: Some("localhost:3000"), headers: &headers };
    assert_eq!(policy.base_url(&asked).unwrap().origin(), "https://localhost:3000");
}

/// Header lines, and the origin that they give if the peer is a trusted proxy.
const FORWARDED: [(&[(&str, &str)], &str); 11] = [
    (&[("x-forwarded-host", "a.preview.example.com")], "https://a.preview.example.com"),
    (
        &[("x-forwarded-host", "a.preview.example.com"), ("x-forwarded-proto", "http")],
        "http://a.preview.example.com",
    ),
    (&[("x-forwarded-host", "localhost:3000"), ("x-forwarded-proto", "https")], "https://localhost:3000"),
    (&[("x-forwarded-proto", "http")], "http://app.example.com"),
    (&[("x-forwarded-proto", "HTTP")], "https://app.example.com"),
    (&[("x-forwarded-proto", "http, https")], "https://app.example.com"),
    (&[("x-forwarded-proto", "http"), ("x-forwarded-proto", "http")], "https://app.example.com"),
    (&[("x-forwarded-host", "evil.com@app.example.com")], "https://app.example.com"),
    (&[("x-forwarded-host", "evil.com, localhost:3000")], "https://app.example.com"),
    (&[("x-forwarded-host", "")], "https://app.example.com"),
    (&[("x-forwarded-host", "evil.com")], "none"),
];

#[test]
fn r_083_forwarded_hosts_count_from_believed_proxies_alone() {
    let believed = |proxy, switch| {
        policy(&[HOSTS, ("AUTH__PROXIES__TRUSTED", proxy), ("AUTH__PROXIES__TRUSTED_PROXY_HEADERS", switch)])
    };
    for (lines, expected) in FORWARDED {
        let lines = [&[("host", "app.example.com")], lines].concat();
        let named = |policy: &HostPolicy| origin(policy, &lines).unwrap_or_else(|| "none".to_owned());
        assert_eq!(named(&believed("10.0.0.0/8", "true")), expected, "{lines:?}");
        for unmoved in [believed("10.0.0.0/8", "false"), believed("192.0.2.0/24", "true")] {
            assert_eq!(named(&unmoved), "https://app.example.com", "{lines:?}");
        }
    }
}

#[test]
fn r_069_one_address_holds_whatever_a_request_says() {
    let policy = policy(&[
        ("BETTER_AUTH_URL", "https://auth.example.com"),
        ("AUTH__PROXIES__TRUSTED", "10.0.0.0/8"),
        ("AUTH__PROXIES__TRUSTED_PROXY_HEADERS", "true"),
    ]);
    for lines in [
        &[][..],
        &[("host", "evil.com")],
        &[("host", "evil.com"), ("x-forwarded-host", "evil.com"), ("x-forwarded-proto", "http")],
    ] {
        assert_eq!(origin(&policy, lines).as_deref(), Some("https://auth.example.com"), "{lines:?}");
    }
}

#[test]
fn r_068_each_pattern_is_a_trusted_origin_under_the_schemes_of_the_protocol() {
    let check = |text: &str, protocol, expected: &[&str]| {
        assert_eq!(HostPattern::parse(text, protocol).unwrap().origins(), expected, "{text}");
    };
    let both = |host: &str| [format!("https://{host}"), format!("http://{host}")];
    for host in ["app.example.com", "*.example.com", "app.example.com:8443"] {
        let [https, http] = both(host);
        check(host, Protocol::Https, &[&https]);
        check(host, Protocol::ByRequest, &[&https]);
        check(host, Protocol::Http, &[&http]);
        check(host, Protocol::Auto, &[&https, &http]);
    }
    for host in ["localhost:3000", "localhost:*", "*.localhost", "127.0.0.1", "[::1]:*"] {
        let [https, http] = both(host);
        for protocol in [Protocol::Https, Protocol::ByRequest, Protocol::Auto] {
            check(host, protocol, &[&https, &http]);
        }
        check(host, Protocol::Http, &[&http]);
    }
    check("https://app.example.com", Protocol::Auto, &["https://app.example.com"]);
    check("http://*.example.com", Protocol::Https, &["http://*.example.com"]);
}

#[test]
fn r_068_a_pattern_that_trusts_anybody_or_matches_nothing_is_refused() {
    type Kind = fn(&ParsePatternError) -> bool;
    let strangers: Kind = |error| matches!(error, ParsePatternError::TrustsStrangers(_));
    let everyone: Kind = |error| matches!(error, ParsePatternError::TrustsEveryone(_));
    let nobody: Kind =
        |error| matches!(error, ParsePatternError::NeverMatches(_) | ParsePatternError::NotAnOrigin { .. });
    let cases: [(&str, Kind); 20] = [
        ("*", everyone),
        ("**", everyone),
        ("*:3000", everyone),
        ("*.*", everyone),
        ("https://*", everyone),
        ("app.*", strangers),
        ("*example.com", strangers),
        ("localhost*", strangers),
        ("[*1]:3000", strangers),
        ("App.example.com", nobody),
        ("*.Example.com", nobody),
        ("app.example.com/auth", nobody),
        ("*.example.com/auth", nobody),
        ("app.example.com:443", nobody),
        ("app example.com", nobody),
        ("user@example.com", nobody),
        ("app.example.com:99999", nobody),
        ("ftp://app.example.com", nobody),
        ("javascript://app.example.com", nobody),
        ("a..example.com:x", nobody),
    ];
    for (text, kind) in cases {
        let error = HostPattern::parse(text, Protocol::ByRequest).unwrap_err();
        assert!(kind(&error), "{text}: {error:?}");
    }
    assert!(matches!(HostPattern::parse(" ", Protocol::Auto), Err(ParsePatternError::Empty)));
    // A client omits the default port of its scheme.
    assert!(HostPattern::parse("app.example.com:80", Protocol::Http).is_err());
    assert!(HostPattern::parse("app.example.com:443", Protocol::Http).is_ok());
}
