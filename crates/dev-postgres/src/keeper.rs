//! The thread that starts database processes.
//!
//! Linux sends the parent-death signal when the *thread* that started the process ends, not when the parent
//! process ends. A cluster started from a test's thread would therefore die with that thread. So each cluster
//! has one thread that starts all of its processes and lives as long as the cluster.

use std::io;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::{Sender, channel};
use std::thread;

type Request = (Command, Sender<io::Result<Child>>);

/// A handle to the thread, which ends when the handle is dropped.
#[derive(Debug)]
pub(crate) struct Keeper {
    requests: Mutex<Sender<Request>>,
}

impl Keeper {
    pub(crate) fn new() -> io::Result<Self> {
        let (requests, inbox) = channel::<Request>();
        thread::Builder::new().name("postgres-keeper".to_owned()).spawn(move || {
            for (mut command, reply) in inbox {
                // If the receiver is gone, the process is not needed, and dropping a `Child` would not end
                // it.
                if let Err(unwanted) = reply.send(command.spawn())
                    && let Ok(mut child) = unwanted.0
                {
                    let _ = child.kill();
                    let _ = child.wait();
                }
            }
        })?;
        Ok(Self { requests: Mutex::new(requests) })
    }

    /// Starts a process on the keeper's thread.
    pub(crate) fn spawn(&self, command: Command) -> io::Result<Child> {
        let (reply, answer) = channel();
        let gone = || io::Error::other("the thread that starts database processes is gone");
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .send((command, reply))
            .map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}
