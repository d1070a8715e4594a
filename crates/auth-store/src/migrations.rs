//! Bringing a database to the tables that the enabled features ask for, and telling how far it is from them.
//!
//! The functions take the direct address of the database (see
//! [`DatabaseUrl::for_migrations`](crate::DatabaseUrl::for_migrations)), open one connection, and work
//! on any tokio runtime, the current-thread one of a web worker included. What is asked for is a
//! [`Layout`]; the statements follow from it and from what is there. `migrations/README.md` is the
//! operator's page.

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
