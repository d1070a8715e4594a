//! What a handler may ask for.

mod body;
mod checked;
mod client;
mod credentials;
mod guard;
mod now;
mod query;

pub(crate) use body::{Body, MediaTypes};
pub(crate) use checked::{Checked, CheckedActing, NoInput, RouteBody};
pub use credentials::Acting;
pub(crate) use credentials::{JwtVerifiers, SessionCookie};
pub(crate) use guard::{FreshlySignedIn, Guarded, SignedIn};
pub(crate) use now::Now;
