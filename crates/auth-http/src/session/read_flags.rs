//! Flags in the query of `/get-session` and of guarded routes.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::session::caller::ReadFlags;
use crate::web::error::ApiError;

impl FromRequest for ReadFlags {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(flags(request.query_string())))
    }
}

/// Reads the flags as the reference does: any non-empty value is true, even `false` and `0`, and so is a
/// repeated one (Better Auth core §2.2).
pub(super) fn flags(query: &str) -> ReadFlags {
    ReadFlags {
        disable_refresh: is_set(query, "disableRefresh"),
        disable_cookie_cache: is_set(query, "disableCookieCache"),
    }
}

fn is_set(query: &str, name: &str) -> bool {
    let mut values = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (None, _) => false,
        (Some((_, value)), None) => !value.is_empty(),
        (Some(_), Some(_)) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_non_empty_value_sets_a_flag() {
        let cases = [
            ("", false),
            ("disableRefresh=", false),
            ("disableRefresh", false),
            ("disableRefresh=false", true),
            ("disableRefresh=0", true),
            ("disableRefresh=&disableRefresh=", true),
            ("disablerefresh=1", false),
        ];
        for (query, expected) in cases {
            assert_eq!(is_set(query, "disableRefresh"), expected, "{query}");
        }
    }
}
