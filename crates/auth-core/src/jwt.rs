//! JSON Web Tokens of Better Auth's `jwt` plugin. They are signed with a private key and verified with a
//! public one, so services need no secret (Better Auth plugins §3).
//!
//! | part | value |
//! |---|---|
//! | header | `{"alg":"EdDSA","kid":"…"}`, no `typ` |
//! | `iat`, `exp` | whole seconds |
//! | payload | the claims that the [`JwtPayload`] selects, after `iat` |
//! | `sub` | user id |
//! | `iss`, `aud` | origin of the base URL, unless the settings name another |
//!
//! Such a token names no session, so it cannot be revoked before its `exp`: fifteen minutes by default. A
//! service that cannot wait that long looks up the session of a cookie or access token instead.

pub(crate) mod compact;
mod issuer;
mod verifier;

use time::Duration;

pub use issuer::{JwtIssueError, JwtIssuer, JwtPayload};
pub use verifier::{JwtClaims, JwtVerifier};

/// Issuer, audience and lifetime of tokens.
///
/// ```
/// use auth_core::JwtPolicy;
///
/// let policy = JwtPolicy::new("https://auth.example.com");
/// assert_eq!((policy.audience.as_str(), policy.ttl.whole_minutes()), ("https://auth.example.com", 15));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtPolicy {
    /// `iss` (`jwt.issuer`)
    pub issuer: String,
    /// `aud` (`jwt.audience`)
    pub audience: String,
    /// Lifetime of a token (`jwt.expirationTime`).
    pub ttl: Duration,
}

impl JwtPolicy {
    /// Default lifetime of a token.
    pub const DEFAULT_TTL: Duration = Duration::minutes(15);

    /// Creates the plugin's default policy: issuer and audience are both the origin of the base URL.
    pub fn new(origin: impl Into<String>) -> Self {
        let issuer = origin.into();
        Self { audience: issuer.clone(), issuer, ttl: Self::DEFAULT_TTL }
    }
}
