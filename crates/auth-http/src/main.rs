//! The server's binary: reads settings, starts the log, does what the command line says.

#[cfg(not(panic = "unwind"))]
compile_error!("a panic must cost one request and not the server (R-101): build with panic = \"unwind\"");

mod cli;

use std::io::Write;
use std::process::ExitCode;

use auth_http::logging::chain;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(error) => {
            // Nothing can be done where not even the reason can be written.
            let _ = writeln!(std::io::stderr(), "auth-server: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}
