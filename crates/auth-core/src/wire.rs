//! How entities look to clients: JSON in camelCase, members in the reference's order.
//!
//! Only these types are serialised; entities and rows never are, so a new column is not shown to
//! clients until it is added here. [`read_get_session`] goes the other way, for services that ask a server.
//! `json` is JSON to the byte as the reference has it, where a signature is over that text.

mod additional;
mod envelope;
mod error_code;
pub(crate) mod json;
mod read;
mod session;
mod timestamp;
mod truth;
mod user;

pub use envelope::{AccessTokenBody, SessionEnvelope, SignInBody, TokenAndUserBody};
pub use error_code::ErrorCode;
pub(crate) use read::{DateLike, read_entities, text};
pub use read::{ReadAnswerError, read_get_session};
pub use session::SessionBody;
pub use timestamp::{Timestamp, to_milliseconds, unix_milliseconds};
pub use truth::is_truthy;
pub use user::UserBody;
