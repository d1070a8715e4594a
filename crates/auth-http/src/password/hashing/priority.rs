//! Hashing gives way to everything else that the machine has to do.
//!
//! A hash keeps a core busy for tens of milliseconds, and with a permit per core all of them. A request that needs a
//! tenth of a millisecond would wait for its turn beside them; so would the database, where it runs on the same machine.
//! The threads that hash therefore ask the scheduler to come after others. Where nothing else wants to run they are as fast as
//! before.

use std::cell::Cell;

/// A tenth of what others get who want to run too: so seldom that one in a hundred of them need not wait for it, and
/// enough for sign-ins to go on where a machine is busy with something else.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

thread_local! {
    static IS_LOW: Cell<bool> = const { Cell::new(false) };
}

/// Lowers the priority of the calling thread, for good: it belongs to the pool for blocking work, which serves nothing
/// that is in a hurry.
pub(super) fn lower() {
    if !IS_LOW.replace(true) {
        lower_thread();
    }
}

/// On Linux niceness is a thread's own (sched(7)); elsewhere it is the whole process's and stays as it is.
#[cfg(target_os = "linux")]
fn lower_thread() {
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        let error = &error as &dyn std::error::Error;
        tracing::debug!(error, "hashing keeps its priority");
    }
}

#[cfg(not(target_os = "linux"))]
fn lower_thread() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn only_the_calling_thread_gives_way() {
        let priority = || rustix::process::getpriority_process(None).unwrap();
        let before = priority();
        std::thread::spawn(move || {
            lower();
            lower();
            assert_eq!(priority(), NICENESS);
        })
        .join()
        .unwrap();
        assert_eq!(priority(), before);
    }
}
