//! `cargo xtask db`: starts the services that the tests need, to run single tests by hand or in an editor.

use std::thread::sleep;
use std::time::Duration;

use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::needs::{Needs, Without};

/// Options of `cargo xtask db`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    without: Without,
}

/// Starts the services, prints their environment variables, and keeps them running until Ctrl-C.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let interrupt = Interrupt::listen()?;
    let needs = Needs::prepare(&options.without)?;
    println!("\nPaste into the shell that runs the tests:\n");
    for (name, value) in needs.environment() {
        println!("export {name}='{}'", value.replace('\'', r"'\''"));
    }
    println!("\nCtrl-C stops the database and removes it.");
    while !interrupt.requested() {
        sleep(Duration::from_millis(50));
    }
    Ok(())
}
