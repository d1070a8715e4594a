//! The `session` table, and the one read that every signed-in request makes.

use auth_core::{AdditionalValues, Principal, Session, SessionId, SessionToken, User, UserId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use futures_util::FutureExt;
use time::OffsetDateTime;

use crate::error::{StoreError, check_text, read_failed};
use crate::fixed_update::FixedUpdate;
use crate::pool::Pool;
use crate::schema::{session, user};
use crate::timestamp::to_milliseconds;
use crate::user::UserRow;

/// Name of the table in [`StoreError::Inconsistent`].
const TABLE: &str = "session";

/// Finds, extends and ends sessions.
#[derive(Clone, Copy, Debug)]
pub struct SessionRepository<'store> {
    pool: &'store Pool,
}

impl<'store> SessionRepository<'store> {
    pub(crate) fn new(pool: &'store Pool) -> Self {
        Self { pool }
    }

    /// Finds a session by its secret, together with its user, in one statement. Expired sessions are
    /// found too; `Session::is_expired` tells.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is away, [`StoreError::Inconsistent`] when a
    /// column holds what it must not, [`StoreError::Query`] otherwise.
    pub async fn find_by_token(self, token: &SessionToken) -> Result<Option<Principal>, StoreError> {
        self.pool.read(token, |connection, token| find_by_token_on(connection, token).boxed()).await
    }

    /// Finds a session by its id, together with its user, in one statement.
    ///
    /// # Errors
    ///
    /// As [`find_by_token`](Self::find_by_token).
    pub async fn find_by_id(self, id: &SessionId) -> Result<Option<Principal>, StoreError> {
        self.pool.read(id, |connection, id| find_by_id_on(connection, id).boxed()).await
    }

    /// Lists the sessions of a user that live at `now`, oldest first.
    ///
    /// # Errors
    ///
    /// As [`find_by_token`](Self::find_by_token).
    pub async fn list_by_user(
        self,
        user_id: &UserId,
        now: OffsetDateTime,
    ) -> Result<Vec<Session>, StoreError> {
        self.pool
            .read(&(user_id, now), |connection, &(user_id, now)| {
                list_by_user_on(connection, user_id, now).boxed()
            })
            .await
    }

    /// Stores a new session.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the user is gone or the token is taken, [`StoreError::Rejected`]
    /// when a value cannot be stored, and as [`find_by_token`](Self::find_by_token).
    pub async fn insert(self, new: &Session) -> Result<(), StoreError> {
        self.pool.write(new, |connection, new| insert_on(connection, new).boxed()).await
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
            .write(&(token, expires_at, now), |connection, &(token, expires_at, now)| {
                refresh_on(connection, token, expires_at, now).boxed()
            })
            .await
    }

    /// Ends a session; tells whether it was there.
    ///
    /// # Errors
    ///
    /// As [`find_by_token`](Self::find_by_token). After an error the session may or may not be gone.
    pub async fn delete_by_token(self, token: &SessionToken) -> Result<bool, StoreError> {
        self.pool.write(token, |connection, token| delete_by_token_on(connection, token).boxed()).await
    }

    /// Ends a session if it is the user's; tells whether it was there and was theirs. The owner is part of
    /// the statement, so that no other session can be ended between a check and the act.
    ///
    /// # Errors
    ///
    /// As [`delete_by_token`](Self::delete_by_token). A token that no column can hold is nobody's.
    pub async fn delete_owned(self, token: &SessionToken, user_id: &UserId) -> Result<bool, StoreError> {
        self.pool
            .write(&(token, user_id), |connection, &(token, user_id)| {
                delete_owned_on(connection, token, user_id).boxed()
            })
            .await
    }

    /// Ends every session of a user; tells how many there were.
    ///
    /// # Errors
    ///
    /// As [`delete_by_token`](Self::delete_by_token).
    pub async fn delete_by_user(self, user_id: &UserId) -> Result<usize, StoreError> {
        self.pool.write(user_id, |connection, user_id| delete_by_user_on(connection, user_id).boxed()).await
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
            .write(&(user_id, kept), |connection, &(user_id, kept)| {
                delete_by_user_except_on(connection, user_id, kept).boxed()
            })
            .await
    }

    /// Removes a session if it had ended before `now`; tells whether it was removed. A session that
    /// was extended meanwhile stays.
    ///
    /// # Errors
    ///
    /// As [`find_by_token`](Self::find_by_token).
    pub async fn delete_expired(self, token: &SessionToken, now: OffsetDateTime) -> Result<bool, StoreError> {
        self.pool
            .write(&(token, now), |connection, &(token, now)| {
                delete_expired_on(connection, token, now).boxed()
            })
            .await
    }
}

/// The connection may be shared (`&AsyncPgConnection`): reads sent together are then answered in one
/// round trip.
pub(crate) async fn find_by_token_on<C>(
    connection: &mut C,
    token: &SessionToken,
) -> Result<Option<Principal>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    session::table
        .inner_join(user::table)
        .filter(session::token.eq(token.expose()))
        .select((UserRow::as_select(), SessionRow::as_select()))
        .get_result::<(UserRow, SessionRow)>(connection)
        .await
        .optional()
        .map(|rows| rows.map(principal))
        .map_err(|error| read_failed(TABLE, error))
}

pub(crate) async fn find_by_id_on<C>(
    connection: &mut C,
    id: &SessionId,
) -> Result<Option<Principal>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    session::table
        .inner_join(user::table)
        .filter(session::id.eq(id.as_str()))
        .select((UserRow::as_select(), SessionRow::as_select()))
        .get_result::<(UserRow, SessionRow)>(connection)
        .await
        .optional()
        .map(|rows| rows.map(principal))
        .map_err(|error| read_failed(TABLE, error))
}

pub(crate) async fn list_by_user_on<C>(
    connection: &mut C,
    user_id: &UserId,
    now: OffsetDateTime,
) -> Result<Vec<Session>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    session::table
        .filter(session::user_id.eq(user_id.as_str()))
        .filter(session::expires_at.gt(to_milliseconds(now)))
        .order((session::created_at.asc(), session::id.asc()))
        .select(SessionRow::as_select())
        .load::<SessionRow>(connection)
        .await
        .map(|rows| rows.into_iter().map(Session::from).collect())
        .map_err(|error| read_failed(TABLE, error))
}

pub(crate) async fn insert_on<C>(connection: &mut C, new: &Session) -> Result<(), StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    check_text(new.ip_address.as_deref().into_iter().chain(new.user_agent.as_deref()))?;
    diesel::insert_into(session::table).values(NewSessionRow::from(new)).execute(connection).await?;
    Ok(())
}

pub(crate) async fn refresh_on<C>(
    connection: &mut C,
    token: &SessionToken,
    expires_at: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Option<Session>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let update = diesel::update(session::table.filter(session::token.eq(token.expose())))
        .set((
            session::expires_at.eq(to_milliseconds(expires_at)),
            session::updated_at.eq(to_milliseconds(now)),
        ))
        .returning(SessionRow::as_returning());
    FixedUpdate(update)
        .get_result::<SessionRow>(connection)
        .await
        .optional()
        .map(|row| row.map(Session::from))
        .map_err(|error| read_failed(TABLE, error))
}

pub(crate) async fn delete_by_token_on<C>(
    connection: &mut C,
    token: &SessionToken,
) -> Result<bool, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let gone =
        diesel::delete(session::table.filter(session::token.eq(token.expose()))).execute(connection).await?;
    Ok(gone > 0)
}

pub(crate) async fn delete_owned_on<C>(
    connection: &mut C,
    token: &SessionToken,
    user_id: &UserId,
) -> Result<bool, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    if check_text([token.expose()]).is_err() {
        return Ok(false);
    }
    let owned = session::table
        .filter(session::token.eq(token.expose()))
        .filter(session::user_id.eq(user_id.as_str()));
    let gone = diesel::delete(owned).execute(connection).await?;
    Ok(gone > 0)
}

pub(crate) async fn delete_by_user_except_on<C>(
    connection: &mut C,
    user_id: &UserId,
    kept: &SessionToken,
) -> Result<usize, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let others =
        session::table.filter(session::user_id.eq(user_id.as_str())).filter(session::token.ne(kept.expose()));
    Ok(diesel::delete(others).execute(connection).await?)
}

pub(crate) async fn delete_by_user_on<C>(connection: &mut C, user_id: &UserId) -> Result<usize, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let of_user = session::table.filter(session::user_id.eq(user_id.as_str()));
    Ok(diesel::delete(of_user).execute(connection).await?)
}

pub(crate) async fn delete_expired_on<C>(
    connection: &mut C,
    token: &SessionToken,
    now: OffsetDateTime,
) -> Result<bool, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let ended = session::table
        .filter(session::token.eq(token.expose()))
        .filter(session::expires_at.lt(to_milliseconds(now)));
    let gone = diesel::delete(ended).execute(connection).await?;
    Ok(gone > 0)
}

fn principal((user, session): (UserRow, SessionRow)) -> Principal {
    Principal { user: User::from(user), session: Session::from(session) }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = session, check_for_backend(Pg))]
struct SessionRow {
    id: String,
    expires_at: OffsetDateTime,
    token: String,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    ip_address: Option<String>,
    user_agent: Option<String>,
    user_id: String,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        let SessionRow { id, expires_at, token, created_at, updated_at, ip_address, user_agent, user_id } =
            row;
        Self {
            id: SessionId::from_stored(id),
            token: SessionToken::from_stored(token),
            user_id: UserId::from_stored(user_id),
            expires_at: to_milliseconds(expires_at),
            created_at: to_milliseconds(created_at),
            updated_at: to_milliseconds(updated_at),
            ip_address,
            user_agent,
            additional: AdditionalValues::default(),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = session, treat_none_as_default_value = false)]
struct NewSessionRow<'a> {
    id: &'a str,
    expires_at: OffsetDateTime,
    token: &'a str,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    ip_address: Option<&'a str>,
    user_agent: Option<&'a str>,
    user_id: &'a str,
}

impl<'a> From<&'a Session> for NewSessionRow<'a> {
    fn from(session: &'a Session) -> Self {
        let Session {
            id,
            token,
            user_id,
            expires_at,
            created_at,
            updated_at,
            ip_address,
            user_agent,
            additional: _,
        } = session;
        Self {
            id: id.as_str(),
            expires_at: to_milliseconds(*expires_at),
            token: token.expose(),
            created_at: to_milliseconds(*created_at),
            updated_at: to_milliseconds(*updated_at),
            ip_address: ip_address.as_deref(),
            user_agent: user_agent.as_deref(),
            user_id: user_id.as_str(),
        }
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests;
