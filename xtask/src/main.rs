//! Development and release chores: `cargo xtask <chore>`.
//!
//! Builds without OpenSSL and needs only a Rust toolchain. A chore finds or installs other programs that it
//! needs, or fails with a message that says how to install them.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod bench;
mod ci;
mod conformance;
mod database;
mod db;
mod deny;
mod dev;
mod failure;
mod fuzz;
mod interrupt;
mod keys;
mod migrate;
mod needs;
mod openssl;
mod schema;
mod shell;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// Development and release chores.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Starts a private Postgres and the server on http://127.0.0.1:3000
    Dev(dev::Options),
    /// Builds and runs every test, with its own database and tools
    Test(test::Options),
    /// Runs the conformance suite against the real Better Auth
    Conformance(conformance::Options),
    /// Starts the services that the tests need and prints their variables, to run single tests by hand
    Db(db::Options),
    /// Migrates the database in DATABASE_URL_UNPOOLED or DATABASE_URL
    Migrate(migrate::Options),
    /// Lists the keys that sign tokens, or creates a new one
    Keys(keys::Options),
    /// Writes the store's schema.rs from a migrated database
    Schema(schema::Options),
    /// Checks project rules that the compiler and linters do not check
    Tidy(tidy::Options),
    /// Measures the performance limits of the project's rules; release builds, not for CI
    Bench(bench::Options),
    /// Fuzzes auth-core's parsers, and can keep inputs that reach new code
    Fuzz(fuzz::Options),
    /// Runs the jobs of the hosted workflow
    Ci(ci::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> Result<(), Failure> {
    match chore {
        Chore::Dev(options) => dev::run(options),
        Chore::Test(options) => test::run(options),
        Chore::Conformance(options) => conformance::run(options),
        Chore::Db(options) => db::run(options),
        Chore::Migrate(options) => migrate::run(options),
        Chore::Keys(options) => keys::run(options),
        Chore::Schema(options) => schema::run(options),
        Chore::Tidy(options) => tidy::run(options),
        Chore::Bench(options) => bench::run(options),
        Chore::Fuzz(options) => fuzz::run(options),
        Chore::Ci(options) => ci::run(options),
    }
}
