//! Times as both servers store them: whole milliseconds.
//!
//! The columns store microseconds, but Node reads and writes milliseconds. A stray microsecond makes the two
//! servers disagree on `<=` (Better Auth core §12.2), so times are truncated when they are read and written.

pub(crate) use auth_core::wire::to_milliseconds;
