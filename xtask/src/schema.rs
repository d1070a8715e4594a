//! `cargo xtask schema`: generates the store's `schema.rs` from a freshly migrated database.
//!
//! This generator replaces Diesel's command line tool, which links libpq. It knows only the column types that
//! the schema uses, and fails on any other.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tokio_postgres::Client;

use crate::database::{binaries, block_on, connect, say, throw_away};
use crate::dev::server;
use crate::failure::Failure;
use crate::shell::{self, root};

/// The generated file.
const FILE: &str = "crates/auth-store/src/schema.rs";

/// The store's table of applied migrations; Diesel does not read it.
const BOOKKEEPING: &str = "auth_schema_migrations";

/// Options of `cargo xtask schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Compares the result with the file instead of writing it, and fails if they differ
    #[arg(long)]
    pub(crate) check: bool,
    /// Uses this server binary instead of building one
    #[arg(long, value_name = "FILE")]
    pub(crate) program: Option<PathBuf>,
}

/// Generates the file and writes or compares it.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let program = options.program.map_or_else(server::build, Ok)?;
    let cluster = throw_away(&binaries()?)?;
    let mut migrate = Command::new(&program);
    migrate
        .args(["migrate", "up"])
        .env("DATABASE_URL", cluster.admin_url())
        .env_remove("DATABASE_URL_UNPOOLED");
    // The file contains the tables of every feature.
    migrate.env("AUTH__JWT__ENABLED", "true").env("AUTH__RATE_LIMIT__STORAGE", "database");
    shell::run(&mut migrate)?;
    let text = block_on(async {
        let client = connect(&cluster.admin_url()).await?;
        generate(&client).await
    })??;
    drop(cluster);
    let text = formatted(&text)?;
    let path = root().join(FILE);
    let current = fs::read_to_string(&path).unwrap_or_default();
    if text == current {
        say(&format!("{FILE} matches the declared tables"));
        return Ok(());
    }
    if options.check {
        let differing = text.lines().zip(current.lines()).position(|(new, old)| new != old);
        let line = differing.unwrap_or_else(|| text.lines().count().min(current.lines().count())) + 1;
        return Err(Failure::new(format!(
            "{FILE} is not what `migrate up` makes (first difference in line {line}): run `cargo xtask schema` and look at the change"
        )));
    }
    fs::write(&path, text).map_err(|error| Failure::because(format!("cannot write {FILE}"), error))?;
    say(&format!("wrote {FILE}"));
    Ok(())
}

struct Column {
    table: String,
    name: String,
    r#type: String,
    nullable: bool,
}

async fn generate(client: &Client) -> Result<String, Failure> {
    let unreadable = |error| Failure::because("the schema cannot be read", error);
    let columns = client
        .query(
            "SELECT c.table_name::text, c.column_name::text, c.data_type::text, c.is_nullable = 'YES'
             FROM information_schema.columns c
             JOIN information_schema.tables t USING (table_schema, table_name)
             WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.table_name <> $1
             ORDER BY c.table_name COLLATE \"C\", c.ordinal_position",
            &[&BOOKKEEPING],
        )
        .await
        .map_err(unreadable)?;
    let columns: Vec<Column> = columns
        .iter()
        .map(|row| Column { table: row.get(0), name: row.get(1), r#type: row.get(2), nullable: row.get(3) })
        .collect();
    let keys = client
        .query(
            "SELECT k.conrelid::regclass::text, a.attname::text
             FROM pg_constraint k
             CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS key(number, position)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = key.number
             WHERE k.contype = 'p' AND k.connamespace = 'public'::regnamespace
             ORDER BY 1, key.position",
            &[],
        )
        .await
        .map_err(unreadable)?;
    let keys: Vec<(String, String)> =
        keys.iter().map(|row| (row.get::<_, String>(0).replace('"', ""), row.get(1))).collect();
    let references = client
        .query(
            "SELECT c.relname::text, a.attname::text, r.relname::text
             FROM pg_constraint k
             JOIN pg_class c ON c.oid = k.conrelid
             JOIN pg_class r ON r.oid = k.confrelid
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
             WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 AND k.connamespace = 'public'::regnamespace
             ORDER BY 1, 2",
            &[],
        )
        .await
        .map_err(unreadable)?;
    let references: Vec<[String; 3]> =
        references.iter().map(|row| [row.get(0), row.get(1), row.get(2)]).collect();
    render(&columns, &keys, &references)
}

fn render(
    columns: &[Column],
    keys: &[(String, String)],
    references: &[[String; 3]],
) -> Result<String, Failure> {
    let mut tables: Vec<&str> = columns.iter().map(|column| column.table.as_str()).collect();
    tables.dedup();
    let mut text = String::from(
        "//! The tables as Diesel sees them. Generated from a migrated database by `cargo xtask schema`; never\n//! edited by hand.\n",
    );
    for table in &tables {
        let key: Vec<String> =
            keys.iter().filter(|(of, _)| of == table).map(|(_, column)| snake_case(column)).collect();
        // Writing to a string cannot fail.
        let name = snake_case(table);
        let sql_name =
            if name == **table { String::new() } else { format!("    #[sql_name = \"{table}\"]\n") };
        let _ = writeln!(
            text,
            "\ndiesel::table! {{\n    use crate::id::RowId;\n    use diesel::sql_types::*;\n\n{sql_name}    {name} ({}) {{",
            key.join(", ")
        );
        for column in columns.iter().filter(|column| column.table == *table) {
            let name = snake_case(&column.name);
            if name != column.name {
                let _ = writeln!(text, "        #[sql_name = \"{}\"]", column.name);
            }
            // Primary keys, and foreign keys that refer to them, have the id type that the database is
            // configured with.
            let is_id = keys.iter().any(|(of, key)| of == table && *key == column.name)
                || references.iter().any(|[of, reference, _]| of == table && *reference == column.name);
            let known = if is_id { Some("RowId") } else { diesel_type(&column.r#type) };
            let known = known.ok_or_else(|| {
                Failure::new(format!(
                    "column {}.{} has the type {}, which xtask/src/schema.rs does not know yet",
                    column.table, column.name, column.r#type
                ))
            })?;
            let shown = if column.nullable { format!("Nullable<{known}>") } else { known.to_owned() };
            let _ = writeln!(text, "        {name} -> {shown},");
        }
        text.push_str("    }\n}\n");
    }
    text.push('\n');
    for [table, column, parent] in references {
        let (table, parent) = (snake_case(table), snake_case(parent));
        let _ = writeln!(text, "diesel::joinable!({table} -> {parent} ({}));", snake_case(column));
    }
    let names: Vec<String> = tables.iter().map(|table| snake_case(table)).collect();
    let _ = writeln!(text, "\ndiesel::allow_tables_to_appear_in_same_query!({},);", names.join(", "));
    Ok(text)
}

fn diesel_type(postgres: &str) -> Option<&'static str> {
    Some(match postgres {
        "text" => "Text",
        "boolean" => "Bool",
        "integer" => "Int4",
        "bigint" => "Int8",
        "timestamp with time zone" => "Timestamptz",
        "jsonb" => "Jsonb",
        "uuid" => "Uuid",
        _ => return None,
    })
}

/// `emailVerified` → `email_verified`.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 2);
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

/// Formats the generated code with rustfmt.
fn formatted(text: &str) -> Result<String, Failure> {
    let cannot = |error| Failure::because("cannot run rustfmt", error);
    let mut process = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(cannot)?;
    if let Some(mut input) = process.stdin.take() {
        input.write_all(text.as_bytes()).map_err(cannot)?;
    }
    let output = process.wait_with_output().map_err(cannot)?;
    if !output.status.success() {
        return Err(Failure::new("rustfmt does not accept the generated schema"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn column(table: &str, name: &str, r#type: &str, nullable: bool) -> Column {
        Column { table: table.to_owned(), name: name.to_owned(), r#type: r#type.to_owned(), nullable }
    }

    #[test]
    fn tables_keys_and_references_are_rendered() {
        let columns = [
            column("session", "id", "text", false),
            column("session", "token", "text", false),
            column("session", "userId", "text", false),
            column("user", "emailVerified", "boolean", true),
        ];
        let keys = [("session".to_owned(), "id".to_owned())];
        let references = [["session".to_owned(), "userId".to_owned(), "user".to_owned()]];
        let text = render(&columns, &keys, &references).unwrap();
        assert!(text.contains(
            "    session (id) {\n        id -> RowId,\n        token -> Text,\n        #[sql_name = \"userId\"]\n        \
             user_id -> RowId,\n"
        ));
        assert!(text.contains("email_verified -> Nullable<Bool>,"));
        assert!(text.contains("diesel::joinable!(session -> user (user_id));"));
    }

    #[test]
    fn an_unknown_type_is_named() {
        let failure = render(&[column("user", "shape", "polygon", false)], &[], &[]).unwrap_err();
        assert!(failure.to_string().contains("user.shape") && failure.to_string().contains("polygon"));
    }
}
