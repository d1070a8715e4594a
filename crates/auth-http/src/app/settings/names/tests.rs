//! Names in settings files: valid ones, and each reason to refuse one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::super::{DEFAULT_TOML, Environment, SchemaSettings};
use super::*;

fn load(toml: &str) -> Result<TableNames, String> {
    let name = format!("auth-names-{}-{:x}", std::process::id(), rand::random::<u64>());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, toml).unwrap();
    let environment = Environment::default()
        .with("DATABASE_URL", "postgres://nobody@localhost/none")
        .with("AUTH_CONFIG", path.clone());
    let loaded = SchemaSettings::load(&environment);
    std::fs::remove_file(path).unwrap();
    match loaded {
        Ok(settings) => Ok((*settings.database.names).clone()),
        Err(error) => Err(crate::server::logging::chain(&error)),
    }
}

#[test]
fn names_are_better_auths_by_default() {
    assert!(load("").unwrap().are_better_auths());
    assert!(load("[database.names.user]\ntable = \"user\"\nemail = \"email\"").unwrap().are_better_auths());
}

#[test]
fn the_example_is_read() {
    let example: Vec<&str> = DEFAULT_TOML
        .lines()
        .skip_while(|line| *line != "# [database.names.user]")
        .map_while(|line| line.strip_prefix("# "))
        .collect();
    assert_eq!(example.len(), 3);
    let names = load(&example.join("\n")).unwrap();
    assert_eq!((names.table("user"), names.column("user", "emailVerified")), ("users", "email_verified"));
    assert_eq!((names.table("session"), names.column("user", "email")), ("session", "email"));
}

#[test]
fn every_table_can_have_names_of_its_own() {
    let toml = "[database.names]\n\
        session = { table = \"sessions\", userId = \"user_id\" }\n\
        account = { providerId = \"provider\" }\n\
        verification = { table = \"proofs\" }\n\
        rateLimit = { table = \"rate_limits\", lastRequest = \"last_request\" }\n\
        jwks = { table = \"keys\", publicKey = \"public_key\" }";
    let names = load(toml).unwrap();
    let columns = [
        ("session", "userId"),
        ("account", "providerId"),
        ("rateLimit", "lastRequest"),
        ("jwks", "publicKey"),
    ];
    assert_eq!(
        columns.map(|(table, field)| names.column(table, field)),
        ["user_id", "provider", "last_request", "public_key"]
    );
    let tables = ["session", "account", "verification", "rateLimit", "jwks"].map(|table| names.table(table));
    assert_eq!(tables, ["sessions", "account", "proofs", "rate_limits", "keys"]);
}

#[test]
fn what_cannot_be_is_refused_by_its_key() {
    for (toml, key, reason) in [
        (
            "[database.names.users]\ntable = \"people\"",
            "database.names.users.table",
            "has no table of that name, but user",
        ),
        ("[database.names.user]\nmail = \"email\"", "database.names.user.mail", "has no field of that name"),
        ("[database.names.user]\nid = \"user_id\"", "database.names.user.id", "could be called otherwise"),
        ("[database.names.user]\nemail = \"e-mail\"", "database.names.user.email", "no identifier"),
        ("[database.names.user]\nemail = 1", "database.names.user.email", "text in quotes"),
        ("[database.names]\nuser = \"users\"", "database.names.user", "such as { table = \"users\" }"),
        ("[database.names.user]\nemail = \"name\"", "database.names", "is called so already"),
        ("[database.names.user]\ntable = \"session\"", "database.names", "is called so already"),
        (
            "[database.names.user]\nemail = \"mail\"\n[user.additional_fields.mail]\ntype = \"string\"",
            "user.additional_fields.mail",
            "gives its column to another",
        ),
        (
            "[database.names.user]\nname = \"username\"\n[username]\nenabled = true",
            "user.additional_fields.username",
            "gives its column to another",
        ),
    ] {
        let error = load(toml).unwrap_err();
        assert!(error.contains(&format!("`{key}`")) && error.contains(reason), "{toml}: {error}");
    }
}
