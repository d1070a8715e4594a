//! What handlers are given: one capability each, so that a signature tells what a handler can touch.

use std::time::Duration;

/// A capability was not registered: [`Auth::configure`](crate::Auth::configure) did not run for this app.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not registered; the auth routes must be mounted through Auth::configure")]
pub(crate) struct MissingState(pub(crate) &'static str);

/// Most sessions that are listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListLimit(pub(crate) u32);

/// How much body is read, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BodyLimits {
    /// Most bytes of a body.
    pub(crate) bytes: usize,
    /// Longest time for the whole body.
    pub(crate) deadline: Duration,
}
