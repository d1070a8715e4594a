//! Reads `postmaster.pid`, the file in which a PostgreSQL server writes its process id and status.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::process::{Signal, command_line, send, tree, wait_until_gone};

/// The contents of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PostmasterFile {
    pub(crate) pid: u32,
    /// Whether the server accepts connections (line 8 is `ready`).
    pub(crate) ready: bool,
}

impl PostmasterFile {
    /// Reads the file of a data directory; `None` if it is missing or has no process id yet.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let pid = text.lines().next()?.trim().parse().ok()?;
        let ready = text.lines().nth(7).is_some_and(|status| status.trim() == "ready");
        Some(Self { pid, ready })
    }
}

/// The process id of the server that runs on a data directory, or `None`.
///
/// The id in the file is not sufficient: after a crash it may belong to any other process.
pub(crate) fn running_on(data: &Path) -> Option<u32> {
    let pid = PostmasterFile::read(data)?.pid;
    let command = command_line(pid)?;
    let program = command.split(' ').next().unwrap_or_default();
    (program.ends_with("postgres") && command.contains(&data.display().to_string())).then_some(pid)
}

/// What an earlier run left behind in a data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leftover {
    None,
    /// A server whose parent process died; it was stopped.
    Server,
    /// A `postmaster.pid` of a server that no longer runs; it was removed.
    LockFile,
}

/// Stops a server whose parent process died, and removes a `postmaster.pid` whose server died.
///
/// The caller must hold the folder's lock, which guarantees that no other process uses the server.
pub(crate) fn clear_leftovers(data: &Path) -> Leftover {
    if let Some(pid) = running_on(data) {
        let family = tree(pid);
        send(Signal::Continue, &family);
        send(Signal::Interrupt, &[pid]);
        if !wait_until_gone(&family, FAST_SHUTDOWN) {
            send(Signal::Kill, &family);
            wait_until_gone(&family, FAST_SHUTDOWN);
        }
        // A killed server leaves the file behind.
        let _ = fs::remove_file(data.join("postmaster.pid"));
        return Leftover::Server;
    }
    match fs::remove_file(data.join("postmaster.pid")) {
        Ok(()) => Leftover::LockFile,
        Err(_) => Leftover::None,
    }
}

/// Timeout of a fast shutdown, which writes one checkpoint; much longer than it takes even on a loaded
/// machine.
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
