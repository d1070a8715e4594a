//! The `verification` table: proofs sent out of band.

use auth_core::{Secret, Verification, VerificationId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use scoped_futures::ScopedFutureExt;
use time::OffsetDateTime;

use crate::error::{StoreError, check_text, read_failed};
use crate::id::{BoundId, IdKind};
use crate::pool::Pool;
use crate::schema::verification;
use crate::timestamp::to_milliseconds;

/// Name of the table in [`StoreError::Inconsistent`].
const TABLE: &str = "verification";

/// Stores, finds and consumes proofs.
#[derive(Clone, Copy, Debug)]
pub struct VerificationRepository<'store> {
    pool: &'store Pool,
    ids: IdKind,
}

impl<'store> VerificationRepository<'store> {
    pub(crate) fn new(pool: &'store Pool, ids: IdKind) -> Self {
        Self { pool, ids }
    }

    /// Stores a new proof. Returns its id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Conflict`] when the id is
    /// taken, [`StoreError::Rejected`] when a value cannot be stored, [`StoreError::Query`] otherwise.
    pub async fn insert(self, new: &Verification) -> Result<VerificationId, StoreError> {
        self.pool.write(|connection| insert_on(connection, self.ids, new).scope_boxed()).await
    }

    /// Finds the newest proof with an identifier. Expired ones are found too.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Inconsistent`] when a
    /// column holds an invalid value, [`StoreError::Query`] otherwise.
    pub async fn find_by_identifier(
        self,
        identifier: &Secret<String>,
    ) -> Result<Option<Verification>, StoreError> {
        self.pool.read(|connection| find_by_identifier_on(connection, identifier).scope_boxed()).await
    }

    /// Removes a proof. Returns whether it existed. Of several concurrent callers, exactly one gets `true`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Query`] otherwise.
    pub async fn delete(self, id: &VerificationId) -> Result<bool, StoreError> {
        self.pool.write(|connection| delete_on(connection, self.ids, id).scope_boxed()).await
    }
}

pub(crate) async fn insert_on<C>(
    connection: &mut C,
    ids: IdKind,
    new: &Verification,
) -> Result<VerificationId, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    check_text([new.identifier.expose().as_str(), new.value.as_str()])?;
    let id = diesel::insert_into(verification::table)
        .values(NewVerificationRow::new(ids, new))
        .returning(verification::id)
        .get_result::<String>(connection)
        .await
        .map_err(|error| read_failed(TABLE, error))?;
    Ok(VerificationId::from_stored(id))
}

pub(crate) async fn find_by_identifier_on<C>(
    connection: &mut C,
    identifier: &Secret<String>,
) -> Result<Option<Verification>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    verification::table
        .filter(verification::identifier.eq(identifier.expose().as_str()))
        .order(verification::created_at.desc())
        .limit(1)
        .select(VerificationRow::as_select())
        .get_result::<VerificationRow>(connection)
        .await
        .optional()
        .map(|row| row.map(Verification::from))
        .map_err(|error| read_failed(TABLE, error))
}

pub(crate) async fn delete_on<C>(
    connection: &mut C,
    ids: IdKind,
    id: &VerificationId,
) -> Result<bool, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let gone = diesel::delete(verification::table.filter(verification::id.eq(ids.lookup_id(id.as_str()))))
        .execute(connection)
        .await?;
    Ok(gone > 0)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = verification, check_for_backend(Pg))]
struct VerificationRow {
    id: String,
    identifier: String,
    value: String,
    expires_at: OffsetDateTime,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl From<VerificationRow> for Verification {
    fn from(row: VerificationRow) -> Self {
        let VerificationRow { id, identifier, value, expires_at, created_at, updated_at } = row;
        Self {
            id: VerificationId::from_stored(id),
            identifier: Secret::new(identifier),
            value,
            expires_at: to_milliseconds(expires_at),
            created_at: to_milliseconds(created_at),
            updated_at: to_milliseconds(updated_at),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = verification)]
struct NewVerificationRow<'a> {
    id: BoundId<'a>,
    identifier: &'a str,
    value: &'a str,
    expires_at: OffsetDateTime,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl<'a> NewVerificationRow<'a> {
    fn new(ids: IdKind, verification: &'a Verification) -> Self {
        let Verification { id, identifier, value, expires_at, created_at, updated_at } = verification;
        Self {
            id: ids.new_id(id.as_str()),
            identifier: identifier.expose(),
            value,
            expires_at: to_milliseconds(*expires_at),
            created_at: to_milliseconds(*created_at),
            updated_at: to_milliseconds(*updated_at),
        }
    }
}
