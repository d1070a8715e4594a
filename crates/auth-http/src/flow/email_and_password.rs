//! What signing up and in by password works with.

use auth_core::{PasswordPolicy, SessionPolicy};
use auth_store::Store;

use crate::hashing::Hashing;
use crate::rate_limit::attempts::PasswordAttempts;

/// Signing up and in with an e-mail address and a password; the use cases are in
/// [`sign_up`](super::sign_up) and [`sign_in`](super::sign_in).
#[derive(Clone, Debug)]
pub(crate) struct EmailAndPassword {
    /// Where users are.
    pub(crate) store: Store,
    /// Where hashes are computed.
    pub(crate) hashing: Hashing,
    /// Counts passwords tried in vain.
    pub(crate) attempts: PasswordAttempts,
    /// Which passwords may be set.
    pub(crate) passwords: PasswordPolicy,
    /// How long sessions live.
    pub(crate) sessions: SessionPolicy,
    /// What is offered.
    pub(crate) offer: Offer,
}

/// What the server offers of it (`emailAndPassword.enabled`, `emailAndPassword.disableSignUp`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Neither.
    Nothing,
    /// Sign-in of users that are there.
    SignIn,
    /// Both.
    SignInAndSignUp,
}
