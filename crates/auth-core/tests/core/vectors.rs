//! What Better Auth 1.7.25 and common Python packages computed, reproduced or accepted; see `tests/vectors/README.md`.

use auth_core::signed_value;
use auth_core::{
    BearerCookie, BearerPlugin, CookieAttributes, Email, EmailTokenPurpose, EmailTokens, Hasher, MaxAge,
    Password, RequestCookies, SameSite, SessionToken, SigningSecret, StoredHash, UserId, VerifyError,
    VersionedSecrets, jws, set_cookie_text,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

macro_rules! vectors {
    ($name:literal) => {
        serde_json::from_str(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/vectors/",
            $name,
            ".json"
        )))
        .expect($name)
    };
}

mod cookie_cache;
mod symmetric;

#[derive(Deserialize)]
struct Now {
    ms: i64,
}

impl Now {
    fn at(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(self.ms)
    }
}

fn secret(text: &str) -> SigningSecret {
    SigningSecret::parse(text).unwrap()
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Attributes {
    max_age: Option<f64>,
    domain: Option<String>,
    path: String,
    http_only: bool,
    secure: bool,
    same_site: Option<String>,
    partitioned: bool,
}

impl From<Attributes> for CookieAttributes {
    fn from(from: Attributes) -> Self {
        let same_site = from.same_site.map(|name| match name.as_str() {
            "lax" => SameSite::Lax,
            "strict" => SameSite::Strict,
            "none" => SameSite::None,
            other => panic!("{other}"),
        });
        Self {
            max_age: from.max_age.map(|seconds| MaxAge::new(Duration::seconds_f64(seconds)).unwrap()),
            domain: from.domain,
            path: from.path,
            http_only: from.http_only,
            secure: from.secure,
            same_site,
            partitioned: from.partitioned,
        }
    }
}

#[test]
fn signed_cookies() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        value: String,
        secret: String,
        attributes: Attributes,
        signature_base64: String,
        set_cookie: String,
    }
    let cases: Vec<Case> = vectors!("signed_cookies");
    assert_eq!(cases.len(), 7);
    for case in cases {
        let secret = secret(&case.secret);
        let signed = signed_value::sign(&case.value, &secret);
        assert_eq!(signed, format!("{}.{}", case.value, case.signature_base64));
        assert_eq!(set_cookie_text(&case.name, &signed, &case.attributes.into()), case.set_cookie);
        let read = RequestCookies::parse([case.set_cookie.as_bytes()]).get(&case.name).unwrap();
        assert_eq!(signed_value::verify(&read, &secret), Some(case.value.as_str()));
    }
}

#[test]
fn unsigned_cookies() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        value: String,
        attributes: Attributes,
        set_cookie: String,
    }
    let cases: Vec<Case> = vectors!("unsigned_cookies");
    assert_eq!(cases.len(), 2);
    for case in cases {
        assert_eq!(set_cookie_text(&case.name, &case.value, &case.attributes.into()), case.set_cookie);
    }
}

#[test]
fn signed_cookie_reading() {
    #[derive(Deserialize)]
    struct Group {
        secret: String,
        cases: Vec<Case>,
    }
    #[derive(Deserialize)]
    struct Case {
        case: String,
        cookie_header: String,
        signed_value: Value,
    }
    let group: Group = vectors!("signed_cookie_reading");
    assert_eq!(group.cases.len(), 11);
    for Case { case, cookie_header, signed_value } in group.cases {
        let text =
            RequestCookies::parse([cookie_header.as_bytes()]).get("better-auth.session_token").unwrap();
        let value = signed_value::verify(&text, &secret(&group.secret));
        assert_eq!(value, signed_value.as_str(), "{case}");
    }
}

#[test]
fn bearer() {
    #[derive(Deserialize)]
    struct Group {
        secret: String,
        set_cookie: String,
        #[serde(rename = "set-auth-token")]
        set_auth_token: String,
        sign_in_body_token: String,
        cases: Vec<Case>,
    }
    #[derive(Deserialize)]
    struct Case {
        label: String,
        authorization: String,
        authenticated: bool,
        #[serde(default)]
        clears_cookies: bool,
    }
    let group: Group = vectors!("bearer");
    assert_eq!(group.cases.len(), 12);
    let secret = secret(&group.secret);
    let cookie = RequestCookies::parse([group.set_cookie.as_bytes()]).get("better-auth.session_token");
    assert_eq!(cookie, Some(group.set_auth_token));
    let living = SessionToken::parse(&group.sign_in_body_token).unwrap();
    for Case { label, authorization, authenticated, clears_cookies } in group.cases {
        let read = BearerPlugin { require_signature: false }.read(authorization.as_bytes(), &secret);
        let token = match read {
            Some(BearerCookie::Token(token)) => Some(token),
            _ => None,
        };
        let lives = token.as_ref().is_some_and(|token| token.constant_time_eq(&living));
        assert_eq!(lives, authenticated, "{label}");
        // Cookies are cleared where a session was looked for and not found.
        assert_eq!(token.is_some() && !lives, clears_cookies, "{label}");
    }
}

#[test]
fn cookie_headers() {
    #[derive(Deserialize)]
    struct Case {
        cookie_header: String,
        cookies: Vec<(String, String)>,
    }
    let cases: Vec<Case> = vectors!("cookie_headers");
    assert_eq!(cases.len(), 53);
    for Case { cookie_header, cookies } in cases {
        // Node hands a header over as Latin-1, one character for each byte.
        let bytes: Vec<u8> = cookie_header.chars().map(|c| u8::try_from(c).unwrap()).collect();
        let read = RequestCookies::parse([bytes.as_slice()]);
        let mut names: Vec<&str> = read.names().collect();
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(*name));
        assert_eq!(names.len(), cookies.len(), "{cookie_header:?}");
        for (name, value) in cookies {
            assert_eq!(read.get(&name), Some(value), "{cookie_header:?}");
        }
    }
}

#[test]
fn r_036_password_hashes_of_the_reference() {
    #[derive(Deserialize)]
    struct Case {
        label: String,
        hash: String,
        verify: Vec<Candidate>,
    }
    #[derive(Deserialize)]
    struct Candidate {
        candidate: String,
        ok: bool,
    }
    let cases: Vec<Case> = vectors!("password_hashes");
    assert_eq!(cases.len(), 6);
    for case in cases {
        let stored = StoredHash::from_stored(case.hash);
        for Candidate { candidate, ok } in case.verify {
            let verified = Hasher::default().verify(&Password::new(candidate.as_str()), &stored);
            assert_eq!(verified, Ok(ok), "{}: {candidate:?}", case.label);
        }
    }
}

#[test]
fn password_hashes_of_python_packages() {
    #[derive(Deserialize)]
    struct Case {
        made_by: String,
        password: String,
        hash: String,
    }
    let cases: Vec<Case> = vectors!("python_password_hashes");
    assert_eq!(cases.len(), 21);
    for Case { made_by, password, hash } in cases {
        let stored = StoredHash::from_stored(hash.as_str());
        let verify = |text: String| Hasher::default().verify(&Password::new(text), &stored);
        assert_eq!(verify(password.clone()), Ok(true), "{made_by}: {hash}");
        assert_eq!(verify(format!("x{password}")), Ok(password.starts_with("xxx")), "{made_by}: {hash}");
    }
}

#[test]
fn hs256_jwt() {
    #[derive(Deserialize)]
    struct Group {
        now: Now,
        cases: Vec<Case>,
    }
    #[derive(Deserialize)]
    struct Case {
        payload: Map<String, Value>,
        secret: String,
        expires_in: i64,
        token: String,
    }
    #[derive(Serialize)]
    struct Claims {
        #[serde(flatten)]
        payload: Map<String, Value>,
        iat: i64,
        exp: i64,
    }
    let group: Group = vectors!("hs256_jwt");
    assert_eq!(group.cases.len(), 3);
    let iat = group.now.at().unix_timestamp();
    for case in group.cases {
        let claims = Claims { payload: case.payload.clone(), iat, exp: iat + case.expires_in };
        let token = jws::sign(jws::Kind::Untyped, &claims, &secret(&case.secret)).unwrap();
        assert_eq!(token, case.token);
        let verified = jws::verify(&case.token, &secret(&case.secret)).unwrap();
        assert_eq!(verified.typ, None);
        assert!(case.payload.iter().all(|(name, value)| verified.claims.get(name) == Some(value)));
    }
}

#[test]
fn email_verification_tokens() {
    #[derive(Deserialize)]
    struct Group {
        now: Now,
        secret: String,
        cases: Vec<Case>,
    }
    #[derive(Deserialize)]
    struct Case {
        email_in: String,
        update_to: Option<String>,
        extra: Map<String, Value>,
        expires_in: Option<i64>,
        token: String,
    }
    let group: Group = vectors!("email_verification_tokens");
    assert_eq!(group.cases.len(), 2);
    let now = group.now.at();
    for case in group.cases {
        let ttl = case.expires_in.map_or(EmailTokens::DEFAULT_TTL, Duration::seconds);
        let tokens = EmailTokens::new(secret(&group.secret), ttl);
        let email = Email::parse(&case.email_in).unwrap();
        let user_id = case.extra.get("userId").and_then(Value::as_str).map(UserId::from_stored);
        let update_to = case.update_to.map(|text| Email::parse(&text).unwrap());
        let purpose = match (update_to, case.extra.get("requestType").and_then(Value::as_str)) {
            (None, None) => EmailTokenPurpose::Verify,
            (Some(update_to), Some("change-email-verification")) => {
                EmailTokenPurpose::VerifyChange { update_to }
            }
            other => panic!("{other:?}"),
        };
        let token = tokens.issue(&email, &purpose, user_id.as_ref(), now).unwrap();
        assert_eq!(*token.expose(), case.token);
        match (user_id, tokens.verify(&case.token, now)) {
            (Some(user_id), Ok(claims)) => {
                assert_eq!((claims.email, claims.purpose), (email, purpose));
                assert_eq!(claims.user_id, Some(user_id));
            }
            // The reference makes this one too and refuses it at its use: a change that names no user.
            (None, Err(VerifyError::MissingClaim { name: "userId" })) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn r_057_emails() {
    #[derive(Deserialize)]
    struct Case {
        email: String,
        valid: bool,
    }
    let cases: Vec<Case> = vectors!("emails");
    assert_eq!(cases.len(), 34);
    for Case { email, valid } in cases {
        assert_eq!(Email::parse(&email).is_ok(), valid, "{email:?}");
    }
}

#[test]
fn r_111_versioned_secrets() {
    #[derive(Deserialize)]
    struct Group {
        secrets_env: String,
        parsed: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        version: u64,
        value: String,
    }
    let group: Group = vectors!("versioned_secrets");
    let secrets = VersionedSecrets::parse(&group.secrets_env).unwrap();
    assert_eq!(secrets.iter().count(), group.parsed.len());
    for (entry, expected) in secrets.iter().zip(&group.parsed) {
        assert_eq!(entry.version, expected.version);
        // The text is not to be read back, so the two are compared by what they sign.
        let signed = signed_value::sign("x", &secret(&expected.value));
        assert_eq!(signed_value::verify(&signed, &entry.secret), Some("x"));
    }
    assert_eq!(
        signed_value::sign("x", secrets.current()),
        signed_value::sign("x", &secret(&group.parsed[0].value))
    );
}

#[cfg(feature = "josekit")]
#[test]
fn jwe() {
    use auth_core::jwe::{JweKeys, Use};

    #[derive(Deserialize)]
    struct Group {
        now: Now,
        cases: Vec<Case>,
        versioned: Versioned,
    }
    #[derive(Deserialize)]
    struct Case {
        secret: String,
        salt: String,
        kid: String,
        token: String,
        payload: Map<String, Value>,
    }
    #[derive(Deserialize)]
    struct Versioned {
        secrets_env: String,
        token: String,
    }
    let group: Group = vectors!("jwe");
    assert_eq!(group.cases.len(), 3);
    let now = group.now.at();
    for case in group.cases {
        let r#use = match case.salt.as_str() {
            "better-auth-session" => Use::SessionCache,
            "better-auth-account" => Use::AccountCookie,
            other => panic!("{other}"),
        };
        let keys = JweKeys::derive(&VersionedSecrets::single(secret(&case.secret)), r#use);
        assert_eq!(keys.decrypt(&case.token, now).unwrap(), case.payload);
        let header = |token: &str| token.split('.').next().unwrap().to_owned();
        let own = keys.encrypt(&Map::new(), Duration::minutes(5), now, &mut rand::rng()).unwrap();
        assert_eq!(header(&own), header(&case.token), "{}", case.kid);
    }
    let secrets = VersionedSecrets::parse(&group.versioned.secrets_env).unwrap();
    let keys = JweKeys::derive(&secrets, Use::SessionCache);
    assert!(keys.decrypt(&group.versioned.token, now).is_ok());
}
