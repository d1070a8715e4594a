//! Cookie caches under a key of the `jwks` table (`jwt({ sessionCookieCache: true })`): written by one server and read by
//! the other, by services that have the public keys alone, and forged in every way that a holder of keys can think of.
//!
//! The name in the database is another than the one in a copy, so an answer tells whether the copy was taken. Both servers
//! are known by one address, since a copy names who issued it.

use auth_core::{
    BaseUrl, Credentials, JwkSet, JwtPolicy, JwtVerifier, KeyedCookieCache, Proof, Verdict, Verifier,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jws::{EdDSA, JwsSigner};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::cache::{decode, mac};
use crate::database::Database;
use crate::http::{self, Request, Response};
use crate::node::{self, Reference};
use crate::ours::{self, Ours, cheap_and_alike, random_secret};
use crate::visitor::{Site, Visitor, ok};

const PASSWORD: &str = "password1";
/// The address of both, to browsers.
pub(crate) const PUBLIC: &str = "http://auth.example.com";
/// What [`Visitor::sign_up`] calls everybody, and so what a copy says.
const COPIED: &str = "Ada Lovelace";
/// What the database says.
const STORED: &str = "Augusta King";

const DATA: &str = "better-auth.session_data";
const TOKEN: &str = "better-auth.session_token";

/// Better Auth with such copies; `jwks` are its options for the keys.
pub(crate) fn theirs(database: &Database, secret: &str, jwks: &Value) -> Reference {
    let options = json!({
        "baseURL": PUBLIC,
        "session": { "cookieCache": { "enabled": true, "strategy": "jwt" } },
    });
    let jwt = json!({ "sessionCookieCache": true, "disableSettingJwtHeader": true, "jwks": jwks });
    let plugins = json!({ "jwt": jwt, "bearer": {} });
    Reference::start_with(database, secret, &json!({ "options": options, "plugins": plugins }))
}

/// This server with such copies, and `more` settings.
pub(crate) fn ours(database: &Database, secret: &str, more: &[(&str, &str)]) -> Ours {
    let mut settings = cheap_and_alike();
    settings.extend([
        ("BETTER_AUTH_URL", PUBLIC),
        ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
        ("AUTH__SESSION__COOKIE_CACHE__STRATEGY", "jwt"),
        ("AUTH__JWT__ENABLED", "true"),
        ("AUTH__JWT__SESSION_COOKIE_CACHE", "true"),
        ("AUTH__JWT__DISABLE_SETTING_JWT_HEADER", "true"),
    ]);
    settings.extend(more);
    Ours::start_with(database, secret, &settings)
}

/// Both servers on one database. Private keys are in the clear, so that a test can sign what it likes.
struct Pair {
    theirs: Reference,
    ours: Ours,
    secret: String,
    database: Database,
}

const IN_THE_CLEAR: [(&str, &str); 1] = [("AUTH__JWT__DISABLE_PRIVATE_KEY_ENCRYPTION", "true")];

impl Pair {
    fn start() -> Self {
        let (database, secret) = (Database::migrated_by_us(), random_secret());
        let theirs = theirs(&database, &secret, &json!({ "disablePrivateKeyEncryption": true }));
        let ours = ours(&database, &secret, &IN_THE_CLEAR);
        Self { theirs, ours, secret, database }
    }

    /// Has time pass for this server, which remembers keys.
    fn restart_ours(&mut self) {
        self.ours = ours(&self.database, &self.secret, &IN_THE_CLEAR);
    }

    fn both(&self) -> [&dyn Site; 2] {
        [&self.theirs, &self.ours]
    }

    fn rename(&self) {
        self.database.execute(&format!("update \"user\" set name = '{STORED}'"));
    }
}

/// A browser that signs up at a server.
fn visitor(site: &dyn Site, email: &str) -> Visitor {
    let mut visitor = Visitor { origin: Some(PUBLIC.to_owned()), ..Visitor::new() };
    ok(visitor.sign_up(site, email, PASSWORD));
    visitor
}

/// Reads the session with a copy of the test's making.
fn read(site: &dyn Site, token: &str, copy: &str) -> Response {
    let cookies = format!("{TOKEN}={token}; {DATA}={copy}");
    ok(http::send(site.address(), &Request::get("/api/auth/get-session").header("cookie", &cookies)))
}

/// Whether an answer is of the copy; it is of the database otherwise.
fn is_copied(response: &Response) -> bool {
    let name = response.json()["user"]["name"].clone();
    assert!(name == COPIED || name == STORED, "{}", response.text());
    name == COPIED
}

fn kid(copy: &str) -> String {
    KeyedCookieCache::kid(copy).expect("a copy under a key").as_str().to_owned()
}

fn keys(site: &dyn Site) -> JwkSet {
    let answer = ok(http::send(site.address(), &Request::get("/api/auth/jwks")));
    JwkSet::parse(&answer.body).expect("a set of keys")
}

#[test]
fn services_with_the_public_keys_read_what_either_server_wrote() {
    needs!("node");
    let pair = Pair::start();
    for (writer, email) in pair.both().into_iter().zip(["n@example.com", "o@example.com"]) {
        let mut visitor = visitor(writer, email);
        let copy = visitor.cookies[DATA].clone();
        let stored = ok(visitor.send(writer, Request::get("/api/auth/get-session?disableCookieCache=true")));
        let middle = copy.len() / 2;
        let letter = if &copy[middle..=middle] == "A" { "B" } else { "A" };
        let tampered = format!("{}{letter}{}", &copy[..middle], &copy[middle + 1..]);
        let cookies = [&copy, &tampered].map(|copy| format!("{DATA}={copy}"));
        for shower in pair.both() {
            let place = format!("written by {}, keys of {}", writer.name(), shower.name());
            // Better Auth's own reader for services.
            let jwks = format!("{}/api/auth/jwks", shower.address());
            let input = json!({ "jwks": jwks, "issuer": PUBLIC, "cookies": cookies });
            let found = node::run("cookie-cache.mjs", &input);
            assert_eq!(found[0]["user"], stored.json()["user"], "{place}");
            assert_eq!(found[0]["session"], stored.json()["session"], "{place}");
            assert_eq!(found[1], Value::Null, "{place}");
            let elsewhere = json!({ "jwks": jwks, "issuer": "http://other.example", "cookies": cookies });
            assert_eq!(node::run("cookie-cache.mjs", &elsewhere), json!([null, null]), "{place}");
            // This project's.
            let verifier = Verifier::from_keys(&JwtPolicy::new(PUBLIC), keys(shower))
                .with_cookie_cache_of(&BaseUrl::parse(PUBLIC).expect("an address"));
            let verify = |cookie: &str| {
                verifier.verify(&Credentials::read([], [cookie.as_bytes()]), OffsetDateTime::now_utc())
            };
            let Ok(Verdict::Principal(caller)) = verify(&cookies[0]) else { panic!("{place}") };
            assert!(matches!(caller.proof(), Proof::CookieCache(_)), "{place}");
            assert_eq!(stored.json()["user"]["id"], caller.user_id().as_str(), "{place}");
            assert!(verify(&cookies[1]).is_err(), "{place}");
        }
    }
    assert_eq!(pair.database.count("jwks"), 1, "one key for both");
}

/// Signs with the newest key of the table.
struct Signer {
    kid: String,
    public: String,
    signer: Box<dyn JwsSigner>,
}

impl Signer {
    fn of(database: &Database) -> Self {
        let row =
            database.query("select id, \"publicKey\", \"privateKey\" from jwks order by \"createdAt\" desc");
        let [kid, public, private] = [0, 1, 2].map(|at| row[0][at].clone().expect("a text"));
        let jwk = Jwk::from_bytes(private).expect("a key in the clear");
        Self { kid, public, signer: Box::new(EdDSA.signer_from_jwk(&jwk).expect("an Ed25519 key")) }
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.signer.sign(signed.as_bytes()).expect("signed");
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    fn header(&self, changes: &Value) -> String {
        changed(&json!({ "alg": "EdDSA", "kid": self.kid, "typ": "better-auth.session-cache+jwt" }), changes)
    }
}

fn encoded(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// An object with some members changed; `null` takes one away.
fn changed(object: &Value, changes: &Value) -> String {
    let mut object = object.clone();
    for (name, value) in changes.as_object().expect("an object") {
        object[name] = value.clone();
        if value.is_null() {
            object.as_object_mut().expect("an object").remove(name);
        }
    }
    object.to_string()
}

#[test]
fn r_002_forged_copies_get_one_verdict_from_both_servers() {
    needs!("node");
    let pair = Pair::start();
    let mut visitor = visitor(&pair.theirs, "n@example.com");
    let copy = visitor.cookies[DATA].clone();
    let token = ok(visitor.send(&pair.ours, Request::get("/api/auth/token"))).json()["token"].clone();
    let token = token.as_str().expect("a token").to_owned();
    let signer = Signer::of(&pair.database);
    let claims: Value =
        serde_json::from_str(&decode(copy.split('.').nth(1).expect("claims")).expect("base64url")).unwrap();
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let member = |object: &str, name: &str, value: Value| {
        let mut entity = claims[object].clone();
        entity[name] = value;
        json!({ object: entity })
    };
    let plain = json!({});
    let with =
        |header: &Value, changes: &Value| signer.sign(&signer.header(header), &changed(&claims, changes));
    let of_claims = |changes: Value| with(&plain, &changes);
    let of_header = |changes: Value| with(&changes, &plain);
    let good = of_claims(json!({}));
    let (signed, signature) = good.rsplit_once('.').expect("a signature");
    let open = |text: &str| text.strip_suffix('}').expect("an object").to_owned();
    let (header, payload) = (signer.header(&plain), claims.to_string());
    let confused = |secret: &str| {
        let signed = format!("{}.{}", encoded(&signer.header(&json!({ "alg": "HS256" }))), encoded(&payload));
        format!("{signed}.{}", mac(&signed, secret.as_bytes()))
    };

    let cases: Vec<(&str, String, bool)> = vec![
        ("as it is", copy.clone(), true),
        ("signed anew", good.clone(), true),
        ("another audience", of_claims(json!({ "aud": PUBLIC })), false),
        ("no audience", of_claims(json!({ "aud": null })), false),
        ("a list of audiences", of_claims(json!({ "aud": ["x", "better-auth:session-cache"] })), true),
        ("a list without ours", of_claims(json!({ "aud": ["x"] })), false),
        ("another issuer", of_claims(json!({ "iss": "http://other.example" })), false),
        ("an issuer with a slash", of_claims(json!({ "iss": format!("{PUBLIC}/") })), false),
        ("no issuer", of_claims(json!({ "iss": null })), false),
        ("another subject", of_claims(json!({ "sub": "somebody" })), false),
        ("no subject", of_claims(json!({ "sub": null })), false),
        ("another session's id", of_claims(json!({ "sid": "x" })), false),
        ("no session's id", of_claims(json!({ "sid": null })), false),
        ("a number for it", of_claims(json!({ "sid": 1 })), false),
        ("another user", of_claims(member("user", "id", json!("somebody"))), false),
        ("another session", of_claims(member("session", "token", json!("x"))), false),
        ("over", of_claims(json!({ "exp": now - 60 })), false),
        ("over, within the leeway of services", of_claims(json!({ "exp": now - 5 })), false),
        ("an end that is text", of_claims(json!({ "exp": "1" })), false),
        ("not yet", of_claims(json!({ "nbf": now + 60 })), false),
        ("soon", of_claims(json!({ "nbf": now + 10 })), true),
        (
            "a session that is over",
            of_claims(member("session", "expiresAt", json!("2020-01-01T00:00:00.000Z"))),
            false,
        ),
        (
            "an end of the session that is none",
            of_claims(member("session", "expiresAt", json!("soon"))),
            false,
        ),
        ("another version", of_claims(json!({ "version": "2" })), false),
        ("no version", of_claims(json!({ "version": null })), true),
        ("a version that is a number", of_claims(json!({ "version": 1 })), false),
        ("no user", of_claims(json!({ "user": null })), false),
        ("no session", of_claims(json!({ "session": null })), false),
        ("no time of writing", of_claims(json!({ "updatedAt": null })), false),
        ("a member more", of_claims(json!({ "x": { "y": [1] } })), true),
        ("no type", of_header(json!({ "typ": null })), false),
        ("the type of a token", of_header(json!({ "typ": "JWT" })), false),
        ("the type in other letters", of_header(json!({ "typ": "Better-Auth.Session-Cache+JWT" })), false),
        ("another key", of_header(json!({ "kid": "another" })), false),
        ("no key", of_header(json!({ "kid": null })), false),
        ("another algorithm", of_header(json!({ "alg": "ES256" })), false),
        ("no algorithm", of_header(json!({ "alg": null })), false),
        (
            "the algorithm none",
            format!("{}.{}.", encoded(&signer.header(&json!({ "alg": "none" }))), encoded(&payload)),
            false,
        ),
        ("a MAC under the public key", confused(&signer.public), false),
        ("a MAC under the secret", confused(&pair.secret), false),
        ("an extension", of_header(json!({ "crit": ["x"], "x": 1 })), false),
        (
            "an embedded key",
            of_header(json!({ "jwk": serde_json::from_str::<Value>(&signer.public).unwrap() })),
            true,
        ),
        ("a token of the plugin", token.clone(), false),
        ("no signature", format!("{signed}."), false),
        ("half a signature", format!("{signed}.{}", &signature[..40]), false),
        ("another signature", format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode([1; 64])), false),
        ("a part more", format!("{good}.x"), false),
        ("a part less", signed.to_owned(), false),
        ("text in its place", "abc".to_owned(), false),
        ("no JSON", signer.sign(&header, "x"), false),
        ("a list", signer.sign(&header, "[]"), false),
        // of members that stand twice the last counts.
        ("two ends, the last over", signer.sign(&header, &format!("{},\"exp\":1}}", open(&payload))), false),
        ("two ends, the first over", signer.sign(&header, &payload.replacen('{', "{\"exp\":1,", 1)), true),
        (
            "two types, the last another",
            signer.sign(&format!("{},\"typ\":\"JWT\"}}", open(&header)), &payload),
            false,
        ),
        (
            "two types, the first another",
            signer.sign(&header.replacen('{', "{\"typ\":\"JWT\",", 1), &payload),
            true,
        ),
    ];
    pair.rename();
    for (label, forged, taken) in cases {
        let [theirs, ours] = pair.both().map(|site| read(site, visitor.session_cookie(), &forged));
        assert_eq!(is_copied(&theirs), taken, "Better Auth, {label}: {}", theirs.text());
        assert_eq!(ours.text(), theirs.text(), "this server, {label}");
    }
    // Meant differences: an end is asked for, and nothing comes from the future.
    for (label, changes) in
        [("no end", json!({ "exp": null })), ("from the future", json!({ "iat": now + 120 }))]
    {
        assert!(!is_copied(&read(&pair.ours, visitor.session_cookie(), &of_claims(changes))), "{label}");
    }
    // Nor is a copy any other credential, at either.
    for site in pair.both() {
        let bearer = Request::get("/api/auth/get-session").bearer(&copy);
        let answer = http::send(site.address(), &bearer);
        assert!(answer.status == 401 || answer.text() == "null", "{}: {}", site.name(), answer.text());
    }
    let read_as_token = JwtVerifier::kid(&copy);
    assert!(read_as_token.is_err(), "{read_as_token:?}");
}

#[test]
fn r_130_copies_of_a_replaced_key_are_read_by_both_in_its_grace_period() {
    needs!("node");
    let mut pair = Pair::start();
    let old: Vec<Visitor> = [(0, "n@example.com"), (1, "o@example.com")]
        .map(|(place, email)| visitor(pair.both()[place], email))
        .into();
    let output = ours::run(&pair.database, &pair.secret, &["keys", "rotate"], &IN_THE_CLEAR);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    pair.restart_ours();
    assert_eq!(pair.database.count("jwks"), 2);
    let newer = Signer::of(&pair.database).kid;
    let new: Vec<Visitor> = [(0, "p@example.com"), (1, "q@example.com")]
        .map(|(place, email)| visitor(pair.both()[place], email))
        .into();
    pair.rename();
    for (visitors, is_new) in [(&old, false), (&new, true)] {
        for visitor in visitors {
            assert_eq!(kid(&visitor.cookies[DATA]) == newer, is_new);
            for site in pair.both() {
                let answer = read(site, visitor.session_cookie(), &visitor.cookies[DATA]);
                assert!(is_copied(&answer), "{}, new key: {is_new}", site.name());
            }
        }
    }
    // A row that is deleted checks nothing any more, at once there and after a minute here.
    pair.database.execute(&format!("delete from jwks where id <> '{newer}'"));
    pair.restart_ours();
    for visitor in &old {
        for site in pair.both() {
            let answer = read(site, visitor.session_cookie(), &visitor.cookies[DATA]);
            assert!(!is_copied(&answer), "{}", site.name());
        }
    }
}

/// A meant difference: at the reference nobody signs in while the key cannot be opened.
#[test]
fn a_key_under_another_secret_costs_the_copy_and_not_the_sign_in() {
    needs!("node");
    let (database, secret) = (Database::migrated_by_us(), random_secret());
    drop(visitor(&ours(&database, &random_secret(), &[]), "before@example.com"));
    let stored = database.query("select \"privateKey\" from jwks")[0][0].clone().expect("a key");
    let (theirs, ours) = (theirs(&database, &secret, &json!({})), ours(&database, &secret, &[]));
    let body = json!({ "email": "before@example.com", "password": PASSWORD });
    for (site, status) in [(&theirs as &dyn Site, 500), (&ours, 200)] {
        let answer = http::send(site.address(), &Request::post_json("/api/auth/sign-in/email", &body));
        assert_eq!(answer.status, status, "{}: {}", site.name(), answer.text());
    }
    let mut visitor = visitor(&ours, "after@example.com");
    assert!(!visitor.cookies.contains_key(DATA));
    for _ in 0..3 {
        assert_eq!(visitor.session(&ours)["user"]["email"], "after@example.com");
    }
    let log = ours.log();
    assert_eq!(log.matches("sessions are not copied into cookies").count(), 1, "told once: {log}");
    assert!(log.contains("cannot be used") && log.contains("keys rotate"), "{log}");
    assert!(!log.contains(stored.trim_matches('"')));
}
