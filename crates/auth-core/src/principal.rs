//! Who a request acts as, and what proves it.

use time::{Duration, OffsetDateTime};

use crate::access_token::AccessClaims;
use crate::additional::FieldValue;
use crate::id::{SessionId, UserId};
#[cfg(feature = "josekit")]
use crate::jwt::JwtClaims;
use crate::refusal::Refusal;
use crate::user_session::UserSession;

/// Who a request acts as, after verification.
///
/// What is known depends on what proved it, so most of it is optional: an access token tells no sign-in time, and
/// only a session that was looked up is known to be alive.
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

/// The name of a role, as it stands in the user's `role` field ([`Principal::roles`]), for guards that have it in their
/// type.
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
    /// The name, whole and with regard to case.
    const NAME: &'static str;
}

/// What proved a [`Principal`].
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
    /// An access token. Its session may have ended since it was issued; it is good until its own end.
    AccessToken(AccessClaims),
    /// A token of the `jwt` plugin. It names no session, and is good until its own end.
    #[cfg(feature = "josekit")]
    Jwt(Box<JwtClaims>),
    /// The cookie cache: a copy that was right when it was written, minutes ago at most. For showing who is signed
    /// in, not for changing anything.
    CookieCache(Box<UserSession>),
    /// The session itself, looked up for this request.
    Session(Box<UserSession>),
}

impl Principal {
    /// Takes what was proved. Who calls it has verified the proof; services get their principals from a
    /// [`Verifier`](crate::Verifier) or an [`Authenticator`](crate::Authenticator).
    pub(crate) fn new(proof: Proof) -> Self {
        Self { proof }
    }

    /// Gives what proved it.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// Gives the user's id.
    pub fn user_id(&self) -> &UserId {
        match &self.proof {
            Proof::AccessToken(claims) => &claims.user_id,
            #[cfg(feature = "josekit")]
            Proof::Jwt(claims) => &claims.user_id,
            Proof::CookieCache(found) | Proof::Session(found) => &found.user.id,
        }
    }

    /// Gives the id of the session; `None` for proofs that name none.
    pub fn session_id(&self) -> Option<&SessionId> {
        match &self.proof {
            Proof::AccessToken(claims) => Some(&claims.session_id),
            #[cfg(feature = "josekit")]
            Proof::Jwt(_) => None,
            Proof::CookieCache(found) | Proof::Session(found) => Some(&found.session.id),
        }
    }

    /// Gives the address, as of the proof; `None` where the proof does not hold it.
    pub fn email(&self) -> Option<&str> {
        match &self.proof {
            Proof::AccessToken(claims) => Some(claims.email.as_str()),
            #[cfg(feature = "josekit")]
            Proof::Jwt(claims) => claims.email.as_deref(),
            Proof::CookieCache(found) | Proof::Session(found) => Some(found.user.email.as_str()),
        }
    }

    /// Tells whether the address was proven, as of the proof; `None` where the proof does not say.
    pub fn email_verified(&self) -> Option<bool> {
        match &self.proof {
            Proof::AccessToken(claims) => Some(claims.email_verified),
            #[cfg(feature = "josekit")]
            Proof::Jwt(claims) => claims.email_verified,
            Proof::CookieCache(found) | Proof::Session(found) => Some(found.user.email_verified),
        }
    }

    /// Gives the display name, as of the proof; `None` where the proof does not hold it.
    pub fn name(&self) -> Option<&str> {
        match &self.proof {
            Proof::AccessToken(claims) => Some(&claims.name),
            #[cfg(feature = "josekit")]
            Proof::Jwt(claims) => claims.name.as_deref(),
            Proof::CookieCache(found) | Proof::Session(found) => Some(&found.user.name),
        }
    }

    /// Gives the moment from which the proof is none any more.
    pub fn expires_at(&self) -> OffsetDateTime {
        match &self.proof {
            Proof::AccessToken(claims) => claims.expires_at,
            #[cfg(feature = "josekit")]
            Proof::Jwt(claims) => claims.expires_at,
            Proof::CookieCache(found) | Proof::Session(found) => found.session.expires_at,
        }
    }

    /// Gives session and user whole; `None` for proofs that hold claims alone.
    pub fn user_session(&self) -> Option<&UserSession> {
        match &self.proof {
            Proof::AccessToken(_) => None,
            #[cfg(feature = "josekit")]
            Proof::Jwt(_) => None,
            Proof::CookieCache(found) | Proof::Session(found) => Some(found),
        }
    }

    /// Tells whether the user signed in less than `age` ago, by a session that was looked up for this request.
    /// Everything else is not fresh: a copy may be of a session that was revoked, a token tells no sign-in time.
    /// Using a session does not make it fresh (Better Auth core §11.5; rule R-30).
    pub fn is_fresh(&self, age: Duration, now: OffsetDateTime) -> bool {
        match &self.proof {
            Proof::Session(found) => now - found.session.created_at < age,
            #[cfg(feature = "josekit")]
            Proof::Jwt(_) => false,
            Proof::AccessToken(_) | Proof::CookieCache(_) => false,
        }
    }

    /// Lists the roles in the user's `role` field or claim (a comma list, as Better Auth's admin plugin writes it); none
    /// where the proof does not hold it.
    ///
    /// The field has to be one that clients cannot set (`input = false`), or users give themselves any role.
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

    /// Tells whether the user has a role, whole and with regard to case.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|known| known == role)
    }

    /// Lets a user with a role through.
    ///
    /// # Errors
    ///
    /// [`Refusal::MissingRole`] for all others.
    pub fn require_role(&self, role: &str) -> Result<(), Refusal> {
        if self.has_role(role) { Ok(()) } else { Err(Refusal::MissingRole) }
    }
}
