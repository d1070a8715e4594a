//! Checking tokens.

use base64::Engine;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::JwtPolicy;
use crate::base64url::BASE64URL;
use crate::claims::{Claims, VerifyError};
use crate::id::UserId;
use crate::jwks::{Kid, VerificationKey};
use crate::jws::{JwsError, MAX_TOKEN_BYTES, read_object};

/// What a verified token says.
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
    /// `email`, where the payload has it.
    pub email: Option<String>,
    /// `name`, where the payload has it.
    pub name: Option<String>,
    /// `emailVerified`, where the payload has it.
    pub email_verified: Option<bool>,
    /// `role`, where the payload has it: a comma list.
    pub role: Option<String>,
    /// All claims, those above among them.
    pub claims: Map<String, Value>,
}

/// Checks tokens of one issuer for one audience. Which key is asked for is the token's to say, by name; which keys there
/// are, and which algorithm each has, is not.
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
    /// Takes what a [`JwtIssuer`](super::JwtIssuer) of the same policy writes.
    pub fn new(policy: &JwtPolicy) -> Self {
        Self { issuer: policy.issuer.clone(), audience: policy.audience.clone() }
    }

    /// Gives the name of the key that a token says it is signed with; nothing of the token is verified yet.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Jws`] for what is not in compact form or has no usable header.
    pub fn kid(token: &str) -> Result<Kid, VerifyError> {
        let Parts { header, .. } = Parts::cut(token)?;
        read_header(header).map(|(_, kid)| kid)
    }

    /// Gives the claims of a valid token: signature first, then times, then use.
    ///
    /// Required are `sub`, `exp`, `iss` and `aud` as the policy says, each of its JSON type. `typ` is absent or `JWT`, so
    /// that no other kind of token under the same keys can be taken for one.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Expired`] for a good token whose time is over; any other variant for what is no token of this issuer.
    pub fn verify(
        &self,
        token: &str,
        key: &VerificationKey,
        now: OffsetDateTime,
    ) -> Result<JwtClaims, VerifyError> {
        let Parts { header, payload, signed, signature } = Parts::cut(token)?;
        let signature = BASE64URL.decode(signature).map_err(|_not_shown| JwsError::Signature)?;
        if !key.is_signed(signed.as_bytes(), &signature) {
            return Err(JwsError::Signature.into());
        }
        let (algorithm, kid) = read_header(header)?;
        if algorithm != key.algorithm().as_str() {
            return Err(JwsError::Algorithm.into());
        }
        if kid != *key.kid() {
            return Err(JwsError::Key.into());
        }
        let claims = read_object(&BASE64URL.decode(payload).map_err(JwsError::Encoding)?)?;
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

/// A token, cut.
struct Parts<'t> {
    header: &'t str,
    payload: &'t str,
    /// Header and payload.
    signed: &'t str,
    signature: &'t str,
}

impl<'t> Parts<'t> {
    fn cut(token: &'t str) -> Result<Self, JwsError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwsError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::NotCompact)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::NotCompact)?;
        if payload.contains('.') {
            return Err(JwsError::NotCompact);
        }
        Ok(Self { header, payload, signed, signature })
    }
}

/// Gives `alg` and `kid`. Members that point to keys (`jku`, `x5u`, `jwk`, `x5c`) are ignored.
fn read_header(header: &str) -> Result<(String, Kid), VerifyError> {
    let mut header = read_object(&BASE64URL.decode(header).map_err(JwsError::Encoding)?)?;
    // Compression and extensions change what was signed.
    if ["crit", "b64", "zip"].iter().any(|name| header.contains_key(*name)) {
        return Err(JwsError::Extension.into());
    }
    match header.get("typ") {
        None => {}
        Some(Value::String(typ)) if typ.eq_ignore_ascii_case("JWT") => {}
        Some(Value::String(_)) => return Err(VerifyError::WrongType),
        Some(_) => return Err(JwsError::Type.into()),
    }
    let Some(Value::String(algorithm)) = header.remove("alg") else { return Err(JwsError::Algorithm.into()) };
    match header.remove("kid") {
        Some(Value::String(kid)) => Ok((algorithm, Kid::parse(kid).ok_or(JwsError::Key)?)),
        _ => Err(JwsError::Key.into()),
    }
}
