//! `cargo xtask ci`: runs the jobs of the hosted workflow locally, one of them or all.

use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;

use crate::deny::{self, Subject};
use crate::failure::Failure;
use crate::openssl::Openssl;
use crate::shell::{cargo, run as execute, target_dir};
use crate::{schema, test, tidy};

/// Which jobs to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The job; `all` runs every job that needs no network beyond the package registries
    #[arg(value_enum, default_value = "all")]
    job: Job,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Job {
    /// Every job except `advisories`
    All,
    /// Code formatting (rustfmt)
    Fmt,
    /// The project's own rules (`cargo xtask tidy`)
    Tidy,
    /// Lints (clippy), with warnings as errors
    Clippy,
    /// Documentation builds without warnings
    Docs,
    /// Licences, forbidden crates and sources of dependencies
    Deny,
    /// The store's schema.rs matches the declared tables
    Schema,
    /// All tests
    Test,
    /// Dependencies with known vulnerabilities; downloads the RustSec database
    Advisories,
}

/// Quick jobs run first, so that a mistake shows before the tests are built. `schema` runs after the tests,
/// because they build the server that it needs.
const ALL: [Job; 7] = [Job::Fmt, Job::Tidy, Job::Deny, Job::Clippy, Job::Docs, Job::Test, Job::Schema];

/// Runs the chosen job. With `all`, the remaining jobs still run after one has failed.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    if options.job != Job::All {
        return timed(options.job, None).outcome;
    }
    let mut reports = Vec::new();
    let mut server = None;
    for job in ALL {
        reports.push(timed(job, server.take()));
        // The tests have just built the server. A separate build would compile its dependencies again, with
        // other features.
        server = Some(target_dir().join("debug/auth-server")).filter(|it| job == Job::Test && it.is_file());
    }
    println!("\njob         seconds  outcome");
    for report in &reports {
        let outcome = if report.outcome.is_ok() { "passed" } else { "FAILED" };
        println!("{:<11} {:>7.1}  {outcome}", name(report.job), report.seconds);
    }
    let total: f64 = reports.iter().map(|report| report.seconds).sum();
    println!("{:<11} {total:>7.1}", "all");
    let failed: Vec<String> = reports
        .into_iter()
        .filter_map(|report| report.outcome.err().map(|failure| format!("{}: {failure}", name(report.job))))
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(failed.join("\n       "))) }
}

struct Report {
    job: Job,
    seconds: f64,
    outcome: Result<(), Failure>,
}

fn timed(job: Job, server: Option<PathBuf>) -> Report {
    println!("\n==> {}", name(job));
    let begun = Instant::now();
    let outcome = perform(job, server);
    let seconds = begun.elapsed().as_secs_f64();
    match &outcome {
        Ok(()) => println!("==> {} passed in {seconds:.1} s", name(job)),
        Err(failure) => eprintln!("==> {} failed after {seconds:.1} s: {failure}", name(job)),
    }
    Report { job, seconds, outcome }
}

/// Runs one job. `server` is the path of an already built server, or `None`.
fn perform(job: Job, server: Option<PathBuf>) -> Result<(), Failure> {
    match job {
        Job::All => ALL.into_iter().try_for_each(|job| perform(job, None)),
        Job::Fmt => execute(&mut cargo(["fmt", "--all", "--check"])),
        Job::Tidy => tidy::run(tidy::Options::default()),
        Job::Clippy => clippy(),
        Job::Docs => docs(),
        Job::Deny => deny::run(Subject::Offline),
        Job::Schema => schema::run(schema::Options { check: true, program: server }),
        Job::Test => test::run(test::Options::default()),
        Job::Advisories => deny::run(Subject::Advisories),
    }
}

/// Checks the whole workspace, then `auth-core` without josekit, as `xtask` and `auth-store` use it.
fn clippy() -> Result<(), Failure> {
    let mut whole = cargo(["clippy", "--workspace", "--all-targets", "--locked"]);
    Openssl::look().prepare(&mut whole)?;
    execute(whole.args(["--features", "auth-core/josekit", "--", "--deny", "warnings"]))?;
    execute(&mut cargo(["clippy", "--package", "auth-core", "--locked", "--", "--deny", "warnings"]))
}

fn docs() -> Result<(), Failure> {
    let mut command = cargo(["doc", "--workspace", "--no-deps", "--lib", "--locked"]);
    // These are development programs; their documentation is `--help`.
    command.args(["--exclude", "auth-core-compare", "--exclude", "auth-core-fuzz"]);
    Openssl::look().prepare(&mut command)?;
    execute(command.env("RUSTDOCFLAGS", "--deny warnings"))
}

fn name(job: Job) -> String {
    job.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
