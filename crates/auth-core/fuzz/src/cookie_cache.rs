//! The cookie cache in its three forms under a secret, and in the form under a public key.
//!
//! `read`: the input is a cookie value. A value that is accepted was written with the known secret, and reads
//! the same after it is written again. It is not accepted under the unknown secret or for another session's
//! token.
//!
//! `read_signed`: the input is a payload, which gets a correct MAC. The compact form and the JWT give the
//! same session, or at least one of them gives none. A session survives writing and reading in every form,
//! until one character of the value is changed.

use auth_core::wire::{SessionBody, UserBody};
use auth_core::{
    AdditionalValues, CacheStrategy, CookieCache, CookieCachePolicy, DEFAULT_RSA_BITS, Email, JwsAlgorithm,
    KeyPair, KeyedCookieCache, Kid, MaxAge, PrivateJwk, Purpose, Remember, Session, SessionId, SessionToken,
    SigningKey, SigningSecret, SymmetricKeys, User, UserId, UserSession, VerificationKey, VersionedSecrets,
};
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;
use time::Duration;

use crate::fixture::{ISSUER, NOW, known_secret, mac, unknown_secret};

const STRATEGIES: [CacheStrategy; 3] = [CacheStrategy::Compact, CacheStrategy::Jwt, CacheStrategy::Jwe];

const TOKEN: &str = "f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3";

/// Expiry of the values with a correct MAC, in Unix seconds.
const END: i64 = 1_894_711_000;

/// The input is the cookie's value.
pub(crate) fn read(data: &[u8]) -> bool {
    let Ok(value) = str::from_utf8(data) else { return false };
    let mut taken = false;
    for strategy in STRATEGIES {
        let Some(read) = cache(strategy, known_secret()).read(value, &token(), NOW) else { continue };
        assert!(read.session.token.constant_time_eq(&token()) && !read.session.is_expired(NOW));
        written_and_read(strategy, &read);
        refused_elsewhere(strategy, value);
        taken = true;
    }
    if let Some(read) = read_keyed(value, &KEYS.checking) {
        assert!(!taken, "a value of two forms");
        assert!(read.session.token.constant_time_eq(&token()) && !read.session.is_expired(NOW));
        keyed_and_read(&read);
        refused_as_keyed(value);
        taken = true;
    }
    taken
}

/// The input up to the first line feed is the payload, in JSON. The next line says where and how the written
/// value is changed. The remaining lines are the texts of a session.
pub(crate) fn read_signed(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    let mut taken = false;
    let (payload, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let Some(open) = payload.strip_suffix('}') {
        let jwt = jwt(&format!(r#"{open},"iat":{},"exp":{END}}}"#, END - 300));
        let compact = compact(payload, open);
        let by_jwt = cache(CacheStrategy::Jwt, known_secret()).read(&jwt, &token(), NOW);
        let by_compact = cache(CacheStrategy::Compact, known_secret()).read(&compact, &token(), NOW);
        if let (Some(by_jwt), Some(by_compact)) = (&by_jwt, &by_compact) {
            assert_eq!(shown(by_jwt), shown(by_compact));
        }
        for (strategy, value, read) in
            [(CacheStrategy::Jwt, jwt, by_jwt), (CacheStrategy::Compact, compact, by_compact)]
        {
            if let Some(read) = read {
                written_and_read(strategy, &read);
                refused_elsewhere(strategy, &value);
                taken = true;
            }
        }
    }
    let mut texts = rest.split('\n').map(str::to_owned);
    let place = texts.next().unwrap_or_default();
    let principal = principal(texts);
    for strategy in STRATEGIES {
        let value = written_and_read(strategy, &principal);
        changed(strategy, &value, &principal, &place);
        assert!(read_keyed(&value, &KEYS.checking).is_none(), "{strategy:?} read as a keyed one");
    }
    let value = keyed_and_read(&principal);
    refused_as_keyed(&value);
    let text = with_a_change(&value, &place);
    assert!(text == value || read_keyed(&text, &KEYS.checking).is_none(), "took {text}");
    taken
}

/// The key pair of the published test vectors, and a public key whose private key signed nothing.
struct Keys {
    signing: SigningKey,
    checking: VerificationKey,
    unknown: VerificationKey,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    const JWK: &str = r#"{"crv":"Ed25519","d":"3RwfOf3u0Cpd7Fn5yyW8-4-EulbzB-xhvCOhVSopMFY","x":"_AmUOuJYGEOzlQ5vrSI7TYxqZsEoeKX6p8WssnjV32c","kty":"OKP"}"#;
    let secrets = SymmetricKeys::derive(&VersionedSecrets::single(known_secret()), Purpose::Stored);
    let kid = Kid::parse("ViWe9w6PObZUCvYdQbwl7HSBlzcZkxvL").expect("a name");
    let private = PrivateJwk::open(JwsAlgorithm::EdDsa, JWK, &secrets).expect("a key in the clear");
    let public = private.public().expect("its other half");
    let unknown = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS).expect("a key").public;
    Keys {
        signing: private.signing_key(kid.clone()).expect("a private key"),
        checking: VerificationKey::new(kid.clone(), public).expect("a public key"),
        unknown: VerificationKey::new(kid, unknown).expect("a public key"),
    }
});

fn keyed() -> KeyedCookieCache {
    let max_age = MaxAge::new(CookieCachePolicy::DEFAULT_MAX_AGE).expect("within 400 days");
    KeyedCookieCache::new(ISSUER, max_age, CookieCachePolicy::DEFAULT_VERSION)
}

fn read_keyed(value: &str, key: &VerificationKey) -> Option<UserSession> {
    let named = KeyedCookieCache::kid(value).is_ok();
    let read = keyed().read(value, &token(), key, NOW).ok();
    assert!(named || read.is_none(), "read without a name: {value}");
    read
}

/// Writes a session with the signing key and reads it again, as [`written_and_read`] does.
fn keyed_and_read(principal: &UserSession) -> String {
    let written = keyed().write(principal, Remember::Persistent, &KEYS.signing, NOW);
    let value = written.expect("a session becomes JSON").value;
    assert!(value.bytes().all(|byte| matches!(byte, b'!'..=b'~')), "no cookie value: {value:?}");
    match read_keyed(&value, &KEYS.checking) {
        Some(read) => assert_eq!(shown(&read), shown(principal)),
        None => {
            let id = principal.user.id.as_str();
            assert!(
                id.is_empty()
                    || id.contains('\0')
                    || texts(principal).any(looks_like_a_date)
                    || value.len() > 64 * 1024,
                "{value}"
            );
        }
    }
    value
}

fn refused_as_keyed(value: &str) {
    assert!(read_keyed(value, &KEYS.unknown).is_none(), "a forged value");
    let other = SessionToken::from_stored("another");
    assert!(keyed().read(value, &other, &KEYS.checking, NOW).is_err(), "of another session");
    for strategy in STRATEGIES {
        let read = cache(strategy, known_secret()).read(value, &token(), NOW);
        assert!(read.is_none(), "a keyed value read as {strategy:?}");
    }
}

fn cache(strategy: CacheStrategy, secret: SigningSecret) -> CookieCache {
    let policy = CookieCachePolicy {
        strategy,
        max_age: MaxAge::new(CookieCachePolicy::DEFAULT_MAX_AGE).expect("within 400 days"),
        version: CookieCachePolicy::DEFAULT_VERSION.to_owned(),
    };
    CookieCache::new(policy, &VersionedSecrets::single(secret))
}

fn token() -> SessionToken {
    SessionToken::from_stored(TOKEN)
}

/// Writes a session and reads it again. The result is the same session. It is none if the value is too long
/// or if a text looks like a date, which Better Auth does not read as a text either.
fn written_and_read(strategy: CacheStrategy, principal: &UserSession) -> String {
    let cache = cache(strategy, known_secret());
    let rng = &mut StdRng::seed_from_u64(1);
    let value = cache.write(principal, Remember::Persistent, NOW, rng).expect("a session becomes JSON").value;
    assert!(value.bytes().all(|byte| matches!(byte, b'!'..=b'~')), "no cookie value: {value:?}");
    match cache.read(&value, &token(), NOW) {
        Some(read) => assert_eq!(shown(&read), shown(principal), "{strategy:?}"),
        None => assert!(
            texts(principal).any(looks_like_a_date) || value.len() > 64 * 1024,
            "{strategy:?}: {value}"
        ),
    }
    value
}

fn refused_elsewhere(strategy: CacheStrategy, value: &str) {
    assert!(cache(strategy, unknown_secret()).read(value, &token(), NOW).is_none(), "a forged value");
    let other = SessionToken::from_stored("another");
    assert!(cache(strategy, known_secret()).read(value, &other, NOW).is_none(), "of another session");
    for other in STRATEGIES.into_iter().filter(|other| *other != strategy) {
        assert!(
            cache(other, known_secret()).read(value, &token(), NOW).is_none(),
            "{strategy:?} read as {other:?}"
        );
    }
}

/// Changes one character of a value. The changed value must be refused. The compact form may also give the
/// same session, because its base64 is decoded leniently, as in Better Auth.
fn changed(strategy: CacheStrategy, value: &str, principal: &UserSession, place: &str) {
    let text = with_a_change(value, place);
    if let Some(read) = cache(strategy, known_secret()).read(&text, &token(), NOW) {
        assert!(text == value || strategy == CacheStrategy::Compact, "{strategy:?} took {text}");
        assert_eq!(shown(&read), shown(principal), "{text}");
    }
}

fn with_a_change(value: &str, place: &str) -> String {
    let mut letters = place.bytes();
    let place = usize::from(letters.next().unwrap_or(0)) << 8 | usize::from(letters.next().unwrap_or(0));
    let new = char::from(letters.next().unwrap_or(b'A') & 0x7f);
    let place = place % value.len();
    let mut text = value.to_owned();
    text.replace_range(place..=place, new.encode_utf8(&mut [0; 4]));
    text
}

fn shown(principal: &UserSession) -> String {
    json!([SessionBody::from(&principal.session), UserBody::from(&principal.user)]).to_string()
}

/// A JWT with these claims and a correct MAC.
fn jwt(claims: &str) -> String {
    let start =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#), URL_SAFE_NO_PAD.encode(claims));
    format!("{start}.{}", URL_SAFE_NO_PAD.encode(mac(start.as_bytes())))
}

/// A compact value. Its MAC is correct only if the payload is spelled as `JSON.stringify` writes it.
fn compact(payload: &str, open: &str) -> String {
    let expires_at = END * 1_000;
    let signature = URL_SAFE_NO_PAD.encode(mac(format!(r#"{open},"expiresAt":{expires_at}}}"#).as_bytes()));
    URL_SAFE_NO_PAD
        .encode(format!(r#"{{"session":{payload},"expiresAt":{expires_at},"signature":"{signature}"}}"#))
}

fn principal(mut texts: impl Iterator<Item = String>) -> UserSession {
    let mut next = || texts.next().unwrap_or_default();
    let id = UserId::from_stored(next());
    UserSession {
        user: User {
            id: id.clone(),
            name: next(),
            email: Email::parse(&next())
                .unwrap_or_else(|_| Email::parse("ann@example.com").expect("well-formed")),
            email_verified: true,
            image: Some(next()).filter(|image| !image.is_empty()),
            created_at: NOW - Duration::days(1),
            updated_at: NOW,
            additional: AdditionalValues::default(),
        },
        session: Session {
            id: SessionId::from_stored(next()),
            token: token(),
            user_id: id,
            expires_at: NOW + Duration::days(7),
            created_at: NOW,
            updated_at: NOW,
            ip_address: Some(next()),
            user_agent: Some(next()),
            additional: AdditionalValues::default(),
        },
    }
}

fn texts(principal: &UserSession) -> impl Iterator<Item = &str> {
    let UserSession { user, session } = principal;
    let optional = [&user.image, &session.ip_address, &session.user_agent].into_iter().flatten();
    [user.id.as_str(), &user.name, user.email.as_str(), session.id.as_str(), session.user_id.as_str()]
        .into_iter()
        .chain(optional.map(String::as_str))
}

/// Whether Better Auth may read a text as a date: `0000-00-00T…Z`.
fn looks_like_a_date(text: &str) -> bool {
    text.len() >= 20 && text.as_bytes().get(10) == Some(&b'T') && text.ends_with('Z')
}
