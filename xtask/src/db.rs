//! `cargo xtask db`: what the tests need, for running single ones by hand or in an editor.

use std::thread::sleep;
use std::time::Duration;

use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::needs::{Needs, Without};

/// What to leave out.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    without: Without,
}

/// Starts it, prints it, and keeps it until Ctrl-C.
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
