//! The signed text inside Better Auth's cookies: `<value>.<MAC>` (Better Auth core §8.2).
//!
//! The MAC covers the value alone, neither the cookie's name nor a purpose. If an attacker could have a
//! chosen value signed, the signature would be valid for every consumer of the secret, including the tokens
//! of [`jws`](crate::jws). Use the functions that name what they sign: [`sign_session_token`] and
//! [`sign_true`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::constant_time;
use crate::cookie::decode_uri_component;
use crate::session_token::SessionToken;
use crate::signing_secret::SigningSecret;

/// Length in characters of an encoded MAC: 32 bytes in padded base64.
const MAC_TEXT_LENGTH: usize = 44;

/// The fixed value of flag cookies such as `dont_remember`.
///
/// ```
/// use auth_core::signed_value::{TRUE, sign_true, verify};
///
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let mark = sign_true(&secret);
/// assert_eq!(verify(&mark, &secret), Some(TRUE));
/// # Ok::<(), auth_core::SigningSecretError>(())
/// ```
pub const TRUE: &str = "true";

/// A session token from the database contains characters that no valid token has, so it is not signed.
/// Another consumer of the secret might accept the signed text as a message of its own.
///
/// ```
/// use auth_core::{SessionToken, UnsignableToken, signed_value};
///
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let half_a_jwt = SessionToken::from_stored("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9");
/// assert_eq!(signed_value::sign_session_token(&half_a_jwt, &secret), Err(UnsignableToken));
/// # Ok::<(), auth_core::SigningSecretError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("session token has characters that must not be signed")]
pub struct UnsignableToken;

/// Signs a session token. The result is the content of the session cookie before percent-encoding.
///
/// ```
/// use auth_core::{SessionToken, SigningSecret, signed_value::sign_session_token};
///
/// let secret = SigningSecret::parse("test-secret-0123456789-abcdefghijklmnopqrstuvwxyz")?;
/// let token = SessionToken::from_stored("f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3");
/// let signed = sign_session_token(&token, &secret)?;
/// assert_eq!(signed, "f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3.MBCaKrPY3C0cAy2QSlRajAwGPhBUJHEQIGGIMK7tY+0=");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`UnsignableToken`] if the token is empty, longer than [`SessionToken::MAX_LENGTH`] or not made of
/// `a-zA-Z0-9`. Only tokens that another program wrote into the database can be so. Tokens of
/// [`SessionToken::generate`] and [`SessionToken::parse`] are never refused.
pub fn sign_session_token(token: &SessionToken, secret: &SigningSecret) -> Result<String, UnsignableToken> {
    if SessionToken::parse(token.expose()).is_none() {
        return Err(UnsignableToken);
    }
    Ok(sign(token.expose(), secret))
}

/// Signs the fixed text [`TRUE`].
///
/// ```
/// use auth_core::{SigningSecret, signed_value::sign_true};
///
/// let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// assert!(sign_true(&secret).starts_with("true."));
/// # Ok::<(), auth_core::SigningSecretError>(())
/// ```
pub fn sign_true(secret: &SigningSecret) -> String {
    sign(TRUE, secret)
}

/// Signs any text. **Low level**: it exists for published test vectors and for tools. If a server signs a
/// text from a client, the signature is valid for every consumer of the secret (see the module
/// documentation).
///
/// The result is the raw text; the caller must percent-encode it for a cookie.
///
/// ```
/// use auth_core::{SigningSecret, signed_value};
///
/// let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let signed = signed_value::sign("value.with.dots", &secret);
/// assert_eq!(signed.len(), "value.with.dots".len() + 1 + 44);
/// # assert!(signed.starts_with("value.with.dots."));
/// # Ok::<(), auth_core::SigningSecretError>(())
/// ```
pub fn sign(value: &str, secret: &SigningSecret) -> String {
    let mut text = String::with_capacity(value.len() + 1 + MAC_TEXT_LENGTH);
    text.push_str(value);
    text.push('.');
    STANDARD.encode_string(secret.mac(value.as_bytes()), &mut text);
    text
}

/// Returns the value of a signed text; `None` if the signature is missing, malformed or wrong.
///
/// The signature is the text after the last dot. It is recomputed and compared as text in constant time, so
/// each signature has one spelling: other alphabets, missing padding and unused bits are all refused.
///
/// ```
/// use auth_core::signed_value;
///
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let signed = signed_value::sign("42", &secret);
/// assert_eq!(signed_value::verify(&signed, &secret), Some("42"));
/// assert_eq!(signed_value::verify(&signed.replace("42", "43"), &secret), None);
/// assert_eq!(signed_value::verify("42", &secret), None);
/// # Ok::<(), auth_core::SigningSecretError>(())
/// ```
pub fn verify<'t>(text: &'t str, secret: &SigningSecret) -> Option<&'t str> {
    let (value, signature) = text.rsplit_once('.')?;
    if value.is_empty() || signature.len() != MAC_TEXT_LENGTH {
        return None;
    }
    #[cfg(feature = "testing")]
    crate::testing::counts::signature_checked();
    let mut expected = [0_u8; MAC_TEXT_LENGTH];
    STANDARD.encode_slice(secret.mac(value.as_bytes()), &mut expected).ok()?;
    constant_time::equal(&expected, signature.as_bytes()).then_some(value)
}

/// Returns the session token of a signed text; `None` if the signature is not valid or the signed value is
/// not a session token, such as the [`TRUE`] of another cookie.
///
/// ```
/// use auth_core::{SessionToken, signed_value};
///
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let token = SessionToken::generate(&mut rand::rng());
/// let signed = signed_value::sign_session_token(&token, &secret)?;
/// let read = signed_value::verify_session_token(&signed, &secret).expect("signed with this secret");
/// assert!(read.constant_time_eq(&token));
/// assert!(signed_value::verify_session_token(&signed_value::sign_true(&secret), &secret).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_session_token(text: &str, secret: &SigningSecret) -> Option<SessionToken> {
    let value = verify(text, secret)?;
    if value == TRUE {
        return None;
    }
    SessionToken::parse(value)
}

/// Reads a session token from a bearer credential, raw or signed. A signed token may be percent-encoded, as
/// it is in the cookie. A raw token needs no signature, as with Better Auth's `bearer` plugin, so the result
/// gives access to the session. `None` if the text is neither.
///
/// ```
/// use auth_core::signed_value::{read_session_token, sign_session_token};
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// # let token = auth_core::SessionToken::generate(&mut rand::rng());
///
/// let signed = sign_session_token(&token, &secret)?;
/// for text in [token.expose(), &signed, &auth_core::encode_uri_component(&signed)] {
///     assert!(read_session_token(text, &secret).is_some());
/// }
/// assert!(read_session_token("a.b", &secret).is_none(), "with a dot it has to be signed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_session_token(text: &str, secret: &SigningSecret) -> Option<SessionToken> {
    if !text.contains('.') {
        return SessionToken::parse(text);
    }
    let decoded = decode_uri_component(text);
    verify_session_token(decoded.as_deref().unwrap_or(text), secret)
}

/// Whether the text is the signed [`TRUE`].
///
/// ```
/// use auth_core::{SessionToken, signed_value::{sign_session_token, sign_true, verify_true}};
///
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// assert!(verify_true(&sign_true(&secret), &secret));
/// let token = SessionToken::generate(&mut rand::rng());
/// assert!(!verify_true(&sign_session_token(&token, &secret)?, &secret), "signed, and something else");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_true(text: &str, secret: &SigningSecret) -> bool {
    verify(text, secret) == Some(TRUE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const TOKEN: &str = "f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3";

    fn secret() -> SigningSecret {
        SigningSecret::parse("test-secret-0123456789-abcdefghijklmnopqrstuvwxyz").unwrap()
    }

    #[test]
    fn what_is_signed_verifies() {
        let token = SessionToken::parse(TOKEN).unwrap();
        let text = sign_session_token(&token, &secret()).unwrap();
        assert_eq!(text, format!("{TOKEN}.MBCaKrPY3C0cAy2QSlRajAwGPhBUJHEQIGGIMK7tY+0="));
        assert!(verify_session_token(&text, &secret()).unwrap().constant_time_eq(&token));
        assert!(verify_true(&sign_true(&secret()), &secret()));
    }

    #[test]
    fn r_011_one_spelling_of_each_signature() {
        let good = sign(TOKEN, &secret());
        assert_eq!(verify(&good, &secret()), Some(TOKEN));
        // The last character before the padding has two unused bits: `0` is 52, `1` to `3` are 53 to 55.
        for spelling in ["Y+1=", "Y+2=", "Y+3=", "Y-0=", "Y+0", "Y+0==", "Y+0 ", "Y+0=\n"] {
            let text = good.replace("Y+0=", spelling);
            assert_eq!(verify(&text, &secret()), None, "{spelling:?}");
        }
    }

    #[test]
    fn r_002_signed_values_do_not_stand_in_for_each_other() {
        assert!(verify_session_token(&sign_true(&secret()), &secret()).is_none());
        assert!(!verify_true(&sign(TOKEN, &secret()), &secret()));
    }

    #[test]
    fn r_013_only_texts_of_the_token_alphabet_are_signed() {
        for text in ["", "eyJhbGciOiJIUzI1NiJ9.e30", "a b", "a-b", &"a".repeat(129)] {
            let token = SessionToken::from_stored(text);
            assert_eq!(sign_session_token(&token, &secret()), Err(UnsignableToken), "{text:?}");
        }
    }

    #[test]
    fn texts_without_value_or_signature_are_refused() {
        let empty_value = sign("", &secret());
        for text in ["", ".", "a", "a.", ".a", TOKEN, empty_value.as_str()] {
            assert_eq!(verify(text, &secret()), None, "{text:?}");
        }
    }
}
