//! The principal of a request, and its proof.

use time::{Duration, OffsetDateTime};

use crate::access_token::AccessClaims;
use crate::additional::FieldValue;
use crate::id::{SessionId, UserId};
#[cfg(feature = "josekit")]
use crate::jwt::JwtClaims;
use crate::refusal::Refusal;
use crate::user_session::UserSession;

/// The user that a request acts as, after verification.
///
/// The known data depends on the proof, so most of it is optional: an access token does not contain the
/// sign-in time, and only a session that was looked up is known to be alive.
///
/// ```
/// # use auth_core::testing::TestIssuer;
/// # let issuer = TestIssuer::new();
/// # let verifier = issuer.verifier();
/// # let ann = issuer.user("ann@example.com");
/// # let now = time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
/// # let credentials = ann.access_token(now).credentials();
/// # let principal = match verifier.verify(&credentials, now)? {
/// #     auth_core::Verdict::Principal(principal) => principal,
/// #     other => panic!("{other:?}"),
/// # };
/// assert_eq!(principal.email(), Some("ann@example.com"));
/// assert!(principal.user_session().is_none(), "an access token holds no whole session");
/// # Ok::<(), auth_core::Refusal>(())
/// ```
#[derive(Clone, Debug)]
pub struct Principal {
    proof: Proof,
}

/// The name of a role in the user's `role` field ([`Principal::roles`]), for guards that carry the role in
/// their type.
///
/// ```
/// use auth_core::Role;
///
/// struct Admin;
///
/// impl Role for Admin {
///     const NAME: &'static str = "admin";
/// }
/// # let _ = (Admin, Admin::NAME);
/// ```
pub trait Role {
    /// The whole name, case-sensitive.
    const NAME: &'static str;
}

/// The proof of a [`Principal`].
///
/// ```
/// use auth_core::Proof;
///
/// # use auth_core::{Verdict, testing::TestIssuer};
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let issuer = TestIssuer::new();
/// # let credentials = issuer.user("ann@example.com").cached_cookie(now).credentials();
/// # let verdict = issuer.verifier().verify(&credentials, now)?;
/// # let Verdict::Principal(principal) = verdict else { panic!("{verdict:?}") };
/// let may_delete_account = match principal.proof() {
///     Proof::Session(_) => true,
///     // Ann may have signed out on another device a minute ago.
///     Proof::CookieCache(_) => false,
///     _ => false,
/// };
/// assert!(!may_delete_account);
/// # Ok::<(), auth_core::Refusal>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Proof {
    /// An access token. Its session may have ended since it was issued; the token is valid until its own
    /// expiry.
    AccessToken(AccessClaims),
    /// A token of the `jwt` plugin. It names no session, and is valid until its own expiry.
    #[cfg(feature = "josekit")]
    Jwt(Box<JwtClaims>),
    /// The cookie cache: a copy of session and user that was correct when it was written, a few minutes ago
    /// at most. It may be used to show who is signed in, but not to authorise a change.
    CookieCache(Box<UserSession>),
    /// The session itself, looked up for this request.
    Session(Box<UserSession>),
}

impl Principal {
    /// Creates a principal from a proof that the calling code has verified. Services get their principals
    /// from a [`Verifier`](crate::Verifier) or an [`Authenticator`](crate::Authenticator).
    pub(crate) fn new(proof: Proof) -> Self {
        Self { proof }
    }

    /// Returns the proof.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// Returns the user's id.
    pub fn user_id(&self) -> &UserId {
        match &self.proof {
            Proof::AccessToken(claims) => &claims.user_id,
            #[cfg(feature = "josekit")]
            Proof::Jwt(claims) => &claims.user_id,
            Proof::CookieCache(found) | Proof::Session(found) => &found.user.id,
        }
    }

    /// Returns the id of the session; `None` if the proof names none.
    pub fn session_id(&self) -> Option<&SessionId> {
        match &self.proof {
            Proof::AccessToken(claims) => Some(&claims.session_id),
            #[cfg(feature = "josekit")]
            Proof::Jwt(_) => None,
            Proof::CookieCache(found) | Proof::Session(found) => Some(&found.session.id),
        }
    }

    /// Returns the e-mail address, as of the proof; `None` if the proof does not contain it.
    pub fn email(&self) -> Option<&str> {
        match &self.proof {
            Proof::AccessToken(claims) => Some(claims.email.as_str()),
            #[cfg(feature = "josekit")]
            Proof::Jwt(claims) => claims.email.as_deref(),
            Proof::CookieCache(found) | Proof::Session(found) => Some(found.user.email.as_str()),
        }
    }

    /// Whether the address was verified, as of the proof; `None` if the proof does not say.
    pub fn email_verified(&self) -> Option<bool> {
        match &self.proof {
            Proof::AccessToken(claims) => Some(claims.email_verified),
            #[cfg(feature = "josekit")]
            Proof::Jwt(claims) => claims.email_verified,
            Proof::CookieCache(found) | Proof::Session(found) => Some(found.user.email_verified),
        }
    }

    /// Returns the display name, as of the proof; `None` if the proof does not contain it.
    pub fn name(&self) -> Option<&str> {
        match &self.proof {
            Proof::AccessToken(claims) => Some(&claims.name),
            #[cfg(feature = "josekit")]
            Proof::Jwt(claims) => claims.name.as_deref(),
            Proof::CookieCache(found) | Proof::Session(found) => Some(&found.user.name),
        }
    }

    /// Returns the time at which the proof expires.
    pub fn expires_at(&self) -> OffsetDateTime {
        match &self.proof {
            Proof::AccessToken(claims) => claims.expires_at,
            #[cfg(feature = "josekit")]
            Proof::Jwt(claims) => claims.expires_at,
            Proof::CookieCache(found) | Proof::Session(found) => found.session.expires_at,
        }
    }

    /// Returns the whole session and user; `None` if the proof contains only claims.
    pub fn user_session(&self) -> Option<&UserSession> {
        match &self.proof {
            Proof::AccessToken(_) => None,
            #[cfg(feature = "josekit")]
            Proof::Jwt(_) => None,
            Proof::CookieCache(found) | Proof::Session(found) => Some(found),
        }
    }

    /// Whether the user signed in less than `age` ago, by a session that was looked up for this request.
    /// Every other proof is not fresh: a cookie cache may belong to a revoked session, and a token does not
    /// contain the sign-in time. Using a session does not make it fresh (Better Auth core §11.5; rule R-30).
    pub fn is_fresh(&self, age: Duration, now: OffsetDateTime) -> bool {
        match &self.proof {
            Proof::Session(found) => now - found.session.created_at < age,
            #[cfg(feature = "josekit")]
            Proof::Jwt(_) => false,
            Proof::AccessToken(_) | Proof::CookieCache(_) => false,
        }
    }

    /// Lists the roles in the user's `role` field or claim, a comma-separated list as Better Auth's admin
    /// plugin writes it. The list is empty if the proof does not contain it.
    ///
    /// Clients must not be able to set the field (`input = false`), or users could give themselves any role.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let role = match &self.proof {
            Proof::AccessToken(_) => None,
            #[cfg(feature = "josekit")]
            Proof::Jwt(claims) => claims.role.as_deref(),
            Proof::CookieCache(found) | Proof::Session(found) => {
                found.user.additional.get("role").and_then(FieldValue::as_text)
            }
        };
        role.into_iter().flat_map(|role| role.split(',')).map(str::trim).filter(|role| !role.is_empty())
    }

    /// Whether the user has a role. The whole name is compared, case-sensitively.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|known| known == role)
    }

    /// Checks that the user has a role.
    ///
    /// # Errors
    ///
    /// [`Refusal::MissingRole`] if the user does not have it.
    pub fn require_role(&self, role: &str) -> Result<(), Refusal> {
        if self.has_role(role) { Ok(()) } else { Err(Refusal::MissingRole) }
    }
}
