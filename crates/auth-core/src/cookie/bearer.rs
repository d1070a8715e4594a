//! Better Auth's `bearer` plugin: a session token in the `Authorization` header replaces the session cookie.

use super::percent::decode_uri_component;
use super::request::{latin1, trim};
use crate::base64url::decode_loosely;
use crate::constant_time;
use crate::session_token::SessionToken;
use crate::signed_value;
use crate::signing_secret::SigningSecret;

/// The rules of Better Auth's `bearer` plugin (1.7.25, `plugins/bearer`).
///
/// A header that the plugin does not recognise is ignored, and the request's cookies are used. To refuse bad
/// tokens instead, read the header with [`Bearer`](crate::Bearer).
///
/// ```
/// use auth_core::{BearerCookie, BearerPlugin, SigningSecret};
///
/// let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let plugin = BearerPlugin { require_signature: false };
/// let read = |header: &str| plugin.read(header.as_bytes(), &secret);
/// assert!(matches!(read("bearer f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3"), Some(BearerCookie::Token(_))));
/// assert!(read("Bearer f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3.forged").is_none());
/// assert!(read("Basic YTpi").is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BearerPlugin {
    /// Whether a token is accepted only with a signature (`requireSignature`).
    pub require_signature: bool,
}

/// The replacement for the session cookie.
///
/// ```
/// use auth_core::{BearerCookie, BearerPlugin, SessionToken, signed_value};
///
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// # let plugin = BearerPlugin { require_signature: false };
/// let signed = signed_value::sign_session_token(&SessionToken::generate(&mut rand::rng()), &secret)?;
/// let read = |token: &str| plugin.read(format!("Bearer {token}").as_bytes(), &secret);
/// assert!(matches!(read(&signed), Some(BearerCookie::Token(_))));
/// assert!(matches!(read("no-such-token"), Some(BearerCookie::UnusableToken)));
/// let without_padding = signed.trim_end_matches('=');
/// assert!(matches!(read(without_padding), Some(BearerCookie::Unreadable)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub enum BearerCookie {
    /// A session token, raw or with a valid signature.
    Token(SessionToken),
    /// A raw or validly signed text that cannot be a session token, so no session matches it.
    UnusableToken,
    /// A validly signed text whose signature is encoded in a way that the cookie reader does not accept. It
    /// is treated as a cookie with a wrong signature.
    Unreadable,
}

impl BearerPlugin {
    /// Reads the value of an `Authorization` header; `None` if the plugin ignores it.
    ///
    /// Better Auth signs a raw token, whatever its characters, and then reads the cookie that it created.
    /// This function signs nothing, because the result of that reading is known without a signature.
    pub fn read(self, authorization: &[u8], secret: &SigningSecret) -> Option<BearerCookie> {
        // One character for each byte, as Node decodes headers.
        let header = latin1(authorization);
        let (scheme, token) = header.split_at_checked(SCHEME.len())?;
        let token = trim(token);
        if !scheme.eq_ignore_ascii_case(SCHEME) || token.is_empty() {
            return None;
        }
        if !token.contains('.') {
            return (!self.require_signature).then(|| session(token));
        }
        let decoded = decode_uri_component(token);
        let text = decoded.as_deref().unwrap_or(token);
        let mut parts = text.split('.');
        let (value, signature) = (parts.next()?, decode_loosely(parts.next()?)?);
        if !constant_time::equal(&secret.mac(value.as_bytes()), &signature) {
            return None;
        }
        Some(signed_value::verify(text, secret).map_or(BearerCookie::Unreadable, session))
    }
}

const SCHEME: &str = "bearer ";

fn session(text: &str) -> BearerCookie {
    match SessionToken::parse(text) {
        // `true` is the only other text that is signed for cookies, and it is not a session token.
        Some(_) if text == signed_value::TRUE => BearerCookie::UnusableToken,
        Some(token) => BearerCookie::Token(token),
        None => BearerCookie::UnusableToken,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const TOKEN: &str = "f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3";

    fn secret() -> SigningSecret {
        SigningSecret::parse("test-secret-0123456789-abcdefghijklmnopqrstuvwxyz").unwrap()
    }

    fn kind(read: Option<BearerCookie>) -> &'static str {
        match read {
            None => "ignored",
            Some(BearerCookie::Token(token)) if token.expose() == TOKEN => "session",
            Some(BearerCookie::Token(_)) => "another session",
            Some(BearerCookie::UnusableToken) => "no session",
            Some(BearerCookie::Unreadable) => "unreadable",
        }
    }

    fn check(header: &str, expected: &str) {
        let latin1: Vec<u8> = header.chars().map(|c| u8::try_from(c).unwrap()).collect();
        let read = BearerPlugin { require_signature: false }.read(&latin1, &secret());
        assert_eq!(kind(read), expected, "{header:?}");
    }

    #[test]
    fn r_017_the_scheme_is_read_as_the_reference_reads_it() {
        for scheme in ["Bearer ", "bearer ", "BEARER ", "bEaReR    ", "Bearer \t"] {
            check(&format!("{scheme}{TOKEN}"), "session");
        }
        check(&format!("Bearer {TOKEN} \t"), "session");
        check(&format!("Bearer \u{a0}{TOKEN}\u{a0}"), "session");
        for header in ["", "Bearer", "Bearer ", "Bearer \u{a0}", "Basic", "Token x", TOKEN, "Bearer\tx", "é"]
        {
            check(header, "ignored");
        }
    }

    #[test]
    fn r_013_a_raw_text_that_is_no_token_names_no_session_and_is_not_signed() {
        check("Bearer AAAAAAAA", "another session");
        for token in
            ["a b", "a,b", "é", "%41", "a%zz", "true", "a-b", &"a".repeat(129), &format!("{TOKEN}\u{85}")]
        {
            check(&format!("Bearer {token}"), "no session");
        }
    }

    #[test]
    fn signatures_pass_in_any_spelling_but_only_that_of_cookies_is_read() {
        let good = signed_value::sign(TOKEN, &secret());
        assert!(good.contains('+') && good.ends_with('='));
        check(&format!("Bearer {good}"), "session");
        check(&format!("Bearer {}", good.replace('=', "%3D").replace('+', "%2b")), "session");
        let unpadded = good.trim_end_matches('=');
        let url = good.replace('+', "-").replace('/', "_");
        for text in [
            unpadded,
            &url,
            url.trim_end_matches('='),
            &format!("{good}="),
            &format!("{good}x"),
            &format!("{good}%"),
            &format!("{good}.x"),
        ] {
            check(&format!("Bearer {text}"), "unreadable");
        }
        // The last character before the padding has two unused bits.
        check(&format!("Bearer {}", good.replace("0=", "1=")), "unreadable");
        // `-` selects the base64url alphabet, which has no `+`.
        check(&format!("Bearer {good}-"), "ignored");
        for text in [
            "a.b.c",
            ".",
            "a.",
            ".a",
            &format!("{TOKEN}."),
            &format!("{TOKEN}.AAAA"),
            &good.replace("f0c", "F0c"),
        ] {
            check(&format!("Bearer {text}"), "ignored");
        }
        check(&format!("Bearer {}", signed_value::sign_true(&secret())), "no session");
        check(&format!("Bearer {}", signed_value::sign("a-b", &secret())), "no session");
    }

    #[test]
    fn a_signature_can_be_asked_for() {
        let plugin = BearerPlugin { require_signature: true };
        let read = |token: &str| kind(plugin.read(format!("Bearer {token}").as_bytes(), &secret()));
        assert_eq!(read(TOKEN), "ignored");
        assert_eq!(read("a b"), "ignored");
        assert_eq!(read(&signed_value::sign(TOKEN, &secret())), "session");
    }
}
