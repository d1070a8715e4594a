//! Compares the live schema with the declared tables, which this server and Node's Better Auth 1.7.25 need
//! (core §12.1, §12.5).

use super::change::{add_column, column_type};
use super::finding::{Finding, Problem, Severity};
use super::layout::Layout;
use super::live::Live;
use crate::id::IdKind;
use crate::tables::{Column, ColumnKind, Part};

/// Lists the differences that show that a table of the same name belongs to another application. `up` must
/// not touch such a table.
pub(super) fn adoption_obstacles(live: &Live, pending: &[&Part], layout: &Layout) -> Vec<Finding> {
    let tables =
        pending.iter().flat_map(|part| part.tables.iter().map(|table| (live.has_any_of(part), table)));
    let there = tables.filter(|(_, table)| live.has(table.name));
    let columns = there.flat_map(|(is_adopted, table)| {
        table.columns.iter().map(move |column| (is_adopted, table.name, column))
    });
    let obstacle = |(is_adopted, table, column): (bool, &str, &Column)| {
        let finding = compare(live, table, column, layout)?;
        let is_named = is_adopted && layout.names.column(table, column.name) != column.name;
        let stands_in_the_way = match finding.problem {
            // A column that the settings rename must exist; otherwise the new name is wrong.
            Problem::MissingColumn => is_named || add_column(table, column, layout).is_none(),
            Problem::WrongType { .. } | Problem::OtherIds { .. } => true,
            _ => false,
        };
        stands_in_the_way.then_some(finding)
    };
    columns.filter_map(obstacle).collect()
}

/// Lists recorded tables that do not exist under the layout's names, or that store ids of another kind.
pub(super) fn contradictions(live: &Live, recorded: &[&Part], layout: &Layout) -> Vec<Finding> {
    let mut findings = Vec::new();
    for table in recorded.iter().flat_map(|part| part.tables) {
        if !live.has(table.name) {
            let problem = Problem::MissingTable;
            findings.push(finding(layout, table.name, None, problem, Severity::Breaks, None));
        }
        let compared = table.columns.iter().filter_map(|column| compare(live, table.name, column, layout));
        findings.extend(compared.filter(|finding| matches!(finding.problem, Problem::OtherIds { .. })));
    }
    findings
}

/// Lists all differences.
pub(super) fn findings(live: &Live, layout: &Layout) -> Vec<Finding> {
    let mut findings = Vec::new();
    for table in layout.tables.names() {
        if !live.has(table) {
            findings.push(finding(layout, table, None, Problem::MissingTable, Severity::Breaks, None));
            continue;
        }
        let columns = || layout.tables.columns(table);
        findings.extend(columns().filter_map(|column| compare(live, table, column, layout)));
        findings.extend(no_id_default(live, table, layout));
        findings.extend(extra_required(live, table, layout));
        // Missing columns are already reported.
        let there = || columns().filter(|column| live.column(table, column.name).is_some());
        findings.extend(there().filter_map(|column| not_unique(live, table, column, layout)));
        findings.extend(there().filter_map(|column| wrong_reference(live, table, column, layout)));
        findings.extend(there().filter_map(|column| no_index(live, table, column, layout)));
    }
    findings
}

/// Finds unknown columns that are NOT NULL and have no default. Neither server fills them.
fn extra_required(live: &Live, table: &str, layout: &Layout) -> Vec<Finding> {
    let is_known = |name: &str| layout.tables.columns(table).any(|column| column.name == name);
    let columns = live.columns.iter().filter(|column| column.table == table);
    let unfilled = columns.filter(|column| {
        (column.is_namesake || !is_known(&column.name)) && column.required && !column.filled
    });
    let found = unfilled.map(|extra| {
        let problem = match (table, extra.name.as_str()) {
            ("account", "issuer") => Problem::LeftoverIssuer,
            _ => Problem::ExtraRequired,
        };
        // A namesake has the database's name already; any other name must be replaced.
        let (table, column) = (
            layout.names.table(table).to_owned(),
            match extra.is_namesake {
                true => extra.name.clone(),
                false => layout.names.column(table, &extra.name).to_owned(),
            },
        );
        let fix = Some(format!("ALTER TABLE \"{table}\" ALTER COLUMN \"{column}\" DROP NOT NULL;"));
        Finding { table, column: Some(column), problem, severity: Severity::Breaks, fix }
    });
    found.collect()
}

fn not_unique(live: &Live, table: &str, column: &Column, layout: &Layout) -> Option<Finding> {
    let name = column.name;
    let is_key = column.kind == ColumnKind::Key;
    if !(is_key || column.unique) || live.has_index(table, name, true) {
        return None;
    }
    let fix = match is_key {
        true => format!("ALTER TABLE \"{table}\" ADD PRIMARY KEY (\"{name}\");"),
        false => {
            format!("ALTER TABLE \"{table}\" ADD CONSTRAINT \"{table}_{name}_key\" UNIQUE (\"{name}\");")
        }
    };
    Some(finding(layout, table, Some(name), Problem::NotUnique, Severity::Breaks, Some(fix)))
}

fn wrong_reference(live: &Live, table: &str, column: &Column, layout: &Layout) -> Option<Finding> {
    let ColumnKind::Reference { table: to, on_delete } = column.kind else { return None };
    let (name, rule) = (column.name, on_delete.sql());
    let add = format!(
        "ADD CONSTRAINT \"{table}_{name}_fkey\" FOREIGN KEY (\"{name}\") REFERENCES \"{to}\" (\"id\") ON DELETE {rule};"
    );
    let keys = live.foreign_keys(table, name, to);
    let (problem, fix) = match keys.first() {
        None => {
            let to = layout.names.table(to).to_owned();
            (Problem::NoForeignKey { to }, format!("ALTER TABLE \"{table}\" {add}"))
        }
        Some(key) if !keys.iter().any(|key| key.has_rule(on_delete)) => (
            Problem::OtherDeleteRule { expected: rule },
            format!("ALTER TABLE \"{table}\" DROP CONSTRAINT \"{}\", {add}", key.name),
        ),
        Some(_) => return None,
    };
    Some(finding(layout, table, Some(name), problem, Severity::Breaks, Some(fix)))
}

fn no_index(live: &Live, table: &str, column: &Column, layout: &Layout) -> Option<Finding> {
    let name = column.name;
    if !column.indexed || live.has_index(table, name, false) {
        return None;
    }
    let fix = format!("CREATE INDEX CONCURRENTLY \"{table}_{name}_idx\" ON \"{table}\" (\"{name}\");");
    Some(finding(layout, table, Some(name), Problem::NoIndex, Severity::Weakens, Some(fix)))
}

/// Finds an id column that has no default to generate ids. Node relies on the default for uuids and numbers,
/// this server only for numbers.
fn no_id_default(live: &Live, table: &str, layout: &Layout) -> Option<Finding> {
    let ids = layout.ids;
    let id = live.column(table, "id").filter(|id| kind_of_ids(&id.kind) == Some(ids) && !id.filled)?;
    let alter = format!("ALTER TABLE \"{table}\" ALTER COLUMN \"{}\"", id.name);
    let fix = match ids {
        IdKind::Text => return None,
        IdKind::Uuid => format!("{alter} SET DEFAULT pg_catalog.gen_random_uuid();"),
        IdKind::Serial => format!(
            "{alter} ADD GENERATED BY DEFAULT AS IDENTITY; SELECT setval(pg_get_serial_sequence('\"{}\"', 'id'), \
             (SELECT coalesce(max(id), 1) FROM \"{table}\"));",
            // Names inside a string literal are not replaced later.
            layout.names.table(table)
        ),
    };
    Some(finding(layout, table, Some("id"), Problem::NoIdDefault, Severity::Breaks, Some(fix)))
}

/// Compares one column with its declaration.
fn compare(live: &Live, table: &str, column: &Column, layout: &Layout) -> Option<Finding> {
    let (ids, name) = (layout.ids, column.name);
    let alter = format!("ALTER TABLE \"{table}\" ALTER COLUMN \"{name}\"");
    let is_id = matches!(column.kind, ColumnKind::Key | ColumnKind::Reference { .. });
    let (problem, severity, fix) = match live.column(table, name) {
        None => {
            let fix = add_column(table, column, layout).map(|statement| format!("{statement};"));
            (Problem::MissingColumn, Severity::Breaks, fix)
        }
        Some(found) if is_id && !accepts(column.kind, &found.kind, ids) => {
            let fits = kind_of_ids(&found.kind);
            (Problem::OtherIds { found: found.kind.clone(), expected: ids, fits }, Severity::Breaks, None)
        }
        Some(found) if !accepts(column.kind, &found.kind, ids) => {
            let expected = column_type(column.kind, ids);
            let is_local = found.kind == "timestamp without time zone" && column.kind == ColumnKind::Time;
            let fix =
                is_local.then(|| format!("{alter} TYPE timestamptz USING \"{name}\" AT TIME ZONE 'UTC';"));
            (Problem::WrongType { found: found.kind.clone(), expected }, Severity::Breaks, fix)
        }
        Some(found) if found.required && column.nullable => {
            (Problem::MustBeNullable, Severity::Breaks, Some(format!("{alter} DROP NOT NULL;")))
        }
        Some(found) if !found.required && !column.nullable => {
            (Problem::Nullable, Severity::Weakens, Some(format!("{alter} SET NOT NULL;")))
        }
        Some(_) => return None,
    };
    Some(finding(layout, table, Some(name), problem, severity, fix))
}

/// Whether a PostgreSQL type, as `format_type` returns it, can store the declared kind of column. Lengths are
/// ignored: `varchar(255)` is long enough for every id and email address.
fn accepts(kind: ColumnKind, found: &str, ids: IdKind) -> bool {
    match kind {
        ColumnKind::Key | ColumnKind::Reference { .. } => kind_of_ids(found) == Some(ids),
        ColumnKind::Text => matches!(found, "text" | "character varying" | "citext"),
        ColumnKind::Boolean => found == "boolean",
        ColumnKind::Integer => found == "integer",
        ColumnKind::BigInteger => found == "bigint",
        ColumnKind::Time => found == "timestamp with time zone",
    }
}

/// Returns the kind of ids that a PostgreSQL type stores, as `format_type` returns it. `bigint` is an
/// `integer` column that an operator widened.
fn kind_of_ids(found: &str) -> Option<IdKind> {
    match found {
        "text" | "character varying" | "citext" => Some(IdKind::Text),
        "uuid" => Some(IdKind::Uuid),
        "integer" | "bigint" => Some(IdKind::Serial),
        _ => None,
    }
}

/// Creates a finding about a table and a field of Better Auth, with the database's names.
fn finding(
    layout: &Layout,
    table: &str,
    column: Option<&str>,
    problem: Problem,
    severity: Severity,
    fix: Option<String>,
) -> Finding {
    let names = &layout.names;
    Finding {
        table: names.table(table).to_owned(),
        column: column.map(|column| names.column(table, column).to_owned()),
        problem,
        severity,
        fix: fix.map(|fix| names.rename(&fix).into_owned()),
    }
}
