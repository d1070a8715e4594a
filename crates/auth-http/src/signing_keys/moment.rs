//! How long ago something was, by the times of requests.

use time::{Duration, OffsetDateTime};

/// How much later than its own time a request may still ask: as long as one may take (`server.handler_timeout`, as it is
/// set by default). What is further ahead was noted before the clock was set back.
const BEHIND: Duration = Duration::seconds(15);

/// Tells whether a moment was less than so long ago. A request notes its own time, and one that began before it may ask
/// after it: for that one the moment is a little ahead.
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
