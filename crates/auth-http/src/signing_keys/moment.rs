//! Compares recorded times with the time of a request.

use time::{Duration, OffsetDateTime};

/// How far a recorded time may be ahead of a request's own time: as long as a request may take (the default
/// of `server.handler_timeout`). A time further ahead was recorded before the clock was set back.
const BEHIND: Duration = Duration::seconds(15);

/// Whether a recorded time is less than `span` ago. A request records its own start time. A request that
/// started earlier may read it later, and for that request the recorded time is slightly in the future.
pub(super) fn is_within(at: Option<OffsetDateTime>, span: Duration, now: OffsetDateTime) -> bool {
    at.is_some_and(|at| now - at < span && at - now < BEHIND)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_far_ahead_is_none_to_rely_on() {
        const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);
        let check = |seconds: i64, expected: bool| {
            let at = Some(NOW - Duration::seconds(seconds));
            assert_eq!(is_within(at, Duration::seconds(60), NOW), expected, "{seconds} s ago");
        };
        check(0, true);
        check(59, true);
        check(60, false);
        check(-14, true);
        check(-15, false);
        assert!(!is_within(None, Duration::MAX, NOW));
    }
}
