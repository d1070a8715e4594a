//! Public keys of the `jwks` table, which both servers of a test share: what either signed is opened with josekit alone
//! and nothing of this project's own codec, and shown as text, as `<signed>` only if it is.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jws::{EdDSA, JwsVerifier};
use serde_json::Value;

use crate::cache::decode;
use crate::database::Database;

/// What every compact token begins with: `{"` in base64url.
const START: &str = "eyJ";

/// The keys of a database; none where no test has any.
#[derive(Clone, Default)]
pub(crate) struct PublicKeys(Option<Arc<Database>>);

impl PublicKeys {
    pub(crate) fn of(database: &Arc<Database>) -> Self {
        Self(Some(Arc::clone(database)))
    }

    /// Name and JSON of each key.
    fn rows(&self) -> Vec<(String, String)> {
        let Some(database) = &self.0 else { return Vec::new() };
        let rows = database.query("select id, \"publicKey\" from jwks where alg = 'EdDSA'").into_iter();
        rows.map(|row| (row[0].clone().expect("an id"), row[1].clone().expect("a key"))).collect()
    }

    /// Header and claims of a token that names a key, and whether that key signed it; `None` for every other text.
    pub(crate) fn open(&self, token: &str) -> Option<String> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let (header, claims) = (decode(header)?, decode(claims)?);
        let kid = serde_json::from_str::<Value>(&header).ok()?["kid"].as_str()?.to_owned();
        let key = self.rows().into_iter().find(|(id, _)| *id == kid);
        let is_signed = key.is_some_and(|(_, jwk)| {
            let jwk = Jwk::from_bytes(jwk).expect("a JWK");
            let verifier = EdDSA.verifier_from_jwk(&jwk).expect("an Ed25519 key");
            let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
            verifier.verify(signed.as_bytes(), &signature).is_ok()
        });
        Some(format!("{header} {claims} {}", if is_signed { "<signed>" } else { "<forged>" }))
    }

    /// Opens each token in a text, and gives a name to what makes each public key.
    pub(crate) fn open_all(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(START) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let is_part = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c);
            let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            match self.open(&rest[..length]) {
                Some(opened) => out.push_str(&opened),
                None => out.push_str(&rest[..length]),
            }
            rest = &rest[length..];
        }
        out.push_str(rest);
        if out.contains("\"kty\"") {
            for (_, jwk) in self.rows() {
                let jwk: Value = serde_json::from_str(&jwk).expect("a JWK");
                out = out.replace(jwk["x"].as_str().expect("a key on a curve"), "<public key>");
            }
        }
        out
    }
}

impl fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKeys").field(&self.0.is_some()).finish()
    }
}
