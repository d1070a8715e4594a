//! Opens one connection: TLS as the database URL requires, a timeout, and retries for databases that are
//! waking up.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::client::PgClient;
use crate::database_url::{DatabaseUrl, TlsMode};
use crate::route::UnsafePooler;
use crate::tls::{self, NotingTls, TlsError};

/// Idle time before the first TCP keep-alive. Keep-alives detect that the peer of an idle connection has
/// vanished.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Time after which unacknowledged data closes a connection (Linux).
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// First pause between two attempts. Doubles up to [`LONGEST_PAUSE`] and is varied by ±50 %.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Why a connection could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No answer in time.
    #[error("no answer within {after:?}")]
    TimedOut {
        /// The time waited.
        after: Duration,
    },
    /// The network, TLS or the server refused.
    #[error("the connection was refused")]
    Refused(#[source] tokio_postgres::Error),
    /// Connected, but the session could not be set up.
    #[error("the session could not be set up")]
    SetUp(#[source] diesel::ConnectionError),
    /// Connected, but the pooler in front of the database is unsafe.
    #[error(transparent)]
    UnsafePooler(UnsafePooler),
    /// The connection was discarded, because it was opened before an outage.
    #[error("the connection is from before an outage")]
    Stale,
}

impl ConnectError {
    /// Whether a retry may help: the server may be waking up, restarting or full.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::TimedOut { .. } | Self::SetUp(_) | Self::Stale => true,
            Self::UnsafePooler(_) => false,
            Self::Refused(error) => match error.code() {
                // Classes: 08 connection, 53 resources, 57 operator. Poolers without a server also answer
                // with these codes.
                Some(code) => {
                    matches!(code.code().get(..2), Some("08" | "53" | "57"))
                        || *code == SqlState::INTERNAL_ERROR
                }
                None => is_about_the_way(error),
            },
        }
    }
}

/// Whether an error without SQLSTATE comes from the network or the peer, so that a retry may help. TLS
/// errors, a missing password and features that the server lacks are permanent.
fn is_about_the_way(error: &tokio_postgres::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    if cause.is_none() {
        return true;
    }
    let mut is_io = false;
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        let inner = io.and_then(std::io::Error::get_ref);
        if error.is::<rustls::Error>()
            || inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
        {
            return false;
        }
        is_io |= io.is_some();
        cause = error.source();
    }
    is_io
}

/// A connection before [`PgClient`] takes it over.
pub(crate) type Raw = (Client, Connection<Socket, tls::Stream>);

/// Opens connections to one database.
#[derive(Clone)]
pub(crate) struct Connector {
    config: Arc<tokio_postgres::Config>,
    mode: TlsMode,
    tls: MakeRustlsConnect,
    connect_timeout: Duration,
}

impl Connector {
    pub(crate) fn new(url: &DatabaseUrl, connect_timeout: Duration) -> Result<Self, TlsError> {
        let mut config = url.config().clone();
        config.keepalives_idle(KEEPALIVE);
        config.keepalives_interval(KEEPALIVE / 3);
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(UNACKNOWLEDGED);
        }
        Ok(Self {
            config: Arc::new(config),
            mode: url.tls_mode(),
            tls: tls::connector(url)?,
            connect_timeout,
        })
    }

    /// Opens a connection within the connect timeout; one attempt.
    pub(crate) async fn open(&self) -> Result<Raw, ConnectError> {
        let after = self.connect_timeout;
        timeout(after, self.open_unbounded()).await.map_err(|_| ConnectError::TimedOut { after })?
    }

    /// Opens a connection for Diesel within the connect timeout and prepares its session.
    ///
    /// `session` is SQL without parameters that is sent in one message before anything else.
    pub(crate) async fn establish(&self, session: Option<&str>) -> Result<PgClient, ConnectError> {
        let after = self.connect_timeout;
        let establish = async {
            let (client, connection) = self.open_unbounded().await?;
            PgClient::new(client, connection, session).await.map_err(|error| {
                ConnectError::SetUp(diesel::ConnectionError::CouldntSetupConfiguration(error))
            })
        };
        timeout(after, establish).await.map_err(|_| ConnectError::TimedOut { after })?
    }

    async fn open_unbounded(&self) -> Result<Raw, ConnectError> {
        let tls = NotingTls::new(self.tls.clone());
        match self.config.connect(tls.clone()).await {
            Ok(raw) => {
                if self.mode == TlsMode::Prefer && !tls.handshake_begun() {
                    tracing::debug!("the database has no TLS, connected without (sslmode=prefer)");
                }
                Ok(raw)
            }
            Err(error) if self.mode == TlsMode::Prefer && tls.handshake_begun() && error.code().is_none() => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "TLS with the database failed, trying without (sslmode=prefer)"
                );
                let mut plain = (*self.config).clone();
                plain.ssl_mode(SslMode::Disable);
                plain.connect(tls).await.map_err(ConnectError::Refused)
            }
            Err(error) => Err(ConnectError::Refused(error)),
        }
    }
}

/// Decides whether and when a failed attempt is repeated.
pub(crate) struct Patience {
    end: Instant,
    pause: Duration,
}

impl Patience {
    /// Allows retries for the time `patience` from now.
    pub(crate) fn new(patience: Duration) -> Self {
        Self { end: Instant::now() + patience, pause: FIRST_PAUSE }
    }

    /// Waits before the next attempt and returns `true`. Returns `false` if there is none, because the
    /// failure is permanent or the time is over.
    pub(crate) async fn again_after(&mut self, error: &ConnectError) -> bool {
        let pause = jitter(self.pause);
        if !error.may_pass() || Instant::now() + pause >= self.end {
            return false;
        }
        tracing::debug!(error = error as &dyn std::error::Error, "could not connect, trying again");
        sleep(pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}

/// Varies a pause by ±50 %, so that clients that failed together do not retry together.
pub(crate) fn jitter(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(0.5..1.5))
}
