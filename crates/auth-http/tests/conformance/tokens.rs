//! Tokens: the access token read by other languages with nothing but the secret, and every kind of token sent
//! to every consumer of both servers, where only its own may take it.

use std::collections::BTreeMap;

use auth_core::{BaseUrl, Credentials, JwkSet, JwtPolicy, Verifier};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::database::Database;
use crate::http::{Request, Response};
use crate::keyed_copies;
use crate::node::{self, Reference};
use crate::normalise::percent_decode;
use crate::ours::{CHEAP_HASHES, Ours, random_secret};
use crate::python;
use crate::visitor::{Site, Visitor, ok};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery staple";

/// Signs a new user up here and answers the session envelope.
fn envelope(ours: &Ours) -> Value {
    let mut visitor = Visitor::new();
    ok(visitor.sign_up(ours, EMAIL, PASSWORD));
    visitor.session(ours)
}

fn check_claims(ours: &Ours, envelope: &Value, read: &Value) {
    assert_eq!(read["header"], json!({ "alg": "HS256", "typ": "at+jwt" }));
    let claims = &read["claims"];
    assert_eq!(claims["iss"], ours.origin());
    assert_eq!(claims["sub"], envelope["user"]["id"]);
    assert_eq!(claims["sid"], envelope["session"]["id"]);
    assert_eq!(claims["email"], EMAIL);
    assert_eq!(claims["name"], "Ada Lovelace");
    assert_eq!(claims["emailVerified"], false);
    assert_eq!(claims.get("aud"), None, "libraries refuse an audience they were not told of");
    let lifetime =
        claims["exp"].as_i64().expect("integer seconds") - claims["iat"].as_i64().expect("integer seconds");
    assert_eq!(lifetime, 3600);
}

#[test]
fn pyjwt_verifies_the_access_token_with_the_secret_alone() {
    needs!("python");
    let database = Database::migrated_by_us();
    let ours = Ours::start(&database, &random_secret());
    let envelope = envelope(&ours);
    let token = envelope["accessToken"].as_str().expect("an access token");
    let read = python::verify(ours.secret(), &[token, &tampered(token)]);
    check_claims(&ours, &envelope, &read[0]);
    assert_eq!(read[1], json!({ "error": "InvalidSignatureError" }));
    assert_eq!(python::verify(&random_secret(), &[token])[0], json!({ "error": "InvalidSignatureError" }));
}

#[test]
fn jose_verifies_the_access_token_with_the_secret_alone() {
    needs!("node");
    let database = Database::migrated_by_us();
    let ours = Ours::start(&database, &random_secret());
    let envelope = envelope(&ours);
    let token = envelope["accessToken"].as_str().expect("an access token");
    let read =
        node::run("tokens.mjs", &json!({ "secret": ours.secret(), "verify": [token, tampered(token)] }));
    check_claims(&ours, &envelope, &read["verified"][0]);
    assert_eq!(read["verified"][1], json!({ "error": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" }));
    let read = node::run("tokens.mjs", &json!({ "secret": random_secret(), "verify": [token] }));
    assert_eq!(read["verified"][0], json!({ "error": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" }));
}

/// The same token with one letter of its claims changed.
fn tampered(token: &str) -> String {
    let middle = token.find('.').expect("a compact token") + 10;
    let letter = if &token[middle..=middle] == "A" { "B" } else { "A" };
    format!("{}{letter}{}", &token[..middle], &token[middle + 1..])
}

/// Every token that one secret can make, each made by the server whose kind it is, for one user.
fn kinds(ours: &Ours, caches: &Caches, references: &References) -> BTreeMap<&'static str, String> {
    let mut kinds = BTreeMap::new();
    let mut visitor = Visitor::new();
    ok(visitor.sign_up(ours, EMAIL, PASSWORD));
    let envelope = visitor.session(ours);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    kinds.insert("access token", text(&envelope["accessToken"]));
    kinds.insert("raw session token", text(&envelope["session"]["token"]));
    kinds.insert("signed session cookie", percent_decode(visitor.session_cookie()));

    let mut visit = Visitor::new();
    ok(visit.sign_in_with(ours, &json!({ "email": EMAIL, "password": PASSWORD, "rememberMe": false })));
    kinds.insert("signed dont_remember cookie", percent_decode(&visit.cookies["better-auth.dont_remember"]));

    let mail = json!({ "email": EMAIL });
    ok(Visitor::new().send(&references.jwt, Request::post_json("/api/auth/send-verification-email", &mail)));
    kinds.insert("e-mail token", references.jwt.next_mail_token());
    let change = json!({ "email": EMAIL, "updateTo": "eve@example.com", "userId": envelope["user"]["id"] });
    let made = node::run("tokens.mjs", &json!({ "secret": ours.secret(), "changeEmail": change }));
    kinds.insert("change-email token", text(&made["changeEmail"]));

    let makers: [(&str, &dyn Site); 8] = [
        ("JWT cache", &references.jwt),
        ("JWE cache", &references.jwe),
        ("compact cache", &references.compact),
        ("our JWT cache", &caches.jwt),
        ("our JWE cache", &caches.jwe),
        ("our compact cache", &caches.compact),
        ("keyed cache", &references.keyed),
        ("our keyed cache", &caches.keyed),
    ];
    for (kind, maker) in makers {
        let mut visitor = visitor.clone();
        ok(visitor.get_session(maker));
        kinds.insert(kind, visitor.cookies["better-auth.session_data"].clone());
    }
    let makers: [(&str, &dyn Site); 2] =
        [("token of the jwt plugin", &references.keyed), ("our token of the jwt plugin", &caches.keyed)];
    for (kind, maker) in makers {
        let answer = ok(visitor.clone().send(maker, Request::get("/api/auth/token")));
        kinds.insert(kind, text(&answer.json()["token"]));
    }

    let (now, id) = (time::OffsetDateTime::now_utc().unix_timestamp(), &envelope["user"]["id"]);
    let foreign = json!({ "sub": id, "exp": now + 600 });
    let seal = json!({ "sub": id, "email": EMAIL, "session": envelope["session"], "user": envelope["user"] });
    let made = node::run(
        "tokens.mjs",
        &json!({ "secret": ours.secret(), "sign": [{ "claims": foreign }], "seal": seal }),
    );
    kinds.insert("foreign token", text(&made["signed"][0]));
    kinds.insert("account cookie", text(&made["sealed"]["account"]));
    kinds.insert("encrypted text", text(&made["sealed"]["text"]));
    kinds.insert("versioned envelope", text(&made["sealed"]["envelope"]));

    // A JWS carries the MAC of its first two parts under the same key: in the standard alphabet it is the
    // signature of a cookie with those two parts as its value.
    for (kind, of) in [
        ("access token as a cookie", "access token"),
        ("e-mail token as a cookie", "e-mail token"),
        ("keyed cache as a cookie", "keyed cache"),
    ] {
        let (signed, signature) = kinds[of].rsplit_once('.').expect("a compact token");
        let reshaped = format!("{signed}.{}=", signature.replace('-', "+").replace('_', "/"));
        kinds.insert(kind, reshaped);
    }
    kinds
}

/// Better Auth with its bearer plugin, once with each form of the cookie cache.
struct References {
    jwt: Reference,
    jwe: Reference,
    compact: Reference,
    keyed: Reference,
}

impl References {
    fn start(database: &Database, secret: &str) -> Self {
        let start = |strategy: &str| {
            let cache = json!({ "enabled": true, "strategy": strategy });
            let options = json!({ "session": { "cookieCache": cache } });
            Reference::start_with(
                database,
                secret,
                &json!({ "plugins": { "bearer": {} }, "options": options }),
            )
        };
        let keyed = keyed_copies::theirs(database, secret, &json!({}));
        Self { jwt: start("jwt"), jwe: start("jwe"), compact: start("compact"), keyed }
    }
}

/// This server, once with each form of the cookie cache.
struct Caches {
    jwt: Ours,
    jwe: Ours,
    compact: Ours,
    keyed: Ours,
}

impl Caches {
    fn start(database: &Database, secret: &str) -> Self {
        let start = |strategy: &str| {
            let settings = [
                // A session that comes with an access token is never answered from a cache.
                ("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false"),
                ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
                ("AUTH__SESSION__COOKIE_CACHE__STRATEGY", strategy),
            ];
            Ours::start_with(database, secret, &[&CHEAP_HASHES[..], &settings].concat())
        };
        let keyed = keyed_copies::ours(database, secret, &[]);
        Self { jwt: start("jwt"), jwe: start("jwe"), compact: start("compact"), keyed }
    }
}

fn with_cookie(name: &str, value: &str) -> Request {
    Request::get("/api/auth/get-session").header("cookie", &format!("{name}={}", encode(value)))
}

/// `encodeURIComponent` for the characters that tokens have.
fn encode(value: &str) -> String {
    value.replace('%', "%25").replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

fn signed_in(response: &Response) -> bool {
    assert!(matches!(response.status, 200 | 401), "{}: {}", response.status, response.text());
    response.status == 200 && response.json()["user"]["email"] == EMAIL
}

/// Rows: kinds of token. Columns: consumers. A cell passes only where the consumer is meant for the kind.
#[test]
fn r_002_every_kind_of_token_is_refused_by_every_other_consumer() {
    needs!("node");
    let (database, secret) = (Database::migrated_by_us(), random_secret());
    let references = References::start(&database, &secret);
    let ours = Ours::start(&database, &secret);
    // Known by the same address, so that it takes the same access tokens.
    let settings = [("AUTH__ACCESS_TOKEN__ACCEPT_FOREIGN", "true"), ("BETTER_AUTH_URL", ours.origin())];
    let open = Ours::start_with(&database, &secret, &settings);
    let caches = Caches::start(&database, &secret);
    let kinds = kinds(&ours, &caches, &references);
    let user = |it: &Ours, request: Request| crate::http::send(it.origin(), &request).status == 200;

    let keys = ok(crate::http::send(caches.keyed.origin(), &Request::get("/api/auth/jwks"))).body;
    let service = Verifier::from_keys(
        &JwtPolicy::new(keyed_copies::PUBLIC),
        JwkSet::parse(&keys).expect("a set of keys"),
    )
    .with_cookie_cache_of(&BaseUrl::parse(keyed_copies::PUBLIC).expect("an address"));
    let bearer = |token: &str| Credentials::read([format!("Bearer {token}").as_bytes()], []);
    let session_data = |token: &str| {
        Credentials::read([], [format!("better-auth.session_data={}", encode(token)).as_bytes()])
    };

    type Consumer<'a> = (&'static str, &'static [&'static str], Box<dyn Fn(&str) -> bool + 'a>);
    let bearer_kinds: &[&str] = &["raw session token", "signed session cookie"];
    // Better Auth asks no more of this cookie than a signature.
    let any_signed: &[&str] = &[
        "signed dont_remember cookie",
        "signed session cookie",
        "access token as a cookie",
        "e-mail token as a cookie",
    ];
    let jwt_caches: &[&str] = &["JWT cache", "our JWT cache"];
    let jwe_caches: &[&str] = &["JWE cache", "our JWE cache"];
    let compact_caches: &[&str] = &["compact cache", "our compact cache"];
    let keyed_caches: &[&str] = &["keyed cache", "our keyed cache"];
    let consumers: Vec<Consumer<'_>> = vec![
        (
            "our bearer at /user",
            &["access token", "raw session token", "signed session cookie"],
            Box::new(|token| user(&ours, Request::get("/api/auth/user").bearer(token))),
        ),
        (
            "our bearer at /get-session",
            &["access token", "raw session token", "signed session cookie"],
            Box::new(|token| {
                signed_in(&crate::http::send(
                    ours.origin(),
                    &Request::get("/api/auth/get-session").bearer(token),
                ))
            }),
        ),
        (
            "our session cookie",
            &["signed session cookie"],
            Box::new(|token| {
                signed_in(&crate::http::send(ours.origin(), &with_cookie("better-auth.session_token", token)))
            }),
        ),
        (
            "our session_data cookie",
            &[],
            Box::new(|token| {
                signed_in(&crate::http::send(ours.origin(), &with_cookie("better-auth.session_data", token)))
            }),
        ),
        (
            "their bearer plugin",
            bearer_kinds,
            Box::new(|token| {
                let request = Request::get("/api/auth/get-session").bearer(token);
                signed_in(&crate::http::send(references.jwt.origin(), &request))
            }),
        ),
        (
            "their session cookie",
            &["signed session cookie"],
            Box::new(|token| {
                signed_in(&crate::http::send(
                    references.jwt.origin(),
                    &with_cookie("better-auth.session_token", token),
                ))
            }),
        ),
        (
            "our bearer where foreign tokens are taken",
            &["access token", "raw session token", "signed session cookie", "foreign token"],
            Box::new(|token| user(&open, Request::get("/api/auth/user").bearer(token))),
        ),
        (
            "our dont_remember cookie",
            &["signed dont_remember cookie"],
            Box::new(|token| forgets(&ours, &database, &kinds, token)),
        ),
        (
            "their dont_remember cookie",
            any_signed,
            Box::new(|token| forgets(&references.jwt, &database, &kinds, token)),
        ),
        ("their JWT cache", jwt_caches, Box::new(|token| from_cache(&references.jwt, &kinds, token))),
        ("their JWE cache", jwe_caches, Box::new(|token| from_cache(&references.jwe, &kinds, token))),
        (
            "their compact cache",
            compact_caches,
            Box::new(|token| from_cache(&references.compact, &kinds, token)),
        ),
        ("our JWT cache", jwt_caches, Box::new(|token| from_cache(&caches.jwt, &kinds, token))),
        ("our JWE cache", jwe_caches, Box::new(|token| from_cache(&caches.jwe, &kinds, token))),
        ("our compact cache", compact_caches, Box::new(|token| from_cache(&caches.compact, &kinds, token))),
        ("their keyed cache", keyed_caches, Box::new(|token| from_cache(&references.keyed, &kinds, token))),
        ("our keyed cache", keyed_caches, Box::new(|token| from_cache(&caches.keyed, &kinds, token))),
        (
            "our bearer beside the jwt plugin",
            &["raw session token", "signed session cookie"],
            Box::new(|token| user(&caches.keyed, Request::get("/api/auth/user").bearer(token))),
        ),
        (
            "their bearer plugin beside the jwt plugin",
            bearer_kinds,
            Box::new(|token| {
                let request = Request::get("/api/auth/get-session").bearer(token);
                signed_in(&crate::http::send(references.keyed.origin(), &request))
            }),
        ),
        (
            "a service with the public keys",
            &["token of the jwt plugin", "our token of the jwt plugin"],
            Box::new(|token| service.verify(&bearer(token), OffsetDateTime::now_utc()).is_ok()),
        ),
        (
            "a service with the public keys, its cookie",
            keyed_caches,
            Box::new(|token| service.verify(&session_data(token), OffsetDateTime::now_utc()).is_ok()),
        ),
        (
            "their /verify-email",
            &["e-mail token", "change-email token"],
            Box::new(|token| {
                let before = database.query("select email, \"emailVerified\"::text from \"user\"");
                let request = Request::get(&format!("/api/auth/verify-email?token={}", encode(token)));
                let answer = crate::http::send(references.jwt.origin(), &request);
                let after = database.query("select email, \"emailVerified\"::text from \"user\"");
                let reset = format!("update \"user\" set email = '{EMAIL}', \"emailVerified\" = false");
                database.execute(&reset);
                assert_eq!(answer.status == 200, before != after, "{}: {}", answer.status, answer.text());
                answer.status == 200
            }),
        ),
    ];

    // From here on the name in the database is not the one in the cached cookies.
    database.execute("update \"user\" set name = 'Changed'");
    let mut wrong = Vec::new();
    for (consumer, accepted, consume) in &consumers {
        for (kind, token) in &kinds {
            // The same token in other letters, which `jose` reads where only padding differs.
            if *consumer == "their /verify-email" && *kind == "e-mail token as a cookie" {
                continue;
            }
            let expected = accepted.contains(kind);
            if consume(token) != expected {
                let verb = if expected { "refuses" } else { "takes" };
                wrong.push(format!("{consumer} {verb} the {kind}: {token}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a server takes `token` as the mark of a visit: then it does not renew a session that is due.
fn forgets(
    site: &dyn Site,
    database: &Database,
    kinds: &BTreeMap<&'static str, String>,
    token: &str,
) -> bool {
    database.execute("update session set \"expiresAt\" = now() + interval '3 days'");
    let cookies = format!(
        "better-auth.session_token={}; better-auth.dont_remember={}",
        encode(&kinds["signed session cookie"]),
        encode(token)
    );
    let path = "/api/auth/get-session?disableCookieCache=true";
    let response = crate::http::send(site.address(), &Request::get(path).header("cookie", &cookies));
    assert!(signed_in(&response), "{token} at {}", site.name());
    !response.set_cookies().iter().any(|line| line.starts_with("better-auth.session_token="))
}

/// Whether a server takes `token` as its cookie cache: then it answers the name of the time of caching.
fn from_cache(site: &dyn Site, kinds: &BTreeMap<&'static str, String>, token: &str) -> bool {
    let cookies = format!(
        "better-auth.session_token={}; better-auth.session_data={}",
        encode(&kinds["signed session cookie"]),
        encode(token)
    );
    let response =
        crate::http::send(site.address(), &Request::get("/api/auth/get-session").header("cookie", &cookies));
    // A compact cache with a character outside its alphabet is a 500 there: certainly no acceptance.
    response.status == 200 && response.json()["user"]["name"] == "Ada Lovelace"
}

/// The one case that made the rule: Better Auth's `/verify-email` takes any HS256 token with an `email`.
#[test]
fn r_002_our_access_token_does_not_verify_the_address_at_a_live_better_auth() {
    needs!("node");
    let (database, secret) = (Database::migrated_by_us(), random_secret());
    let reference = Reference::start(&database, &secret);
    let ours = Ours::start(&database, &secret);
    let envelope = envelope(&ours);
    let verified = || database.query("select \"emailVerified\"::text from \"user\"")[0][0].clone();
    let verify = |token: &str| {
        crate::http::send(
            reference.address(),
            &Request::get(&format!("/api/auth/verify-email?token={token}")),
        )
    };

    let answer = verify(envelope["accessToken"].as_str().expect("an access token"));
    assert!(answer.status >= 400, "{}: {}", answer.status, answer.text());
    assert_eq!(verified().as_deref(), Some("false"));

    // The control: the same claims without the one that Better Auth's schema refuses do verify it.
    let sign = json!([{ "claims": { "email": EMAIL, "sub": envelope["user"]["id"] } }]);
    let made = node::run("tokens.mjs", &json!({ "secret": secret, "sign": sign }));
    let answer = verify(made["signed"][0].as_str().expect("a token"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(verified().as_deref(), Some("true"));
}

/// sign-out, revocation and deletion at Better Auth end the access tokens made here, at once.
#[test]
fn r_016_an_access_token_dies_with_its_session_wherever_that_ends() {
    needs!("node");
    let (database, secret) = (Database::migrated_by_us(), random_secret());
    let reference = Reference::start(&database, &secret);
    let ours = Ours::start(&database, &secret);
    ok(Visitor::new().sign_up(&ours, EMAIL, PASSWORD));
    let user =
        |token: &str| crate::http::send(ours.origin(), &Request::get("/api/auth/user").bearer(token)).status;

    type End<'a> = (&'static str, Box<dyn Fn(&mut Visitor) + 'a>);
    let ends: Vec<End<'_>> = vec![
        ("sign-out", Box::new(|it| drop(ok(it.sign_out(&reference))))),
        (
            "revocation",
            Box::new(|it| {
                drop(ok(it.send(&reference, Request::post_json("/api/auth/revoke-sessions", &json!({})))))
            }),
        ),
        ("deletion", Box::new(|_| database.execute("delete from \"user\""))),
    ];
    for (name, end) in ends {
        let mut visitor = Visitor::new();
        ok(visitor.sign_in(&reference, EMAIL, PASSWORD));
        let token = visitor.session(&ours)["accessToken"].as_str().expect("an access token").to_owned();
        assert_eq!(user(&token), 200, "before the {name}");
        end(&mut visitor);
        assert_eq!(user(&token), 401, "after the {name}");
    }
}

/// Session tokens of either server as `Authorization: Bearer` at the other, as Better Auth's plugin has it.
#[test]
fn r_017_session_tokens_travel_as_bearer_tokens() {
    needs!("node");
    let (database, secret) = (Database::migrated_by_us(), random_secret());
    let reference = Reference::start_with(&database, &secret, &json!({ "plugins": { "bearer": {} } }));
    let ours = Ours::start(&database, &secret);
    for (first, second, email) in
        [(&reference as &dyn Site, &ours as &dyn Site, "n@example.com"), (&ours, &reference, "o@example.com")]
    {
        let mut visitor = Visitor::new();
        let made = ok(visitor.sign_up(first, email, PASSWORD)).json();
        let raw = made["token"].as_str().expect("a token").to_owned();
        let encoded = visitor.session_cookie().to_owned();
        for token in [raw.as_str(), &percent_decode(&encoded), &encoded] {
            let response =
                crate::http::send(second.address(), &Request::get("/api/auth/get-session").bearer(token));
            assert_eq!(response.json()["user"]["email"], email, "{token} at {}", second.name());
        }
        // Of two headers Node reads the first; here nobody is to guess which one is meant.
        let doubled = Request::get("/api/auth/get-session").bearer(&raw).bearer("x");
        let response = crate::http::send(second.address(), &doubled).json();
        let expected = if second.name() == ours.name() { Value::Null } else { json!(email) };
        assert_eq!(response["user"]["email"], expected, "at {}", second.name());
    }
}

/// With `access_token.accept_foreign`, tokens of a service that shares the secret are taken, and the other
/// kinds still are not.
#[test]
fn foreign_tokens_are_taken_only_when_allowed() {
    needs!("node");
    let (database, secret) = (Database::migrated_by_us(), random_secret());
    let reference = Reference::start_with(
        &database,
        &secret,
        &json!({ "options": {
        "session": { "cookieCache": { "enabled": true, "strategy": "jwt" } },
    } }),
    );
    let strict = Ours::start(&database, &secret);
    let open = Ours::start_with(&database, &secret, &[("AUTH__ACCESS_TOKEN__ACCEPT_FOREIGN", "true")]);
    let mut visitor = Visitor::new();
    let id = ok(visitor.sign_up(&reference, EMAIL, PASSWORD)).json()["user"]["id"].clone();
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let good = json!({ "sub": id, "exp": now + 600 });
    let sign = json!([
        { "claims": good },
        { "claims": good, "header": { "typ": "JWT" } },
        { "claims": { "sub": id } },
        { "claims": { "exp": now + 600 } },
        { "claims": { "sub": id, "exp": now - 600 } },
        { "claims": good, "header": { "typ": "at+jwt" } },
        { "claims": { "sub": id, "exp": now + 600, "requestType": "x" } },
        { "claims": { "sub": id, "exp": now + 600, "updateTo": "x" } },
        { "claims": { "sub": id, "exp": now + 600, "session": {} } },
        { "claims": { "sub": "nobody", "exp": now + 600 } },
    ]);
    let made = node::run("tokens.mjs", &json!({ "secret": secret, "sign": sign }));
    let status = |ours: &Ours, token: &str| {
        crate::http::send(ours.origin(), &Request::get("/api/auth/user").bearer(token)).status
    };
    for (index, token) in made["signed"].as_array().expect("a list").iter().enumerate() {
        let token = token.as_str().expect("a token");
        assert_eq!(status(&strict, token), 401, "{}", sign[index]);
        assert_eq!(status(&open, token), if index < 2 { 200 } else { 401 }, "{}", sign[index]);
    }
    let token = made["signed"][0].as_str().expect("a token");
    let seen = crate::http::send(open.origin(), &Request::get("/api/auth/get-session").bearer(token)).json();
    assert_eq!(seen["session"], Value::Null, "such a caller has no session");
    assert_eq!(seen["user"]["email"], EMAIL);

    let mail = json!({ "email": EMAIL });
    ok(visitor.send(&reference, Request::post_json("/api/auth/send-verification-email", &mail)));
    assert_eq!(status(&open, &reference.next_mail_token()), 401, "an e-mail token");
    assert_eq!(status(&open, &visitor.cookies["better-auth.session_data"]), 401, "a cookie cache");
}
