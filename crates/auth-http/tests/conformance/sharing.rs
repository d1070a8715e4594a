//! This server and Better Auth, with one secret on one database, serving the same browsers. Each scenario
//! runs both ways round.

use serde_json::{Value, json};

use crate::database::Database;
use crate::http::Request;
use crate::node::Reference;
use crate::ours::{CHEAP_HASHES, Ours, random_secret};
use crate::visitor::{Site, Visitor, ok};

const PASSWORD: &str = "Pässwörter sind gemütlich 🗝";

/// A database with both servers on it.
struct Pair {
    database: Database,
    ours: Ours,
    reference: Reference,
}

impl Pair {
    fn start() -> Self {
        let (database, secret) = (Database::migrated_by_us(), random_secret());
        let (reference, ours) = (Reference::start(&database, &secret), Ours::start(&database, &secret));
        Self { database, ours, reference }
    }

    /// Both servers hash as in production.
    fn with_real_hashes() -> Self {
        let (database, secret) = (Database::migrated_by_us(), random_secret());
        let reference = Reference::start_with(&database, &secret, &json!({ "quick": false }));
        // A busy machine is no subject of these tests.
        let settings = [("AUTH__PASSWORD__HASHER", "scrypt"), ("AUTH__PASSWORD__QUEUE_TIMEOUT", "10s")];
        let ours = Ours::start_with(&database, &secret, &settings);
        Self { database, ours, reference }
    }

    /// Runs a scenario with the servers in both roles. Addresses must differ, so each run gets a number.
    fn both_ways(&self, scenario: impl Fn(&dyn Site, &dyn Site, &str)) {
        scenario(&self.reference, &self.ours, "node-first@example.com");
        scenario(&self.ours, &self.reference, "ours-first@example.com");
    }
}

/// What both servers must agree on: this server's own additions are left out.
fn common(session: &Value) -> Value {
    json!({ "session": session["session"], "user": session["user"] })
}

#[test]
fn a_session_made_by_one_server_is_accepted_by_the_other() {
    needs!("node");
    let pair = Pair::start();
    pair.both_ways(|first, second, email| {
        let mut visitor = Visitor::new();
        let made = ok(visitor.sign_up(first, email, PASSWORD)).json();
        let seen = visitor.session(second);
        assert_eq!(
            seen["session"]["token"],
            made["token"],
            "session of {} at {}",
            first.name(),
            second.name()
        );
        assert_eq!(seen["user"], made["user"]);
        assert_eq!(common(&seen), common(&visitor.session(first)), "both servers describe it alike");

        // The same after a sign-in.
        let mut visitor = Visitor::new();
        let made = ok(visitor.sign_in(first, email, PASSWORD)).json();
        let seen = visitor.session(second);
        assert_eq!(seen["session"]["token"], made["token"]);
    });
}

#[test]
fn a_user_signed_up_at_one_server_signs_in_at_the_other() {
    needs!("node");
    let pair = Pair::with_real_hashes();
    pair.both_ways(|first, second, email| {
        let made = ok(Visitor::new().sign_up(first, email, PASSWORD)).json();
        let there = ok(Visitor::new().sign_in(second, &email.to_uppercase(), PASSWORD)).json();
        assert_eq!(there["user"], made["user"]);
        let refused = Visitor::new().sign_in(second, email, "Pässwörter sind gemütlich");
        assert_eq!(refused.status, 401, "a wrong password at {}", second.name());
        let taken = Visitor::new().sign_up(second, &email.to_uppercase(), PASSWORD);
        assert_eq!(taken.status, 422, "a taken address at {}", second.name());
    });
}

#[test]
fn sign_out_at_one_server_is_seen_by_the_other() {
    needs!("node");
    let pair = Pair::start();
    pair.both_ways(|first, second, email| {
        let mut visitor = Visitor::new();
        ok(visitor.sign_up(first, email, PASSWORD));
        let thief = visitor.clone();
        let other_device = {
            let mut it = Visitor::new();
            ok(it.sign_in(first, email, PASSWORD));
            it
        };

        ok(visitor.sign_out(second));
        assert!(visitor.cookies.is_empty(), "{} clears the cookies: {:?}", second.name(), visitor.cookies);
        assert_eq!(thief.clone().session(first), Value::Null, "a copied cookie at {}", first.name());
        assert_eq!(thief.clone().session(second), Value::Null, "a copied cookie at {}", second.name());
        assert_ne!(other_device.clone().session(first), Value::Null, "another session of the same user");
        assert_ne!(other_device.clone().session(second), Value::Null, "another session of the same user");
    });
}

#[test]
fn a_dead_session_cookie_is_cleared_by_both() {
    needs!("node");
    let pair = Pair::start();
    pair.both_ways(|first, second, email| {
        let mut visitor = Visitor::new();
        ok(visitor.sign_up(first, email, PASSWORD));
        pair.database.execute("delete from session");
        assert_eq!(visitor.session(second), Value::Null);
        assert!(visitor.cookies.is_empty(), "{} clears the cookies: {:?}", second.name(), visitor.cookies);
    });
}

#[test]
fn rememberme_false_is_respected_by_the_other() {
    needs!("node");
    let pair = Pair::start();
    pair.both_ways(|first, second, email| {
        let mut visitor = Visitor::new();
        ok(Visitor::new().sign_up(first, email, PASSWORD));
        ok(visitor
            .sign_in_with(first, &json!({ "email": email, "password": PASSWORD, "rememberMe": false })));
        assert!(
            visitor.cookies.contains_key("better-auth.dont_remember"),
            "{} marks the visit",
            first.name()
        );
        let before = visitor.session(first)["session"].clone();

        // A one-day session looks due at once to a server that does not read the mark.
        let answer = ok(visitor.get_session(second));
        assert_eq!(answer.json()["session"], before, "{} leaves the session alone", second.name());
        assert_eq!(answer.set_cookies(), Vec::<&str>::new());

        ok(visitor.sign_in(second, email, PASSWORD));
        assert!(
            !visitor.cookies.contains_key("better-auth.dont_remember"),
            "{} clears the mark",
            second.name()
        );
        assert_ne!(visitor.session(first), Value::Null);
    });
}

#[test]
fn a_refresh_at_one_server_is_valid_at_the_other() {
    needs!("node");
    let pair = Pair::start();
    pair.both_ways(|first, second, email| {
        let mut visitor = Visitor::new();
        ok(visitor.sign_up(first, email, PASSWORD));
        let cookie = visitor.session_cookie().to_owned();
        let fresh = visitor.session(first)["session"].clone();
        pair.database.execute("update session set \"expiresAt\" = \"expiresAt\" - interval '2 days'");

        let answer = ok(visitor.get_session(second));
        let refreshed = answer.json()["session"].clone();
        assert_eq!(answer.set_cookies().len(), 1, "{} sends the cookie again", second.name());
        assert_eq!(visitor.session_cookie(), cookie, "the token and its signature stay");
        assert_eq!(refreshed["id"], fresh["id"]);
        assert!(refreshed["expiresAt"].as_str() > fresh["expiresAt"].as_str(), "{refreshed} after {fresh}");

        let answer = ok(visitor.get_session(first));
        assert_eq!(
            answer.json()["session"],
            refreshed,
            "{} sees it and does not refresh again",
            first.name()
        );
        assert_eq!(answer.set_cookies(), Vec::<&str>::new());
    });
}

#[test]
fn an_expired_session_is_dead_at_both() {
    needs!("node");
    let pair = Pair::start();
    pair.both_ways(|first, second, email| {
        let mut visitor = Visitor::new();
        ok(visitor.sign_up(first, email, PASSWORD));
        pair.database.execute("update session set \"expiresAt\" = now() - interval '1 second'");
        let thief = visitor.clone();
        assert_eq!(visitor.session(second), Value::Null);
        assert_eq!(thief.clone().session(first), Value::Null);
        assert_eq!(pair.database.count("session"), 0, "{} deletes the expired row", second.name());
    });
}

#[test]
fn another_secret_is_another_world() {
    needs!("node");
    let database = Database::migrated_by_us();
    let reference = Reference::start(&database, &random_secret());
    let ours = Ours::start(&database, &random_secret());
    for (first, second, email) in
        [(&reference as &dyn Site, &ours as &dyn Site, "n@example.com"), (&ours, &reference, "o@example.com")]
    {
        let mut visitor = Visitor::new();
        ok(visitor.sign_up(first, email, PASSWORD));
        assert_eq!(visitor.clone().session(second), Value::Null, "{} refuses the cookie", second.name());
        assert_ne!(visitor.session(first), Value::Null);
    }
}

/// Both servers get a new current secret and keep the old one: everybody is signed out at both, nobody is cleared of
/// cookies by a wrong signature, and who signs in again at one is known to the other.
#[test]
fn r_111_a_secret_rotated_at_both_signs_out_at_both() {
    needs!("node");
    let (database, old, new) = (Database::migrated_by_us(), random_secret(), random_secret());
    let mut visitors = [Visitor::new(), Visitor::new()];
    {
        let reference = Reference::start(&database, &old);
        let ours = Ours::start(&database, &old);
        ok(visitors[0].sign_up(&reference, "n@example.com", PASSWORD));
        ok(visitors[1].sign_up(&ours, "o@example.com", PASSWORD));
    }
    let secrets = json!([{ "version": 2, "value": new }, { "version": 1, "value": old }]);
    let reference = Reference::start_with(&database, &old, &json!({ "options": { "secrets": secrets } }));
    let list = format!("2:{new},1:{old}");
    let settings = [&CHEAP_HASHES[..], &[("BETTER_AUTH_SECRETS", list.as_str())]].concat();
    let ours = Ours::start_with(&database, &old, &settings);
    for (visitor, email) in visitors.iter_mut().zip(["n@example.com", "o@example.com"]) {
        for site in [&reference as &dyn Site, &ours] {
            let before = visitor.cookies.clone();
            assert_eq!(visitor.session(site), Value::Null, "the old cookie at {}", site.name());
            assert_eq!(visitor.cookies, before, "cookies at {}", site.name());
        }
        let (first, second): (&dyn Site, &dyn Site) =
            if email.starts_with('n') { (&reference, &ours) } else { (&ours, &reference) };
        ok(visitor.sign_in(first, email, PASSWORD));
        assert_eq!(visitor.session(second)["user"]["email"], email, "at {}", second.name());
    }
}

#[test]
fn secure_cookies_have_the_same_names() {
    needs!("node");
    let (database, secret) = (Database::migrated_by_us(), random_secret());
    let public = "https://auth.example.com";
    let reference = Reference::start_with(&database, &secret, &json!({ "options": { "baseURL": public } }));
    let ours =
        Ours::start_with(&database, &secret, &[&CHEAP_HASHES[..], &[("BETTER_AUTH_URL", public)]].concat());
    for (first, second, email) in
        [(&reference as &dyn Site, &ours as &dyn Site, "n@example.com"), (&ours, &reference, "o@example.com")]
    {
        let mut visitor = Visitor { origin: Some(public.to_owned()), ..Visitor::new() };
        let answer = ok(visitor.sign_up(first, email, PASSWORD));
        let line = answer.set_cookies()[0].to_owned();
        assert!(line.starts_with("__Secure-better-auth.session_token="), "{}: {line}", first.name());
        assert!(
            line.ends_with("; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=Lax"),
            "{}: {line}",
            first.name()
        );
        assert_ne!(visitor.session(second), Value::Null, "{} accepts the cookie", second.name());
    }
}

/// Better Auth lists and revokes sessions that this server made, and this server notices at once.
#[test]
fn sessions_made_here_are_listed_and_revoked_by_better_auth() {
    needs!("node");
    let pair = Pair::start();
    let mut visitor = Visitor::new();
    ok(visitor.sign_up(&pair.ours, "ada@example.com", PASSWORD));
    let mut second = Visitor::new();
    ok(second.sign_in(&pair.ours, "ada@example.com", PASSWORD));
    let listed = ok(visitor.send(&pair.reference, Request::get("/api/auth/list-sessions"))).json();
    let listed = listed.as_array().expect("a list");
    assert_eq!(listed.len(), 2);
    for (browser, name) in [(&mut visitor.clone(), "first"), (&mut second.clone(), "second")] {
        let session = browser.session(&pair.ours)["session"].clone();
        assert!(listed.contains(&session), "the {name} session in {listed:?}");
    }

    ok(visitor.send(&pair.reference, Request::post_json("/api/auth/revoke-other-sessions", &json!({}))));
    assert_eq!(second.session(&pair.ours), Value::Null);
    assert_ne!(visitor.session(&pair.ours), Value::Null);
}

/// browsers in parallel, each wandering between the servers; nobody loses a session, nobody gets a
/// session of someone else, nothing fails, and the rows add up.
#[test]
fn r_107_both_servers_work_on_one_database_at_once() {
    needs!("node");
    const BROWSERS: usize = 6;
    const ROUNDS: usize = 5;
    let pair = Pair::start();
    std::thread::scope(|scope| {
        for number in 0..BROWSERS {
            let pair = &pair;
            scope.spawn(move || wander(pair, number, ROUNDS));
        }
    });
    assert_eq!(pair.database.count("\"user\""), BROWSERS);
    assert_eq!(pair.database.count("account"), BROWSERS);
    assert_eq!(pair.database.count("session"), BROWSERS, "one live session each at the end");
}

fn wander(pair: &Pair, number: usize, rounds: usize) {
    let site =
        |step: usize| -> &dyn Site { if step.is_multiple_of(2) { &pair.ours } else { &pair.reference } };
    let email = format!("wanderer{number}@example.com");
    let mut visitor = Visitor::new();
    let user = ok(visitor.sign_up(site(number), &email, PASSWORD)).json()["user"]["id"].clone();
    for round in 0..rounds {
        let start = number + round;
        assert_eq!(visitor.session(site(start))["user"]["id"], user);
        // Old enough to be refreshed by whoever reads it next, and then read by the other.
        let token = visitor.session(site(start))["session"]["token"].as_str().expect("a token").to_owned();
        pair.database.execute(&format!(
            "update session set \"expiresAt\" = \"expiresAt\" - interval '2 days' where token = '{token}'"
        ));
        for step in start..start + 4 {
            let seen = visitor.session(site(step));
            assert_eq!(seen["user"]["id"], user);
            assert_eq!(seen["session"]["token"], token.as_str());
        }
        ok(visitor.sign_out(site(start + 1)));
        assert_eq!(visitor.session(site(start)), Value::Null);
        ok(visitor.sign_in(site(start + 1), &email, PASSWORD));
    }
}
