//! A server in the test's process.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;

use auth_http::clock::Clock;
use auth_http::settings::{Environment, Settings, SettingsError};
use auth_http::{Application, StartError};
use tokio::sync::oneshot;

/// A running server. Drop closes its port and its connections.
///
/// It runs on its own thread with its own Actix system. The test may therefore use any runtime or none, and
/// can drop the server inside its runtime.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    clock: Clock,
    /// Dropped to end the server.
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFailure {
    /// A setting is wrong or missing.
    #[error("the settings cannot be read")]
    Settings(#[source] SettingsError),
    /// The server could not be built, because of the settings, the database or the port.
    #[error("the server cannot be built")]
    Build(#[source] StartError),
    /// The system could not create a thread.
    #[error("there is no thread for the server")]
    Thread(#[source] std::io::Error),
    /// The server's thread panicked.
    #[error("the server's thread ended before it listened")]
    Ended,
}

impl Server {
    /// Starts a server and blocks until it listens. If the server needs the caller's runtime to start, for
    /// example because the caller runs a proxy in front of the database, use [`Server::start_async`].
    ///
    /// # Errors
    ///
    /// [`StartFailure::Settings`] for a wrong setting; [`StartFailure::Build`] if the server cannot be built;
    /// [`StartFailure::Thread`] and [`StartFailure::Ended`] if its thread cannot be created or panics.
    pub fn start(environment: Environment) -> Result<Self, StartFailure> {
        let settings = Settings::load(&environment).map_err(StartFailure::Settings)?;
        let (tell, told) = mpsc::channel();
        let starting = Starting::spawn(settings, move |outcome| drop(tell.send(outcome)))?;
        starting.finish(told.recv().map_err(|_| StartFailure::Ended).flatten())
    }

    /// The same, without blocking the caller's runtime.
    ///
    /// # Errors
    ///
    /// As [`Server::start`].
    pub async fn start_async(environment: Environment) -> Result<Self, StartFailure> {
        Self::serve(Settings::load(&environment).map_err(StartFailure::Settings)?).await
    }

    /// Starts a server from settings that are already loaded.
    pub(crate) async fn serve(settings: Settings) -> Result<Self, StartFailure> {
        let (tell, told) = oneshot::channel();
        let starting = Starting::spawn(settings, move |outcome| drop(tell.send(outcome)))?;
        starting.finish(told.await.map_err(|_| StartFailure::Ended).flatten())
    }

    /// The address on which the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Scheme and authority of the server's URL.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The server's clock, which tests can move.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server has already been printed on standard error.
            let _ = thread.join();
        }
    }
}

/// A server whose thread is running but which may not listen yet.
struct Starting {
    clock: Clock,
    end: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Starting {
    /// Starts the thread. It calls `tell` once, with the server's address or with the error.
    fn spawn(
        settings: Settings,
        tell: impl FnOnce(Result<SocketAddr, StartFailure>) + Send + 'static,
    ) -> Result<Self, StartFailure> {
        let clock = Clock::system();
        let (end, ended) = oneshot::channel();
        let of_server = clock.clone();
        let thread = std::thread::Builder::new()
            .name("test server".to_owned())
            .spawn(move || {
                actix_web::rt::System::new().block_on(async move {
                    match Application::build_with_clock(settings, of_server).await {
                        Ok(application) => {
                            tell(Ok(application.address()));
                            run(application, ended).await;
                        }
                        Err(error) => tell(Err(StartFailure::Build(error))),
                    }
                });
            })
            .map_err(StartFailure::Thread)?;
        Ok(Self { clock, end, thread })
    }

    fn finish(self, address: Result<SocketAddr, StartFailure>) -> Result<Server, StartFailure> {
        let Self { clock, end, thread } = self;
        Ok(Server { address: address?, clock, end: Some(end), thread: Some(thread) })
    }
}

/// Serves until the sender of `ended` is dropped. The future is then dropped, so open requests are not
/// finished.
async fn run(application: Application, ended: oneshot::Receiver<()>) {
    tokio::select! {
        outcome = application.run() => {
            if let Err(error) = outcome {
                eprintln!("the test's server ended: {error}");
            }
        }
        _dropped = ended => {}
    }
}

#[cfg(test)]
mod tests;
