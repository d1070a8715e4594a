//! The JSON that clients see: names in camelCase, members in Better Auth's order.
//!
//! Only these types are serialised; entities and rows never are. Clients therefore do not see a new column
//! until it is added here. [`read_get_session`] parses an answer, for services that query an auth server.
//! `json` reproduces Better Auth's JSON byte for byte, which is necessary where a signature covers the text.

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
