//! Reads and writes Better Auth's Postgres tables.
//!
//! Start at [`Store`]: each worker has one, clones are cheap, and it has one repository per table. Public
//! methods accept and return types of `auth-core`; rows, SQL and connections are private to this crate.
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
//! Rules for the whole crate:
//!
//! - A lookup is one prepared statement with named columns. Data of a request is always bound as a parameter,
//!   never formatted into SQL.
//! - `Ok(None)` means that the database answered and has no such row. An outage is
//!   [`StoreError::Unavailable`], returned within [`PoolSettings::operation_timeout`].
//! - Times are read and written in whole milliseconds.
//! - Ids are text in the API. With [`IdKind::Text`] a new row keeps the id that the caller gives. With the
//!   other kinds a new id is generated on insert, and the method returns it.
//! - No method hashes passwords, uses the network except for the database, or holds a connection after it
//!   returns.
//!
//! # Adding a repository
//!
//! Each table has one file. It holds a private row type with `Queryable` and `Selectable`, a conversion into
//! the domain type that destructures the row without `..`, `pub(crate) async fn …_on(connection, …)`
//! functions that are generic over the connection, and a `…Repository` whose methods call them through
//! [`read`](pool), `write` or `transaction`. Work across several tables has its own file, such as
//! `registration.rs`.

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
