//! Finds PostgreSQL's programs and runs private clusters of them, for development and tests.
//!
//! ```no_run
//! # fn main() -> Result<(), dev_postgres::Error> {
//! use dev_postgres::{Cluster, ClusterOptions};
//!
//! let cluster = Cluster::start(ClusterOptions::throw_away_in("target/postgres"))?;
//! println!("{}", cluster.url("postgres"));
//! # Ok(())
//! # }
//! ```
//!
//! A cluster belongs to the process that started it: it listens on a Unix socket only that process's user (and root)
//! can reach, stops when its [`Cluster`] is dropped, and, where `setpriv` exists, is ended by the kernel when its
//! process dies by any other way. It runs in a process group of its own, so Ctrl-C reaches the parent alone and the
//! parent decides the order in which things stop.
//!
//! PostgreSQL refuses to run as root. When the caller is root, the database processes (and nothing else) run as the
//! owner of the project's folder, or as `postgres`, or as `nobody`: see [`Account`].
//!
//! # Layout of a cluster's folder
//!
//! | entry | owner | what |
//! |---|---|---|
//! | `lock` | caller | locked for as long as a process uses the folder; the kernel frees it, so it cannot be stale |
//! | `log` | caller | the server's messages since the last start |
//! | `data/` | database | PostgreSQL's data directory |
//! | `socket/` | database | the Unix socket, unless the path is too long for one; then a folder under `/tmp` |
//! | `tls/` | database | copies of certificate and key, when TLS is on |
//!
//! # What this crate leaves to others
//!
//! It speaks no SQL and opens no connection: databases, roles and migrations are the caller's. It uses the standard
//! library alone; signals go through `/bin/sh`, whose built-in `kill` is on every Unix. Windows is not supported.

mod account;
mod binaries;
mod cluster;
mod error;
mod folder;
mod keeper;
mod postmaster;
pub mod process;

pub use account::Account;
pub use binaries::Binaries;
pub use cluster::options::{ClusterOptions, Durability, Tcp, TlsFiles};
pub use cluster::{Cluster, StopMode};
pub use error::Error;
pub use folder::{erase, reachable_folder, sweep, throw_away_parent};

/// Where progress goes: called with one sentence, without a full stop, before each step that takes time and whenever
/// something is done that the caller may not expect.
pub type Progress<'a> = &'a mut dyn FnMut(&str);
