//! The route table, walked: every route answers an anonymous caller as its row says, and nothing else
//! answers at all.

use auth_http::routes::{Access, ROUTES};
use serde_json::json;

use crate::app::TestApp;

#[actix_web::test]
async fn every_route_answers_an_anonymous_caller_as_its_row_says() {
    let app = TestApp::start().await;
    for entry in ROUTES {
        let body = json!({"newPassword": "long enough", "currentPassword": "long enough", "token": "x"});
        let answer = app.send(app.request(entry.method.as_str(), entry.path).json(&body)).await;
        assert_ne!(answer.status, 404, "{} {}", entry.method, entry.path);
        // The token API refuses an anonymous `GET /get-session` too, unless the settings say `null`.
        let is_refused =
            entry.access == Access::Required || entry.path == "/get-session" && entry.method == "GET";
        assert_eq!(answer.status == 401, is_refused, "{} {}", entry.method, entry.path);
    }
    app.stop().await;
}

#[actix_web::test]
async fn r_077_unknown_paths_and_methods_are_a_bare_404() {
    let app = TestApp::start().await;
    let mut unknown = vec![
        ("GET", "/nope".to_owned()),
        ("GET", String::new()),
        ("GET", "/".to_owned()),
        ("GET", "/ok/".to_owned()),
        ("GET", "//ok".to_owned()),
        ("GET", "/OK".to_owned()),
        ("GET", "/%6fk".to_owned()),
        ("GET", "/ok/x".to_owned()),
    ];
    for method in ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"] {
        for entry in ROUTES {
            let is_known = ROUTES.iter().any(|known| known.path == entry.path && known.method == method);
            if !is_known {
                unknown.push((method, entry.path.to_owned()));
            }
        }
    }
    for (method, path) in unknown {
        let answer = app.send(app.request(method, &path)).await;
        assert_eq!((answer.status, answer.body.as_str()), (404, ""), "{method} {path}");
        assert!(answer.headers.get("content-type").is_none(), "{method} {path}");
    }
    app.stop().await;
}
