//! Replaces Better Auth's names with the database's names in the SQL of a statement.
//!
//! The SQL always comes from this crate: Diesel's statements, the migrations, and the fixes for a schema. It
//! quotes every identifier, and names a table before its columns. The word before a quoted name and the table
//! of the statement are therefore enough to tell what the name stands for.

use std::borrow::Cow;

use super::TableNames;

impl TableNames {
    /// Returns a statement of this crate with the database's names instead of Better Auth's.
    pub(crate) fn rename<'s>(&self, sql: &'s str) -> Cow<'s, str> {
        if self.are_better_auths() {
            return Cow::Borrowed(sql);
        }
        let mut place = Place::default();
        let mut renamed = String::with_capacity(sql.len() + sql.len() / 8);
        let mut rest = sql;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '"' => quoted(rest, '"'),
                '\'' => quoted(rest, '\''),
                '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
                first if is_of_word(first) => rest.find(|next| !is_of_word(next)).unwrap_or(rest.len()),
                first => first.len_utf8(),
            };
            let (token, after) = rest.split_at(length);
            rest = after;
            match token.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
                Some(name) => {
                    renamed.push('"');
                    renamed.push_str(&place.name(self, name, after.starts_with('.')));
                    renamed.push('"');
                }
                None => {
                    place.read(first, token);
                    renamed.push_str(token);
                }
            }
        }
        Cow::Owned(renamed)
    }
}

/// Length of a quoted section, including both quotes.
fn quoted(text: &str, quote: char) -> usize {
    text.match_indices(quote).nth(1).map_or(text.len(), |(at, _)| at + 1)
}

fn is_of_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

/// The context at the current position in a statement.
#[derive(Default)]
struct Place<'s> {
    /// The last two words, the latest first.
    words: [&'s str; 2],
    /// The kind of object that `IF NOT EXISTS` refers to.
    made: &'s str,
    /// The table of columns that are not qualified.
    table: Option<&'static str>,
    /// The table whose column comes next: after `"table".`, or in `REFERENCES "table" (`.
    of: Option<&'static str>,
}

impl<'s> Place<'s> {
    /// Records a token that is not a quoted name.
    fn read(&mut self, first: char, token: &'s str) {
        if is_of_word(first) {
            if ["TABLE", "COLUMN", "INDEX"].contains(&token) {
                self.made = token;
            }
            self.words = [token, self.words[0]];
            self.of = None;
        } else if first == ';' {
            *self = Self::default();
        }
    }

    /// Returns the database's name for a quoted name.
    fn name<'n>(&mut self, names: &'n TableNames, name: &'n str, is_qualifier: bool) -> Cow<'n, str> {
        let words = self.words;
        self.words = ["", words[0]];
        if let Some(table) = self.of.take() {
            return Cow::Borrowed(names.column(table, name));
        }
        let table = names.known().names().find(|table| *table == name);
        match (words, table) {
            (_, Some(table)) if is_qualifier => {
                self.of = Some(table);
                Cow::Borrowed(names.table(table))
            }
            (["REFERENCES", _], Some(table)) => {
                self.of = Some(table);
                Cow::Borrowed(names.table(table))
            }
            (["FROM" | "JOIN" | "INTO" | "UPDATE" | "TABLE" | "ON", _], Some(table)) => {
                self.table = Some(table);
                Cow::Borrowed(names.table(table))
            }
            (["EXISTS", _], Some(table)) if self.made == "TABLE" => {
                self.table = Some(table);
                Cow::Borrowed(names.table(table))
            }
            // An existing constraint is dropped by its actual name.
            (["CONSTRAINT", "DROP"], _) => Cow::Borrowed(name),
            (["CONSTRAINT" | "INDEX" | "CONCURRENTLY", _], _) => index_name(names, name),
            (["EXISTS", _], _) if self.made == "INDEX" => index_name(names, name),
            _ => Cow::Borrowed(self.table.map_or(name, |table| names.column(table, name))),
        }
    }
}

/// Builds the name of an index or a constraint from the database's names, as Node's tool and PostgreSQL do:
/// `<table>_<column>_<kind>`.
fn index_name<'n>(names: &TableNames, name: &'n str) -> Cow<'n, str> {
    let parts = names
        .known()
        .names()
        .filter_map(|table| Some((table, name.strip_prefix(table)?.strip_prefix('_')?.rsplit_once('_')?)));
    match parts.max_by_key(|(table, _)| table.len()) {
        Some((table, (column, kind))) => {
            Cow::Owned(format!("{}_{}_{kind}", names.table(table), names.column(table, column)))
        }
        None => Cow::Borrowed(name),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::Arc;

    use super::*;
    use crate::migrations::{self, Layout};

    fn names() -> TableNames {
        let mut names = TableNames::default();
        names.call_table("user", "users").unwrap();
        names.call_table("session", "sessions").unwrap();
        names.call_table("rateLimit", "rate_limits").unwrap();
        names.call_column("user", "email", "email_address").unwrap();
        names.call_column("session", "userId", "user_id").unwrap();
        names.call_column("session", "expiresAt", "expires_at").unwrap();
        names.call_column("account", "userId", "owner").unwrap();
        names.call_column("rateLimit", "key", "who").unwrap();
        names.call_column("rateLimit", "lastRequest", "last_request").unwrap();
        names.check().unwrap();
        names
    }

    fn check(sql: &str, expected: &str) {
        assert_eq!(names().rename(sql), expected);
    }

    #[test]
    fn qualified_columns_and_joins() {
        check(
            r#"SELECT "session"."userId", "session"."plan", "user"."email", "user"."userId" FROM ("session" INNER JOIN "user" ON ("session"."userId" = "user"."id")) WHERE ("session"."expiresAt" > $1)"#,
            r#"SELECT "sessions"."user_id", "sessions"."plan", "users"."email_address", "users"."userId" FROM ("sessions" INNER JOIN "users" ON ("sessions"."user_id" = "users"."id")) WHERE ("sessions"."expires_at" > $1)"#,
        );
    }

    #[test]
    fn columns_without_their_table() {
        check(
            r#"INSERT INTO "session" ("id", "expiresAt", "userId") VALUES ($1, $2, $3) RETURNING "session"."userId""#,
            r#"INSERT INTO "sessions" ("id", "expires_at", "user_id") VALUES ($1, $2, $3) RETURNING "sessions"."user_id""#,
        );
        check(
            r#"UPDATE "account" SET "userId" = $1, "email" = $2 WHERE ("account"."userId" = $3)"#,
            r#"UPDATE "account" SET "owner" = $1, "email" = $2 WHERE ("account"."owner" = $3)"#,
        );
        check(
            r#"INSERT INTO "rateLimit" ("id", "key") VALUES ($1, $2) ON CONFLICT ("key") DO UPDATE SET "lastRequest" = CASE WHEN "rateLimit"."lastRequest" <= $3 THEN $4 END"#,
            r#"INSERT INTO "rate_limits" ("id", "who") VALUES ($1, $2) ON CONFLICT ("who") DO UPDATE SET "last_request" = CASE WHEN "rate_limits"."last_request" <= $3 THEN $4 END"#,
        );
    }

    #[test]
    fn a_name_stands_for_what_its_place_says() {
        // A field may have the same name as a table.
        check(
            r#"INSERT INTO "user" ("id", "session", "email") VALUES ($1, $2, $3)"#,
            r#"INSERT INTO "users" ("id", "session", "email_address") VALUES ($1, $2, $3)"#,
        );
        check(
            r#"CREATE INDEX "user_session_idx" ON "user" ("session")"#,
            r#"CREATE INDEX "users_session_idx" ON "users" ("session")"#,
        );
        check(r#"UPDATE "user" SET "session" = $1"#, r#"UPDATE "users" SET "session" = $1"#);
        check(
            r#"ALTER TABLE "user" ADD COLUMN IF NOT EXISTS "session" text"#,
            r#"ALTER TABLE "users" ADD COLUMN IF NOT EXISTS "session" text"#,
        );
        check(
            "SELECT 'the \"user\"' -- \"user\"\nFROM \"user\"",
            "SELECT 'the \"user\"' -- \"user\"\nFROM \"users\"",
        );
    }

    #[test]
    fn tables_indexes_and_constraints_are_made_under_the_databases_names() {
        check(
            r#"CREATE TABLE IF NOT EXISTS "session" ("id" text, "userId" text NOT NULL REFERENCES "user" ("id") ON DELETE CASCADE, "expiresAt" timestamptz); CREATE INDEX IF NOT EXISTS "session_userId_idx" ON "session" ("userId")"#,
            r#"CREATE TABLE IF NOT EXISTS "sessions" ("id" text, "user_id" text NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE, "expires_at" timestamptz); CREATE INDEX IF NOT EXISTS "sessions_user_id_idx" ON "sessions" ("user_id")"#,
        );
        check(
            r#"ALTER TABLE "session" DROP CONSTRAINT "session_userId_fkey", ADD CONSTRAINT "session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "user" ("id")"#,
            r#"ALTER TABLE "sessions" DROP CONSTRAINT "session_userId_fkey", ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id")"#,
        );
        check(
            r#"CREATE INDEX CONCURRENTLY "rateLimit_lastRequest_idx" ON "rateLimit" ("lastRequest");"#,
            r#"CREATE INDEX CONCURRENTLY "rate_limits_last_request_idx" ON "rate_limits" ("last_request");"#,
        );
    }

    #[test]
    fn nothing_of_a_migration_keeps_a_name_that_is_not_there() {
        let mut names = TableNames::default();
        let known = names.known().clone();
        for table in known.names() {
            names.call_table(table, &format!("t_{table}")).unwrap();
            for column in known.columns(table).filter(|column| column.name != "id") {
                names.call_column(table, column.name, &format!("c_{}", column.name)).unwrap();
            }
        }
        names.check().unwrap();
        let layout = Layout { names: Arc::new(names), ..Layout::default() };
        for change in migrations::from_nothing(&layout) {
            for name in change.sql.split('"').skip(1).step_by(2) {
                let is_new = name == "id" || name.starts_with("t_") || name.starts_with("c_");
                assert!(is_new, "{name} in {}", change.sql);
            }
        }
    }
}
