//! The text of `BETTER_AUTH_SECRETS`.
//!
//! - An accepted list has one entry per comma-separated piece. Each entry has its own version, and no secret
//!   is too short.
//! - The accepted entries, written as a list again, give the same list.
//! - The list decrypts the values that its first secret encrypts; secrets without that version do not.
//! - Neither the list nor an error about it prints a secret.

use std::collections::HashSet;
use std::error::Error;

use auth_core::{Purpose, SigningSecret, SymmetricKeys, VersionedSecrets, VersionedSecretsError};
use rand::SeedableRng;
use rand::rngs::StdRng;

pub(crate) fn read(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    match SigningSecret::parse(text) {
        Ok(secret) => {
            assert!(text.len() >= SigningSecret::MIN_BYTES);
            assert!(!SigningSecret::is_reference_default(text));
            assert_eq!(format!("{secret:?}"), "SigningSecret(Secret(..))");
        }
        Err(error) => quotes_nothing(text, &error),
    }
    let list = VersionedSecrets::parse(text);
    match &list {
        Ok(secrets) => taken(text, secrets),
        Err(error) => {
            quotes_nothing(text, error);
            if let VersionedSecretsError::Form { position } | VersionedSecretsError::Secret { position, .. } =
                error
            {
                assert!((1..=text.split(',').count()).contains(position));
            }
        }
    }
    list.is_ok()
}

fn taken(text: &str, secrets: &VersionedSecrets) {
    let versions: Vec<u64> = secrets.iter().map(|entry| entry.version).collect();
    assert!(secrets.are_numbered() && secrets.legacy().is_none());
    assert_eq!(versions.len(), text.split(',').count());
    assert_eq!(versions.iter().collect::<HashSet<_>>().len(), versions.len());
    let pieces: Vec<&str> = text
        .split(',')
        .map(|piece| piece.split_once(':').expect("a piece that was taken").1.trim())
        .collect();
    let printed = format!("{secrets:?}");
    for piece in &pieces {
        assert!(piece.len() >= SigningSecret::MIN_BYTES);
        assert!(!printed.contains(piece), "{piece} is shown");
    }
    let anew: Vec<String> =
        versions.iter().zip(&pieces).map(|(version, secret)| format!("{version}:{secret}")).collect();
    let anew = VersionedSecrets::parse(&anew.join(",")).expect("the same list, written anew");
    let rng = &mut StdRng::seed_from_u64(1);
    for purpose in [Purpose::Stored, Purpose::OAuthStateCookie] {
        let value = SymmetricKeys::derive(secrets, purpose).encrypt("text", rng).expect("a short text");
        let opened = SymmetricKeys::derive(&anew, purpose).decrypt(&value).expect("the same keys");
        assert_eq!(opened.expose().as_str(), "text");
        let stranger =
            SigningSecret::parse("a secret that stands in no list of secrets").expect("long enough");
        let stranger = VersionedSecrets::single(stranger);
        assert!(SymmetricKeys::derive(&stranger, purpose).decrypt(&value).is_err());
    }
}

/// An error may contain numbers, but no longer word of the input.
fn quotes_nothing(text: &str, error: &dyn Error) {
    let mut printed = format!("{error} {error:?}");
    if let Some(source) = error.source() {
        printed.push_str(&source.to_string());
    }
    // Numbers are versions. Words of at least eight characters are compared, unless the error messages
    // contain them.
    const OWN: &str = "secret has bytes, at least are needed secret is a published default or placeholder secret repeats \
        a single character entry is not of the form `<version>:<secret>` version stands twice entry has no usable secret \
        TooShort WellKnown Repetitive DuplicateVersion Form Secret position source bytes version";
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= 8) {
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        assert!(is_number || OWN.contains(word) || !printed.contains(word), "{word} in {printed}");
    }
}
