//! Probes for orchestrators: is the process alive, and should it get traffic.
//!
//! Both are outside the base path. Liveness never touches the database: restarting this process does not mend
//! that one. Readiness does, and says no while the database is away, behind on migrations, or has tables that
//! do not fit, and while this process is on its way out.

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

/// Time that readiness gives the database; probes themselves give up after one to ten seconds.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long tables that fitted are taken to fit: reading the catalogue costs more than all else that a probe asks,
/// and a probe may come from anybody, at any rate. Tables that did not fit are looked at again each time.
const SCHEMA_HOLDS: Duration = Duration::from_secs(2);

/// Whether the server has been told to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draining(Arc<AtomicBool>);

impl Draining {
    /// Says that no new traffic is wanted.
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
    /// When this worker last saw that the tables fit.
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

    /// Tells whether the database has what this server needs, and logs what it lacks.
    async fn database(&self) -> Result<Result<(), Behind>, StoreError> {
        let pending = self.store.pending_migrations().await?;
        if pending > 0 {
            tracing::warn!(pending, "not ready: migrations are pending; run `auth-server migrate up`");
            return Ok(Err(Behind::Migrations));
        }
        // Held while the catalogue is read, so that many probes at once read it once.
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

/// Logs which tables and columns keep the server from being ready, a line for each.
pub(crate) fn warn_of_drift(drift: &[Finding]) {
    for finding in drift {
        tracing::warn!(%finding, "not ready: the database's tables do not fit; see `auth-server check`");
    }
}

/// Says how it stands in one word, to whoever asks: no version, no address, no error text.
fn answer(state: Result<&str, &str>) -> HttpResponse {
    let (mut answer, body) = match state {
        Ok(state) => (HttpResponse::Ok(), json!({ "status": state })),
        Err(reason) => {
            (HttpResponse::ServiceUnavailable(), json!({ "status": "unavailable", "reason": reason }))
        }
    };
    answer.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store"))).json(body)
}
