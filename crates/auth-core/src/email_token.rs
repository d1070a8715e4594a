//! Better Auth's e-mail tokens: the JWT in the link that proves or changes an address.
//!
//! Header exactly `{"alg":"HS256"}`, claims `email`, `updateTo`, `requestType`, `userId`, `iat`, `exp` in
//! this order (Better Auth 1.7.25, `createEmailVerificationToken`), so that either server can take the
//! link that the other one sent.

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::claims::{Claims, VerifyError};
use crate::email::Email;
use crate::id::UserId;
use crate::jws::{self, Kind};
use crate::numeric_date;
use crate::secret::Secret;
use crate::signing_secret::SigningSecret;

/// Members that mark tokens made for other purposes with the same key: access tokens of any service
/// (`sub`, `sid`) and cookie caches (`session`, `user`).
const OTHER_KINDS: [&str; 4] = ["sub", "sid", "session", "user"];

/// What an e-mail token is for.
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
    /// Proves the address itself.
    Verify,
    /// Asks the holder of the old address whether it may change to this one.
    ConfirmChange {
        /// The new address.
        update_to: Email,
    },
    /// Proves the new address, and so completes the change.
    VerifyChange {
        /// The new address.
        update_to: Email,
    },
    /// A change as servers before request types wrote it.
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

/// What a verified e-mail token says.
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
    /// The user's address when the token was made.
    pub email: Email,
    /// What for.
    pub purpose: EmailTokenPurpose,
    /// Whose; tokens of older servers do without, which is good enough for [`EmailTokenPurpose::Verify`]
    /// alone.
    pub user_id: Option<UserId>,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

/// Makes and checks e-mail tokens.
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

/// The claims in the reference's order.
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
    /// The reference's default life (`emailVerification.expiresIn`).
    pub const DEFAULT_TTL: Duration = Duration::hours(1);

    /// Takes the current secret and the life of a token.
    pub fn new(secret: SigningSecret, ttl: Duration) -> Self {
        Self { secret, ttl }
    }

    /// Makes a token for an address. `user_id` is left out only to write what older servers wrote.
    ///
    /// # Errors
    ///
    /// The serializer's error, should the claims not become JSON.
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

    /// Gives the claims of a valid e-mail token: no `typ`, `exp` in the future, a well-formed `email`, and
    /// none of the members that mark another kind of token, not even as `null`.
    ///
    /// Libraries in other languages write `typ: "JWT"` unless told otherwise, so a token that some service made
    /// about a user is no proof of that user's address here.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Expired`] for a good token whose time is over; otherwise the [`VerifyError`] that says
    /// what did not hold.
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
