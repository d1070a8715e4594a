//! The `jwks` table: key pairs that sign tokens, shared with Node's Better Auth (plugins §3.4).

use auth_core::{KeyId, Secret, StoredKey};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use scoped_futures::ScopedFutureExt;
use time::OffsetDateTime;

use crate::error::{StoreError, check_text, read_failed};
use crate::id::{BoundId, IdKind};
use crate::pool::Pool;
use crate::schema::jwks;
use crate::timestamp::to_milliseconds;

/// Name of the table in [`StoreError::Inconsistent`].
const TABLE: &str = "jwks";

/// Advisory lock for servers that found no signing key and store a new one. It is held until the transaction
/// ends. The number is the text "authjwks".
const LOCK: i64 = 7_022_647_185_765_788_531;

#[diesel::declare_sql_function]
extern "SQL" {
    fn pg_advisory_xact_lock(key: BigInt);
}

/// Lists and stores keys. Stored keys are never changed.
#[derive(Clone, Copy, Debug)]
pub struct KeyRepository<'store> {
    pool: &'store Pool,
    ids: IdKind,
}

impl<'store> KeyRepository<'store> {
    pub(crate) fn new(pool: &'store Pool, ids: IdKind) -> Self {
        Self { pool, ids }
    }

    /// Lists all keys in the table's own order, because Better Auth publishes them in that order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Inconsistent`] when a
    /// column holds an invalid value, [`StoreError::Query`] otherwise.
    pub async fn list(self) -> Result<Vec<StoredKey>, StoreError> {
        self.pool.read(|connection| list_on(connection).scope_boxed()).await
    }

    /// Stores a new key. Returns it with its stored id, which tokens carry as `kid`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Conflict`] when the id is
    /// taken, [`StoreError::Rejected`] when a value cannot be stored, [`StoreError::Query`] otherwise.
    pub async fn insert(self, new: &StoredKey) -> Result<StoredKey, StoreError> {
        self.pool.write(|connection| insert_on(connection, self.ids, new).scope_boxed()).await
    }

    /// Stores a new key unless another key was stored concurrently that can sign in its place. Returns all
    /// keys. If several servers call this at the same time, only one stores its key.
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert) and [`list`](Self::list).
    pub async fn insert_unless_replaced(
        self,
        new: &StoredKey,
        now: OffsetDateTime,
    ) -> Result<Vec<StoredKey>, StoreError> {
        self.pool
            .transaction(|connection| {
                async move {
                    diesel::select(pg_advisory_xact_lock(LOCK)).execute(connection).await?;
                    let mut keys = list_on(connection).await?;
                    let algorithm = new.algorithm.as_deref().unwrap_or_default();
                    if StoredKey::signing(&keys, algorithm, now).is_none() {
                        keys.push(insert_on(connection, self.ids, new).await?);
                    }
                    Ok(keys)
                }
                .scope_boxed()
            })
            .await
    }
}

pub(crate) async fn list_on<C>(connection: &mut C) -> Result<Vec<StoredKey>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let rows = jwks::table.select(KeyRow::as_select()).load::<KeyRow>(connection).await;
    let rows = rows.map_err(|error| read_failed(TABLE, error))?;
    Ok(rows.into_iter().map(StoredKey::from).collect())
}

pub(crate) async fn insert_on<C>(
    connection: &mut C,
    ids: IdKind,
    new: &StoredKey,
) -> Result<StoredKey, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    check_text([new.public_key.as_str(), new.private_key.expose().as_str()])?;
    let id = diesel::insert_into(jwks::table)
        .values(NewKeyRow::new(ids, new))
        .returning(jwks::id)
        .get_result::<String>(connection)
        .await
        .map_err(|error| read_failed(TABLE, error))?;
    Ok(StoredKey { id: KeyId::from_stored(id), ..new.clone() })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = jwks, check_for_backend(Pg))]
struct KeyRow {
    id: String,
    public_key: String,
    private_key: String,
    created_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
    alg: Option<String>,
    crv: Option<String>,
}

impl From<KeyRow> for StoredKey {
    fn from(row: KeyRow) -> Self {
        let KeyRow { id, public_key, private_key, created_at, expires_at, alg, crv } = row;
        Self {
            id: KeyId::from_stored(id),
            public_key,
            private_key: Secret::new(private_key),
            created_at: to_milliseconds(created_at),
            expires_at: expires_at.map(to_milliseconds),
            algorithm: alg,
            curve: crv,
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = jwks)]
struct NewKeyRow<'a> {
    id: BoundId<'a>,
    public_key: &'a str,
    private_key: &'a str,
    created_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
    alg: Option<&'a str>,
    crv: Option<&'a str>,
}

impl<'a> NewKeyRow<'a> {
    fn new(ids: IdKind, key: &'a StoredKey) -> Self {
        let StoredKey { id, public_key, private_key, created_at, expires_at, algorithm, curve } = key;
        Self {
            id: ids.new_id(id.as_str()),
            public_key,
            private_key: private_key.expose(),
            created_at: to_milliseconds(*created_at),
            expires_at: expires_at.map(to_milliseconds),
            alg: algorithm.as_deref(),
            crv: curve.as_deref(),
        }
    }
}
