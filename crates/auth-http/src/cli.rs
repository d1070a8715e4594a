//! The command line: `serve`, `migrate`, `keys`, `cleanup`, `check`.

mod check;
mod cleanup;
mod keys;
mod migrate;
mod serve;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use auth_http::settings::{Environment, SchemaSettings, Settings};
use clap::{Parser, Subcommand};

/// An auth server that speaks the wire of Better Auth.
#[derive(Debug, Parser)]
#[command(name = "auth-server", version, about)]
struct Arguments {
    /// Settings file, in place of AUTH_CONFIG.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves until SIGTERM; the default.
    Serve,
    /// Brings the database to this build's schema, or tells how far it is from it.
    Migrate {
        #[command(subcommand)]
        action: Option<migrate::Action>,
    },
    /// Lists the keys that sign tokens, or makes a new one.
    Keys {
        #[command(subcommand)]
        action: Option<keys::Action>,
    },
    /// Removes expired sessions, verifications and counts of requests, once.
    Cleanup,
    /// Prints the settings in effect, without secrets, and tries the database.
    Check,
}

/// The result of a command: an exit code, or the error that stopped it.
type Outcome = Result<ExitCode, Box<dyn Error>>;

/// Runs the command that the command line names.
///
/// # Errors
/// The error that stopped the command. The caller prints it with its causes.
pub(crate) fn run() -> Outcome {
    let arguments = Arguments::parse();
    let mut environment = Environment::from_process();
    if let Some(path) = arguments.config {
        environment = environment.with("AUTH_CONFIG", path);
    }
    // A single-threaded runtime is enough because the workers start their own threads.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(Settings::load(&environment)?).await,
            Command::Migrate { action } => {
                let schema = SchemaSettings::load(&environment)?;
                migrate::run(&schema, action.unwrap_or(migrate::Action::Up)).await
            }
            Command::Keys { action } => {
                keys::run(&Settings::load(&environment)?, action.unwrap_or(keys::Action::List)).await
            }
            Command::Cleanup => cleanup::run(&Settings::load(&environment)?).await,
            Command::Check => check::run(&Settings::load(&environment)?).await,
        }
    })
}
