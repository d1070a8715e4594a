//! Access tokens: the JWT with which a client that keeps no cookie says who it is.
//!
//! | part | value |
//! |---|---|
//! | header | `{"alg":"HS256","typ":"at+jwt"}` (RFC 9068 §2.1) |
//! | `iss`, `aud` | origin of the base URL; the audience, only where one is configured |
//! | `sub`, `sid`, `jti` | user id, session id, 32 random letters and digits |
//! | `iat`, `exp` | whole seconds; never past the session's end |
//! | `email`, `name`, `emailVerified` | identity as of issue |
//! | `requestType` | `null`, always |
//!
//! The last row keeps the token out of Better Auth's `/verify-email`, which shares the key, does not look at
//! `typ`, and would take any HS256 token with an `email` claim for the proof of an address: its schema
//! wants `requestType` to be a text or absent, so it refuses `null`.
//!
//! A valid token does not mean that the session is still there. The server asks its store for `sid`; who
//! has no store accepts that a sign-out takes effect at `exp`.

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

/// Who issues access tokens, for whom, and for how long.
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
    /// `aud`, where services ask for one. Libraries refuse an `aud` that they were not told to expect, so
    /// it is left out by default.
    pub audience: Option<String>,
    /// Life of a token; the session's end cuts it short.
    pub ttl: Duration,
}

impl AccessTokenPolicy {
    /// Default life of a token.
    pub const DEFAULT_TTL: Duration = Duration::hours(1);

    /// Makes a policy without audience and with the default life.
    pub fn new(issuer: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), audience: None, ttl: Self::DEFAULT_TTL }
    }
}

/// What a verified access token says.
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
    /// `sid`: the session that the token stands for.
    pub session_id: SessionId,
    /// `jti`: names this very token, in logs too.
    pub token_id: String,
    /// `iat`
    pub issued_at: OffsetDateTime,
    /// `exp`
    pub expires_at: OffsetDateTime,
    /// Address at issue.
    pub email: Email,
    /// Display name at issue.
    pub name: String,
    /// Whether the address was proven at issue.
    pub email_verified: bool,
}

impl AccessClaims {
    /// Tells whether half of the token's life is over, which is when a server hands out the next one.
    pub fn is_past_half_life(&self, now: OffsetDateTime) -> bool {
        now - self.issued_at >= self.expires_at - now
    }
}

/// A token and its end.
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

/// Why no token was made.
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
    /// The session is over, or will be within the second.
    #[error("session ended at {ended_at}")]
    SessionOver {
        /// When.
        ended_at: OffsetDateTime,
    },
    /// The policy's life is not positive or leads past the year 9999.
    #[error("token life leads to no date")]
    Ttl,
    /// The claims do not become JSON.
    #[error("claims cannot be encoded")]
    EncodeClaims(#[source] serde_json::Error),
}

/// Makes access tokens.
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

/// Most characters of the `name` claim. With every one of them escaped (6 bytes), and an address as long as
/// an index of Postgres holds (2.7 KB), the token stays under [`jws::MAX_TOKEN_BYTES`].
const NAME_CLAIM_MAX: usize = 256;

impl AccessTokenIssuer {
    /// Takes the policy and the current secret.
    pub fn new(policy: AccessTokenPolicy, secret: SigningSecret) -> Self {
        Self { policy, secret }
    }

    /// Makes a token for a principal. It starts in the current second and ends after the policy's life or
    /// with the session, whichever is first.
    ///
    /// # Errors
    ///
    /// - [`IssueError::SessionOver`]: not one whole second of the session is left.
    /// - [`IssueError::Ttl`]: the policy's life is not positive or leads past the year 9999.
    /// - [`IssueError::EncodeClaims`]: the JSON writer failed.
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

/// Cuts a name down to what a token carries, so that no name makes a token that is refused for its length.
fn claimed_name(name: &str) -> &str {
    let end = name.char_indices().nth(NAME_CLAIM_MAX).map_or(name.len(), |(at, _)| at);
    name.get(..end).unwrap_or_default()
}

/// Checks access tokens; needs nothing but the secret and the expected issuer.
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
    /// Takes what an [`AccessTokenIssuer`] of the same policy writes.
    pub fn new(policy: &AccessTokenPolicy, secret: SigningSecret) -> Self {
        Self { issuer: policy.issuer.clone(), audience: policy.audience.clone(), secret }
    }

    /// Gives the claims of a valid token: signature first, then type, then times, then use.
    ///
    /// Every claim that an [`AccessTokenIssuer`] writes is required, with its type; `aud` must be there
    /// exactly when the policy has one. Times as [`VerifyError`] says: no leeway on `exp`.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Expired`] for a good token whose time is over, so that a client can be told to fetch
    /// the next one; any other variant for what is not a token of this issuer at all.
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
