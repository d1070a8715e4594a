//! JSON Web Tokens of Better Auth's `jwt` plugin: signed with a private key, checked with a public one, so that services
//! need no secret (Better Auth plugins §3).
//!
//! | part | value |
//! |---|---|
//! | header | `{"alg":"EdDSA","kid":"…"}`, no `typ` |
//! | `iat`, `exp` | whole seconds |
//! | payload | what the [`JwtPayload`] says, between them |
//! | `sub` | user id |
//! | `iss`, `aud` | origin of the base URL, unless the settings say otherwise |
//!
//! Such a token names no session, so nothing ends it before `exp`: fifteen minutes by default. A service that cannot wait
//! asks for the session by cookie or access token.

pub(crate) mod compact;
mod issuer;
mod verifier;

use time::Duration;

pub use issuer::{JwtIssueError, JwtIssuer, JwtPayload};
pub use verifier::{JwtClaims, JwtVerifier};

/// Who issues tokens, for whom, and for how long.
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
    /// Life of a token (`jwt.expirationTime`).
    pub ttl: Duration,
}

impl JwtPolicy {
    /// Default life of a token.
    pub const DEFAULT_TTL: Duration = Duration::minutes(15);

    /// Makes the plugin's default policy for a base URL's origin: issuer and audience alike.
    pub fn new(origin: impl Into<String>) -> Self {
        let issuer = origin.into();
        Self { audience: issuer.clone(), issuer, ttl: Self::DEFAULT_TTL }
    }
}
