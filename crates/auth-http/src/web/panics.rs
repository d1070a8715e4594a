//! A panic fails only its own request. The response is 500 without a body, as for every unexpected
//! failure. The panic is logged with the route and counted. Without this module, a panic would close the
//! connection without a response and leave no line in the log.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::web::Data;

use super::error::ApiError;

/// The number of panics since the start, over all workers.
#[derive(Clone, Debug, Default)]
pub(crate) struct PanicCount(Arc<AtomicU64>);

impl PanicCount {
    /// Counts a panic. Its payload is dropped and reaches only the panic hook, because a formatted message
    /// may hold data that a client sent.
    pub(super) fn note(&self, _payload: Box<dyn Any + Send>) -> ApiError {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        ApiError::internal(Panicked { number })
    }

    /// Returns the number of panics so far.
    #[cfg(test)]
    pub(crate) fn number(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A handler panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a handler panicked, number {number} since the start")]
struct Panicked {
    number: u64,
}

/// Middleware that catches panics outside the routes of the table.
pub(crate) async fn stray_panics(
    request: ServiceRequest,
    next: impl AsyncFnOnce(ServiceRequest) -> Result<ServiceResponse, actix_web::Error>,
) -> Result<ServiceResponse, actix_web::Error> {
    let count = request.app_data::<Data<PanicCount>>().map(|count| count.get_ref().clone());
    match caught(pin!(next(request))).await {
        Ok(answer) => answer,
        Err(panic) => Err(count.unwrap_or_default().note(panic).into()),
    }
}

/// Polls a future to its end and returns a panic as an error.
///
/// State that a panicked handler leaves behind is not used again. Its request is dropped, and a transaction
/// that it had open rolls back with its connection. State shared between requests is behind locks and
/// channels, which a panic does not leave half-written.
pub(super) fn caught<T>(
    mut future: Pin<&mut (impl Future<Output = T> + ?Sized)>,
) -> impl Future<Output = Result<T, Box<dyn Any + Send>>> {
    std::future::poll_fn(move |context| {
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
}
