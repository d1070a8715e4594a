//! Ending a session.

use auth_core::{SessionId, SessionToken};
use auth_store::{Store, StoreError};

/// Deletes the session. It is gone afterwards, whether this call or an earlier one ended it.
///
/// # Errors
///
/// [`StoreError`]: then the session may live on, and success must not be answered.
pub(crate) async fn sign_out(store: &Store, token: &SessionToken) -> Result<(), StoreError> {
    store.sessions().delete_by_token(token).await.map(drop)
}

/// Deletes the session that an access token names.
///
/// # Errors
///
/// As [`sign_out`].
pub(crate) async fn sign_out_by_id(store: &Store, id: &SessionId) -> Result<(), StoreError> {
    match store.sessions().find_by_id(id).await? {
        Some(principal) => sign_out(store, &principal.session.token).await,
        None => Ok(()),
    }
}
