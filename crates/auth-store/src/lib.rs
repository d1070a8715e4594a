//! Better Auth's Postgres tables, read and written by Rust.
//!
//! Start at [`Store`]: one per worker, cheap to clone, and a repository per table. Every public method
//! takes and gives the types of `auth-core`; rows, SQL and connections stay inside.
//!
//! ```no_run
//! # async fn example(token: auth_core::SessionToken) -> Result<(), auth_store::StoreError> {
//! use auth_store::{DatabaseUrl, PoolSettings, Store};
//!
//! let store = Store::connect_lazily(PoolSettings::new(DatabaseUrl::parse("postgres://app@localhost/app")?))?;
//! match store.sessions().find_by_token(&token).await? {
//!     Some(principal) => println!("{}", principal.user.id),
//!     None => println!("no session"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What holds everywhere:
//!
//! - A lookup is one prepared statement with named columns. Nothing is ever formatted into SQL.
//! - `Ok(None)` means that the database answered and has no such row. An outage is
//!   [`StoreError::Unavailable`], within [`PoolSettings::operation_timeout`].
//! - Times are whole milliseconds, in and out.
//! - Ids are text, in and out. A new row has the given id where the tables keep text ([`IdKind::Text`]); else
//!   it gets one as it is stored, and what the method gives back has it.
//! - No method hashes, waits for the network beside the database, or keeps a connection afterwards.
//!
//! # Adding a repository
//!
//! One file per table: a private row type with `Queryable` and `Selectable`, a `TryFrom<Row>` that
//! destructures without `..`, `pub(crate) async fn …_on(connection, …)` functions generic over the
//! connection, and a `…Repository` whose methods choose [`read`](pool), `write` or `transaction` and
//! call them. Work across tables is a file of its own, like `registration.rs`.

mod account;
mod cleanup;
mod client;
mod connection;
pub mod database_url;
mod error;
mod fields;
mod fixed_update;
mod gates;
mod id;
mod key;
mod lookup;
pub mod migrations;
mod names;
mod oid;
pub mod pool;
pub mod pooler;
mod rate_limit;
mod recovery;
mod registration;
mod route;
mod schema;
mod session;
mod sign_in;
mod store;
pub mod tables;
#[cfg(feature = "testing")]
pub mod testing;
mod timestamp;
pub mod tls;
mod unreadable_cell;
mod user;
pub mod username;
mod verification;

pub use account::AccountRepository;
pub use cleanup::{CLEANUP_BATCH, Expiring};
pub use connection::ConnectError;
pub use database_url::{DatabaseUrl, DatabaseUrlError};
pub use error::{Cause, Outage, StoreError, constraint};
pub use gates::{Ban, UserGates, UserStanding};
pub use id::IdKind;
pub use key::KeyRepository;
pub use names::{NameProblem, TableNames};
pub use pool::{PoolSettings, PoolStatus};
pub use rate_limit::{RateLimitHit, RateLimitRepository, RateLimitVerdict};
pub use recovery::NewPassword;
pub use registration::{Address, NewRegistration, Registered};
pub use route::{Route, UnsafePooler};
pub use session::SessionRepository;
pub use sign_in::NewSignIn;
pub use store::{ConnectionReport, Store};
pub use tables::TableSet;
pub use tls::TlsError;
pub use user::UserRepository;
pub use verification::VerificationRepository;
