//! The `Cookie` header. The input is any bytes; line feeds separate header lines.
//!
//! - Every listed name has a value, and no value is longer than its bytes can become in UTF-8.
//! - A session token that is read was signed with the known secret: the target computes its MAC
//!   independently.
//! - Nothing verifies under the unknown secret.
//! - The `Set-Cookie` lines that write or delete cookies are valid header values, each for a different
//!   cookie. Their number is bounded, however many chunks the header contains.

use std::collections::HashSet;

use auth_core::{CachedValue, CookieSettings, MaxAge, RequestCookies, SessionCookies, SessionToken};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::fixture::{known_secret, mac, unknown_secret};

/// Session token, cookie cache, 100 chunks of the cookie cache, and the `dont_remember` cookie.
const MOST_LINES: usize = 103;

pub(crate) fn read(data: &[u8]) -> bool {
    let settings = CookieSettings { secure: false, ..CookieSettings::default() };
    let cookies = SessionCookies::new(settings).expect("the defaults are fine");
    let request = RequestCookies::parse(data.split(|byte| *byte == b'\n'));
    for name in request.names() {
        let value = request.get(name).expect("a listed name has a value");
        // A non-ASCII byte becomes two bytes in UTF-8.
        assert!(value.len() <= 2 * data.len(), "{name} grew to {} bytes", value.len());
    }
    let value = request.get(cookies.session_token_name());
    let token = cookies.read_session_token(&request, &known_secret());
    if let Some(token) = &token {
        assert_eq!(value, Some(signed(token.expose())), "a token whose MAC is another");
        assert!(SessionToken::parse(token.expose()).is_some());
    }
    if cookies.read_dont_remember(&request, &known_secret()) {
        assert_eq!(request.get(cookies.dont_remember_name()), Some(signed("true")));
    }
    assert!(cookies.read_session_token(&request, &unknown_secret()).is_none(), "a forged token");
    assert!(!cookies.read_dont_remember(&request, &unknown_secret()), "a forged mark");
    assert_eq!(value.is_some(), cookies.has_session_token(&request));

    let data_value = cookies.read_session_data(&request);
    assert!(data_value.as_ref().is_none_or(|value| value.len() <= 2 * data.len()));
    let cached = CachedValue { value: "v".repeat(data.len() * 20), max_age: Some(MaxAge::LONGEST) };
    for lines in [
        cookies.clear_session(&request),
        cookies.clear_session_data(&request),
        cookies.session_data(&cached, &request),
    ] {
        assert!(lines.len() <= MOST_LINES, "{} lines", lines.len());
        let names: HashSet<&str> = lines.iter().map(|line| line.name()).collect();
        assert_eq!(names.len(), lines.len(), "a cookie is set twice: {lines:?}");
        for line in &lines {
            assert!(
                line.as_str().bytes().all(|byte| matches!(byte, b' '..=b'~')),
                "no header value: {line:?}"
            );
            assert!(line.as_str().len() <= 4096, "longer than browsers keep: {line:?}");
        }
    }
    token.is_some()
}

fn signed(value: &str) -> String {
    format!("{value}.{}", STANDARD.encode(mac(value.as_bytes())))
}
