//! What the tests need besides cargo: a database, the npm packages of Better Auth, two PgBouncers, Python and
//! a browser.
//!
//! All files are in `target/` or in the test's own folder, and everything works for root and for ordinary
//! users. If a tool cannot be installed, the run fails with instructions. Tests are never skipped silently.

mod apt;
mod chromium;
mod node;
mod pgbouncer;
mod python;

use std::path::{Path, PathBuf};
use std::thread;

use dev_postgres::{Binaries, Cluster};

use crate::database::{binaries, say, throw_away};
use crate::failure::Failure;
use node::NodeHost;

/// Tools that the user excludes.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Without {
    /// Skips these tools and the tests that need them, and prints what is skipped
    #[arg(long = "without", value_enum, value_delimiter = ',')]
    tools: Vec<Tool>,
}

/// A tool that can be excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Tool {
    /// PgBouncer 1.18 and a current release
    Pgbouncer,
    /// Better Auth from npm, the reference server
    Node,
    /// PyJWT and FastAPI, which verify tokens independently
    Python,
    /// A browser, for Better Auth's client library
    Chromium,
}

impl Without {
    /// Prints a warning for each excluded tool and the tests that did not run.
    pub(crate) fn remind(&self) {
        for tool in &self.tools {
            let tests = match tool {
                Tool::Pgbouncer => "connections through PgBouncer, old and new",
                Tool::Node => "conformance with the real better-auth package",
                Tool::Python => "tokens verified by PyJWT, also in FastAPI",
                Tool::Chromium => "Better Auth's client library in a real browser",
            };
            println!("NOT TESTED: {tests} (left out by --without)");
        }
    }

    fn has(&self, tool: Tool) -> bool {
        self.tools.contains(&tool)
    }
}

/// The tools of the tests, found or installed.
pub(crate) struct Installed {
    binaries: Binaries,
    environment: Vec<(&'static str, String)>,
    node: bool,
}

impl Installed {
    /// Finds or installs the tools in parallel, because most of the time is network latency.
    pub(crate) fn prepare(without: &Without) -> Result<Self, Failure> {
        println!("preparing what the tests need");
        without.remind();
        let node = !without.has(Tool::Node);
        // The browser is driven by a Node script.
        let chromium = node && !without.has(Tool::Chromium);
        let (python, pgbouncer) = (!without.has(Tool::Python), !without.has(Tool::Pgbouncer));
        type Install = fn() -> Result<PathBuf, Failure>;
        let programs: [(bool, &str, Install); 4] = [
            (python, "AUTH_TEST_PYTHON", python::install),
            (chromium, "AUTH_TEST_CHROMIUM", chromium::install),
            (pgbouncer, "AUTH_TEST_PGBOUNCER_OLD", || pgbouncer::install(&pgbouncer::OLD)),
            (pgbouncer, "AUTH_TEST_PGBOUNCER_NEW", || pgbouncer::install(&pgbouncer::NEW)),
        ];
        let (binaries, packages, found) = thread::scope(|scope| {
            let wanted = programs.into_iter().filter(|(wanted, ..)| *wanted);
            let installing: Vec<_> = wanted
                .map(|(_, variable, install)| {
                    scope.spawn(move || Ok((variable, given_or(variable, install)?)))
                })
                .collect();
            let packages = if node { node::install() } else { Ok(()) };
            let found: Result<Vec<_>, Failure> = installing
                .into_iter()
                .map(|thread| thread.join().map_err(|_| Failure::new("the preparation panicked"))?)
                .collect();
            (binaries(), packages, found)
        });
        packages?;
        let (binaries, mut environment) = (binaries?, found?);
        let tools = [(node, "node"), (python, "python"), (chromium, "chromium"), (pgbouncer, "pgbouncer")];
        let left_out: Vec<&str> = tools.into_iter().filter(|(has, _)| !has).map(|(_, name)| name).collect();
        environment.push(("DEV_POSTGRES_BIN", binaries.dir().display().to_string()));
        // A test fails if a tool is missing, unless this variable lists the tool.
        environment.push(("AUTH_TEST_WITHOUT", left_out.join(",")));
        Ok(Self { binaries, environment, node })
    }
}

/// The running services that the tests need. They stop when the value is dropped.
pub(crate) struct Needs {
    environment: Vec<(&'static str, String)>,
    _cluster: Cluster,
    _node: Option<NodeHost>,
}

impl Needs {
    /// Finds or installs the tools and starts the servers.
    pub(crate) fn prepare(without: &Without) -> Result<Self, Failure> {
        Self::start(Installed::prepare(without)?, None)
    }

    /// Starts the database cluster and the Node process that serves Better Auth: the release installed in the
    /// folder `reference`, or the pinned release if `None`.
    pub(crate) fn start(installed: Installed, reference: Option<&Path>) -> Result<Self, Failure> {
        let Installed { binaries, mut environment, node } = installed;
        let cluster = throw_away(&binaries)?;
        say(&format!("PostgreSQL {} on {}", binaries.version(), cluster.socket_dir().display()));
        environment.push(("AUTH_TEST_DATABASE_URL", cluster.admin_url()));
        let folder = reference.map_or_else(node::folder, Path::to_owned);
        let node = node.then(|| NodeHost::start(&folder)).transpose()?;
        if let Some(host) = &node {
            environment.push(("AUTH_TEST_NODE_HOST", host.address().to_owned()));
        }
        Ok(Self { environment, _cluster: cluster, _node: node })
    }

    /// Environment variables for the tests.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.environment.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// Installs the npm packages of the reference server and returns the folder that contains `node_modules`.
pub(crate) fn node_packages() -> Result<PathBuf, Failure> {
    node::install()?;
    Ok(node::folder())
}

/// The path in the environment variable, or else the one that `install` returns.
fn given_or(variable: &str, install: impl FnOnce() -> Result<PathBuf, Failure>) -> Result<String, Failure> {
    if let Some(given) = std::env::var_os(variable).filter(|value| !value.is_empty()) {
        if Path::new(&given).is_file() {
            return Ok(given.to_string_lossy().into_owned());
        }
        return Err(Failure::new(format!("{variable} is set, but {} is no file", given.to_string_lossy())));
    }
    Ok(install()?.to_string_lossy().into_owned())
}
