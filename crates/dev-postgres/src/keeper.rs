//! The thread that starts database processes.
//!
//! Linux delivers the parent-death signal when the *thread* that forked ends, not when its process does. A cluster
//! started from a test's thread would therefore die with that test. Every process is started from one thread per
//! cluster, which lives exactly as long as the cluster.

use std::io;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::{Sender, channel};
use std::thread;

type Request = (Command, Sender<io::Result<Child>>);

/// A handle to the thread; the thread ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Keeper {
    requests: Mutex<Sender<Request>>,
}

impl Keeper {
    pub(crate) fn new() -> io::Result<Self> {
        let (requests, inbox) = channel::<Request>();
        thread::Builder::new().name("postgres-keeper".to_owned()).spawn(move || {
            for (mut command, reply) in inbox {
                // A receiver that went away has no use for the process, and dropping a `Child` does not end it.
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
