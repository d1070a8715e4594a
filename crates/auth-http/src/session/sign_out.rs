//! Ending a session.

use auth_core::{AccessClaims, SessionToken};
use auth_store::StoreError;

use super::Sessions;

impl Sessions {
    /// Deletes a session. A session that is already gone is no error.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the session may still exist, so the caller must not answer success.
    pub(crate) async fn end(&self, token: &SessionToken) -> Result<(), StoreError> {
        self.store.sessions().delete_by_token(token).await.map(drop)
    }

    /// Deletes the session that an access token names, if it belongs to the token's user. If ids are numbers,
    /// a restored database can assign the same id again.
    ///
    /// # Errors
    ///
    /// As [`Sessions::end`].
    pub(crate) async fn end_by_claims(&self, claims: &AccessClaims) -> Result<(), StoreError> {
        match self.store.sessions().find_by_id(&claims.session_id).await? {
            Some(named) if named.user.id == claims.user_id => self.end(&named.session.token).await,
            Some(_) | None => Ok(()),
        }
    }
}
