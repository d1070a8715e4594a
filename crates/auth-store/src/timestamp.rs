//! Times as both servers keep them: whole milliseconds.
//!
//! The columns hold microseconds, Node reads and writes milliseconds. A stray microsecond makes the
//! two servers disagree on `<=` (Better Auth core §12.2), so times are cut on the way in and out.

pub(crate) use auth_core::wire::to_milliseconds;
