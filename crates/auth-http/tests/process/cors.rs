//! Browsers of other origins.

use std::collections::BTreeSet;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use test_support::{Process, routes};

use crate::SERVER;

const TRUSTED: (&str, &str) =
    ("BETTER_AUTH_TRUSTED_ORIGINS", "https://app.example.com,https://*.example.org");

/// Method and path of every route, and of one that is none.
fn everywhere() -> Vec<(Method, String)> {
    let mut all = vec![(Method::POST, "/api/auth/nowhere".to_owned())];
    for entry in routes() {
        let method = Method::from_bytes(entry.method.as_bytes()).unwrap();
        all.push((method, format!("/api/auth{}", entry.path)));
    }
    all
}

async fn preflight(server: &Process, method: &Method, path: &str, origin: &str) -> (StatusCode, HeaderMap) {
    let request = server.client.request(Method::OPTIONS, server.url(path)).header("origin", origin);
    let answer = request
        .header("access-control-request-method", method.as_str())
        .header("access-control-request-headers", "authorization,content-type")
        .send()
        .await
        .unwrap();
    (answer.status(), answer.headers().clone())
}

#[tokio::test]
async fn r_070_preflights_of_trusted_origins_are_answered_on_every_route() {
    let (_database, server) = SERVER.on_own_database(&[TRUSTED]).await;
    let trusted = ["https://app.example.com", "https://a.example.org", "http://localhost:3000"];
    for (method, path) in everywhere() {
        for origin in trusted {
            let (status, headers) = preflight(&server, &method, &path, origin).await;
            assert_eq!(status, 204, "{method} {path}");
            let methods = headers["access-control-allow-methods"].to_str().unwrap();
            assert!(
                methods.split(", ").any(|allowed| allowed == method.as_str()),
                "{method} {path}: {methods}"
            );
            assert_eq!(headers["access-control-allow-origin"], origin);
            assert_eq!(headers["access-control-allow-credentials"], "true");
            assert_eq!(headers["access-control-max-age"], "600");
            assert_eq!(headers["vary"], "Origin");
            for header in ["content-type", "authorization"] {
                assert!(headers["access-control-allow-headers"].to_str().unwrap().contains(header));
            }
        }
        let foreign = [
            "https://evil.example.com",
            "https://app.example.com.evil.com",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://example.org",
            "https://a.example.org:8443",
            "null",
        ];
        for origin in foreign {
            let (_, headers) = preflight(&server, &method, &path, origin).await;
            assert!(
                !headers.keys().any(|name| name.as_str().starts_with("access-control-")),
                "{origin}: {headers:?}"
            );
        }
    }
}

#[tokio::test]
async fn r_070_answers_and_refusals_can_be_read_by_trusted_pages_only() {
    let (_database, server) = SERVER.on_own_database(&[TRUSTED]).await;
    let mut statuses = BTreeSet::new();
    for (origin, allowed) in [("https://app.example.com", true), ("https://evil.example.com", false)] {
        for (method, path) in everywhere() {
            let request = server.client.request(method, server.url(&path)).header("origin", origin);
            let answer = request.send().await.unwrap();
            statuses.insert(answer.status().as_u16());
            let headers = answer.headers();
            assert_eq!(headers.contains_key("access-control-allow-origin"), allowed, "{path} {origin}");
            assert_eq!(headers["vary"], "Origin");
            assert!(!headers.values().any(|value| value == "*"));
            if allowed {
                let exposed = headers["access-control-expose-headers"].to_str().unwrap();
                assert!(exposed.contains("retry-after"), "{exposed}");
            }
        }
    }
    for status in [200, 400, 401, 404] {
        assert!(statuses.contains(&status), "{status}: {statuses:?}");
    }
}

#[tokio::test]
async fn cross_origin_answers_can_be_left_to_a_proxy() {
    let (_database, server) = SERVER.on_own_database(&[TRUSTED, ("AUTH__CORS__ENABLED", "false")]).await;
    let (status, headers) =
        preflight(&server, &Method::POST, "/api/auth/sign-in/email", "https://app.example.com").await;
    assert_eq!(status, 404);
    assert!(!headers.contains_key("access-control-allow-origin"));
}
