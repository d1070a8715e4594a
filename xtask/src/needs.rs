//! What the tests need besides cargo: a database, the reference server's packages, two poolers, a Python, a browser.
//!
//! Everything lands in `target/` or in the test's own folder, and works for root and for ordinary users. A tool that
//! cannot be had is an error with a way out, never a test that silently does not run.

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

/// Tools to do without.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Without {
    /// Leaves tools and the tests that need them out, and says so
    #[arg(long = "without", value_enum, value_delimiter = ',')]
    tools: Vec<Tool>,
}

/// What can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Tool {
    /// PgBouncer 1.18 and a current one
    Pgbouncer,
    /// The reference server from npm
    Node,
    /// PyJWT and FastAPI, as other verifiers of tokens
    Python,
    /// A browser, for Better Auth's client library
    Chromium,
}

impl Without {
    /// Names what was left out, loudly.
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
    /// Finds the tools, or installs them, all at once: most of that is waiting for the network.
    pub(crate) fn prepare(without: &Without) -> Result<Self, Failure> {
        println!("preparing what the tests need");
        without.remind();
        let node = !without.has(Tool::Node);
        // Node drives the browser.
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
        // Tests fail without a tool unless it is named here.
        environment.push(("AUTH_TEST_WITHOUT", left_out.join(",")));
        Ok(Self { binaries, environment, node })
    }
}

/// Everything the tests need, while the value lives.
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

    /// Starts the database cluster and the Node process that serves Better Auth: the pinned release, or that of the
    /// folder `reference`.
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

/// Installs the reference's packages and gives the folder that has their `node_modules`.
pub(crate) fn node_packages() -> Result<PathBuf, Failure> {
    node::install()?;
    Ok(node::folder())
}

/// A path from the environment, or what `install` makes.
fn given_or(variable: &str, install: impl FnOnce() -> Result<PathBuf, Failure>) -> Result<String, Failure> {
    if let Some(given) = std::env::var_os(variable).filter(|value| !value.is_empty()) {
        if Path::new(&given).is_file() {
            return Ok(given.to_string_lossy().into_owned());
        }
        return Err(Failure::new(format!("{variable} is set, but {} is no file", given.to_string_lossy())));
    }
    Ok(install()?.to_string_lossy().into_owned())
}
