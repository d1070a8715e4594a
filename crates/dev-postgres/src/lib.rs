//! Finds PostgreSQL's programs and runs private clusters with them, for development and tests.
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
//! A cluster belongs to the process that started it. It listens on a Unix socket that only the user of that
//! process (and root) can reach. It stops when its [`Cluster`] is dropped. If `setpriv` exists, the kernel
//! also ends it when its process dies in any other way. It runs in its own process group, so Ctrl-C reaches
//! only the parent process, which stops its children in its own order.
//!
//! PostgreSQL refuses to run as root. If the caller is root, only the database processes run as another user:
//! the owner of the project's folder, `postgres` or `nobody`. See [`Account`].
//!
//! # Layout of a cluster's folder
//!
//! | entry | owner | what |
//! |---|---|---|
//! | `lock` | caller | locked while a process uses the folder; the kernel releases it, so it is never stale |
//! | `log` | caller | the server's messages since the last start |
//! | `data/` | database | PostgreSQL's data directory |
//! | `socket/` | database | the Unix socket; in a folder under `/tmp` if its path is too long |
//! | `tls/` | database | copies of the certificate and the key, if TLS is on |
//!
//! # What this crate leaves to others
//!
//! It runs no SQL and opens no connection: databases, roles and migrations are the caller's task. It uses
//! only the standard library. Signals are sent through `/bin/sh`, whose built-in `kill` is on every Unix.
//! Windows is not supported.

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

/// Receives progress messages: one sentence without a full stop, before each step that takes time and for
/// each action that the caller may not expect.
pub type Progress<'a> = &'a mut dyn FnMut(&str);
