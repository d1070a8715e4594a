//! Guards: they say what a route asks of its caller, and enforce it.

use super::access::Access;
use super::context::RequestContext;
use super::error::ApiError;

/// Lets callers in. `S` is the service of the route.
pub(crate) trait Guard<S>: Copy + Send + Sync + 'static {
    /// What the handler is told of the caller.
    type Caller: 'static;

    /// What is asked of the caller.
    fn access(self) -> Access;

    /// Finds the caller.
    ///
    /// # Errors
    ///
    /// The refusal.
    fn admit(
        self,
        request: &RequestContext,
        service: &S,
    ) -> impl Future<Output = Result<Self::Caller, ApiError>>;
}

/// Lets everyone in and does not look at credentials.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anyone;

impl<S> Guard<S> for Anyone {
    type Caller = ();

    fn access(self) -> Access {
        Access::Anyone
    }

    async fn admit(self, _: &RequestContext, _: &S) -> Result<(), ApiError> {
        Ok(())
    }
}
