//! Building, starting and stopping `auth-server`.

use std::env;
use std::io::{IsTerminal, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use dev_postgres::process::{Signal, dying_with_parent, send};

use crate::database::say;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::openssl::Openssl;
use crate::shell::{cargo, run, target_dir};

/// The start fails after this time; it normally takes a tenth of a second.
const START_LIMIT: Duration = Duration::from_secs(30);

/// After this time the server is killed. The server itself allows requests in progress 14 s.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Builds the server, shows cargo's progress, and returns the path of the binary.
pub(crate) fn build() -> Result<PathBuf, Failure> {
    say("building auth-server");
    let mut command = cargo(["build", "--package", "auth-http", "--bin", "auth-server", "--locked"]);

    Openssl::look().prepare(&mut command)?;
    command.arg("--target-dir").arg(target_dir());
    run(&mut command)?;
    Ok(target_dir().join("debug/auth-server"))
}

/// Runs the server's `migrate` command on the database at `url`, or on the one that the environment names.
pub(crate) fn migrate(program: &Path, words: &[&str], url: Option<&str>) -> Result<(), Failure> {
    let mut command = std::process::Command::new(program);
    command.arg("migrate").args(words);
    if let Some(url) = url {
        command.env("DATABASE_URL", url).env_remove("DATABASE_URL_UNPOOLED");
    }
    run(&mut command)
}

/// A running server.
pub(super) struct Server {
    process: Child,
    port: u16,
}

impl Server {
    pub(super) fn start(
        program: &Path,
        port: u16,
        database_url: &str,
        secret: Option<&Path>,
    ) -> Result<Self, Failure> {
        let mut command = dying_with_parent(program, Signal::Terminate);
        command.env("DATABASE_URL", database_url).env("PORT", port.to_string());
        if let Some(file) = secret {
            command.env("BETTER_AUTH_SECRET_FILE", file);
        }
        for (name, value) in [
            ("BETTER_AUTH_URL", format!("http://127.0.0.1:{port}")),
            ("AUTH__LOG__FORMAT", "human".to_owned()),
        ] {
            if env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
        if !std::io::stdout().is_terminal() {
            command.env("NO_COLOR", "1");
        }
        // In its own process group, so that Ctrl-C reaches only this program, which stops the server before
        // the database.
        let process = command
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| Failure::because(format!("cannot start {}", program.display()), error))?;
        Ok(Self { process, port })
    }

    pub(super) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The exit status, or `None` while the server runs.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().ok().flatten()
    }

    pub(super) fn wait_until_healthy(&mut self, interrupt: &Interrupt) -> Result<(), Failure> {
        let deadline = Instant::now() + START_LIMIT;
        while !is_healthy(self.port) {
            if let Some(status) = self.ended() {
                return Err(Failure::new(format!(
                    "the server did not start ({status}); its messages are above"
                )));
            }
            if interrupt.requested() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Failure::new(format!(
                    "the server does not answer on {}/healthz after {} s",
                    self.base_url(),
                    START_LIMIT.as_secs()
                )));
            }
            sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Sends SIGTERM and waits. The server is killed on drop if it takes too long or the user presses Ctrl-C
    /// again.
    pub(super) fn stop(mut self, interrupt: &Interrupt) {
        let asked = interrupt.count();
        send(Signal::Terminate, &[self.process.id()]);
        let deadline = Instant::now() + STOP_LIMIT;
        while self.ended().is_none() && Instant::now() < deadline && interrupt.count() == asked {
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.ended().is_none() {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// Whether `/healthz` answers 200.
fn is_healthy(port: u16) -> bool {
    let answer = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    answer().is_ok_and(|text| text.starts_with("HTTP/1.1 200"))
}
