//! `GET /error`: browsers are redirected here if a flow that leaves the server fails.

use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use url::form_urlencoded;

use super::Service;
use crate::web::context::Context;
use crate::web::error::ApiError;
use crate::web::input::NoBody;

/// Headers of the page. It loads nothing and cannot be framed (R-71).
const HEADERS: [(HeaderName, &str); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
];

/// Shows the `error` and `error_description` of the query, or redirects to `server.error_url` with them.
pub(super) async fn error_page(
    context: Context<()>,
    _: NoBody,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let query = context.query();
    let code = first(query, "error").filter(|code| is_code(code));
    let code = code.as_deref().unwrap_or("UNKNOWN");
    let description = first(query, "error_description");
    let mut answer = HttpResponseBuilder::new(match service.error_url {
        Some(_) => StatusCode::FOUND,
        None => StatusCode::OK,
    });
    for (name, value) in HEADERS {
        answer.insert_header((name, value));
    }
    Ok(match &service.error_url {
        Some(url) => answer.insert_header((LOCATION, url.with_error(code, description.as_deref()))).finish(),
        None => answer.insert_header((CONTENT_TYPE, "text/html")).body(html(code, description.as_deref())),
    })
}

/// Returns the first value of a name; `None` if it is absent or empty.
fn first(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
}

/// Whether the text is a code by the reference's rules. Any other text is replaced by `UNKNOWN`.
fn is_code(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'\'' | b'_' | b'-'))
}

fn html(code: &str, description: Option<&str>) -> String {
    let description = description.unwrap_or("An unexpected error occurred. Please try again.");
    let (code, description) = (escaped(code), escaped(description));
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Error</title>
</head>
<body>
<h1>Something went wrong</h1>
<p>Code: <code>{code}</code></p>
<p>{description}</p>
<p><a href="/">Go to the home page</a></p>
</body>
</html>
"#
    )
}

/// Escapes text for HTML, between tags and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            letter => html.push(letter),
        }
    }
    html
}
