//! Signals, process trees and the parent-death signal, without `unsafe` and without a dependency.
//!
//! Signals are sent with the shell's built-in `kill`, because slim images have `/bin/sh` but no `kill`
//! program. Processes are listed from `/proc`, or with `ps` on systems without it (macOS).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The signals that xtask and tests send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: servers finish the requests in progress.
    Terminate,
    /// SIGINT: PostgreSQL's fast shutdown (ends sessions, writes a checkpoint).
    Interrupt,
    /// SIGQUIT: PostgreSQL's immediate shutdown (the next start recovers from the write-ahead log).
    Quit,
    /// SIGKILL.
    Kill,
    /// SIGSTOP.
    Stop,
    /// SIGCONT.
    Continue,
}

impl Signal {
    /// Name for `kill -s` and `setpriv --pdeathsig`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Terminate => "TERM",
            Self::Interrupt => "INT",
            Self::Quit => "QUIT",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Continue => "CONT",
        }
    }
}

/// Sends a signal to each process. Processes that no longer exist are ignored.
pub fn send(signal: Signal, pids: &[u32]) {
    if pids.is_empty() {
        return;
    }
    // One `kill` per process, so that an error for one process does not affect the others.
    let _ = Command::new("/bin/sh")
        .arg("-c")
        .arg("signal=$1; shift; for pid; do kill -s \"$signal\" \"$pid\"; done")
        .arg("sh")
        .arg(signal.name())
        .args(pids.iter().map(u32::to_string))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

/// A process and all its descendants, the process itself first.
pub fn tree(root: u32) -> Vec<u32> {
    let processes = list();
    let mut found = vec![root];
    let mut seen = BTreeSet::from([root]);
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        for &(pid, ppid) in &processes {
            if ppid == parent && seen.insert(pid) {
                found.push(pid);
            }
        }
        next += 1;
    }
    found
}

/// A command for `program` that receives `signal` from the kernel when its parent dies, if `setpriv` is
/// available.
///
/// Linux sends the signal when the *thread* that starts the command ends, so start it from a thread that
/// lives long enough. A change of user clears the setting; `setpriv` is therefore part of the command, where
/// it runs after that change and then executes the program.
pub fn dying_with_parent(program: &Path, signal: Signal) -> Command {
    if cfg!(target_os = "linux") && on_path("setpriv") {
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig").arg(signal.name()).arg("--").arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// The command line of a process, words separated by spaces; `None` if it does not exist or is a zombie.
pub(crate) fn command_line(pid: u32) -> Option<String> {
    let text = if has_proc() {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        String::from_utf8_lossy(&bytes).replace('\0', " ")
    } else {
        let output = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = text.trim();
    (!text.is_empty() && !text.contains("<defunct>")).then(|| text.to_owned())
}

/// Waits until none of the processes exists; returns false if one still does after `limit`.
pub(crate) fn wait_until_gone(pids: &[u32], limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    while pids.iter().any(|&pid| command_line(pid).is_some()) {
        if Instant::now() > deadline {
            return false;
        }
        sleep(Duration::from_millis(5));
    }
    true
}

/// Whether a program of this name is on the PATH.
pub(crate) fn on_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

fn has_proc() -> bool {
    Path::new("/proc/self/cmdline").exists()
}

/// Every process of the machine, with the id of its parent.
fn list() -> Vec<(u32, u32)> {
    if has_proc() {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        return entries
            .flatten()
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
                // "pid (name) state ppid …": the name may contain spaces and brackets, so the last bracket
                // counts.
                let ppid = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
                Some((pid, ppid))
            })
            .collect();
    }
    let Ok(output) = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output() else {
        return Vec::new();
    };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn children_are_found_and_killed() {
        let mut shell = Command::new("/bin/sh").args(["-c", "sleep 60 & sleep 60"]).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        let family = loop {
            let family = tree(shell.id());
            if family.len() == 3 || Instant::now() > deadline {
                break family;
            }
            sleep(Duration::from_millis(5));
        };
        assert_eq!(family.len(), 3, "the shell and its two children");
        send(Signal::Kill, &family);
        shell.wait().unwrap();
        assert!(wait_until_gone(&family, Duration::from_secs(5)));
    }

    #[test]
    fn a_process_that_does_not_exist_has_no_command_line() {
        assert_eq!(command_line(u32::MAX - 1), None);
        assert!(command_line(std::process::id()).is_some());
    }
}
