//! `cargo xtask bench`: measures the performance limits of the project's rules on this machine.
//!
//! Not part of CI, because the figures are meaningful only on an otherwise idle machine. `core` measures a
//! library. The other benchmarks run a release build of the server over a throw-away PostgreSQL; their
//! clients are threads of this program. Server and clients share the machine's cores, and the figures include
//! that.

mod cleanup;
mod core;
mod cpu;
mod flood;
mod limiter;
mod load;
mod serve;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;

use crate::failure::Failure;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
    /// Cargo profile of the server; figures of `dev` are not representative
    #[arg(long, default_value = "release", global = true)]
    profile: String,
    /// Measures this server binary instead of building one
    #[arg(long, value_name = "FILE", conflicts_with = "profile", global = true)]
    program: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// Tokens and cookies of auth-core compared with a bare HMAC, jsonwebtoken and jose
    Core,
    /// Session reads while 100 clients try wrong passwords
    Flood,
    /// Memory and latency of the rate limiter with a million client addresses, and CPU time of a
    /// refusal
    Limiter,
    /// Session reads while a million expired rows are deleted
    Cleanup,
    /// Requests per second and CPU per request, compared with a bare handler that does the same work and with
    /// Better Auth on Node
    Serve(serve::Options),
}

/// Runs a benchmark, prints its figures, and fails if a limit is exceeded.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let bench = || server::Bench::prepare(&options.profile, options.program);
    match options.what {
        What::Core => core::run(),
        What::Flood => flood::run(&bench()?),
        What::Limiter => limiter::run(&bench()?),
        What::Cleanup => cleanup::run(&bench()?),
        What::Serve(ref serve) => serve::run(&bench()?, &options.profile, serve),
    }
}

/// Prints one line of a table: label, number of responses, median and 99th percentile.
fn print_times(what: &str, times: &load::Times) {
    let micros = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "{what:44} {:>8} answers, median {:>8.3} ms, p99 {:>8.3} ms",
        times.count(),
        micros(times.percentile(50)),
        micros(times.percentile(99)),
    );
}

/// Prints the ratio of the two 99th percentiles, and fails if it exceeds `limit`.
fn check_ratio(idle: &load::Times, loaded: &load::Times, limit: f64) -> Result<(), Failure> {
    let ratio = loaded.percentile(99).as_secs_f64() / idle.percentile(99).as_secs_f64();
    println!(
        "p99 {:.3} ms idle, {:.3} ms under load: ratio {ratio:.2}, limit {limit:.1}",
        idle.percentile(99).as_secs_f64() * 1_000.0,
        loaded.percentile(99).as_secs_f64() * 1_000.0,
    );
    if ratio > limit {
        return Err(Failure::new(format!("reads got {ratio:.2} times slower, {limit:.1} are allowed")));
    }
    Ok(())
}
