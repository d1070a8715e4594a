//! What every Rust service that shares `BETTER_AUTH_SECRET` needs to know who is calling.

mod access_token;
mod account;
mod base64url;
mod claims;
pub mod constant_time;
mod cookie;
mod email;
mod email_token;
mod foreign_token;
mod id;
#[cfg(feature = "josekit")]
pub mod jwe;
pub mod jws;
mod mac;
mod numeric_date;
mod password;
mod principal;
mod random;
mod secret;
mod session;
mod session_token;
pub mod signed_value;
mod signing_secret;
mod user;
mod verification;
pub mod wire;

pub use access_token::{
    AccessClaims, AccessTokenIssuer, AccessTokenPolicy, AccessTokenVerifier, IssueError, IssuedAccessToken,
};
pub use account::{Account, CREDENTIAL_PROVIDER};
pub use claims::{ISSUED_AT_LEEWAY, NOT_BEFORE_LEEWAY, VerifyError};
pub use cookie::{
    CookieAttributes, CookieSettings, CookieSettingsError, MaxAge, RequestCookies, SameSite, SessionCookies,
    decode_uri_component, encode_uri_component, set_cookie_text,
};
pub use email::{Email, ParseEmailError};
pub use email_token::{EmailClaims, EmailTokenPurpose, EmailTokens};
pub use foreign_token::{ForeignClaims, ForeignTokenVerifier};
pub use id::{AccountId, ID_LENGTH, SessionId, UserId, VerificationId};
pub use password::{
    Argon2idParams, Argon2idParamsError, HashError, Hasher, MalformedHash, Password, PasswordLengthError,
    PasswordPolicy, PasswordPolicyError, Scheme, StoredHash,
};
pub use principal::Principal;
pub use secret::Secret;
pub use session::{Refresh, Remember, Session, SessionPolicy};
pub use session_token::SessionToken;
pub use signed_value::UnsignableToken;
pub use signing_secret::{
    SigningSecret, SigningSecretError, VersionedSecret, VersionedSecrets, VersionedSecretsError,
};
pub use user::User;
pub use verification::Verification;
