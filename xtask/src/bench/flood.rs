//! Session reads while passwords are tried as fast as the server answers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::load::{Client, post, read_until};
use super::server::Bench;
use super::{check_ratio, print_times};
use crate::failure::Failure;

/// Clients that try passwords.
const CLIENTS: usize = 100;

/// Time for which each state is measured.
const SPAN: Duration = Duration::from_secs(15);

/// Slower than this times the idle server, reads feel the flood.
const LIMIT: f64 = 2.0;

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    // Every client comes from an address of its own, so no limit per address would stop it: there is none.
    let server = bench.start(&[])?;
    let read = server.session_read()?;
    let address = server.address;
    read_until(address, &read, Instant::now() + Duration::from_secs(2))?;
    let idle = read_until(address, &read, Instant::now() + SPAN)?;
    print_times("/get-session, idle", &idle);

    let over = AtomicBool::new(false);
    let (flooded, statuses) = thread::scope(|scope| {
        let over = &over;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                scope.spawn(move || {
                    let mut client = Client::new(address);
                    let mut statuses = BTreeMap::<u16, usize>::new();
                    let mut tries = 0;
                    while !over.load(Ordering::Relaxed) {
                        tries += 1;
                        let body = json!({"email": format!("n{number}x{tries}@example.com"), "password": "wrong horse"});
                        let status = client.send(&post("/api/auth/sign-in/email", "", &body)).map_or(0, |it| it.status);
                        *statuses.entry(status).or_default() += 1;
                    }
                    statuses
                })
            })
            .collect();
        thread::sleep(Duration::from_secs(2));
        let flooded = read_until(address, &read, Instant::now() + SPAN);
        over.store(true, Ordering::Relaxed);
        let mut statuses = BTreeMap::<u16, usize>::new();
        for client in clients {
            for (status, count) in client.join().unwrap_or_default() {
                *statuses.entry(status).or_default() += count;
            }
        }
        (flooded, statuses)
    });
    let flooded = flooded?;
    print_times(&format!("/get-session, {CLIENTS} clients sign in wrongly"), &flooded);
    println!("their answers by status: {statuses:?} (0: connection lost)");
    check_ratio(&idle, &flooded, LIMIT)
}
