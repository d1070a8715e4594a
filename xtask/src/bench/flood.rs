//! Session reads while passwords are tried as fast as the server answers.

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

/// Idle and flooded take turns, so that whatever else the machine does for a while meets both.
const ROUNDS: usize = 7;

/// Time for which each is measured in a round.
const SPAN: Duration = Duration::from_secs(5);

/// Time for a flood to rise and to drain.
const SETTLE: Duration = Duration::from_secs(2);

/// Slower than this times the idle server, reads feel the flood.
const LIMIT: f64 = 2.0;

/// Answers by status; 0 is a connection that was lost.
type Statuses = BTreeMap<u16, usize>;

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    // No limit per address: clients that stand for many addresses would not meet one.
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

/// Reads sessions while others try passwords.
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

/// Tries one password after the other, each at another account.
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

/// Gives the round whose 99th of a hundred is the middle one.
fn middle(mut rounds: Vec<Times>) -> Times {
    rounds.sort_by_key(|times| times.percentile(99));
    let at = rounds.len() / 2;
    rounds.into_iter().nth(at).unwrap_or_else(|| Times::new(Vec::new()))
}
