//! The settings of sessions: their life, their cookies, and the access tokens that stand for them.

mod access_token;
mod cookies;
mod session;

pub use access_token::AccessTokenSettings;
pub use cookies::CookiesSettings;
pub use session::{AnonymousGetSession, SessionSettings};
