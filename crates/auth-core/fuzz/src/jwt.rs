//! HS256 tokens, as a bearer header carries them, and arbitrary texts in their place.
//!
//! - A token that verifies has three parts in strict base64url. The third is the MAC over the other two,
//!   which the target computes independently. The header has `alg` HS256 and neither `crit` nor `b64`.
//! - Nothing verifies under the unknown secret.
//! - At most one of the three verifiers accepts a token, and none after its expiry.
//! - A session token that is read from a signed text carries a MAC over itself.

use std::fmt::Debug;

use auth_core::{
    AccessTokenVerifier, EmailTokens, ForeignTokenVerifier, SessionToken, SigningSecret, VerifyError, jws,
    signed_value,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use time::OffsetDateTime;

use crate::fixture::{NOW, known_secret, mac, policy, unknown_secret};

/// The input is the token.
pub(crate) fn read(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    let verified = judge(text);
    if let Some(token) = signed_value::verify_session_token(text, &known_secret()) {
        let value = token.expose();
        assert_eq!(text, format!("{value}.{}", STANDARD.encode(mac(value.as_bytes()))));
    }
    assert!(signed_value::verify(text, &unknown_secret()).is_none(), "a forged text");
    if let Some(token) = SessionToken::parse(text) {
        assert_eq!(token.expose(), text);
        let signed =
            signed_value::sign_session_token(&token, &known_secret()).expect("an alphabet that is signed");
        match signed_value::verify_session_token(&signed, &known_secret()) {
            Some(read) => assert!(read.constant_time_eq(&token)),
            // `TRUE` is the fixed value of another cookie. It is not read as a session token, though its
            // characters fit.
            None => assert_eq!(text, signed_value::TRUE),
        }
    }
    verified.is_ok()
}

/// The input up to the first line feed is the header, the rest is the payload. Both get a correct MAC.
pub(crate) fn read_signed(data: &[u8]) -> bool {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return false };
    let (header, payload) = data.split_at(end);
    let payload = payload.strip_prefix(b"\n").unwrap_or_default();
    let start = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let token = format!("{start}.{}", URL_SAFE_NO_PAD.encode(mac(start.as_bytes())));
    let verified = judge(&token);
    let payload: Option<Value> = serde_json::from_slice(payload).ok();
    match &verified {
        Ok(claims) => assert_eq!(Some(claims), payload.as_ref(), "other claims than were signed"),
        // A token with a correct MAC cannot cause these two errors.
        Err(error) => assert!(
            !matches!(error, jws::JwsError::Signature | jws::JwsError::NotCompact),
            "a right MAC was refused: {error:?}"
        ),
    }
    verified.is_ok()
}

/// Passes a token to all verifiers and returns its claims if the signature is correct.
fn judge(token: &str) -> Result<Value, jws::JwsError> {
    let verified = jws::verify(token, &known_secret());
    assert!(jws::verify(token, &unknown_secret()).is_err(), "a forged token");
    let (access, foreign, email) = readers(&known_secret(), token, NOW);
    let accepted = [&access, &foreign, &email].iter().filter(|verdict| verdict.is_ok()).count();
    assert!(accepted <= 1, "two kinds at once: {access:?} {foreign:?} {email:?}");
    let (a, f, e) = readers(&unknown_secret(), token, NOW);
    assert!(a.is_err() && f.is_err() && e.is_err(), "a forged token");
    for (verdict, which) in [(&access, 0), (&foreign, 1), (&email, 2)] {
        let Ok(expires_at) = verdict else { continue };
        assert!(verified.is_ok() && *expires_at > NOW);
        let (a, f, e) = readers(&known_secret(), token, *expires_at);
        let later = [a, f, e].into_iter().nth(which);
        assert!(matches!(later, Some(Err(VerifyError::Expired { .. }))), "after its end: {later:?}");
    }
    let verified = verified?;
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { panic!("not three parts: {token}") };
    assert!(token.len() <= jws::MAX_TOKEN_BYTES);
    assert_eq!(*signature, URL_SAFE_NO_PAD.encode(mac(format!("{header}.{payload}").as_bytes())));
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("strict base64url");
    let header: Value = serde_json::from_slice(&decode(header)).expect("a header that was read");
    assert_eq!(header.get("alg").and_then(Value::as_str), Some("HS256"));
    assert!(header.get("crit").is_none() && header.get("b64").is_none());
    assert_eq!(header.get("typ").and_then(Value::as_str), verified.typ.as_deref());
    let claims = Value::Object(verified.claims);
    assert_eq!(serde_json::from_slice::<Value>(&decode(payload)).ok().as_ref(), Some(&claims));
    Ok(claims)
}

type Verdict = Result<OffsetDateTime, VerifyError>;

/// The verdicts of the three verifiers: the expiry of the token, or the error.
fn readers(secret: &SigningSecret, token: &str, now: OffsetDateTime) -> (Verdict, Verdict, Verdict) {
    let access = AccessTokenVerifier::new(&policy(), secret.clone()).verify(token, now);
    let foreign = ForeignTokenVerifier::new(None, secret.clone()).verify(token, now);
    let email = EmailTokens::new(secret.clone(), EmailTokens::DEFAULT_TTL).verify(token, now);
    // Formatting the results must not panic either.
    quiet(&access);
    quiet(&foreign);
    quiet(&email);
    (
        access.map(|claims| {
            assert!(claims.is_past_half_life(claims.expires_at));
            claims.expires_at
        }),
        foreign.map(|claims| claims.expires_at),
        email.map(|claims| claims.expires_at),
    )
}

/// Formats a verdict with `Debug`, and an error with `Display` too.
fn quiet<C: Debug>(verdict: &Result<C, VerifyError>) {
    match verdict {
        Ok(claims) => drop(format!("{claims:?}")),
        Err(error) => drop(format!("{error} {error:?}")),
    }
}
