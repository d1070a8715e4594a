//! Access tokens: JWTs that authenticate clients without cookies.
//!
//! | part | value |
//! |---|---|
//! | header | `{"alg":"HS256","typ":"at+jwt"}` (RFC 9068 §2.1) |
//! | `iss`, `aud` | origin of the base URL; the audience, if one is configured |
//! | `sub`, `sid`, `jti` | user id, session id, 32 random letters and digits |
//! | `iat`, `exp` | whole seconds; never past the session's end |
//! | `email`, `name`, `emailVerified` | identity as of issue |
//! | `requestType` | `null`, always |
//!
//! `requestType` keeps the token out of Better Auth's `/verify-email`. That route uses the same key, ignores
//! `typ`, and would accept any HS256 token with an `email` claim as proof of the address. Its schema requires
//! `requestType` to be a string or absent, so it refuses `null`.
//!
//! A valid token does not prove that the session still exists. The server looks up `sid` in its store. In a
//! service without a store, a sign-out takes effect at `exp`.

use rand::CryptoRng;
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::claims::{BorrowedClaims, Claims, VerifyError};
use crate::email::Email;
use crate::id::{SessionId, UserId};
use crate::jws::{self, ACCESS_TOKEN_TYPE, Kind};
use crate::numeric_date;
use crate::random::random_alphanumeric;
use crate::secret::Secret;
use crate::signing_secret::SigningSecret;
use crate::user_session::UserSession;

/// Length in characters of a `jti`.
const TOKEN_ID_LENGTH: usize = 32;

/// Issuer, audience and lifetime of access tokens.
///
/// ```
/// use auth_core::AccessTokenPolicy;
/// use time::Duration;
///
/// let policy = AccessTokenPolicy {
///     audience: Some("https://api.example.com".to_owned()),
///     ttl: Duration::minutes(10),
///     ..AccessTokenPolicy::new("https://auth.example.com")
/// };
/// assert_eq!(policy.issuer, "https://auth.example.com");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessTokenPolicy {
    /// `iss`: origin of the base URL, such as `https://auth.example.com`.
    pub issuer: String,
    /// `aud`, if services require one. It is left out by default, because JWT libraries refuse an `aud` that
    /// they were not told to expect.
    pub audience: Option<String>,
    /// Lifetime of a token. A token never outlives its session.
    pub ttl: Duration,
}

impl AccessTokenPolicy {
    /// Default lifetime of a token.
    pub const DEFAULT_TTL: Duration = Duration::hours(1);

    /// Creates a policy without an audience and with the default lifetime.
    pub fn new(issuer: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), audience: None, ttl: Self::DEFAULT_TTL }
    }
}

/// The claims of a verified access token.
///
/// ```
/// # use auth_core::{Proof, Refusal, Verdict, testing::TestIssuer};
/// use time::Duration;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let issuer = TestIssuer::new();
/// # let credentials = issuer.user("ann@example.com").access_token(now).credentials();
/// # let Verdict::Principal(principal) = issuer.verifier().verify(&credentials, now)? else { panic!() };
/// let Proof::AccessToken(claims) = principal.proof() else { panic!("proved in another way") };
/// assert_eq!(claims.email.as_str(), "ann@example.com");
/// assert!(!claims.is_past_half_life(now), "good for an hour");
/// assert!(claims.is_past_half_life(now + Duration::minutes(30)), "time to hand out the next one");
/// # Ok::<(), Refusal>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessClaims {
    /// `iss`
    pub issuer: String,
    /// `aud`
    pub audience: Option<String>,
    /// `sub`
    pub user_id: UserId,
    /// `sid`: the session that the token belongs to.
    pub session_id: SessionId,
    /// `jti`: the unique id of the token, also used in logs.
    pub token_id: String,
    /// `iat`
    pub issued_at: OffsetDateTime,
    /// `exp`
    pub expires_at: OffsetDateTime,
    /// E-mail address at the time of issue.
    pub email: Email,
    /// Display name at the time of issue.
    pub name: String,
    /// Whether the address was verified at the time of issue.
    pub email_verified: bool,
}

impl AccessClaims {
    /// Whether at least half of the token's lifetime is over. A server then issues the next token.
    pub fn is_past_half_life(&self, now: OffsetDateTime) -> bool {
        now - self.issued_at >= self.expires_at - now
    }
}

/// An access token and its expiry.
///
/// ```
/// # use auth_core::{AccessTokenIssuer, AccessTokenPolicy, SigningSecret, testing::TestIssuer};
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let signed_in = TestIssuer::new().user("ann@example.com").sign_in(now);
/// # let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// # let issuer = AccessTokenIssuer::new(AccessTokenPolicy::new("https://auth.example.com"), secret);
/// let issued = issuer.issue(&signed_in, now, &mut rand::rng())?;
/// let body = format!(r#"{{"accessToken":"{}"}}"#, issued.token.expose());
/// let log = format!("issued {:?}, good until {}", issued.token, issued.expires_at);
/// assert_eq!(log, "issued Secret(..), good until 2030-01-15 13:00:00.0 +00:00:00");
/// # assert_eq!(body.split('.').count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct IssuedAccessToken {
    /// The compact JWS.
    pub token: Secret<String>,
    /// `exp`, a whole second.
    pub expires_at: OffsetDateTime,
}

/// Why no token was issued.
///
/// ```
/// # use auth_core::{AccessTokenIssuer, AccessTokenPolicy, IssueError, SigningSecret, testing::TestIssuer};
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let signed_in = TestIssuer::new().user("ann@example.com").sign_in(now);
/// # let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// # let issuer = AccessTokenIssuer::new(AccessTokenPolicy::new("https://auth.example.com"), secret);
/// let end = signed_in.session.expires_at;
/// let error = issuer.issue(&signed_in, end, &mut rand::rng()).unwrap_err();
/// assert!(matches!(error, IssueError::SessionOver { ended_at } if ended_at == end));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The session has ended, or ends within the current second.
    #[error("session ended at {ended_at}")]
    SessionOver {
        /// The end of the session.
        ended_at: OffsetDateTime,
    },
    /// The policy's lifetime is not positive, or the expiry lies past the year 9999.
    #[error("token life leads to no date")]
    Ttl,
    /// The claims could not be serialized as JSON.
    #[error("claims cannot be encoded")]
    EncodeClaims(#[source] serde_json::Error),
}

/// Issues access tokens.
///
/// ```
/// use auth_core::{AccessTokenIssuer, AccessTokenPolicy, SigningSecret};
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let signed_in = auth_core::testing::TestIssuer::new().user("ann@example.com").sign_in(now);
/// let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let issuer = AccessTokenIssuer::new(AccessTokenPolicy::new("https://auth.example.com"), secret);
/// let issued = issuer.issue(&signed_in, now, &mut rand::rng())?;
/// assert_eq!(issued.token.expose().split('.').count(), 3);
/// assert_eq!(issued.expires_at, now + AccessTokenPolicy::DEFAULT_TTL);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct AccessTokenIssuer {
    policy: AccessTokenPolicy,
    secret: SigningSecret,
}

/// The claims in the order in which they are written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    sub: &'a str,
    sid: &'a str,
    jti: &'a str,
    iat: i64,
    exp: i64,
    email: &'a str,
    name: &'a str,
    email_verified: bool,
    request_type: (),
}

/// Maximum length of the `name` claim in characters. The token stays under [`jws::MAX_TOKEN_BYTES`] even if
/// every character is escaped (6 bytes) and the address is as long as a PostgreSQL index allows (2.7 KB).
const NAME_CLAIM_MAX: usize = 256;

impl AccessTokenIssuer {
    /// Creates an issuer from the policy and the current secret.
    pub fn new(policy: AccessTokenPolicy, secret: SigningSecret) -> Self {
        Self { policy, secret }
    }

    /// Issues a token for a principal. It starts at the current second. It ends after the policy's lifetime
    /// or with the session, whichever comes first.
    ///
    /// # Errors
    ///
    /// - [`IssueError::SessionOver`]: less than one whole second of the session is left.
    /// - [`IssueError::Ttl`]: the policy's lifetime is not positive, or the expiry lies past the year 9999.
    /// - [`IssueError::EncodeClaims`]: the JSON serializer failed.
    pub fn issue(
        &self,
        principal: &UserSession,
        now: OffsetDateTime,
        rng: &mut impl CryptoRng,
    ) -> Result<IssuedAccessToken, IssueError> {
        let UserSession { user, session } = principal;
        let issued_at = numeric_date::to_seconds(now);
        let lives_until =
            issued_at.checked_add(self.policy.ttl).filter(|end| *end > issued_at).ok_or(IssueError::Ttl)?;
        let expires_at = numeric_date::to_seconds(lives_until.min(session.expires_at));
        if expires_at <= now {
            return Err(IssueError::SessionOver { ended_at: session.expires_at });
        }
        let claims = Wire {
            iss: &self.policy.issuer,
            aud: self.policy.audience.as_deref(),
            sub: user.id.as_str(),
            sid: session.id.as_str(),
            jti: &random_alphanumeric(rng, TOKEN_ID_LENGTH),
            iat: numeric_date::seconds(issued_at),
            exp: numeric_date::seconds(expires_at),
            email: user.email.as_str(),
            name: claimed_name(&user.name),
            email_verified: user.email_verified,
            request_type: (),
        };
        let token = jws::sign(Kind::AccessToken, &claims, &self.secret).map_err(IssueError::EncodeClaims)?;
        Ok(IssuedAccessToken { token: Secret::new(token), expires_at })
    }
}

/// Truncates a name, so that a long name cannot make a token that is refused for its length.
fn claimed_name(name: &str) -> &str {
    let end = name.char_indices().nth(NAME_CLAIM_MAX).map_or(name.len(), |(at, _)| at);
    name.get(..end).unwrap_or_default()
}

/// Verifies access tokens. It needs only the secret and the expected issuer and audience.
///
/// ```
/// use auth_core::{AccessTokenPolicy, AccessTokenVerifier, VerifyError};
/// use time::Duration;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let signed_in = auth_core::testing::TestIssuer::new().user("ann@example.com").sign_in(now);
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// # let policy = AccessTokenPolicy::new("https://auth.example.com");
/// # let issuer = auth_core::AccessTokenIssuer::new(policy, secret.clone());
/// # let issued = issuer.issue(&signed_in, now, &mut rand::rng())?;
/// # let token = issued.token.expose();
/// let verifier = AccessTokenVerifier::new(&AccessTokenPolicy::new("https://auth.example.com"), secret);
/// assert_eq!(verifier.verify(token, now)?.session_id, signed_in.session.id);
///
/// let late = verifier.verify(token, now + Duration::hours(1));
/// assert!(matches!(late, Err(VerifyError::Expired { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct AccessTokenVerifier {
    issuer: String,
    audience: Option<String>,
    secret: SigningSecret,
}

impl AccessTokenVerifier {
    /// Creates a verifier for the tokens of an [`AccessTokenIssuer`] with the same policy.
    pub fn new(policy: &AccessTokenPolicy, secret: SigningSecret) -> Self {
        Self { issuer: policy.issuer.clone(), audience: policy.audience.clone(), secret }
    }

    /// Verifies a token and returns its claims. The order is signature, `typ`, times, issuer, audience.
    ///
    /// Every claim that an [`AccessTokenIssuer`] writes is required, with its JSON type. `aud` must be
    /// present exactly if the policy has one. [`VerifyError`] describes the checks of the times; `exp` has no
    /// leeway.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Expired`] for a valid token that has expired, so that the client can be told to fetch
    /// the next one. Any other variant for a text that is not a token of this issuer.
    pub fn verify(&self, token: &str, now: OffsetDateTime) -> Result<AccessClaims, VerifyError> {
        let (typ, payload) = jws::verify_within(jws::MAX_TOKEN_BYTES, token, self.secret.mac_key())?;
        let claims = BorrowedClaims::read(&payload)?;
        if typ.as_deref() != Some(ACCESS_TOKEN_TYPE) {
            return Err(VerifyError::WrongType);
        }
        let claims = Claims(&claims);
        claims.null("requestType")?;
        let times = claims.times(now)?;
        let issued_at = times.issued_at.ok_or(VerifyError::MissingClaim { name: "iat" })?;
        let issuer = claims.identifier("iss")?;
        if issuer != self.issuer {
            return Err(VerifyError::WrongIssuer);
        }
        let audience = claims.optional_text("aud")?;
        match (audience, self.audience.as_deref()) {
            (None, Some(_)) => return Err(VerifyError::MissingClaim { name: "aud" }),
            (named, expected) if named != expected => return Err(VerifyError::WrongAudience),
            _ => {}
        }
        Ok(AccessClaims {
            issuer: issuer.to_owned(),
            audience: audience.map(str::to_owned),
            user_id: UserId::from_stored(claims.identifier("sub")?),
            session_id: SessionId::from_stored(claims.identifier("sid")?),
            token_id: claims.identifier("jti")?.to_owned(),
            issued_at,
            expires_at: times.expires_at,
            email: Email::from_stored(claims.identifier("email")?),
            name: claims.text("name")?.to_owned(),
            email_verified: claims.boolean("emailVerified")?,
        })
    }
}
