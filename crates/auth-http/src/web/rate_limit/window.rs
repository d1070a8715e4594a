//! Whether one more request is within the limit (Better Auth core §5).
//!
//! The window is not fixed. Each accepted request restarts it, and the count restarts only after a whole
//! window without an accepted request. So a client that sends one request per second is refused after `max`
//! requests, and stays refused until a window has passed since its last accepted request. Refused requests do
//! not extend this time.

use std::time::Duration;

/// How many requests are accepted in how much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateRule {
    /// Time without an accepted request after which the count restarts, in whole milliseconds.
    pub window: Duration,
    /// Number of requests accepted until then; at least one.
    pub max: u32,
}

/// The state of a key: how many requests were accepted, and when the last one was (milliseconds since 1970).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hits {
    pub(crate) count: u32,
    pub(crate) last_request: i64,
}

/// The result of counting a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The new state of the key.
    pub(crate) hits: Hits,
    /// Time until a request is accepted again; `None` if this one is accepted.
    pub(crate) refused_for: Option<Duration>,
}

impl RateRule {
    /// Returns the window in milliseconds.
    pub(crate) fn window_ms(self) -> i64 {
        i64::try_from(self.window.as_millis()).unwrap_or(i64::MAX)
    }
}

impl Hits {
    /// Counts a request at `now`.
    pub(crate) fn step(known: Option<Self>, rule: RateRule, now: i64) -> Step {
        let first = Self { count: 1, last_request: now };
        let Some(known) = known else { return Step { hits: first, refused_for: None } };
        // After the clock was set back, a block neither ends early nor lasts longer than one window.
        let last_request = known.last_request.min(now);
        let since = now.saturating_sub(last_request);
        if since >= rule.window_ms() {
            return Step { hits: first, refused_for: None };
        }
        if known.count < rule.max {
            let hits = Self { count: known.count + 1, last_request: now };
            return Step { hits, refused_for: None };
        }
        let left = u64::try_from(rule.window_ms() - since).unwrap_or_default();
        Step {
            hits: Self { count: known.count, last_request },
            refused_for: Some(Duration::from_millis(left)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: RateRule = RateRule { window: Duration::from_secs(10), max: 3 };

    /// Sends requests at these times (milliseconds). Returns `None` for an accepted request, and the wait of
    /// a refused one.
    fn run(times: &[i64]) -> Vec<Option<u64>> {
        let mut hits = None;
        let each = |now: &i64| {
            let step = Hits::step(hits, RULE, *now);
            hits = Some(step.hits);
            step.refused_for.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
        };
        times.iter().map(each).collect()
    }

    #[test]
    fn r_079_the_window_moves_with_every_request_that_passes_and_no_other() {
        let cases: [(&[i64], &[Option<u64>]); 6] = [
            (&[0, 1, 2, 3, 4], &[None, None, None, Some(9_999), Some(9_998)]),
            // The third request, at 8 s, blocks the fourth until 18 s, whatever is refused in between.
            (&[0, 4_000, 8_000, 9_000, 17_999, 18_000], &[None, None, None, Some(9_000), Some(1), None]),
            // No pause is as long as a window, so the count never restarts.
            (&[0, 9_000, 18_000, 27_000], &[None, None, None, Some(1_000)]),
            (&[0, 1, 2, 10_002, 10_003, 10_004, 10_005], &[None, None, None, None, None, None, Some(9_999)]),
            (&[0, 10_000, 20_000, 30_000, 40_000], &[None; 5]),
            (&[5], &[None]),
        ];
        for (times, expected) in cases {
            assert_eq!(run(times), expected, "{times:?}");
        }
    }

    #[test]
    fn r_108_a_clock_set_back_neither_frees_nor_imprisons() {
        let hour = 3_600_000;
        assert_eq!(run(&[hour, hour + 1, hour + 2, 0]), [None, None, None, Some(10_000)]);
        assert_eq!(
            run(&[hour, hour + 1, hour + 2, 0, 9_999, 10_000]),
            [None, None, None, Some(10_000), Some(1), None,]
        );
        assert_eq!(run(&[hour, 0, 1, 2]), [None, None, None, Some(9_999)], "two before count as two");
    }

    #[test]
    fn extreme_times_do_not_overflow() {
        for (last_request, now) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (i64::MAX, i64::MAX)] {
            let _ = Hits::step(Some(Hits { count: u32::MAX, last_request }), RULE, now);
        }
        let endless = RateRule { window: Duration::MAX, max: 1 };
        assert!(Hits::step(Some(Hits { count: 1, last_request: 0 }), endless, 1).refused_for.is_some());
    }
}
