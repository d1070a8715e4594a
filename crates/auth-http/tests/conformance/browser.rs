//! Better Auth's client library in a real browser: React's session hook and the vanilla client in headless Chromium see
//! the same of this server as of the reference, behind a proxy and, at this server, across origins too.

use std::net::TcpListener;
use std::path::PathBuf;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::cache::Secrets;
use crate::client::settings_file;
use crate::database::Database;
use crate::node::{self, Reference};
use crate::normalise::Names;
use crate::ours::{Ours, cheap_and_alike, random_secret};

/// Names the program, where it is not on the PATH.
const CHROMIUM_VARIABLE: &str = "AUTH_TEST_CHROMIUM";

fn chromium() -> PathBuf {
    if let Some(program) = std::env::var_os(CHROMIUM_VARIABLE).filter(|it| !it.is_empty()) {
        return program.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let programs = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&path)
        .flat_map(|folder| programs.map(|program| folder.join(program)))
        .find(|program| program.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "no Chromium: `cargo xtask test` installs it, {CHROMIUM_VARIABLE} names one, `--without chromium` leaves these tests out"
        )
    })
}

/// A port for the page, whose origin the servers have to know before they start.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port()
}

/// How a page reaches a server, and what the server leaves with the browser.
#[derive(Clone, Copy)]
enum Visit {
    /// Through the page's own server, as behind a proxy.
    Proxied,
    /// The same, and sessions are kept in a cookie of their own.
    Cached,
    /// Across origins.
    Direct,
}

fn visit(port: u16, server: &str, visit: Visit) -> Vec<Value> {
    let (direct, cached) = (matches!(visit, Visit::Direct), matches!(visit, Visit::Cached));
    let input = json!({
        "chromium": chromium(), "port": port, "server": server, "direct": direct, "cached": cached,
    });
    node::run("browser.mjs", &input).as_array().expect("a list of steps").clone()
}

fn normalised(steps: &[Value]) -> Vec<String> {
    let mut names = Names::new(Secrets::single(&random_secret()));
    let user_agent = |text: &str| {
        let (before, rest) = text.split_once("\"userAgent\":\"Mozilla").unwrap_or((text, ""));
        rest.split_once('"').map_or_else(|| text.to_owned(), |(_, after)| format!("{before}<browser>{after}"))
    };
    let now = OffsetDateTime::now_utc();
    // A page may ask twice at once: what a client calls, and what its hook does by itself. A read that began before the
    // other's refresh says that none is needed, at either server.
    let without_race =
        |text: String| text.replace(",\"needsRefresh\":false", "").replace(",\"needsRefresh\":true", "");
    steps.iter().map(|step| without_race(user_agent(&names.text(&step.to_string(), now)))).collect()
}

/// A database for either server, with the column of a field of sessions.
fn database() -> Database {
    let database = Database::migrated_by_us();
    database.execute("alter table session add column theme text");
    database
}

fn ours(port: u16, more: &[(&str, &str)]) -> (Database, Ours) {
    let database = database();
    let trusted = format!("http://127.0.0.1:{port}");
    let mut settings = cheap_and_alike();
    settings.extend_from_slice(more);
    settings.push(("AUTH__SECURITY__TRUSTED_ORIGINS", &trusted));
    let ours = Ours::start_with(&database, &random_secret(), &settings);
    (database, ours)
}

/// Visits both servers; `session` are options of Better Auth and `more` the settings that mean the same.
fn compare(kind: Visit, session: &Value, more: &[(&str, &str)]) -> Vec<Value> {
    let port = free_port();
    let database = database();
    let options = json!({ "trustedOrigins": [format!("http://127.0.0.1:{port}")], "session": session });
    let extra = json!({ "options": options });
    let reference = Reference::start_with(&database, &random_secret(), &extra);
    let theirs = visit(port, reference.origin(), kind);
    check(&theirs);

    let (_database, ours) = ours(port, more);
    let seen = visit(port, ours.origin(), kind);
    for (theirs, ours) in normalised(&theirs).iter().zip(normalised(&seen)) {
        assert_eq!(*theirs, ours);
    }
    assert_eq!(theirs.len(), seen.len());
    seen
}

#[test]
fn a_browser_cannot_tell_this_server_from_the_reference() {
    needs!("node", "chromium");
    compare(Visit::Proxied, &json!({}), &[]);
}

/// Every read says `needsRefresh`: React's hook shows what its second request, a POST, answered.
#[test]
fn a_browser_refreshes_where_reads_do_not() {
    needs!("node", "chromium");
    let settings = [("AUTH__SESSION__DEFER_REFRESH", "true"), ("AUTH__SESSION__UPDATE_AGE", "0s")];
    let seen = compare(Visit::Proxied, &json!({ "deferSessionRefresh": true, "updateAge": 0 }), &settings);
    let data = |name: &str| &step(&seen, name)["data"];
    assert!(data("and reads")["needsRefresh"].is_boolean(), "a read alone says whether a refresh is due");
    assert_eq!(data("after a reload").get("needsRefresh"), None, "the hook");
}

/// Most reads are answered by the copy; a session that was ended elsewhere is seen once somebody asks past it.
#[test]
fn a_browser_with_copies_of_sessions_cannot_tell_either() {
    needs!("node", "chromium");
    for strategy in ["compact", "jwt", "jwe"] {
        let file = settings_file("");
        let settings = [
            ("AUTH_CONFIG", file.to_str().expect("a path in UTF-8")),
            ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
            ("AUTH__SESSION__COOKIE_CACHE__STRATEGY", strategy),
        ];
        let cache = json!({ "enabled": true, "strategy": strategy });
        let theme = json!({ "theme": { "type": "string", "required": false } });
        let options = json!({ "cookieCache": cache, "additionalFields": theme });
        let seen = compare(Visit::Cached, &options, &settings);
        assert_eq!(step(&seen, "set a field of the session")["data"]["session"]["theme"], "dark");
        assert_eq!(step(&seen, "and read it")["data"]["session"]["theme"], "dark");
        assert_eq!(step(&seen, "the other device has its copy")["data"]["user"]["email"], "ada@example.com");
        for name in ["the other device asks past it", "the other device asks past its copy again"] {
            assert_eq!(step(&seen, name)["data"], Value::Null, "{name}");
        }
    }
}

/// The page on one origin, this server on another: CORS with cookies, which Better Auth leaves to its host.
#[test]
fn a_browser_visits_this_server_across_origins() {
    needs!("node", "chromium");
    let port = free_port();
    let (_database, ours) = ours(port, &[]);
    check(&visit(port, ours.origin(), Visit::Direct));
}

/// What the step of that name saw.
fn step<'a>(steps: &'a [Value], name: &str) -> &'a Value {
    let step = steps.iter().find(|step| step["name"] == name);
    &step.unwrap_or_else(|| panic!("no step called {name}"))["seen"]
}

/// What a visit must show, whoever answers: otherwise two broken visits would be equal.
fn check(steps: &[Value]) {
    let seen = |name: &str| step(steps, name);
    assert_eq!(seen("a fresh page")["data"], Value::Null);
    assert_eq!(seen("a wrong password")["error"]["code"], "INVALID_EMAIL_OR_PASSWORD");
    for name in [
        "the hook shows it without a reload",
        "after a reload",
        "a second tab",
        "the hook shows the visit",
        "the other device shows it",
        "the hook shows the new session",
    ] {
        assert_eq!(seen(name)["data"]["user"]["email"], "ada@example.com", "{name}");
    }
    assert_eq!(seen("scripts see no cookie"), "");
    assert_eq!(seen("sign out in the second tab")["data"], json!({ "success": true }));
    assert_eq!(seen("the first tab hears of it")["data"], Value::Null);
    assert_eq!(seen("signed out behind the hook's back"), 200);
    assert_eq!(seen("coming to the front makes it ask")["data"], Value::Null);
    assert_eq!(seen("and reads")["data"]["user"]["email"], "ada@example.com");
    assert_eq!(seen("its atom has the user")["user"]["email"], "ada@example.com");
    assert_eq!(seen("list the sessions")["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(seen("revoke the others")["data"], json!({ "status": true }));
    assert_eq!(seen("the other device is out")["data"], Value::Null);
    assert_eq!(seen("change the password")["data"]["user"]["email"], "ada@example.com");
    assert_eq!(seen("the other device is out again")["data"], Value::Null);
    assert_eq!(seen("the old password is refused there")["error"]["code"], "INVALID_EMAIL_OR_PASSWORD");
    assert_eq!(seen("and signs out")["data"], json!({ "success": true }));
}
