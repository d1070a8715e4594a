//! `cargo xtask fuzz`: runs libFuzzer over auth-core's parsers, on the stable toolchain.
//!
//! `cargo-fuzz` needs a nightly compiler because it turns sanitizers on. Sanitizers find memory errors, which
//! are unlikely in crates without `unsafe`. The fuzzer needs only coverage, and every rustc contains LLVM's
//! coverage pass. New inputs are stored in `target/fuzz`; `--keep` copies them into the repository's corpus,
//! which `cargo test` replays.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::openssl::Openssl;
use crate::shell::{capture, cargo, root, run as execute, target_dir, which};

/// Folder of the kept inputs, with one subfolder per target.
const CORPUS: &str = "crates/auth-core/fuzz/corpus";

/// Compiler flags for LLVM's coverage pass. libFuzzer reads counters per edge, the table of edges, and the
/// operands of comparisons.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Longest input in bytes. Every parser reaches all of its branches with shorter inputs.
const MAX_LENGTH: u32 = 4096;

/// What to fuzz.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Name of a target, which is a folder in crates/auth-core/fuzz/corpus; all targets if omitted
    target: Option<String>,
    /// Seconds for each target
    #[arg(long, default_value_t = 20, value_name = "N", conflicts_with = "input")]
    seconds: u32,
    /// Copies inputs that reach new code into the repository's corpus
    #[arg(long, conflicts_with = "input")]
    keep: bool,
    /// Runs the target on this one input
    #[arg(long, value_name = "FILE", requires = "target")]
    input: Option<PathBuf>,
}

/// Builds the fuzzer and runs the targets one after the other. Fails if a target has a finding.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let _interrupt = Interrupt::listen()?;
    let known = targets()?;
    let chosen = match options.target {
        Some(name) if known.contains(&name) => vec![name],
        Some(name) => {
            return Err(Failure::new(format!("there is no target `{name}`, but {}", known.join(", "))));
        }
        None => known,
    };
    let fuzzer = Fuzzer::build()?;
    if let Some(input) = &options.input {
        return chosen.iter().try_for_each(|target| execute(fuzzer.command(target).arg(input)));
    }
    println!("target                   executions   a second  inputs  findings");
    let mut found = Vec::new();
    for target in &chosen {
        found.extend(fuzzer.fuzz(target, options.seconds)?);
        if options.keep {
            fuzzer.keep(target)?;
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} found; once fixed, an input belongs into its target's folder in {CORPUS}\n  {}",
        if found.len() == 1 { "an input was" } else { "inputs were" },
        found.join("\n  ")
    )))
}

/// Names of the targets, taken from the corpus folders. A test of `auth-core-fuzz` checks that every target
/// has a folder.
fn targets() -> Result<Vec<String>, Failure> {
    let folder = root().join(CORPUS);
    let entries = fs::read_dir(&folder)
        .map_err(|error| Failure::because(format!("cannot read {}", folder.display()), error))?;
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// The built fuzzer.
struct Fuzzer {
    program: PathBuf,
    /// Folder of inputs, findings and logs.
    folder: PathBuf,
}

impl Fuzzer {
    fn build() -> Result<Self, Failure> {
        let compiler =
            env::var_os("CXX").is_some() || ["c++", "clang++"].iter().any(|name| which(name).is_some());
        if !compiler {
            return Err(Failure::new(
                "libFuzzer is written in C++, and there is no C++ compiler: install one, or name it in CXX\n  \
                 Debian, Ubuntu:  sudo apt-get install g++\n  \
                 Fedora, RHEL:    sudo dnf install gcc-c++\n  \
                 macOS:           xcode-select --install",
            ));
        }
        let host = host()?;
        // An explicit `--target` excludes build scripts and procedural macros from the coverage flags, even
        // though the target is the host.
        let mut command =
            cargo(["build", "--locked", "--package", "auth-core-fuzz", "--bin", "fuzz", "--profile", "fuzz"]);
        match Openssl::look() {
            Openssl::Missing => {
                return Err(Failure::new(
                    "the encrypted cookie cache is fuzzed with OpenSSL, and its headers are not installed\n  \
                     Debian, Ubuntu:  sudo apt-get install libssl-dev pkg-config",
                ));
            }
            openssl => openssl.prepare(&mut command)?,
        }
        let compiler =
            if which("c++").is_none() && env::var_os("CXX").is_none() { Some("clang++") } else { None };
        execute(
            command
                .args(["--features", "libfuzzer", "--target", &host])
                .envs(compiler.map(|name| ("CXX", name)))
                .env("RUSTFLAGS", COVERAGE),
        )?;
        let target = target_dir();
        Ok(Self { program: target.join(host).join("fuzz/fuzz"), folder: target.join("fuzz") })
    }

    fn command(&self, target: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.env("AUTH_FUZZ_TARGET", target).args(["-timeout=10", "-rss_limit_mb=2048"]);
        command
    }

    /// Runs a target for `seconds` and prints one line. Returns the command that reproduces a finding, or
    /// `None`.
    fn fuzz(&self, target: &str, seconds: u32) -> Result<Option<String>, Failure> {
        let (inputs, findings) = (self.folder.join("corpus").join(target), self.folder.join("findings"));
        for folder in [&inputs, &findings] {
            fs::create_dir_all(folder)
                .map_err(|error| Failure::because(format!("cannot make {}", folder.display()), error))?;
        }
        let log = self.folder.join(format!("{target}.log"));
        let to = File::create(&log)
            .map_err(|error| Failure::because(format!("cannot write {}", log.display()), error))?;
        let status = self
            .command(target)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={MAX_LENGTH}"))
            .arg("-print_final_stats=1")
            .arg(format!("-artifact_prefix={}/{target}-", findings.display()))
            .args([&inputs, &root().join(CORPUS).join(target)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(to)
            .status()
            .map_err(|error| Failure::because(format!("cannot run {}", self.program.display()), error))?;
        let text =
            fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let statistic = |name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
            line.and_then(|rest| rest.trim_start_matches(':').trim().parse().ok()).unwrap_or_default()
        };
        println!(
            "{target:22} {:>12} {:>10} {:>7}  {}",
            statistic("number_of_executed_units"),
            statistic("average_exec_per_sec"),
            fs::read_dir(&inputs).map_or(0, Iterator::count),
            if status.success() { "none" } else { "one" },
        );
        if status.success() {
            return Ok(None);
        }
        let written = text
            .lines()
            .rev()
            .find_map(|line| line.split_once("Test unit written to "))
            .map(|(_, file)| file);
        let Some(file) = written else {
            return Err(Failure::new(format!(
                "{target} ended without a finding ({status}), see {}",
                log.display()
            )));
        };
        Ok(Some(format!("cargo xtask fuzz {target} --input {file}")))
    }

    /// Copies inputs that add coverage into the repository's corpus.
    fn keep(&self, target: &str) -> Result<(), Failure> {
        let corpus = root().join(CORPUS).join(target);
        let before = count(&corpus);
        // Keeps the smallest set of inputs that covers all branches. With counters of how often each branch
        // is taken, the set would be ten times as large.
        let found = self.folder.join("corpus").join(target);
        capture(
            self.command(target).args(["-set_cover_merge=1", "-use_counters=0"]).args([&corpus, &found]),
        )?;
        println!("{target:22} {} inputs kept, {} more than before", count(&corpus), count(&corpus) - before);
        Ok(())
    }
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

/// The target triple of this machine's compiler.
fn host() -> Result<String, Failure> {
    let version = capture(Command::new("rustc").arg("-vV").current_dir(root()))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failure::new("`rustc -vV` names no host"))
}
