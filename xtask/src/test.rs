//! `cargo xtask test`: every test of the workspace, with a database and tools of its own.

use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::needs::{Needs, Without};
use crate::openssl::Openssl;
use crate::shell::{cargo, run as execute};

/// What to run.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    without: Without,
    /// Words for `cargo test`, as in `cargo xtask test -- --package auth-store --test store`
    #[arg(last = true)]
    cargo: Vec<String>,
}

/// Prepares what the tests need, runs them, and removes the database again.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    // Ctrl-C ends cargo, which is in the same process group; this process stays to remove the database.
    let _interrupt = Interrupt::listen()?;
    let needs = Needs::prepare(&options.without)?;
    // All failures at once: a run costs minutes.
    let mut command = cargo(["test", "--locked", "--no-fail-fast"]);
    let chosen = |word: &String| word == "-p" || word.starts_with("--package") || word.starts_with("-p=");
    if !options.cargo.iter().any(chosen) {
        command.arg("--workspace");
        Openssl::look().prepare(&mut command)?;
    }
    command.args(&options.cargo).envs(needs.environment());
    let outcome = execute(&mut command);
    drop(needs);
    options.without.remind();
    outcome
}
