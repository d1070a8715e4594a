//! Limits beside the real Better Auth: the same requests refused in the same words, and one count for both servers
//! where it is kept in the database.

use std::sync::Barrier;

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::database::Database;
use crate::http::{Request, Response, send};
use crate::node::{self, Reference};
use crate::ours::{Ours, cheap_and_alike, random_secret};

/// The same rules for both servers.
fn custom_rules() -> Value {
    json!({
        "/ok": {"window": 5, "max": 2},
        "/get-*": false,
        "/deep/**": {"window": 61, "max": 1},
        "/sign-in/custom": {"window": 30, "max": 5},
        "/list-?": {"window": 10, "max": 1},
    })
}

/// Without the last one: a path cannot have a question mark, so that rule matches nothing there and is refused at start here.
const CUSTOM_RULES: &str = "/ok = 2 per 5s, /get-* = off, /deep/** = 1 per 61s, /sign-in/custom = 5 per 30s";

fn servers(database: &Database, storage: &str) -> (Reference, Ours) {
    let secret = random_secret();
    let rules = json!({"enabled": true, "storage": storage, "customRules": custom_rules()});
    let reference = Reference::start_with(database, &secret, &json!({"options": {"rateLimit": rules}}));
    let mut settings = cheap_and_alike();
    settings.extend([
        ("AUTH__RATE_LIMIT__ENABLED", "true"),
        ("AUTH__RATE_LIMIT__STORAGE", storage),
        ("AUTH__RATE_LIMIT__CUSTOM_RULES", CUSTOM_RULES),
    ]);
    let ours = Ours::start_with(database, &secret, &settings);
    let now = OffsetDateTime::now_utc();
    reference.stop_clock(now);
    ours.stop_clock(now);
    (reference, ours)
}

fn ask(origin: &str, client: &str, method: &str, path: &str) -> Response {
    send(origin, &Request::new(method, &format!("/api/auth{path}")).header("x-forwarded-for", client))
}

/// What a client learns of the limit: nothing, or the refusal.
fn refusal(answer: &Response) -> Option<[String; 4]> {
    let header = |name| answer.header(name).unwrap_or_default().to_owned();
    let told = [header("content-type"), header("x-retry-after"), header("retry-after"), answer.text()];
    assert!(answer.status == 429 || answer.header("x-retry-after").is_none());
    (answer.status == 429).then_some(told)
}

#[test]
fn r_079_the_same_requests_are_refused_in_the_same_words() {
    needs!("node");
    for storage in ["memory", "database"] {
        let database = Database::migrated_by_us();
        let (reference, ours) = servers(&database, storage);
        let cases = [
            ("POST", "/sign-in/email", 5, 3),
            ("GET", "/sign-in/email", 5, 3),
            ("POST", "/sign-up/email", 5, 3),
            ("PUT", "/change-password", 5, 3),
            ("GET", "/sign-in/custom", 7, 5),
            ("GET", "/ok", 4, 2),
            ("GET", "/ok/", 4, 2),
            ("HEAD", "/ok", 4, 2),
            ("GET", "/get-session", 103, 103),
            ("GET", "/deep/a/b", 3, 1),
            ("GET", "/list-x", 3, 3),
            ("GET", "/nowhere", 103, 100),
            ("POST", "/sign-out", 103, 100),
        ];
        for (number, (method, path, times, passes)) in cases.into_iter().enumerate() {
            let mut seen = Vec::new();
            // A client for each server, since they share the table.
            for (server, origin) in [reference.origin(), ours.origin()].into_iter().enumerate() {
                let client = format!("203.0.{server}.{number}");
                let all: Vec<_> = (0..times).map(|_| refusal(&ask(origin, &client, method, path))).collect();
                assert_eq!(
                    all.iter().filter(|told| told.is_none()).count(),
                    passes,
                    "{method} {path} {all:?}"
                );
                seen.push(all);
            }
            assert_eq!(seen[0], seen[1], "{storage}: {method} {path}");
        }
    }
}

#[test]
fn r_082_both_servers_count_together_in_the_database() {
    needs!("node");
    let database = Database::migrated_by_us();
    let (reference, ours) = servers(&database, "database");
    let origins = [reference.origin(), ours.origin()];

    for (client, first) in [("203.0.113.1", 0), ("203.0.113.2", 1)] {
        let statuses: Vec<u16> = (0..6)
            .map(|number| ask(origins[(first + number) % 2], client, "POST", "/sign-in/email").status)
            .collect();
        assert!(statuses[..3].iter().all(|status| *status != 429), "{statuses:?}");
        assert_eq!(statuses[3..], [429; 3]);
        let row = format!("select count from \"rateLimit\" where key = '{client}|/sign-in/email'");
        assert_eq!(database.query(&row)[0][0].as_deref(), Some("3"));
    }

    // At once, on rows that are new and on rows that are there.
    for round in 0..2 {
        let barrier = Barrier::new(40);
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..40)
                .map(|number| {
                    let (barrier, origin) = (&barrier, origins[number % 2]);
                    scope.spawn(move || {
                        barrier.wait();
                        ask(origin, "203.0.113.3", "POST", "/sign-in/email").status
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
        });
        let passed = answers.iter().filter(|status| **status != 429).count();
        assert_eq!(passed, 3, "round {round}: {answers:?}");
        // Until the window is over.
        reference.advance(Duration::seconds(11));
        ours.advance(Duration::seconds(11));
    }
}

/// The path of public keys is chosen by both; the second one is ours alone, and counts under the one that both have.
#[test]
fn r_082_public_keys_are_counted_together_wherever_they_are() {
    needs!("node");
    const WELL_KNOWN: &str = "/.well-known/jwks.json";
    for keys in [WELL_KNOWN, "/public/keys.json"] {
        let (database, secret) = (Database::migrated_by_us(), random_secret());
        let rules =
            json!({"enabled": true, "storage": "database", "customRules": {keys: {"window": 60, "max": 5}}});
        let extra = json!({
                        "options": {"rateLimit": rules},
            "plugins": {"jwt": {"jwks": {"jwksPath": keys}}},
        });
        let reference = Reference::start_with(&database, &secret, &extra);
        let rule = format!("{keys} = 5 per 60s");
        let mut settings = cheap_and_alike();
        settings.extend([
            ("AUTH__RATE_LIMIT__ENABLED", "true"),
            ("AUTH__RATE_LIMIT__STORAGE", "database"),
            ("AUTH__RATE_LIMIT__CUSTOM_RULES", &rule),
            ("AUTH__JWT__ENABLED", "true"),
            ("AUTH__JWT__JWKS_PATH", keys),
        ]);
        let ours = Ours::start_with(&database, &secret, &settings);

        let client = "203.0.113.9";
        let below_base = |origin: &str, path: &str| ask(origin, client, "GET", path).status;
        let at_root = || {
            let request = Request::new("GET", WELL_KNOWN).header("x-forwarded-for", client);
            send(ours.origin(), &request).status
        };
        let statuses = [
            below_base(reference.origin(), keys),
            below_base(ours.origin(), keys),
            below_base(ours.origin(), WELL_KNOWN),
            at_root(),
            below_base(reference.origin(), keys),
            below_base(ours.origin(), WELL_KNOWN),
            at_root(),
            below_base(reference.origin(), keys),
        ];
        assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429, 429], "{keys}");
        let rows = database.query("select key, count::text from \"rateLimit\"");
        assert_eq!(rows, [[Some(format!("{client}|{keys}")), Some("5".to_owned())]], "{keys}");
    }
}

/// the table of one is the table of the other.
#[test]
fn r_107_both_make_the_same_table_of_counts() {
    needs!("node");
    let (theirs, ours) = (Database::empty(), Database::migrated_by_us());
    let migrate = |database: &Database, apply: bool| {
        let options = json!({"rateLimit": {"enabled": true, "storage": "database"}});
        let input = json!({"databaseUrl": database.url(), "secret": random_secret(), "apply": apply, "options": options});
        node::run("migrate.mjs", &input)
    };
    migrate(&theirs, true);
    let describe = |database: &Database| {
        let mut rows = database.query(
            "select column_name, data_type, is_nullable, column_default from information_schema.columns \
             where table_name = 'rateLimit' order by ordinal_position",
        );
        rows.extend(database.query(
            "select conname, pg_get_constraintdef(oid) from pg_constraint \
             where conrelid = '\"rateLimit\"'::regclass and contype <> 'n' order by 1",
        ));
        rows
    };
    let theirs_described = describe(&theirs);
    assert_eq!(theirs_described.len(), 6, "{theirs_described:?}");
    assert_eq!(describe(&ours), theirs_described);
    assert_eq!(migrate(&ours, false)["sql"], ";", "nothing is left to do for Better Auth");
    let adopted = crate::ours::migrate(&theirs, "up");
    assert!(adopted.status.success(), "{}", String::from_utf8_lossy(&adopted.stderr));
    assert_eq!(describe(&theirs), theirs_described);
}
