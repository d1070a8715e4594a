//! Better Auth's e-mail tokens: the JWT in a link that verifies or changes an address.
//!
//! The header is exactly `{"alg":"HS256"}`. The claims are `email`, `updateTo`, `requestType`, `userId`,
//! `iat`, `exp` in this order (Better Auth 1.7.25, `createEmailVerificationToken`). Better Auth and this
//! server therefore accept each other's links.

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::claims::{Claims, VerifyError};
use crate::email::Email;
use crate::id::UserId;
use crate::jws::{self, Kind};
use crate::numeric_date;
use crate::secret::Secret;
use crate::signing_secret::SigningSecret;

/// Claims of tokens that were made for other purposes with the same key: access tokens of any service (`sub`,
/// `sid`) and cookie caches (`session`, `user`).
const OTHER_KINDS: [&str; 4] = ["sub", "sid", "session", "user"];

/// The purpose of an e-mail token.
///
/// A change of address takes two links, one to the old address and one to the new:
///
/// ```
/// use auth_core::{Email, EmailTokenPurpose};
///
/// # use auth_core::{EmailTokens, SigningSecret, UserId};
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let tokens = EmailTokens::new(
/// #     SigningSecret::parse("0123456789abcdef0123456789abcdef")?,
/// #     EmailTokens::DEFAULT_TTL,
/// # );
/// # let user_id = UserId::from_stored("u1");
/// let (old, update_to) = (Email::parse("ann@example.com")?, Email::parse("ann@example.org")?);
/// let asked = EmailTokenPurpose::ConfirmChange { update_to: update_to.clone() };
/// let to_old = tokens.issue(&old, &asked, Some(&user_id), now)?;
/// assert_eq!(tokens.verify(to_old.expose(), now)?.purpose, asked);
///
/// let proof = EmailTokenPurpose::VerifyChange { update_to };
/// let to_new = tokens.issue(&old, &proof, Some(&user_id), now)?;
/// assert_eq!(tokens.verify(to_new.expose(), now)?.purpose, proof);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailTokenPurpose {
    /// Verifies the address itself.
    Verify,
    /// Asks the holder of the old address to confirm the change to the new one.
    ConfirmChange {
        /// The new address.
        update_to: Email,
    },
    /// Verifies the new address, which completes the change.
    VerifyChange {
        /// The new address.
        update_to: Email,
    },
    /// A change in the format of older servers, without `requestType`.
    LegacyChange {
        /// The new address.
        update_to: Email,
    },
}

impl EmailTokenPurpose {
    const CONFIRM_CHANGE: &str = "change-email-confirmation";
    const VERIFY_CHANGE: &str = "change-email-verification";

    fn update_to(&self) -> Option<&Email> {
        match self {
            Self::Verify => None,
            Self::ConfirmChange { update_to }
            | Self::VerifyChange { update_to }
            | Self::LegacyChange { update_to } => Some(update_to),
        }
    }

    fn request_type(&self) -> Option<&'static str> {
        match self {
            Self::Verify | Self::LegacyChange { .. } => None,
            Self::ConfirmChange { .. } => Some(Self::CONFIRM_CHANGE),
            Self::VerifyChange { .. } => Some(Self::VERIFY_CHANGE),
        }
    }
}

/// The contents of a verified e-mail token.
///
/// ```
/// # use auth_core::{Email, EmailTokenPurpose, EmailTokens, SigningSecret, UserId};
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let tokens = EmailTokens::new(
/// #     SigningSecret::parse("0123456789abcdef0123456789abcdef")?,
/// #     EmailTokens::DEFAULT_TTL,
/// # );
/// # let (email, user_id) = (Email::parse("ann@example.com")?, UserId::from_stored("u1"));
/// # let token = tokens.issue(&email, &EmailTokenPurpose::Verify, Some(&user_id), now)?;
/// # let token = token.expose();
/// # let stored = (email, user_id);
/// let claims = tokens.verify(token, now)?;
/// assert_eq!(claims.purpose, EmailTokenPurpose::Verify);
/// // The address may have changed since: the token proves the one that it names.
/// assert_eq!((claims.email, claims.user_id), (stored.0, Some(stored.1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmailClaims {
    /// The user's address when the token was issued.
    pub email: Email,
    /// The purpose of the token.
    pub purpose: EmailTokenPurpose,
    /// The user. Tokens of older servers have no user id; `None` occurs only with
    /// [`EmailTokenPurpose::Verify`].
    pub user_id: Option<UserId>,
    /// When the token expires.
    pub expires_at: OffsetDateTime,
}

/// Issues and verifies e-mail tokens.
///
/// ```
/// use auth_core::{Email, EmailTokenPurpose, EmailTokens, SigningSecret, UserId};
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let tokens = EmailTokens::new(secret, EmailTokens::DEFAULT_TTL);
/// let (ann, id) = (Email::parse("ann@example.com")?, UserId::from_stored("u1"));
/// let token = tokens.issue(&ann, &EmailTokenPurpose::Verify, Some(&id), now)?;
/// let link = format!("https://auth.example.com/api/auth/verify-email?token={}", token.expose());
/// assert_eq!(tokens.verify(token.expose(), now)?.email, ann);
/// # assert!(link.len() < 300, "{link}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EmailTokens {
    secret: SigningSecret,
    ttl: Duration,
}

/// The claims in Better Auth's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    iat: i64,
    exp: i64,
}

impl EmailTokens {
    /// Better Auth's default lifetime (`emailVerification.expiresIn`).
    pub const DEFAULT_TTL: Duration = Duration::hours(1);

    /// Creates `EmailTokens` from the current secret and the lifetime of a token.
    pub fn new(secret: SigningSecret, ttl: Duration) -> Self {
        Self { secret, ttl }
    }

    /// Issues a token for an address. `user_id` is `None` only to write the tokens of older servers.
    ///
    /// # Errors
    ///
    /// The serializer's error if the claims cannot be serialised as JSON.
    pub fn issue(
        &self,
        email: &Email,
        purpose: &EmailTokenPurpose,
        user_id: Option<&UserId>,
        now: OffsetDateTime,
    ) -> Result<Secret<String>, serde_json::Error> {
        let issued_at = numeric_date::seconds(now);
        let claims = Wire {
            email: email.as_str(),
            update_to: purpose.update_to().map(Email::as_str),
            request_type: purpose.request_type(),
            user_id: user_id.map(UserId::as_str),
            iat: issued_at,
            exp: issued_at.saturating_add(self.ttl.whole_seconds()),
        };
        jws::sign(Kind::Untyped, &claims, &self.secret).map(Secret::new)
    }

    /// Returns the claims of a valid e-mail token. A valid token has no `typ`, an `exp` in the future and a
    /// well-formed `email`. It has no claim of another kind of token, not even with the value `null`.
    ///
    /// Libraries in other languages write `typ: "JWT"` by default. A token that another service issued about
    /// a user is therefore not accepted as proof of that user's address.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Expired`] if the token has expired; otherwise the [`VerifyError`] of the check that
    /// failed.
    pub fn verify(&self, token: &str, now: OffsetDateTime) -> Result<EmailClaims, VerifyError> {
        let verified = jws::verify(token, &self.secret)?;
        if verified.typ.is_some() {
            return Err(VerifyError::WrongType);
        }
        let claims = Claims(&verified.claims);
        claims.refuse(&OTHER_KINDS)?;
        let times = claims.times(now)?;
        let email = address(claims.text("email")?, "email")?;
        let update_to = match claims.optional_text("updateTo")? {
            Some(text) => Some(address(text, "updateTo")?),
            None => None,
        };
        let purpose = match (update_to, claims.optional_text("requestType")?) {
            (None, None) => EmailTokenPurpose::Verify,
            (Some(update_to), Some(EmailTokenPurpose::CONFIRM_CHANGE)) => {
                EmailTokenPurpose::ConfirmChange { update_to }
            }
            (Some(update_to), Some(EmailTokenPurpose::VERIFY_CHANGE)) => {
                EmailTokenPurpose::VerifyChange { update_to }
            }
            (Some(update_to), None) => EmailTokenPurpose::LegacyChange { update_to },
            (_, Some(_)) => return Err(VerifyError::MalformedClaim { name: "requestType" }),
        };
        let user_id = match claims.optional_text("userId")? {
            Some("") => return Err(VerifyError::MalformedClaim { name: "userId" }),
            user_id => user_id.map(UserId::from_stored),
        };
        if user_id.is_none() && purpose != EmailTokenPurpose::Verify {
            return Err(VerifyError::MissingClaim { name: "userId" });
        }
        Ok(EmailClaims { email, purpose, user_id, expires_at: times.expires_at })
    }
}

fn address(text: &str, name: &'static str) -> Result<Email, VerifyError> {
    Email::parse(text).map_err(|_says_no_more| VerifyError::MalformedClaim { name })
}
