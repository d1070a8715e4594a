//! `cargo xtask test`: runs all tests of the workspace, with a private database and private tools.

pub(crate) mod report;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::needs::{Installed, Needs, Without};
use crate::openssl::Openssl;
use crate::shell::{as_from_a_shell, cargo, root, run as execute, target_dir};
use crate::tools::NEXTEST;
use report::Report;

/// Variable that names the folder for the results of the conformance suite's configurations.
const OUTCOMES_VARIABLE: &str = "CONFORMANCE_OUTCOMES";

/// Options of `cargo xtask test`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    without: Without,
    /// Arguments for `cargo nextest run`, as in `cargo xtask test -- --package auth-store --test store
    /// pool::`
    #[arg(last = true)]
    words: Vec<String>,
}

/// Runs the tests that the arguments select, and prints how long they took.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let outcome = Run::new(&options.without, &options.words).perform();
    if let Ok(report) = Report::read() {
        println!("\n{report}");
    }
    options.without.remind();
    outcome
}

/// One run of the test runner.
pub(crate) struct Run<'a> {
    without: &'a Without,
    /// Arguments for the runner; an empty slice runs every test.
    words: &'a [String],
    /// Additional environment variables for the tests.
    pub(crate) variables: Vec<(&'a str, PathBuf)>,
    /// A folder with another release of Better Auth and the suite's scripts; `None` uses the pinned release.
    pub(crate) reference: Option<&'a Path>,
}

impl<'a> Run<'a> {
    /// A run that compares with the pinned release.
    pub(crate) fn new(without: &'a Without, words: &'a [String]) -> Self {
        Self { without, words, variables: Vec::new(), reference: None }
    }

    /// Prepares the services and tools, runs the tests, and removes the database.
    pub(crate) fn perform(&self) -> Result<(), Failure> {
        // Ctrl-C ends the tests, which are in the same process group. This process continues, to remove the
        // database.
        let _interrupt = Interrupt::listen()?;
        let _ = fs::remove_file(report::file());
        // Tools are downloaded while the tests compile: one is limited by the network, the other by the CPU.
        let installed = thread::scope(|scope| {
            let installing = scope.spawn(|| Installed::prepare(self.without));
            let built = execute(self.nextest()?.arg("--no-run"));
            let installed = installing.join().map_err(|_| Failure::new("the preparation panicked"))?;
            built.and(installed)
        })?;
        let needs = Needs::start(installed, self.reference)?;
        let outcome = execute(
            self.nextest()?
                .envs(needs.environment())
                .env(OUTCOMES_VARIABLE, folder_for_outcomes()?)
                .envs(self.variables.iter().map(|(name, value)| (name, value))),
        );
        if !self.words.is_empty() {
            return outcome;
        }
        // nextest does not run doc tests.
        let mut examples = cargo(["test", "--locked", "--workspace", "--doc"]);
        Openssl::look().prepare(&mut examples)?;
        outcome.and(execute(examples.envs(needs.environment())))
    }

    /// The nextest command for the packages that the arguments name, or for the whole workspace.
    fn nextest(&self) -> Result<Command, Failure> {
        let mut command = as_from_a_shell(Command::new(NEXTEST.find_or_install()?));
        command.current_dir(root()).args(["nextest", "run", "--locked", "--target-dir"]).arg(target_dir());
        let chosen = |word: &String| word == "-p" || word.starts_with("--package") || word.starts_with("-p=");
        if !self.words.iter().any(chosen) {
            command.arg("--workspace");
            Openssl::look().prepare(&mut command)?;
        }
        command.args(self.words);
        Ok(command)
    }
}

/// The folder in which each configuration of the conformance suite writes its result; tests read it to judge
/// all configurations together. It is a new folder, unless the variable names one that may contain results
/// from other machines.
fn folder_for_outcomes() -> Result<PathBuf, Failure> {
    if let Some(given) = env::var_os(OUTCOMES_VARIABLE) {
        return Ok(given.into());
    }
    let folder = target_dir().join("conformance");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)
        .map_err(|error| Failure::because(format!("cannot make {}", folder.display()), error))?;
    Ok(folder)
}
