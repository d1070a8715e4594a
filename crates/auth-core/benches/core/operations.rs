//! The measured operations. All use the same user, session and secret, and keys that are created beforehand,
//! as in a server.
//!
//! The program that compares with other libraries (`crates/auth-core/compare`) measures these operations too.

use auth_core::{
    AccessClaims, AccessTokenIssuer, AccessTokenPolicy, AccessTokenVerifier, AdditionalValues, CacheStrategy,
    CachedValue, CookieCache, CookieCachePolicy, CookieSettings, Email, IssuedAccessToken, MaxAge, Remember,
    RequestCookies, Session, SessionCookies, SessionId, SessionToken, SigningSecret, User, UserId,
    UserSession, VersionedSecrets, signed_value,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// The time of every operation. It lies in the future, so that libraries which read the system clock find no
/// token expired.
pub const NOW: OffsetDateTime = datetime!(2035-01-15 12:34:56.789 UTC);

/// Used by these benchmarks only.
pub const SECRET: &str = "bench-only-secret-4Jd8KvWq2RzT6mXc9PnB";

/// The `iss` of the access tokens.
pub const ISSUER: &str = "https://auth.example.com";

/// The inputs of all operations, created once.
pub struct Operations {
    issuer: AccessTokenIssuer,
    verifier: AccessTokenVerifier,
    secret: SigningSecret,
    cookies: SessionCookies,
    caches: [(CookieCache, String); 3],
    principal: UserSession,
    access_token: String,
    cookie_header: String,
    signed_token: String,
}

/// The strategy of a cookie cache.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// JSON with a MAC.
    Compact,
    /// A JWT signed with HS256.
    Jwt,
    /// An encrypted JWE.
    Jwe,
}

impl Form {
    fn strategy(self) -> CacheStrategy {
        match self {
            Self::Compact => CacheStrategy::Compact,
            Self::Jwt => CacheStrategy::Jwt,
            Self::Jwe => CacheStrategy::Jwe,
        }
    }
}

impl Operations {
    /// Creates a signed-in user and the user's tokens and cookies.
    pub fn signed_in() -> Self {
        let secret = SigningSecret::parse(SECRET).expect("a good secret");
        let policy = AccessTokenPolicy::new(ISSUER);
        let issuer = AccessTokenIssuer::new(policy.clone(), secret.clone());
        let cookies = SessionCookies::new(CookieSettings::default()).expect("the defaults");
        let principal = principal();
        let access_token = issuer.issue(&principal, NOW, &mut rand::rng()).expect("a live session").token;
        let token = &principal.session.token;
        let signed_token = signed_value::sign_session_token(token, &secret).expect("letters and digits");
        let set = cookies.session_token(token, None, &secret).expect("letters and digits");
        let (cookie, _attributes) = set.as_str().split_once(';').expect("attributes");
        let caches = [Form::Compact, Form::Jwt, Form::Jwe].map(|form| {
            let cache = cache(form, &secret);
            let value =
                cache.write(&principal, Remember::Persistent, NOW, &mut rand::rng()).expect("written").value;
            (cache, value)
        });
        Self {
            verifier: AccessTokenVerifier::new(&policy, secret.clone()),
            issuer,
            cookie_header: format!("theme=dark; {cookie}; _ga=GA1.1.1234567890.1700000000"),
            cookies,
            caches,
            principal,
            access_token: access_token.expose().clone(),
            signed_token,
            secret,
        }
    }

    /// The access token that `verify_access_token` verifies.
    pub fn access_token(&self) -> &str {
        &self.access_token
    }

    /// The cookie cache value that `read_cache` reads.
    pub fn cached(&self, form: Form) -> &str {
        let [compact, jwt, jwe] = &self.caches;
        match form {
            Form::Compact => &compact.1,
            Form::Jwt => &jwt.1,
            Form::Jwe => &jwe.1,
        }
    }

    fn cache(&self, form: Form) -> &CookieCache {
        let [compact, jwt, jwe] = &self.caches;
        match form {
            Form::Compact => &compact.0,
            Form::Jwt => &jwt.0,
            Form::Jwe => &jwe.0,
        }
    }

    /// Verifies an HS256 access token: signature, `typ`, times, issuer, and the JSON type of every claim.
    pub fn verify_access_token(&self) -> AccessClaims {
        self.verifier.verify(&self.access_token, NOW).expect("a good token")
    }

    /// Issues an HS256 access token for a session and its user.
    pub fn issue_access_token(&self) -> IssuedAccessToken {
        self.issuer.issue(&self.principal, NOW, &mut rand::rng()).expect("a live session")
    }

    /// Verifies the value of the session cookie and returns the session token.
    pub fn verify_signed_cookie(&self) -> SessionToken {
        signed_value::verify_session_token(&self.signed_token, &self.secret).expect("a good cookie")
    }

    /// Reads the session token from a `Cookie` header with three cookies.
    pub fn read_cookie_header(&self) -> SessionToken {
        let request = RequestCookies::parse([self.cookie_header.as_bytes()]);
        self.cookies.read_session_token(&request, &self.secret).expect("a good cookie")
    }

    /// Reads session and user from a cookie cache value.
    pub fn read_cache(&self, form: Form) -> UserSession {
        let read = self.cache(form).read(self.cached(form), &self.principal.session.token, NOW);
        read.expect("a good value")
    }

    /// Writes a cookie cache value for a session and its user.
    pub fn write_cache(&self, form: Form) -> CachedValue {
        self.cache(form).write(&self.principal, Remember::Persistent, NOW, &mut rand::rng()).expect("written")
    }

    /// Computes only the MAC of the session cookie's value, with the `hmac` crate.
    pub fn bare_mac_of_cookie(&self) -> [u8; 32] {
        bare_mac(self.principal.session.token.expose().as_bytes())
    }

    /// Computes only the MAC of the access token's signing input, with the `hmac` crate.
    pub fn bare_mac_of_access_token(&self) -> [u8; 32] {
        let (signing_input, _signature) = self.access_token.rsplit_once('.').expect("a token");
        bare_mac(signing_input.as_bytes())
    }
}

/// Computes HMAC-SHA256 as the `hmac` crate's own example does.
fn bare_mac(message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn cache(form: Form, secret: &SigningSecret) -> CookieCache {
    let policy = CookieCachePolicy {
        strategy: form.strategy(),
        max_age: MaxAge::new(CookieCachePolicy::DEFAULT_MAX_AGE).expect("within 400 days"),
        version: CookieCachePolicy::DEFAULT_VERSION.to_owned(),
    };
    CookieCache::new(policy, &VersionedSecrets::single(secret.clone()))
}

fn principal() -> UserSession {
    let user_id = UserId::from_stored("GuQnjEMMRQoMptS0rTTOyyz3dvkLjybW");
    let signed_in_at = NOW - Duration::hours(1);
    UserSession {
        user: User {
            id: user_id.clone(),
            name: "Ann Example".to_owned(),
            email: Email::parse("ann@example.com").expect("an address"),
            email_verified: true,
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
            ip_address: Some("203.0.113.9".to_owned()),
            user_agent: Some(
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
            ),
            additional: AdditionalValues::default(),
        },
    }
}
