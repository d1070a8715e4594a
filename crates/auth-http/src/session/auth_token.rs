//! `set-auth-token`: what the session cookie holds, for clients that keep it as a token (Better Auth's `bearer` plugin).

use std::borrow::Cow;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use auth_core::decode_uri_component;

use crate::session::site::Site;
use crate::web::expose::expose;

const SET_AUTH_TOKEN: &str = "set-auth-token";

/// Adds the header to every answer that sets the session cookie, where `bearer.enabled` says so.
pub(crate) async fn announce(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody + 'static>, actix_web::Error> {
    let site = Site::of(request.request()).ok().filter(|site| site.reply.bearer.is_some());
    let site = site.map(Cow::into_owned);
    let mut response = next.call(request).await?;
    if let Some(site) = site {
        let headers = response.headers_mut();
        if let Some(token) = token(headers, site.reply.cookies.session_token_name()) {
            headers.insert(HeaderName::from_static(SET_AUTH_TOKEN), token);
            expose(headers, SET_AUTH_TOKEN);
        }
    }
    Ok(response)
}

/// Gives the value that an answer sets the cookie to; `None` where it sets none or takes it away.
fn token(headers: &HeaderMap, cookie: &str) -> Option<HeaderValue> {
    let mut lines = headers.get_all(header::SET_COOKIE).filter_map(|line| line.to_str().ok());
    let line = lines.find_map(|line| line.strip_prefix(cookie)?.strip_prefix('='))?;
    let (value, attributes) = line.split_once(';').unwrap_or((line, ""));
    let is_removal = attributes.split(';').any(|attribute| attribute.trim() == "Max-Age=0");
    let token = decode_uri_component(value).filter(|token| !token.is_empty() && !is_removal)?;
    HeaderValue::from_str(&token).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&'static str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(line));
        }
        let token = token(&headers, "a.session_token");
        assert_eq!(token.as_ref().and_then(|token| token.to_str().ok()), expected, "{lines:?}");
    }

    #[test]
    fn the_token_is_what_the_session_cookie_is_set_to() {
        check(&[], None);
        check(&["b.session_token=x", "a.session_token.0=x", "aXsession_token=x"], None);
        check(
            &["a.session_data=x; Path=/", "a.session_token=t.s%2B%3D; Max-Age=604800; Path=/"],
            Some("t.s+="),
        );
        check(&["a.session_token=t; Path=/"], Some("t"));
        check(&["a.session_token=t"], Some("t"));
        check(&["a.session_token=; Max-Age=0; Path=/"], None);
        check(&["a.session_token=t; Max-Age=0; Path=/"], None);
        check(&["a.session_token=t; Max-Age=01; Path=/"], Some("t"));
        check(&["a.session_token=; Path=/"], None);
    }
}
