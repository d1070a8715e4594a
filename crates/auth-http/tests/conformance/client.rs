//! Better Auth's own client library against this server: what it reports at each step of a visit is what it
//! reports of the real server.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::cache::Secrets;
use crate::database::Database;
use crate::node::{self, Reference};
use crate::normalise::Names;
use crate::ours::{self, Ours, cheap_and_alike, random_secret};

fn visit(base_url: &str) -> Vec<Value> {
    let steps = node::run("client.mjs", &json!({ "baseURL": base_url, "email": "ada@example.com" }));
    steps.as_array().expect("a list of steps").clone()
}

fn step<'a>(steps: &'a [Value], name: &str) -> &'a Value {
    steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("no step called {name}"))
}

/// The steps as text, with generated values named. `serde_json` sorts the keys, so their order is not compared
/// here: `replay` does that.
fn normalised(steps: &[Value]) -> Vec<String> {
    let mut names = Names::new(Secrets::single(&random_secret()));
    let now = OffsetDateTime::now_utc();
    steps.iter().map(|step| names.text(&step.to_string(), now)).collect()
}

fn assert_alike(theirs: &[Value], ours: &[Value]) {
    for (theirs, ours) in normalised(theirs).iter().zip(normalised(ours)) {
        assert_eq!(*theirs, ours);
    }
    assert_eq!(theirs.len(), ours.len());
}

/// One visit to each server, configured alike.
struct Visits {
    theirs: Vec<Value>,
    ours: Vec<Value>,
}

impl Visits {
    /// `options` are laid over a session field; `file` is what means the same here.
    fn compare(options: &Value, file: &str) -> Self {
        let mut all = json!({
            "session": { "additionalFields": { "theme": { "type": "string", "required": false } } },
        });
        let session = all["session"].as_object_mut().expect("an object");
        session.extend(options.as_object().expect("options of sessions").clone());
        let database = Database::empty();
        node::migrate(&database, &all);
        let extra = json!({ "options": all });
        let reference = Reference::start_with(&database, &random_secret(), &extra);
        let theirs = visit(reference.origin());

        let database = Database::migrated_by_us();
        let file = settings_file(file);
        let mut settings = cheap_and_alike();
        settings.push(("AUTH_CONFIG", file.to_str().expect("a path in UTF-8")));
        let output = ours::migrate_with(&database, "up", &settings);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let ours = Ours::start_with(&database, &random_secret(), &settings);
        let visits = Self { theirs, ours: visit(ours.origin()) };
        assert_alike(&visits.theirs, &visits.ours);
        visits
    }

    /// A step at each.
    fn step(&self, name: &str) -> [&Value; 2] {
        [step(&self.theirs, name), step(&self.ours, name)]
    }
}

/// Writes the settings of a visit, with the session field `theme`.
pub(crate) fn settings_file(more: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(folder).expect("a folder for temporary files");
    let path = folder.join(format!("client-{}.toml", random_secret()));
    let text = format!(
        "[session]\n{more}\n[session.additional_fields.theme]\ntype = \"string\"\nrequired = false\n"
    );
    std::fs::write(&path, text).expect("written settings");
    path
}

#[test]
fn the_client_library_cannot_tell_this_server_from_the_reference() {
    needs!("node");
    let visits = Visits::compare(&json!({}), "");
    // Otherwise two broken visits would be equal.
    for (name, expected) in [
        ("sign up", true),
        ("sign in at the tablet", true),
        ("list the sessions", true),
        ("set a field", true),
        ("revoke the phone", true),
        ("revoke the others", true),
        ("change it", true),
        ("change it back, revoking the others", true),
        ("revoke all", true),
        ("list the sessions of nobody", false),
        ("set no field", false),
        ("the phone lists nothing", false),
        ("change the password with a wrong one", false),
        ("change it to a short one", false),
    ] {
        for step in visits.step(name) {
            assert_eq!(step["error"] == Value::Null, expected, "{step}");
        }
    }
    for step in visits.step("list the sessions") {
        assert_eq!(step["data"].as_array().map(Vec::len), Some(4), "one is from the visit before: {step}");
    }
    for step in visits.step("read the field") {
        assert_eq!(step["data"]["session"]["theme"], "dark", "{step}");
    }
    for name in ["the phone is out", "the tablet is out", "the phone is out again", "the laptop is out"] {
        for step in visits.step(name) {
            assert_eq!(step["data"], Value::Null, "{step}");
        }
    }
    for name in ["the laptop is in", "the phone stays in", "the laptop has a new session", "the session atom"]
    {
        for step in visits.step(name) {
            assert_eq!(step["data"]["user"]["email"], "ada@example.com", "{step}");
        }
    }
}

#[test]
fn the_client_library_cannot_tell_cookie_caches_apart() {
    needs!("node");
    let options = json!({ "cookieCache": { "enabled": true } });
    let visits = Visits::compare(&options, "cookie_cache = { enabled = true }");
    for step in visits.step("sign up") {
        assert_eq!(step["cookies"]["better-auth.session_data"]["empty"], false, "{step}");
    }
    for step in visits.step("read the field") {
        assert_eq!(step["data"]["session"]["theme"], "dark", "{step}");
    }
}

/// Every read says `needsRefresh`; the library's session atom then asks with POST, which renews the session.
#[test]
fn the_client_library_refreshes_where_reads_do_not() {
    needs!("node");
    let options = json!({ "deferSessionRefresh": true, "updateAge": 0 });
    let visits = Visits::compare(&options, "defer_refresh = true\nupdate_age = \"0s\"");
    for step in visits.step("read after sign-up") {
        assert_eq!(step["data"]["needsRefresh"], true, "{step}");
    }
    for step in visits.step("the session atom") {
        assert_eq!(step["requests"], json!(["GET /api/auth/get-session", "POST /api/auth/get-session"]));
        assert_eq!(step["cookies"]["better-auth.session_token"]["empty"], false, "{step}");
        assert_eq!(step["data"].get("needsRefresh"), None, "{step}");
    }
}

/// With the shipped settings the library works as well; it then sees two differences, both on purpose.
#[test]
fn the_client_library_lives_on_the_shipped_settings() {
    needs!("node");
    let database = Database::migrated_by_us();
    let ours = Ours::start_with(&database, &random_secret(), &[]);
    let steps = visit(ours.origin());

    // 1. Nobody signed in is a 401, which the library reports as an error.
    for name in ["read nothing", "read after sign-out"] {
        let step = step(&steps, name);
        assert_eq!(step["data"], Value::Null);
        assert_eq!(step["error"]["status"], 401);
        assert_eq!(step["error"]["code"], "UNAUTHORIZED");
    }
    // 2. A session comes with an access token beside it, which the library hands on.
    for name in ["read after sign-up", "read while not remembered", "read while remembered"] {
        let step = step(&steps, name);
        assert_eq!(step["error"], Value::Null);
        assert_eq!(step["data"]["user"]["email"], "ada@example.com");
        assert_eq!(step["data"]["session"]["userId"], step["data"]["user"]["id"]);
        assert_eq!(step["data"]["accessToken"].as_str().expect("a token").split('.').count(), 3);
        assert_eq!(step["data"]["refreshToken"], Value::Null);
    }

    let wrong = step(&steps, "sign in with a wrong password");
    let error = json!({
        "status": 401,
        "statusText": "Unauthorized",
        "code": "INVALID_EMAIL_OR_PASSWORD",
        "message": "Invalid email or password",
    });
    assert_eq!(wrong["error"], error);
    assert_eq!(step(&steps, "sign in to an unknown address")["error"], error);

    let signed_out = step(&steps, "sign out");
    assert_eq!(signed_out["data"], json!({ "success": true }));
    assert_eq!(
        signed_out["cookies"]["better-auth.session_token"],
        json!({ "empty": true, "attributes": ["Max-Age=0", "Path=/", "HttpOnly", "SameSite=Lax"] })
    );

    let visit_only = &step(&steps, "sign in for this visit only")["cookies"];
    for name in ["better-auth.session_token", "better-auth.dont_remember"] {
        let expected = json!({ "empty": false, "attributes": ["Path=/", "HttpOnly", "SameSite=Lax"] });
        assert_eq!(visit_only[name], expected, "no Max-Age");
    }
}
