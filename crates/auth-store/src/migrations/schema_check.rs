//! The live schema against what this server and Node's Better Auth 1.7.25 need (core §12.1, §12.5).

use std::fmt;

use super::Layout;
use super::live::Live;
use crate::id::IdKind;
use crate::names::TableNames;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// One of the servers fails, or the data are not protected.
    Breaks,
    /// Both work; something is slower or looser than it should be.
    Weakens,
}

/// What is wrong with a table or column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The table is not there.
    MissingTable,
    /// The column is not there.
    MissingColumn,
    /// The column has a type that the server cannot read or write.
    WrongType {
        /// The type it has.
        found: String,
        /// The type it should have.
        expected: &'static str,
    },
    /// The column keeps ids of another kind than those that the server was told of.
    OtherIds {
        /// The type it has.
        found: String,
        /// The kind that was expected.
        expected: IdKind,
        /// The kind that the column is of, if there is one.
        fits: Option<IdKind>,
    },
    /// The column does not make the ids that Node, or both servers, leave to it.
    NoIdDefault,
    /// A column of Better Auth 1.7.1 that neither server fills must be filled.
    LeftoverIssuer,
    /// A column that neither server fills must be filled.
    ExtraRequired,
    /// The column refuses NULL, which the servers write.
    MustBeNullable,
    /// The column accepts NULL, which the servers cannot read.
    Nullable,
    /// Two rows can have one value.
    NotUnique,
    /// The column may point at nothing.
    NoForeignKey,
    /// Rows stay behind when their user goes.
    NoCascade,
    /// Looking rows up by the column reads the whole table.
    NoIndex,
}

/// A difference, and the statement that removes it where one can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The table, as the database calls it.
    pub table: String,
    /// The column, as the database calls it; `None` for the table itself.
    pub column: Option<String>,
    /// What is wrong.
    pub problem: Problem,
    /// How bad it is.
    pub severity: Severity,
    /// SQL that mends it. To be read before it is run: it may lock the table or fail on its rows.
    pub fix: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "\"{}\".\"{column}\" ", self.table)?,
            None => write!(f, "\"{}\" ", self.table)?,
        }
        match &self.problem {
            Problem::MissingTable => f.write_str("is missing"),
            Problem::MissingColumn => f.write_str("is missing"),
            Problem::WrongType { found, expected } => write!(f, "has type {found}, expected {expected}"),
            Problem::OtherIds { found, expected, fits } => {
                let kept = id_type(*expected);
                write!(f, "has type {found}, but database.generate_id = \"{expected}\" keeps {kept}")?;
                match fits {
                    Some(fits) => write!(f, "; if Better Auth's generateId is {}, set it to \"{fits}\"", as_generate_id(*fits)),
                    None => Ok(()),
                }
            }
            Problem::NoIdDefault => f.write_str("has no default that makes ids, so inserts without one fail"),
            Problem::LeftoverIssuer => f.write_str(
                "is left over from Better Auth 1.7.1 and still required, so every new account fails here and Node \
                 refuses all requests",
            ),
            Problem::ExtraRequired => f.write_str(
                "is required, has no default and is unknown to Better Auth, so inserts fail and Node refuses all requests",
            ),
            Problem::MustBeNullable => f.write_str("does not accept NULL"),
            Problem::Nullable => f.write_str("accepts NULL"),
            Problem::NotUnique => f.write_str("is not unique"),
            Problem::NoForeignKey => f.write_str("has no foreign key to the users' table"),
            Problem::NoCascade => f.write_str("keeps rows when their user is deleted"),
            Problem::NoIndex => f.write_str("has no index"),
        }?;
        match &self.fix {
            Some(fix) => write!(f, "; fix: {fix}"),
            None => Ok(()),
        }
    }
}

/// A column that both servers use.
struct Column {
    name: &'static str,
    kind: Kind,
    required: bool,
    /// Whether `up` can add it to a table with rows.
    addable: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Id,
    Text,
    Boolean,
    Integer,
    BigInteger,
    Time,
}

impl Kind {
    /// Types that behave alike. Lengths do not count: `varchar(255)` holds every id and address.
    fn accepts(self, found: &str, ids: IdKind) -> bool {
        match self {
            Self::Id => kind_of_ids(found) == Some(ids),
            Self::Text => matches!(found, "text" | "character varying" | "citext"),
            Self::Boolean => found == "boolean",
            Self::Integer => found == "integer",
            Self::BigInteger => found == "bigint",
            Self::Time => found == "timestamp with time zone",
        }
    }

    fn name(self, ids: IdKind) -> &'static str {
        match self {
            Self::Id => id_type(ids),
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::BigInteger => "bigint",
            Self::Time => "timestamptz",
        }
    }
}

/// The kind of ids that a type of PostgreSQL's keeps, as `format_type` names it. A `bigint` is an `integer` that an
/// operator gave more room.
fn kind_of_ids(found: &str) -> Option<IdKind> {
    match found {
        "text" | "character varying" | "citext" => Some(IdKind::Text),
        "uuid" => Some(IdKind::Uuid),
        "integer" | "bigint" => Some(IdKind::Serial),
        _ => None,
    }
}

fn id_type(ids: IdKind) -> &'static str {
    match ids {
        IdKind::Text => "text",
        IdKind::Uuid => "uuid",
        IdKind::Serial => "integer",
    }
}

/// What Node's configuration says.
fn as_generate_id(ids: IdKind) -> &'static str {
    match ids {
        IdKind::Text => "not set, false or a function",
        IdKind::Uuid => "\"uuid\"",
        IdKind::Serial => "\"serial\"",
    }
}

const fn key(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: true, addable: false }
}

const fn required(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: true, addable: true }
}

const fn optional(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: false, addable: true }
}

/// The tables of Better Auth core §12.1, and that of its `jwt` plugin (plugins §3.4).
const EXPECTED: &[(&str, &[Column])] = &[
    (
        "user",
        &[
            key("id", Kind::Id),
            key("name", Kind::Text),
            key("email", Kind::Text),
            required("emailVerified", Kind::Boolean),
            optional("image", Kind::Text),
            required("createdAt", Kind::Time),
            required("updatedAt", Kind::Time),
        ],
    ),
    (
        "session",
        &[
            key("id", Kind::Id),
            key("expiresAt", Kind::Time),
            key("token", Kind::Text),
            required("createdAt", Kind::Time),
            required("updatedAt", Kind::Time),
            optional("ipAddress", Kind::Text),
            optional("userAgent", Kind::Text),
            key("userId", Kind::Id),
        ],
    ),
    (
        "account",
        &[
            key("id", Kind::Id),
            key("accountId", Kind::Text),
            key("providerId", Kind::Text),
            key("userId", Kind::Id),
            optional("accessToken", Kind::Text),
            optional("refreshToken", Kind::Text),
            optional("idToken", Kind::Text),
            optional("accessTokenExpiresAt", Kind::Time),
            optional("refreshTokenExpiresAt", Kind::Time),
            optional("scope", Kind::Text),
            // One that is not there would be made empty, and nobody could sign in any more.
            Column { name: "password", kind: Kind::Text, required: false, addable: false },
            required("createdAt", Kind::Time),
            required("updatedAt", Kind::Time),
        ],
    ),
    (
        "verification",
        &[
            key("id", Kind::Id),
            key("identifier", Kind::Text),
            key("value", Kind::Text),
            key("expiresAt", Kind::Time),
            required("createdAt", Kind::Time),
            required("updatedAt", Kind::Time),
        ],
    ),
    (
        "rateLimit",
        &[
            key("id", Kind::Id),
            key("key", Kind::Text),
            key("count", Kind::Integer),
            key("lastRequest", Kind::BigInteger),
        ],
    ),
    (
        "jwks",
        &[
            key("id", Kind::Id),
            key("publicKey", Kind::Text),
            key("privateKey", Kind::Text),
            key("createdAt", Kind::Time),
            optional("expiresAt", Kind::Time),
            optional("alg", Kind::Text),
            optional("crv", Kind::Text),
        ],
    ),
];

/// Lists the tables of Better Auth.
pub(crate) fn tables() -> impl Iterator<Item = &'static str> {
    EXPECTED.iter().map(|(table, _)| *table)
}

/// Lists the fields of a table that have a column each.
pub(crate) fn fields(table: &str) -> impl Iterator<Item = &'static str> {
    let columns = EXPECTED.iter().find(|(known, _)| *known == table).map(|(_, columns)| *columns);
    columns.into_iter().flatten().map(|column| column.name)
}

/// Lists what is named after a table and a column: indexes and constraints, with what their names end in.
pub(crate) fn named_after() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let of = |places: &'static [(&str, &str)], kind| {
        places.iter().map(move |(table, column)| (*table, *column, kind))
    };
    of(UNIQUE, "key").chain(of(OWNED, "fkey")).chain(of(INDEXED, "idx"))
}

const UNIQUE: &[(&str, &str)] = &[
    ("user", "id"),
    ("user", "email"),
    ("session", "id"),
    ("session", "token"),
    ("account", "id"),
    ("verification", "id"),
    ("rateLimit", "id"),
    ("rateLimit", "key"),
    ("jwks", "id"),
];

const OWNED: &[(&str, &str)] = &[("session", "userId"), ("account", "userId")];

const INDEXED: &[(&str, &str)] = &[
    ("session", "userId"),
    ("session", "expiresAt"),
    ("account", "userId"),
    ("verification", "identifier"),
    ("verification", "expiresAt"),
    ("rateLimit", "lastRequest"),
];

/// Lists what makes a table of the same name a foreign one, which `up` must not touch.
pub(super) fn adoption_obstacles(live: &Live, tables: &[&str], layout: &Layout) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (table, columns) in EXPECTED.iter().filter(|(table, _)| tables.contains(table) && live.has(table)) {
        for column in *columns {
            if let Some(finding) = compare(live, table, column, layout) {
                let is_named = layout.names.column(table, column.name) != column.name;
                let foreign = match finding.problem {
                    // What the settings name is there, or the name is wrong.
                    Problem::MissingColumn => is_named || !column.addable,
                    Problem::WrongType { .. } | Problem::OtherIds { .. } => true,
                    _ => false,
                };
                findings.extend(foreign.then_some(finding));
            }
        }
    }
    findings
}

/// Lists where the tables of what has run are not under the layout's names, or not of its kind of ids.
pub(super) fn contradictions(live: &Live, tables: &[&str], layout: &Layout) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (table, columns) in EXPECTED.iter().filter(|(table, _)| tables.contains(table)) {
        if !live.has(table) {
            let missing = (Problem::MissingTable, Severity::Breaks);
            findings.push(finding(&layout.names, table, None, missing.0, missing.1, None));
        }
        let compared = columns.iter().filter_map(|column| compare(live, table, column, layout));
        findings.extend(compared.filter(|finding| matches!(finding.problem, Problem::OtherIds { .. })));
    }
    findings
}

/// Lists every difference.
pub(super) fn findings(live: &Live, layout: &Layout) -> Vec<Finding> {
    let mut findings = Vec::new();
    let finding =
        |table, column, problem, severity, fix| finding(&layout.names, table, column, problem, severity, fix);
    for (table, columns) in EXPECTED {
        if !live.has(table) {
            findings.push(finding(table, None, Problem::MissingTable, Severity::Breaks, None));
            continue;
        }
        findings.extend(columns.iter().filter_map(|column| compare(live, table, column, layout)));
        findings.extend(no_id_default(live, table, layout));
        for extra in live.columns.iter().filter(|column| column.table == *table) {
            let known = !extra.is_namesake && columns.iter().any(|column| column.name == extra.name);
            if !known && extra.required && !extra.filled {
                let problem = match (*table, extra.name.as_str()) {
                    ("account", "issuer") => Problem::LeftoverIssuer,
                    _ => Problem::ExtraRequired,
                };
                // The column's name is the database's already.
                let (table, column) = (layout.names.table(table).to_owned(), extra.name.clone());
                let fix = Some(format!("ALTER TABLE \"{table}\" ALTER COLUMN \"{column}\" DROP NOT NULL;"));
                let severity = Severity::Breaks;
                findings.push(Finding { table, column: Some(column), problem, severity, fix });
            }
        }
    }
    for (table, column) in there(UNIQUE, live) {
        if !live.has_index(table, column, true) {
            let fix = if column == "id" {
                format!("ALTER TABLE \"{table}\" ADD PRIMARY KEY (\"id\");")
            } else {
                format!(
                    "ALTER TABLE \"{table}\" ADD CONSTRAINT \"{table}_{column}_key\" UNIQUE (\"{column}\");"
                )
            };
            findings.push(finding(table, Some(column), Problem::NotUnique, Severity::Breaks, Some(fix)));
        }
    }
    for (table, column) in there(OWNED, live) {
        let add = format!(
            "ADD CONSTRAINT \"{table}_{column}_fkey\" FOREIGN KEY (\"{column}\") REFERENCES \"user\" (\"id\") ON DELETE CASCADE;"
        );
        let keys = live.foreign_keys(table, column);
        let (problem, fix) = match keys.first() {
            None => (Problem::NoForeignKey, format!("ALTER TABLE \"{table}\" {add}")),
            Some(key) if !keys.iter().any(|key| key.cascades) => (
                Problem::NoCascade,
                format!("ALTER TABLE \"{table}\" DROP CONSTRAINT \"{}\", {add}", key.name),
            ),
            Some(_) => continue,
        };
        findings.push(finding(table, Some(column), problem, Severity::Breaks, Some(fix)));
    }
    for (table, column) in there(INDEXED, live) {
        if !live.has_index(table, column, false) {
            let fix =
                format!("CREATE INDEX CONCURRENTLY \"{table}_{column}_idx\" ON \"{table}\" (\"{column}\");");
            findings.push(finding(table, Some(column), Problem::NoIndex, Severity::Weakens, Some(fix)));
        }
    }
    findings
}

/// Leaves out what is reported as missing anyway.
fn there<'a>(
    places: &'a [(&'static str, &'static str)],
    live: &'a Live,
) -> impl Iterator<Item = (&'static str, &'static str)> + 'a {
    places.iter().copied().filter(|(table, column)| live.column(table, column).is_some())
}

/// Node leaves ids that are not text to the column, and so does this server with numbers.
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
            // Within a text, where no name is exchanged.
            layout.names.table(table)
        ),
    };
    Some(finding(&layout.names, table, Some("id"), Problem::NoIdDefault, Severity::Breaks, Some(fix)))
}

fn compare(live: &Live, table: &str, column: &Column, layout: &Layout) -> Option<Finding> {
    let ids = layout.ids;
    let alter = format!("ALTER TABLE \"{table}\" ALTER COLUMN \"{}\"", column.name);
    let (problem, severity, fix) = match live.column(table, column.name) {
        None => (Problem::MissingColumn, Severity::Breaks, None),
        Some(found) if column.kind == Kind::Id && !column.kind.accepts(&found.kind, ids) => {
            let fits = kind_of_ids(&found.kind);
            (Problem::OtherIds { found: found.kind.clone(), expected: ids, fits }, Severity::Breaks, None)
        }
        Some(found) if !column.kind.accepts(&found.kind, ids) => {
            let expected = column.kind.name(ids);
            let fix = (found.kind == "timestamp without time zone" && column.kind == Kind::Time)
                .then(|| format!("{alter} TYPE timestamptz USING \"{}\" AT TIME ZONE 'UTC';", column.name));
            (Problem::WrongType { found: found.kind.clone(), expected }, Severity::Breaks, fix)
        }
        Some(found) if found.required && !column.required => {
            (Problem::MustBeNullable, Severity::Breaks, Some(format!("{alter} DROP NOT NULL;")))
        }
        Some(found) if !found.required && column.required => {
            (Problem::Nullable, Severity::Weakens, Some(format!("{alter} SET NOT NULL;")))
        }
        Some(_) => return None,
    };
    Some(finding(&layout.names, table, Some(column.name), problem, severity, fix))
}

/// Makes a finding about a table and a field of Better Auth, under the database's names.
fn finding(
    names: &TableNames,
    table: &str,
    column: Option<&str>,
    problem: Problem,
    severity: Severity,
    fix: Option<String>,
) -> Finding {
    Finding {
        table: names.table(table).to_owned(),
        column: column.map(|column| names.column(table, column).to_owned()),
        problem,
        severity,
        fix: fix.map(|fix| names.exchange(&fix).into_owned()),
    }
}
