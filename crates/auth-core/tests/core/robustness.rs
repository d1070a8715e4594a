//! No input makes a reader panic: seeded random and mutated inputs to every reader of outside text.

use auth_core::{
    AccessTokenPolicy, AccessTokenVerifier, CacheStrategy, CachedValue, CookieCache, CookieCachePolicy,
    CookieSettings, Email, EmailTokens, ForeignTokenVerifier, MaxAge, Purpose, RequestCookies,
    SessionCookies, SessionToken, SigningSecret, SymmetricKeys, VersionedSecrets, decode_uri_component,
    encode_uri_component, jws, signed_value,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use time::macros::datetime;

const SECRET: &str = "test-secret-0123456789-abcdefghijklmnopqrstuvwxyz";

/// Texts that lead deep into one reader each; the rest of the inputs are made from these.
const SEEDS: [&str; 8] = [
    "theme=dark; better-auth.session_token=f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3.MBCaKrPY3C0cAy2QSlRajAwGPhBUJHEQIGGIMK7tY%2B0%3D",
    "eyJhbGciOiJIUzI1NiJ9.eyJlbWFpbCI6ImFubkBleGFtcGxlLmNvbSIsInVzZXJJZCI6InUxIiwiaWF0IjoxODk0NzEwODk2LCJleHAiOjE4OTQ3MTQ0OTZ9.NBObVHPNzAYKAOMXvImUJW0ozWrt_7CBby1zEc3YKuc",
    "2:rotated-secret-v2-0123456789-abcdefghijkl,1:test-secret-0123456789-abcdefghijklmnopqrstuvwxyz",
    r#"{"session":{"session":{"id":"s","expiresAt":"2030-01-22T12:00:00.000Z"},"user":{"10":1e21}},"expiresAt":1894711196789,"signature":"7VtmmHCZHIgXeZosClt5zn7OJva8f9ARgGZhCrrrAkw"}"#,
    "$ba$2$9f387dac7612fec28c5b84228a53e93ed993c4cdffd3d5eafd783f7d0fa6f4e488fe6337a81121bdec01afbc2400b8ab0d5a86e8af",
    "o'neill.ann+tag@mail.example.com",
    "a=%E2%9C%93; b=\"%F0%9F%94%90\"",
    "f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3.MBCaKrPY3C0cAy2QSlRajAwGPhBUJHEQIGGIMK7tY+0=",
];

/// Every reader of outside text, made once: deriving their keys takes longer than reading.
struct Readers {
    secret: SigningSecret,
    secrets: VersionedSecrets,
    access: AccessTokenVerifier,
    foreign: ForeignTokenVerifier,
    emails: EmailTokens,
    symmetric: [SymmetricKeys; 2],
    #[cfg(feature = "josekit")]
    jwe: auth_core::jwe::JweKeys,
    cookies: SessionCookies,
}

impl Readers {
    fn new() -> Self {
        let secret = SigningSecret::parse(SECRET).unwrap();
        let secrets = VersionedSecrets::single(secret.clone());
        let settings = CookieSettings { secure: false, ..CookieSettings::default() };
        Self {
            access: AccessTokenVerifier::new(
                &AccessTokenPolicy::new("https://auth.example.com"),
                secret.clone(),
            ),
            foreign: ForeignTokenVerifier::new(None, secret.clone()),
            emails: EmailTokens::new(secret.clone(), EmailTokens::DEFAULT_TTL),
            symmetric: [Purpose::Stored, Purpose::OAuthStateCookie]
                .map(|purpose| SymmetricKeys::derive(&secrets, purpose)),
            #[cfg(feature = "josekit")]
            jwe: auth_core::jwe::JweKeys::derive(&secrets, auth_core::jwe::Use::SessionCache),
            cookies: SessionCookies::new(settings).unwrap(),
            secret,
            secrets,
        }
    }

    /// Shows one text to every reader.
    fn read(&self, text: &str) {
        let now = datetime!(2030-01-15 12:34:56 UTC);
        let secret = &self.secret;
        let _ = self.access.verify(text, now);
        let _ = self.foreign.verify(text, now);
        let _ = self.emails.verify(text, now);
        let _ = jws::verify(text, secret);
        let _ = signed_value::verify_session_token(text, secret);
        let _ = SessionToken::parse(text);
        let _ = Email::parse(text);
        let _ = SigningSecret::parse(text);
        let _ = VersionedSecrets::parse(text);
        let _ = decode_uri_component(text);
        assert_eq!(decode_uri_component(&encode_uri_component(text)).as_deref(), Some(text));
        let settings = CookieSettings {
            prefix: text.to_owned(),
            domain: Some(text.to_owned()),
            ..CookieSettings::default()
        };
        let _ = SessionCookies::new(settings);
        for keys in &self.symmetric {
            let _ = keys.decrypt(text);
        }
        let token = SessionToken::from_stored("f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3");
        for strategy in [CacheStrategy::Compact, CacheStrategy::Jwt] {
            let policy = CookieCachePolicy { strategy, max_age: MaxAge::LONGEST, version: text.to_owned() };
            let cache = CookieCache::new(policy, &self.secrets);
            let _ = cache.read(text, &token, now);
            let _ = cache.read(&URL_SAFE_NO_PAD.encode(text), &token, now);
        }
        #[cfg(feature = "josekit")]
        let _ = self.jwe.decrypt(text, now);
    }

    fn read_cookies(&self, header: &[u8]) {
        let request = RequestCookies::parse([header]);
        let _ = self.cookies.read_session_token(&request, &self.secret);
        let _ = self.cookies.read_dont_remember(&request, &self.secret);
        let _ = self.cookies.read_session_data(&request);
        let cached = CachedValue { value: "v".repeat(header.len() * 50), max_age: None };
        let lines = self.cookies.session_data(&cached, &request);
        for line in self.cookies.clear_session(&request).into_iter().chain(lines) {
            assert!(
                line.as_str().bytes().all(|byte| (0x20..0x7f).contains(&byte)),
                "{line:?} is no header value"
            );
        }
        for name in request.names() {
            assert!(request.get(name).is_some());
        }
    }
}

#[test]
fn r_075_random_bytes_never_panic() {
    let (readers, rng) = (Readers::new(), &mut StdRng::seed_from_u64(75));
    for _ in 0..5_000 {
        let mut bytes = vec![0_u8; rng.random_range(0..200)];
        rng.fill_bytes(&mut bytes);
        readers.read_cookies(&bytes);
        readers.read(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn r_075_mutated_inputs_never_panic() {
    let (readers, rng) = (Readers::new(), &mut StdRng::seed_from_u64(76));
    let letters: Vec<char> = "=;\"%.@,:-_+/ \0\t\u{7f}\u{e9}\u{212a}\u{1f510}aZ09".chars().collect();
    for _ in 0..10_000 {
        let mut text: Vec<char> = SEEDS[rng.random_range(0..SEEDS.len())].chars().collect();
        for _ in 0..rng.random_range(1..=4) {
            let place = rng.random_range(0..text.len().max(1)).min(text.len());
            let letter = letters[rng.random_range(0..letters.len())];
            match rng.random_range(0..4) {
                0 => text.insert(place, letter),
                1 if place < text.len() => text[place] = letter,
                2 => text.truncate(place),
                _ => text.extend_from_within(place..),
            }
        }
        let text = String::from_iter(text);
        readers.read_cookies(text.as_bytes());
        readers.read(&text);
    }
}

#[test]
fn long_inputs_are_answered() {
    let readers = Readers::new();
    for unit in ["=;", "a=;", ".", "%", "a@", "better-auth.session_data.1=x;", "\""] {
        let text = unit.repeat(64 * 1024 / unit.len());
        readers.read_cookies(text.as_bytes());
        readers.read(&text);
    }
}
