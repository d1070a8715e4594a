//! Prints one line per contestant: task, implementation, nanoseconds per run.
//!
//! The contestants take turns in many short rounds, so that a slow phase of the machine affects all of them.
//! The printed time is the 10th percentile of a contestant's rounds, which excludes disturbances.
//!
//! `times tokens` prints the input of the `jose` benchmark instead.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a program for another one")]

use std::time::{Duration, Instant};

use auth_core_compare::{Contestant, Form, NOW, Operations, SECRET, contestants};

const ROUNDS: usize = 501;

/// Minimum duration of one contestant's turn.
const TURN: Duration = Duration::from_millis(1);

fn main() {
    if std::env::args().nth(1).as_deref() == Some("tokens") {
        let operations = Operations::signed_in();
        let tokens = serde_json::json!({
            "secret": SECRET,
            "now": NOW.unix_timestamp(),
            "accessToken": operations.access_token(),
            "jwt": operations.cached(Form::Jwt),
            "jwe": operations.cached(Form::Jwe),
        });
        println!("{tokens}");
        return;
    }
    let contestants = contestants();
    let turns: Vec<u32> = contestants.iter().map(calibrate).collect();
    let mut times = vec![Vec::with_capacity(ROUNDS); contestants.len()];
    for _ in 0..ROUNDS {
        for ((contestant, turn), times) in contestants.iter().zip(&turns).zip(&mut times) {
            times.push(nanoseconds(contestant, *turn));
        }
    }
    for (contestant, times) in contestants.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let undisturbed = times.get(ROUNDS / 10).expect("as many as rounds");
        println!("{}\t{}\t{undisturbed:.1}", contestant.task, contestant.by);
    }
}

/// Returns the number of runs that fill one turn.
fn calibrate(contestant: &Contestant) -> u32 {
    let mut count = 16;
    loop {
        let began = Instant::now();
        (0..count).for_each(|_| (contestant.run)());
        if began.elapsed() >= TURN {
            return count;
        }
        count *= 2;
    }
}

fn nanoseconds(contestant: &Contestant, count: u32) -> f64 {
    let began = Instant::now();
    (0..count).for_each(|_| (contestant.run)());
    began.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}
