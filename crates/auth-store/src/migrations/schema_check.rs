//! The live schema against what this server and Node's Better Auth 1.7.25 need (core §12.1, §12.5).

use std::fmt;

use tokio_postgres::{Client, Error};

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
    /// The table.
    pub table: &'static str,
    /// The column; `None` for the table itself.
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
            Problem::ExtraRequired if self.is_issuer() => f.write_str(
                "is left over from Better Auth 1.7.1 and still required, so every new account fails here and Node \
                 refuses all requests",
            ),
            Problem::ExtraRequired => f.write_str(
                "is required, has no default and is unknown to Better Auth, so inserts fail and Node refuses all requests",
            ),
            Problem::MustBeNullable => f.write_str("does not accept NULL"),
            Problem::Nullable => f.write_str("accepts NULL"),
            Problem::NotUnique => f.write_str("is not unique"),
            Problem::NoForeignKey => f.write_str("has no foreign key to \"user\""),
            Problem::NoCascade => f.write_str("keeps rows when their user is deleted"),
            Problem::NoIndex => f.write_str("has no index"),
        }?;
        match &self.fix {
            Some(fix) => write!(f, "; fix: {fix}"),
            None => Ok(()),
        }
    }
}

impl Finding {
    fn is_issuer(&self) -> bool {
        self.table == "account" && self.column.as_deref() == Some("issuer")
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
    Text,
    Boolean,
    Integer,
    BigInteger,
    Time,
}

impl Kind {
    /// Types that behave alike. Lengths do not count: `varchar(255)` holds every id and address.
    fn accepts(self, found: &str) -> bool {
        match self {
            Self::Text => matches!(found, "text" | "character varying" | "citext"),
            Self::Boolean => found == "boolean",
            Self::Integer => found == "integer",
            Self::BigInteger => found == "bigint",
            Self::Time => found == "timestamp with time zone",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::BigInteger => "bigint",
            Self::Time => "timestamptz",
        }
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
            key("id", Kind::Text),
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
            key("id", Kind::Text),
            key("expiresAt", Kind::Time),
            key("token", Kind::Text),
            required("createdAt", Kind::Time),
            required("updatedAt", Kind::Time),
            optional("ipAddress", Kind::Text),
            optional("userAgent", Kind::Text),
            key("userId", Kind::Text),
        ],
    ),
    (
        "account",
        &[
            key("id", Kind::Text),
            key("accountId", Kind::Text),
            key("providerId", Kind::Text),
            key("userId", Kind::Text),
            optional("accessToken", Kind::Text),
            optional("refreshToken", Kind::Text),
            optional("idToken", Kind::Text),
            optional("accessTokenExpiresAt", Kind::Time),
            optional("refreshTokenExpiresAt", Kind::Time),
            optional("scope", Kind::Text),
            optional("password", Kind::Text),
            required("createdAt", Kind::Time),
            required("updatedAt", Kind::Time),
        ],
    ),
    (
        "verification",
        &[
            key("id", Kind::Text),
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
            key("id", Kind::Text),
            key("key", Kind::Text),
            key("count", Kind::Integer),
            key("lastRequest", Kind::BigInteger),
        ],
    ),
    (
        "jwks",
        &[
            key("id", Kind::Text),
            key("publicKey", Kind::Text),
            key("privateKey", Kind::Text),
            key("createdAt", Kind::Time),
            optional("expiresAt", Kind::Time),
            optional("alg", Kind::Text),
            optional("crv", Kind::Text),
        ],
    ),
];

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

/// The live tables of Better Auth's names, in the schema that new tables would go to.
pub(super) struct Live {
    columns: Vec<LiveColumn>,
    unique: Vec<(String, String)>,
    indexed: Vec<(String, String)>,
    owned: Vec<ForeignKey>,
}

pub(super) struct LiveColumn {
    table: String,
    name: String,
    pub(super) kind: String,
    pub(super) required: bool,
    pub(super) filled: bool,
}

struct ForeignKey {
    table: String,
    column: String,
    name: String,
    cascades: bool,
}

impl Live {
    /// Gives the names of those of the given tables that are there.
    pub(super) fn tables_of(&self, tables: &[&'static str]) -> Vec<&'static str> {
        tables.iter().copied().filter(|table| self.has(table)).collect()
    }

    pub(super) fn has(&self, table: &str) -> bool {
        self.columns.iter().any(|column| column.table == table)
    }

    pub(super) fn column(&self, table: &str, name: &str) -> Option<&LiveColumn> {
        self.columns.iter().find(|column| column.table == table && column.name == name)
    }
}

impl Live {
    /// Tells whether an index begins with the column, or is unique over it alone.
    pub(super) fn has_index(&self, table: &str, column: &str, unique: bool) -> bool {
        let places = if unique { &self.unique } else { &self.indexed };
        places.iter().any(|place| place.0 == table && place.1 == column)
    }
}

/// Reads the catalogue.
pub(super) async fn read(client: &Client) -> Result<Live, Error> {
    const TABLES: &str = "c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') \
                          AND c.relname IN ('user', 'session', 'account', 'verification', 'rateLimit', 'jwks')";
    let columns = client
        .query(
            &format!(
                "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL), a.attnotnull, \
                 a.atthasdef OR a.attidentity <> '' \
                 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
                 WHERE {TABLES} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum"
            ),
            &[],
        )
        .await?;
    let indexes = client
        .query(
            &format!(
                "SELECT c.relname::text, a.attname::text, \
                 i.indisunique AND i.indpred IS NULL AND i.indnkeyatts = 1 \
                 FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
                 JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] \
                 WHERE {TABLES} AND i.indisvalid AND i.indexprs IS NULL"
            ),
            &[],
        )
        .await?;
    let keys = client
        .query(
            &format!(
                "SELECT c.relname::text, a.attname::text, k.conname::text, k.confdeltype = 'c' \
                 FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
                 JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1] \
                 JOIN pg_class t ON t.oid = k.confrelid \
                 WHERE {TABLES} AND k.contype = 'f' AND cardinality(k.conkey) = 1 \
                 AND t.relname = 'user' AND t.relnamespace = c.relnamespace"
            ),
            &[],
        )
        .await?;
    let mut live = Live { columns: Vec::new(), unique: Vec::new(), indexed: Vec::new(), owned: Vec::new() };
    for row in &columns {
        live.columns.push(LiveColumn {
            table: row.try_get(0)?,
            name: row.try_get(1)?,
            kind: row.try_get(2)?,
            required: row.try_get(3)?,
            filled: row.try_get(4)?,
        });
    }
    for row in &indexes {
        let place: (String, String) = (row.try_get(0)?, row.try_get(1)?);
        if row.try_get(2)? {
            live.unique.push(place.clone());
        }
        live.indexed.push(place);
    }
    for row in &keys {
        live.owned.push(ForeignKey {
            table: row.try_get(0)?,
            column: row.try_get(1)?,
            name: row.try_get(2)?,
            cascades: row.try_get(3)?,
        });
    }
    Ok(live)
}

/// Names those of a migration's tables that have rows.
pub(super) async fn tables_with_rows(
    client: &Client,
    of: &[&'static str],
) -> Result<Vec<&'static str>, Error> {
    let mut tables = Vec::new();
    for table in read(client).await?.tables_of(of) {
        // The names are those of the embedded migrations.
        let row = client.query_one(&format!("SELECT EXISTS (SELECT FROM \"{table}\")"), &[]).await?;
        if row.try_get(0)? {
            tables.push(table);
        }
    }
    Ok(tables)
}

/// Lists what makes a table of the same name a foreign one, which `up` must not touch.
pub(super) fn adoption_obstacles(live: &Live, tables: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (table, columns) in EXPECTED.iter().filter(|(table, _)| tables.contains(table) && live.has(table)) {
        for column in *columns {
            if let Some(finding) = compare(live, table, column) {
                let foreign = match finding.problem {
                    Problem::MissingColumn => !column.addable,
                    Problem::WrongType { .. } => true,
                    _ => false,
                };
                findings.extend(foreign.then_some(finding));
            }
        }
    }
    findings
}

/// Lists every difference.
pub(super) fn findings(live: &Live) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (table, columns) in EXPECTED {
        if !live.has(table) {
            findings.push(finding(table, None, Problem::MissingTable, Severity::Breaks, None));
            continue;
        }
        findings.extend(columns.iter().filter_map(|column| compare(live, table, column)));
        for extra in live.columns.iter().filter(|column| column.table == *table) {
            let known = columns.iter().any(|column| column.name == extra.name);
            if !known && extra.required && !extra.filled {
                let fix = format!("ALTER TABLE \"{table}\" ALTER COLUMN \"{}\" DROP NOT NULL;", extra.name);
                findings.push(finding(
                    table,
                    Some(&extra.name),
                    Problem::ExtraRequired,
                    Severity::Breaks,
                    Some(fix),
                ));
            }
        }
    }
    for (table, column) in there(UNIQUE, live) {
        if !live.unique.iter().any(|place| place.0 == table && place.1 == column) {
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
        let keys: Vec<&ForeignKey> =
            live.owned.iter().filter(|key| key.table == table && key.column == column).collect();
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
        if !live.indexed.iter().any(|place| place.0 == table && place.1 == column) {
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

fn compare(live: &Live, table: &'static str, column: &Column) -> Option<Finding> {
    let alter = format!("ALTER TABLE \"{table}\" ALTER COLUMN \"{}\"", column.name);
    let (problem, severity, fix) = match live.column(table, column.name) {
        None => (Problem::MissingColumn, Severity::Breaks, None),
        Some(found) if !column.kind.accepts(&found.kind) => {
            let expected = column.kind.name();
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
    Some(finding(table, Some(column.name), problem, severity, fix))
}

fn finding(
    table: &'static str,
    column: Option<&str>,
    problem: Problem,
    severity: Severity,
    fix: Option<String>,
) -> Finding {
    Finding { table, column: column.map(ToOwned::to_owned), problem, severity, fix }
}
