//! Rules of the cookie cache beyond the recorded values: what is written reads back, and nothing else does.

use auth_core::wire::{SessionBody, UserBody};
use auth_core::{
    AdditionalFields, AdditionalValues, CacheStrategy, CachedValue, CookieCache, CookieCachePolicy,
    CookieSettings, DeclaredFields, Email, FieldDeclaration, FieldKind, FieldOwner, FieldValue, JsonText,
    MaxAge, Remember, RequestCookies, Session, SessionCookies, SessionId, SessionToken, SetCookie,
    SigningSecret, User, UserId, UserSession, VersionedSecrets, Visibility, jws,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = datetime!(2030-01-15 12:34:56.789 UTC);
const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[cfg(feature = "josekit")]
const STRATEGIES: [CacheStrategy; 3] = [CacheStrategy::Compact, CacheStrategy::Jwt, CacheStrategy::Jwe];
#[cfg(not(feature = "josekit"))]
const STRATEGIES: [CacheStrategy; 2] = [CacheStrategy::Compact, CacheStrategy::Jwt];

fn secrets() -> VersionedSecrets {
    VersionedSecrets::single(SigningSecret::parse(SECRET).unwrap())
}

fn policy(strategy: CacheStrategy) -> CookieCachePolicy {
    let max_age = MaxAge::new(CookieCachePolicy::DEFAULT_MAX_AGE).unwrap();
    CookieCachePolicy { strategy, max_age, version: "1".to_owned() }
}

fn cache(strategy: CacheStrategy) -> CookieCache {
    CookieCache::new(policy(strategy), &secrets())
}

fn principal() -> UserSession {
    let additional = |name: &str, value: FieldValue| {
        let mut values = AdditionalValues::default();
        values.set(name.into(), value, Visibility::Returned);
        values.set("internal".into(), FieldValue::Text("s3cret".to_owned()), Visibility::Hidden);
        values.set("since".into(), FieldValue::Date(NOW), Visibility::Returned);
        values
    };
    let meta = JsonText::parse(r#"{"b":[1.5,-0,1e21,"ü"],"1":null,"a":{"x":true}}"#).unwrap();
    UserSession {
        user: User {
            id: UserId::from_stored("u1"),
            name: "Änn \"/\\ \u{1}\u{7f}\u{2028} 🔐".to_owned(),
            email: Email::parse("ann@example.com").unwrap(),
            email_verified: true,
            image: None,
            created_at: NOW - Duration::days(400),
            updated_at: NOW - Duration::days(1),
            additional: additional("meta", FieldValue::Json(meta)),
        },
        session: Session {
            id: SessionId::from_stored("s1"),
            token: SessionToken::from_stored("f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3"),
            user_id: UserId::from_stored("u1"),
            expires_at: NOW + Duration::days(7),
            created_at: NOW,
            updated_at: NOW,
            ip_address: None,
            user_agent: Some(String::new()),
            additional: additional("plan", FieldValue::Number(-7)),
        },
    }
}

fn write(strategy: CacheStrategy, principal: &UserSession) -> String {
    cache(strategy).write(principal, Remember::Persistent, NOW, &mut rand::rng()).unwrap().value
}

fn reads(strategy: CacheStrategy, value: &str, now: OffsetDateTime) -> bool {
    cache(strategy).read(value, &principal().session.token, now).is_some()
}

fn shown(principal: &UserSession) -> String {
    serde_json::to_string(&json!([SessionBody::from(&principal.session), UserBody::from(&principal.user)]))
        .unwrap()
}

/// A compact value with a right MAC around a text of the test's choice: `signed` is what the MAC is over.
fn compact(payload: &str, expires_at: i64, signed: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    let text = format!(r#"{{"session":{payload},"expiresAt":{expires_at},"signature":"{signature}"}}"#);
    URL_SAFE_NO_PAD.encode(text)
}

const SESSION: &str = r#"{"id":"s1","token":"f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3","userId":"u1","expiresAt":"2030-01-22T00:00:00.000Z"}"#;
const USER: &str = r#"{"id":"u1","email":"ann@example.com","name":"Ann"}"#;
const LATER: i64 = 1_894_710_999_999;

#[test]
fn what_is_written_reads_back_with_its_additional_fields() {
    for strategy in STRATEGIES {
        let value = write(strategy, &principal());
        let read = cache(strategy).read(&value, &principal().session.token, NOW).expect("just written");
        assert_eq!(shown(&read), shown(&principal()), "{strategy:?}");
        assert_eq!(read.user.additional.get("internal"), None, "{strategy:?}");
        assert_eq!(read.user.additional.get("since"), Some(&FieldValue::Date(NOW)));
    }
}

fn hidden(name: &str) -> FieldDeclaration {
    FieldDeclaration {
        name: name.into(),
        column: name.to_owned(),
        kind: FieldKind::Text,
        required: false,
        default: None,
        input: true,
        visibility: Visibility::Hidden,
        unique: false,
        index: false,
    }
}

#[test]
fn r_074_a_field_that_was_hidden_since_is_not_shown() {
    for strategy in STRATEGIES {
        let value = write(strategy, &principal());
        let cache = cache(strategy).hiding(&DeclaredFields {
            user: AdditionalFields::new(FieldOwner::User, vec![hidden("meta")]).unwrap(),
            session: AdditionalFields::new(FieldOwner::Session, vec![hidden("since"), hidden("none")])
                .unwrap(),
        });
        let read = cache.read(&value, &principal().session.token, NOW).unwrap();
        let names = |values: &AdditionalValues| {
            values.returned().map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&read.user.additional), ["since"]);
        assert_eq!(names(&read.session.additional), ["plan"]);
    }
}

#[test]
fn a_cached_answer_has_the_members_in_the_schema_s_order() {
    let principal = principal();
    assert_eq!(
        serde_json::to_string(&SessionBody::of_cache(&principal.session)).unwrap(),
        r#"{"id":"s1","createdAt":"2030-01-15T12:34:56.789Z","updatedAt":"2030-01-15T12:34:56.789Z","userId":"u1","expiresAt":"2030-01-22T12:34:56.789Z","token":"f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3","ipAddress":null,"userAgent":"","plan":-7,"since":"2030-01-15T12:34:56.789Z"}"#
    );
    assert_eq!(
        serde_json::to_string(&UserBody::of_cache(&User { name: "Ann".into(), ..principal.user })).unwrap(),
        r#"{"id":"u1","createdAt":"2028-12-11T12:34:56.789Z","updatedAt":"2030-01-14T12:34:56.789Z","email":"ann@example.com","emailVerified":true,"name":"Ann","image":null,"meta":{"1":null,"b":[1.5,0,1e+21,"ü"],"a":{"x":true}},"since":"2030-01-15T12:34:56.789Z"}"#
    );
}

#[test]
fn r_027_a_cached_session_ends_with_the_cache_or_with_the_session() {
    let second = Duration::seconds(1);
    for strategy in STRATEGIES {
        let life = |remember, session_life| {
            let mut principal = principal();
            principal.session.expires_at = NOW + session_life;
            let cached = cache(strategy).write(&principal, remember, NOW, &mut rand::rng()).unwrap();
            (1..=400).take_while(|seconds| reads(strategy, &cached.value, NOW + second * *seconds)).count()
        };
        // Tokens end on whole seconds, so up to one less.
        let whole = usize::from(strategy != CacheStrategy::Compact);
        assert_eq!(life(Remember::Persistent, Duration::days(7)), 300 - whole, "{strategy:?}");
        assert_eq!(life(Remember::Persistent, second * 100), 100, "{strategy:?}");
        let unremembered = if strategy == CacheStrategy::Compact { 60 } else { 300 - whole };
        assert_eq!(life(Remember::UntilBrowserCloses, Duration::days(1)), unremembered, "{strategy:?}");
        assert_eq!(life(Remember::UntilBrowserCloses, second * 5), 5, "{strategy:?}");
    }
}

#[test]
fn a_compact_value_ends_after_its_last_millisecond() {
    let value = write(CacheStrategy::Compact, &principal());
    assert!(reads(CacheStrategy::Compact, &value, NOW + Duration::minutes(5)));
    assert!(!reads(CacheStrategy::Compact, &value, NOW + Duration::minutes(5) + Duration::milliseconds(1)));
}

#[test]
fn the_cookie_lives_as_long_as_a_remembered_value_and_has_no_age_for_others() {
    for strategy in STRATEGIES {
        let max_age = MaxAge::new(Duration::seconds(42)).unwrap();
        let cache = CookieCache::new(CookieCachePolicy { max_age, ..policy(strategy) }, &secrets());
        let write = |remember| cache.write(&principal(), remember, NOW, &mut rand::rng()).unwrap();
        assert_eq!(write(Remember::Persistent).max_age, Some(max_age));
        assert_eq!(write(Remember::UntilBrowserCloses).max_age, None);
        let read = |seconds| {
            let now = NOW + Duration::seconds(seconds);
            cache.read(&write(Remember::Persistent).value, &principal().session.token, now).is_some()
        };
        assert!(read(41) && !read(43), "{strategy:?}");
    }
}

#[test]
fn another_version_or_session_is_a_miss() {
    for strategy in STRATEGIES {
        let of = |version: &str| {
            CookieCache::new(
                CookieCachePolicy { version: version.to_owned(), ..policy(strategy) },
                &secrets(),
            )
        };
        let value = |version: &str| {
            of(version).write(&principal(), Remember::Persistent, NOW, &mut rand::rng()).unwrap().value
        };
        let token = &principal().session.token;
        for (written, read, expected) in [
            ("1", "1", true),
            ("", "1", true),
            ("1", "", true),
            ("2", "2", true),
            ("1", "2", false),
            ("2", "", false),
        ] {
            let hit = of(read).read(&value(written), token, NOW).is_some();
            assert_eq!(hit, expected, "{strategy:?}: {written:?} {read:?}");
        }
        let other = SessionToken::from_stored("g0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3");
        assert!(of("1").read(&value("1"), &other, NOW).is_none());
    }
}

#[test]
fn r_111_caches_follow_the_current_secret_and_encrypted_ones_every_known_one() {
    const NEW: &str = "fedcba9876543210fedcba9876543210";
    let rotated = VersionedSecrets::parse(&format!("2:{NEW},1:{SECRET}")).unwrap();
    let legacy = VersionedSecrets::parse(&format!("2:{NEW}")).unwrap();
    let legacy = legacy.with_legacy(SigningSecret::parse(SECRET).unwrap());
    let retired = VersionedSecrets::parse(&format!("2:{NEW}")).unwrap();
    for strategy in STRATEGIES {
        let encrypted = !matches!(strategy, CacheStrategy::Compact | CacheStrategy::Jwt);
        for (secrets, expected) in [
            (secrets(), true),
            (rotated.clone(), encrypted),
            (legacy.clone(), encrypted),
            (retired.clone(), false),
        ] {
            let cache = CookieCache::new(policy(strategy), &secrets);
            let hit = cache.read(&write(strategy, &principal()), &principal().session.token, NOW).is_some();
            assert_eq!(hit, expected, "{strategy:?} {secrets:?}");
        }
    }
}

#[test]
fn r_022_a_changed_value_is_a_miss_and_no_fault() {
    for strategy in STRATEGIES {
        let good = write(strategy, &principal());
        for (place, old) in good.char_indices() {
            let new = if old == 'A' { 'B' } else { 'A' };
            let mut text = good.clone();
            text.replace_range(place..place + 1, new.encode_utf8(&mut [0; 4]));
            let is_last = place + 1 == good.len();
            // Unused bits at the end are nothing that the reference looks at in a compact value.
            let hit = reads(strategy, &text, NOW);
            assert!(
                !hit || (is_last && strategy == CacheStrategy::Compact),
                "{strategy:?}: changed at {place}"
            );
            assert!(!reads(strategy, &good[..place], NOW), "{strategy:?}: cut at {place}");
        }
        assert!(!reads(strategy, &good.repeat(100), NOW));
        for text in ["", ".", "..", "....", "=", "null", "e30", "bnVsbA", "\u{fc}", "%", "a.b.c"] {
            assert!(!reads(strategy, text, NOW), "{strategy:?}: {text}");
        }
    }
}

#[test]
fn r_002_a_value_of_one_strategy_is_a_miss_to_the_others() {
    for written in STRATEGIES {
        let value = write(written, &principal());
        for read in STRATEGIES {
            assert_eq!(reads(read, &value, NOW), read == written, "{written:?} {read:?}");
        }
    }
}

#[test]
fn r_015_of_members_that_stand_twice_the_last_counts() {
    let payload = format!(
        r#"{{"session":{{"id":"x"}},"user":{USER},"updatedAt":"x","updatedAt":1,"session":{SESSION}}}"#
    );
    let canonical = format!(r#"{{"session":{SESSION},"user":{USER},"updatedAt":1,"expiresAt":{LATER}}}"#);
    assert!(reads(CacheStrategy::Compact, &compact(&payload, LATER, &canonical), NOW));
    let first_wins = canonical.replace(SESSION, r#"{"id":"x"}"#);
    assert!(!reads(CacheStrategy::Compact, &compact(&payload, LATER, &first_wins), NOW));
}

#[test]
fn a_compact_mac_is_over_what_javascript_prints() {
    let check = |payload: &str, signed: &str, expected| {
        assert_eq!(
            reads(CacheStrategy::Compact, &compact(payload, LATER, signed), NOW),
            expected,
            "{payload}"
        );
    };
    let payload = |extra: &str| format!(r#"{{"session":{SESSION},"user":{USER},"updatedAt":1{extra}}}"#);
    let signed = |extra: &str| {
        format!(r#"{{"session":{SESSION},"user":{USER},"updatedAt":1{extra},"expiresAt":{LATER}}}"#)
    };
    check(&payload(""), &signed(""), true);
    // White space, escapes and spellings of numbers are gone once the text was read.
    check(&payload("").replace("\":", "\" : ").replace(',', "\n,\t"), &signed(""), true);
    check(&payload("").replace(r#""updatedAt":1"#, r#" "updatedAt" : 1.0 "#), &signed(""), true);
    check(&payload("").replace("Ann", r"\u0041nn"), &signed(""), true);
    check(&payload(r#","x":1e3"#), &signed(r#","x":1000"#), true);
    check(&payload(r#","x":1e3"#), &signed(r#","x":1e3"#), false);
    // A text that looks like a date is printed as one, wherever it stands.
    check(
        &payload(r#","x":["2030-01-01T00:00:00Z"]"#),
        &signed(r#","x":["2030-01-01T00:00:00.000Z"]"#),
        true,
    );
    check(&payload(r#","x":["2030-01-01T00:00:00Z"]"#), &signed(r#","x":["2030-01-01T00:00:00Z"]"#), false);
    // A payload's own `expiresAt` keeps its place and takes the value from beside it.
    check(
        &payload("").replace(r#"{"session""#, r#"{"expiresAt":5,"session""#),
        &payload("").replace(r#"{"session""#, &format!(r#"{{"expiresAt":{LATER},"session""#)),
        true,
    );
}

#[test]
fn a_payload_that_does_not_fit_the_schema_is_a_miss() {
    let check = |session: Value, user: Value, rest: Value, expected| {
        let mut claims = json!({"session": session, "user": user, "exp": 4_102_444_800_i64});
        claims.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let token = jws::sign(jws::Kind::Untyped, &claims, &SigningSecret::parse(SECRET).unwrap()).unwrap();
        assert_eq!(reads(CacheStrategy::Jwt, &token, NOW), expected, "{claims}");
    };
    let session: Value = serde_json::from_str(SESSION).unwrap();
    let user: Value = serde_json::from_str(USER).unwrap();
    let rest = json!({"updatedAt": 1.5});
    let with = |base: &Value, name: &str, value: Value| {
        let mut changed = base.clone();
        changed[name] = value;
        changed
    };
    let without = |base: &Value, name: &str| {
        let mut changed = base.clone();
        changed.as_object_mut().unwrap().remove(name);
        changed
    };
    check(session.clone(), user.clone(), rest.clone(), true);
    for name in ["id", "token", "userId", "expiresAt"] {
        check(without(&session, name), user.clone(), rest.clone(), false);
        check(with(&session, name, json!(7)), user.clone(), rest.clone(), false);
        check(with(&session, name, Value::Null), user.clone(), rest.clone(), false);
    }
    for name in ["createdAt", "updatedAt"] {
        check(with(&session, name, json!("2030-01-01T00:00:00.123456Z")), user.clone(), rest.clone(), true);
        for value in [json!("2030-01-01"), json!("2030-01-01T00:00:00.000+00:00"), json!(1), Value::Null] {
            check(with(&session, name, value.clone()), user.clone(), rest.clone(), false);
            check(session.clone(), with(&user, name, value), rest.clone(), false);
        }
    }
    for name in ["ipAddress", "userAgent"] {
        check(with(&session, name, Value::Null), user.clone(), rest.clone(), true);
        check(with(&session, name, json!(1)), user.clone(), rest.clone(), false);
    }
    for name in ["id", "email", "name"] {
        check(session.clone(), without(&user, name), rest.clone(), false);
        check(session.clone(), with(&user, name, json!(7)), rest.clone(), false);
    }
    check(session.clone(), with(&user, "emailVerified", Value::Null), rest.clone(), false);
    // To the reference a text that looks like a date is none.
    check(session.clone(), with(&user, "name", json!("2030-01-01T00:00:00.000Z")), rest.clone(), false);
    check(with(&session, "userAgent", json!("2030-01-01T00:00:00.000Z")), user.clone(), rest.clone(), false);
    check(session.clone(), with(&user, "image", json!(1)), rest.clone(), false);
    for (rest, expected) in [
        (json!({}), false),
        (json!({"updatedAt": "1"}), false),
        (json!({"updatedAt": 1, "version": "1"}), true),
        (json!({"updatedAt": 1, "version": ""}), true),
        (json!({"updatedAt": 1, "version": 1}), false),
        (json!({"updatedAt": 1, "version": null}), false),
    ] {
        check(session.clone(), user.clone(), rest, expected);
    }
    check(json!([]), user.clone(), rest.clone(), false);
    check(session, json!("u1"), rest, false);
}

#[test]
fn r_004_a_jwt_without_an_end_is_a_miss() {
    let session: Value = serde_json::from_str(SESSION).unwrap();
    let user: Value = serde_json::from_str(USER).unwrap();
    let claims = json!({"session": session, "user": user, "updatedAt": 1});
    let token = jws::sign(jws::Kind::Untyped, &claims, &SigningSecret::parse(SECRET).unwrap()).unwrap();
    assert!(!reads(CacheStrategy::Jwt, &token, NOW));
}

#[test]
fn r_002_a_jwt_of_another_type_is_a_miss() {
    let session: Value = serde_json::from_str(SESSION).unwrap();
    let user: Value = serde_json::from_str(USER).unwrap();
    let claims = json!({"session": session, "user": user, "updatedAt": 1, "exp": 4_102_444_800_i64});
    for (kind, expected) in [(jws::Kind::Untyped, true), (jws::Kind::AccessToken, false)] {
        let token = jws::sign(kind, &claims, &SigningSecret::parse(SECRET).unwrap()).unwrap();
        assert_eq!(reads(CacheStrategy::Jwt, &token, NOW), expected, "{kind:?}");
    }
}

#[test]
fn r_021_no_line_is_longer_than_browsers_keep() {
    let cookies = SessionCookies::new(CookieSettings::default()).unwrap();
    let nobody = RequestCookies::parse([]);
    let lines = |length: usize, request: &RequestCookies| -> Vec<String> {
        let cached = CachedValue { value: "v".repeat(length), max_age: MaxAge::new(Duration::minutes(5)) };
        cookies.session_data(&cached, request).iter().map(|cookie| cookie.as_str().to_owned()).collect()
    };
    let overhead =
        "__Secure-better-auth.session_data.99=; Max-Age=300; Path=/; HttpOnly; Secure; SameSite=Lax".len();
    let limit = 4_050 - overhead;
    assert_eq!(lines(limit, &nobody).len(), 1);
    assert!(lines(limit, &nobody)[0].starts_with("__Secure-better-auth.session_data=v"));
    assert_eq!(lines(limit + 1, &nobody).len(), 2);
    assert!(lines(limit + 1, &nobody)[1].starts_with("__Secure-better-auth.session_data.1=v;"));
    let most = lines(100 * limit, &nobody);
    assert_eq!(most.len(), 100);
    assert!(most.iter().all(|line| line.len() <= 4_050));
    assert_eq!(lines(100 * limit + 1, &nobody), [""; 0]);
    // What was there before goes even where nothing takes its place.
    let request = RequestCookies::parse([&b"__Secure-better-auth.session_data.3=x"[..]]);
    let cleared = lines(100 * limit + 1, &request);
    assert_eq!(
        cleared,
        ["__Secure-better-auth.session_data.3=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax"]
    );
}

#[test]
fn r_020_each_name_is_written_once_and_stale_ones_are_removed_first() {
    let cookies = SessionCookies::new(CookieSettings { secure: false, ..CookieSettings::default() }).unwrap();
    let header =
        b"better-auth.session_data.5=e; better-auth.session_data.1=b; x=1; better-auth.session_data=a";
    let request = RequestCookies::parse([&header[..]]);
    let names = |length: usize| {
        let cached = CachedValue { value: "v".repeat(length), max_age: None };
        let lines = cookies.session_data(&cached, &request);
        let short = |cookie: &SetCookie| {
            let (name, rest) =
                cookie.as_str().strip_prefix("better-auth.session_data").unwrap().split_once('=').unwrap();
            format!("{name}{}", if rest.starts_with(';') { " removed" } else { "" })
        };
        lines.iter().map(short).collect::<Vec<_>>()
    };
    assert_eq!(names(1), [".5 removed", ".1 removed", ""]);
    // The reference too keeps a name that is written anew in its place among the old ones.
    assert_eq!(names(5_000), [".5 removed", ".1", " removed", ".0"]);
}

#[test]
fn chunks_are_read_by_number_and_by_the_strict_rules() {
    let cookies = SessionCookies::new(CookieSettings { secure: false, ..CookieSettings::default() }).unwrap();
    let check = |header: &str, expected: Option<&str>| {
        let header = header.replace('$', "better-auth.session_data");
        let request = RequestCookies::parse([header.as_bytes()]);
        assert_eq!(cookies.read_session_data(&request).as_deref(), expected, "{header}");
    };
    check("", None);
    check("$=", None);
    check("$=whole; $.0=a", Some("whole"));
    check("$=; $.0=a; $.1=b", Some("ab"));
    check("$.10=c; $.2=b; $.0=a", Some("abc"));
    check("$.0=first; $.0=last", Some("last"));
    check("$.0=a; $.00=x; $.01=x; $.1x=x; $.=x; $.-1=x; $.+1=x; $.1.0=x; $.100=x; $x=x", Some("a"));
    check("$.0=\"a\"; $.1=\"b; $.2=c", Some("ac"));
    check("$.0=a\\; $.1=b", Some("b"));
    check("\t$.0 = a\t; $.1\u{b}=b", Some("a"));
    check("$.0=%41%zz", Some("%41%zz"));
    check("$.0=%41, b", Some("A, b"));
    check("$.0=é; $.1=b", Some("b"));
}
