//! How entities look to clients: JSON in camelCase, members in the reference's order.
//!
//! Only these types are serialised; entities and rows never are, so a new column is not shown to
//! clients until somebody adds it here.

mod additional;
mod envelope;
mod error_code;
mod session;
mod timestamp;
mod user;

pub use envelope::{AccessTokenBody, SessionEnvelope, SignInBody, TokenAndUserBody};
pub use error_code::ErrorCode;
pub use session::SessionBody;
pub use timestamp::{Timestamp, to_milliseconds};
pub use user::UserBody;
