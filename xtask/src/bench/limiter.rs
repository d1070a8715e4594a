//! Measures the rate limiter with a million client addresses, and the CPU cost of a refusal.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::load::{Client, Times, get, post};
use super::print_times;
use super::server::{Bench, Server};
use crate::failure::Failure;

/// Number of addresses; each sends one request.
const ADDRESSES: u32 = 1_000_000;
/// The first address; the others follow it.
const FIRST: Ipv4Addr = Ipv4Addr::new(20, 0, 0, 0);
/// Number of parallel clients that send the requests of these addresses.
const THREADS: u32 = 8;
/// Number of requests in one CPU measurement. Many are needed, because the kernel counts CPU time in
/// hundredths of a second.
const REQUESTS: u32 = 20_000;
/// First address of the clients whose requests are allowed.
const LET_THROUGH: Ipv4Addr = Ipv4Addr::new(30, 0, 0, 0);
/// CPU time that one refusal must stay below.
const LIMIT_CPU: Duration = Duration::from_millis(1);
/// Highest allowed growth of the server's memory, in KiB.
const LIMIT_KIB: u64 = 64 * 1024;

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    let server = bench.start(&[
        ("AUTH__RATE_LIMIT__ENABLED", "true"),
        ("AUTH__RATE_LIMIT__CUSTOM_RULES", "/sign-in/* = 3 per 1h, /ok = 100 per 1h"),
        ("AUTH__PROXIES__TRUSTED", "127.0.0.1"),
    ])?;
    let address = server.address;
    // Warm-up: memory that any server allocates for its first requests must not count as the limiter's.
    ask(address, 0..20_000)?;
    let mut blocked = Client::new(address);
    let mut try_again = || {
        let body = json!({"email": "nobody@example.com"});
        blocked.send(&post("/api/auth/sign-in/email", "x-forwarded-for: 203.0.113.9\r\n", &body))
    };
    let first: Vec<u16> =
        (0..4).map(|_| try_again().map(|answer| answer.status)).collect::<Result<_, _>>()?;
    if first != [400, 400, 400, 429] {
        return Err(Failure::new(format!("four sign-ins were answered {first:?}")));
    }
    blocked_costs_little(&server)?;
    let before = server.resident_kib()?;
    let few = ask(address, 20_000..100_000)?;
    print_times("/ok, the first 100,000 addresses", &few);
    let many = ask(address, 100_000..ADDRESSES - 100_000)?;
    print_times("/ok, up to 900,000", &many);
    let last = ask(address, ADDRESSES - 100_000..ADDRESSES)?;
    print_times("/ok, the last 100,000", &last);
    let gained = server.resident_kib()?.saturating_sub(before);
    println!("memory {before} KiB before, {gained} KiB more after, limit {LIMIT_KIB}");
    let still = try_again()?.status;
    println!("the blocked client is answered {still}");
    if still != 429 || gained > LIMIT_KIB {
        return Err(Failure::new("the limiter does not keep what R-87 says"));
    }
    Ok(())
}

/// Compares the server's CPU time for requests of a blocked client, with small and large bodies, with that
/// for requests that `/ok` answers. Each kind uses one connection.
fn blocked_costs_little(server: &Server) -> Result<(), Failure> {
    let blocked = |password: &str| {
        let body = json!({"email": "nobody@example.com", "password": password});
        post("/api/auth/sign-in/email", "x-forwarded-for: 203.0.113.9\r\n", &body)
    };
    let let_through = cpu_each(server, "/ok, let through", 200, |number| {
        let from = Ipv4Addr::from_bits(LET_THROUGH.to_bits() + number);
        get("/api/auth/ok", &format!("x-forwarded-for: {from}\r\n"))
    })?;
    for (what, request) in [
        ("/sign-in/email, blocked", blocked("wrong password")),
        ("/sign-in/email, blocked, a body of 32 KiB", blocked(&"p".repeat(32 * 1024))),
    ] {
        let cost = cpu_each(server, what, 429, |_| request.clone())?;
        println!(
            "{:.2} times the cost of /ok, limit {LIMIT_CPU:?}",
            cost.as_secs_f64() / let_through.as_secs_f64()
        );
        if cost >= LIMIT_CPU {
            return Err(Failure::new(format!("{what}: {cost:?} of CPU for one refusal")));
        }
    }
    Ok(())
}

/// Sends requests one after the other, and returns the server's CPU time per request.
fn cpu_each(
    server: &Server,
    what: &str,
    expected: u16,
    request: impl Fn(u32) -> String,
) -> Result<Duration, Failure> {
    let mut client = Client::new(server.address);
    let before = server.cpu_time()?;
    for number in 0..REQUESTS {
        let status = client.send(&request(number))?.status;
        if status != expected {
            return Err(Failure::new(format!("{what}: answered {status}")));
        }
    }
    let cost = server.cpu_time()?.saturating_sub(before) / REQUESTS;
    println!("{what:44} {REQUESTS:>8} answers, {:>8.3} ms of CPU each", cost.as_secs_f64() * 1_000.0);
    Ok(cost)
}

/// Sends one request from each of these addresses and returns the response times.
fn ask(address: SocketAddr, numbers: std::ops::Range<u32>) -> Result<Times, Failure> {
    let all = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let numbers = numbers.clone();
                scope.spawn(move || -> Result<Vec<_>, Failure> {
                    let mut client = Client::new(address);
                    let mut times = Vec::new();
                    for number in numbers.filter(|number| number % THREADS == thread) {
                        let from = Ipv4Addr::from_bits(FIRST.to_bits() + number);
                        let request = get("/api/auth/ok", &format!("x-forwarded-for: {from}\r\n"));
                        let began = Instant::now();
                        let status = client.send(&request)?.status;
                        times.push(began.elapsed());
                        if status != 200 {
                            return Err(Failure::new(format!("{from} was answered {status}")));
                        }
                    }
                    Ok(times)
                })
            })
            .collect();
        let mut all = Vec::new();
        for thread in threads {
            let times = thread.join().map_err(|_| Failure::new("a client panicked"))?;
            all.extend(times?);
        }
        Ok::<_, Failure>(all)
    })?;
    Ok(Times::new(all))
}
