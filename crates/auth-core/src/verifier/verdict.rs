//! The result of a verification.

#[cfg(feature = "josekit")]
use crate::key_source::{UnconfirmedCopy, UnconfirmedJwt};
use crate::lookup::UnconfirmedSession;
use crate::principal::Principal;

/// What a request's credentials prove.
///
/// ```
/// use auth_core::{Refusal, Verdict};
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let issuer = auth_core::testing::TestIssuer::new();
/// # let verifier = issuer.verifier();
/// # let credentials = issuer.user("ann@example.com").session_cookie(now).credentials();
/// # let find = |key: &auth_core::SessionKey| match key {
/// #     auth_core::SessionKey::Token(_) => Some(issuer.user("ann@example.com").sign_in(now)),
/// #     _ => None,
/// # };
/// let caller = match verifier.verify(&credentials, now)? {
///     Verdict::Principal(principal) => Ok(principal),
///     Verdict::Session(unconfirmed) => unconfirmed.confirm(find(unconfirmed.key()), now),
///     _ => Err(Refusal::InvalidToken(None)),
/// };
/// # assert!(matches!(caller, Err(Refusal::SessionOver(_))), "it is another session");
/// # Ok::<(), Refusal>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// The caller.
    Principal(Principal),
    /// The session that the caller names. It must be looked up.
    Session(UnconfirmedSession),
    /// A token whose key is not known. The key must be looked up.
    #[cfg(feature = "josekit")]
    Jwt(UnconfirmedJwt),
    /// A cookie cache whose key is not known. The key, or else the [session](UnconfirmedCopy::session), must
    /// be looked up.
    #[cfg(feature = "josekit")]
    Copy(UnconfirmedCopy),
}
