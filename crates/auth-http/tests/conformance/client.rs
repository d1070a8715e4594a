//! Better Auth's own client library against this server: what it reports at each step of a visit is what it
//! reports of the real server.

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::cache::Secrets;
use crate::database::Database;
use crate::node::{self, Reference};
use crate::normalise::Names;
use crate::ours::{Ours, random_secret};

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

/// Takes out what this server answers otherwise on purpose: the address of a directly connected client, which
/// Better Auth never looks at.
fn without_address(mut steps: Vec<Value>) -> Vec<Value> {
    for step in &mut steps {
        if let Some(address) = step.pointer_mut("/data/session/ipAddress") {
            assert!(*address == "" || *address == "127.0.0.1", "{address}");
            *address = Value::Null;
        }
    }
    steps
}

#[test]
fn the_client_library_cannot_tell_this_server_from_the_reference() {
    needs!("node");
    let database = Database::migrated_by_us();
    let reference = Reference::start(&database, &random_secret());
    let theirs = without_address(visit(reference.origin()));

    let database = Database::migrated_by_us();
    let settings = [
        ("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false"),
        ("AUTH__SESSION__ANONYMOUS_GET_SESSION", "null"),
    ];
    let ours = Ours::start_with(&database, &random_secret(), &settings);
    assert_alike(&theirs, &without_address(visit(ours.origin())));
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
        signed_out["cookies"][0],
        json!({
            "name": "better-auth.session_token",
            "empty": true,
            "attributes": ["Max-Age=0", "Path=/", "HttpOnly", "SameSite=Lax"],
        })
    );

    let visit_only = &step(&steps, "sign in for this visit only")["cookies"];
    for (cookie, name) in [(0, "better-auth.session_token"), (1, "better-auth.dont_remember")] {
        assert_eq!(visit_only[cookie]["name"], name);
        assert_eq!(
            visit_only[cookie]["attributes"],
            json!(["Path=/", "HttpOnly", "SameSite=Lax"]),
            "no Max-Age"
        );
    }
}
