//! What a verifier says of a request.

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
    /// Who the caller is.
    Principal(Principal),
    /// Which session the caller has; whether it lives is to be looked up.
    Session(UnconfirmedSession),
    /// With which key the caller's token says it is signed; the key is to be looked up.
    #[cfg(feature = "josekit")]
    Jwt(UnconfirmedJwt),
    /// With which key the caller's cookie cache says it is signed; the key, or else the
    /// [session](UnconfirmedCopy::session), is to be looked up.
    #[cfg(feature = "josekit")]
    Copy(UnconfirmedCopy),
}
