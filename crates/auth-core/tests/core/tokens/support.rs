//! A principal, a clock, and a signer that signs anything.

use auth_core::{
    AccessTokenIssuer, AccessTokenPolicy, AccessTokenVerifier, AdditionalValues, Email, EmailTokens,
    ForeignTokenVerifier, Session, SessionId, SessionToken, SigningSecret, User, UserId, UserSession,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// Has a fraction that a double holds exactly, so that the tables of boundaries can be written in decimals.
pub(crate) const NOW: OffsetDateTime = datetime!(2030-01-15 12:34:56.75 UTC);

/// [`NOW`] in whole seconds.
pub(crate) const NOW_SECONDS: i64 = 1_894_710_896;

pub(crate) const SECRET: &str = "test-secret-0123456789-abcdefghijklmnopqrstuvwxyz";

pub(crate) const ISSUER: &str = "https://auth.example.com";

pub(crate) fn secret() -> SigningSecret {
    SigningSecret::parse(SECRET).unwrap()
}

pub(crate) fn policy() -> AccessTokenPolicy {
    AccessTokenPolicy::new(ISSUER)
}

pub(crate) fn issuer() -> AccessTokenIssuer {
    AccessTokenIssuer::new(policy(), secret())
}

pub(crate) fn verifier() -> AccessTokenVerifier {
    AccessTokenVerifier::new(&policy(), secret())
}

pub(crate) fn foreign() -> ForeignTokenVerifier {
    ForeignTokenVerifier::new(None, secret())
}

pub(crate) fn email_tokens() -> EmailTokens {
    EmailTokens::new(secret(), EmailTokens::DEFAULT_TTL)
}

pub(crate) fn principal() -> UserSession {
    let user_id = UserId::from_stored("GuQnjEMMRQoMptS0rTTOyyz3dvkLjybW");
    let signed_in_at = NOW - Duration::hours(1);
    UserSession {
        user: User {
            id: user_id.clone(),
            name: "Ann ✓".to_owned(),
            email: Email::parse("ann@example.com").unwrap(),
            email_verified: false,
            image: None,
            created_at: signed_in_at,
            updated_at: signed_in_at,
            additional: AdditionalValues::default(),
        },
        session: Session {
            id: SessionId::from_stored("M79lP3uY9t4xXGDvyMiWZfgAWcm5obu3"),
            token: SessionToken::from_stored("f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3"),
            user_id,
            expires_at: NOW + Duration::days(7),
            created_at: signed_in_at,
            updated_at: signed_in_at,
            ip_address: None,
            user_agent: None,
            additional: AdditionalValues::default(),
        },
    }
}

/// Gives the MAC of any text under the shared secret.
pub(crate) fn mac(message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Signs a header and a payload, which may be any text.
pub(crate) fn forge(header: &str, payload: &str) -> String {
    let signing_input = format!("{}.{}", encode(header), encode(payload));
    format!("{signing_input}.{}", encode(mac(&signing_input)))
}

pub(crate) const ACCESS_HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt"}"#;
pub(crate) const EMAIL_HEADER: &str = r#"{"alg":"HS256"}"#;
pub(crate) const FOREIGN_HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// The claims that [`issuer`] writes.
pub(crate) fn access_claims() -> Map<String, Value> {
    object(json!({
        "iss": ISSUER,
        "sub": "GuQnjEMMRQoMptS0rTTOyyz3dvkLjybW",
        "sid": "M79lP3uY9t4xXGDvyMiWZfgAWcm5obu3",
        "jti": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef",
        "iat": NOW_SECONDS,
        "exp": NOW_SECONDS + 3_600,
        "email": "ann@example.com",
        "name": "Ann ✓",
        "emailVerified": false,
        "requestType": null,
    }))
}

/// The claims of another service's token.
pub(crate) fn foreign_claims() -> Map<String, Value> {
    object(json!({"sub": "u1", "exp": NOW_SECONDS + 3_600, "iat": NOW_SECONDS, "email": "ann@example.com"}))
}

/// The claims of an e-mail token.
pub(crate) fn email_claims() -> Map<String, Value> {
    object(
        json!({"email": "ann@example.com", "userId": "u1", "iat": NOW_SECONDS, "exp": NOW_SECONDS + 3_600}),
    )
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// Gives the claims with one of them set, or removed where `value` is `None`.
pub(crate) fn with(mut claims: Map<String, Value>, name: &str, value: Option<Value>) -> String {
    match value {
        Some(value) => claims.insert(name.to_owned(), value),
        None => claims.remove(name),
    };
    Value::Object(claims).to_string()
}

/// One verifier with its header, its claims and a verdict: the error's `Debug`, or nothing.
pub(crate) struct Consumer {
    pub(crate) name: &'static str,
    pub(crate) header: &'static str,
    pub(crate) claims: fn() -> Map<String, Value>,
    pub(crate) verdict: fn(&str, OffsetDateTime) -> Result<(), String>,
}

/// The three consumers of HS256 tokens.
pub(crate) const CONSUMERS: [Consumer; 3] = [
    Consumer {
        name: "access token",
        header: ACCESS_HEADER,
        claims: access_claims,
        verdict: |token, now| verifier().verify(token, now).map(drop).map_err(|error| format!("{error:?}")),
    },
    Consumer {
        name: "foreign token",
        header: FOREIGN_HEADER,
        claims: foreign_claims,
        verdict: |token, now| foreign().verify(token, now).map(drop).map_err(|error| format!("{error:?}")),
    },
    Consumer {
        name: "e-mail token",
        header: EMAIL_HEADER,
        claims: email_claims,
        verdict: |token, now| {
            email_tokens().verify(token, now).map(drop).map_err(|error| format!("{error:?}"))
        },
    },
];

impl Consumer {
    /// Gives a token that this consumer takes.
    pub(crate) fn good(&self) -> String {
        forge(self.header, &Value::Object((self.claims)()).to_string())
    }

    /// Checks the verdict on these claims under the right header: `None` is acceptance, otherwise what
    /// the error's `Debug` begins with.
    pub(crate) fn check(&self, payload: &str, expected: Option<&str>) {
        self.check_token(&forge(self.header, payload), expected, payload);
    }

    pub(crate) fn check_token(&self, token: &str, expected: Option<&str>, what: &str) {
        match ((self.verdict)(token, NOW), expected) {
            (Ok(()), None) => {}
            (Err(error), Some(expected)) if error.starts_with(expected) => {}
            (verdict, expected) => panic!("{}: {what}: {verdict:?}, not {expected:?}", self.name),
        }
    }
}
