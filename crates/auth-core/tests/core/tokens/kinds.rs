//! everything that is signed or encrypted with the one secret, shown to everything that reads it.

use auth_core::signed_value;
use auth_core::{
    CacheStrategy, CookieCache, CookieCachePolicy, Email, EmailTokenPurpose, MaxAge, SessionToken, UserId,
    VersionedSecrets,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::tokens::support::{
    EMAIL_HEADER, FOREIGN_HEADER, NOW, access_claims, email_tokens, foreign, foreign_claims, forge, issuer,
    mac, principal, secret, verifier,
};

type Reader = (&'static str, fn(&str) -> bool);

/// Everything that takes a text and makes an identity, an address or a switch of it.
const READERS: &[Reader] = &[
    ("access verifier", |text| verifier().verify(text, NOW).is_ok()),
    ("foreign verifier", |text| foreign().verify(text, NOW).is_ok()),
    ("e-mail verifier", |text| email_tokens().verify(text, NOW).is_ok()),
    ("session cookie", |text| signed_value::verify_session_token(text, &secret()).is_some()),
    ("dont_remember cookie", |text| signed_value::verify_true(text, &secret())),
    ("compact cache", |text| is_cached(CacheStrategy::Compact, text)),
    ("jwt cache", |text| is_cached(CacheStrategy::Jwt, text)),
    ("raw session token", |text| SessionToken::parse(text).is_some()),
    #[cfg(feature = "josekit")]
    ("jwt plugin verifier", keyed::is_token),
    #[cfg(feature = "josekit")]
    ("keyed cache", keyed::is_cached),
];

/// What is signed with a key of the `jwks` table.
#[cfg(feature = "josekit")]
mod keyed {
    use std::sync::LazyLock;

    use auth_core::{
        JwsAlgorithm, JwtIssuer, JwtPayload, JwtPolicy, JwtVerifier, KeyPair, KeyedCookieCache, Kid, MaxAge,
        Remember, SigningKey, VerificationKey,
    };

    use crate::tokens::support::{ISSUER, NOW, principal};

    static KEYS: LazyLock<(SigningKey, VerificationKey)> = LazyLock::new(|| {
        let kid = Kid::parse("k1").unwrap();
        let pair = KeyPair::generate(JwsAlgorithm::EdDsa, 0).unwrap();
        (pair.private.signing_key(kid.clone()).unwrap(), VerificationKey::new(kid, pair.public).unwrap())
    });

    fn cache() -> KeyedCookieCache {
        KeyedCookieCache::new(ISSUER, MaxAge::LONGEST, "")
    }

    pub(super) fn is_token(text: &str) -> bool {
        JwtVerifier::new(&JwtPolicy::new(ISSUER)).verify(text, &KEYS.1, NOW).is_ok()
    }

    pub(super) fn is_cached(text: &str) -> bool {
        cache().read(text, &principal().session.token, &KEYS.1, NOW).is_ok()
    }

    pub(super) fn token() -> String {
        let issuer = JwtIssuer::new(JwtPolicy::new(ISSUER), JwtPayload::User);
        issuer.issue(&principal().user, &KEYS.0, NOW).unwrap().expose().clone()
    }

    pub(super) fn cached() -> String {
        cache().write(&principal(), Remember::Persistent, &KEYS.0, NOW).unwrap().value
    }
}

/// Reads for the session of the recorded caches.
fn is_cached(strategy: CacheStrategy, text: &str) -> bool {
    let max_age = MaxAge::new(CookieCachePolicy::DEFAULT_MAX_AGE).unwrap();
    let policy = CookieCachePolicy { strategy, max_age, version: String::new() };
    let token = SessionToken::from_stored("f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3");
    CookieCache::new(policy, &VersionedSecrets::single(secret())).read(text, &token, NOW).is_some()
}

/// A JWS whose signature is written as a cookie's: the MAC is the same, only its spelling differs.
fn as_cookie(token: &str) -> String {
    let (signing_input, _) = token.rsplit_once('.').unwrap();
    format!("{signing_input}.{}", STANDARD.encode(mac(signing_input)))
}

#[test]
fn r_002_each_kind_passes_its_own_reader_and_no_other() {
    let recorded: Value = serde_json::from_str(include_str!("../../vectors/other_kinds.json")).unwrap();
    let recorded = |name: &str| recorded[name].as_str().unwrap().to_owned();
    assert_eq!(
        recorded("secret"),
        crate::tokens::support::SECRET,
        "the recorded kinds must share our secret"
    );
    let email = Email::parse("ann@example.com").unwrap();
    let change = EmailTokenPurpose::VerifyChange { update_to: Email::parse("new@example.com").unwrap() };
    let email_token = |purpose: &EmailTokenPurpose| {
        let user_id = UserId::from_stored("u1");
        email_tokens().issue(&email, purpose, Some(&user_id), NOW).unwrap().expose().clone()
    };
    let access = issuer().issue(&principal(), NOW, &mut rand::rng()).unwrap().token.expose().clone();
    let verify_email = email_token(&EmailTokenPurpose::Verify);
    let foreign_payload = Value::Object(foreign_claims()).to_string();
    let foreign_token = forge(FOREIGN_HEADER, &foreign_payload);
    let session = principal().session;

    #[cfg_attr(not(feature = "josekit"), expect(unused_mut, reason = "the rest is under public keys"))]
    let mut kinds: Vec<(&str, String, &[&str])> = vec![
        ("access token", access.clone(), &["access verifier"]),
        ("e-mail token", verify_email.clone(), &["e-mail verifier"]),
        ("e-mail change token", email_token(&change), &["e-mail verifier"]),
        ("foreign token", foreign_token.clone(), &["foreign verifier"]),
        // What a service writes that leaves `typ` out and names the user's address.
        ("untyped foreign token", forge(EMAIL_HEADER, &foreign_payload), &["foreign verifier"]),
        ("cookie cache, jwt", recorded("cookie_cache_jwt"), &["jwt cache"]),
        ("cookie cache, compact", recorded("cookie_cache_compact"), &["compact cache"]),
        ("cookie cache, jwe", recorded("cookie_cache_jwe"), &[]),
        (
            "session cookie",
            signed_value::sign_session_token(&session.token, &secret()).unwrap(),
            &["session cookie"],
        ),
        ("dont_remember cookie", signed_value::sign_true(&secret()), &["dont_remember cookie"]),
        // Not signed at all: a bearer of the token is the session, so this is the one reader that takes any text
        // of the alphabet, and the store decides.
        ("raw session token", session.token.expose().to_owned(), &["raw session token"]),
        ("access token as cookie", as_cookie(&access), &[]),
        ("e-mail token as cookie", as_cookie(&verify_email), &[]),
        ("foreign token as cookie", as_cookie(&foreign_token), &[]),
        ("cookie cache as cookie", as_cookie(&recorded("cookie_cache_jwt")), &[]),
        // The claims of one kind under the header of another.
        ("access claims, untyped", forge(EMAIL_HEADER, &Value::Object(access_claims()).to_string()), &[]),
        ("access claims, typ JWT", forge(FOREIGN_HEADER, &Value::Object(access_claims()).to_string()), &[]),
    ];
    #[cfg(feature = "josekit")]
    kinds.extend([
        ("token of the jwt plugin", keyed::token(), &["jwt plugin verifier"][..]),
        ("cookie cache, keyed", keyed::cached(), &["keyed cache"]),
        ("token of the jwt plugin as cookie", as_cookie(&keyed::token()), &[]),
        ("keyed cookie cache as cookie", as_cookie(&keyed::cached()), &[]),
    ]);
    for (kind, text, expected) in &kinds {
        let takers: Vec<&str> =
            READERS.iter().filter(|(_, takes)| takes(text)).map(|(name, _)| *name).collect();
        assert_eq!(takers, *expected, "{kind}: {text}");
    }
    for (reader, _) in READERS {
        assert!(kinds.iter().any(|(_, _, takers)| takers.contains(reader)), "{reader} is never satisfied");
    }
}

#[test]
fn r_013_a_jws_reshaped_as_a_signed_cookie_has_the_right_mac_and_is_refused_all_the_same() {
    let access = issuer().issue(&principal(), NOW, &mut rand::rng()).unwrap();
    let text = as_cookie(access.token.expose());
    assert!(signed_value::verify(&text, &secret()).is_some(), "the trap is real");
    assert!(signed_value::verify_session_token(&text, &secret()).is_none());
}

#[cfg(feature = "josekit")]
#[test]
fn r_002_only_encrypted_tokens_decrypt() {
    use auth_core::jwe::{JweKeys, Use};

    let recorded: Value = serde_json::from_str(include_str!("../../vectors/other_kinds.json")).unwrap();
    let decrypts = |r#use, name: &str| {
        let keys = JweKeys::derive(&VersionedSecrets::single(secret()), r#use);
        keys.decrypt(recorded[name].as_str().unwrap(), NOW).is_ok()
    };
    assert!(decrypts(Use::SessionCache, "cookie_cache_jwe"));
    assert!(!decrypts(Use::AccountCookie, "cookie_cache_jwe"));
    assert!(!decrypts(Use::SessionCache, "cookie_cache_jwt"));
    assert!(!decrypts(Use::SessionCache, "cookie_cache_compact"));
}
