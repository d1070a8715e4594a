//! Issues tokens of the `jwt` plugin.

use josekit::JoseError;
use time::OffsetDateTime;

use super::JwtPolicy;
use super::compact::{self, SignError};
use crate::jws::MAX_TOKEN_BYTES;
use crate::key_pair::SigningKey;
use crate::numeric_date;
use crate::secret::Secret;
use crate::user::User;
use crate::wire::UserBody;
use crate::wire::json::{self, Json};

/// The claims about the user that a token has beside `sub`. In Better Auth `jwt.definePayload` is code; these
/// variants cover its usual purposes.
///
/// ```
/// use auth_core::{JwtIssuer, JwtPayload};
///
/// # use auth_core::*;
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let user = testing::TestIssuer::new().user("ann@example.com").user().clone();
/// # let (policy, kid) = (JwtPolicy::new("https://auth.example.com"), Kid::parse("k1").expect("a name"));
/// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
/// # let signing = pair.private.signing_key(kid.clone())?;
/// # let checking = VerificationKey::new(kid, pair.public)?;
/// # let verifier = JwtVerifier::new(&policy);
/// let read = |payload| {
///     let token = JwtIssuer::new(policy.clone(), payload).issue(&user, &signing, now).expect("signed");
///     verifier.verify(token.expose(), &checking, now)
/// };
/// assert_eq!(read(JwtPayload::User)?.email.as_deref(), Some("ann@example.com"));
/// assert_eq!(read(JwtPayload::Minimal)?.email, None);
/// assert_eq!(read(JwtPayload::NeonDataApi)?.role.as_deref(), Some("authenticated"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JwtPayload {
    /// Every field of the user that clients see, which is the plugin's default.
    #[default]
    User,
    /// No claims: only `sub` identifies the user. For tokens that third parties hold.
    Minimal,
    /// Address, name and `role`, for Neon's Data API. `role` is always `authenticated`, because PostgreSQL's
    /// row-level security expects this value for every signed-in user. It does not depend on the user's role
    /// here.
    NeonDataApi,
}

/// Registered claims. A user field with one of these names is left out of the payload.
const REGISTERED: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Issues tokens.
///
/// ```
/// use auth_core::{JwsAlgorithm, JwtIssuer, JwtPayload, JwtPolicy, KeyPair, Kid};
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let user = auth_core::testing::TestIssuer::new().user("ann@example.com").user().clone();
/// let pair = KeyPair::generate(JwsAlgorithm::EdDsa, auth_core::DEFAULT_RSA_BITS)?;
/// let key = pair.private.signing_key(Kid::parse("k1").expect("a name"))?;
/// let issuer = JwtIssuer::new(JwtPolicy::new("https://auth.example.com"), JwtPayload::Minimal);
/// let token = issuer.issue(&user, &key, now)?;
/// assert_eq!(token.expose().split('.').count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct JwtIssuer {
    policy: JwtPolicy,
    payload: JwtPayload,
}

/// Why no token was issued.
///
/// ```
/// use auth_core::JwtIssueError;
///
/// # use auth_core::*;
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let mut user = testing::TestIssuer::new().user("ann@example.com").user().clone();
/// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
/// # let key = pair.private.signing_key(Kid::parse("k1").expect("a name"))?;
/// # let issuer = JwtIssuer::new(JwtPolicy::new("https://auth.example.com"), JwtPayload::User);
/// user.name = "Ann ".repeat(2_000);
/// let error = issuer.issue(&user, &key, now).unwrap_err();
/// assert!(matches!(error, JwtIssueError::TooLong));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
pub enum JwtIssueError {
    /// The policy's lifetime is not positive, or the expiry lies past the year 9999.
    #[error("token life leads to no date")]
    Ttl,
    /// The user could not be serialized as JSON.
    #[error("claims cannot be encoded")]
    EncodeClaims(#[source] serde_json::Error),
    /// The key could not sign.
    #[error("token was not signed")]
    Sign(#[source] JoseError),
    /// The user's fields make the token longer than verifiers accept.
    #[error("token is longer than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
}

impl JwtIssuer {
    /// Creates an issuer from the policy and the choice of claims.
    pub fn new(policy: JwtPolicy, payload: JwtPayload) -> Self {
        Self { policy, payload }
    }

    /// Issues a token for a user. It starts at the current second.
    ///
    /// # Errors
    ///
    /// A [`JwtIssueError`]. Only [`JwtIssueError::TooLong`] depends on a caller's input.
    pub fn issue(
        &self,
        user: &User,
        key: &SigningKey,
        now: OffsetDateTime,
    ) -> Result<Secret<String>, JwtIssueError> {
        let issued_at = numeric_date::to_seconds(now);
        let expires_at = issued_at
            .checked_add(self.policy.ttl)
            .filter(|end| *end > issued_at)
            .ok_or(JwtIssueError::Ttl)?;
        let text = |text: &str| Json::Text(text.to_owned());
        let mut claims = vec![("iat".to_owned(), seconds(issued_at))];
        claims.extend(self.payload(user).map_err(JwtIssueError::EncodeClaims)?);
        claims.push(("sub".to_owned(), text(user.id.as_str())));
        claims.push(("exp".to_owned(), seconds(expires_at)));
        claims.push(("iss".to_owned(), text(&self.policy.issuer)));
        claims.push(("aud".to_owned(), text(&self.policy.audience)));
        let token = compact::sign(key, None, &Json::Object(claims)).map_err(|error| match error {
            SignError::Encode(error) => JwtIssueError::EncodeClaims(error),
            SignError::Sign(error) => JwtIssueError::Sign(error),
        })?;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwtIssueError::TooLong);
        }
        Ok(Secret::new(token))
    }

    fn payload(&self, user: &User) -> Result<Vec<(String, Json)>, serde_json::Error> {
        let text = |name: &str, value: &str| (name.to_owned(), Json::Text(value.to_owned()));
        Ok(match self.payload {
            JwtPayload::Minimal => Vec::new(),
            JwtPayload::NeonDataApi => vec![
                text("email", user.email.as_str()),
                text("name", &user.name),
                text("role", "authenticated"),
            ],
            JwtPayload::User => match serde_json::from_str(&json::to_string(&UserBody::from(user))?)? {
                Json::Object(mut members) => {
                    members.retain(|(name, _)| !REGISTERED.contains(&name.as_str()));
                    members
                }
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::List(_) => Vec::new(),
            },
        })
    }
}

fn seconds(at: OffsetDateTime) -> Json {
    #[expect(clippy::cast_precision_loss, reason = "seconds until the year 9999 are exact")]
    Json::Number(numeric_date::seconds(at) as f64)
}
