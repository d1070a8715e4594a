//! The `jwt` plugin: one table of keys for both servers, whichever made them. What either signs, `jose` and this project's
//! own verifier check with the keys that the other shows.

use auth_core::{JwkSet, JwtPolicy, JwtVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::database::{Database, Row};
use crate::http::{self, Request, Response};
use crate::node::{self, Reference};
use crate::ours::{self, BETTER_AUTHS_ANSWERS, Ours, random_secret};
use crate::visitor::{Site, Visitor, ok};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery staple";

/// One configuration of both: the plugin's options, and the settings that mean the same here.
#[derive(Clone, Default)]
struct Configured {
    plugin: Value,
    options: Value,
    settings: Vec<(&'static str, String)>,
    algorithm: &'static str,
    /// `None`: the address of the server that signs.
    issuer: Option<&'static str>,
    audience: Option<&'static str>,
    lives: i64,
}

impl Configured {
    fn default_plugin() -> Self {
        Self { plugin: json!({}), options: json!({}), algorithm: "EdDSA", lives: 900, ..Self::default() }
    }

    fn of(algorithm: &'static str) -> Self {
        let plugin = json!({ "jwks": { "keyPairConfig": { "alg": algorithm } } });
        let settings = vec![("AUTH__JWT__ALGORITHM", algorithm.to_owned())];
        Self { plugin, settings, algorithm, ..Self::default_plugin() }
    }
}

/// Both servers on one database.
struct Pair {
    configured: Configured,
    theirs: Reference,
    ours: Ours,
    database: Database,
}

impl Pair {
    fn start(configured: Configured) -> Self {
        let database = Database::empty();
        let mut settings: Vec<_> =
            configured.settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // The plugin's table is made for servers that have the plugin.
        settings.push(("AUTH__JWT__ENABLED", "true"));
        let migrated = ours::migrate_with(&database, "up", &settings);
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        let secret = random_secret();
        let theirs = theirs(&database, &secret, &configured);
        let ours = start_ours(&database, &secret, &configured);
        Self { configured, theirs, ours, database }
    }

    fn both(&self) -> [&dyn Site; 2] {
        [&self.theirs, &self.ours]
    }

    /// Both show the same keys, byte for byte; gives them.
    fn keys(&self) -> String {
        let [theirs, ours] = self.both().map(|site| ok(keys(site)));
        assert_eq!(theirs.text(), ours.text());
        assert_eq!(theirs.header("content-type"), ours.header("content-type"));
        assert_eq!(theirs.header("cache-control"), ours.header("cache-control"));
        theirs.text()
    }

    fn expected(&self, signer: &dyn Site) -> (String, String) {
        let or_own = |text: Option<&str>| text.unwrap_or(signer.address()).to_owned();
        (or_own(self.configured.issuer), or_own(self.configured.audience))
    }

    /// Checks tokens of one server with the keys of each, by `jose` and here; gives the claims of the last one.
    fn check(&self, signer: &dyn Site, tokens: &[String]) -> Value {
        let (issuer, audience) = self.expected(signer);
        let mut last = Value::Null;
        for shower in self.both() {
            let read = node::run(
                "jwt.mjs",
                &json!({
                    "jwks": format!("{}/api/auth/jwks", shower.address()), "issuer": issuer, "audience": audience,
                    "algorithm": self.configured.algorithm, "tokens": tokens,
                }),
            );
            let set = JwkSet::parse(&ok(keys(shower)).body).unwrap();
            let mut policy = JwtPolicy::new(issuer.clone());
            policy.audience.clone_from(&audience);
            for (token, read) in tokens.iter().zip(read.as_array().unwrap()) {
                let by = format!("{}, keys of {}: {read}", signer.name(), shower.name());
                assert_eq!(read["header"]["alg"], self.configured.algorithm, "{by}");
                assert_eq!(
                    read["claims"]["exp"].as_i64().unwrap() - read["claims"]["iat"].as_i64().unwrap(),
                    self.configured.lives,
                    "{by}"
                );
                let key = set.find(&JwtVerifier::kid(token).unwrap()).unwrap();
                let claims = JwtVerifier::new(&policy).verify(token, key, OffsetDateTime::now_utc()).unwrap();
                assert_eq!(read["claims"]["sub"], claims.user_id.as_str(), "{by}");
                assert_eq!(read["claims"], Value::Object(claims.claims), "{by}");
                last = read["claims"].clone();
            }
        }
        last
    }
}

fn theirs(database: &Database, secret: &str, configured: &Configured) -> Reference {
    let plugins = json!({ "jwt": configured.plugin });
    let extra = json!({ "options": configured.options, "plugins": plugins });
    Reference::start_with(database, secret, &extra)
}

fn start_ours(database: &Database, secret: &str, configured: &Configured) -> Ours {
    let mut settings = BETTER_AUTHS_ANSWERS.to_vec();
    settings.push(("AUTH__JWT__ENABLED", "true"));
    settings.extend(configured.settings.iter().map(|(name, value)| (*name, value.as_str())));
    Ours::start_with(database, secret, &settings)
}

fn keys(site: &dyn Site) -> Response {
    http::send(site.address(), &Request::get("/api/auth/jwks"))
}

fn token(visitor: &mut Visitor, site: &dyn Site) -> String {
    let body = ok(visitor.send(site, Request::get("/api/auth/token"))).text();
    // The whole body is one member.
    let token = body.strip_prefix("{\"token\":\"").and_then(|rest| rest.strip_suffix("\"}"));
    token.unwrap_or_else(|| panic!("{body}")).to_owned()
}

/// Header and claims as they were signed, with names for what differs from one server and second to the next.
fn shape(token: &str, site: &dyn Site) -> String {
    let part = |index| {
        let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let mut claims = part(1).replace(site.address(), "<origin>");
    for name in ["iat", "exp"] {
        let number: Value = serde_json::from_str::<Value>(&part(1)).unwrap()[name].clone();
        claims = claims.replace(&format!("\"{name}\":{number}"), &format!("\"{name}\":<seconds>"));
    }
    format!("{} {claims}", part(0))
}

fn assert_shared(configured: &Configured) {
    for node_first in [true, false] {
        let pair = Pair::start(configured.clone());
        let [theirs, ours] = pair.both();
        let first = if node_first { theirs } else { ours };
        let mut visitor = Visitor::new();
        ok(visitor.sign_up(first, EMAIL, PASSWORD));
        // The one that is asked first makes the key, the other one signs with it.
        let first_token = token(&mut visitor, first);
        let shown = pair.keys();
        assert_eq!(pair.database.count("jwks"), 1);
        let mut shapes = Vec::new();
        for site in pair.both() {
            let session = ok(visitor.get_session(site));
            assert_eq!(
                session.header("access-control-expose-headers").map(without_ours),
                Some("set-auth-jwt".to_owned())
            );
            let beside = session.header("set-auth-jwt").expect("a token beside the session").to_owned();
            let tokens = [token(&mut visitor, site), beside];
            let claims = pair.check(site, &tokens);
            assert_eq!(claims["sub"], session.json()["user"]["id"]);
            shapes.extend(tokens.iter().map(|token| shape(token, site)));
        }
        assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:#?}");
        pair.check(first, &[first_token]);
        assert_eq!(pair.keys(), shown, "nobody made another key");
        assert_eq!(pair.database.count("jwks"), 1);
    }
}

/// What the CORS layer of this server exposes of its own, left out.
fn without_ours(list: &str) -> String {
    let own = ["x-request-id", "retry-after", "x-retry-after"];
    list.split(", ").filter(|name| !own.contains(name)).collect::<Vec<_>>().join(", ")
}

#[test]
fn keys_and_tokens_are_shared_with_the_plugins_defaults() {
    needs!("node");
    assert_shared(&Configured::default_plugin());
}

#[test]
fn keys_and_tokens_are_shared_where_ids_are_uuids_or_numbers() {
    needs!("node");
    for ids in ["uuid", "serial"] {
        assert_shared(&Configured {
            options: json!({ "advanced": { "database": { "generateId": ids } } }),
            settings: vec![("AUTH__DATABASE__GENERATE_ID", ids.to_owned())],
            ..Configured::default_plugin()
        });
    }
}

#[test]
fn keys_and_tokens_are_shared_on_elliptic_curves() {
    needs!("node");
    assert_shared(&Configured::of("ES256"));
    assert_shared(&Configured::of("ES512"));
}

#[test]
fn keys_and_tokens_are_shared_under_rsa() {
    needs!("node");
    assert_shared(&Configured::of("RS256"));
    assert_shared(&Configured::of("PS256"));
}

#[test]
fn issuer_audience_and_life_are_as_both_are_told() {
    needs!("node");
    let text = |text: &str| text.to_owned();
    assert_shared(&Configured {
        plugin: json!({ "jwt": { "issuer": "https://issuer.example", "audience": "orders", "expirationTime": "2h" } }),
        settings: vec![
            ("AUTH__JWT__ISSUER", text("https://issuer.example")),
            ("AUTH__JWT__AUDIENCE", text("orders")),
            ("AUTH__JWT__EXPIRATION_TIME", text("2h")),
        ],
        issuer: Some("https://issuer.example"),
        audience: Some("orders"),
        lives: 7_200,
        ..Configured::default_plugin()
    });
}

/// Header lines, and the origin that tokens are then from and for.
type Asked<'a> = (&'a [(&'a str, &'a str)], &'a str);

/// Both servers with a list of hosts give tokens of the same issuer and audience under each host.
fn assert_of_host(base_url: &Value, settings: &[(&'static str, &str)], asked: &[Asked<'_>]) {
    let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let options =
        json!({ "baseURL": base_url, "advanced": { "trustedProxyHeaders": true, "useSecureCookies": true } });
    let pair = Pair::start(Configured { options, settings, ..Configured::default_plugin() });
    // A page of this machine, which every protocol trusts under http.
    let page = Some("http://localhost:5173".to_owned());
    let mut visitor = Visitor { origin: page, ..Visitor::default() };
    let body = json!({ "name": "Ada Lovelace", "email": EMAIL, "password": PASSWORD });
    let sign_up = Request::post_json("/api/auth/sign-up/email", &body).header("host", "app.example.com");
    ok(visitor.send(pair.both()[0], sign_up));
    for (lines, origin) in asked {
        for site in pair.both() {
            for path in ["/api/auth/token", "/api/auth/get-session"] {
                let request =
                    lines.iter().fold(Request::get(path), |it, (name, value)| it.header(name, value));
                let answer = ok(visitor.send(site, request));
                let body = answer.json();
                let token = answer.header("set-auth-jwt").or(body["token"].as_str()).expect("a token");
                let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
                let claims: Value = serde_json::from_slice(&claims).unwrap();
                let said = [claims["iss"].as_str(), claims["aud"].as_str()];
                assert_eq!(said, [Some(*origin); 2], "{} {path} {lines:?}", site.name());
            }
        }
    }
}

#[test]
fn r_069_issuer_and_audience_are_of_the_host_that_was_asked() {
    needs!("node");
    const HOSTS: [&str; 3] = ["app.example.com", "*.preview.example.com", "localhost:*"];
    const LISTED: (&str, &str) =
        ("AUTH__SERVER__ALLOWED_HOSTS", "app.example.com,*.preview.example.com,localhost:*");
    const SECURE: (&str, &str) = ("AUTH__COOKIES__SECURE", "true");
    const BELIEVED: (&str, &str) = ("AUTH__PROXIES__TRUSTED_PROXY_HEADERS", "true");
    let fallback = "https://main.example.com";
    assert_of_host(
        &json!({ "allowedHosts": HOSTS, "protocol": "https", "fallback": fallback }),
        &[LISTED, BELIEVED, ("AUTH__SERVER__PROTOCOL", "https"), ("BETTER_AUTH_URL", fallback), SECURE],
        &[
            (&[("host", "app.example.com")], "https://app.example.com"),
            (&[("host", "PR-7.Preview.Example.com")], "https://pr-7.preview.example.com"),
            (&[("host", "localhost:3000"), ("x-forwarded-proto", "http")], "https://localhost:3000"),
            (&[("host", "evil.example")], fallback),
            (&[("host", "app.example.com:8443")], fallback),
            (&[("host", "app.example.com"), ("x-forwarded-host", "evil.example")], fallback),
            (&[("host", "evil.example"), ("x-forwarded-host", "app.example.com")], "https://app.example.com"),
        ],
    );
    assert_of_host(
        &json!({ "allowedHosts": HOSTS, "protocol": "http" }),
        &[LISTED, BELIEVED, ("AUTH__SERVER__PROTOCOL", "http"), ("BETTER_AUTH_URL", ""), SECURE],
        &[
            (&[("host", "app.example.com")], "http://app.example.com"),
            (&[("host", "app.example.com"), ("x-forwarded-proto", "https")], "http://app.example.com"),
        ],
    );
    let told = ("x-forwarded-proto", "https");
    assert_of_host(
        &json!({ "allowedHosts": HOSTS }),
        &[LISTED, BELIEVED, ("BETTER_AUTH_URL", ""), SECURE],
        &[
            (&[("host", "app.example.com"), told], "https://app.example.com"),
            (&[("host", "app.example.com"), ("x-forwarded-proto", "http")], "http://app.example.com"),
            (&[("host", "localhost:3000")], "http://localhost:3000"),
            (&[("host", "localhost:80"), told], "https://localhost:80"),
            (&[("host", "localhost:443"), told], "https://localhost"),
            (
                &[("host", "10.0.0.7"), ("x-forwarded-host", "a.preview.example.com"), told],
                "https://a.preview.example.com",
            ),
            (&[("host", "app.example.com"), ("x-forwarded-host", "a b"), told], "https://app.example.com"),
        ],
    );
}

#[test]
fn r_111_keys_open_under_every_version_of_the_secret() {
    needs!("node");
    let (old, new) = (random_secret(), random_secret());
    let versioned = |secrets: &[(u64, &str)]| {
        let options = secrets.iter().map(|(version, value)| json!({ "version": version, "value": value }));
        let written: Vec<String> =
            secrets.iter().map(|(version, value)| format!("{version}:{value}")).collect();
        Configured {
            options: json!({ "secrets": options.collect::<Vec<_>>() }),
            settings: vec![("BETTER_AUTH_SECRETS", written.join(","))],
            ..Configured::default_plugin()
        }
    };
    let first = versioned(&[(1, old.as_str())]);
    assert_shared(&first);

    // The secret is rotated at both: what was encrypted under the old version still signs.
    let pair = Pair::start(first);
    let shown = pair.keys();
    let stored = pair.database.query("select \"privateKey\" from jwks");
    assert!(stored[0][0].as_deref().unwrap().starts_with("\"$ba$1$"));
    let rotated = versioned(&[(2, new.as_str()), (1, old.as_str())]);
    let Pair { database, .. } = pair;
    let theirs = theirs(&database, &old, &rotated);
    let ours = start_ours(&database, &old, &rotated);
    let pair = Pair { configured: rotated, theirs, ours, database };
    let mut visitor = Visitor::new();
    ok(visitor.sign_up(&pair.ours, EMAIL, PASSWORD));
    for site in pair.both() {
        let token = token(&mut visitor, site);
        pair.check(site, &[token]);
    }
    assert_eq!(pair.keys(), shown);
}

#[test]
fn private_keys_in_the_clear_are_shared_too() {
    needs!("node");
    assert_shared(&Configured {
        plugin: json!({ "jwks": { "disablePrivateKeyEncryption": true } }),
        settings: vec![("AUTH__JWT__DISABLE_PRIVATE_KEY_ENCRYPTION", "true".to_owned())],
        ..Configured::default_plugin()
    });
}

#[test]
fn r_130_a_key_that_ran_out_is_replaced_by_whoever_signs_next() {
    needs!("node");
    const ISSUER: &str = "https://issuer.example";
    // Who makes the first key, by place in the pair; the other one replaces it.
    for (first, second) in [(0, 1), (1, 0)] {
        let mut pair = Pair::start(Configured {
            plugin: json!({
                "jwks": { "rotationInterval": 3600, "gracePeriod": 7200 },
                "jwt": { "issuer": ISSUER, "audience": ISSUER },
            }),
            settings: vec![
                ("AUTH__JWT__ROTATION_INTERVAL", "1h".to_owned()),
                ("AUTH__JWT__GRACE_PERIOD", "2h".to_owned()),
                ("AUTH__JWT__ISSUER", ISSUER.to_owned()),
                ("AUTH__JWT__AUDIENCE", ISSUER.to_owned()),
            ],
            issuer: Some(ISSUER),
            audience: Some(ISSUER),
            ..Configured::default_plugin()
        });
        let mut visitor = Visitor::new();
        ok(visitor.sign_up(&pair.theirs, EMAIL, PASSWORD));
        let old = token(&mut visitor, pair.both()[first]);
        let lives = "select round(extract(epoch from \"expiresAt\" - \"createdAt\"))::text from jwks";
        assert_eq!(pair.database.query(lives)[0][0].as_deref(), Some("3600"));
        pair.database.execute(
            "update jwks set \"createdAt\" = now() - interval '61 minutes', \"expiresAt\" = now() - interval '1 minute'",
        );
        // This server remembers a key for seconds, and time did not pass for it.
        pair.ours = start_ours(&pair.database, pair.ours.secret(), &pair.configured);
        let [new, other] = [second, first].map(|place| token(&mut visitor, pair.both()[place]));
        let kid = |token: &str| JwtVerifier::kid(token).unwrap();
        assert_ne!(kid(&new), kid(&old));
        assert_eq!(kid(&new), kid(&other), "both sign with the new one");
        assert_eq!(pair.keys().matches("\"kid\"").count(), 2);
        pair.check(pair.both()[first], &[old, new, other]);
        // After its grace period neither shows the old one.
        pair.database.execute(
            "update jwks set \"expiresAt\" = \"expiresAt\" - interval '3 hours' where \"expiresAt\" < now()",
        );
        assert_eq!(pair.keys().matches("\"kid\"").count(), 1);
    }
}

#[test]
fn a_live_key_of_another_algorithm_signs_on_at_both() {
    needs!("node");
    let pair = Pair::start(Configured::of("ES256"));
    let mut visitor = Visitor::new();
    ok(visitor.sign_up(&pair.ours, EMAIL, PASSWORD));
    let secret = pair.ours.secret().to_owned();
    let eddsa = start_ours(&pair.database, &secret, &Configured::default_plugin());
    let made = token(&mut visitor, &eddsa);
    for site in pair.both() {
        let kid = JwtVerifier::kid(&token(&mut visitor, site)).unwrap();
        assert_eq!(kid, JwtVerifier::kid(&made).unwrap(), "{} signs with the key that is there", site.name());
    }
    assert_eq!(pair.database.count("jwks"), 1);
    pair.keys();
}

#[test]
fn the_routes_answer_as_the_plugins_do() {
    needs!("node");
    let pair = Pair::start(Configured {
        plugin: json!({ "jwks": { "jwksPath": "/.well-known/keys.json" }, "disableSettingJwtHeader": true }),
        settings: vec![
            ("AUTH__JWT__JWKS_PATH", "/.well-known/keys.json".to_owned()),
            ("AUTH__JWT__DISABLE_SETTING_JWT_HEADER", "true".to_owned()),
        ],
        ..Configured::default_plugin()
    });
    let mut visitor = Visitor::new();
    ok(visitor.sign_up(&pair.theirs, EMAIL, PASSWORD));
    let requests = [
        Request::get("/api/auth/token"),
        Request::post_json("/api/auth/token", &json!({})),
        Request::get("/api/auth/token").header("cookie", "better-auth.session_token=forged.x"),
        Request::get("/api/auth/jwks"),
        Request::get("/api/auth/.well-known/keys.json"),
        Request::post_json("/api/auth/.well-known/keys.json", &json!({})),
        Request::get("/api/auth/get-session").header("cookie", &cookie(&visitor)),
    ];
    for request in requests {
        let [theirs, ours] = pair.both().map(|site| http::send(site.address(), &request));
        let place = format!("{} {}", request.method, request.path);
        assert_eq!((theirs.status, theirs.text()), (ours.status, ours.text()), "{place}");
        assert_eq!(theirs.header("content-type"), ours.header("content-type"), "{place}");
        assert_eq!((theirs.header("set-auth-jwt"), ours.header("set-auth-jwt")), (None, None), "{place}");
    }
}

fn cookie(visitor: &Visitor) -> String {
    format!("better-auth.session_token={}", visitor.session_cookie())
}

/// A meant difference: the reference takes the session away with the key.
#[test]
fn a_key_under_another_secret_costs_the_token_and_not_the_session() {
    needs!("node");
    let (database, configured) = (Database::migrated_by_us(), Configured::default_plugin());
    ok(keys(&start_ours(&database, &random_secret(), &configured)));
    let secret = random_secret();
    let theirs = theirs(&database, &secret, &configured);
    let ours = start_ours(&database, &secret, &configured);
    let mut visitor = Visitor::new();
    ok(visitor.sign_up(&ours, EMAIL, PASSWORD));
    for (site, session) in [(&theirs as &dyn Site, 500), (&ours, 200)] {
        let refused = visitor.send(site, Request::get("/api/auth/token"));
        assert_eq!((refused.status, refused.text()), (500, String::new()), "{}", site.name());
        let answer = visitor.get_session(site);
        assert_eq!((answer.status, answer.header("set-auth-jwt")), (session, None), "{}", site.name());
    }
    let log = ours.log();
    assert!(log.contains("cannot be used") && log.contains("another key"), "{log}");
    let stored = database.query("select \"privateKey\" from jwks");
    assert!(!log.contains(stored[0][0].as_deref().unwrap().trim_matches('"')));
}

/// Every fact about the table that PostgreSQL keeps.
fn description(database: &Database) -> Vec<Row> {
    let mut rows = database.query(
        "select column_name, data_type, is_nullable, column_default from information_schema.columns \
         where table_schema = 'public' and table_name = 'jwks' order by ordinal_position",
    );
    rows.extend(database.query(
        "select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'jwks'::regclass and contype <> 'n'",
    ));
    rows.extend(database.query("select indexname, indexdef from pg_indexes where tablename = 'jwks'"));
    rows
}

#[test]
fn r_107_both_migrations_make_the_same_table_of_keys() {
    needs!("node");
    let migrate = |database: &Database, apply: bool| {
        let plugins = json!({ "jwt": {} });
        let input = json!({ "databaseUrl": database.url(), "secret": random_secret(), "apply": apply, "plugins": plugins });
        node::run("migrate.mjs", &input)
    };
    let (theirs, ours) = (Database::empty(), Database::migrated_by_us());
    migrate(&theirs, true);
    assert_eq!(description(&theirs), description(&ours));
    assert!(description(&ours).len() > 8, "the query finds the table");
    let plan = migrate(&ours, false);
    assert_eq!(
        (&plan["toBeCreated"], &plan["toBeAdded"], &plan["sql"]),
        (&json!([]), &json!([]), &json!(";"))
    );

    // A table that Node made, with a key in it, is adopted as it is.
    let configured = Configured::default_plugin();
    let secret = random_secret();
    let reference = self::theirs(&theirs, &secret, &configured);
    let shown = ok(keys(&reference)).text();
    let output = ours::migrate(&theirs, "up");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(ours::migrate(&theirs, "check").status.success());
    let server = start_ours(&theirs, &secret, &configured);
    assert_eq!(ok(keys(&server)).text(), shown);
    assert_eq!(migrate(&theirs, false)["sql"], ";");
}
