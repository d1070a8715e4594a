//! Session lookup for services that authenticate requests with `auth-core`'s `Authenticator`.

use auth_core::{SessionKey, SessionLookup, UnconfirmedSession, UserSession};
use time::OffsetDateTime;

use crate::error::StoreError;
use crate::store::Store;

/// Each lookup is one prepared statement. It only reads: a lookup does not extend the session.
impl SessionLookup for Store {
    type Error = StoreError;

    async fn find_session(
        &self,
        session: &UnconfirmedSession,
        _now: OffsetDateTime,
    ) -> Result<Option<UserSession>, StoreError> {
        match session.key() {
            SessionKey::Token(token) => self.sessions().find_by_token(token).await,
            SessionKey::Id { session_id, user_id: _ } => self.sessions().find_by_id(session_id).await,
        }
    }
}
