//! `cargo xtask bench`: what the rules on load promise, measured on the machine at hand.
//!
//! Not part of CI: the figures mean something on a machine that does nothing else. `core` measures a library. For the
//! others the server is a release build over a throw-away PostgreSQL, the clients are threads of this program; both
//! share the machine's cores, which the figures are for.

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
    /// Cargo profile of the server; figures of `dev` say little
    #[arg(long, default_value = "release", global = true)]
    profile: String,
    /// Measures this program instead of building one
    #[arg(long, value_name = "FILE", conflicts_with = "profile", global = true)]
    program: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// auth-core's tokens and cookies beside a bare HMAC, jsonwebtoken and jose
    Core,
    /// Session reads while 100 clients try passwords
    Flood,
    /// Memory and times of the rate limiter under a million addresses, and CPU time of a refusal
    Limiter,
    /// Session reads while a million expired rows are removed
    Cleanup,
    /// Requests per second and CPU per request beside a bare handler that does the same work, and Better Auth on Node
    Serve(serve::Options),
}

/// Measures, prints, and fails where a limit is missed.
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

/// Prints one line of a table: what, median, 99th of a hundred.
fn print_times(what: &str, times: &load::Times) {
    let micros = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "{what:44} {:>8} answers, median {:>8.3} ms, p99 {:>8.3} ms",
        times.count(),
        micros(times.percentile(50)),
        micros(times.percentile(99)),
    );
}

/// Prints a ratio with its limit, and fails where it is over.
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
