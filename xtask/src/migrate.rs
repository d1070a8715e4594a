//! `cargo xtask migrate`: the store's migrations from the command line.
//!
//! The same as `auth-server migrate`, for a checkout without a built server.

use std::env;

use auth_store::DatabaseUrl;
use auth_store::migrations::{self, Data, MigrationError, Reverted};

use crate::database::{block_on, say};
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

/// Does it.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let url = from_environment()?;
    match options.action.unwrap_or(Action::Up) {
        Action::Up => report_up(&block_on(migrations::up(&url))??),
        Action::Status => {
            for migration in block_on(migrations::status(&url))?? {
                let state = match (&migration.applied_at, migration.known) {
                    (Some(at), true) => {
                        format!("applied {at}{}", if migration.adopted { ", tables adopted" } else { "" })
                    }
                    (Some(at), false) => format!("applied {at}, unknown to this build"),
                    (None, _) => "pending".to_owned(),
                };
                println!("{}  {state}", migration.name);
            }
        }
        Action::Plan => {
            let plan = block_on(migrations::plan(&url))??;
            for migration in &plan.pending {
                println!("-- {}\n{}", migration.name, migration.up.trim_end());
            }
            if plan.pending.is_empty() {
                println!("-- nothing to do");
            }
            if !plan.adopts.is_empty() {
                println!("-- adopts the tables that are there: {}", plan.adopts.join(", "));
            }
            if !plan.obstacles.is_empty() {
                let list: Vec<String> = plan.obstacles.iter().map(ToString::to_string).collect();
                return Err(Failure::new(format!("`up` would refuse:\n  {}", list.join("\n  "))));
            }
        }
        Action::Check => {
            let findings = block_on(migrations::check(&url))??;
            if findings.is_empty() {
                println!("the schema is what both servers need");
                return Ok(());
            }
            let list: Vec<String> = findings.iter().map(ToString::to_string).collect();
            return Err(Failure::new(format!("the schema has drifted:\n  {}", list.join("\n  "))));
        }
        Action::Down { drop_data } => {
            let data = if drop_data { Data::Drop } else { Data::Keep };
            match block_on(migrations::down(&url, data))?? {
                Some(Reverted::Dropped(name)) => println!("reverted {name}: its tables are gone"),
                Some(Reverted::Forgotten(name)) => {
                    println!("forgot {name}: its tables were there before and stay")
                }
                None => println!("nothing to revert"),
            }
        }
    }
    Ok(())
}

/// Runs what is missing in the database at `url`.
pub(crate) fn up(url: &str) -> Result<(), Failure> {
    let url = parse(url)?;
    report_up(&block_on(migrations::up(&url))??);
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

fn from_environment() -> Result<DatabaseUrl, Failure> {
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

fn parse(text: &str) -> Result<DatabaseUrl, Failure> {
    DatabaseUrl::parse(text).map_err(|error| Failure::because("the database's address cannot be used", error))
}

impl From<MigrationError> for Failure {
    fn from(error: MigrationError) -> Self {
        Self::because("the migrations stopped", error)
    }
}
