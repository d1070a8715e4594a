//! Cookie caches that are signed with a key of the `jwks` table: the reference's own, and what must not pass for one.

use auth_core::jws::JwsError;
use auth_core::wire::{SessionBody, UserBody};
use auth_core::{
    AdditionalFields, AdditionalValues, CACHE_EXPIRY_LEEWAY, CacheStrategy, CookieCache, CookieCacheMiss,
    CookieCachePolicy, DeclaredFields, FieldDeclaration, FieldKind, FieldOwner, FieldValue, JwkSet,
    JwsAlgorithm, JwtIssuer, JwtPayload, KeyPair, KeyedCookieCache, MaxAge, Remember, Session, SessionId,
    SessionToken, SigningSecret, UserSession, VerificationKey, VerifyError, VersionedSecrets, Visibility,
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::jwt::support::{NOW, encode, forge, pair, policy, user};

const ISSUER: &str = "https://auth.example.com";
const HEADER: &str = r#"{"alg":"EdDSA","kid":"k1","typ":"better-auth.session-cache+jwt"}"#;
const TOKEN: &str = "f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3";

fn max_age() -> MaxAge {
    MaxAge::new(CookieCachePolicy::DEFAULT_MAX_AGE).unwrap()
}

fn cache() -> KeyedCookieCache {
    KeyedCookieCache::new(ISSUER, max_age(), "1")
}

fn token() -> SessionToken {
    SessionToken::from_stored(TOKEN)
}

fn principal() -> UserSession {
    let mut user = user();
    user.additional.set("plan".into(), FieldValue::Text("gold".to_owned()), Visibility::Returned);
    user.additional.set("note".into(), FieldValue::Text("s3cret".to_owned()), Visibility::Hidden);
    let session = Session {
        id: SessionId::from_stored("s1"),
        token: token(),
        user_id: user.id.clone(),
        expires_at: NOW + Duration::days(7),
        created_at: NOW,
        updated_at: NOW,
        ip_address: None,
        user_agent: None,
        additional: AdditionalValues::default(),
    };
    UserSession { user, session }
}

fn shown(principal: &UserSession) -> Value {
    json!({"session": SessionBody::from(&principal.session), "user": UserBody::from(&principal.user)})
}

/// The claims of a good copy, with others in the place of some, or without those that are `null`.
fn claims(changes: Value) -> String {
    let mut claims = shown(&principal());
    let seconds = NOW.unix_timestamp();
    let rest = json!({
        "updatedAt": seconds * 1_000, "version": "1", "sid": TOKEN, "iat": seconds, "exp": seconds + 300,
        "iss": ISSUER, "aud": "better-auth:session-cache", "sub": "u1",
    });
    for (name, value) in rest.as_object().unwrap().iter().chain(changes.as_object().unwrap()) {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims.to_string()
}

struct Bench {
    pair: KeyPair,
    key: VerificationKey,
}

impl Bench {
    fn new() -> Self {
        let (pair, _, key) = pair(JwsAlgorithm::EdDsa, "k1");
        Self { pair, key }
    }

    fn read(&self, value: &str) -> Result<UserSession, CookieCacheMiss> {
        cache().read(value, &token(), &self.key, NOW)
    }

    fn header(&self, header: &str) -> Result<UserSession, CookieCacheMiss> {
        self.read(&forge(&self.pair, header, &claims(json!({}))))
    }

    fn claims(&self, changes: Value) -> Result<UserSession, CookieCacheMiss> {
        self.read(&forge(&self.pair, HEADER, &claims(changes)))
    }
}

/// Checks that a copy is missed, and why.
macro_rules! missed {
    ($read:expr, $why:pat, $what:expr) => {
        match $read {
            Err($why) => {}
            other => panic!("{}: {other:?}", $what),
        }
    };
}

macro_rules! refused {
    ($read:expr, $why:pat, $what:expr) => {
        missed!($read, CookieCacheMiss::Token($why), $what)
    };
}

#[test]
fn a_copy_of_the_reference_is_read_with_its_document_and_written_to_the_byte() {
    let all: Value = serde_json::from_str(include_str!("../../vectors/jwt.json")).unwrap();
    let vector = &all["session_cache"];
    let value = vector["session_data_cookie"].as_str().unwrap();
    let claims = &vector["decoded"][1];
    let written_at = claims["updatedAt"].as_i64().unwrap();
    let now = OffsetDateTime::from_unix_timestamp_nanos(i128::from(written_at) * 1_000_000).unwrap();
    let token = SessionToken::from_stored(claims["sid"].as_str().unwrap());
    let theirs = KeyedCookieCache::new(claims["iss"].as_str().unwrap(), max_age(), "");

    let keys = JwkSet::parse(vector["jwks_response"].to_string().as_bytes()).unwrap();
    let key = keys.find(&KeyedCookieCache::kid(value).unwrap()).unwrap();
    let read = theirs.read(value, &token, key, now).unwrap();
    assert_eq!(shown(&read), json!({"session": claims["session"], "user": claims["user"]}));

    let end = OffsetDateTime::from_unix_timestamp(claims["exp"].as_i64().unwrap()).unwrap();
    assert!(theirs.read(value, &token, key, end - Duration::MILLISECOND).is_ok());
    refused!(theirs.read(value, &token, key, end), VerifyError::Expired { .. }, "at its end");

    let (_, signing, _) = pair(JwsAlgorithm::EdDsa, key.kid().as_str());
    let cached = theirs.write(&read, Remember::Persistent, &signing, now).unwrap();
    let without_signature = |value: &str| value.rsplit_once('.').unwrap().0.to_owned();
    assert_eq!(without_signature(&cached.value), without_signature(value));
    assert_eq!(cached.max_age, Some(max_age()));
}

#[test]
fn what_is_written_is_read_under_every_algorithm() {
    for algorithm in JwsAlgorithm::ALL {
        let (_, signing, key) = pair(algorithm, "k1");
        let cached = cache().write(&principal(), Remember::Persistent, &signing, NOW).unwrap();
        assert_eq!(KeyedCookieCache::kid(&cached.value).unwrap(), *key.kid());
        let read = cache().read(&cached.value, &token(), &key, NOW).unwrap();
        assert_eq!(shown(&read), shown(&principal()), "{algorithm:?}");
        assert!(read.user.additional.get("note").is_none(), "what clients are not shown is not in it");
    }
}

#[test]
fn r_074_a_field_that_was_hidden_since_is_not_shown() {
    let (_, signing, key) = pair(JwsAlgorithm::EdDsa, "k1");
    let cached = cache().write(&principal(), Remember::Persistent, &signing, NOW).unwrap();
    let plan = FieldDeclaration {
        name: "plan".into(),
        column: "plan".to_owned(),
        kind: FieldKind::Text,
        required: false,
        default: None,
        input: true,
        visibility: Visibility::Hidden,
        unique: false,
        index: false,
    };
    let hiding = cache().hiding(&DeclaredFields {
        user: AdditionalFields::new(FieldOwner::User, vec![plan]).unwrap(),
        session: AdditionalFields::new(FieldOwner::Session, vec![]).unwrap(),
    });
    let read = hiding.read(&cached.value, &token(), &key, NOW).unwrap();
    assert!(!shown(&read).to_string().contains("gold"));
}

#[test]
fn r_027_a_copy_ends_with_its_time_or_with_the_session() {
    let (_, signing, key) = pair(JwsAlgorithm::EdDsa, "k1");
    let life = |cache: &KeyedCookieCache, remember, session_life| {
        let mut principal = principal();
        principal.session.expires_at = NOW + Duration::seconds(session_life);
        let value = cache.write(&principal, remember, &signing, NOW).unwrap().value;
        let lives =
            |seconds: &i64| cache.read(&value, &token(), &key, NOW + Duration::seconds(*seconds)).is_ok();
        (0..=400_i64).take_while(lives).count()
    };
    assert_eq!(life(&cache(), Remember::Persistent, 604_800), 300);
    assert_eq!(life(&cache(), Remember::UntilBrowserCloses, 604_800), 300);
    let short = KeyedCookieCache::new(ISSUER, MaxAge::new(Duration::seconds(60)).unwrap(), "1");
    assert_eq!(life(&short, Remember::Persistent, 604_800), 60);
    assert_eq!(life(&short, Remember::UntilBrowserCloses, 604_800), 300, "as the reference fixed it");
    assert_eq!(life(&cache(), Remember::Persistent, 100), 101, "the session's last second counts");
    // A service whose clock is another one.
    assert_eq!(CACHE_EXPIRY_LEEWAY, Duration::seconds(15));
    assert_eq!(life(&short.lenient(), Remember::Persistent, 604_800), 75);
    assert_eq!(life(&cache().lenient(), Remember::Persistent, 100), 101, "no leeway on a session");
}

#[test]
fn a_copy_is_of_one_session_and_one_version() {
    let bench = Bench::new();
    assert!(bench.claims(json!({})).is_ok());
    let value = forge(&bench.pair, HEADER, &claims(json!({})));
    let other = SessionToken::from_stored("another");
    missed!(cache().read(&value, &other, &bench.key, NOW), CookieCacheMiss::OtherSession, "another session");
    assert!(cache().read_alone(&value, &bench.key, NOW).is_ok(), "whichever it is");

    missed!(bench.claims(json!({"version": "2"})), CookieCacheMiss::OtherVersion, "another version");
    assert!(bench.claims(json!({"version": null})).is_ok(), "none is the first");
    assert!(bench.claims(json!({"version": ""})).is_ok(), "none is the first");
    let second = KeyedCookieCache::new(ISSUER, max_age(), "2");
    missed!(second.read(&value, &token(), &bench.key, NOW), CookieCacheMiss::OtherVersion, "after a change");
}

#[test]
fn r_003_who_it_is_for_and_of_is_checked() {
    let bench = Bench::new();
    for aud in [json!(["better-auth:session-cache"]), json!(["x", "better-auth:session-cache"])] {
        assert!(bench.claims(json!({"aud": aud})).is_ok(), "{aud}");
    }
    for aud in [json!(ISSUER), json!(""), json!([]), json!([ISSUER]), json!("better-auth:session-cache ")] {
        refused!(bench.claims(json!({"aud": aud})), VerifyError::WrongAudience, aud);
    }
    for iss in ["https://x.example", "https://auth.example.com/", "better-auth:session-cache"] {
        refused!(bench.claims(json!({"iss": iss})), VerifyError::WrongIssuer, iss);
    }
    for name in ["exp", "iss", "aud", "sub", "sid"] {
        let refused = bench.claims(json!({ name: null }));
        let Err(CookieCacheMiss::Token(VerifyError::MissingClaim { name: told })) = refused else {
            panic!("{name}: {refused:?}")
        };
        assert_eq!(told, name);
    }
    missed!(bench.claims(json!({"sub": "u2"})), CookieCacheMiss::Claim { name: "sub" }, "another user");
    missed!(bench.claims(json!({"sid": "other"})), CookieCacheMiss::Claim { name: "sid" }, "another session");
    // The claims name a session, and the payload another one.
    let mut session = shown(&principal())["session"].clone();
    session["token"] = json!("other");
    missed!(bench.claims(json!({"session": session})), CookieCacheMiss::Claim { name: "sid" }, "swapped");
    let mut user = shown(&principal())["user"].clone();
    user["id"] = json!("u2");
    missed!(bench.claims(json!({"user": user})), CookieCacheMiss::Claim { name: "sub" }, "swapped");
}

#[test]
fn r_005_a_claim_of_the_wrong_type_is_an_error() {
    let bench = Bench::new();
    for name in ["exp", "nbf", "iat", "iss", "sub", "sid", "aud"] {
        for value in [json!({}), json!(true), json!([1]), json!(-1), json!("")] {
            if name == "aud" && value == json!("") {
                continue;
            }
            let refused = bench.claims(json!({ name: value }));
            assert!(
                matches!(refused, Err(CookieCacheMiss::Token(VerifyError::MalformedClaim { .. }))),
                "{name} {value}: {refused:?}"
            );
        }
    }
    for (name, value) in [
        ("session", json!(null)),
        ("session", json!([])),
        ("user", json!("u1")),
        ("user", json!({"id": "u1"})),
        ("updatedAt", json!(null)),
        ("updatedAt", json!("2030-01-15T12:00:00.000Z")),
        ("version", json!(1)),
    ] {
        missed!(bench.claims(json!({ name: value })), CookieCacheMiss::Payload, format!("{name} {value}"));
    }
    for content in ["", "null", "[]", "7", "\"x\"", "{", "{}x"] {
        let refused = bench.read(&forge(&bench.pair, HEADER, content));
        assert!(
            matches!(
                refused,
                Err(CookieCacheMiss::Token(VerifyError::Jws(JwsError::Json(_) | JwsError::NotAnObject)))
            ),
            "{content}: {refused:?}"
        );
    }
    for number in ["1e308", "-1e308", "18446744073709551615", "9223372036854775807", "1e19", "0.5"] {
        for name in ["exp", "nbf", "iat", "updatedAt"] {
            let changed =
                claims(json!({ name: 0 })).replace(&format!("\"{name}\":0"), &format!("\"{name}\":{number}"));
            let _no_panic = bench.read(&forge(&bench.pair, HEADER, &changed));
        }
    }
}

#[test]
fn r_007_clocks_differ_by_seconds() {
    let bench = Bench::new();
    let at = NOW.unix_timestamp();
    assert!(bench.claims(json!({"nbf": at + 15})).is_ok());
    refused!(bench.claims(json!({"nbf": at + 16})), VerifyError::NotYetValid { .. }, "nbf");
    assert!(bench.claims(json!({"iat": at + 60})).is_ok());
    refused!(bench.claims(json!({"iat": at + 61})), VerifyError::IssuedInTheFuture, "iat");
    refused!(bench.claims(json!({"exp": at})), VerifyError::Expired { .. }, "exp");
    let lenient = cache().lenient();
    let read = |exp: i64| {
        let value = forge(&bench.pair, HEADER, &claims(json!({"exp": exp})));
        lenient.read(&value, &token(), &bench.key, NOW)
    };
    assert!(read(at - 14).is_ok());
    refused!(read(at - 15), VerifyError::Expired { .. }, "beyond the leeway");
}

#[test]
fn r_002_a_copy_has_its_own_type() {
    let bench = Bench::new();
    assert!(bench.header(HEADER).is_ok());
    let types = ["JWT", "at+jwt", "", "better-auth.session-cache", "Better-Auth.Session-Cache+JWT"];
    for typ in types.map(|typ| format!(r#","typ":"{typ}""#)).iter().map(String::as_str).chain([""]) {
        let header = format!(r#"{{"alg":"EdDSA","kid":"k1"{typ}}}"#);
        refused!(bench.header(&header), VerifyError::WrongType, typ);
        let value = forge(&bench.pair, &header, &claims(json!({})));
        refused!(KeyedCookieCache::kid(&value), VerifyError::WrongType, typ);
    }
    for typ in ["null", "7", r#"["better-auth.session-cache+jwt"]"#] {
        let header = format!(r#"{{"alg":"EdDSA","kid":"k1","typ":{typ}}}"#);
        refused!(bench.header(&header), VerifyError::Jws(JwsError::Type), typ);
    }
}

#[test]
fn r_002_a_copy_of_either_key_is_none_of_the_other() {
    let (pair, signing, key) = pair(JwsAlgorithm::EdDsa, "k1");
    let secret = SigningSecret::parse(pair.public.to_json()).unwrap();
    let under_secret = CookieCache::new(
        CookieCachePolicy { strategy: CacheStrategy::Jwt, max_age: max_age(), version: String::new() },
        &VersionedSecrets::single(secret),
    );
    let by_secret = under_secret.write(&principal(), Remember::Persistent, NOW, &mut rand::rng()).unwrap();
    let by_key = cache().write(&principal(), Remember::Persistent, &signing, NOW).unwrap();
    assert!(under_secret.read(&by_secret.value, &token(), NOW).is_some());
    assert!(under_secret.read(&by_key.value, &token(), NOW).is_none());
    refused!(
        cache().read(&by_secret.value, &token(), &key, NOW),
        VerifyError::Jws(JwsError::Signature),
        "a MAC under the text of the public key"
    );
    refused!(KeyedCookieCache::kid(&by_secret.value), VerifyError::WrongType, "no type");
    let token_of_the_plugin =
        JwtIssuer::new(policy(), JwtPayload::User).issue(&user(), &signing, NOW).unwrap();
    refused!(
        cache().read_alone(token_of_the_plugin.expose(), &key, NOW),
        VerifyError::WrongType,
        "a token of the plugin"
    );
}

/// RFC 8725 §2.1.
#[test]
fn r_130_the_key_decides_over_the_algorithm() {
    use hmac::{KeyInit, Mac};

    let bench = Bench::new();
    for algorithm in ["none", "None", "HS256", "RS256", "ES256", "eddsa", ""] {
        let header = HEADER.replace("EdDSA", algorithm);
        refused!(bench.header(&header), VerifyError::Jws(JwsError::Algorithm), algorithm);
    }
    let unsigned = format!("{}.{}.", encode(HEADER.replace("EdDSA", "none")), encode(claims(json!({}))));
    refused!(bench.read(&unsigned), VerifyError::Jws(JwsError::Signature), "none");
    for algorithm in JwsAlgorithm::ALL {
        let (made, _, key) = pair(algorithm, "k1");
        let read = |value: &str| cache().read(value, &token(), &key, NOW);
        assert!(
            read(&forge(&made, &HEADER.replace("EdDSA", algorithm.as_str()), &claims(json!({})))).is_ok()
        );
        let signed = format!("{}.{}", encode(HEADER.replace("EdDSA", "HS256")), encode(claims(json!({}))));
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(made.public.to_json().as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        let confused = format!("{signed}.{}", encode(mac.finalize().into_bytes()));
        refused!(read(&confused), VerifyError::Jws(JwsError::Signature), algorithm.as_str());
        for other in JwsAlgorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            let (stranger, ..) = pair(other, "k1");
            let header = HEADER.replace("EdDSA", other.as_str());
            assert!(
                read(&forge(&stranger, &header, &claims(json!({})))).is_err(),
                "{other:?} to {algorithm:?}"
            );
        }
    }
}

#[test]
fn r_009_a_name_picks_one_of_ours_and_keys_in_the_header_are_ignored() {
    let bench = Bench::new();
    for kid in ["k2", "K1", "../k1", "' or 1=1 --"] {
        refused!(bench.header(&HEADER.replace("k1", kid)), VerifyError::Jws(JwsError::Key), kid);
    }
    for header in
        [HEADER.replace(r#""kid":"k1","#, ""), HEADER.replace(r#""k1""#, "7"), HEADER.replace("k1", "")]
    {
        refused!(bench.header(&header), VerifyError::Jws(JwsError::Key), header);
    }
    let (stranger, ..) = pair(JwsAlgorithm::EdDsa, "k1");
    let embedded =
        HEADER.replace('}', &format!(r#","jwk":{},"jku":"https://x.example"}}"#, stranger.public.to_json()));
    let by_stranger = forge(&stranger, &embedded, &claims(json!({})));
    refused!(bench.read(&by_stranger), VerifyError::Jws(JwsError::Signature), "an embedded key");
    assert!(bench.header(&embedded).is_ok(), "ours, whatever else stands there");
    for member in [r#""crit":[]"#, r#""b64":false"#, r#""zip":"DEF""#] {
        let header = HEADER.replace('}', &format!(",{member}}}"));
        refused!(bench.header(&header), VerifyError::Jws(JwsError::Extension), member);
    }
}

#[test]
fn r_010_r_011_form_and_spelling_come_first() {
    let bench = Bench::new();
    let good = forge(&bench.pair, HEADER, &claims(json!({})));
    assert!(bench.read(&good).is_ok());
    for text in ["", ".", "..", "...", "a", "a.b", &good[..good.rfind('.').unwrap()], &format!("{good}.x")] {
        assert!(bench.read(text).is_err() && KeyedCookieCache::kid(text).is_err(), "{text}");
    }
    for spelled in [format!("{good}="), format!("{good}\n"), format!(" {good}"), good.replacen('.', " .", 1)]
    {
        assert!(bench.read(&spelled).is_err(), "{spelled:?}");
    }
    // Each place of the value counts, in all three parts.
    for place in (0..good.len()).step_by(7) {
        let mut changed = good.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        assert!(bench.read(str::from_utf8(&changed).unwrap()).is_err(), "place {place}");
    }
    // Longer than a token may be, and in several cookies: taken. Longer than a request's head: not looked at.
    let long = |length: usize| claims(json!({"padding": "x".repeat(length)}));
    assert!(bench.read(&forge(&bench.pair, HEADER, &long(20_000))).is_ok());
    let endless = forge(&bench.pair, HEADER, &long(60_000));
    refused!(bench.read(&endless), VerifyError::Jws(JwsError::TooLong), "too long");
    refused!(KeyedCookieCache::kid(&endless), VerifyError::Jws(JwsError::TooLong), "too long");
}

#[test]
fn r_015_of_members_that_stand_twice_the_last_counts() {
    let bench = Bench::new();
    let good = claims(json!({}));
    let first = |member: &str| format!("{{{member},{}", good.strip_prefix('{').unwrap());
    let last = |member: &str| format!("{},{member}}}", good.strip_suffix('}').unwrap());
    for member in [r#""sub":"u2""#, r#""exp":1"#, r#""aud":"x""#, r#""sid":"x""#] {
        assert!(bench.read(&forge(&bench.pair, HEADER, &first(member))).is_ok(), "{member} first");
        assert!(bench.read(&forge(&bench.pair, HEADER, &last(member))).is_err(), "{member} last");
    }
}

#[test]
fn r_112_no_miss_quotes_the_value() {
    let bench = Bench::new();
    let values = [
        forge(&bench.pair, HEADER, &claims(json!({"sid": "hunter2"}))),
        forge(&bench.pair, HEADER, &claims(json!({"iss": "hunter2"}))),
        forge(&bench.pair, HEADER, r#"{"hunter2"}"#),
        forge(&bench.pair, HEADER, r#""hunter2""#),
        "hunter2".to_owned(),
    ];
    for value in values {
        let miss = bench.read(&value).unwrap_err();
        assert!(!format!("{miss} {miss:?}").contains("hunter2"), "{miss:?}");
    }
}
