//! Password hashing off the request threads, bounded in cost.
//!
//! A hash takes tens of milliseconds and tens of MiB on purpose, so who may run one, and how many wait, is decided in [`queue`].

mod queue;

pub use queue::{HashingError, HashingLimits, HashingQueue};
