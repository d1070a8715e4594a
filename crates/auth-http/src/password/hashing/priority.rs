//! Hashing runs at a lower priority than all other work.
//!
//! A hash keeps a core busy for tens of milliseconds, and one permit per core keeps all cores busy. A request
//! that needs a tenth of a millisecond would have to wait for them, and so would a database on the same
//! machine. So the hashing threads lower their scheduling priority. If nothing else wants to run, they are as
//! fast as before.

use std::cell::Cell;

/// Nice 10: about 10 % of the CPU under contention. That is low enough not to delay the slowest hundredth of
/// other requests, and high enough for sign-ins to continue on a busy machine.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

thread_local! {
    static IS_LOW: Cell<bool> = const { Cell::new(false) };
}

/// Lowers the priority of the calling thread permanently. The thread belongs to the pool for blocking work,
/// which runs nothing urgent.
pub(super) fn lower() {
    if !IS_LOW.replace(true) {
        lower_thread();
    }
}

/// On Linux, niceness is a property of the thread (sched(7)). On other systems it is a property of the
/// process and is not changed.
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
