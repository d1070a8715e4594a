//! Columns of `user` that forbid a sign-in: `twoFactorEnabled` of Better Auth's `two-factor` plugin, and
//! `banned`, `banReason` and `banExpires` of its `admin` plugin (1.7.25).
//!
//! This server makes none of them. Where a Node server with these plugins shares the database they are there,
//! and a sign-in that ignores them would be a way around that server's rules. Which ones are there is looked
//! up once; a database without them costs no statement.

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

/// Which of the columns the live table has. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserGates(Arc<Columns>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Columns {
    two_factor: Option<Gate>,
    banned: Option<Gate>,
    reason: Option<Gate>,
    expires: Option<Gate>,
}

/// A column that is there.
#[derive(Debug, PartialEq, Eq)]
struct Gate {
    /// Its name as statements write it, before names are exchanged.
    column: String,
    /// Its type, as `format_type` names it.
    kind: String,
}

/// What the columns say of one user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserStanding {
    /// Whether a second factor is required, which this server cannot ask for.
    pub two_factor_enabled: bool,
    /// The ban, whether or not it has expired.
    pub ban: Option<Ban>,
}

/// A user's ban.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ban {
    /// Why, in an administrator's words.
    pub reason: Option<String>,
    /// When it ends; `None` for a ban without end.
    pub expires_at: Option<OffsetDateTime>,
}

impl Ban {
    /// Tells whether the ban is over, as the plugin decides: at its end itself it still holds.
    pub fn has_expired(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_some_and(|expires_at| to_milliseconds(expires_at) < to_milliseconds(now))
    }
}

impl UserGates {
    /// Tells whether the table can say that a user has a second factor.
    pub fn has_two_factor(&self) -> bool {
        self.0.two_factor.is_some()
    }

    /// Tells whether the table can say that a user is banned.
    pub fn has_bans(&self) -> bool {
        self.0.banned.is_some()
    }

    /// Tells whether no column is there, so that no user needs to be asked about.
    pub fn is_empty(&self) -> bool {
        !self.has_two_factor() && !self.has_bans()
    }
}

/// Looks for the columns in the live table: as `[database.names.user]` calls them, else as an additional
/// field of that name, else under the plugin's own name.
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
    // A name of the settings is an identifier without quotes in it.
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

/// Gives a field's column as statements write it, and as the database calls it.
fn place(field: &str, declared: &DeclaredFields, names: &TableNames) -> (String, String) {
    let called = names.column(USER, field);
    let additional = declared.user.iter().find(|declared| *declared.name == *field);
    match additional {
        Some(additional) if called == field => (additional.column.clone(), additional.column.clone()),
        _ => (field.to_owned(), called.to_owned()),
    }
}

/// Reads what the columns say of a user; nothing stands against a user that is not there.
pub(crate) async fn standing_on(
    connection: &mut NamedConnection,
    gates: &UserGates,
    ids: IdKind,
    id: &UserId,
) -> Result<UserStanding, StoreError> {
    let read = ReadStanding { gates: &gates.0, id: ids.sought(id.as_str()) };
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

/// Ends a user's ban if it has expired by now; tells whether it did. One statement, so that a ban that was
/// set or prolonged meanwhile stays.
pub(crate) async fn lift_expired_on(
    connection: &mut NamedConnection,
    gates: &UserGates,
    ids: IdKind,
    id: &UserId,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let (Some(banned), Some(expires)) = (&gates.0.banned, &gates.0.expires) else { return Ok(false) };
    let (reason, now) = (gates.0.reason.as_ref(), to_milliseconds(now));
    let lift = LiftBan { banned, reason, expires, id: ids.sought(id.as_str()), now };
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

    /// True for what is true in the column's own type: other tools keep truth values as numbers or texts too.
    fn push_truth(&self, out: &mut AstPass<'_, '_, Pg>) -> QueryResult<()> {
        out.push_sql("coalesce(lower(");
        self.push_column(out)?;
        out.push_sql("::text) IN ('true', 't', '1', 'yes', 'on'), false)");
        Ok(())
    }

    /// The end of a ban. One that cannot be read as a moment is none, so that the ban holds.
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

/// Statements with these columns are the same as long as the process runs, and are kept by their SQL.
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

/// `UPDATE` as the plugin's own: the ban is taken back, and the user changed at that moment.
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
        // Numbers and texts have no `false`.
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
        // Cut to the millisecond, as the plugin compares.
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
