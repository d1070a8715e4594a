//! Tests of R-86 with given times.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicU32, Ordering};

use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);
const HOME: &str = "203.0.113.9";

/// Room for the hundred failures of [`guarded`], but small enough for a short flood to fill it.
const SMALL: usize = 1_000;

fn at(milliseconds: i64) -> OffsetDateTime {
    NOW + time::Duration::milliseconds(milliseconds)
}

fn ann() -> Email {
    Email::parse("ann@example.com").unwrap()
}

/// Makes a failed attempt, if it is allowed; otherwise returns the wait in milliseconds.
fn fail(attempts: &PasswordAttempts, address: &str, milliseconds: i64) -> Option<u128> {
    attempts
        .begin(AccountName::of_email(&ann()), address, at(milliseconds))
        .err()
        .map(|error| error.wait.as_millis())
}

fn succeed(attempts: &PasswordAttempts, address: &str, milliseconds: i64) {
    attempts.begin(AccountName::of_email(&ann()), address, at(milliseconds)).unwrap().succeeded();
}

/// Guards an account by a hundred failed attempts, each from another unknown address.
fn guarded(attempts: PasswordAttempts) -> PasswordAttempts {
    for number in 0..100 {
        assert_eq!(fail(&attempts, &format!("stranger {number}"), 0), None);
    }
    attempts
}

#[test]
fn r_086_after_a_hundred_failures_strangers_try_once_per_second_together() {
    let attempts = guarded(PasswordAttempts::new(100));
    let mut passed = 0;
    for number in 0..10_000 {
        // A hundred per second, each from another address.
        passed += u32::from(fail(&attempts, &format!("more {number}"), number * 10).is_none());
    }
    assert_eq!(passed, 100);
    assert!(
        attempts.begin(AccountName::new("email", "bob@example.com"), HOME, NOW).is_ok(),
        "another account"
    );
}

#[test]
fn r_086_an_owner_at_a_known_address_does_not_feel_it() {
    let attempts = PasswordAttempts::new(100);
    succeed(&attempts, HOME, -1_000);
    let attempts = guarded(attempts);
    for tick in 0..1_000 {
        let _ = fail(&attempts, &format!("more {tick}"), tick * 10);
    }
    for typo in 0..9 {
        assert_eq!(fail(&attempts, HOME, 10_000 + typo), None);
    }
    succeed(&attempts, HOME, 10_100);
    // A client at that address cannot continue without limit either.
    let waits: Vec<_> = (0..12).map(|try_| fail(&attempts, HOME, 20_000 + try_)).collect();
    assert_eq!(waits.iter().filter(|wait| wait.is_none()).count(), 10);
    assert!(matches!(waits.last(), Some(Some(29_000..=30_000))), "{waits:?}");
}

#[test]
fn r_086_an_owner_at_a_new_address_gets_through_within_a_second() {
    let attempts = guarded(PasswordAttempts::new(100));
    assert_eq!(fail(&attempts, "stranger", 0), None);
    let wait = fail(&attempts, HOME, 1).unwrap();
    assert_eq!(wait, 999);
    succeed(&attempts, HOME, 1_000);
    succeed(&attempts, HOME, 1_001);
}

#[test]
fn r_086_an_address_that_failed_waits_longer_each_time() {
    let attempts = guarded(PasswordAttempts::new(100));
    let mut now = 0;
    let mut waits = Vec::new();
    for _ in 0..8 {
        assert_eq!(fail(&attempts, "stranger", now), None);
        let wait = fail(&attempts, "stranger", now).unwrap();
        now += i64::try_from(wait).unwrap();
        waits.push(wait / 1_000);
    }
    assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900, 900]);
}

#[test]
fn r_086_a_delay_never_falls_however_often_an_address_fails() {
    for is_known in [false, true] {
        let delays = (1..=200).map(|failures| {
            let address = Address { failures, last_failure: 0, is_known };
            address.delay().unwrap_or_default()
        });
        let delays: Vec<_> = delays
            .chain([Address { failures: u32::MAX, last_failure: 0, is_known }.delay().unwrap()])
            .collect();
        assert!(delays.is_sorted(), "{delays:?}");
        assert_eq!(delays.last(), Some(&LONGEST_DELAY));
    }
}

#[test]
fn r_086_a_success_forgives_its_own_address_and_no_other() {
    let attempts = PasswordAttempts::new(100);
    for number in 0..49 {
        assert_eq!(fail(&attempts, &format!("stranger {number}"), 0), None);
        assert_eq!(fail(&attempts, HOME, 0), None);
    }
    succeed(&attempts, HOME, 0);
    for number in 0..51 {
        assert_eq!(fail(&attempts, &format!("stranger of the afternoon {number}"), 0), None);
    }
    assert_eq!(fail(&attempts, "the first to be delayed", 0), None);
    assert!(fail(&attempts, "the next", 0).is_some());
}

#[test]
fn r_086_of_parallel_tries_no_more_pass_than_may() {
    for _ in 0..20 {
        let attempts = PasswordAttempts::new(100);
        let passed = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (attempts, passed) = (&attempts, &passed);
                scope.spawn(move || {
                    for number in 0..50 {
                        let address = format!("{thread} {number}");
                        passed.fetch_add(u32::from(fail(attempts, &address, 5).is_none()), Ordering::Relaxed);
                    }
                });
            }
        });
        // A hundred, and the first of the attempts that take turns.
        assert_eq!(passed.into_inner(), 101);
    }
}

#[test]
fn r_086_a_try_that_tested_nothing_does_not_count() {
    let attempts = PasswordAttempts::new(100);
    for _ in 0..500 {
        attempts.begin(AccountName::of_email(&ann()), HOME, NOW).unwrap().withdrawn();
    }
    let attempts = guarded(attempts);
    assert_eq!(fail(&attempts, HOME, 0), None, "the first to be delayed, and itself without a failure");
}

#[test]
fn r_086_failures_are_forgotten_after_a_day() {
    let attempts = guarded(PasswordAttempts::new(100));
    assert_eq!(fail(&attempts, "a", FORGOTTEN_AFTER - 1), None);
    assert!(fail(&attempts, "b", FORGOTTEN_AFTER - 1).is_some(), "not yet");
    let day_later = 2 * FORGOTTEN_AFTER;
    for number in 0..100 {
        assert_eq!(fail(&attempts, &format!("next day {number}"), day_later), None);
    }
}

#[test]
fn r_086_strangers_cannot_make_it_forget_whom_it_knows_or_guards() {
    let attempts = PasswordAttempts::with_capacity(100, SMALL);
    succeed(&attempts, HOME, 0);
    let attempts = guarded(attempts);
    for number in 0..2 * SMALL {
        let email = Email::parse(&format!("flood{number}@example.com")).unwrap();
        assert!(attempts.begin(AccountName::of_email(&email), "flood", at(1)).is_ok());
    }
    assert_eq!(fail(&attempts, "stranger", 2), None);
    assert!(fail(&attempts, "another", 2).is_some(), "still guarded");
    succeed(&attempts, HOME, 3);
}

#[test]
fn r_086_successes_from_many_addresses_make_it_forget_nobody_elses() {
    let attempts = PasswordAttempts::with_capacity(100, SMALL);
    succeed(&attempts, HOME, 0);
    let own = Email::parse("mallory@example.com").unwrap();
    for number in 0..2 * SMALL {
        attempts.begin(AccountName::of_email(&own), &format!("flood {number}"), at(1)).unwrap().succeeded();
    }
    let attempts = guarded(attempts);
    let _ = fail(&attempts, "the first to take a turn", 2);
    for _ in 0..2 {
        succeed(&attempts, HOME, 3);
    }
}

#[test]
fn r_086_the_latest_eight_addresses_of_an_owner_are_known_for_ninety_days() {
    let attempts = PasswordAttempts::new(100);
    for number in 0..8 {
        succeed(&attempts, &format!("home {number}"), number);
    }
    succeed(&attempts, "home 0", 10);
    succeed(&attempts, "home 8", 11);
    let attempts = guarded(attempts);
    let _ = fail(&attempts, "the first to take a turn", 12);
    assert!(fail(&attempts, "home 1", 12).is_some(), "used longest ago");
    for known in ["home 0", "home 2", "home 8"] {
        succeed(&attempts, known, 12);
    }

    let later = 12 + known::KNOWN_FOR;
    for (moment, is_known) in [(later - 1, true), (later, false)] {
        let attempts = PasswordAttempts::new(100);
        succeed(&attempts, HOME, 12);
        for number in 0..101 {
            assert_eq!(fail(&attempts, &format!("stranger {number}"), moment), None);
        }
        assert_eq!(fail(&attempts, HOME, moment).is_none(), is_known);
    }
}

#[test]
fn r_108_a_clock_set_back_neither_frees_nor_imprisons() {
    let attempts = guarded(PasswordAttempts::new(100));
    let hour = -3_600_000;
    assert_eq!(fail(&attempts, "a", 0), None);
    assert_eq!(fail(&attempts, "b", hour).map(|wait| wait <= 1_000), Some(true));
    assert_eq!(fail(&attempts, "b", hour + 1_000), None);
    assert!(fail(&attempts, "c", hour + 1_000).is_some());
}

#[test]
fn r_086_clients_without_an_address_take_turns_and_do_not_lock_each_other_out() {
    let attempts = PasswordAttempts::new(100);
    succeed(&attempts, "", 0);
    let attempts = guarded(attempts);
    for second in 0..20 {
        assert_eq!(fail(&attempts, "", second * 1_000), None);
        assert_eq!(fail(&attempts, "", second * 1_000), Some(1_000), "nobody's own");
    }
    succeed(&attempts, "", 20_000);
    assert_eq!(fail(&attempts, "", 20_001), Some(999), "a success forgives nobody else's failures");
}

#[test]
fn r_112_the_log_says_where_a_guarded_account_is_tried_from_and_not_whose_it_is() {
    let lines = Lines::default();
    let sink = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || sink.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        let attempts = guarded(PasswordAttempts::new(100));
        for _ in 0..3 {
            let _ = fail(&attempts, HOME, 0);
        }
    });
    let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(lines.matches("are delayed from now on").count(), 1, "{lines}");
    assert!(lines.contains(HOME) && lines.contains("failures=100"), "{lines}");
    let account = lines.split("account=").nth(1).unwrap().split_whitespace().next().unwrap();
    assert!(account.len() == 16 && account.bytes().all(|byte| byte.is_ascii_hexdigit()), "{lines}");
    assert!(!lines.contains("ann") && !lines.contains("example.com"), "{lines}");
}

#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn zero_is_off() {
    let attempts = PasswordAttempts::new(0);
    for _ in 0..1_000 {
        assert_eq!(fail(&attempts, HOME, 0), None);
    }
}
