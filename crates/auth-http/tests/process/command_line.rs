//! `auth-server`, `check` and `migrate` as commands (R-110).

use std::process::Output;

use auth_store::testing::TestDatabase;
use test_support::SECRET;

use crate::SERVER;

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = SERVER.command(arguments, variables).output().unwrap();
    let text = [stdout, stderr].concat();
    (status.code(), String::from_utf8(text).unwrap())
}

fn variables(database_url: &str) -> [(&str, &str); 3] {
    [
        ("DATABASE_URL", database_url),
        ("BETTER_AUTH_SECRET", SECRET),
        ("BETTER_AUTH_URL", "http://localhost:3000"),
    ]
}

#[test]
fn r_110_a_wrong_setting_stops_the_process_with_the_keys_name() {
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[("BETTER_AUTH_SECRET", "")], "security.secret"),
        (&[("BETTER_AUTH_SECRET", "canary-too-short")], "security.secret"),
        (&[("AUTH__SERVER__PROT", "canary")], "AUTH__SERVER__PROT"),
        (&[("PORT", "canary")], "server.port"),
        (&[("DATABASE_URL", "canary")], "database.url"),
    ];
    for (changes, key) in cases {
        let mut all = variables("postgres://nobody:canary@127.0.0.1:1/none").to_vec();
        all.extend_from_slice(changes);
        // Migrations need the database's settings alone, but a misspelt key stops them too.
        let stops_migrations = key.starts_with("database.") || key.starts_with("AUTH__");
        let commands = [&[][..], &["check"], &["migrate", "status"]];
        for arguments in commands.into_iter().take(if stops_migrations { 3 } else { 2 }) {
            let (code, text) = run(arguments, &all);
            assert_eq!(code, Some(1), "{text}");
            assert!(text.contains(&format!("`{key}`")), "{text}");
            assert!(!text.contains("canary"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_process_takes_the_fallback_secret_from_its_environment() {
    let database = TestDatabase::create().await;
    let mut all = variables(database.url()).to_vec();
    all.extend([("BETTER_AUTH_SECRET", ""), ("AUTH_SECRET", SECRET)]);
    let (_, text) = run(&["check"], &all);
    assert!(text.contains("(set)  (AUTH_SECRET)"), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn production_is_known_in_a_folder_without_files_and_a_file_there_comes_first() {
    let database = TestDatabase::create().await;
    let folder = std::env::temp_dir().join(format!("auth-server-production-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let mut all = variables(database.url()).to_vec();
    all.push(("AUTH_ENV", "production"));
    let check = || {
        let Output { stdout, stderr, .. } =
            SERVER.command(&["check"], &all).current_dir(&folder).output().unwrap();
        String::from_utf8([stdout, stderr].concat()).unwrap()
    };
    let built_in = check();
    std::fs::create_dir(folder.join("config")).unwrap();
    std::fs::write(folder.join("config/production.toml"), "[rate_limit]\nmax = 77\n").unwrap();
    let own = check();
    std::fs::remove_dir_all(&folder).unwrap();
    let line = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(key)).expect(text);
        line.split_once('=').unwrap().1.trim().to_owned()
    };
    assert_eq!(line(&built_in, "rate_limit.enabled"), "true  (production.toml (built in))");
    assert_eq!(line(&own, "rate_limit.max"), "77  (config/production.toml)");
    assert_eq!(line(&own, "rate_limit.enabled"), "false  (default)", "one file holds, not both");
}

#[test]
fn a_taken_port_is_said_with_a_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut all = variables("postgres://nobody@127.0.0.1:1/none").to_vec();
    all.extend([("PORT", port.as_str()), ("AUTH__DATABASE__ACQUIRE_TIMEOUT", "100ms")]);
    let (code, text) = run(&[], &all);
    assert_eq!(code, Some(1));
    assert!(text.contains(&port) && text.contains("PORT"), "{text}");
}

#[tokio::test]
async fn check_shows_settings_without_secrets_and_the_state_of_the_database() {
    let database = TestDatabase::create_empty().await;
    let mut all = variables(database.url()).to_vec();
    all.push(("AUTH__SESSION__EXPIRES_IN", "30d"));
    let (code, text) = run(&["check"], &all);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("\"30d\"  (AUTH__SESSION__EXPIRES_IN)"), "{text}");
    assert!(text.contains("pending, run `auth-server migrate up`"), "{text}");
    assert!(!text.contains(SECRET), "{text}");

    assert_eq!(run(&["migrate"], &all).0, Some(0));
    let (code, text) = run(&["check"], &all);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("connection: ok, PostgreSQL "), "{text}");
    assert!(text.contains("migrations: ok"), "{text}");
}

/// It takes the fifteen seconds that migrations wait for a database.
#[test]
fn check_fails_without_a_database() {
    let (code, text) = run(&["check"], &variables("postgres://nobody:canary@127.0.0.1:1/none"));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("connection: failed"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

#[tokio::test]
async fn migrations_go_up_are_listed_and_come_down() {
    let database = TestDatabase::create_empty().await;
    let all = variables(database.url());
    let (code, planned) = run(&["migrate", "plan"], &all);
    assert_eq!(code, Some(0), "{planned}");
    assert!(planned.to_lowercase().contains("create table"), "{planned}");
    assert!(run(&["migrate", "status"], &all).1.contains("pending"));
    assert_eq!(run(&["migrate", "check"], &all).0, Some(1), "an empty database has no schema");
    assert!(run(&["migrate", "up"], &all).1.contains("made table \"user\""));
    assert!(run(&["migrate", "up"], &all).1.contains("nothing to do"));
    assert_eq!(run(&["migrate", "check"], &all).0, Some(0));
    let (code, reverted) = run(&["migrate", "down"], &all);
    assert_eq!(code, Some(0), "{reverted}");
    assert!(reverted.contains("reverted "), "{reverted}");
}

#[tokio::test]
async fn keys_are_made_and_listed_and_never_shown() {
    let database = TestDatabase::create().await;
    let mut all = variables(database.url()).to_vec();
    all.push(("AUTH__JWT__ENABLED", "true"));
    assert!(run(&["keys"], &all).1.contains("no key yet"));
    let (code, first) = run(&["keys", "rotate"], &all);
    assert_eq!(code, Some(0), "{first}");
    all.push(("AUTH__JWT__ALGORITHM", "ES256"));
    all.push(("AUTH__JWT__ROTATION_INTERVAL", "30d"));
    assert_eq!(run(&["keys", "rotate"], &all).0, Some(0));
    let (code, text) = run(&["keys", "list"], &all);
    assert_eq!(code, Some(0), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let [old, new] = lines.as_slice() else { panic!("{text}") };
    let kid = first.split(' ').next().unwrap();
    assert!(old.starts_with(kid) && old.contains("EdDSA") && old.contains("expires never"), "{old}");
    assert!(old.ends_with("  verifies") && new.contains("ES256") && new.ends_with("  signs"), "{text}");
    let stored = database.query_one_text("select string_agg(\"privateKey\", ' ') from jwks").await.unwrap();
    for sealed in stored.split(' ') {
        assert!(!text.contains(sealed.trim_matches('"')), "{text}");
    }

    all.push(("BETTER_AUTH_SECRET", "another-secret-0123456789-abcdefghijklmnopqrstuv"));
    let (code, text) = run(&["keys", "list"], &all);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.matches("unreadable here: ").count(), 2, "{text}");
}

#[tokio::test]
async fn keys_of_a_database_without_their_table_are_told_where_to_get_it() {
    let database = TestDatabase::create().await;
    database.execute("drop table jwks").await;
    for arguments in [&["keys"][..], &["keys", "rotate"]] {
        let (code, text) = run(arguments, &variables(database.url()));
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("set jwt.enabled = true and run `auth-server migrate up`"), "{text}");
    }
    let (code, text) = run(&["cleanup"], &variables(database.url()));
    assert_eq!(code, Some(0), "{text}");
}

#[tokio::test]
async fn migrate_check_names_the_column_that_drifted() {
    let database = TestDatabase::create().await;
    database.execute(r#"alter table "user" drop column image"#).await;
    let (code, text) = run(&["migrate", "check"], &variables(database.url()));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(r#"error: "user"."image" is missing"#), "{text}");
}

#[tokio::test]
async fn harmless_drift_fails_the_comparison_and_not_the_server() {
    let database = TestDatabase::create().await;
    database.execute(r#"drop index "session_userId_idx""#).await;
    let (code, text) = run(&["migrate", "check"], &variables(database.url()));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(r#"warning: "session"."userId" has no index"#), "{text}");
    assert_eq!(text.matches("CREATE INDEX").count(), 1, "the way out is shown once: {text}");
    let (code, text) = run(&["check"], &variables(database.url()));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(r#"  warning: "session"."userId" has no index"#), "{text}");
}

const TABLES: &str = "SELECT string_agg(relname, ' ' ORDER BY relname COLLATE \"C\") FROM pg_class WHERE relkind = 'r' \
     AND relnamespace = 'public'::regnamespace";

#[tokio::test]
async fn tables_of_features_are_made_and_asked_for_once_they_are_on() {
    let database = TestDatabase::create_empty().await;
    let off = variables(database.url());
    assert_eq!(run(&["migrate", "up"], &off).0, Some(0));
    let core = "account auth_schema_migrations session user verification";
    assert_eq!(database.query_one_text(TABLES).await.as_deref(), Some(core));
    for command in [&["check"][..], &["migrate", "check"], &["cleanup"]] {
        let (code, text) = run(command, &off);
        assert_eq!(code, Some(0), "{command:?}: {text}");
    }
    for (feature, key, value) in
        [("jwt", "AUTH__JWT__ENABLED", "true"), ("rate_limit", "AUTH__RATE_LIMIT__STORAGE", "database")]
    {
        let on = [&off[..], &[(key, value)]].concat();
        let (code, text) = run(&["check"], &on);
        assert_eq!(code, Some(1), "{text}");
        assert!(
            text.contains(&format!("tables of {feature} pending, run `auth-server migrate up`")),
            "{text}"
        );
        let server = SERVER.start(database.url(), &[(key, value)]).await;
        assert_eq!(server.get("/readyz").await.status(), 503);
        assert_eq!(run(&["migrate", "up"], &on).0, Some(0));
        server.becomes("/readyz", 200, std::time::Duration::from_secs(5)).await;
        assert_eq!(run(&["check"], &on).0, Some(0));
        let server = SERVER.start(database.url(), &[]).await;
        server.becomes("/readyz", 200, std::time::Duration::from_secs(5)).await;
    }
    assert_eq!(run(&["check"], &off).0, Some(0), "off again");
}

#[tokio::test]
async fn check_counts_users_with_a_second_factor() {
    let database = TestDatabase::create().await;
    database
        .execute(
            "INSERT INTO \"user\" (id, name, email, \"emailVerified\") VALUES ('u', '', 'ann@example.com', false)",
        )
        .await;
    let all = variables(database.url());
    assert!(!run(&["check"], &all).1.contains("second factor"));
    database.execute("ALTER TABLE \"user\" ADD \"twoFactorEnabled\" boolean DEFAULT true").await;
    let (code, text) = run(&["check"], &all);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("warning: 1 user has a second factor"), "{text}");
}
