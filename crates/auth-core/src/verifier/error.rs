//! Why a verifier could not be created.

use crate::base_url::ParseBaseUrlError;
use crate::cookie::CookieSettingsError;
use crate::signing_secret::{SigningSecretError, VersionedSecretsError};

/// Why a verifier could not be created. The errors name settings, never their values.
///
/// ```
/// use auth_core::{Verifier, VerifierError};
///
/// let error = Verifier::from_vars([("BETTER_AUTH_URL", "https://auth.example.com")]).unwrap_err();
/// assert_eq!(error, VerifierError::Missing { name: "BETTER_AUTH_SECRET" });
/// assert_eq!(error.to_string(), "BETTER_AUTH_SECRET is not set");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifierError {
    /// A required variable is not set, or empty.
    #[error("{name} is not set")]
    Missing {
        /// The variable.
        name: &'static str,
    },
    /// `BETTER_AUTH_URL` is not a valid URL.
    #[error("BETTER_AUTH_URL")]
    BaseUrl(#[source] ParseBaseUrlError),
    /// `BETTER_AUTH_SECRET`, or `AUTH_SECRET` in its place, is not a usable secret.
    #[error("BETTER_AUTH_SECRET")]
    Secret(#[source] SigningSecretError),
    /// `BETTER_AUTH_SECRETS` is malformed.
    #[error("BETTER_AUTH_SECRETS")]
    Secrets(#[source] VersionedSecretsError),
    /// The cookie settings contain a value that a cookie cannot have.
    #[error("cookie settings")]
    Cookies(#[source] CookieSettingsError),
}
