//! A panic costs one request: it is answered 500 without a body, as every unexpected failure, logged with the
//! route, and counted. Without this it would take the connection with it, unanswered, and leave no line in the log.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::web::Data;

use super::error::ApiError;

/// Counts panics since the start, over all workers.
#[derive(Clone, Debug, Default)]
pub(crate) struct PanicCount(Arc<AtomicU64>);

impl PanicCount {
    /// Counts a panic. Its payload goes no further than the panic hook: a formatted text may hold what a client sent.
    pub(super) fn note(&self, _payload: Box<dyn Any + Send>) -> ApiError {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        ApiError::internal(Panicked { number })
    }

    /// Gives the number so far.
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

/// Catches the panics of everything that is served, for what is no route of the table.
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

/// Drives a future and gives a panic as a value.
///
/// What a handler leaves behind is not looked at again: its request is dropped, a transaction that it had open rolls
/// back with its connection, and what requests share is behind locks and channels that no panic leaves half-written.
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
