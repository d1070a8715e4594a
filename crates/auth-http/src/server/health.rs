//! Probes for orchestrators: whether the process is alive, and whether it should get traffic.
//!
//! Both are outside the base path. Liveness never uses the database, because restarting this process does not
//! repair the database. Readiness fails while the database is unavailable, has pending migrations or has
//! tables that do not fit, and while this process is shutting down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, guard};
use auth_store::migrations::Finding;
use auth_store::{Store, StoreError};
use serde_json::json;
use tokio::sync::Mutex;

use crate::web::probes::{LIVENESS, READINESS};

/// Time for which readiness waits for the database. Probes themselves time out after one to ten seconds.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time for which a successful schema check is reused. Reading the catalogue costs more than the rest of a
/// probe, and any client can send probes at any rate. After a failed check, the next probe checks again.
const SCHEMA_HOLDS: Duration = Duration::from_secs(2);

/// Whether the server has been told to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draining(Arc<AtomicBool>);

impl Draining {
    /// Records that the server wants no new traffic.
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Mounts the probes.
pub(crate) fn mount(config: &mut ServiceConfig, store: Store, draining: Draining) {
    let probe = || web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    config
        .app_data(Data::new(Probed { store, draining, fitted_at: Mutex::new(None) }))
        .service(web::resource(LIVENESS).route(probe().to(liveness)).default_service(web::to(no_such_method)))
        .service(
            web::resource(READINESS).route(probe().to(readiness)).default_service(web::to(no_such_method)),
        );
}

struct Probed {
    store: Store,
    draining: Draining,
    /// When this worker last found that the tables fit.
    fitted_at: Mutex<Option<Instant>>,
}

/// Why the database keeps this server from being ready.
enum Behind {
    Migrations,
    Schema,
}

async fn no_such_method() -> HttpResponse {
    HttpResponse::NotFound().finish()
}

async fn liveness() -> HttpResponse {
    answer(Ok("alive"))
}

async fn readiness(probed: Data<Probed>) -> HttpResponse {
    answer(probed.readiness().await)
}

impl Probed {
    async fn readiness(&self) -> Result<&'static str, &'static str> {
        if self.draining.is_on() {
            return Err("draining");
        }
        match tokio::time::timeout(PATIENCE, self.database()).await {
            Ok(Ok(Ok(()))) => Ok("ready"),
            Ok(Ok(Err(Behind::Migrations))) => Err("migrations"),
            Ok(Ok(Err(Behind::Schema))) => Err("schema"),
            Ok(Err(error)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "not ready: the database does not answer"
                );
                Err("database")
            }
            Err(_elapsed) => {
                tracing::warn!("not ready: the database takes longer than {PATIENCE:?}");
                Err("database")
            }
        }
    }

    /// Checks whether the database has what this server needs, and logs what is missing.
    async fn database(&self) -> Result<Result<(), Behind>, StoreError> {
        let pending = self.store.pending_migrations().await?;
        if pending > 0 {
            tracing::warn!(pending, "not ready: migrations are pending; run `auth-server migrate up`");
            return Ok(Err(Behind::Migrations));
        }
        // Held while the catalogue is read, so that concurrent probes read it once.
        let mut fitted_at = self.fitted_at.lock().await;
        if fitted_at.is_some_and(|at| at.elapsed() < SCHEMA_HOLDS) {
            return Ok(Ok(()));
        }
        *fitted_at = None;
        let drift = self.store.schema_drift().await?;
        if drift.is_empty() {
            *fitted_at = Some(Instant::now());
            return Ok(Ok(()));
        }
        warn_of_drift(&drift);
        Ok(Err(Behind::Schema))
    }
}

/// Logs the tables and columns that keep the server from being ready, one line for each.
pub(crate) fn warn_of_drift(drift: &[Finding]) {
    for finding in drift {
        tracing::warn!(%finding, "not ready: the database's tables do not fit; see `auth-server check`");
    }
}

/// Answers with the state in one word. Any client can ask, so the answer has no version, address or error
/// text.
fn answer(state: Result<&str, &str>) -> HttpResponse {
    let (mut answer, body) = match state {
        Ok(state) => (HttpResponse::Ok(), json!({ "status": state })),
        Err(reason) => {
            (HttpResponse::ServiceUnavailable(), json!({ "status": "unavailable", "reason": reason }))
        }
    };
    answer.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store"))).json(body)
}
