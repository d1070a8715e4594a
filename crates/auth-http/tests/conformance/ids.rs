//! Ids as uuids and as numbers (core §12.3): one database for both servers, made by either, in the same kind.

use serde_json::{Value, json};

use crate::database::{Database, Row};
use crate::http::{Request, Response};
use crate::node::{self, Reference};
use crate::ours::{self, BETTER_AUTHS_ANSWERS, CHEAP_HASHES, Ours, random_secret};
use crate::visitor::{Site, Visitor, ok};

const KINDS: [&str; 2] = ["uuid", "serial"];
const PASSWORD: &str = "correct horse battery staple";
const OTHER_PASSWORD: &str = "a horse of another battery";

/// Every option that adds a table or a column.
fn input(ids: &str) -> Value {
    let theme = json!({ "type": "string", "required": false });
    let rules = json!({
        "/ok": { "window": 60, "max": 3 }, "/sign-in/*": false, "/sign-up/*": false, "/change-password": false,
    });
    json!({
                "options": {
            "advanced": { "database": { "generateId": ids } },
            "session": { "additionalFields": { "theme": theme } },
            "rateLimit": { "enabled": true, "storage": "database", "max": 1000, "customRules": rules },
        },
        "plugins": { "jwt": {}, "bearer": {} },
    })
}

fn settings(ids: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut settings = [&BETTER_AUTHS_ANSWERS[..], &CHEAP_HASHES].concat();
    settings.extend([
        ("AUTH__DATABASE__GENERATE_ID", ids),
        ("AUTH__SESSION__ADDITIONAL_FIELDS__THEME__TYPE", "string"),
        ("AUTH__SESSION__ADDITIONAL_FIELDS__THEME__REQUIRED", "false"),
        ("AUTH__RATE_LIMIT__ENABLED", "true"),
        ("AUTH__RATE_LIMIT__STORAGE", "database"),
        ("AUTH__RATE_LIMIT__MAX", "1000"),
        (
            "AUTH__RATE_LIMIT__CUSTOM_RULES",
            "/ok = 3 per 60s, /sign-in/* = off, /sign-up/* = off, /change-password = off",
        ),
        ("AUTH__JWT__ENABLED", "true"),
        ("AUTH__BEARER__ENABLED", "true"),
    ]);
    settings
}

/// A database that one of the two has made, which both accept.
fn made_by(node: bool, ids: &'static str) -> Database {
    let database = Database::empty();
    let migrate = |database: &Database, apply: bool| {
        let mut input = input(ids);
        input["databaseUrl"] = database.url().into();
        input["secret"] = random_secret().into();
        input["apply"] = apply.into();
        node::run("migrate.mjs", &input)
    };
    if node {
        migrate(&database, true);
    }
    for action in ["up", "check"] {
        let output = ours::migrate_with(&database, action, &settings(ids));
        let said =
            [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
        assert!(output.status.success(), "{ids}, {action}: {said}");
    }
    assert_eq!(migrate(&database, false)["sql"], ";", "{ids}: nothing is left to do for Better Auth");
    database
}

/// Every column and constraint; the indexes by which we find expired rows are ours alone and are no constraints.
fn description(database: &Database) -> Vec<Row> {
    let mut rows = database.query(
        "select table_name, column_name, data_type, is_nullable, column_default, identity_generation \
         from information_schema.columns where table_schema = 'public' and table_name not like 'auth\\_%' order by 1, 2",
    );
    rows.extend(database.query(
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint \
         where connamespace = 'public'::regnamespace and conrelid::regclass::text not like 'auth\\_%' order by 1, 2",
    ));
    rows
}

#[test]
fn r_107_either_makes_every_table_of_both_kinds_alike() {
    needs!("node");
    for ids in KINDS {
        let theirs = description(&made_by(true, ids));
        assert!(theirs.len() > 50, "the query finds the tables");
        assert_eq!(theirs, description(&made_by(false, ids)), "{ids}");
    }
}

/// Runs a life with the servers in both roles, on a database of either.
fn everywhere(life: impl Fn(&Database, &dyn Site, &dyn Site, &str)) {
    for (node, ids) in KINDS.into_iter().flat_map(|ids| [(true, ids), (false, ids)]) {
        let (database, secret) = (made_by(node, ids), random_secret());
        let theirs = Reference::start_with(&database, &secret, &input(ids));
        let ours = Ours::start_with(&database, &secret, &settings(ids));
        life(&database, &theirs, &ours, "node-first@example.com");
        life(&database, &ours, &theirs, "ours-first@example.com");
    }
}

fn post(visitor: &mut Visitor, site: &dyn Site, path: &str, body: &Value) -> Response {
    visitor.send(site, Request::post_json(&format!("/api/auth{path}"), body))
}

/// The sessions that a server lists, in the order of their making.
fn listed(visitor: &mut Visitor, site: &dyn Site) -> Vec<Value> {
    let list = ok(visitor.send(site, Request::get("/api/auth/list-sessions"))).json();
    let mut list = list.as_array().expect("a list").clone();
    list.sort_by_key(|session| session["createdAt"].as_str().map(str::to_owned));
    list
}

#[test]
fn a_user_lives_at_both_servers() {
    needs!("node");
    everywhere(|database, first, second, email| {
        let at = format!("{} first", first.name());
        let mut laptop = Visitor::new();
        let user = ok(laptop.sign_up(first, email, PASSWORD)).json()["user"].clone();
        assert_eq!(laptop.session(second), laptop.session(first), "{at}");
        assert_eq!(laptop.session(second)["user"], user, "{at}");
        let mut phone = Visitor::new();
        let on_phone = ok(phone.sign_in(second, email, PASSWORD)).json();
        assert_eq!(on_phone["user"], user, "{at}");
        let (there, here) = (listed(&mut laptop, first), listed(&mut laptop, second));
        assert_eq!((there.len(), &there), (2, &here), "{at}");
        assert!(there.iter().all(|session| session["userId"] == user["id"]), "{at}");

        // A field set at one is read at the other.
        let set = ok(post(&mut phone, first, "/update-session", &json!({ "theme": "dark" }))).json();
        assert_eq!(set["session"]["id"], phone.session(second)["session"]["id"], "{at}");
        assert_eq!(phone.session(second)["session"]["theme"], "dark", "{at}");

        // So is a renewal.
        database.execute("update session set \"expiresAt\" = \"expiresAt\" - interval '2 days'");
        let renewed = phone.session(second)["session"].clone();
        assert_eq!(renewed, phone.session(first)["session"], "{at}");

        // A session token as bearer.
        let bearer =
            Request::get("/api/auth/get-session").bearer(on_phone["token"].as_str().expect("a token"));
        for site in [first, second] {
            assert_eq!(ok(crate::http::send(site.address(), &bearer)).json()["user"], user, "{at}");
        }

        // Who is revoked at one is out at the other.
        ok(post(&mut laptop, second, "/revoke-session", &json!({ "token": on_phone["token"] })));
        assert_eq!((phone.session(first), phone.session(second)), (Value::Null, Value::Null), "{at}");

        // A password changed at one is the password at the other, and other sessions end.
        ok(phone.sign_in(first, email, PASSWORD));
        let change = json!({ "currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD, "revokeOtherSessions": true });
        ok(post(&mut laptop, second, "/change-password", &change));
        assert_eq!(phone.session(first), Value::Null, "{at}");
        assert_eq!(laptop.session(first)["user"]["id"], user["id"], "{at}");
        assert_eq!(phone.sign_in(first, email, PASSWORD).status, 401, "{at}");
        ok(phone.sign_in(first, email, OTHER_PASSWORD));

        // Revoking the others, revoking all, signing out.
        ok(post(&mut laptop, first, "/revoke-other-sessions", &json!({})));
        assert_eq!(phone.session(second), Value::Null, "{at}");
        ok(phone.sign_in(second, email, OTHER_PASSWORD));
        ok(post(&mut laptop, first, "/revoke-sessions", &json!({})));
        assert_eq!(phone.session(second), Value::Null, "{at}");
        ok(phone.sign_in(second, email, OTHER_PASSWORD));
        ok(phone.sign_out(first));
        assert_eq!(database.count("session"), 0, "{at}");
        assert_eq!(Visitor::new().sign_up(second, email, PASSWORD).status, 422, "{at}: taken");
    });
}

#[test]
fn r_082_requests_are_counted_together() {
    needs!("node");
    everywhere(|database, first, second, email| {
        let client = if email.starts_with("node") { "203.0.113.1" } else { "203.0.113.2" };
        let ask = |site: &dyn Site| {
            let request = Request::get("/api/auth/ok").header("x-forwarded-for", client);
            crate::http::send(site.address(), &request).status
        };
        let statuses = [ask(first), ask(second), ask(first), ask(second), ask(first)];
        assert_eq!(statuses, [200, 200, 200, 429, 429], "{} first", first.name());
        let count = format!("select count from \"rateLimit\" where key = '{client}|/ok'");
        assert_eq!(database.query(&count), [[Some("3".to_owned())]]);
    });
}

/// What `auth-server cleanup` removes is what has run out.
#[test]
fn r_105_expired_sessions_of_either_server_go() {
    needs!("node");
    everywhere(|database, first, second, email| {
        let mut visitor = Visitor::new();
        ok(visitor.sign_up(first, email, PASSWORD));
        let (live, over) = (database.count("session"), 1);
        ok(Visitor::new().sign_in(second, email, PASSWORD));
        let newest = "select id from session order by \"createdAt\" desc limit 1";
        database.execute(&format!(
            "update session set \"expiresAt\" = now() - interval '1 day' where id = ({newest})"
        ));
        assert_eq!(database.count("session"), live + over);
        let kind = database.query("select pg_typeof(id)::text from session limit 1")[0][0].clone();
        let ids = if kind.as_deref() == Some("uuid") { "uuid" } else { "serial" };
        let output = ours::run(database, &random_secret(), &["cleanup"], &settings(ids));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(database.count("session"), live);
        assert_ne!(visitor.session(second), Value::Null);
    });
}

/// `generateId: false` leaves ids to defaults of the operator's; they are texts, and so are those that this server makes.
#[test]
fn ids_that_the_operator_has_the_columns_make_are_texts() {
    needs!("node");
    let options = json!({ "advanced": { "database": { "generateId": false } } });
    let (database, secret) = (Database::empty(), random_secret());
    node::migrate(&database, &options);
    for table in ["\"user\"", "session", "account"] {
        database.execute(&format!(
            "alter table {table} alter id set default 'row_' || pg_catalog.gen_random_uuid()"
        ));
    }
    let settings = [&BETTER_AUTHS_ANSWERS[..], &CHEAP_HASHES].concat();
    for action in ["up", "check"] {
        assert!(ours::migrate_with(&database, action, &settings).status.success(), "{action}");
    }
    let theirs = Reference::start_with(&database, &secret, &json!({ "options": options }));
    let ours = Ours::start_with(&database, &secret, &settings);
    let sites: [&dyn Site; 2] = [&theirs, &ours];
    for (first, email) in [(0, "node-first@example.com"), (1, "ours-first@example.com")] {
        let mut visitor = Visitor::new();
        let user = ok(visitor.sign_up(sites[first], email, PASSWORD)).json()["user"].clone();
        let id = user["id"].as_str().expect("an id");
        assert_eq!((id.starts_with("row_"), id.len()), if first == 0 { (true, 40) } else { (false, 32) });
        assert_eq!(visitor.session(&theirs), visitor.session(&ours));
        assert_eq!(ok(Visitor::new().sign_in(sites[1 - first], email, PASSWORD)).json()["user"], user);
    }
}
