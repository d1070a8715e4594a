//! Guards declare what a route requires of its caller, and enforce it.

use super::access::Access;
use super::context::RequestContext;
use super::error::ApiError;

/// Admits callers to a route. `S` is the service of the route.
pub(crate) trait Guard<S>: Copy + Send + Sync + 'static {
    /// What the handler learns about the caller.
    type Caller: 'static;

    /// What the route requires of the caller.
    fn access(self) -> Access;

    /// Identifies the caller.
    ///
    /// # Errors
    ///
    /// The reason why the caller is refused.
    fn admit(
        self,
        request: &RequestContext,
        service: &S,
    ) -> impl Future<Output = Result<Self::Caller, ApiError>>;
}

/// Admits every caller and does not read credentials.
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
