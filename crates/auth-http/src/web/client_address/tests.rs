//! The header corpus of R-83 and the alias table of R-84.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use actix_web::http::header::{HeaderName, HeaderValue};

use super::*;

fn policy(trusted: &[&str]) -> ClientAddressPolicy {
    ClientAddressPolicy::new(ProxiesSettings {
        track_addresses: true,
        trusted: trusted.iter().map(|text| text.parse().unwrap()).collect(),
        headers: vec![HeaderName::from_static("x-forwarded-for")],
        trusted_proxy_headers: false,
        ipv6_prefix: 64,
    })
}

fn client(trusted: &[&str], peer: &str, lines: &[&str]) -> Option<String> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_str(line).unwrap());
    }
    let address = policy(trusted).client_address(Some(peer.parse().unwrap()), &headers);
    address.map(|address| address.to_string())
}

#[test]
fn r_083_without_proxies_headers_mean_nothing() {
    for lines in [&[][..], &["6.6.6.6"], &["6.6.6.6, 7.7.7.7"], &["garbage"], &[""], &["127.0.0.1", "::1"]] {
        assert_eq!(client(&[], "203.0.113.9", lines).as_deref(), Some("203.0.113.9"), "{lines:?}");
        assert_eq!(
            client(&["10.0.0.0/8"], "203.0.113.9", lines).as_deref(),
            Some("203.0.113.9"),
            "{lines:?}"
        );
    }
}

#[test]
fn r_083_a_proxy_names_the_first_untrusted_hop_from_the_right() {
    let cases: [(&[&str], Option<&str>); 24] = [
        (&["203.0.113.9"], Some("203.0.113.9")),
        (&[" 203.0.113.9 "], Some("203.0.113.9")),
        (&["6.6.6.6, 203.0.113.9"], Some("203.0.113.9")),
        (&["6.6.6.6,203.0.113.9,10.1.1.1"], Some("203.0.113.9")),
        (&["garbage, 203.0.113.9, 10.1.1.1"], Some("203.0.113.9")),
        (&["6.6.6.6", "203.0.113.9"], Some("203.0.113.9")),
        (&["203.0.113.9", "10.1.1.1"], Some("203.0.113.9")),
        (&["203.0.113.9, 10.1.1.1, ::ffff:10.2.2.2"], Some("203.0.113.9")),
        (&["2001:DB8::1, 10.1.1.1"], Some("2001:0db8:0000:0000:0000:0000:0000:0000")),
        (&["10.1.1.1"], None),
        (&["10.1.1.1, 10.2.2.2"], None),
        (&[], None),
        (&[""], None),
        (&["203.0.113.9,"], Some("203.0.113.9")),
        (&["203.0.113.9,,10.1.1.1"], Some("203.0.113.9")),
        (&["203.0.113.9, garbage"], None),
        (&["203.0.113.9, garbage, 10.1.1.1"], None),
        (&["203.0.113.9:80"], None),
        (&["[2001:db8::1]"], None),
        (&["\"203.0.113.9\""], None),
        (&["01.2.3.4"], None),
        (&["unknown"], None),
        (&["203.0.113.9 10.1.1.1"], None),
        (&["1.2.3"], None),
    ];
    for (lines, expected) in cases {
        for peer in ["10.0.0.1", "::ffff:10.0.0.1"] {
            assert_eq!(client(&["10.0.0.0/8"], peer, lines).as_deref(), expected, "{lines:?} from {peer}");
        }
    }
}

#[test]
fn r_083_bytes_outside_ascii_fail_closed() {
    let mut headers = HeaderMap::new();
    let name = HeaderName::from_static("x-forwarded-for");
    headers.append(name.clone(), HeaderValue::from_bytes(b"203.0.113.\xff").unwrap());
    headers.append(name, HeaderValue::from_static("203.0.113.9"));
    let policy = policy(&["10.0.0.1"]);
    assert_eq!(policy.client_address(Some("10.0.0.1".parse().unwrap()), &headers), None);
}

#[test]
fn r_083_only_configured_headers_are_read() {
    let mut headers = HeaderMap::new();
    for name in ["x-real-ip", "forwarded", "cf-connecting-ip", "x-client-ip"] {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static("6.6.6.6"));
    }
    let policy = policy(&["10.0.0.1"]);
    assert_eq!(policy.client_address(Some("10.0.0.1".parse().unwrap()), &headers), None);
}

#[test]
fn r_083_no_peer_is_no_address() {
    assert_eq!(policy(&[]).client_address(None, &HeaderMap::new()), None);
}

#[test]
fn r_084_aliases_of_one_client_have_one_form() {
    let cases = [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::FFFF:cb00:7109", "203.0.113.9"),
        ("0:0:0:0:0:ffff:203.0.113.9", "203.0.113.9"),
        ("2001:DB8::1", "2001:0db8:0000:0000:0000:0000:0000:0000"),
        ("2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:0db8:0000:0000:0000:0000:0000:0000"),
        ("2001:0db8:0000:0001::", "2001:0db8:0000:0001:0000:0000:0000:0000"),
        ("::1", "0000:0000:0000:0000:0000:0000:0000:0000"),
        ("fe80::1%eth0", "fe80:0000:0000:0000:0000:0000:0000:0000"),
        ("fe80::2%1", "fe80:0000:0000:0000:0000:0000:0000:0000"),
    ];
    for (alias, expected) in cases {
        assert_eq!(client(&["10.0.0.1"], "10.0.0.1", &[alias]).as_deref(), Some(expected), "{alias}");
    }
    for refused in ["fe80::1%", "1.2.3.4%eth0", "%eth0"] {
        assert_eq!(client(&["10.0.0.1"], "10.0.0.1", &[refused]), None, "{refused}");
    }
}

#[test]
fn r_084_the_prefix_is_configurable() {
    let address = "2001:db8:1:2:3:4:5:6".parse().unwrap();
    let form = |prefix| ClientAddress::canonical(address, prefix).to_string();
    assert_eq!(form(128), "2001:0db8:0001:0002:0003:0004:0005:0006");
    assert_eq!(form(56), "2001:0db8:0001:0000:0000:0000:0000:0000");
    assert_eq!(form(1), "0000:0000:0000:0000:0000:0000:0000:0000");
}

/// Better Auth's own results. Here a header is used only if a trusted proxy sends it, so the peer is one.
#[test]
fn r_083_r_084_the_references_vectors_but_for_the_listed_differences() {
    const PEER: &str = "192.0.2.1";
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/ip.json")).unwrap();

    let normalize = vectors["normalize"].as_array().unwrap();
    assert_eq!(normalize.len(), 9);
    for case in normalize {
        let Ok(address) = case["in"].as_str().unwrap().parse::<IpAddr>() else {
            assert_eq!(case["in"], "garbage");
            continue;
        };
        for (bits, expected) in [(64, "default64"), (128, "s128"), (48, "s48"), (60, "s60")] {
            assert_eq!(
                ClientAddress::canonical(address, bits).to_string(),
                case[expected],
                "{case} at {bits}"
            );
        }
    }

    // hops are counted from the right even without further proxies, and a hop that is not an address
    // makes the client unknown.
    let stricter = [("1.2.3.4, 5.6.7.8", Some("5.6.7.8"))];
    let headers = vectors["header"].as_array().unwrap();
    assert_eq!(headers.len(), 15);
    for case in headers {
        let header = case["header"].as_str().unwrap();
        let mut trusted: Vec<&str> =
            case["trusted_proxies"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        if trusted.iter().any(|text| text.parse::<crate::config::Network>().is_err()) {
            // Better Auth ignores an invalid network; here it prevents the start.
            assert_eq!(trusted, ["bad/33"]);
            continue;
        }
        assert_eq!(client(&trusted, "203.0.113.9", &[header]).as_deref(), Some("203.0.113.9"), "{case}");
        trusted.push(PEER);
        let known = stricter.iter().find(|(text, _)| *text == header).map(|(_, ours)| *ours);
        let expected = known.unwrap_or_else(|| case["ip"].as_str());
        assert_eq!(client(&trusted, PEER, &[header]).as_deref(), expected, "{case}");
    }
}
