//! Cookies as Better Auth reads and writes them (Better Auth core §7).
//!
//! [`RequestCookies`] reads what a client sent, [`set_cookie_text`] writes a `Set-Cookie` line in the
//! reference's attribute order, and [`SessionCookies`] knows the names and contents of the cookies that
//! carry a session. The last one is what servers want; it signs nothing but session tokens and one fixed
//! text. [`BearerPlugin`] takes what clients without cookies send instead.

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
