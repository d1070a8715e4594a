//! `cargo xtask migrate`: the store's migrations from the command line.
//!
//! The same as `auth-server migrate`, for a checkout without a built server. Only a server reads settings, so where
//! some are given that bear on the schema (additional fields, the kind of ids) one is built and does it.

use std::env;

use auth_store::migrations::{self, Data, Drift, MigrationError};
use auth_store::{DatabaseUrl, IdKind, TableNames};

use crate::database::{block_on, say};
use crate::dev::server;
use crate::failure::Failure;

/// What to do with the database in DATABASE_URL_UNPOOLED or DATABASE_URL.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Clone, Copy, Debug, clap::Subcommand)]
enum Action {
    /// Runs what is missing (this is also what happens without a word)
    Up,
    /// Lists the migrations and which of them the database has
    Status,
    /// Prints the SQL that `up` would run, and runs nothing
    Plan,
    /// Compares the live tables with what the servers need; fails on drift
    Check,
    /// Takes the last migration back (for development)
    Down {
        /// Drops tables even if they have rows
        #[arg(long)]
        drop_data: bool,
    },
}

impl Action {
    /// The server's words for it, where settings say what there is to be done.
    fn depends_on_settings(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Up => Some(&["up"]),
            Self::Plan => Some(&["plan"]),
            Self::Check => Some(&["check"]),
            Self::Down { drop_data: false } => Some(&["down"]),
            Self::Down { drop_data: true } => Some(&["down", "--drop-data"]),
            Self::Status => None,
        }
    }
}

/// Does it.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let url = from_environment()?;
    let action = options.action.unwrap_or(Action::Up);
    if let (Some(words), true) = (action.depends_on_settings(), server::has_settings()) {
        return server::migrate(&server::build()?, words, None);
    }
    match action {
        Action::Up => up(&url)?,
        Action::Status => {
            for status in block_on(migrations::status(&url))?? {
                println!("{status}");
            }
        }
        Action::Plan => {
            let plan = block_on(migrations::plan(&url, IdKind::default()))??;
            println!("{plan}");
            if !plan.obstacles.is_empty() {
                return Err(Failure::new("`up` would refuse"));
            }
        }
        Action::Check => {
            let findings = block_on(migrations::check(&url, IdKind::default()))??;
            println!("{}", Drift(&findings));
            if !findings.is_empty() {
                return Err(Failure::new("the schema has drifted"));
            }
        }
        Action::Down { drop_data } => {
            let data = if drop_data { Data::Drop } else { Data::Keep };
            match block_on(migrations::down(&url, data, &TableNames::default()))?? {
                Some(reverted) => println!("{reverted}"),
                None => println!("nothing to take back"),
            }
        }
    }
    Ok(())
}

/// Runs what is missing in the database at `url`, under default settings.
pub(crate) fn up(url: &DatabaseUrl) -> Result<(), Failure> {
    report_up(&block_on(migrations::up(url, IdKind::default()))??);
    Ok(())
}

fn report_up(ran: &[&str]) {
    for name in ran {
        say(&format!("migrated: {name}"));
    }
    if ran.is_empty() {
        say("the database is up to date");
    }
}

/// The direct address of the database that the environment names, derived from a pooler's where it can be.
pub(crate) fn from_environment() -> Result<DatabaseUrl, Failure> {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let unpooled = variable("DATABASE_URL_UNPOOLED").map(|text| parse(&text)).transpose()?;
    let pooled = match (variable("DATABASE_URL"), &unpooled) {
        (Some(text), _) => parse(&text)?,
        (None, Some(unpooled)) => unpooled.clone(),
        (None, None) => {
            return Err(Failure::new(
                "set DATABASE_URL, or DATABASE_URL_UNPOOLED where DATABASE_URL goes through a pooler",
            ));
        }
    };
    let (url, note) = DatabaseUrl::for_migrations(&pooled, unpooled.as_ref())
        .map_err(|error| Failure::because("the direct address cannot be derived", error))?;
    if let Some(note) = note {
        say(&note);
    }
    Ok(url)
}

/// Reads an address.
pub(crate) fn parse(text: &str) -> Result<DatabaseUrl, Failure> {
    DatabaseUrl::parse(text).map_err(|error| Failure::because("the database's address cannot be used", error))
}

impl From<MigrationError> for Failure {
    fn from(error: MigrationError) -> Self {
        Self::because("the migrations stopped", error)
    }
}
