//! What every Rust service that shares `BETTER_AUTH_SECRET` needs to know who is calling.

mod account;
mod email;
mod id;
mod password;
mod principal;
mod random;
mod secret;
mod session;
mod session_token;
mod user;
mod verification;
pub mod wire;

pub use account::{Account, CREDENTIAL_PROVIDER};
pub use email::{Email, ParseEmailError};
pub use id::{AccountId, ID_LENGTH, SessionId, UserId, VerificationId};
pub use password::StoredHash;
pub use principal::Principal;
pub use secret::Secret;
pub use session::{Refresh, Remember, Session, SessionPolicy};
pub use session_token::SessionToken;
pub use user::User;
pub use verification::Verification;
