//! The `session` table, including the lookup that every authenticated request makes.

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

    /// Finds a session by its token, together with its user, in one statement. Expired sessions are found
    /// too; `Session::is_expired` checks this.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Inconsistent`] when a
    /// column holds an invalid value, [`StoreError::Query`] otherwise.
    pub async fn find_by_token(self, token: &SessionToken) -> Result<Option<UserSession>, StoreError> {
        self.pool
            .read_pipelined(|connection| find_by_token_on(connection, self.fields, token).scope_boxed())
            .await
    }

    /// Finds a session by its id, together with its user, in one statement. An id that is not valid for the
    /// tables' [`IdKind`] finds no session.
    ///
    /// # Errors
    ///
    /// As [`find_by_token`](Self::find_by_token).
    pub async fn find_by_id(self, id: &SessionId) -> Result<Option<UserSession>, StoreError> {
        self.pool
            .read_pipelined(|connection| find_by_id_on(connection, self.fields, self.ids, id).scope_boxed())
            .await
    }

    /// Lists the sessions of a user that have not expired at `now`, oldest first. If there are more than
    /// `limit`, only the newest are listed.
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

    /// Stores a new session. Returns it as it is stored.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the user does not exist or the token is already in use,
    /// [`StoreError::Rejected`] when a value cannot be stored or the user's id is invalid, and as
    /// [`find_by_token`](Self::find_by_token).
    pub async fn insert(self, new: &Session) -> Result<Session, StoreError> {
        self.pool.write(|connection| insert_on(connection, self.fields, self.ids, new).scope_boxed()).await
    }

    /// Sets a session's expiry. Returns the updated session, or `None` if it does not exist.
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

    /// Changes additional fields of a session. Returns the updated session, or `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when a value of a unique field is already in use, [`StoreError::Rejected`]
    /// when a value cannot be stored, and as [`find_by_token`](Self::find_by_token).
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

    /// Deletes a session. Returns whether it existed.
    ///
    /// # Errors
    ///
    /// As [`find_by_token`](Self::find_by_token). After an error the session may or may not have been
    /// deleted.
    pub async fn delete_by_token(self, token: &SessionToken) -> Result<bool, StoreError> {
        self.pool.write(|connection| delete_by_token_on(connection, token).scope_boxed()).await
    }

    /// Deletes a session if it belongs to the user. Returns whether it was deleted. The owner is part of the
    /// statement, so there is no gap between the check and the deletion.
    ///
    /// # Errors
    ///
    /// As [`delete_by_token`](Self::delete_by_token). A token that no column can hold matches no session.
    pub async fn delete_owned(self, token: &SessionToken, user_id: &UserId) -> Result<bool, StoreError> {
        self.pool
            .write(|connection| delete_owned_on(connection, self.ids, token, user_id).scope_boxed())
            .await
    }

    /// Deletes every session of a user. Returns how many there were.
    ///
    /// # Errors
    ///
    /// As [`delete_by_token`](Self::delete_by_token).
    pub async fn delete_by_user(self, user_id: &UserId) -> Result<usize, StoreError> {
        self.pool.write(|connection| delete_by_user_on(connection, self.ids, user_id).scope_boxed()).await
    }

    /// Deletes every session of a user except the one with the given token. Returns how many were deleted.
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

    /// Deletes a session if it expired before `now`. Returns whether it was deleted. A session that was
    /// extended concurrently stays.
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
