//! Ending a session.

use auth_core::{AccessClaims, SessionToken};
use auth_store::StoreError;

use super::Sessions;

impl Sessions {
    /// Deletes a session. It is gone afterwards, whether this call or an earlier one ended it.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: then the session may live on, and success must not be answered.
    pub(crate) async fn end(&self, token: &SessionToken) -> Result<(), StoreError> {
        self.store.sessions().delete_by_token(token).await.map(drop)
    }

    /// Deletes the session that an access token names, if it is its user's: where ids are numbers, a database that was
    /// restored gives them out again.
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
