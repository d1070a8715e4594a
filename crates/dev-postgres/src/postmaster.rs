//! Reads `postmaster.pid`, in which a server says who it is and how far it has come.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::process::{Signal, command_line, send, tree, wait_until_gone};

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PostmasterFile {
    pub(crate) pid: u32,
    /// Line 8: the server accepts connections.
    pub(crate) ready: bool,
}

impl PostmasterFile {
    /// Reads the file of a data directory; `None` when there is none or it is only half written.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let pid = text.lines().next()?.trim().parse().ok()?;
        let ready = text.lines().nth(7).is_some_and(|status| status.trim() == "ready");
        Some(Self { pid, ready })
    }
}

/// The server that runs on a data directory, if one does.
///
/// The number in the file is not enough: after a crash it may name any other process by now.
pub(crate) fn running_on(data: &Path) -> Option<u32> {
    let pid = PostmasterFile::read(data)?.pid;
    let command = command_line(pid)?;
    let program = command.split(' ').next().unwrap_or_default();
    (program.ends_with("postgres") && command.contains(&data.display().to_string())).then_some(pid)
}

/// What had to be cleared away before a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leftover {
    None,
    /// A server without its parent; it was stopped.
    Server,
    /// A `postmaster.pid` that names no server of this directory; it was removed.
    LockFile,
}

/// Ends a server whose parent died and removes a lock file whose server did.
///
/// Only for a caller that holds the folder's lock: nobody else can have a use for the server then.
pub(crate) fn clear_leftovers(data: &Path) -> Leftover {
    if let Some(pid) = running_on(data) {
        let family = tree(pid);
        send(Signal::Continue, &family);
        send(Signal::Interrupt, &[pid]);
        if !wait_until_gone(&family, FAST_SHUTDOWN) {
            send(Signal::Kill, &family);
            wait_until_gone(&family, FAST_SHUTDOWN);
        }
        // Killed servers leave the file behind.
        let _ = fs::remove_file(data.join("postmaster.pid"));
        return Leftover::Server;
    }
    match fs::remove_file(data.join("postmaster.pid")) {
        Ok(()) => Leftover::LockFile,
        Err(_) => Leftover::None,
    }
}

/// A fast shutdown writes one checkpoint; far longer than that takes on a loaded machine.
const FAST_SHUTDOWN: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_on_the_eighth_line() {
        let text = "4711\n/data\n1700000000\n5432\n/socket\n\n  5432001         0\nready   \n";
        assert_eq!(PostmasterFile::parse(text), Some(PostmasterFile { pid: 4711, ready: true }));
        let starting = text.replace("ready", "starting");
        assert_eq!(PostmasterFile::parse(&starting), Some(PostmasterFile { pid: 4711, ready: false }));
        assert_eq!(PostmasterFile::parse("4711\n"), Some(PostmasterFile { pid: 4711, ready: false }));
        assert_eq!(PostmasterFile::parse(""), None);
    }
}
