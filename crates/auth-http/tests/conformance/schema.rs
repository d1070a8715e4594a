//! One schema for both servers: what either migrates, the other adopts.

use serde_json::{Value, json};

use crate::database::{Database, Row};
use crate::http::Request;
use crate::node::{self, Reference};
use crate::ours::{self, Ours, random_secret};
use crate::pairing::configuration::Configuration;
use crate::pairing::pair::settings_file;
use crate::visitor::{Visitor, ok};

const PASSWORD: &str = "correct horse battery staple";

/// Tables of Better Auth that both servers use.
const TABLES: &str = "'user', 'session', 'account', 'verification'";

/// Better Auth's `generateId`, and the setting that is the same here; the default first.
const GENERATE_ID: [Option<&str>; 3] = [None, Some("uuid"), Some("serial")];

fn options(generate_id: Option<&str>) -> Value {
    generate_id.map_or(json!({}), |ids| json!({ "advanced": { "database": { "generateId": ids } } }))
}

fn settings(generate_id: Option<&'static str>) -> [(&'static str, &'static str); 2] {
    [("AUTH__DATABASE__GENERATE_ID", generate_id.unwrap_or("default")), ("AUTH__PASSWORD__HASHER", "scrypt")]
}

/// Every fact about the four tables that PostgreSQL keeps: columns, constraints, indexes. Those by which we find
/// expired rows are left out: Better Auth has none, and does not mind.
fn description(database: &Database) -> Vec<Row> {
    description_of(database, TABLES)
}

fn description_of(database: &Database, tables: &str) -> Vec<Row> {
    let mut rows = database.query(&format!(
        "select table_name, column_name, data_type, is_nullable, column_default, identity_generation \
         from information_schema.columns \
         where table_schema = 'public' and table_name in ({tables}) order by table_name, column_name"
    ));
    rows.extend(database.query(&format!(
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint \
         where conrelid in (select oid from pg_class where relname in ({tables})) order by 1, 2"
    )));
    rows.extend(database.query(&format!(
        "select tablename, indexname, indexdef from pg_indexes where tablename in ({tables}) \
         and replace(lower(indexname), '_', '') not like '%expiresatidx' order by 1, 2"
    )));
    rows
}

/// Where each table lies on disk: a new number means that it was made again or rewritten.
fn files(database: &Database) -> Vec<Row> {
    let sql = format!(
        "select relname, oid::text, relfilenode::text from pg_class where relname in ({TABLES}) order by 1"
    );
    database.query(&sql)
}

fn rows(database: &Database) -> Vec<Row> {
    let mut rows = database.query("select * from \"user\" order by id");
    rows.extend(database.query("select * from account order by id"));
    rows.extend(database.query("select * from session order by id"));
    rows
}

fn assert_migrate(database: &Database, action: &str) {
    assert_migrate_with(database, action, None);
}

fn assert_migrate_with(database: &Database, action: &str, generate_id: Option<&'static str>) {
    let output = ours::migrate_with(database, action, &settings(generate_id));
    assert!(
        output.status.success(),
        "migrate {action}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// What a failing `migrate check` says.
fn complaint(database: &Database) -> String {
    let output = ours::migrate(database, "check");
    assert!(!output.status.success(), "check passes");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What Better Auth answers to its first request: its schema check runs before that.
fn first_answer(database: &Database) -> crate::http::Response {
    first_answer_with(database, None)
}

fn first_answer_with(database: &Database, generate_id: Option<&str>) -> crate::http::Response {
    let extra = json!({ "options": options(generate_id) });
    let reference = Reference::start_with(database, &random_secret(), &extra);
    crate::http::send(reference.origin(), &Request::get("/api/auth/ok"))
}

/// Better Auth refuses to serve a database, and says what is wrong with it.
fn assert_refused_by_better_auth(database: &Database, column: &str) {
    let answer = first_answer(database);
    assert!(answer.header("x-rejected").is_some(), "{}: {}", answer.status, answer.text());
    assert!(answer.text().contains(column), "{}", answer.text());
}

fn nothing_to_do() -> Value {
    json!({ "toBeCreated": [], "toBeAdded": [], "toBeAddedIndexes": [], "schemaProblems": [], "sql": ";" })
}

/// In each kind of ids.
#[test]
fn a_database_of_better_auth_is_adopted_with_its_users_and_sessions() {
    needs!("node");
    for ids in GENERATE_ID {
        let database = Database::empty();
        node::migrate(&database, &options(ids));
        let secret = random_secret();
        let mut visitor = Visitor::new();
        let extra = json!({ "quick": false, "options": options(ids) });
        let reference = Reference::start_with(&database, &secret, &extra);
        let user = ok(visitor.sign_up(&reference, "ada@example.com", PASSWORD)).json()["user"].clone();
        let (files_before, rows_before, before) = (files(&database), rows(&database), description(&database));

        assert_migrate_with(&database, "up", ids);
        assert_migrate_with(&database, "check", ids);
        assert_eq!(files(&database), files_before, "{ids:?}: no table was made again or rewritten");
        assert_eq!(rows(&database), rows_before, "{ids:?}: no row changed");
        assert_eq!(description(&database), before, "{ids:?}: nothing of theirs changed");
        assert_migrate_with(&database, "up", ids);

        let ours = Ours::start_with(&database, &secret, &settings(ids));
        assert_eq!(visitor.session(&ours)["user"], user, "{ids:?}: a session from before lives here");
        assert_eq!(ok(Visitor::new().sign_in(&ours, "ada@example.com", PASSWORD)).json()["user"], user);
        assert_ne!(visitor.session(&reference), Value::Null, "{ids:?}: and still there");
        assert_eq!(node::migrations_with(&database, false, &options(ids)), nothing_to_do());
        assert_eq!(first_answer_with(&database, ids).status, 200, "{ids:?}: a newly started Better Auth");
    }
}

#[test]
fn a_database_of_ours_passes_the_checks_of_better_auth() {
    needs!("node");
    // Its schema check runs before its first answer: `drift_that_stops_better_auth_fails_our_check` is the control.
    for ids in GENERATE_ID {
        let database = Database::empty();
        assert_migrate_with(&database, "up", ids);
        assert_migrate_with(&database, "check", ids);
        assert_eq!(node::migrations_with(&database, false, &options(ids)), nothing_to_do(), "{ids:?}");
        let extra = json!({ "options": options(ids) });
        let reference = Reference::start_with(&database, &random_secret(), &extra);
        ok(Visitor::new().sign_up(&reference, "ada@example.com", PASSWORD));
    }
}

/// R-107, in each kind of ids.
#[test]
fn r_107_both_migrations_make_the_same_schema() {
    needs!("node");
    let mut described: Vec<Vec<Row>> = Vec::new();
    for ids in GENERATE_ID {
        let (theirs, ours) = (Database::empty(), Database::empty());
        node::migrate(&theirs, &options(ids));
        assert_migrate_with(&ours, "up", ids);
        let theirs = description(&theirs);
        assert_eq!(theirs, description(&ours), "{ids:?}");
        assert!(theirs.len() > 40, "the query finds the tables");
        assert!(!described.contains(&theirs), "{ids:?} is a kind of its own");
        described.push(theirs);
    }
}

/// `modelName` and `fields`: Better Auth's tool makes, names and finds everything as ours does.
#[test]
fn tables_of_other_names_are_the_same_whoever_makes_them() {
    needs!("node");
    let configuration = Configuration::named("other names");
    let file = settings_file(configuration);
    let settings = [("AUTH_CONFIG", file.to_str().expect("a path in UTF-8"))];
    let migrate = |database: &Database, action: &str| {
        let output = ours::migrate_with(database, action, &settings);
        let said =
            [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
        assert!(output.status.success(), "{action}: {said}");
    };
    let described = |database: &Database| {
        description_of(database, "'users', 'sessions', 'accounts', 'verifications', 'user', 'session'")
    };
    let (theirs, ours) = (Database::empty(), Database::empty());
    node::migrate(&theirs, &configuration.options);
    migrate(&ours, "up");
    let before = described(&theirs);
    assert_eq!(before, described(&ours));
    assert!(before.len() > 40, "the query finds the tables");
    assert_eq!(node::migrations_with(&ours, false, &configuration.options), nothing_to_do());
    for action in ["up", "check"] {
        migrate(&theirs, action);
        migrate(&ours, action);
    }
    assert_eq!(described(&theirs), before, "nothing of theirs changed");
}

/// Core §12.3: ids are bound as what the columns are, so tables of another kind are left alone, and the setting is named.
#[test]
fn a_database_of_another_kind_of_ids_is_refused_and_not_touched() {
    needs!("node");
    let kind = |ids: Option<&str>| match ids {
        None => "text",
        Some("uuid") => "uuid",
        _ => "integer",
    };
    for (there, told) in GENERATE_ID.into_iter().flat_map(|there| GENERATE_ID.map(|told| (there, told))) {
        if there == told {
            continue;
        }
        let database = Database::empty();
        node::migrate(&database, &options(there));
        let extra = json!({ "options": options(there) });
        let reference = Reference::start_with(&database, &random_secret(), &extra);
        ok(Visitor::new().sign_up(&reference, "ada@example.com", PASSWORD));
        let (files_before, rows_before, before) = (files(&database), rows(&database), description(&database));

        for action in ["up", "check"] {
            let output = ours::migrate_with(&database, action, &settings(told));
            let said =
                [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
            assert!(!output.status.success(), "{there:?}, {action}: {said}");
            for place in
                ["\"user\".\"id\"", "\"session\".\"id\"", "\"session\".\"userId\"", "\"account\".\"userId\""]
            {
                let [found, expected] = [there, told].map(kind);
                let setting = told.unwrap_or("default");
                let problem = format!(
                    "{place} has type {found}, but database.generate_id = \"{setting}\" keeps {expected}"
                );
                assert!(said.contains(&problem), "{there:?}: {said}");
            }
            assert!(said.contains(&format!("set it to \"{}\"", there.unwrap_or("default"))), "{said}");
            assert!(!said.contains("\"accountId\""), "text in every mode: {said}");
        }
        assert_eq!(files(&database), files_before, "{there:?}");
        assert_eq!(rows(&database), rows_before, "{there:?}");
        assert_eq!(description(&database), before, "{there:?}");
        assert_eq!(
            database.query("select to_regclass('auth_schema_migrations')::text"),
            [[None]],
            "{there:?}"
        );
    }
}

/// A database of the default ids, whose one id column was changed later: the migrations ran, and `check` still tells.
#[test]
fn an_id_column_that_became_uuid_fails_the_check() {
    needs!("node");
    let database = Database::empty();
    node::migrations(&database, true);
    assert_migrate(&database, "up");
    assert_migrate(&database, "check");
    database.execute("alter table verification alter column id type uuid using id::uuid");
    assert!(complaint(&database).contains("\"verification\".\"id\" has type uuid, but"));
}

/// Better Auth 1.7.1 had a column that 1.7.25 neither fills nor tolerates.
#[test]
fn the_leftover_issuer_column_of_1_7_1_is_explained() {
    needs!("node");
    let database = Database::empty();
    node::migrations(&database, true);
    database.execute("alter table account add column issuer text not null");
    database
        .execute("create unique index \"account_issuer_accountId_idx\" on account (issuer, \"accountId\")");
    assert_refused_by_better_auth(&database, "issuer");

    let text = complaint(&database);
    assert!(text.contains("account") && text.contains("issuer"), "{text}");
    let fix = text
        .lines()
        .find_map(|line| {
            line.to_lowercase().find("alter table").map(|at| line[at..].trim_end_matches(['`', '.', ' ']))
        })
        .unwrap_or_else(|| panic!("no statement to paste in: {text}"));
    database.execute(fix);
    assert_migrate(&database, "up");
    assert_migrate(&database, "check");
    assert_eq!(first_answer(&database).status, 200);
}

/// Drift that stops Better Auth is drift for `check`, and is named.
#[test]
fn drift_that_stops_better_auth_fails_our_check() {
    needs!("node");
    for (sql, table, column) in [
        ("alter table session drop column \"userAgent\"", "session", "userAgent"),
        ("alter table \"user\" add column tenant text not null", "user", "tenant"),
        ("drop table verification", "verification", ""),
    ] {
        let database = Database::empty();
        node::migrations(&database, true);
        assert_migrate(&database, "up");
        database.execute(sql);
        let text = complaint(&database);
        assert!(text.contains(table) && text.contains(column), "{sql}: {text}");
        assert_refused_by_better_auth(&database, if column.is_empty() { table } else { column });
    }
}

/// Drift that Better Auth tolerates is none here either: other tools add tables and optional columns.
#[test]
fn additions_of_others_are_tolerated_by_both() {
    needs!("node");
    let database = Database::empty();
    assert_migrate(&database, "up");
    database.execute(
        "alter table \"user\" add column nickname text, add column score integer not null default 0",
    );
    database.execute("create table notes (id text primary key)");
    assert_migrate(&database, "check");
    assert_eq!(first_answer(&database).status, 200);
    let ours = Ours::start(&database, &random_secret());
    ok(Visitor::new().sign_up(&ours, "ada@example.com", PASSWORD));
}
