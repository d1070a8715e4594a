//! `cargo xtask conformance`: runs the conformance suite against the real Better Auth, the pinned release or
//! another one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::database::say;
use crate::failure::Failure;
use crate::needs::{Without, node_packages};
use crate::shell::{capture, root, run as execute, target_dir};
use crate::test::Run;

/// The suite's scripts and the lock file of the pinned release.
const NODE: &str = "crates/auth-http/tests/conformance/node";

/// What to run.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Runs the scenarios against another release (`latest` or a version on npm) and lists the differences
    /// from the pinned one
    #[arg(long, value_name = "RELEASE", conflicts_with_all = ["record", "update"])]
    reference: Option<String>,
    /// Records the pinned release's responses again, after the scenarios have changed
    #[arg(long, conflicts_with = "update")]
    record: bool,
    /// Regenerates docs/COMPATIBILITY.md and the generated line in the README
    #[arg(long)]
    update: bool,
    #[command(flatten)]
    without: Without,
    /// Arguments for the test program, as in `cargo xtask conformance -- pairing::default`
    #[arg(last = true)]
    words: Vec<String>,
}

/// Prepares the database and tools that the suite needs, and runs it.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    if let Some(release) = &options.reference {
        return ask_another_release(release, &options.without);
    }
    let filters: &[&str] = match options.words.as_slice() {
        [] if options.record => &["pairing::", "passwords::"],
        [] if options.update => &["pairing::", "judgement::"],
        _ => &[],
    };
    let words = words(filters.iter().copied().chain(options.words.iter().map(String::as_str)));
    let mut run = Run::new(&options.without, &words);
    for (variable, wanted) in [("CONFORMANCE_RECORD", options.record), ("UPDATE_DOCS", options.update)] {
        if wanted {
            run.variables.push((variable, "1".into()));
        }
    }
    let outcome = run.perform();
    options.without.remind();
    outcome
}

/// Arguments of the test runner that select the suite, followed by the filters.
fn words<'a>(filters: impl Iterator<Item = &'a str>) -> Vec<String> {
    ["--package", "auth-http", "--test", "conformance"]
        .into_iter()
        .chain(filters)
        .map(str::to_owned)
        .collect()
}

/// Runs the scenarios against another release only, and lists the steps whose responses differ from the
/// pinned release.
fn ask_another_release(release: &str, without: &Without) -> Result<(), Failure> {
    let folder = install(release)?;
    let version = version(&folder)?;
    let changes = folder.join("changes.txt");
    let _ = fs::remove_file(&changes);
    let words = words(["pairing::"].into_iter());
    let mut run = Run::new(without, &words);
    run.reference = Some(&folder);
    run.variables.push(("CONFORMANCE_REFERENCE", folder.clone()));
    run.variables.push(("CONFORMANCE_CHANGES", changes.clone()));
    let outcome = run.perform();
    let changed = fs::read_to_string(&changes).unwrap_or_default();
    let pinned = version_of(&node_packages()?.join("node_modules"))?;
    if changed.is_empty() {
        outcome?;
        println!("better-auth {version} answers every step as {pinned} does");
        return Ok(());
    }
    let mut steps: Vec<&str> = changed.lines().collect();
    steps.sort_unstable();
    println!("\nbetter-auth {version} answers otherwise than {pinned}:\n  {}", steps.join("\n  "));
    Err(Failure::new(format!(
        "{} steps changed between {pinned} and {version}; the answers are above",
        steps.len()
    )))
}

/// Installs a release into its own folder, next to copies of the suite's scripts.
fn install(release: &str) -> Result<PathBuf, Failure> {
    let (from, to) = (root().join(NODE), target_dir().join("tools").join(format!("better-auth-{release}")));
    let failed = |error| Failure::because(format!("cannot fill {}", to.display()), error);
    let _ = fs::remove_dir_all(&to);
    fs::create_dir_all(&to).map_err(failed)?;
    for entry in fs::read_dir(&from).map_err(failed)?.flatten() {
        let name = entry.file_name();
        if entry.path().is_file() && name != "package-lock.json" {
            fs::copy(entry.path(), to.join(name)).map_err(failed)?;
        }
    }
    say(&format!("npm install better-auth@{release} in {}", to.display()));
    execute(
        Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .arg(format!("better-auth@{release}"))
            .current_dir(&to),
    )?;
    Ok(to)
}

fn version(folder: &Path) -> Result<String, Failure> {
    version_of(&folder.join("node_modules"))
}

/// The version of `better-auth` installed in a `node_modules` folder.
fn version_of(modules: &Path) -> Result<String, Failure> {
    let script = "console.log(JSON.parse(require('fs').readFileSync('better-auth/package.json')).version)";
    let text = capture(Command::new("node").args(["--eval", script]).current_dir(modules))?;
    Ok(text.trim().to_owned())
}
