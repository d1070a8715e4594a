//! Cookie caches that Better Auth wrote are written and read here to the byte (Better Auth core §9).

use auth_core::{
    AdditionalValues, CacheStrategy, CachedValue, CookieCache, CookieCachePolicy, CookieSettings, Email,
    MaxAge, Remember, RequestCookies, Session, SessionCookies, SessionId, SessionToken, User, UserId,
    UserSession, VersionedSecrets,
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::vectors::{Now, secret};

#[derive(Deserialize)]
struct Group {
    now: Now,
    secret: String,
    secrets_env: String,
    session: Value,
    user: Value,
    cases: Vec<Case>,
    decode_cases: Vec<DecodeCase>,
    chunking: Chunking,
    stale_chunks_expired: StaleChunks,
    no_clock_needed: NoClock,
}

#[derive(Deserialize)]
struct Case {
    label: String,
    strategy: Strategy,
    options: Options,
    set_cookie: Vec<String>,
    value: String,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Strategy {
    Compact,
    Jwt,
    Jwe,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    rem: Option<bool>,
    max_age: Option<i64>,
    version: Option<String>,
}

#[derive(Deserialize)]
struct DecodeCase {
    strategy: Strategy,
    label: String,
    value: String,
    decodes: bool,
}

#[derive(Deserialize)]
struct Chunking {
    lengths: Vec<Chunk>,
}

#[derive(Deserialize)]
struct Chunk {
    name: String,
    value_length: usize,
    whole_header_length: usize,
}

#[derive(Deserialize)]
struct StaleChunks {
    request_cookie: String,
    set_cookie_names_and_maxage: Vec<String>,
}

#[derive(Deserialize)]
struct NoClock {
    jwt_exp_2100: String,
    jwe_exp_2100: String,
}

impl Group {
    fn read() -> Self {
        vectors!("cookie_cache")
    }

    fn principal(&self) -> UserSession {
        let text = |entity: &Value, name: &str| entity[name].as_str().unwrap().to_owned();
        let date = |entity: &Value, name: &str| OffsetDateTime::parse(&text(entity, name), &Rfc3339).unwrap();
        let (session, user) = (&self.session, &self.user);
        UserSession {
            session: Session {
                id: SessionId::from_stored(text(session, "id")),
                token: SessionToken::from_stored(text(session, "token")),
                user_id: UserId::from_stored(text(session, "userId")),
                expires_at: date(session, "expiresAt"),
                created_at: date(session, "createdAt"),
                updated_at: date(session, "updatedAt"),
                ip_address: Some(text(session, "ipAddress")),
                user_agent: Some(text(session, "userAgent")),
                additional: AdditionalValues::default(),
            },
            user: User {
                id: UserId::from_stored(text(user, "id")),
                name: text(user, "name"),
                email: Email::from_stored(text(user, "email")),
                email_verified: user["emailVerified"].as_bool().unwrap(),
                image: user["image"].as_str().map(str::to_owned),
                created_at: date(user, "createdAt"),
                updated_at: date(user, "updatedAt"),
                additional: AdditionalValues::default(),
            },
        }
    }

    fn cache(&self, strategy: Strategy, options: &Options) -> Option<CookieCache> {
        let max_age = options.max_age.map_or(CookieCachePolicy::DEFAULT_MAX_AGE, Duration::seconds);
        let policy = CookieCachePolicy {
            strategy: strategy.of_crate()?,
            max_age: MaxAge::new(max_age).unwrap(),
            version: options.version.clone().unwrap_or_default(),
        };
        Some(CookieCache::new(policy, &VersionedSecrets::single(secret(&self.secret))))
    }
}

impl Strategy {
    /// `None` for `jwe` where it is not built.
    fn of_crate(self) -> Option<CacheStrategy> {
        match self {
            Self::Compact => Some(CacheStrategy::Compact),
            Self::Jwt => Some(CacheStrategy::Jwt),
            #[cfg(feature = "josekit")]
            Self::Jwe => Some(CacheStrategy::Jwe),
            #[cfg(not(feature = "josekit"))]
            Self::Jwe => None,
        }
    }
}

fn plain() -> SessionCookies {
    SessionCookies::new(CookieSettings { secure: false, ..CookieSettings::default() }).unwrap()
}

fn no_cookies() -> RequestCookies {
    RequestCookies::parse([])
}

fn same(left: &UserSession, right: &UserSession) {
    assert_eq!(left.user, right.user);
    assert_eq!(left.session.token.expose(), right.session.token.expose());
    assert_eq!(format!("{:?}", left.session), format!("{:?}", right.session));
}

#[test]
fn what_the_reference_wrote_is_written_and_read() {
    let group = Group::read();
    assert_eq!(group.cases.len(), 7);
    let (now, principal) = (group.now.at(), group.principal());
    for case in &group.cases {
        let Some(cache) = group.cache(case.strategy, &case.options) else { continue };
        let remember = match case.options.rem {
            Some(false) => Remember::UntilBrowserCloses,
            _ => Remember::Persistent,
        };
        let written = cache.write(&principal, remember, now, &mut rand::rng()).unwrap();
        match case.strategy {
            // Initialisation vector and `jti` are random, so the two differ and are as long as each other.
            Strategy::Jwe => assert_eq!(written.value.len(), case.value.len(), "{}", case.label),
            Strategy::Compact | Strategy::Jwt => assert_eq!(written.value, case.value, "{}", case.label),
        }
        let recorded = CachedValue { value: case.value.clone(), max_age: written.max_age };
        assert_eq!(lines(&recorded, &no_cookies()), case.set_cookie, "{}", case.label);
        for value in [&written.value, &case.value] {
            let read = cache.read(value, &principal.session.token, now).expect(&case.label);
            same(&read, &principal);
        }
    }
}

#[cfg(feature = "josekit")]
#[test]
fn encrypted_caches_hold_what_the_reference_put_into_them() {
    use auth_core::jwe::{JweKeys, Use};

    let group = Group::read();
    let now = group.now.at();
    let keys = JweKeys::derive(&VersionedSecrets::single(secret(&group.secret)), Use::SessionCache);
    let content = |value: &str| {
        let mut claims = keys.decrypt(value, now).unwrap();
        claims.remove("jti").unwrap();
        claims
    };
    for case in group.cases.iter().filter(|case| matches!(case.strategy, Strategy::Jwe)) {
        let cache = group.cache(case.strategy, &case.options).unwrap();
        let remember =
            if case.options.rem == Some(false) { Remember::UntilBrowserCloses } else { Remember::Persistent };
        let written = cache.write(&group.principal(), remember, now, &mut rand::rng()).unwrap();
        assert_eq!(content(&written.value), content(&case.value), "{}", case.label);
    }
}

#[test]
fn values_are_taken_and_refused_as_by_the_reference() {
    let group = Group::read();
    assert_eq!(group.decode_cases.len(), 28);
    let (now, principal) = (group.now.at(), group.principal());
    for case in &group.decode_cases {
        let options = Options { rem: None, max_age: None, version: None };
        let Some(single) = group.cache(case.strategy, &options) else { continue };
        let policy = CookieCachePolicy {
            strategy: case.strategy.of_crate().unwrap(),
            max_age: MaxAge::new(CookieCachePolicy::DEFAULT_MAX_AGE).unwrap(),
            version: String::new(),
        };
        let versioned = CookieCache::new(policy, &VersionedSecrets::parse(&group.secrets_env).unwrap());
        let cache = if case.label.contains("versioned config") { &versioned } else { &single };
        let expected = match case.label.as_str() {
            // one algorithm; the reference also takes what it never writes.
            "HS512" => false,
            // The reference's decoder lets it through and its `/get-session` does not.
            "expired 10 s ago (inside the 15 s tolerance of the decoder)" => false,
            _ => case.decodes,
        };
        let read = cache.read(&case.value, &principal.session.token, now);
        assert_eq!(read.is_some(), expected, "{}", case.label);
    }
}

#[test]
fn r_027_caches_of_the_year_2100_end_with_their_session() {
    let group = Group::read();
    let principal = group.principal();
    let options = Options { rem: None, max_age: None, version: None };
    for (strategy, value) in [
        (Strategy::Jwt, &group.no_clock_needed.jwt_exp_2100),
        (Strategy::Jwe, &group.no_clock_needed.jwe_exp_2100),
    ] {
        let Some(cache) = group.cache(strategy, &options) else { continue };
        let read = |now| cache.read(value, &principal.session.token, now).is_some();
        let end = principal.session.expires_at;
        assert!(read(group.now.at()));
        assert!(read(end));
        assert!(!read(end + Duration::milliseconds(1)));
    }
}

fn lines(cached: &CachedValue, request: &RequestCookies) -> Vec<String> {
    plain().session_data(cached, request).iter().map(|cookie| cookie.as_str().to_owned()).collect()
}

#[test]
fn r_021_a_long_cache_is_cut_as_by_the_reference() {
    let group = Group::read();
    let mut principal = group.principal();
    principal.user.image = Some("x".repeat(6_000));
    let cache = group.cache(Strategy::Compact, &Options { rem: None, max_age: None, version: None }).unwrap();
    let now = group.now.at();
    let cached = cache.write(&principal, Remember::Persistent, now, &mut rand::rng()).unwrap();
    let lines = lines(&cached, &no_cookies());
    let lengths: Vec<_> = lines
        .iter()
        .map(|line| {
            let (name, rest) = line.split_once('=').unwrap();
            json!([name, rest.split(';').next().unwrap().len(), line.len()])
        })
        .collect();
    let expected: Vec<_> = group
        .chunking
        .lengths
        .iter()
        .map(|chunk| json!([chunk.name, chunk.value_length, chunk.whole_header_length]))
        .collect();
    assert_eq!(lengths, expected);
    let header: Vec<&str> = lines.iter().rev().map(|line| line.split(';').next().unwrap()).collect();
    let request = RequestCookies::parse([header.join("; ").as_bytes()]);
    let read = plain().read_session_data(&request).unwrap();
    assert_eq!(read, cached.value);
    same(&cache.read(&read, &principal.session.token, now).unwrap(), &principal);
}

#[test]
fn stale_chunks_are_removed_before_the_new_value() {
    let StaleChunks { request_cookie, set_cookie_names_and_maxage } = Group::read().stale_chunks_expired;
    let cached =
        CachedValue { value: "short".to_owned(), max_age: MaxAge::new(CookieCachePolicy::DEFAULT_MAX_AGE) };
    let lines = lines(&cached, &RequestCookies::parse([request_cookie.as_bytes()]));
    let shown: Vec<String> = lines
        .iter()
        .map(|line| {
            let (name, rest) = line.split_once('=').unwrap();
            format!("{name} {}", rest.split("; ").find(|part| part.starts_with("Max-Age")).unwrap())
        })
        .collect();
    assert_eq!(shown, set_cookie_names_and_maxage);
}
