//! Columns of `user` that forbid a sign-in: `twoFactorEnabled` of Better Auth's `two-factor` plugin, and
//! `banned`, `banReason` and `banExpires` of its `admin` plugin (1.7.25).
//!
//! This server does not create these columns. A Node server with these plugins that shares the database does,
//! and a sign-in here must not bypass its rules. The existing columns are looked up once; without them no
//! statement runs.

use std::sync::Arc;

use auth_core::{DeclaredFields, UserId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;

use crate::error::{StoreError, read_failed};
use crate::fields::USER;
use crate::id::{BoundId, IdKind};
use crate::names::{NamedConnection, TableNames};
use crate::timestamp::to_milliseconds;

/// The sign-in columns that the live `user` table has. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserGates(Arc<Columns>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Columns {
    two_factor: Option<Gate>,
    banned: Option<Gate>,
    reason: Option<Gate>,
    expires: Option<Gate>,
}

/// An existing column.
#[derive(Debug, PartialEq, Eq)]
struct Gate {
    /// Its name in Diesel's statements, before [`TableNames`] replaces it with the database's name.
    column: String,
    /// Its PostgreSQL type, as `format_type` returns it.
    kind: String,
}

/// The state of one user according to these columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserStanding {
    /// Whether the user must give a second factor. This server does not support second factors.
    pub two_factor_enabled: bool,
    /// The ban, whether or not it has expired.
    pub ban: Option<Ban>,
}

/// A user's ban.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ban {
    /// The reason that an administrator entered.
    pub reason: Option<String>,
    /// When it ends; `None` for a permanent ban.
    pub expires_at: Option<OffsetDateTime>,
}

impl Ban {
    /// Whether the ban has ended. As in the plugin, it still holds at the exact millisecond of its end.
    pub fn has_expired(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_some_and(|expires_at| to_milliseconds(expires_at) < to_milliseconds(now))
    }
}

impl UserGates {
    /// Whether the table has the column `twoFactorEnabled`.
    pub fn has_two_factor(&self) -> bool {
        self.0.two_factor.is_some()
    }

    /// Whether the table has the column `banned`.
    pub fn has_bans(&self) -> bool {
        self.0.banned.is_some()
    }

    /// Whether the table has neither column. Then no user needs a check.
    pub fn is_empty(&self) -> bool {
        !self.has_two_factor() && !self.has_bans()
    }
}

/// Looks up the columns in the live table. A column's name comes from `[database.names.user]`, else from the
/// additional field of that name, else from the plugin.
pub(crate) async fn look_up_on(
    connection: &mut NamedConnection,
    declared: &DeclaredFields,
) -> Result<UserGates, StoreError> {
    #[derive(QueryableByName)]
    struct Live {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        kind: String,
    }
    let names = Arc::clone(connection.names());
    // Table names from the settings are validated identifiers, which contain no quotes.
    let live: Vec<Live> = sql_query(format!(
        "SELECT a.attname::text AS name, format_type(a.atttypid, NULL) AS kind \
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
         WHERE c.relname = '{}' AND c.relnamespace = current_schema()::regnamespace \
         AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
        names.table(USER)
    ))
    .load(connection.plain())
    .await?;
    let find = |field: &str| {
        let (written, called) = place(field, declared, &names);
        let found = live.iter().find(|column| column.name == called)?;
        Some(Gate { column: written, kind: found.kind.clone() })
    };
    Ok(UserGates(Arc::new(Columns {
        two_factor: find("twoFactorEnabled"),
        banned: find("banned"),
        reason: find("banReason"),
        expires: find("banExpires"),
    })))
}

/// Returns a field's column name in Diesel's statements and its name in the database.
fn place(field: &str, declared: &DeclaredFields, names: &TableNames) -> (String, String) {
    let called = names.column(USER, field);
    let additional = declared.user.iter().find(|declared| *declared.name == *field);
    match additional {
        Some(additional) if called == field => (additional.column.clone(), additional.column.clone()),
        _ => (field.to_owned(), called.to_owned()),
    }
}

/// Reads the columns of one user. Returns the default (no second factor, no ban) if the user does not exist.
pub(crate) async fn standing_on(
    connection: &mut NamedConnection,
    gates: &UserGates,
    ids: IdKind,
    id: &UserId,
) -> Result<UserStanding, StoreError> {
    let read = ReadStanding { gates: &gates.0, id: ids.lookup_id(id.as_str()) };
    let row = read
        .get_result::<(bool, bool, Option<String>, Option<OffsetDateTime>)>(connection)
        .await
        .optional()
        .map_err(|error| read_failed(USER, error))?;
    let Some((two_factor_enabled, banned, reason, expires_at)) = row else {
        return Ok(UserStanding::default());
    };
    let expires_at = expires_at.map(to_milliseconds);
    Ok(UserStanding { two_factor_enabled, ban: banned.then_some(Ban { reason, expires_at }) })
}

/// Ends a user's ban if it has expired at `now`. Returns whether it did. It is one conditional UPDATE, so a
/// ban that was set or extended concurrently stays.
pub(crate) async fn lift_expired_on(
    connection: &mut NamedConnection,
    gates: &UserGates,
    ids: IdKind,
    id: &UserId,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let (Some(banned), Some(expires)) = (&gates.0.banned, &gates.0.expires) else { return Ok(false) };
    let (reason, now) = (gates.0.reason.as_ref(), to_milliseconds(now));
    let lift = LiftBan { banned, reason, expires, id: ids.lookup_id(id.as_str()), now };
    Ok(lift.execute(connection).await? > 0)
}

/// Counts the users with a second factor.
pub(crate) async fn count_two_factor_on(
    connection: &mut NamedConnection,
    gates: &UserGates,
) -> Result<i64, StoreError> {
    let Some(gate) = &gates.0.two_factor else { return Ok(0) };
    CountTrue { gate }.get_result::<i64>(connection).await.map_err(|error| read_failed(USER, error))
}

impl Gate {
    fn push_column(&self, out: &mut AstPass<'_, '_, Pg>) -> QueryResult<()> {
        out.push_identifier(USER)?;
        out.push_sql(".");
        out.push_identifier(&self.column)
    }

    /// Writes an expression that is true if the column's value means true. Other tools store booleans as
    /// numbers or text too.
    fn push_truth(&self, out: &mut AstPass<'_, '_, Pg>) -> QueryResult<()> {
        out.push_sql("coalesce(lower(");
        self.push_column(out)?;
        out.push_sql("::text) IN ('true', 't', '1', 'yes', 'on'), false)");
        Ok(())
    }

    /// Writes the end of the ban as a `timestamptz`. It is NULL for other column types and for infinite
    /// values, so the ban holds.
    fn push_moment(&self, out: &mut AstPass<'_, '_, Pg>) -> QueryResult<()> {
        let zone = match self.kind.as_str() {
            "timestamp with time zone" => "",
            "timestamp without time zone" | "date" => "::timestamp AT TIME ZONE 'UTC'",
            _ => {
                out.push_sql("NULL::timestamptz");
                return Ok(());
            }
        };
        out.push_sql("CASE WHEN isfinite(");
        self.push_column(out)?;
        out.push_sql(") THEN ");
        self.push_column(out)?;
        out.push_sql(zone);
        out.push_sql(" END");
        Ok(())
    }
}

/// Caches the prepared statement by its SQL. The columns do not change while the process runs, so the SQL is
/// constant.
macro_rules! kept_by_its_text {
    ($statement:ident) => {
        impl QueryId for $statement<'_> {
            type QueryId = ();

            const HAS_STATIC_QUERY_ID: bool = false;
        }
    };
}

struct ReadStanding<'a> {
    gates: &'a Columns,
    id: BoundId<'a>,
}

kept_by_its_text!(ReadStanding);

impl Query for ReadStanding<'_> {
    type SqlType = (Bool, Bool, Nullable<Text>, Nullable<Timestamptz>);
}

impl QueryFragment<Pg> for ReadStanding<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        for gate in [&self.gates.two_factor, &self.gates.banned] {
            match gate {
                Some(gate) => gate.push_truth(&mut out)?,
                None => out.push_sql("false"),
            }
            out.push_sql(", ");
        }
        match &self.gates.reason {
            Some(gate) => gate.push_column(&mut out)?,
            None => out.push_sql("NULL"),
        }
        out.push_sql("::text, ");
        match &self.gates.expires {
            Some(gate) => gate.push_moment(&mut out)?,
            None => out.push_sql("NULL::timestamptz"),
        }
        out.push_sql(" FROM ");
        out.push_identifier(USER)?;
        out.push_sql(" WHERE ");
        out.push_identifier(USER)?;
        out.push_sql(".");
        out.push_identifier("id")?;
        out.push_sql(" = ");
        self.id.push(&mut out)
    }
}

/// The same UPDATE as the plugin's: it clears the ban and sets `updatedAt`.
struct LiftBan<'a> {
    banned: &'a Gate,
    reason: Option<&'a Gate>,
    expires: &'a Gate,
    id: BoundId<'a>,
    now: OffsetDateTime,
}

kept_by_its_text!(LiftBan);

impl QueryFragment<Pg> for LiftBan<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        out.push_identifier(USER)?;
        out.push_sql(" SET ");
        out.push_identifier(&self.banned.column)?;
        // Numeric and text columns do not accept `false`.
        out.push_sql(if self.banned.kind == "boolean" { " = false, " } else { " = '0', " });
        for gate in self.reason.into_iter().chain([self.expires]) {
            out.push_identifier(&gate.column)?;
            out.push_sql(" = NULL, ");
        }
        out.push_identifier("updatedAt")?;
        out.push_sql(" = ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(" WHERE ");
        out.push_identifier(USER)?;
        out.push_sql(".");
        out.push_identifier("id")?;
        out.push_sql(" = ");
        self.id.push(&mut out)?;
        out.push_sql(" AND ");
        self.banned.push_truth(&mut out)?;
        // The plugin compares whole milliseconds.
        out.push_sql(" AND date_trunc('milliseconds', ");
        self.expires.push_moment(&mut out)?;
        out.push_sql(") < ");
        out.push_bind_param::<Timestamptz, _>(&self.now)
    }
}

struct CountTrue<'a> {
    gate: &'a Gate,
}

kept_by_its_text!(CountTrue);

impl Query for CountTrue<'_> {
    type SqlType = BigInt;
}

impl QueryFragment<Pg> for CountTrue<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM ");
        out.push_identifier(USER)?;
        out.push_sql(" WHERE ");
        self.gate.push_truth(&mut out)
    }
}
