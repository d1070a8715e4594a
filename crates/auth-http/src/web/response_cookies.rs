//! The cookies that a response sets. They are collected while a request is handled and written once at its
//! end, one line per name.

use actix_web::http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use auth_core::SetCookie;

/// The cookies that a response will set.
#[derive(Debug, Default)]
pub(crate) struct ResponseCookies {
    /// Set by a guard before the handler ran. They are sent whatever the handler returns: a guard that
    /// extended a session has done so even if the handler then refuses the request.
    before: Vec<SetCookie>,
    /// Set by the handler. They replace a guard's cookies of the same family.
    decided: Vec<SetCookie>,
}

impl ResponseCookies {
    /// Sets cookies from a guard.
    pub(crate) fn set_before(&mut self, cookies: impl IntoIterator<Item = SetCookie>) {
        cookies.into_iter().for_each(|cookie| put(&mut self.before, cookie));
    }

    /// Sets cookies from a handler. They replace a guard's cookies of the same family.
    pub(crate) fn set(&mut self, cookies: impl IntoIterator<Item = SetCookie>) {
        cookies.into_iter().for_each(|cookie| put(&mut self.decided, cookie));
    }

    /// Lists the cookies in the order of their lines.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SetCookie> {
        let is_decided =
            |cookie: &&SetCookie| self.decided.iter().any(|other| other.family() == cookie.family());
        self.decided.iter().chain(self.before.iter().filter(move |cookie| !is_decided(cookie)))
    }

    /// Writes the `Set-Cookie` lines. A cookie that is not a valid header value is logged and left out; the
    /// server builds no such cookie.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        for cookie in self.iter() {
            match HeaderValue::from_str(cookie.as_str()) {
                Ok(line) => headers.append(SET_COOKIE, line),
                Err(_) => tracing::error!(cookie = cookie.name(), "a cookie cannot be written into a header"),
            }
        }
    }
}

/// Adds a cookie and replaces an earlier one of the same name. Adding an identical cookie changes nothing.
fn put(cookies: &mut Vec<SetCookie>, cookie: SetCookie) {
    if !cookies.contains(&cookie) {
        cookies.retain(|earlier| earlier.name() != cookie.name());
        cookies.push(cookie);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use auth_core::CookieAttributes;

    use super::*;

    fn cookie(name: &str, value: &str) -> SetCookie {
        SetCookie::new(name, value, &CookieAttributes::default())
    }

    fn shown(cookies: &ResponseCookies) -> Vec<String> {
        let mut headers = HeaderMap::new();
        cookies.write(&mut headers);
        let pair = |line: &HeaderValue| line.to_str().unwrap().split(';').next().unwrap().to_owned();
        headers.get_all(SET_COOKIE).map(pair).collect()
    }

    #[test]
    fn r_020_a_later_cookie_takes_the_place_of_an_earlier_one() {
        let mut cookies = ResponseCookies::default();
        for (name, value) in [("a", "1"), ("b", "1"), ("a.0", "1"), ("a", "")] {
            cookies.set([cookie(name, value)]);
        }
        assert_eq!(shown(&cookies), ["b=1", "a.0=1", "a="]);
        cookies.set([cookie("b", "1")]);
        assert_eq!(shown(&cookies), ["b=1", "a.0=1", "a="], "the same cookie again stays in its place");
    }

    #[test]
    fn r_020_the_handlers_cookie_replaces_the_guards() {
        let mut cookies = ResponseCookies::default();
        cookies.set_before([cookie("token", "old"), cookie("data", "old")]);
        assert_eq!(shown(&cookies), ["token=old", "data=old"]);
        cookies.set([cookie("token", "new")]);
        assert_eq!(shown(&cookies), ["token=new", "data=old"]);
    }
}
