//! Cookie caches that no browser gets by itself (Better Auth core §9): with JSON members that stand twice, and from
//! before a secret was rotated. Each is shown to both servers. The name in the database is another than the one in
//! the copy, so the answer tells whether the copy was taken.

use auth_core::{SigningSecret, signed_value};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::cache::{decode, mac};
use crate::database::Database;
use crate::http::{self, Request, Response};
use crate::node::Reference;
use crate::normalise::percent_decode;
use crate::ours::{Ours, cheap_and_alike, random_secret};
use crate::visitor::{Site, Visitor, ok};

const PASSWORD: &str = "password1";
/// What [`Visitor::sign_up`] calls everybody, and so what a copy says.
const COPIED: &str = "Ada Lovelace";
/// What the database says.
const STORED: &str = "Augusta King";

const CACHE: &str = "better-auth.session_data";
const TOKEN: &str = "better-auth.session_token";

/// Both servers, with a cookie cache of one strategy.
struct Pair {
    ours: Ours,
    reference: Reference,
}

impl Pair {
    /// `secrets` as versions and values, the current one first; none: `secret` alone.
    fn start(database: &Database, strategy: &str, secret: &str, secrets: &[(u64, &str)]) -> Self {
        let mut options = json!({ "session": { "cookieCache": { "enabled": true, "strategy": strategy } } });
        let mut settings = cheap_and_alike();
        settings.push(("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"));
        settings.push(("AUTH__SESSION__COOKIE_CACHE__STRATEGY", strategy));
        let list: Vec<String> = secrets.iter().map(|(version, value)| format!("{version}:{value}")).collect();
        let list = list.join(",");
        if !secrets.is_empty() {
            let secrets =
                secrets.iter().map(|(version, value)| json!({ "version": version, "value": value }));
            options["secrets"] = secrets.collect();
            settings.push(("BETTER_AUTH_SECRETS", &list));
        }
        let extra = json!({ "options": options });
        Self {
            reference: Reference::start_with(database, secret, &extra),
            ours: Ours::start_with(database, secret, &settings),
        }
    }

    fn sites(&self) -> [&dyn Site; 2] {
        [&self.reference, &self.ours]
    }
}

/// Reads the session with a cache of the test's making.
fn read(site: &dyn Site, token: &str, cache: &str) -> Response {
    let cookies = format!("{TOKEN}={token}; {CACHE}={cache}");
    http::send(site.address(), &Request::get("/api/auth/get-session").header("cookie", &cookies))
}

/// Whether an answer is of the copy; it is of the database otherwise.
fn is_copied(response: &Response) -> bool {
    let name = response.json()["user"]["name"].clone();
    assert!(name == COPIED || name == STORED, "{}", response.text());
    name == COPIED
}

fn encoded(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// A copy in the form of a strategy, out of the text of its members, and whether it is to be taken.
type Forgery = (&'static str, String, bool);

/// Puts a member of the same name before the member `last`.
fn doubled(payload: &str, first: &str, last: &str) -> String {
    assert_eq!(payload.matches(last).count(), 1, "{last} in {payload}");
    payload.replace(last, &format!("{first},{last}"))
}

/// Doubled members of a compact copy. Its signature is over what JavaScript prints of it: the last value in the first place.
fn compact(cookie: &str, secret: &[u8]) -> Vec<Forgery> {
    let text = decode(&percent_decode(cookie)).expect("base64url");
    let (payload, rest) = text
        .strip_prefix("{\"session\":")
        .and_then(|rest| rest.rsplit_once(",\"expiresAt\":"))
        .expect("a compact copy");
    let expires_at = rest.split_once(',').expect("two members").0;
    let sign = |payload: &str| {
        mac(
            &format!("{},\"expiresAt\":{expires_at}}}", payload.strip_suffix('}').expect("an object")),
            secret,
        )
    };
    let write = |payload: &str, rest: &str| encoded(&format!("{{\"session\":{payload},{rest}}}"));
    let (right, wrong) = (sign(payload), mac("something else", secret));
    let usual = format!("\"expiresAt\":{expires_at},\"signature\":\"{right}\"");
    let name = format!("\"name\":\"{COPIED}\"");
    let twice = doubled(payload, "\"name\":\"Eve\"", &name);
    let eve = payload.replace(COPIED, "Eve");
    let nobody = payload.replace("\"token\":\"", "\"token\":\"x");
    vec![
        ("as it is", write(payload, &usual), true),
        ("a name, the last one signed", write(&twice, &usual), true),
        (
            "a name, the first one signed",
            write(&twice, &format!("\"expiresAt\":{expires_at},\"signature\":\"{}\"", sign(&eve))),
            false,
        ),
        ("the payload, the last one signed", write(&format!("{nobody},\"session\":{payload}"), &usual), true),
        (
            "the payload, the first one signed",
            write(&format!("{payload},\"session\":{nobody}"), &usual),
            false,
        ),
        ("the expiry, past first", write(payload, &format!("\"expiresAt\":1,{usual}")), true),
        ("the expiry, past last", write(payload, &format!("{usual},\"expiresAt\":1")), false),
        ("the signature, wrong first", write(payload, &format!("\"signature\":\"{wrong}\",{usual}")), true),
        ("the signature, wrong last", write(payload, &format!("{usual},\"signature\":\"{wrong}\"")), false),
    ]
}

/// Doubled members of a JWT, whose signature is over its bytes: only what is read from them decides.
fn jwt(cookie: &str, secret: &[u8]) -> Vec<Forgery> {
    let cookie = percent_decode(cookie);
    let mut parts = cookie.split('.').map(|part| decode(part).unwrap_or_default());
    let (header, claims) = (parts.next().expect("a header"), parts.next().expect("claims"));
    let write = |header: &str, claims: &str| {
        let signed = format!("{}.{}", encoded(header), encoded(claims));
        format!("{signed}.{}", mac(&signed, secret))
    };
    let open = |text: &str| text.strip_suffix('}').expect("an object").to_owned();
    let name = format!("\"name\":\"{COPIED}\"");
    let algorithm = "\"alg\":\"HS256\"";
    let token = "\"token\":\"";
    let (before, _) = claims.split_once(token).expect("a token");
    let own = &claims[before.len()..][..token.len() + 33];
    vec![
        ("as it is", write(&header, &claims), true),
        ("a name", write(&header, &doubled(&claims, "\"name\":\"Eve\"", &name)), true),
        ("the token, another one first", write(&header, &doubled(&claims, "\"token\":\"x\"", own)), true),
        (
            "the token, another one last",
            write(&header, &claims.replace(own, &format!("{own},\"token\":\"x\""))),
            false,
        ),
        ("the expiry, past first", write(&header, &claims.replacen('{', "{\"exp\":1,", 1)), true),
        ("the expiry, past last", write(&header, &format!("{},\"exp\":1}}", open(&claims))), false),
        (
            "the version, another one last",
            write(&header, &format!("{},\"version\":\"2\"}}", open(&claims))),
            false,
        ),
        ("the algorithm, none first", write(&doubled(&header, "\"alg\":\"none\"", algorithm), &claims), true),
        ("the algorithm, none last", write(&format!("{},\"alg\":\"none\"}}", open(&header)), &claims), false),
    ]
}

#[test]
fn r_015_copies_with_members_that_stand_twice_get_one_verdict() {
    needs!("node");
    for (strategy, forge) in [("compact", compact as fn(&str, &[u8]) -> Vec<Forgery>), ("jwt", jwt)] {
        let (database, secret) = (Database::migrated_by_us(), random_secret());
        let pair = Pair::start(&database, strategy, &secret, &[]);
        for (maker, email) in pair.sites().into_iter().zip(["n@example.com", "o@example.com"]) {
            let mut visitor = Visitor::new();
            ok(visitor.sign_up(maker, email, PASSWORD));
            database.execute(&format!("update \"user\" set name = '{STORED}'"));
            for (label, copy, taken) in forge(&visitor.cookies[CACHE], secret.as_bytes()) {
                let [theirs, ours] = pair.sites().map(|site| read(site, visitor.session_cookie(), &copy));
                let place = format!("{strategy}, made by {}: {label}", maker.name());
                assert_eq!(is_copied(&theirs), taken, "Better Auth, {place}: {}", theirs.text());
                assert_eq!(ours.status, theirs.status, "{place}");
                assert_eq!(ours.text(), theirs.text(), "{place}");
            }
        }
    }
}

/// What each server encrypted before a rotation, the other one (and it itself) reads after it, while the old secret is
/// listed; and no longer once it is not. The session cookie is signed anew: it follows the current secret alone.
#[test]
fn r_111_copies_from_before_a_rotation_are_read_while_their_secret_is_listed() {
    needs!("node");
    let database = Database::migrated_by_us();
    let [legacy, old, new] = [random_secret(), random_secret(), random_secret()];
    let mut visitors = [Visitor::new(), Visitor::new()];
    {
        let before = Pair::start(&database, "jwe", &legacy, &[(1, &old)]);
        for ((visitor, site), email) in
            visitors.iter_mut().zip(before.sites()).zip(["n@example.com", "o@example.com"])
        {
            ok(visitor.sign_up(site, email, PASSWORD));
        }
    }
    database.execute(&format!("update \"user\" set name = '{STORED}'"));
    let current = SigningSecret::parse(new.as_str()).expect("a usable secret");
    let check = |secrets: &[(u64, &str)], expected: bool| {
        let after = Pair::start(&database, "jwe", &legacy, secrets);
        for (visitor, maker) in visitors.iter().zip(["Better Auth", "this server"]) {
            let old_cookie = percent_decode(visitor.session_cookie());
            let token = old_cookie.split('.').next().expect("a token");
            let signed = signed_value::sign(token, &current);
            let signed = signed.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
            for site in after.sites() {
                let answer = read(site, &signed, &visitor.cookies[CACHE]);
                let place = format!("written by {maker}, read by {}, {} secrets", site.name(), secrets.len());
                assert_eq!(answer.json()["session"]["token"], token, "{place}: {}", answer.text());
                assert_eq!(is_copied(&answer), expected, "{place}: {}", answer.text());
                let unsigned = read(site, visitor.session_cookie(), &visitor.cookies[CACHE]);
                assert_eq!(unsigned.json(), Value::Null, "the old signature: {place}");
            }
        }
    };
    check(&[(2, &new), (1, &old)], true);
    check(&[(2, &new)], false);
}
