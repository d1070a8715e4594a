//! Cookies as Better Auth reads and writes them (Better Auth core §7).
//!
//! [`RequestCookies`] parses the `Cookie` header. [`set_cookie_text`] formats a `Set-Cookie` value with the
//! attributes in Better Auth's order. [`SessionCookies`] knows the names and contents of the cookies that
//! carry a session; it is the type that most servers need, and it signs only session tokens and one fixed
//! text. [`BearerPlugin`] reads the session token that clients without cookies send in the `Authorization`
//! header.

mod bearer;
mod percent;
mod request;
mod session;
mod set_cookie;
mod settings;

pub use bearer::{BearerCookie, BearerPlugin};
pub use percent::{decode_uri_component, encode_uri_component};
pub use request::RequestCookies;
pub use session::{SessionCookies, SessionTokenCookie};
pub use set_cookie::{CookieAttributes, MaxAge, SameSite, SetCookie, set_cookie_text};
pub use settings::{AttributeOverrides, CookieOverrides, CookieSettings, CookieSettingsError};
