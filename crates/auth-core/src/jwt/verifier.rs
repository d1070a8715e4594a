//! Verifies tokens of the `jwt` plugin.

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::JwtPolicy;
use super::compact::Compact;
use crate::claims::{Claims, VerifyError};
use crate::id::UserId;
use crate::jwks::{Kid, VerificationKey};
use crate::jws::{MAX_TOKEN_BYTES, read_object};

/// The claims of a verified token.
///
/// ```
/// # use auth_core::*;
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let user = testing::TestIssuer::new().user("ann@example.com").with_role("admin").user().clone();
/// # let (policy, kid) = (JwtPolicy::new("https://auth.example.com"), Kid::parse("k1").expect("a name"));
/// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
/// # let (signing, key) = (pair.private.signing_key(kid.clone())?, VerificationKey::new(kid, pair.public)?);
/// # let verifier = JwtVerifier::new(&policy);
/// # let token = JwtIssuer::new(policy, JwtPayload::User).issue(&user, &signing, now)?;
/// let claims = verifier.verify(token.expose(), &key, now)?;
/// assert_eq!(claims.email.as_deref(), Some("ann@example.com"));
/// assert_eq!(claims.role.as_deref(), Some("admin"));
/// assert_eq!(claims.claims["createdAt"], "1970-01-01T00:00:00.000Z", "every field that clients see");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct JwtClaims {
    /// `sub`
    pub user_id: UserId,
    /// `exp`
    pub expires_at: OffsetDateTime,
    /// `iat`
    pub issued_at: Option<OffsetDateTime>,
    /// `email`, if the payload has it.
    pub email: Option<String>,
    /// `name`, if the payload has it.
    pub name: Option<String>,
    /// `emailVerified`, if the payload has it.
    pub email_verified: Option<bool>,
    /// `role`, if the payload has it: a comma-separated list.
    pub role: Option<String>,
    /// All claims, including those above.
    pub claims: Map<String, Value>,
}

/// Verifies tokens of one issuer for one audience. The token selects a key by its id. It can neither add a
/// key nor change the algorithm of a key.
///
/// ```
/// use auth_core::{JwkSet, JwtPolicy, JwtVerifier};
///
/// # use auth_core::*;
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let user = testing::TestIssuer::new().user("ann@example.com").user().clone();
/// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
/// # let kid = Kid::parse("k1").expect("a name");
/// # let signing = pair.private.signing_key(kid.clone())?;
/// # let issuer = JwtIssuer::new(JwtPolicy::new("https://auth.example.com"), JwtPayload::User);
/// # let token = issuer.issue(&user, &signing, now)?;
/// # let token = token.expose();
/// # let mut keys = JwkSet::default();
/// # keys.insert(VerificationKey::new(kid, pair.public)?);
/// let verifier = JwtVerifier::new(&JwtPolicy::new("https://auth.example.com"));
/// let key = keys.find(&JwtVerifier::kid(token)?).expect("a key of this server");
/// let claims = verifier.verify(token, key, now)?;
/// assert_eq!(claims.user_id, user.id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct JwtVerifier {
    issuer: String,
    audience: String,
}

impl JwtVerifier {
    /// Creates a verifier for the tokens of a [`JwtIssuer`](super::JwtIssuer) with the same policy.
    pub fn new(policy: &JwtPolicy) -> Self {
        Self { issuer: policy.issuer.clone(), audience: policy.audience.clone() }
    }

    /// Returns the id of the key that a token names. Nothing in the token is verified yet.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Jws`] if the token is not in compact form or has no usable header,
    /// [`VerifyError::WrongType`] if its `typ` is that of another kind of token.
    pub fn kid(token: &str) -> Result<Kid, VerifyError> {
        Compact::cut(token, MAX_TOKEN_BYTES)?.kid(is_token)
    }

    /// Verifies a token and returns its claims. The order is signature, times, issuer, audience.
    ///
    /// `sub`, `exp`, `iss` and `aud` are required, each with its JSON type; `iss` and `aud` must fit the
    /// policy. `typ` must be absent or `JWT`, so that no other kind of token under the same keys is accepted.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Expired`] for a valid token that has expired; any other variant for a text that is not
    /// a token of this issuer.
    pub fn verify(
        &self,
        token: &str,
        key: &VerificationKey,
        now: OffsetDateTime,
    ) -> Result<JwtClaims, VerifyError> {
        let claims = read_object(&Compact::cut(token, MAX_TOKEN_BYTES)?.open(key, is_token)?)?;
        let read = Claims(&claims);
        let times = read.times(now)?;
        if read.identifier("iss")? != self.issuer {
            return Err(VerifyError::WrongIssuer);
        }
        read.audience(Some(&self.audience))?;
        let text = |name| read.optional_text_or_null(name).map(|text| text.map(str::to_owned));
        Ok(JwtClaims {
            user_id: UserId::from_stored(read.identifier("sub")?),
            expires_at: times.expires_at,
            issued_at: times.issued_at,
            email: text("email")?,
            name: text("name")?,
            email_verified: read.optional_boolean_or_null("emailVerified")?,
            role: text("role")?,
            claims,
        })
    }
}

/// Whether `typ` is absent, as the plugin leaves it, or `JWT`.
fn is_token(typ: Option<&str>) -> bool {
    typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"))
}
