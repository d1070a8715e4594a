//! [`Store`]: the entry point to the database.

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

/// The access of one worker to the database. Clones share the connections.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Arc<Pool>,
    fields: Arc<DeclaredFields>,
    ids: IdKind,
    tables: Arc<TableSet>,
}

impl Store {
    /// Creates a store without using the network. Connections are opened on first use and run on the runtime
    /// that opened them, so each worker needs its own store.
    ///
    /// # Errors
    ///
    /// [`StoreError::Tls`] when the certificates that the database URL names cannot be read.
    pub fn connect_lazily(settings: PoolSettings) -> Result<Self, StoreError> {
        Ok(Self {
            pool: Arc::new(Pool::new(settings)?),
            fields: Arc::default(),
            ids: IdKind::default(),
            tables: Arc::default(),
        })
    }

    /// Also reads and writes these additional fields. Their columns must exist:
    /// [`migrations::fields::up`](crate::migrations::fields::up) adds them.
    #[must_use]
    pub fn with_fields(self, fields: Arc<DeclaredFields>) -> Self {
        Self { fields, ..self }
    }

    /// Reads and writes ids of this kind. It must be the kind that the tables were created with, by
    /// [`migrations::up`](crate::migrations::up).
    #[must_use]
    pub fn with_ids(self, ids: IdKind) -> Self {
        Self { ids, ..self }
    }

    /// Sets the tables that [`pending_migrations`](Self::pending_migrations) and
    /// [`schema_drift`](Self::schema_drift) check. The default is every table that this crate has statements
    /// for.
    #[must_use]
    pub fn with_tables(self, tables: TableSet) -> Self {
        Self { tables: Arc::new(tables), ..self }
    }

    /// Connects and describes the server. For the start and for the command `check`.
    ///
    /// The [`Route`] in the report can be given to the other workers' [`PoolSettings::route`], so that they
    /// need not detect it.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnsafePooler`] when a pooler without support for prepared statements answers,
    /// [`StoreError::Unavailable`] when the database does not answer, [`StoreError::Query`] otherwise.
    pub async fn verify_connection(&self) -> Result<ConnectionReport, StoreError> {
        let route = self.pool.route().await?;
        let (server_version, encrypted) =
            self.pool.read(|connection| describe_on(connection).scope_boxed()).await?;
        // Behind a pooler the server sees only the pooler's connection.
        let encrypted = (route == Route::Direct).then_some(encrypted);
        Ok(ConnectionReport { route, server_version, encrypted })
    }

    /// Checks that the database answers. For the readiness check.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when it does not, [`StoreError::UnsafePooler`] as in
    /// [`verify_connection`](Self::verify_connection).
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

    /// Counts the features that have no tables in the database yet, plus the missing columns of additional
    /// fields. For the readiness check.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Query`] otherwise.
    pub async fn pending_migrations(&self) -> Result<usize, StoreError> {
        self.pool
            .read(|connection| migrations::pending_on(connection, &self.tables, &self.fields).scope_boxed())
            .await
    }

    /// Compares the live tables with what this server and Node's Better Auth need, and lists the differences
    /// of [`Severity::Breaks`](migrations::Severity::Breaks). For the readiness check. Reading the catalogue
    /// takes some milliseconds, so callers should cache the result.
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

    /// Looks up the columns of `user` that can forbid a sign-in: those of the `two-factor` and `admin`
    /// plugins, if a Node server has created them. Call it once, and again after a deployment that may have
    /// added them.
    ///
    /// # Errors
    ///
    /// As [`pending_migrations`](Self::pending_migrations).
    pub async fn user_gates(&self) -> Result<UserGates, StoreError> {
        self.pool.read(|connection| gates::look_up_on(connection, &self.fields).scope_boxed()).await
    }

    /// Stores the rows of a sign-up in one transaction. Returns user and session with the ids and additional
    /// fields as the database stored them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] with [`constraint::USER_EMAIL`](crate::constraint::USER_EMAIL) when the
    /// address is taken, [`StoreError::Rejected`] when a value cannot be stored, [`StoreError::Unavailable`]
    /// when the database is unavailable (if it failed during the commit, the rows may have been stored; a
    /// retry then reports that the address is taken), [`StoreError::Query`] otherwise.
    pub async fn register(&self, new: &NewRegistration) -> Result<Registered, StoreError> {
        registration::register(&self.pool, &self.fields, self.ids, new).await
    }

    /// Stores the rows of a sign-up whose response must not reveal whether the email address is taken. With
    /// [`Address::Taken`], the same statements run with an address that no user has, and are rolled back.
    /// Values that the database refuses are refused in both cases.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register). With [`Address::Free`], [`StoreError::Conflict`] can still mean that
    /// the address was taken concurrently.
    pub async fn register_enumeration_safe(
        &self,
        new: &NewRegistration,
        address: Address,
    ) -> Result<Registered, StoreError> {
        registration::register_enumeration_safe(&self.pool, &self.fields, self.ids, new, address).await
    }

    /// Stores the session of a sign-in whose password was verified. Returns it as it is stored. `None` if the
    /// stored password has changed since the verification; then nothing is stored.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when a constraint refuses the session, [`StoreError::Rejected`] when a value
    /// cannot be stored, [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Query`]
    /// otherwise.
    pub async fn sign_in(&self, new: &NewSignIn) -> Result<Option<Session>, StoreError> {
        sign_in::sign_in(&self.pool, &self.fields, self.ids, new).await
    }

    /// Changes a password, deletes every session of the user and stores the given new session, in one
    /// transaction. Returns that session as it is stored. `None` if the stored password is no longer the
    /// verified one; then nothing is changed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the user no longer exists, [`StoreError::Rejected`] when a value cannot
    /// be stored, [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Query`]
    /// otherwise.
    pub async fn replace_password_and_sessions(
        &self,
        new: &NewPassword,
        session: &Session,
    ) -> Result<Option<Session>, StoreError> {
        recovery::replace_password_and_sessions(&self.pool, &self.fields, self.ids, new, session).await
    }

    /// Returns the repository of users.
    pub fn users(&self) -> UserRepository<'_> {
        UserRepository::new(&self.pool, &self.fields, self.ids)
    }

    /// Returns the repository of accounts.
    pub fn accounts(&self) -> AccountRepository<'_> {
        AccountRepository::new(&self.pool, self.ids)
    }

    /// Returns the repository of sessions.
    pub fn sessions(&self) -> SessionRepository<'_> {
        SessionRepository::new(&self.pool, &self.fields, self.ids)
    }

    /// Returns the repository of verifications.
    pub fn verifications(&self) -> VerificationRepository<'_> {
        VerificationRepository::new(&self.pool, self.ids)
    }

    /// Returns the repository of the keys that sign tokens.
    pub fn keys(&self) -> KeyRepository<'_> {
        KeyRepository::new(&self.pool, self.ids)
    }

    /// Returns the repository of request counters.
    pub fn rate_limits(&self) -> RateLimitRepository<'_> {
        RateLimitRepository::new(&self.pool, self.ids)
    }

    /// Deletes at most [`CLEANUP_BATCH`](crate::CLEANUP_BATCH) rows that expired before `before`. Returns how
    /// many. Rows that another transaction has locked are skipped.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Query`] otherwise.
    pub async fn remove_expired(&self, table: Expiring, before: OffsetDateTime) -> Result<usize, StoreError> {
        cleanup::remove_batch(&self.pool, self.ids, table, before).await
    }

    /// Returns the state of the pool.
    pub fn pool_status(&self) -> PoolStatus {
        self.pool.status()
    }

    #[cfg(feature = "testing")]
    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Returns the settings that the store was created with.
    pub fn settings(&self) -> &PoolSettings {
        self.pool.settings()
    }
}

/// The result of [`Store::verify_connection`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionReport {
    /// The route to the database.
    pub route: Route,
    /// The server's version, as the server reports it.
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
