//! `cargo xtask keys`: the keys that sign tokens. Only a server reads settings and secrets, so one is built and asked.

use std::process::Command;

use crate::dev::server;
use crate::failure::Failure;
use crate::shell::run as run_command;

/// What `auth-server keys` takes, in the environment of the server.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Clone, Copy, Debug, clap::Subcommand)]
enum Action {
    /// Lists the keys (this is also what happens without a word)
    List,
    /// Makes a new key, which signs from now on
    Rotate,
}

/// Does it.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let action = match options.action.unwrap_or(Action::List) {
        Action::List => "list",
        Action::Rotate => "rotate",
    };
    run_command(Command::new(server::build()?).args(["keys", action]))
}
