//! Measures the cost of a request, compared with a minimal server and with Better Auth on Node.
//!
//! The minimal server, called the floor (`crates/auth-http/floor`), is a bare Actix handler that does the
//! same work by hand. All servers use one private PostgreSQL. They are measured in turns, so that other load
//! on the machine affects all of them. The results that count are the ratios of CPU time per request, because
//! other load disturbs them less than response times. It still has some effect: a server that gets fewer
//! requests at once needs more CPU time for each.

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

/// Duration of the warm-up before each turn, which fills the caches.
const WARM_UP: Duration = Duration::from_millis(300);

/// Options of `cargo xtask bench serve`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Options {
    /// Duration of each turn, in seconds
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Number of turns of each server
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Number of parallel connections
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Worker threads of the server and of the floor; by default one per core
    #[arg(long)]
    workers: Option<usize>,
    /// Number of sessions in the database
    #[arg(long, default_value_t = 100_000)]
    sessions: u32,
    /// Skips Better Auth on Node
    #[arg(long)]
    without_node: bool,
}

/// Runs the measurements, prints the figures, and fails if a limit is exceeded.
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
            // The order changes with each round, so that a server does not always follow the same one.
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

/// Sends one request and returns the body, which must be JSON.
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
