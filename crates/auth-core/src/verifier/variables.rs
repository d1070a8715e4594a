//! Creates a verifier from Better Auth's environment variables.

use std::ffi::OsString;

use super::Verifier;
use super::error::VerifierError;
use crate::base_url::BaseUrl;
use crate::signing_secret::{SigningSecret, VersionedSecrets};

const URL: &str = "BETTER_AUTH_URL";
const SECRET: &str = "BETTER_AUTH_SECRET";
const FALLBACK_SECRET: &str = "AUTH_SECRET";
const SECRETS: &str = "BETTER_AUTH_SECRETS";
/// Variables that name files with the secrets. The server reads these files; this crate does not.
const SECRET_FILE: &str = "BETTER_AUTH_SECRET_FILE";
const SECRETS_FILE: &str = "BETTER_AUTH_SECRETS_FILE";

impl Verifier {
    /// Creates a verifier from the environment as `std::env::vars_os()` returns it. A variable whose name or
    /// value is not Unicode is ignored, because it may belong to another program. Otherwise it is like
    /// [`Verifier::from_vars`].
    ///
    /// # Errors
    ///
    /// [`VerifierError`] names the variable.
    pub fn from_os_vars(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, VerifierError> {
        let texts = variables
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::from_vars(texts)
    }

    /// Creates a verifier from the environment, such as `std::env::vars()`. It reads Better Auth's own
    /// variables: `BETTER_AUTH_URL`, the URL at which browsers reach the auth server, and
    /// `BETTER_AUTH_SECRET` or `BETTER_AUTH_SECRETS`. If `BETTER_AUTH_SECRET` is not set, it reads
    /// `AUTH_SECRET`. Otherwise it is like [`Verifier::new`].
    ///
    /// # Errors
    ///
    /// [`VerifierError`] names the variable.
    pub fn from_vars<K: AsRef<str>, V: Into<String>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, VerifierError> {
        let (mut url, mut secret, mut fallback, mut secrets) = (None, None, None, None);
        let mut is_in_a_file = false;
        for (name, value) in variables {
            match name.as_ref() {
                URL => url = Some(value.into()),
                SECRET => secret = Some(value.into()),
                FALLBACK_SECRET => fallback = Some(value.into()),
                SECRETS => secrets = Some(value.into()),
                SECRET_FILE | SECRETS_FILE => is_in_a_file |= !value.into().trim().is_empty(),
                _ => {}
            }
        }
        let given = |value: Option<String>| value.filter(|value| !value.trim().is_empty());
        let url = given(url).ok_or(VerifierError::Missing { name: URL })?;
        let url = BaseUrl::parse(&url).map_err(VerifierError::BaseUrl)?;
        // If the server's secret is in a file, AUTH_SECRET belongs to another program.
        let is_set = is_in_a_file || secret.as_ref().is_some_and(|secret: &String| !secret.is_empty());
        let fallback = fallback.filter(|_| !is_set);
        let secret = given(secret).or_else(|| given(fallback));
        let secrets = match given(secrets) {
            Some(list) => {
                let list = VersionedSecrets::parse(&list).map_err(VerifierError::Secrets)?;
                match secret.filter(|legacy| !SigningSecret::is_reference_default(legacy)) {
                    Some(legacy) => {
                        list.with_legacy(SigningSecret::parse(legacy).map_err(VerifierError::Secret)?)
                    }
                    None => list,
                }
            }
            None => {
                let secret = secret.ok_or(VerifierError::Missing { name: SECRET })?;
                VersionedSecrets::single(SigningSecret::parse(secret).map_err(VerifierError::Secret)?)
            }
        };
        Ok(Self::new(url, secrets))
    }
}
