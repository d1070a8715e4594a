//! Ending a session.

use auth_core::SessionToken;
use auth_store::{Store, StoreError};

/// Deletes the session. It is gone afterwards, whether this call or an earlier one ended it.
///
/// # Errors
///
/// [`StoreError`]: then the session may live on, and success must not be answered.
pub(crate) async fn sign_out(store: &Store, token: &SessionToken) -> Result<(), StoreError> {
    store.sessions().delete_by_token(token).await.map(drop)
}
