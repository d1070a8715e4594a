//! The columns of additional fields. The settings declare them, so the built-in table declarations do not
//! contain them.
//!
//! Each run compares the settings with the live tables and adds missing columns and indexes. It never changes
//! or drops anything. Types are those of Node's own migration tool (Better Auth core §12.1). NOT NULL differs
//! in one point: a required field gets it only together with a default. Without a default, existing rows
//! would violate NOT NULL, and a Node server that does not declare the field would refuse every request.
//! Required values are checked at sign-up, before the database is used.

use std::fmt::Write;
use std::sync::Arc;

use auth_core::wire::Timestamp;
use auth_core::{DeclaredFields, FieldDeclaration, FieldKind, FieldValue, IDENTIFIER_MAX_BYTES};
use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};

use super::error::MigrationError;
use super::finding::{Finding, Problem, Severity};
use super::layout::Layout;
use super::link::Link;
use super::live::{self, Live};
use super::schema_check;
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::fields::{SESSION, USER};
use crate::id::IdKind;
use crate::names::{NamedConnection, TableNames};
use crate::tables::TableSet;

/// What failed, for error messages.
const WHAT: &str = "the columns of additional fields";

/// Lists the statements that [`up`] would run.
///
/// # Errors
///
/// [`MigrationError::Connect`], [`MigrationError::Tls`], [`MigrationError::Query`].
pub async fn plan(
    url: &DatabaseUrl,
    declared: &DeclaredFields,
    names: &TableNames,
) -> Result<Vec<String>, MigrationError> {
    let link = Link::open(url).await?;
    let live = live::read(&link.client, &of_names(names)).await.map_err(MigrationError::Query)?;
    Ok(statements(&live, declared, names))
}

/// Adds missing columns and indexes in one transaction. Returns the statements that ran. Adding a column
/// takes a short lock. Creating an index blocks writes, so create it on a large table beforehand, with
/// `CREATE INDEX CONCURRENTLY`.
///
/// # Errors
///
/// [`MigrationError::Failed`] when a statement failed and everything was rolled back, and as [`plan`].
pub async fn up(
    url: &DatabaseUrl,
    declared: &DeclaredFields,
    names: &TableNames,
) -> Result<Vec<String>, MigrationError> {
    if of_all(declared).next().is_none() {
        return Ok(Vec::new());
    }
    let link = Link::open(url).await?;
    let add = async {
        let live = live::read(&link.client, &of_names(names)).await.map_err(MigrationError::Query)?;
        let statements = statements(&live, declared, names);
        for statement in &statements {
            let failed = |source| MigrationError::Failed { what: WHAT.to_owned(), source };
            link.client.batch_execute(statement).await.map_err(failed)?;
        }
        Ok(statements)
    };
    // The transaction takes the lock of the migrations, because another process may do the same.
    link.transaction(WHAT, add).await
}

/// The layout of the tables that can have additional fields.
fn of_names(names: &TableNames) -> Layout {
    Layout { names: Arc::new(names.clone()), tables: TableSet::core(), ..Layout::default() }
}

/// Compares the live schema with what this server and Node's Better Auth need, additional fields included.
///
/// # Errors
///
/// As [`plan`].
pub async fn check(
    url: &DatabaseUrl,
    declared: &DeclaredFields,
    layout: impl Into<Layout>,
) -> Result<Vec<Finding>, MigrationError> {
    let layout = layout.into();
    let link = Link::open(url).await?;
    let live = live::read(&link.client, &layout).await.map_err(MigrationError::Query)?;
    Ok(findings(&live, declared, &layout))
}

/// Lists the findings that make requests fail or leave data unprotected. With any of them, the server is not
/// ready.
pub(crate) async fn breaking_on(
    connection: &mut NamedConnection,
    declared: &DeclaredFields,
    ids: IdKind,
    tables: &TableSet,
) -> Result<Vec<Finding>, StoreError> {
    let layout = Layout { ids, names: Arc::clone(connection.names()), tables: tables.clone() };
    let live = live::read_on(connection, &layout).await?;
    let mut findings = findings(&live, declared, &layout);
    findings.retain(|finding| finding.severity == Severity::Breaks);
    Ok(findings)
}

fn findings(live: &Live, declared: &DeclaredFields, layout: &Layout) -> Vec<Finding> {
    // A required column that is declared as an additional field is filled by both servers.
    let is_declared = |finding: &Finding| {
        finding.problem == Problem::ExtraRequired
            && of_all(declared).any(|(table, field)| {
                layout.names.table(table) == finding.table
                    && finding.column.as_deref() == Some(layout.names.column(table, &field.column))
            })
    };
    let mut findings = schema_check::findings(live, layout);
    findings.retain(|finding| !is_declared(finding));
    for (table, field) in of_all(declared).filter(|(table, _)| live.has(table)) {
        let finding = |problem, severity, fix: Option<String>| Finding {
            table: layout.names.table(table).to_owned(),
            column: Some(layout.names.column(table, &field.column).to_owned()),
            problem,
            severity,
            fix: fix.map(|fix| layout.names.rename(&fix).into_owned()),
        };
        let Some(found) = live.column(table, &field.column) else {
            let fix = Some(format!("{};", add_column(table, field)));
            findings.push(finding(Problem::MissingColumn, Severity::Breaks, fix));
            continue;
        };
        if !accepts(field.kind, &found.kind) {
            let problem = Problem::WrongType { found: found.kind.clone(), expected: column_type(field.kind) };
            findings.push(finding(problem, Severity::Breaks, None));
        }
        if found.required && !found.filled && !field.required {
            let fix = format!("ALTER TABLE \"{table}\" ALTER COLUMN \"{}\" DROP NOT NULL;", field.column);
            findings.push(finding(Problem::MustBeNullable, Severity::Breaks, Some(fix)));
        }
        if let Some(fix) = create_index(live, &layout.names, table, field) {
            let problem = if field.unique { Problem::NotUnique } else { Problem::NoIndex };
            findings.push(finding(problem, Severity::Weakens, Some(format!("{fix};"))));
        }
    }
    findings
}

/// Lists the missing columns, such as `user.plan`. Runs no query if no field is declared.
pub(crate) async fn missing_on(
    connection: &mut NamedConnection,
    declared: &DeclaredFields,
) -> Result<Vec<String>, StoreError> {
    // Imported here, because at module level the trait would add another `execute` to the driver's client.
    use diesel_async::RunQueryDsl;

    #[derive(QueryableByName)]
    struct Place {
        #[diesel(sql_type = Text)]
        place: String,
    }
    if of_all(declared).next().is_none() {
        return Ok(Vec::new());
    }
    let names = Arc::clone(connection.names());
    let (user, session) = (names.table(USER), names.table(SESSION));
    let there: Vec<Place> = sql_query(format!(
        "SELECT c.relname || '.' || a.attname AS place \
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
         WHERE c.oid IN (to_regclass('\"{user}\"'), to_regclass('\"{session}\"')) \
         AND a.attnum > 0 AND NOT a.attisdropped",
    ))
    .load(connection.plain())
    .await?;
    let places = of_all(declared).map(|(table, field)| {
        // `[database.names]` can rename the field of a feature.
        format!("{}.{}", names.table(table), names.column(table, &field.column))
    });
    Ok(places.filter(|place| !there.iter().any(|there| there.place == *place)).collect())
}

fn of_all(declared: &DeclaredFields) -> impl Iterator<Item = (&'static str, &FieldDeclaration)> {
    let user = declared.user.iter().map(|field| (USER, field));
    user.chain(declared.session.iter().map(|field| (SESSION, field)))
}

/// Returns the statements that add missing columns and indexes. The names of tables and columns are validated
/// identifiers, so quoting them is enough.
fn statements(live: &Live, declared: &DeclaredFields, names: &TableNames) -> Vec<String> {
    let mut statements = Vec::new();
    for (table, field) in of_all(declared) {
        if live.column(table, &field.column).is_none() {
            statements.push(add_column(table, field));
        }
        statements.extend(create_index(live, names, table, field));
    }
    statements.into_iter().map(|statement| names.rename(&statement).into_owned()).collect()
}

fn add_column(table: &str, field: &FieldDeclaration) -> String {
    let mut statement = format!(
        "ALTER TABLE \"{table}\" ADD COLUMN IF NOT EXISTS \"{}\" {}",
        field.column,
        column_type(field.kind)
    );
    if let Some(default) = field.default.as_ref().and_then(literal) {
        let not_null = if field.required { " NOT NULL" } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(statement, "{not_null} DEFAULT {default}");
    }
    statement
}

/// Returns the statement that creates an index that is declared and missing. The index has Node's name for
/// it.
fn create_index(live: &Live, names: &TableNames, table: &str, field: &FieldDeclaration) -> Option<String> {
    let column = &field.column;
    if !(field.unique || field.index) || live.has_index(table, column, field.unique) {
        return None;
    }
    let (kind, suffix) = if field.unique { ("UNIQUE INDEX", "uidx") } else { ("INDEX", "idx") };
    let name = format!("{table}_{column}_{suffix}");
    // The final name contains the database's name of the table.
    let length = name.len() - table.len() + names.table(table).len();
    // PostgreSQL would truncate a longer name. Without a name it chooses one itself.
    let name = if length <= IDENTIFIER_MAX_BYTES { format!(" \"{name}\"") } else { String::new() };
    Some(format!("CREATE {kind}{name} ON \"{table}\" (\"{column}\")"))
}

fn column_type(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Number => "integer",
        FieldKind::BigNumber => "bigint",
        FieldKind::Boolean => "boolean",
        FieldKind::Date => "timestamptz",
        FieldKind::Json | FieldKind::TextList | FieldKind::NumberList => "jsonb",
    }
}

/// Whether a PostgreSQL type, as `format_type` returns it, can store and return the values of a kind of
/// field.
fn accepts(kind: FieldKind, found: &str) -> bool {
    match kind {
        FieldKind::Text => matches!(found, "text" | "character varying" | "citext"),
        FieldKind::Number => matches!(found, "integer" | "bigint" | "smallint"),
        FieldKind::BigNumber => found == "bigint",
        FieldKind::Boolean => found == "boolean",
        FieldKind::Date => found == "timestamp with time zone",
        FieldKind::Json | FieldKind::TextList | FieldKind::NumberList => found == "jsonb",
    }
}

/// Returns a default value as SQL; `None` for NULL.
fn literal(value: &FieldValue) -> Option<String> {
    // `standard_conforming_strings` is on by default since PostgreSQL 9.1, so only the quote must be escaped.
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    Some(match value {
        FieldValue::Null => return None,
        FieldValue::Text(text) => quoted(text),
        FieldValue::Number(number) | FieldValue::BigNumber(number) => number.to_string(),
        FieldValue::Boolean(value) => value.to_string(),
        FieldValue::Date(at) => quoted(&Timestamp(*at).to_string()),
        FieldValue::Json(json) => quoted(json.as_str()),
    })
}
