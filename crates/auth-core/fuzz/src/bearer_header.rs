//! The `Authorization` header. The input is any bytes; line feeds separate header lines.
//!
//! - A token is part of the only header line and contains no white space or comma.
//! - A `Verifier` accepts only a token that the known secret signed, or a raw session token.
//! - Under the unknown secret, no input authenticates a caller.

use auth_core::{
    BaseUrl, Bearer, Credentials, SessionKey, SessionToken, Verdict, Verifier, VersionedSecrets,
};

use crate::fixture::{ISSUER, NOW, known_secret, unknown_secret};

pub(crate) fn read(data: &[u8]) -> bool {
    let lines = || data.split(|byte| *byte == b'\n');
    if let Bearer::Token(token) = Bearer::read(lines()) {
        assert_eq!(lines().count(), 1, "a token out of two lines");
        assert!(!token.is_empty() && !token.contains([' ', '\t', ',']), "{token:?}");
        assert!(data.windows(token.len()).any(|piece| piece == token.as_bytes()), "{token:?} did not come");
    }
    let credentials = Credentials::read(lines(), []);
    let judge = |secret| {
        let url = BaseUrl::parse(ISSUER).expect("a constant");
        Verifier::new(url, VersionedSecrets::single(secret)).verify(&credentials, NOW)
    };
    match judge(unknown_secret()) {
        Ok(Verdict::Session(session)) => match session.key() {
            // A raw session token has no signature. Only the session lookup decides whether it is valid.
            SessionKey::Token(token) => assert!(SessionToken::parse(token.expose()).is_some()),
            SessionKey::Id { .. } => panic!("a session by id out of a header"),
        },
        Ok(other) => panic!("a caller by a forged token: {other:?}"),
        Err(refusal) => assert!(refusal.status() == 401),
    }
    judge(known_secret()).is_ok()
}
