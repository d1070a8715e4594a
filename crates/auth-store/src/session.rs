//! The `session` table, and the one read that every signed-in request makes.

mod statements;

use auth_core::{DeclaredFields, FieldChanges, Session, SessionId, SessionToken, UserId, UserSession};
use scoped_futures::ScopedFutureExt;
use time::OffsetDateTime;

use crate::error::StoreError;
use crate::id::IdKind;
use crate::pool::Pool;

pub(crate) use statements::{
    delete_by_token_on, delete_by_user_except_on, delete_by_user_on, delete_expired_on, delete_owned_on,
    end_excess_on, find_by_id_on, find_by_token_on, insert_on, list_by_user_on, refresh_on,
    update_additional_on,
};

/// Finds, extends and ends sessions.
#[derive(Clone, Copy, Debug)]
pub struct SessionRepository<'store> {
    pool: &'store Pool,
    fields: &'store DeclaredFields,
    ids: IdKind,
}

impl<'store> SessionRepository<'store> {
    pub(crate) fn new(pool: &'store Pool, fields: &'store DeclaredFields, ids: IdKind) -> Self {
        Self { pool, fields, ids }
    }

    /// Finds a session by its secret, together with its user, in one statement. Expired sessions are
    /// found too; `Session::is_expired` tells.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is away, [`StoreError::Inconsistent`] when a
    /// column holds what it must not, [`StoreError::Query`] otherwise.
    pub async fn find_by_token(self, token: &SessionToken) -> Result<Option<UserSession>, StoreError> {
        self.pool
            .read_pipelined(|connection| find_by_token_on(connection, self.fields, token).scope_boxed())
            .await
    }

    /// Finds a session by its id, together with its user, in one statement. What is no id of the tables' kind
    /// is no session's.
    ///
    /// # Errors
    ///
    /// As [`find_by_token`](Self::find_by_token).
    pub async fn find_by_id(self, id: &SessionId) -> Result<Option<UserSession>, StoreError> {
        self.pool
            .read_pipelined(|connection| find_by_id_on(connection, self.fields, self.ids, id).scope_boxed())
            .await
    }

    /// Lists the sessions of a user that live at `now`, oldest first; of more than `limit`, the newest.
    ///
    /// # Errors
    ///
    /// As [`find_by_token`](Self::find_by_token).
    pub async fn list_by_user(
        self,
        user_id: &UserId,
        now: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        self.pool
            .read(|connection| {
                list_by_user_on(connection, self.fields, self.ids, user_id, now, limit).scope_boxed()
            })
            .await
    }

    /// Stores a new session; gives it as it is stored.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the user is gone or the token is taken, [`StoreError::Rejected`]
    /// when a value cannot be stored or the user's id is none, and as [`find_by_token`](Self::find_by_token).
    pub async fn insert(self, new: &Session) -> Result<Session, StoreError> {
        self.pool.write(|connection| insert_on(connection, self.fields, self.ids, new).scope_boxed()).await
    }

    /// Moves a session's end; gives the session as it is now, or `None` if it is gone.
    ///
    /// # Errors
    ///
    /// As [`find_by_token`](Self::find_by_token).
    pub async fn refresh(
        self,
        token: &SessionToken,
        expires_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Option<Session>, StoreError> {
        self.pool
            .write(|connection| refresh_on(connection, self.fields, token, expires_at, now).scope_boxed())
            .await
    }

    /// Changes additional fields of a session; gives the session as it is now, or `None` if it is gone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when a value is taken that may stand once only, [`StoreError::Rejected`] when
    /// a value cannot be stored, and as [`find_by_token`](Self::find_by_token).
    pub async fn update_additional(
        self,
        token: &SessionToken,
        changes: &FieldChanges,
        now: OffsetDateTime,
    ) -> Result<Option<Session>, StoreError> {
        self.pool
            .write(|connection| {
                update_additional_on(connection, self.fields, token, changes, now).scope_boxed()
            })
            .await
    }

    /// Ends a session; tells whether it was there.
    ///
    /// # Errors
    ///
    /// As [`find_by_token`](Self::find_by_token). After an error the session may or may not be gone.
    pub async fn delete_by_token(self, token: &SessionToken) -> Result<bool, StoreError> {
        self.pool.write(|connection| delete_by_token_on(connection, token).scope_boxed()).await
    }

    /// Ends a session if it is the user's; tells whether it was there and was theirs. The owner is part of
    /// the statement, so that no other session can be ended between a check and the act.
    ///
    /// # Errors
    ///
    /// As [`delete_by_token`](Self::delete_by_token). A token that no column can hold finds none.
    pub async fn delete_owned(self, token: &SessionToken, user_id: &UserId) -> Result<bool, StoreError> {
        self.pool
            .write(|connection| delete_owned_on(connection, self.ids, token, user_id).scope_boxed())
            .await
    }

    /// Ends every session of a user; tells how many there were.
    ///
    /// # Errors
    ///
    /// As [`delete_by_token`](Self::delete_by_token).
    pub async fn delete_by_user(self, user_id: &UserId) -> Result<usize, StoreError> {
        self.pool.write(|connection| delete_by_user_on(connection, self.ids, user_id).scope_boxed()).await
    }

    /// Ends every session of a user but the one with the token; tells how many there were.
    ///
    /// # Errors
    ///
    /// As [`delete_by_token`](Self::delete_by_token).
    pub async fn delete_by_user_except(
        self,
        user_id: &UserId,
        kept: &SessionToken,
    ) -> Result<usize, StoreError> {
        self.pool
            .write(|connection| delete_by_user_except_on(connection, self.ids, user_id, kept).scope_boxed())
            .await
    }

    /// Removes a session if it had ended before `now`; tells whether it was removed. A session that
    /// was extended meanwhile stays.
    ///
    /// # Errors
    ///
    /// As [`find_by_token`](Self::find_by_token).
    pub async fn delete_expired(self, token: &SessionToken, now: OffsetDateTime) -> Result<bool, StoreError> {
        self.pool.write(|connection| delete_expired_on(connection, token, now).scope_boxed()).await
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests;
