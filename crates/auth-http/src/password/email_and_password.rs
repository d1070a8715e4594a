//! What signing up and in by password works with.

use std::num::NonZeroU32;
use std::sync::Arc;

use auth_core::{DeclaredFields, PasswordPolicy, SessionPolicy};
use auth_store::Store;

use crate::password::attempts::PasswordAttempts;
use crate::password::hashing::Hashing;

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
    /// What users and sessions hold beyond Better Auth's own.
    pub(crate) fields: Arc<DeclaredFields>,
    /// What signing up leads to.
    pub(crate) after_sign_up: AfterSignUp,
    /// Whether only users with a proven address are signed in (`emailAndPassword.requireEmailVerification`).
    pub(crate) requires_verified_email: bool,
    /// Most sessions of one user at once.
    pub(crate) max_sessions: Option<NonZeroU32>,
}

/// What signing up leads to (`emailAndPassword.autoSignIn` and `requireEmailVerification`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterSignUp {
    /// A session; a taken address is refused.
    SignedIn,
    /// No session, and one answer for a free and for a taken address.
    Unseen,
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
