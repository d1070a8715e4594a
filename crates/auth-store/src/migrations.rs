//! Creates the tables of the enabled features, and reports how a database differs from them.
//!
//! The functions take the direct address of the database (see
//! [`DatabaseUrl::for_migrations`](crate::DatabaseUrl::for_migrations)) and open one connection. They work on
//! any tokio runtime, including the current-thread runtime of a web worker. A [`Layout`] describes the
//! expected tables. The statements are derived from it and from the existing tables. `migrations/README.md`
//! is the documentation for operators.

mod change;
mod error;
pub mod fields;
mod finding;
mod layout;
mod link;
mod live;
mod record;
mod report;
mod run;
mod schema_check;

pub use crate::tables::BOOKKEEPING_TABLE;
pub use change::{Change, from_nothing};
pub use error::MigrationError;
pub use finding::{Finding, Problem, Severity};
pub use layout::Layout;
pub use record::FeatureStatus;
pub(crate) use record::pending_on;
pub use report::Drift;
pub use run::{Applied, Data, Plan, Reverted, check, down, plan, status, up};
