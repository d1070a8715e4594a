//! What a handler may ask for.

mod body;
mod checked;
mod client;
mod credentials;
mod now;
mod query;

pub(crate) use body::{Body, MediaTypes};
pub(crate) use checked::{Checked, CheckedActing, RouteBody};
pub use credentials::Acting;
pub(crate) use credentials::{JwtVerifiers, SessionCookie};
pub(crate) use now::Now;
pub(crate) use query::SessionQuery;
