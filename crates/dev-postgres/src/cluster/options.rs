//! How a cluster is to be.

use std::path::{Path, PathBuf};

use crate::binaries::Binaries;
use crate::error::Error;
use crate::folder::{fresh_name, reachable_folder};

/// What a cluster is made like and started with.
///
/// Made by [`ClusterOptions::durable`] or [`ClusterOptions::throw_away_in`], then changed field by field.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The cluster's folder; see the crate's documentation for what is put there.
    pub dir: PathBuf,
    /// Whether data outlives the [`Cluster`](crate::Cluster), and a power cut.
    pub durability: Durability,
    /// Whether the server also listens on 127.0.0.1.
    pub tcp: Tcp,
    /// Certificate and key for connections over TCP; `None` turns TLS off.
    pub tls: Option<TlsFiles>,
    /// Password of the user `postgres` for connections over TCP, checked with SCRAM-SHA-256. `None` lets every local
    /// process in. The Unix socket never asks: its folder is closed to other users. Takes effect when the data is made.
    pub tcp_password: Option<String>,
    /// Connections the server takes at a time.
    pub max_connections: u16,
    /// Further settings as name and value, passed on the server's command line; they win over everything else here.
    pub settings: Vec<(String, String)>,
    /// A folder that keeps finished data, of which new clusters get a copy: tens of milliseconds in place of the second
    /// that `initdb` takes. It is made at first use, once for all processes, and the copy is not forced to the disk.
    /// `None` runs `initdb` for this cluster, and so does a [`tcp_password`](Self::tcp_password), which is part of the data.
    pub template: Option<PathBuf>,
    /// The programs to use; found by [`Binaries::find`] when `None`.
    pub binaries: Option<Binaries>,
}

impl ClusterOptions {
    /// A cluster whose data stays, for development.
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

    /// A cluster in a new folder under `parent`, removed when dropped, that never waits for a disk, for tests.
    ///
    /// When `parent` cannot be reached by the database's user, its stand-in of [`reachable_folder`] is used; so it is
    /// found again by [`sweep`](crate::sweep) with the same `parent`.
    pub fn throw_away_in(parent: impl AsRef<Path>) -> Self {
        let parent = parent.as_ref();
        // An unsuitable parent is reported by `Cluster::start`, which resolves again.
        let reachable: Result<PathBuf, Error> = reachable_folder(parent);
        let dir = fresh_name(&reachable.unwrap_or_else(|_| parent.to_owned()));
        Self { durability: Durability::ThrowAway, ..Self::durable(dir) }
    }
}

/// Whether data outlives the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Data stays and survives a power cut.
    Durable,
    /// No `fsync`; the folder is removed with the [`Cluster`](crate::Cluster).
    ThrowAway,
}

/// Whether the server also listens on 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tcp {
    /// Unix socket only.
    Off,
    /// A port that is free at the first start, kept over restarts.
    Free,
    /// This port.
    Port(u16),
}

/// PEM files for TLS; they are copied, since the server insists on owning its key.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// Certificate chain of the server.
    pub certificate: PathBuf,
    /// Its private key, without a passphrase.
    pub key: PathBuf,
}
