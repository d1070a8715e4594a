//! The settings of sessions: their lifetime, their cookies, and their access tokens.

mod access_token;
mod cookies;
mod session;

pub use access_token::AccessTokenSettings;
pub use cookies::CookiesSettings;
pub use session::{AnonymousGetSession, SessionSettings};
