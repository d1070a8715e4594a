//! [`Store`]: the door to the database.

use std::sync::Arc;

use auth_core::{DeclaredFields, Session};
use diesel::IntoSql;
use diesel::sql_types::{Bool, Integer, Text};
use diesel_async::RunQueryDsl;
use scoped_futures::ScopedFutureExt;
use time::OffsetDateTime;

use crate::account::AccountRepository;
use crate::cleanup::{self, Expiring};
use crate::error::StoreError;
use crate::gates::{self, UserGates};
use crate::id::IdKind;
use crate::key::KeyRepository;
use crate::migrations;
use crate::names::NamedConnection;
use crate::pool::{Pool, PoolSettings, PoolStatus};
use crate::rate_limit::RateLimitRepository;
use crate::recovery::{self, NewPassword};
use crate::registration::{self, Address, NewRegistration, Registered};
use crate::route::Route;
use crate::session::SessionRepository;
use crate::sign_in::{self, NewSignIn};
use crate::tables::TableSet;
use crate::user::UserRepository;
use crate::verification::VerificationRepository;

/// The database of one worker. Clones share the connections.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Arc<Pool>,
    fields: Arc<DeclaredFields>,
    ids: IdKind,
    tables: Arc<TableSet>,
}

impl Store {
    /// Makes a store without touching the network. Connections are opened on first use, on the runtime
    /// that uses them; make one store per worker, since a connection is driven where it was opened.
    ///
    /// # Errors
    ///
    /// [`StoreError::Tls`] when the certificates that the address names cannot be read.
    pub fn connect_lazily(settings: PoolSettings) -> Result<Self, StoreError> {
        Ok(Self {
            pool: Arc::new(Pool::new(settings)?),
            fields: Arc::default(),
            ids: IdKind::default(),
            tables: Arc::default(),
        })
    }

    /// Reads and writes these additional fields too. Their columns must be there:
    /// [`migrations::fields::up`](crate::migrations::fields::up) adds them.
    #[must_use]
    pub fn with_fields(self, fields: Arc<DeclaredFields>) -> Self {
        Self { fields, ..self }
    }

    /// Reads and writes ids of this kind. It must be the tables' own:
    /// [`migrations::up`](crate::migrations::up) makes them so.
    #[must_use]
    pub fn with_ids(self, ids: IdKind) -> Self {
        Self { ids, ..self }
    }

    /// Asks for these tables and no others, in [`pending_migrations`](Self::pending_migrations) and
    /// [`schema_drift`](Self::schema_drift). Without it, for every table that this crate has statements for.
    #[must_use]
    pub fn with_tables(self, tables: TableSet) -> Self {
        Self { tables: Arc::new(tables), ..self }
    }

    /// Connects and reports what answers; for the start and for `check`.
    ///
    /// The [`Route`] in the report can be given to the other workers' [`PoolSettings::route`], which
    /// spares them the finding out.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnsafePooler`] when a pooler without prepared-statement support answers,
    /// [`StoreError::Unavailable`] when nothing does, [`StoreError::Query`] otherwise.
    pub async fn verify_connection(&self) -> Result<ConnectionReport, StoreError> {
        let route = self.pool.route().await?;
        let (server_version, encrypted) =
            self.pool.read(|connection| describe_on(connection).scope_boxed()).await?;
        // Behind a pooler the server knows only the pooler's connection.
        let encrypted = (route == Route::Direct).then_some(encrypted);
        Ok(ConnectionReport { route, server_version, encrypted })
    }

    /// Asks the database for a sign of life; for readiness.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when it gives none, [`StoreError::UnsafePooler`] as above.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.pool
            .read(|connection| {
                async {
                    diesel::select(1_i32.into_sql::<Integer>()).get_result::<i32>(connection).await?;
                    Ok(())
                }
                .scope_boxed()
            })
            .await
    }

    /// Counts the features that have no tables in the database yet, and the columns of additional fields that
    /// are missing; for readiness.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is away, [`StoreError::Query`] otherwise.
    pub async fn pending_migrations(&self) -> Result<usize, StoreError> {
        self.pool
            .read(|connection| migrations::pending_on(connection, &self.tables, &self.fields).scope_boxed())
            .await
    }

    /// Compares the live tables with what this server and Node's Better Auth need, and lists the differences
    /// of [`Severity::Breaks`](migrations::Severity::Breaks); for readiness. Some milliseconds of the
    /// catalogue: hold the answer for a while.
    ///
    /// # Errors
    ///
    /// As [`pending_migrations`](Self::pending_migrations).
    pub async fn schema_drift(&self) -> Result<Vec<migrations::Finding>, StoreError> {
        self.pool
            .read(|connection| {
                migrations::fields::breaking_on(connection, &self.fields, self.ids, &self.tables)
                    .scope_boxed()
            })
            .await
    }

    /// Looks which columns of `user` forbid a sign-in here: those of the `two-factor` and `admin` plugins,
    /// where a Node server has made them. Look once, and again where a deployment may have added them.
    ///
    /// # Errors
    ///
    /// As [`pending_migrations`](Self::pending_migrations).
    pub async fn user_gates(&self) -> Result<UserGates, StoreError> {
        self.pool.read(|connection| gates::look_up_on(connection, &self.fields).scope_boxed()).await
    }

    /// Stores the rows of a sign-up, all or none; gives user and session with the ids and additional fields
    /// that the database holds.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] with [`constraint::USER_EMAIL`](crate::constraint::USER_EMAIL) when the
    /// address is taken, [`StoreError::Rejected`] when a value cannot be stored,
    /// [`StoreError::Unavailable`] when the database is away (if it went away during the commit, the
    /// rows may be there all the same; a second try then says that the address is taken),
    /// [`StoreError::Query`] otherwise.
    pub async fn register(&self, new: &NewRegistration) -> Result<Registered, StoreError> {
        registration::register(&self.pool, &self.fields, self.ids, new).await
    }

    /// Stores the rows of a sign-up whose answer must not tell whether its address was taken: for a taken one
    /// the same statements run, under an address that no user has, and nothing stays of them. Values that the
    /// database refuses are refused in both cases.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register). With [`Address::Free`], [`StoreError::Conflict`] can still mean that
    /// the address was taken a moment ago.
    pub async fn register_unseen(
        &self,
        new: &NewRegistration,
        address: Address,
    ) -> Result<Registered, StoreError> {
        registration::register_unseen(&self.pool, &self.fields, self.ids, new, address).await
    }

    /// Stores the session of a sign-in whose password was verified; gives it as it is stored. `None` when
    /// that password was not the stored one any more, and then nothing is stored.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when a constraint refuses the session, [`StoreError::Rejected`] when a value
    /// cannot be stored, [`StoreError::Unavailable`] when the database is away, [`StoreError::Query`]
    /// otherwise.
    pub async fn sign_in(&self, new: &NewSignIn) -> Result<Option<Session>, StoreError> {
        sign_in::sign_in(&self.pool, &self.fields, self.ids, new).await
    }

    /// Changes a password and ends every session of the user but the given new one, all or nothing; gives
    /// that one as it is stored. `None` when the password was not the verified one any more, and then nothing
    /// happened.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the user is gone, [`StoreError::Rejected`] when a value cannot be
    /// stored, [`StoreError::Unavailable`] when the database is away, [`StoreError::Query`] otherwise.
    pub async fn replace_password_and_sessions(
        &self,
        new: &NewPassword,
        session: &Session,
    ) -> Result<Option<Session>, StoreError> {
        recovery::replace_password_and_sessions(&self.pool, &self.fields, self.ids, new, session).await
    }

    /// Gives the users.
    pub fn users(&self) -> UserRepository<'_> {
        UserRepository::new(&self.pool, &self.fields, self.ids)
    }

    /// Gives the accounts.
    pub fn accounts(&self) -> AccountRepository<'_> {
        AccountRepository::new(&self.pool, self.ids)
    }

    /// Gives the sessions.
    pub fn sessions(&self) -> SessionRepository<'_> {
        SessionRepository::new(&self.pool, &self.fields, self.ids)
    }

    /// Gives the verifications.
    pub fn verifications(&self) -> VerificationRepository<'_> {
        VerificationRepository::new(&self.pool, self.ids)
    }

    /// Gives the keys that sign tokens.
    pub fn keys(&self) -> KeyRepository<'_> {
        KeyRepository::new(&self.pool, self.ids)
    }

    /// Gives the counts of requests.
    pub fn rate_limits(&self) -> RateLimitRepository<'_> {
        RateLimitRepository::new(&self.pool, self.ids)
    }

    /// Removes rows that ran out before `before`, at most [`CLEANUP_BATCH`](crate::CLEANUP_BATCH) of them;
    /// gives how many. Rows that others are working with are left for another time.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is away, [`StoreError::Query`] otherwise.
    pub async fn remove_expired(&self, table: Expiring, before: OffsetDateTime) -> Result<usize, StoreError> {
        cleanup::remove_batch(&self.pool, self.ids, table, before).await
    }

    /// Tells how the pool stands.
    pub fn pool_status(&self) -> PoolStatus {
        self.pool.status()
    }

    #[cfg(feature = "testing")]
    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Gives the settings that the store was made with.
    pub fn settings(&self) -> &PoolSettings {
        self.pool.settings()
    }
}

/// What [`Store::verify_connection`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionReport {
    /// What stands before the database.
    pub route: Route,
    /// The server's version, as it names it.
    pub server_version: String,
    /// Whether the connection is encrypted; `None` behind a pooler, where the server cannot tell.
    pub encrypted: Option<bool>,
}

/// Asks the server for its version and whether this connection is encrypted.
async fn describe_on(connection: &mut NamedConnection) -> Result<(String, bool), StoreError> {
    let version = diesel::dsl::sql::<Text>("current_setting('server_version')");
    let encrypted = diesel::dsl::sql::<Bool>(
        "coalesce((SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid()), false)",
    );
    Ok(diesel::select((version, encrypted)).get_result(connection).await?)
}
