//! The statements of the `session` table.

use std::num::NonZeroU32;

use auth_core::{
    AdditionalValues, DeclaredFields, FieldChanges, Session, SessionId, SessionToken, UserId, UserSession,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use time::OffsetDateTime;

use crate::error::{StoreError, check_text, read_failed};
use crate::fields::{
    Bound, FieldCells, FieldChange, FieldColumns, InsertRow, SESSION, UpdateSession, bound_fields,
};
use crate::fixed_update::FixedUpdate;
use crate::id::IdKind;
use crate::schema::{session, user};
use crate::timestamp::to_milliseconds;
use crate::user::UserRow;

/// Name of the table in [`StoreError::Inconsistent`].
const TABLE: &str = "session";

/// The connection may be shared (`&AsyncPgConnection`). Reads that are sent together then take one round
/// trip.
pub(crate) async fn find_by_token_on<C>(
    connection: &mut C,
    fields: &DeclaredFields,
    token: &SessionToken,
) -> Result<Option<UserSession>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    session::table
        .inner_join(user::table)
        .filter(session::token.eq(token.expose()))
        .select((UserRow::columns(), SessionRow::columns(), FieldColumns::of_both(fields)))
        .get_result::<PrincipalRow>(connection)
        .await
        .optional()
        .map(|rows| rows.map(|rows| principal(rows, fields)))
        .map_err(|error| read_failed(TABLE, error))
}

pub(crate) async fn find_by_id_on<C>(
    connection: &mut C,
    fields: &DeclaredFields,
    ids: IdKind,
    id: &SessionId,
) -> Result<Option<UserSession>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    session::table
        .inner_join(user::table)
        .filter(session::id.eq(ids.lookup_id(id.as_str())))
        .select((UserRow::columns(), SessionRow::columns(), FieldColumns::of_both(fields)))
        .get_result::<PrincipalRow>(connection)
        .await
        .optional()
        .map(|rows| rows.map(|rows| principal(rows, fields)))
        .map_err(|error| read_failed(TABLE, error))
}

pub(crate) async fn list_by_user_on<C>(
    connection: &mut C,
    fields: &DeclaredFields,
    ids: IdKind,
    user_id: &UserId,
    now: OffsetDateTime,
    limit: u32,
) -> Result<Vec<Session>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    session::table
        .filter(session::user_id.eq(ids.lookup_id(user_id.as_str())))
        .filter(session::expires_at.gt(to_milliseconds(now)))
        .order((session::created_at.desc(), session::id.desc()))
        .limit(limit.into())
        .select((SessionRow::columns(), FieldColumns::of_session(fields)))
        .load::<(SessionRow, FieldCells)>(connection)
        .await
        .map(|rows| {
            let named = |(session, cells): (SessionRow, FieldCells)| {
                session.into_session(cells.named(&fields.session))
            };
            rows.into_iter().rev().map(named).collect()
        })
        .map_err(|error| read_failed(TABLE, error))
}

/// Stores a session. Returns it with the id and the additional fields as the database stored them.
pub(crate) async fn insert_on<C>(
    connection: &mut C,
    fields: &DeclaredFields,
    ids: IdKind,
    new: &Session,
) -> Result<Session, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let Session {
        id,
        token,
        user_id,
        expires_at,
        created_at,
        updated_at,
        ip_address,
        user_agent,
        additional,
    } = new;
    check_text(ip_address.as_deref().into_iter().chain(user_agent.as_deref()))?;
    let mut columns = vec![
        ("id", Bound::Id(ids.new_id(id.as_str()))),
        ("expiresAt", Bound::Time(Some(to_milliseconds(*expires_at)))),
        ("token", Bound::Text(Some(token.expose()))),
        ("createdAt", Bound::Time(Some(to_milliseconds(*created_at)))),
        ("updatedAt", Bound::Time(Some(to_milliseconds(*updated_at)))),
        ("ipAddress", Bound::Text(ip_address.as_deref())),
        ("userAgent", Bound::Text(user_agent.as_deref())),
        ("userId", Bound::Id(ids.referred(user_id.as_str())?)),
    ];
    columns.extend(bound_fields(&fields.session, additional)?);
    let returning = (session::id, FieldColumns::of_session(fields));
    let (id, cells) = InsertRow { table: SESSION, columns, returning }
        .get_result::<(String, FieldCells)>(connection)
        .await
        .map_err(|error| read_failed(TABLE, error))?;
    Ok(Session { id: SessionId::from_stored(id), additional: cells.named(&fields.session), ..new.clone() })
}

/// Deletes a user's sessions beyond the maximum: expired sessions first, then the oldest. The given session
/// is new and is never deleted.
pub(crate) async fn end_excess_on<C>(
    connection: &mut C,
    ids: IdKind,
    new: &Session,
    max: NonZeroU32,
) -> Result<usize, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let (others, now) = (diesel::alias!(session as others), to_milliseconds(new.created_at));
    let excess = others
        .filter(others.field(session::user_id).eq(ids.lookup_id(new.user_id.as_str())))
        .filter(others.field(session::id).ne(ids.lookup_id(new.id.as_str())))
        .order((
            others.field(session::expires_at).ge(now).desc(),
            others.field(session::created_at).desc(),
            others.field(session::id).desc(),
        ))
        .offset(i64::from(max.get()) - 1)
        .select(others.field(session::id));
    Ok(diesel::delete(session::table.filter(session::id.eq_any(excess))).execute(connection).await?)
}

pub(crate) async fn refresh_on<C>(
    connection: &mut C,
    fields: &DeclaredFields,
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
        .returning((SessionRow::columns(), FieldColumns::of_session(fields)));
    FixedUpdate(update)
        .get_result::<(SessionRow, FieldCells)>(connection)
        .await
        .optional()
        .map(|row| row.map(|(session, cells)| session.into_session(cells.named(&fields.session))))
        .map_err(|error| read_failed(TABLE, error))
}

pub(crate) async fn update_additional_on<C>(
    connection: &mut C,
    fields: &DeclaredFields,
    token: &SessionToken,
    changes: &FieldChanges,
    now: OffsetDateTime,
) -> Result<Option<Session>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let update = UpdateSession {
        changes: FieldChange::all(&fields.session, changes)?,
        updated_at: to_milliseconds(now),
        token: token.expose(),
        returning: (SessionRow::columns(), FieldColumns::of_session(fields)),
    };
    update
        .get_result::<(SessionRow, FieldCells)>(connection)
        .await
        .optional()
        .map(|row| row.map(|(session, cells)| session.into_session(cells.named(&fields.session))))
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
    ids: IdKind,
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
        .filter(session::user_id.eq(ids.lookup_id(user_id.as_str())));
    let gone = diesel::delete(owned).execute(connection).await?;
    Ok(gone > 0)
}

pub(crate) async fn delete_by_user_except_on<C>(
    connection: &mut C,
    ids: IdKind,
    user_id: &UserId,
    kept: &SessionToken,
) -> Result<usize, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let others = session::table
        .filter(session::user_id.eq(ids.lookup_id(user_id.as_str())))
        .filter(session::token.ne(kept.expose()));
    Ok(diesel::delete(others).execute(connection).await?)
}

pub(crate) async fn delete_by_user_on<C>(
    connection: &mut C,
    ids: IdKind,
    user_id: &UserId,
) -> Result<usize, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let of_user = session::table.filter(session::user_id.eq(ids.lookup_id(user_id.as_str())));
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

/// A user, a session and the additional fields of both.
type PrincipalRow = (UserRow, SessionRow, FieldCells);

fn principal((user, session, cells): PrincipalRow, fields: &DeclaredFields) -> UserSession {
    let (of_user, of_session) = cells.split(fields);
    UserSession { user: user.into_user(of_user), session: session.into_session(of_session) }
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

impl SessionRow {
    /// Returns its columns. Additional fields can follow them in the same list.
    fn columns() -> <Self as Selectable<Pg>>::SelectExpression {
        <Self as Selectable<Pg>>::construct_selection()
    }

    fn into_session(self, additional: AdditionalValues) -> Session {
        let Self { id, expires_at, token, created_at, updated_at, ip_address, user_agent, user_id } = self;
        Session {
            id: SessionId::from_stored(id),
            token: SessionToken::from_stored(token),
            user_id: UserId::from_stored(user_id),
            expires_at: to_milliseconds(expires_at),
            created_at: to_milliseconds(created_at),
            updated_at: to_milliseconds(updated_at),
            ip_address,
            user_agent,
            additional,
        }
    }
}
