//! Compares auth-core with a bare HMAC, jsonwebtoken and `jose` on the same token, in one run.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::needs;
use crate::openssl::Openssl;
use crate::shell::{capture, cargo, root, run as execute, target_dir};

const PACKAGE: &str = "crates/auth-core/compare";

/// Task, competing implementation, and the highest allowed ratio of auth-core's time to that
/// implementation's.
const LIMITS: [(&str, &str, f64); 2] =
    [("verify signed cookie", "bare HMAC", 1.2), ("verify access token", "jsonwebtoken", 1.0)];

/// The time that one implementation took for one task.
struct Measured {
    task: String,
    by: String,
    nanoseconds: f64,
}

/// Runs the measurements, prints one table, and fails if a limit is exceeded.
pub(super) fn run() -> Result<(), Failure> {
    build()?;
    let folder = needs::node_packages()?;
    let program = |name: &str| target_dir().join("release").join(name);
    let mut measured = times(&capture(&mut Command::new(program("times")))?);
    let tokens = capture(Command::new(program("times")).arg("tokens"))?;
    measured.extend(times(&with_input(
        Command::new("node").arg(root().join(PACKAGE).join("jose.mjs")).current_dir(folder),
        &tokens,
    )?));
    let allocations = capture(&mut Command::new(program("allocations")))?;
    print(&measured, &allocations);
    check(&measured)
}

fn build() -> Result<(), Failure> {
    println!("building with jsonwebtoken over aws-lc, which takes some minutes the first time");
    let mut command = cargo(["build", "--locked", "--release", "--package", "auth-core-compare"]);
    match Openssl::look() {
        Openssl::Missing => {
            return Err(Failure::new(
                "the encrypted cookie cache is measured with OpenSSL, and its headers are not installed\n  \
                 Debian, Ubuntu:  sudo apt-get install libssl-dev pkg-config",
            ));
        }
        openssl => openssl.prepare(&mut command)?,
    }
    execute(command.args(["--features", "jsonwebtoken"]))
}

/// Runs a program with `input` as its standard input and returns its standard output.
fn with_input(command: &mut Command, input: &str) -> Result<String, Failure> {
    let failed = |error| Failure::because("cannot run node", error);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        return Err(Failure::new(format!("jose.mjs failed ({})", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn times(printed: &str) -> Vec<Measured> {
    let columns = printed.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    columns
        .filter_map(|columns| match columns.as_slice() {
            [task, by, nanoseconds] => Some(Measured {
                task: (*task).to_owned(),
                by: (*by).to_owned(),
                nanoseconds: nanoseconds.parse().ok()?,
            }),
            _ => None,
        })
        .collect()
}

fn print(measured: &[Measured], allocations: &str) {
    println!(
        "\n{:24}{:14}{:>10}{:>20}{:>14}{:>8}",
        "", "", "µs", "times auth-core's", "allocations", "bytes"
    );
    let mut last = "";
    for Measured { task, by, nanoseconds } in tasks(measured) {
        let ours = find(measured, task, "auth-core").unwrap_or(f64::NAN);
        let counted = allocations.lines().find_map(|line| line.strip_prefix(&format!("{task}\t{by}\t")));
        let (count, bytes) = counted.and_then(|rest| rest.split_once('\t')).unwrap_or(("", ""));
        println!(
            "{:24}{by:14}{:>10.2}{:>20.2}{count:>14}{bytes:>8}",
            if task == last { "" } else { task },
            nanoseconds / 1_000.0,
            nanoseconds / ours,
        );
        last = task;
    }
}

/// The measurements grouped by task, in the order in which auth-core ran the tasks.
fn tasks(measured: &[Measured]) -> impl Iterator<Item = &Measured> {
    let ours = measured.iter().filter(|one| one.by == "auth-core");
    ours.flat_map(|ours| measured.iter().filter(|one| one.task == ours.task))
}

fn find(measured: &[Measured], task: &str, by: &str) -> Option<f64> {
    measured.iter().find(|one| one.task == task && one.by == by).map(|one| one.nanoseconds)
}

fn check(measured: &[Measured]) -> Result<(), Failure> {
    for (task, rival, limit) in LIMITS {
        let both = find(measured, task, "auth-core").zip(find(measured, task, rival));
        let (ours, theirs) = both.ok_or_else(|| Failure::new(format!("{task} was not measured")))?;
        let ratio = ours / theirs;
        println!("{task}: {ratio:.2} times {rival}, limit {limit:.1}");
        if ratio > limit {
            return Err(Failure::new(format!("{task} takes {ratio:.2} times as long as {rival}")));
        }
    }
    Ok(())
}
