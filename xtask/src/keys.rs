//! `cargo xtask keys`: lists or rotates the keys that sign tokens. It builds the server and runs it, because
//! only the server reads settings and secrets.

use std::process::Command;

use crate::dev::server;
use crate::failure::Failure;
use crate::shell::run as run_command;

/// Options of `cargo xtask keys`, passed on to `auth-server keys`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Clone, Copy, Debug, clap::Subcommand)]
enum Action {
    /// Lists the keys (the default)
    List,
    /// Creates a new key, which signs from now on
    Rotate,
}

/// Runs `auth-server keys` with the chosen action.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let action = match options.action.unwrap_or(Action::List) {
        Action::List => "list",
        Action::Rotate => "rotate",
    };
    run_command(Command::new(server::build()?).args(["keys", action]))
}
