//! The whole server, built from settings. `main` and tests start it in the same way.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web::ServiceConfig;
use auth_core::DeclaredFields;
use auth_store::{IdKind, PoolSettings, Store, StoreError, TableSet};

use crate::app::settings::Settings;
use crate::app::{Auth, AuthError};
use crate::config::clock::Clock;
use crate::server::cleanup::Cleanup;
use crate::server::health::{self, Draining};
use crate::server::listener;

/// A server that has bound its port and is not running yet.
pub struct Application {
    server: Server,
    handle: ApplicationHandle,
    address: SocketAddr,
    cleanup: Cleanup,
    features: String,
}

/// Stops a running server.
#[derive(Clone)]
pub struct ApplicationHandle {
    server: ServerHandle,
    draining: Draining,
    drain_delay: Duration,
}

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The auth routes cannot be built from these settings.
    #[error("the settings cannot be used")]
    Auth(#[source] AuthError),
    /// The database answers but must not be used, or its settings are not valid.
    #[error("the database cannot be used")]
    Database(#[source] StoreError),
    /// The port is in use, or this process may not bind it.
    #[error("cannot listen on {host}:{port}; choose another `server.port` (PORT) or stop what uses it")]
    Listen {
        /// `server.host`.
        host: String,
        /// `server.port`.
        port: u16,
        /// The system's error.
        #[source]
        cause: io::Error,
    },
}

impl Application {
    /// Checks the database, binds the port, and prepares the server. Serves nothing before
    /// [`Application::run`].
    ///
    /// An unavailable database does not stop the start. The server is then alive, and not ready until the
    /// database is back.
    ///
    /// # Errors
    /// [`StartError::Auth`] if the auth routes cannot be built from the settings, [`StartError::Listen`] if
    /// the port cannot be bound, [`StartError::Database`] if a pooler would mix up statements or a
    /// certificate cannot be read.
    pub async fn build(settings: Settings) -> Result<Self, StartError> {
        Self::build_with_clock(settings, Clock::system()).await
    }

    /// Builds a server that uses the given clock, for tests of expiry.
    ///
    /// # Errors
    /// As [`Application::build`].
    pub async fn build_with_clock(settings: Settings, clock: Clock) -> Result<Self, StartError> {
        for warning in settings.warnings() {
            tracing::warn!("{warning}");
        }
        let listening = |cause| StartError::Listen {
            host: settings.server.host.clone(),
            port: settings.server.port,
            cause,
        };
        let cleanup = Cleanup::new(&settings, clock.clone());
        let auth = Auth::new(&settings, clock).map_err(StartError::Auth)?;
        let mut pool = settings.database.pool(settings.server.workers);
        let fields = Arc::new(settings.fields.clone());
        let ids = settings.database.generate_id;
        let tables = settings.tables();
        look_at_database(&mut pool, &fields, ids, &tables).await?;
        // Bound last, so that a server that cannot start never holds the port.
        let listener = listener::listen(&settings.server.host, settings.server.port).map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;

        let draining = Draining::default();
        let origins = auth.origins().clone();
        let features = auth.features().join(" ");
        let mount = {
            let draining = draining.clone();
            move |config: &mut ServiceConfig| match Store::connect_lazily(pool.clone()) {
                Ok(store) => {
                    let store =
                        store.with_fields(Arc::clone(&fields)).with_ids(ids).with_tables(tables.clone());
                    health::mount(config, store.clone(), draining.clone());
                    auth.configure_server(config, store);
                }
                // A store was made from the same settings before. This can fail only if a certificate file
                // was removed since.
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "a worker has no database");
                }
            }
        };
        let trusts = Arc::new(move |origin: &str| origins.trusts_origin(origin));
        let server = listener::serve(listener, &settings, trusts, mount).map_err(listening)?;
        let drain_delay = settings.server.drain_delay;
        let handle = ApplicationHandle { server: server.handle(), draining, drain_delay };
        Ok(Self { server, handle, address, cleanup, features })
    }

    /// The address that the server listens on, with the actual port if `server.port` is 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the handle that stops the server.
    pub fn handle(&self) -> ApplicationHandle {
        self.handle.clone()
    }

    /// Serves until [`ApplicationHandle::stop`].
    ///
    /// # Errors
    /// The system's error if threads or the socket's events are not available.
    pub async fn run(self) -> io::Result<()> {
        tracing::info!(address = %self.address, features = %self.features, version = env!("CARGO_PKG_VERSION"), "listening");
        // One cleanup task serves all workers, on the thread that started them. It ends with the server.
        let served = tokio::select! {
            served = self.server => served,
            never = self.cleanup.again_and_again() => match never {},
        };
        served?;
        tracing::info!("stopped");
        Ok(())
    }
}

impl ApplicationHandle {
    /// Turns readiness off, waits `server.drain_delay`, closes the port, and lets running requests finish for
    /// up to `server.shutdown_timeout`.
    pub async fn stop(&self) {
        tracing::info!("stopping: running requests finish, new ones go elsewhere");
        self.draining.begin();
        tokio::time::sleep(self.drain_delay).await;
        self.server.stop(true).await;
    }
}

/// Finds out how the database is reached, so that workers need not, and logs what an operator should know.
async fn look_at_database(
    pool: &mut PoolSettings,
    fields: &Arc<DeclaredFields>,
    ids: IdKind,
    tables: &TableSet,
) -> Result<(), StartError> {
    let store = Store::connect_lazily(PoolSettings { max_connections: 1, ..pool.clone() })
        .map_err(StartError::Database)?
        .with_fields(Arc::clone(fields))
        .with_ids(ids)
        .with_tables(tables.clone());
    match store.verify_connection().await {
        Ok(report) => {
            pool.route = Some(report.route);
            tracing::info!(server_version = report.server_version, route = ?report.route, "database found");
        }
        Err(error @ StoreError::Unavailable(_)) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the database is away; not ready until it is back"
            );
            return Ok(());
        }
        Err(error) => return Err(StartError::Database(error)),
    }
    match store.user_gates().await {
        Ok(gates) if gates.has_two_factor() => tracing::warn!(
            "users may have a second factor, which this server cannot ask for: they cannot sign in here; see `auth-server check`"
        ),
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the columns of users cannot be looked at"
            )
        }
    }
    match store.pending_migrations().await {
        Ok(0) => match store.schema_drift().await {
            Ok(drift) => health::warn_of_drift(&drift),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the tables cannot be looked at")
            }
        },
        Ok(pending) => {
            tracing::warn!(pending, "migrations are pending; not ready before `auth-server migrate up`")
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "migrations cannot be looked at")
        }
    }
    Ok(())
}
