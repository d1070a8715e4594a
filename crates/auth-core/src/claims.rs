//! Reads claims by name and type. A claim of the wrong type is an error and does not count as absent.

mod borrowed;

use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

use crate::jws::JwsError;
use crate::numeric_date;
use crate::wire::json::Json;

pub(crate) use borrowed::BorrowedClaims;

/// How far `nbf` may lie in the future, to tolerate issuers whose clock is fast.
///
/// ```
/// use auth_core::{ForeignTokenVerifier, NOT_BEFORE_LEEWAY, SigningSecret, VerifyError, jws};
/// use time::Duration;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// # let exp = now.unix_timestamp() + 900;
/// let from = (now + NOT_BEFORE_LEEWAY).unix_timestamp();
/// let claims = serde_json::json!({"sub": "u1", "nbf": from, "exp": exp});
/// let token = jws::sign(jws::Kind::Untyped, &claims, &secret)?;
/// let verifier = ForeignTokenVerifier::new(None, secret);
/// assert!(verifier.verify(&token, now).is_ok());
/// let early = verifier.verify(&token, now - Duration::SECOND);
/// assert!(matches!(early, Err(VerifyError::NotYetValid { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub const NOT_BEFORE_LEEWAY: Duration = Duration::seconds(15);

/// How far `iat` may lie in the future.
///
/// A token of a service whose clock is one minute fast is accepted:
///
/// ```
/// use auth_core::{ForeignTokenVerifier, ISSUED_AT_LEEWAY, jws};
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let their_now = (now + ISSUED_AT_LEEWAY).unix_timestamp();
/// let claims = serde_json::json!({"sub": "u1", "iat": their_now, "exp": their_now + 900});
/// let token = jws::sign(jws::Kind::Untyped, &claims, &secret)?;
/// assert!(ForeignTokenVerifier::new(None, secret).verify(&token, now).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub const ISSUED_AT_LEEWAY: Duration = Duration::seconds(60);

/// Why a token was refused.
///
/// No variant quotes the token, because an attacker may have written its claims.
///
/// ```
/// use auth_core::VerifyError;
///
/// # use auth_core::{ForeignTokenVerifier, SigningSecret};
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// # let claims = serde_json::json!({"sub": "u1", "exp": now.unix_timestamp()});
/// # let token = auth_core::jws::sign(auth_core::jws::Kind::Untyped, &claims, &secret)?;
/// # let verifier = ForeignTokenVerifier::new(None, secret);
/// let advice = match verifier.verify(&token, now) {
///     Ok(_) => "come in",
///     Err(VerifyError::Expired { .. }) => "fetch the next token",
///     Err(_) => "sign in again",
/// };
/// assert_eq!(advice, "fetch the next token");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The form, the signature or the header of the token is wrong.
    #[error("token is not well-formed, or its signature is wrong")]
    Jws(#[from] JwsError),
    /// The header's `typ` is that of another kind of token, or is missing although one is required.
    #[error("token is of another kind")]
    WrongType,
    /// A claim is present that marks another kind of token.
    #[error("claim `{name}` marks another kind of token")]
    OtherKind {
        /// The claim.
        name: &'static str,
    },
    /// A required claim is missing.
    #[error("claim `{name}` is missing")]
    MissingClaim {
        /// The claim.
        name: &'static str,
    },
    /// A claim has the wrong JSON type, is empty although text is required, or is out of range.
    #[error("claim `{name}` is malformed")]
    MalformedClaim {
        /// The claim.
        name: &'static str,
    },
    /// `exp` is reached. There is no leeway, because clients are told when their token expires. (Clients are
    /// not told when a cookie cache expires, so it may have a leeway: `CACHE_EXPIRY_LEEWAY`.)
    #[error("token expired at {expired_at}")]
    Expired {
        /// The time in `exp`.
        expired_at: OffsetDateTime,
    },
    /// `nbf` lies more than [`NOT_BEFORE_LEEWAY`] in the future.
    #[error("token is not valid before {valid_from}")]
    NotYetValid {
        /// The time in `nbf`.
        valid_from: OffsetDateTime,
    },
    /// `iat` lies more than [`ISSUED_AT_LEEWAY`] in the future.
    #[error("token says it was issued in the future")]
    IssuedInTheFuture,
    /// `iss` is not the trusted issuer.
    #[error("token is from another issuer")]
    WrongIssuer,
    /// `aud` does not name the expected audience, or names one although none is expected.
    #[error("token is for another audience")]
    WrongAudience,
}

impl VerifyError {
    /// Whether the token was valid until it expired, so that the client can go on with a new one.
    pub fn is_expired(&self) -> bool {
        match self {
            Self::Expired { .. } => true,
            Self::Jws(_)
            | Self::WrongType
            | Self::OtherKind { .. }
            | Self::MissingClaim { .. }
            | Self::MalformedClaim { .. }
            | Self::NotYetValid { .. }
            | Self::IssuedInTheFuture
            | Self::WrongIssuer
            | Self::WrongAudience => false,
        }
    }
}

/// The value of a claim, by type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Claim<'c> {
    Null,
    Bool(bool),
    /// A number, read as a date; `None` if it is not a valid date.
    Number(Option<OffsetDateTime>),
    Text(&'c str),
    /// A list or an object.
    Other,
}

/// A set of claims that are found by name.
pub(crate) trait ClaimSource {
    /// Finds a claim by its name.
    fn claim(&self, name: &str) -> Option<Claim<'_>>;
}

impl ClaimSource for Map<String, Value> {
    fn claim(&self, name: &str) -> Option<Claim<'_>> {
        Some(match self.get(name)? {
            Value::Null => Claim::Null,
            Value::Bool(value) => Claim::Bool(*value),
            value @ Value::Number(_) => Claim::Number(numeric_date::read(value)),
            Value::String(text) => Claim::Text(text),
            Value::Array(_) | Value::Object(_) => Claim::Other,
        })
    }
}

impl ClaimSource for Json {
    fn claim(&self, name: &str) -> Option<Claim<'_>> {
        Some(match self.get(name)? {
            Self::Null => Claim::Null,
            Self::Bool(value) => Claim::Bool(*value),
            Self::Number(value) => Claim::Number(numeric_date::read_double(*value)),
            Self::Text(text) => Claim::Text(text),
            Self::List(_) | Self::Object(_) => Claim::Other,
        })
    }
}

/// Claims of a token whose signature is verified.
pub(crate) struct Claims<'c, S = Map<String, Value>>(pub(crate) &'c S);

impl<S> Clone for Claims<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Claims<'_, S> {}

/// The times of a token that is valid now.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) expires_at: OffsetDateTime,
    pub(crate) issued_at: Option<OffsetDateTime>,
}

impl Times {
    /// Checks `exp`, which is required, and `nbf` and `iat`, which are optional. `date` reads one of these
    /// claims.
    fn check(
        date: impl Fn(&'static str) -> Result<Option<OffsetDateTime>, VerifyError>,
        expiry_leeway: Duration,
        now: OffsetDateTime,
    ) -> Result<Self, VerifyError> {
        let expires_at = date("exp")?.ok_or(VerifyError::MissingClaim { name: "exp" })?;
        let (valid_from, issued_at) = (date("nbf")?, date("iat")?);
        if now >= expires_at.saturating_add(expiry_leeway) {
            return Err(VerifyError::Expired { expired_at: expires_at });
        }
        if let Some(valid_from) = valid_from
            && valid_from > now.saturating_add(NOT_BEFORE_LEEWAY)
        {
            return Err(VerifyError::NotYetValid { valid_from });
        }
        if issued_at.is_some_and(|issued_at| issued_at > now.saturating_add(ISSUED_AT_LEEWAY)) {
            return Err(VerifyError::IssuedInTheFuture);
        }
        Ok(Self { expires_at, issued_at })
    }
}

impl<'c, S: ClaimSource> Claims<'c, S> {
    /// Fails if any of the named claims is present, even as `null`.
    pub(crate) fn refuse(self, names: &[&'static str]) -> Result<(), VerifyError> {
        match names.iter().find(|name| self.0.claim(name).is_some()) {
            Some(name) => Err(VerifyError::OtherKind { name }),
            None => Ok(()),
        }
    }

    /// Reads an optional string, which may be empty.
    pub(crate) fn optional_text(self, name: &'static str) -> Result<Option<&'c str>, VerifyError> {
        match self.0.claim(name) {
            None => Ok(None),
            Some(Claim::Text(text)) => Ok(Some(text)),
            Some(_) => Err(VerifyError::MalformedClaim { name }),
        }
    }

    /// Reads an optional string that may be `null`: a field of a user.
    #[cfg(feature = "josekit")]
    pub(crate) fn optional_text_or_null(self, name: &'static str) -> Result<Option<&'c str>, VerifyError> {
        if matches!(self.0.claim(name), Some(Claim::Null)) { Ok(None) } else { self.optional_text(name) }
    }

    /// Reads an optional boolean that may be `null`: a field of a user.
    #[cfg(feature = "josekit")]
    pub(crate) fn optional_boolean_or_null(self, name: &'static str) -> Result<Option<bool>, VerifyError> {
        match self.0.claim(name) {
            None | Some(Claim::Null) => Ok(None),
            Some(_) => self.boolean(name).map(Some),
        }
    }

    /// Reads a required string, which may be empty.
    pub(crate) fn text(self, name: &'static str) -> Result<&'c str, VerifyError> {
        self.optional_text(name)?.ok_or(VerifyError::MissingClaim { name })
    }

    /// Reads a required string that must not be empty: an identifier.
    pub(crate) fn identifier(self, name: &'static str) -> Result<&'c str, VerifyError> {
        match self.text(name)? {
            // PostgreSQL texts cannot contain NUL, so no row has such an identifier.
            text if text.is_empty() || text.contains('\0') => Err(VerifyError::MalformedClaim { name }),
            text => Ok(text),
        }
    }

    /// Reads a required boolean.
    pub(crate) fn boolean(self, name: &'static str) -> Result<bool, VerifyError> {
        match self.0.claim(name) {
            None => Err(VerifyError::MissingClaim { name }),
            Some(Claim::Bool(value)) => Ok(value),
            Some(_) => Err(VerifyError::MalformedClaim { name }),
        }
    }

    /// Fails unless the claim is present and `null`.
    pub(crate) fn null(self, name: &'static str) -> Result<(), VerifyError> {
        match self.0.claim(name) {
            None => Err(VerifyError::MissingClaim { name }),
            Some(Claim::Null) => Ok(()),
            Some(_) => Err(VerifyError::MalformedClaim { name }),
        }
    }

    fn optional_date(self, name: &'static str) -> Result<Option<OffsetDateTime>, VerifyError> {
        match self.0.claim(name) {
            None => Ok(None),
            Some(Claim::Number(Some(at))) => Ok(Some(at)),
            Some(_) => Err(VerifyError::MalformedClaim { name }),
        }
    }

    /// Checks `exp`, which is required, and `nbf` and `iat`, which are optional.
    pub(crate) fn times(self, now: OffsetDateTime) -> Result<Times, VerifyError> {
        Times::check(|name| self.optional_date(name), Duration::ZERO, now)
    }

    /// Like [`Claims::times`], but accepts a token until `expiry_leeway` after its `exp`.
    #[cfg(feature = "josekit")]
    pub(crate) fn times_within(
        self,
        expiry_leeway: Duration,
        now: OffsetDateTime,
    ) -> Result<Times, VerifyError> {
        Times::check(|name| self.optional_date(name), expiry_leeway, now)
    }
}

impl Claims<'_> {
    /// Checks `aud`: a string, or a list of strings, that contains the expected audience. If no audience is
    /// expected, `aud` must be absent (RFC 7519 §4.1.3).
    pub(crate) fn audience(self, expected: Option<&str>) -> Result<(), VerifyError> {
        let malformed = VerifyError::MalformedClaim { name: "aud" };
        let names: Vec<&str> = match self.0.get("aud") {
            None if expected.is_some() => return Err(VerifyError::MissingClaim { name: "aud" }),
            None => return Ok(()),
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => {
                names.iter().map(Value::as_str).collect::<Option<_>>().ok_or(malformed)?
            }
            Some(_) => return Err(malformed),
        };
        match expected {
            Some(expected) if names.contains(&expected) => Ok(()),
            _ => Err(VerifyError::WrongAudience),
        }
    }
}
