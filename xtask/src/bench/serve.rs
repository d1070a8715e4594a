//! What a request costs beside the least that it can cost, and beside Better Auth on Node.
//!
//! The floor (`crates/auth-http/floor`) is a bare Actix handler that does the same work by hand. All servers
//! run over one private PostgreSQL and are asked in turns, so that whatever else the machine does for a while
//! meets all of them. What counts are the ratios of CPU time per request, which other work on the machine
//! disturbs less than times. It does disturb them: a server that gets fewer requests at once spends more on
//! each.

mod contestants;
mod report;
mod seed;

use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use contestants::{Asked, Contestant, Contestants};
use report::{Report, Sample};

use super::cpu::{cpu_time, cpu_time_of_all};
use super::load::{Client, Times, drive};
use super::server::Bench;
use crate::database::say;
use crate::failure::Failure;

/// Time for which a server is asked before each turn, so that caches are those of a server at work.
const WARM_UP: Duration = Duration::from_millis(300);

/// How long and how often to measure.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Options {
    /// Time of each turn
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Turns of each server
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Connections that ask at once
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Threads that serve, of the server and of the floor; by default one per core
    #[arg(long)]
    workers: Option<usize>,
    /// Sessions in the database
    #[arg(long, default_value_t = 100_000)]
    sessions: u32,
    /// Leaves Better Auth on Node out
    #[arg(long)]
    without_node: bool,
}

/// Measures, prints, and fails where a limit is missed.
pub(super) fn run(bench: &Bench, profile: &str, options: &Options) -> Result<(), Failure> {
    let workers = options.workers.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    let tokens = seed::fill(&bench.cluster.admin_url(), options.sessions)?;
    let postgres = seed::postmaster(&bench.cluster.admin_url())?;
    let contestants = Contestants::start(bench, profile, workers, !options.without_node, &tokens)?;
    contestants.compare()?;
    say(&format!(
        "{} rounds of {} s, {} connections, {workers} workers, {} sessions",
        options.rounds, options.seconds, options.connections, options.sessions
    ));
    let mut report = Report::default();
    for round in 0..options.rounds {
        for asked in Asked::ALL {
            let mut turns: Vec<&Contestant> = contestants.for_request(asked).collect();
            // The order changes with each round: a server never always follows the same one.
            let first = round % turns.len().max(1);
            turns.rotate_left(first);
            for contestant in turns {
                let sample = measure(contestant, asked, postgres, options)?;
                report.add(asked, contestant.name, sample);
            }
        }
        println!("  round {} of {} is over", round + 1, options.rounds);
    }
    report.print();
    report.check()
}

fn measure(
    contestant: &Contestant,
    asked: Asked,
    postgres: u32,
    options: &Options,
) -> Result<Sample, Failure> {
    let (address, requests) = (contestant.server.address, contestant.requests(asked));
    let ask = |time: Duration| drive(address, requests, options.connections, Instant::now() + time);
    let own = std::process::id();
    ask(WARM_UP)?;
    let before = (contestant.server.cpu_time()?, cpu_time_of_all(postgres), cpu_time(own)?);
    let began = Instant::now();
    let times: Times = ask(Duration::from_secs(options.seconds))?;
    let took = began.elapsed();
    let after = (contestant.server.cpu_time()?, cpu_time_of_all(postgres), cpu_time(own)?);
    #[expect(clippy::cast_precision_loss, reason = "requests of some seconds")]
    let count = times.count().max(1) as f64;
    let each = |before: Duration, after: Duration| after.saturating_sub(before).as_secs_f64() * 1e6 / count;
    Ok(Sample {
        per_second: count / took.as_secs_f64(),
        median: times.percentile(50).as_secs_f64() * 1e3,
        p99: times.percentile(99).as_secs_f64() * 1e3,
        server: each(before.0, after.0),
        postgres: each(before.1, after.1),
        clients: each(before.2, after.2),
    })
}

/// Asks once and gives the body, which must be JSON.
fn body(contestant: &Contestant, asked: Asked) -> Result<serde_json::Value, Failure> {
    let request = contestant.requests(asked).first().map_or("", String::as_str);
    let answer = Client::new(contestant.server.address).send(request)?;
    let name = contestant.name;
    if answer.status != 200 {
        return Err(Failure::new(format!("{name} answers {} with {}", asked.name(), answer.status)));
    }
    serde_json::from_slice(&answer.body).map_err(|error| {
        Failure::because(format!("{name} does not answer {} with JSON", asked.name()), error)
    })
}
