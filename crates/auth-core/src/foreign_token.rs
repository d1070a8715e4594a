//! Tokens that another service, such as a FastAPI application or a Node script, made with the shared secret.
//!
//! They are accepted only if an operator enables it (`access_token.accept_foreign`). Such a caller has a user
//! but no session, so the token cannot be revoked before its `exp`.

use time::OffsetDateTime;

use crate::claims::{Claims, VerifyError};
use crate::id::UserId;
use crate::jws;
use crate::signing_secret::SigningSecret;

/// Claims that mark the tokens which Better Auth and this crate sign with the same key for other purposes:
/// changes of address (`updateTo`, `requestType`), cookie caches (`session`), and the access tokens of this
/// crate (`requestType`, which is `null` there).
const OTHER_KINDS: [&str; 3] = ["updateTo", "requestType", "session"];

/// The claims of a verified foreign token.
///
/// ```
/// use auth_core::ForeignTokenVerifier;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// # let claims = serde_json::json!({"sub": "u1", "iss": "billing", "exp": now.unix_timestamp() + 900});
/// # let token = auth_core::jws::sign(auth_core::jws::Kind::Untyped, &claims, &secret)?;
/// let claims = ForeignTokenVerifier::new(None, secret).verify(&token, now)?;
/// assert_eq!((claims.user_id.as_str(), claims.issuer.as_deref()), ("u1", Some("billing")));
/// assert_eq!(claims.email, None, "this service wrote none");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignClaims {
    /// `sub`: expected to be a user id. Only the store knows whether that user exists.
    pub user_id: UserId,
    /// `exp`
    pub expires_at: OffsetDateTime,
    /// `iat`
    pub issued_at: Option<OffsetDateTime>,
    /// `iss`
    pub issuer: Option<String>,
    /// `email` as the other service wrote it. It does not prove the address.
    pub email: Option<String>,
    /// `name`, as the other service wrote it.
    pub name: Option<String>,
}

/// Verifies foreign tokens.
///
/// ```
/// use auth_core::{ForeignTokenVerifier, SigningSecret, VerifyError, jws};
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let exp = now.unix_timestamp() + 900;
/// let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let claims = serde_json::json!({"sub": "u1", "aud": "reports", "exp": exp});
/// let token = jws::sign(jws::Kind::Untyped, &claims, &secret)?;
///
/// let reports = ForeignTokenVerifier::new(Some("reports".to_owned()), secret.clone());
/// assert_eq!(reports.verify(&token, now)?.user_id.as_str(), "u1");
/// let billing = ForeignTokenVerifier::new(Some("billing".to_owned()), secret);
/// assert!(matches!(billing.verify(&token, now), Err(VerifyError::WrongAudience)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ForeignTokenVerifier {
    audience: Option<String>,
    secret: SigningSecret,
}

impl ForeignTokenVerifier {
    /// Creates a verifier from the expected audience, if any, and the secret.
    pub fn new(audience: Option<String>, secret: SigningSecret) -> Self {
        Self { audience, secret }
    }

    /// Verifies a foreign token and returns its claims. `typ` must be absent or `JWT`. `sub` and `exp` must
    /// be present. No claim that marks another kind of token may be present, even as `null`.
    ///
    /// Better Auth's own e-mail tokens have no `sub`, so they are refused.
    ///
    /// # Errors
    ///
    /// A [`VerifyError`] that names the check that failed.
    pub fn verify(&self, token: &str, now: OffsetDateTime) -> Result<ForeignClaims, VerifyError> {
        let verified = jws::verify(token, &self.secret)?;
        if verified.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err(VerifyError::WrongType);
        }
        let claims = Claims(&verified.claims);
        claims.refuse(&OTHER_KINDS)?;
        let times = claims.times(now)?;
        claims.audience(self.audience.as_deref())?;
        Ok(ForeignClaims {
            user_id: UserId::from_stored(claims.identifier("sub")?),
            expires_at: times.expires_at,
            issued_at: times.issued_at,
            issuer: claims.optional_text("iss")?.map(str::to_owned),
            email: claims.optional_text("email")?.map(str::to_owned),
            name: claims.optional_text("name")?.map(str::to_owned),
        })
    }
}
