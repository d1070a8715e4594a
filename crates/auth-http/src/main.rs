//! The server's binary: reads the settings, starts the log and runs the command that the command line names.

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
            // If stderr cannot be written, the error cannot be reported.
            let _ = writeln!(std::io::stderr(), "auth-server: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}
