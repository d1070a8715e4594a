//! Ending a session.

use auth_core::{AccessClaims, SessionToken};
use auth_store::{Store, StoreError};

/// Deletes the session. It is gone afterwards, whether this call or an earlier one ended it.
///
/// # Errors
///
/// [`StoreError`]: then the session may live on, and success must not be answered.
pub(crate) async fn sign_out(store: &Store, token: &SessionToken) -> Result<(), StoreError> {
    store.sessions().delete_by_token(token).await.map(drop)
}

/// Deletes the session that an access token names, if it is its user's: where ids are numbers, a database that was
/// restored gives them out again.
///
/// # Errors
///
/// As [`sign_out`].
pub(crate) async fn sign_out_by_claims(store: &Store, claims: &AccessClaims) -> Result<(), StoreError> {
    match store.sessions().find_by_id(&claims.session_id).await? {
        Some(named) if named.user.id == claims.user_id => sign_out(store, &named.session.token).await,
        Some(_) | None => Ok(()),
    }
}
