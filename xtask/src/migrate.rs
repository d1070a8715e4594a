//! `cargo xtask migrate`: builds the server and runs its `migrate` command, because only the server reads
//! settings.

use std::env;

use crate::dev::server;
use crate::failure::Failure;

/// Options of `cargo xtask migrate`, for the database in DATABASE_URL_UNPOOLED or DATABASE_URL.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Clone, Copy, Debug, clap::Subcommand)]
enum Action {
    /// Runs the pending migrations (the default)
    Up,
    /// Lists the migrations and whether each has been applied
    Status,
    /// Prints the SQL that `up` would run, and runs nothing
    Plan,
    /// Compares the live tables with the tables that the server needs; fails on drift
    Check,
    /// Reverts the last migration (for development)
    Down {
        /// Drops tables even if they have rows
        #[arg(long)]
        drop_data: bool,
    },
}

impl Action {
    /// The arguments of the server's `migrate` command.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Up => &["up"],
            Self::Status => &["status"],
            Self::Plan => &["plan"],
            Self::Check => &["check"],
            Self::Down { drop_data: false } => &["down"],
            Self::Down { drop_data: true } => &["down", "--drop-data"],
        }
    }
}

/// Builds the server and runs the action.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let given = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let url = match (given("DATABASE_URL"), given("DATABASE_URL_UNPOOLED")) {
        (Some(_), _) => None,
        (None, Some(unpooled)) => Some(unpooled),
        (None, None) => {
            return Err(Failure::new(
                "set DATABASE_URL, or DATABASE_URL_UNPOOLED where DATABASE_URL goes through a pooler",
            ));
        }
    };
    server::migrate(&server::build()?, options.action.unwrap_or(Action::Up).words(), url.as_deref())
}
