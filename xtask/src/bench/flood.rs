//! Measures session reads while clients try passwords as fast as the server answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::load::{Client, Times, post, read_until};
use super::server::Bench;
use super::{check_ratio, print_times};
use crate::failure::Failure;

/// Clients that try passwords.
const CLIENTS: usize = 100;

/// Idle and flooded measurements alternate, so that other load on the machine affects both.
const ROUNDS: usize = 7;

/// Duration of each measurement in a round.
const SPAN: Duration = Duration::from_secs(5);

/// Time to wait for the flood to reach full load, and for its last requests to finish.
const SETTLE: Duration = Duration::from_secs(2);

/// The highest allowed ratio of the 99th percentile under load to that of the idle server.
const LIMIT: f64 = 2.0;

/// Number of responses by status; 0 stands for a lost connection.
type Statuses = BTreeMap<u16, usize>;

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    // Rate limits per address stay off: the clients stand for many addresses, which would not reach a limit.
    let server = bench.start(&[])?;
    let read = server.session_read()?;
    let address = server.address;
    let (mut idle, mut flooded, mut statuses) = (Vec::new(), Vec::new(), Statuses::new());
    for round in 0..ROUNDS {
        read_until(address, &read, Instant::now() + SETTLE)?;
        let times = read_until(address, &read, Instant::now() + SPAN)?;
        print_times("/get-session, idle", &times);
        idle.push(times);
        let times = flood(address, round, &read, &mut statuses)?;
        print_times(&format!("/get-session, {CLIENTS} clients sign in wrongly"), &times);
        flooded.push(times);
    }
    println!("their answers by status: {statuses:?} (0: connection lost)");
    check_ratio(&middle(idle), &middle(flooded), LIMIT)
}

/// Measures session reads while other clients try passwords.
fn flood(address: SocketAddr, round: usize, read: &str, statuses: &mut Statuses) -> Result<Times, Failure> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let over = &over;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| scope.spawn(move || try_passwords(address, &format!("n{round}x{number}"), over)))
            .collect();
        thread::sleep(SETTLE);
        let times = read_until(address, read, Instant::now() + SPAN);
        over.store(true, Ordering::Relaxed);
        for client in clients {
            for (status, count) in client.join().unwrap_or_default() {
                *statuses.entry(status).or_default() += count;
            }
        }
        times
    })
}

/// Tries passwords one after the other, each for a different account.
fn try_passwords(address: SocketAddr, name: &str, over: &AtomicBool) -> Statuses {
    let mut client = Client::new(address);
    let mut statuses = Statuses::new();
    let mut tries = 0;
    while !over.load(Ordering::Relaxed) {
        tries += 1;
        let body = json!({"email": format!("{name}x{tries}@example.com"), "password": "wrong horse"});
        let answer = client.send(&post("/api/auth/sign-in/email", "", &body));
        *statuses.entry(answer.map_or(0, |answer| answer.status)).or_default() += 1;
    }
    statuses
}

/// Returns the round with the median 99th percentile.
fn middle(mut rounds: Vec<Times>) -> Times {
    rounds.sort_by_key(|times| times.percentile(99));
    let at = rounds.len() / 2;
    rounds.into_iter().nth(at).unwrap_or_else(|| Times::new(Vec::new()))
}
