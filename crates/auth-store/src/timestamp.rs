//! Times as both servers keep them: whole milliseconds.
//!
//! The columns hold microseconds, Node reads and writes milliseconds. A stray microsecond makes the
//! two servers disagree on `<=` (Better Auth core §12.2), so times are cut on the way in and out.

use time::OffsetDateTime;

/// Cuts a time to the millisecond before it.
pub(crate) fn to_milliseconds(at: OffsetDateTime) -> OffsetDateTime {
    at.truncate_to_millisecond()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::to_milliseconds;

    #[test]
    fn times_are_cut_and_not_rounded() {
        let at = datetime!(2030-01-15 12:00:00.123_999_999 UTC);
        assert_eq!(to_milliseconds(at), datetime!(2030-01-15 12:00:00.123 UTC));
    }
}
