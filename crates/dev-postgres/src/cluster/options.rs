//! Options of a cluster.

use std::path::{Path, PathBuf};

use crate::binaries::Binaries;
use crate::error::Error;
use crate::folder::{fresh_name, reachable_folder};

/// How a cluster is created and started.
///
/// Create them with [`ClusterOptions::durable`] or [`ClusterOptions::throw_away_in`], then change single
/// fields.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The cluster's folder; the crate's documentation describes its contents.
    pub dir: PathBuf,
    /// Whether data survives the [`Cluster`](crate::Cluster) and a power failure.
    pub durability: Durability,
    /// Whether the server also listens on 127.0.0.1.
    pub tcp: Tcp,
    /// Certificate and key for connections over TCP; `None` turns TLS off.
    pub tls: Option<TlsFiles>,
    /// Password of the user `postgres` for connections over TCP, checked with SCRAM-SHA-256. With `None`,
    /// every local process can connect. The Unix socket needs no password, because other users cannot enter
    /// its folder. The password is set when the data is created, and later changes have no effect.
    pub tcp_password: Option<String>,
    /// Highest number of connections at a time (`max_connections`).
    pub max_connections: u16,
    /// Further settings as name and value, passed on the server's command line. They override all other
    /// options.
    pub settings: Vec<(String, String)>,
    /// A folder that stores a ready data directory. New clusters copy it, which takes tens of milliseconds
    /// instead of the second that `initdb` takes. The first use creates it, once for all processes. The copy
    /// is not flushed to disk. `None` runs `initdb` for this cluster. So does a
    /// [`tcp_password`](Self::tcp_password), because the password is part of the data.
    pub template: Option<PathBuf>,
    /// The programs to use; `None` uses [`Binaries::find`].
    pub binaries: Option<Binaries>,
}

impl ClusterOptions {
    /// Options of a cluster whose data is kept, for development.
    pub fn durable(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            durability: Durability::Durable,
            tcp: Tcp::Off,
            tls: None,
            tcp_password: None,
            max_connections: 100,
            settings: Vec::new(),
            template: None,
            binaries: None,
        }
    }

    /// Options of a cluster for tests: in a new folder under `parent`, removed on drop, without waiting for
    /// disk writes.
    ///
    /// If the database's user cannot reach `parent`, the replacement from [`reachable_folder`] is used.
    /// [`sweep`](crate::sweep) with the same `parent` finds it there.
    pub fn throw_away_in(parent: impl AsRef<Path>) -> Self {
        let parent = parent.as_ref();
        // An error for `parent` is reported by `Cluster::start`, which resolves the folder again.
        let reachable: Result<PathBuf, Error> = reachable_folder(parent);
        let dir = fresh_name(&reachable.unwrap_or_else(|_| parent.to_owned()));
        Self { durability: Durability::ThrowAway, ..Self::durable(dir) }
    }
}

/// Whether data survives the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Data is kept and survives a power failure.
    Durable,
    /// No `fsync`; the folder is removed with the [`Cluster`](crate::Cluster).
    ThrowAway,
}

/// Whether the server also listens on 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tcp {
    /// Unix socket only.
    Off,
    /// A free port, chosen at the first start and kept over restarts.
    Free,
    /// This port.
    Port(u16),
}

/// PEM files for TLS. They are copied, because the server requires that it owns its key.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// Certificate chain of the server.
    pub certificate: PathBuf,
    /// Its private key, without a passphrase.
    pub key: PathBuf,
}
