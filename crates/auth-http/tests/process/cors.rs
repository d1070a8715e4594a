//! Browsers of other origins.

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};

use crate::process::{Process, on_own_database};

const TRUSTED: (&str, &str) =
    ("BETTER_AUTH_TRUSTED_ORIGINS", "https://app.example.com,https://*.example.org");

async fn preflight(server: &Process, path: &str, origin: &str) -> (StatusCode, HeaderMap) {
    let request = server.client.request(Method::OPTIONS, server.url(path)).header("origin", origin);
    let answer = request
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type")
        .send()
        .await
        .unwrap();
    (answer.status(), answer.headers().clone())
}

#[tokio::test]
async fn r_070_preflights_of_trusted_origins_are_answered_on_every_route() {
    let (_database, server) = on_own_database(&[TRUSTED]).await;
    let trusted = ["https://app.example.com", "https://a.example.org", "http://localhost:3000"];
    for path in ["/api/auth/sign-in/email", "/api/auth/login", "/api/auth/nowhere"] {
        for origin in trusted {
            let (status, headers) = preflight(&server, path, origin).await;
            assert_eq!(status, 204);
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
            let (_, headers) = preflight(&server, path, origin).await;
            assert!(!headers.contains_key("access-control-allow-origin"), "{origin}");
            assert!(!headers.contains_key("access-control-allow-credentials"), "{origin}");
        }
    }
}

#[tokio::test]
async fn r_070_answers_and_refusals_can_be_read_by_trusted_pages_only() {
    let (_database, server) = on_own_database(&[TRUSTED]).await;
    for (origin, allowed) in [("https://app.example.com", true), ("https://evil.example.com", false)] {
        // 200, 401 and 404 alike.
        for path in ["/api/auth/ok", "/api/auth/user", "/api/auth/nowhere"] {
            let answer = server.client.get(server.url(path)).header("origin", origin).send().await.unwrap();
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
}

#[tokio::test]
async fn cross_origin_answers_can_be_left_to_a_proxy() {
    let (_database, server) = on_own_database(&[TRUSTED, ("AUTH__CORS__ENABLED", "false")]).await;
    let (status, headers) = preflight(&server, "/api/auth/sign-in/email", "https://app.example.com").await;
    assert_eq!(status, 404);
    assert!(!headers.contains_key("access-control-allow-origin"));
}
