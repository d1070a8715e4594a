//! Authentication for every Rust service that shares `BETTER_AUTH_SECRET`: Better Auth's tokens, cookies and
//! passwords, without a socket, a clock or an async runtime.
//!
//! # Authenticating a caller with the secret alone
//!
//! A client without cookies sends an access token:
//!
//! ```
//! # use auth_core::*;
//! # use time::macros::datetime;
//! # let text = "an example secret of 48 characters, or some such";
//! # let now = datetime!(2030-01-15 12:00 UTC);
//! # let user = User { id: UserId::from_stored("u1"), name: "Ann".into(), email: Email::parse("ann@example.com")?,
//! #     email_verified: true, image: None, created_at: now, updated_at: now,
//! #     additional: AdditionalValues::default() };
//! # let session = Session { id: SessionId::from_stored("s1"), token: SessionToken::generate(&mut rand::rng()),
//! #     user_id: user.id.clone(), expires_at: now + time::Duration::days(7), created_at: now, updated_at: now,
//! #     ip_address: None, user_agent: None, additional: AdditionalValues::default() };
//! # let issuer = AccessTokenIssuer::new(AccessTokenPolicy::new("https://auth.example.com"), SigningSecret::parse(text)?);
//! # let issued = issuer.issue(&UserSession { user, session }, now, &mut rand::rng())?;
//! # let (token, environment) = (issued.token.expose(), text);
//! let secret = SigningSecret::parse(environment)?;
//! let verifier = AccessTokenVerifier::new(&AccessTokenPolicy::new("https://auth.example.com"), secret);
//! let caller = verifier.verify(token, now)?;
//! assert_eq!(caller.user_id.as_str(), "u1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A browser sends a cookie that Better Auth or this server has signed. The session token in it finds the
//! session in the database:
//!
//! ```
//! # use auth_core::*;
//! # let header = "theme=dark; better-auth.session_token=f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3.MBCaKrPY3C0cAy2QSlRajAwGPhBUJHEQIGGIMK7tY%2B0%3D";
//! # let environment = "test-secret-0123456789-abcdefghijklmnopqrstuvwxyz";
//! let secret = SigningSecret::parse(environment)?;
//! let cookies = SessionCookies::new(CookieSettings { secure: false, ..CookieSettings::default() })?;
//! let request = RequestCookies::parse([header.as_bytes()]);
//! let token = cookies.read_session_token(&request, &secret);
//! assert_eq!(token.as_ref().map(SessionToken::expose), Some("f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Overview
//!
//! | task | types |
//! |---|---|
//! | authenticate a caller | [`Verifier`], [`Authenticator`] |
//! | hold the secret | [`SigningSecret`], [`VersionedSecrets`] |
//! | issue and check access tokens | [`AccessTokenIssuer`], [`AccessTokenVerifier`] |
//! | accept another service's tokens | [`ForeignTokenVerifier`] |
//! | verify e-mail addresses | [`EmailTokens`] |
//! | read and write session cookies | [`RequestCookies`], [`SessionCookies`] |
//! | avoid most session reads from the database | [`CookieCache`], `KeyedCookieCache` with public keys |
//! | hash and check passwords | [`Hasher`], [`PasswordPolicy`] |
//! | issue and verify tokens with public keys | `JwtIssuer`, `JwtVerifier`, `JwkSet`, [`StoredKey`] |
//! | encrypt texts in the database | [`SymmetricKeys`] |
//! | decide when sessions expire and when they are extended | [`SessionPolicy`] |
//! | declare additional fields, read them from bodies | [`AdditionalFields`] |
//! | serialize entities for clients | [`wire`] |
//!
//! Three items are for programs that share the database or the secret; no route of `auth-server` uses them
//! yet: [`EmailTokens`], [`SymmetricKeys`] and [`Verification::hashed_identifier`].
//!
//! # Invariants
//!
//! 1. **Time and randomness are arguments.** Nothing here reads a clock or an entropy source, so each rule
//!    can be tested at its boundary. (One exception: OpenSSL draws the randomness of new key pairs.)
//! 2. **One key, separate readers.** Better Auth signs cookies, e-mail tokens and caches with one secret.
//!    Each reader here accepts its own kind and refuses every other. `tests/core/tokens/kinds.rs` tests each
//!    kind with each reader.
//! 3. **Nothing is signed because a client sent it.** Session tokens may be signed because their alphabet is
//!    restricted, one text because it is fixed, and claims because this crate writes their header.
//!    [`signed_value::sign`] and [`jws::sign`] document what they are for.
//! 4. **Signature first.** The MAC of a token is compared in constant time before any of its JSON is read.
//!    Type, times, issuer and audience follow. A claim of the wrong type is an error and does not count as
//!    absent. (One exception: Better Auth's compact cookie cache has a MAC over parsed JSON, see
//!    [`CookieCache`].)
//! 5. **Secrets do not print.** [`Secret`] and the types that hold one have a redacted `Debug`, no `Display`,
//!    no `Serialize`, and are wiped when dropped. No error quotes its input.
//! 6. **No input panics.** Malformed tokens, cookies, headers, dates and stored hashes are refused. Stored
//!    hashes are also refused if they would cost too much to verify.
//!
//! # Features
//!
//! | feature | gives | needs |
//! |---|---|---|
//! | none | authentication by tokens, signed cookies and the cookie cache, in pure Rust | |
//! | `passwords` | [`Hasher`], [`PasswordPolicy`] and related types | |
//! | `encryption` | [`SymmetricKeys`] | |
//! | `josekit` | `jwe`: the encrypted cookie cache and account cookie; [`JwtVerifier`], [`JwkSet`], [`KeyedCookieCache`]: tokens and cookie caches with public keys; enables `encryption` | OpenSSL |
//! | `testing` | module `testing`: users with credentials, for the tests of services | |

mod access_token;
#[cfg(feature = "passwords")]
mod account;
mod additional;
mod authenticator;
mod base64url;
mod base_url;
mod bearer;
mod claims;
pub mod constant_time;
mod cookie;
mod cookie_cache;
mod credential_source;
mod credentials;
mod email;
mod email_token;
mod fields;
mod foreign_token;
mod host_port;
mod id;
mod identifier;
#[cfg(feature = "josekit")]
pub mod jwe;
#[cfg(feature = "josekit")]
mod jwk;
#[cfg(feature = "josekit")]
mod jwks;
pub mod jws;
#[cfg(feature = "josekit")]
mod jwt;
#[cfg(feature = "josekit")]
mod key_pair;
#[cfg(feature = "josekit")]
mod key_source;
mod lookup;
mod mac;
mod numeric_date;
#[cfg(feature = "passwords")]
mod password;
mod principal;
mod random;
mod refusal;
mod secret;
mod session;
mod session_token;
pub mod signed_value;
mod signing_secret;
mod stored_key;
#[cfg(feature = "encryption")]
mod symmetric;
#[cfg(feature = "testing")]
pub mod testing;
mod user;
mod user_session;
mod verification;
mod verifier;
pub mod wire;
#[cfg(test)]
mod wycheproof;

pub use access_token::{
    AccessClaims, AccessTokenIssuer, AccessTokenPolicy, AccessTokenVerifier, IssueError, IssuedAccessToken,
};
#[cfg(feature = "passwords")]
pub use account::{Account, CREDENTIAL_PROVIDER};
pub use additional::{AdditionalValues, FieldValue, JsonText, ParseJsonError, Visibility};
pub use authenticator::Authenticator;
pub use base_url::{BaseUrl, ParseBaseUrlError};
pub use bearer::Bearer;
pub use claims::{ISSUED_AT_LEEWAY, NOT_BEFORE_LEEWAY, VerifyError};
pub use cookie::{
    AttributeOverrides, BearerCookie, BearerPlugin, CookieAttributes, CookieOverrides, CookieSettings,
    CookieSettingsError, MaxAge, RequestCookies, SameSite, SessionCookies, SessionTokenCookie, SetCookie,
    decode_uri_component, encode_uri_component, set_cookie_text,
};
#[cfg(feature = "josekit")]
pub use cookie_cache::{CACHE_EXPIRY_LEEWAY, CookieCacheMiss, KeyedCookieCache};
pub use cookie_cache::{CacheStrategy, CachedValue, CookieCache, CookieCacheError, CookieCachePolicy};
pub use credential_source::CredentialSource;
pub use credentials::Credentials;
pub use email::{Email, ParseEmailError};
pub use email_token::{EmailClaims, EmailTokenPurpose, EmailTokens};
pub use fields::{
    AdditionalFields, DeclarationError, DeclarationProblem, DeclaredFields, FieldChanges, FieldDeclaration,
    FieldInputError, FieldKind, FieldOwner, MistypedField,
};
pub use foreign_token::{ForeignClaims, ForeignTokenVerifier};
pub use host_port::HostPort;
pub use id::{AccountId, ID_LENGTH, KeyId, RateLimitId, SessionId, UserId, VerificationId};
pub use identifier::{IDENTIFIER_MAX_BYTES, is_identifier};
#[cfg(feature = "josekit")]
pub use jwk::{JwsAlgorithm, ParseJwkError, PublicJwk};
#[cfg(feature = "josekit")]
pub use jwks::{JwkSet, Kid, MAX_DOCUMENT_BYTES, ParseJwkSetError, VerificationKey};
#[cfg(feature = "josekit")]
pub use jwt::{JwtClaims, JwtIssueError, JwtIssuer, JwtPayload, JwtPolicy, JwtVerifier};
#[cfg(feature = "josekit")]
pub use key_pair::{DEFAULT_RSA_BITS, KeyPair, KeyPairError, PrivateJwk, RSA_BITS, SigningKey};
#[cfg(feature = "josekit")]
pub use key_source::{KeySource, UnconfirmedCopy, UnconfirmedJwt};
pub use lookup::{ForwardedHeader, SessionKey, SessionLookup, UnconfirmedSession};
#[cfg(feature = "passwords")]
pub use password::{
    Argon2idParams, Argon2idParamsError, HashError, Hasher, MalformedHash, Password, PasswordLengthError,
    PasswordPolicy, PasswordPolicyError, Scheme, StoredHash,
};
pub use principal::{Principal, Proof, Role};
pub use refusal::{Refusal, ShownBy};
pub use secret::Secret;
pub use session::{Refresh, Remember, Session, SessionPolicy};
pub use session_token::SessionToken;
pub use signed_value::UnsignableToken;
pub use signing_secret::{
    SigningSecret, SigningSecretError, VersionedSecret, VersionedSecrets, VersionedSecretsError,
};
pub use stored_key::StoredKey;
#[cfg(feature = "encryption")]
pub use symmetric::{Purpose, SymmetricError, SymmetricKeys};
pub use user::User;
pub use user_session::UserSession;
pub use verification::Verification;
pub use verifier::{Verdict, Verifier, VerifierError};

/// Compiles the code of the READMEs as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct RepositoryReadme;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
