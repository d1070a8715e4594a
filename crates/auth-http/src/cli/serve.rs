//! `auth-server serve`: runs the server until a signal stops it.

use std::io;
use std::process::ExitCode;

use auth_http::{Application, logging, settings::Settings};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Outcome;

/// Exit code if a second signal ends the process before its requests have finished.
const CUT_SHORT: i32 = 1;

/// Serves until SIGTERM or Ctrl-C. A second signal ends the process at once.
pub(super) async fn run(settings: Settings) -> Outcome {
    logging::start(&settings.log)?;
    // Registered before the port opens, so that an early signal is handled.
    let mut signals = Signals::new()?;
    let application = Application::build(settings).await?;
    let handle = application.handle();
    tokio::spawn(async move {
        signals.next().await;
        tokio::spawn(async move {
            signals.next().await;
            tracing::warn!("second signal: running requests are cut off");
            std::process::exit(CUT_SHORT);
        });
        handle.stop().await;
    });
    application.run().await?;
    Ok(ExitCode::SUCCESS)
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
