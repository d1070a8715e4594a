//! How many statements each route costs, counted on the wire between the server and PostgreSQL, and written down in
//! `docs/STATEMENTS.md`.

pub mod counting;

use std::fmt::Write;
use std::path::Path;

use auth_http::signing_keys::KEY_CACHE_TTL;
use auth_store::IdKind;
use auth_store::testing::TestDatabase;
use reqwest::RequestBuilder;
use serde_json::json;
use test_support::{Answer, PASSWORD, SettingsFile, TestApp, all_routes, email_and_password};
use time::Duration;

use self::counting::CountingProxy;

const MARKER: &str = "<!-- from here on generated -->\n";

/// A field that `/update-session` may set.
const FIELD: &str = "[session.additional_fields.theme]\ntype = \"string\"\nrequired = false\n";

/// Without an age after which `/list-sessions` asks for a new sign-in.
const DEFERRED: [(&str, &str); 2] =
    [("AUTH__SESSION__DEFER_REFRESH", "true"), ("AUTH__SESSION__FRESH_AGE", "0s")];

/// A new address, a taken one, and a sign-in, where signing up signs nobody in.
const NO_SIGN_IN: [&str; 3] = [
    "no automatic sign-in, a new address",
    "no automatic sign-in, an address that has an account",
    "no automatic sign-in, the right password",
];
const VERIFIED: [&str; 3] = [
    "verification required, a new address",
    "verification required, an address that has an account",
    "verification required, the right password of an unverified address",
];

/// One measured request.
struct Row {
    route: &'static str,
    case: &'static str,
    status: u16,
    statements: Vec<String>,
}

/// A server whose statements are counted, and what was counted so far.
struct Measured {
    app: TestApp,
    proxy: CountingProxy,
    rows: Vec<Row>,
}

impl Measured {
    async fn start(database: &TestDatabase, settings: &[(&str, &str)]) -> Self {
        let proxy = CountingProxy::start(database.url()).await;
        let mut all = vec![
            // One connection, so that what is prepared once is prepared for all; nothing in the background.
            ("AUTH__DATABASE__MAX_CONNECTIONS", "1"),
            ("AUTH__CLEANUP__INTERVAL", "0s"),
        ];
        all.extend_from_slice(settings);
        Self { app: TestApp::on(&proxy.url(), &all).await, proxy, rows: Vec::new() }
    }

    fn request(&self, route: &str) -> RequestBuilder {
        let (method, path) = route.split_once(' ').unwrap();
        self.app.request(method, path)
    }

    /// Sends a request and keeps what it cost.
    async fn count(&mut self, route: &'static str, case: &'static str, request: RequestBuilder) -> Answer {
        self.proxy.take();
        let answer = self.app.send(request).await;
        let statements = self.proxy.take();
        self.rows.push(Row { route, case, status: answer.status, statements });
        answer
    }

    fn with_cookie(&self, route: &str, answer: &Answer) -> RequestBuilder {
        let (method, path) = route.split_once(' ').unwrap();
        self.app.request_as(&answer.all_cookies(), method, path)
    }

    /// Starts on a settings file as well; the columns that it declares are there.
    async fn with_file(database: &TestDatabase, toml: &str) -> Self {
        Self::start(database, &[SettingsFile::new(toml).variable()]).await
    }

    /// Goes through every route. The first round warms up: it opens the connection and meets the hash schemes.
    async fn round(&mut self, name: &str) {
        self.rows.clear();
        let email = format!("{name}@example.com");
        let person = json!({"email": email, "password": PASSWORD, "name": "Ann"});
        let stranger = email_and_password("nobody@example.com");
        let wrong = json!({"email": email, "password": "wrong password"});

        for (route, case) in [("GET /ok", ""), ("GET /error", ""), ("GET /nope", "no such route")] {
            self.count(route, case, self.request(route)).await;
        }
        let route = "POST /sign-up/email";
        self.count(route, "a new address", self.request(route).json(&person)).await;
        self.count(route, "an address that has an account", self.request(route).json(&person)).await;
        let registered = email_and_password(&format!("{name}-2@example.com"));
        self.count("POST /register", "a new address", self.request("POST /register").json(&registered)).await;
        for route in ["POST /sign-in/email", "POST /login"] {
            self.count(route, "the right password", self.request(route).json(&person)).await;
            self.count(route, "a wrong password", self.request(route).json(&wrong)).await;
            self.count(route, "an unknown address", self.request(route).json(&stranger)).await;
        }
        let route = "POST /sign-in/email";
        let foreign = self.request(route).header("origin", "https://evil.example").json(&person);
        self.count(route, "a foreign origin", foreign).await;
        self.count(route, "a bad body", self.request(route).json(&json!({}))).await;

        let session = self.app.login(&email).await;
        let bearer = |token: String| format!("Bearer {token}");
        for route in ["GET /get-session", "GET /user", "GET /list-sessions"] {
            self.count(route, "no credentials", self.request(route)).await;
            let forged = self.request(route).header("cookie", "better-auth.session_token=forged.x");
            self.count(route, "a forged cookie", forged).await;
            self.count(route, "a cookie", self.with_cookie(route, &session)).await;
            let of_session = self.request(route).header("authorization", bearer(session.session_token()));
            self.count(route, "a session token", of_session).await;
            let of_access = self.request(route).header("authorization", bearer(session.access_token()));
            self.count(route, "an access token", of_access).await;
        }
        self.count("POST /get-session", "a cookie", self.with_cookie("POST /get-session", &session)).await;
        let update = self.with_cookie("POST /update-session", &session).json(&json!({"theme": "dark"}));
        self.count("POST /update-session", "a field that is not declared", update).await;

        let route = "POST /change-password";
        let change = |revoke: bool| json!({"currentPassword": PASSWORD, "newPassword": PASSWORD, "revokeOtherSessions": revoke});
        let kept = self.with_cookie(route, &session).json(&change(false));
        self.count(route, "the other sessions kept", kept).await;
        let session = self.app.login(&email).await;
        let revoked = self.with_cookie(route, &session).json(&change(true));
        self.count(route, "the other sessions ended", revoked).await;

        let (session, other) = (self.app.login(&email).await, self.app.login(&email).await);
        let route = "POST /revoke-session";
        let revoke = self.with_cookie(route, &session).json(&json!({"token": other.session_token()}));
        self.count(route, "one of the caller's", revoke).await;
        let revoke = self.with_cookie(route, &session).json(&json!({"token": "unknown"}));
        self.count(route, "an unknown token", revoke).await;
        let route = "POST /revoke-other-sessions";
        self.count(route, "a cookie", self.with_cookie(route, &session)).await;
        let route = "POST /revoke-sessions";
        self.count(route, "a cookie", self.with_cookie(route, &session)).await;
        for route in ["POST /sign-out", "POST /logout"] {
            let session = self.app.login(&email).await;
            self.count(route, "a cookie", self.with_cookie(route, &session)).await;
            self.count(route, "no credentials", self.request(route)).await;
        }

        // Last, since the clock stays where it is.
        let (due, over) = (self.app.login(&email).await, self.app.login(&email).await);
        self.app.clock.advance(Duration::days(2));
        let route = "GET /get-session";
        self.count(route, "a cookie whose session is due for renewal", self.with_cookie(route, &due)).await;
        self.app.clock.advance(Duration::days(6));
        self.count(route, "a cookie whose session has run out", self.with_cookie(route, &over)).await;
    }

    /// The reads that the cookie cache answers, and those that it must not.
    async fn cached_round(&mut self, name: &str) {
        self.rows.clear();
        let email = format!("{name}@example.com");
        self.app.register(&email).await;
        let session = self.app.login(&email).await;
        assert!(session.cookie_header().contains("session_data="), "{:?}", session.set_cookies());
        let route = "GET /get-session";
        self.count(route, "a cached session", self.with_cookie(route, &session)).await;
        let read = self.request("GET /get-session?disableCookieCache=true");
        let read = read.header("cookie", session.cookie_header());
        self.count(route, "a cached session, the cache turned off by the caller", read).await;
        for route in ["GET /user", "GET /list-sessions"] {
            self.count(route, "a cached session", self.with_cookie(route, &session)).await;
        }
        let update = self.with_cookie("POST /update-session", &session).json(&json!({"theme": "dark"}));
        self.count("POST /update-session", "a cached session, a field that is not declared", update).await;
        let route = "POST /change-password";
        let change = json!({"currentPassword": PASSWORD, "newPassword": PASSWORD});
        self.count(route, "a cached session", self.with_cookie(route, &session).json(&change)).await;
        let route = "POST /revoke-session";
        let revoke = self.with_cookie(route, &session).json(&json!({"token": "unknown"}));
        self.count(route, "a cached session, an unknown token", revoke).await;
        let route = "POST /revoke-other-sessions";
        self.count(route, "a cached session", self.with_cookie(route, &session)).await;
        self.app.clock.advance(Duration::minutes(6));
        let route = "GET /get-session";
        self.count(route, "a cached session whose cache has run out", self.with_cookie(route, &session))
            .await;
    }

    /// Copies under a key of the `jwt` plugin, which is in memory once it was read.
    async fn keyed_round(&mut self, name: &str) {
        self.rows.clear();
        let email = format!("{name}@example.com");
        self.app.register(&email).await;
        self.app.clock.advance(KEY_CACHE_TTL);
        let route = "POST /login";
        let person = email_and_password(&email);
        let login = |measured: &Self| measured.request(route).json(&person);
        self.count(route, "`jwt.session_cookie_cache`, no key read lately", login(self)).await;
        let session = self.count(route, "`jwt.session_cookie_cache`", login(self)).await;
        let route = "GET /get-session";
        let read = |measured: &Self| measured.with_cookie(route, &session);
        self.count(route, "a cached session, `jwt.session_cookie_cache`", read(self)).await;
        self.app.clock.advance(Duration::seconds(61));
        let case = "a cached session, `jwt.session_cookie_cache`, no key read for a minute";
        self.count(route, case, read(self)).await;
        let unknown = session.cookie_header().replace("session_data=", "session_data=e30.");
        let unknown = self.request(route).header("cookie", unknown);
        self.count(route, "a forged cache, `jwt.session_cookie_cache`", unknown).await;
    }

    /// A field of the session that clients may set.
    async fn field_round(&mut self, name: &str) {
        self.rows.clear();
        let email = format!("{name}@example.com");
        self.app.register(&email).await;
        let session = self.app.login(&email).await;
        let route = "POST /update-session";
        let update = self.with_cookie(route, &session).json(&json!({"theme": "dark"}));
        self.count(route, "a declared field", update).await;
    }

    /// Reads that leave the extension to a POST.
    async fn deferred_round(&mut self, name: &str) {
        self.rows.clear();
        let email = format!("{name}@example.com");
        self.app.register(&email).await;
        let session = self.app.login(&email).await;
        for route in ["GET /get-session", "POST /get-session"] {
            self.count(route, "deferred refresh, not due", self.with_cookie(route, &session)).await;
        }
        self.app.clock.advance(Duration::days(2));
        for route in ["GET /get-session", "GET /list-sessions", "POST /get-session"] {
            self.count(route, "deferred refresh, due for renewal", self.with_cookie(route, &session)).await;
        }
        self.app.clock.advance(Duration::days(8));
        for route in ["GET /get-session", "POST /get-session"] {
            self.count(route, "deferred refresh, run out", self.with_cookie(route, &session)).await;
        }
    }

    /// Signing up where that signs nobody in, and the sign-ins that follow.
    async fn signed_out_round(&mut self, name: &str, cases: [&'static str; 3]) {
        self.rows.clear();
        let email = format!("{name}@example.com");
        let person = json!({"email": email, "password": PASSWORD, "name": "Ann"});
        let other = email_and_password(&format!("{name}-2@example.com"));
        for (route, person) in [("POST /sign-up/email", &person), ("POST /register", &other)] {
            for case in &cases[..2] {
                self.count(route, case, self.request(route).json(person)).await;
            }
        }
        for route in ["POST /sign-in/email", "POST /login"] {
            self.count(route, cases[2], self.request(route).json(&person)).await;
        }
    }

    /// The `username` plugin.
    async fn username_round(&mut self, name: &str) {
        self.rows.clear();
        let email = format!("{name}@example.com");
        let person = json!({"email": email, "password": PASSWORD, "name": "Ann", "username": name});
        let route = "POST /sign-up/email";
        self.count(route, "a new username", self.request(route).json(&person)).await;
        self.count(route, "a username that is taken", self.request(route).json(&person)).await;
        let route = "POST /sign-in/username";
        self.count(route, "the right password", self.request(route).json(&person)).await;
        let wrong = json!({"username": name, "password": "wrong password"});
        self.count(route, "a wrong password", self.request(route).json(&wrong)).await;
        let unknown = json!({"username": "nobody", "password": PASSWORD});
        self.count(route, "an unknown username", self.request(route).json(&unknown)).await;
        self.count(
            route,
            "a text that is no username",
            self.request(route).json(&json!({"username": "x", "password": "x"})),
        )
        .await;
        let route = "POST /is-username-available";
        self.count(route, "", self.request(route).json(&json!({"username": name}))).await;
    }

    /// The `jwt` plugin, and a rotation of its key.
    async fn jwt_round(&mut self, name: &str) {
        self.rows.clear();
        let email = format!("{name}@example.com");
        self.app.register(&email).await;
        let session = self.app.login(&email).await;
        let (token, read) = ("GET /token", "GET /get-session");
        self.app.clock.advance(KEY_CACHE_TTL);
        self.count(token, "a cookie, no key read lately", self.with_cookie(token, &session)).await;
        self.count(token, "a cookie", self.with_cookie(token, &session)).await;
        self.count(token, "no credentials", self.request(token)).await;
        self.count(read, "a cookie, `jwt.enabled`", self.with_cookie(read, &session)).await;
        for route in ["GET /jwks", "GET /.well-known/jwks.json"] {
            self.count(route, "", self.request(route)).await;
        }
        self.app.clock.advance(Duration::hours(2));
        self.count(token, "a cookie, the key has run out", self.with_cookie(token, &session)).await;
    }
}

#[actix_web::test]
async fn the_table_of_statements_is_what_each_route_costs() {
    let database = TestDatabase::create().await;
    let mut plain = Measured::start(&database, &[]).await;
    plain.round("warm").await;
    plain.round("ann").await;
    let cache = [
        ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
        ("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false"),
        ("AUTH__SESSION__ANONYMOUS_GET_SESSION", "null"),
    ];
    let mut cached = Measured::start(&database, &cache).await;
    cached.cached_round("warm-cache").await;
    cached.cached_round("cache").await;
    let mut deferred = Measured::start(&database, &DEFERRED).await;
    deferred.deferred_round("warm-deferred").await;
    deferred.deferred_round("deferred").await;
    let no_sign_in = [("AUTH__EMAIL_AND_PASSWORD__AUTO_SIGN_IN", "false")];
    let mut no_sign_in = Measured::start(&database, &no_sign_in).await;
    let verified = [("AUTH__EMAIL_AND_PASSWORD__REQUIRE_EMAIL_VERIFICATION", "true")];
    let mut verified = Measured::start(&database, &verified).await;
    for round in ["warm", "counted"] {
        no_sign_in.signed_out_round(&format!("{round}-no-sign-in"), NO_SIGN_IN).await;
        verified.signed_out_round(&format!("{round}-verified"), VERIFIED).await;
    }
    let jwt = [("AUTH__JWT__ENABLED", "true"), ("AUTH__JWT__ROTATION_INTERVAL", "1h")];
    let mut jwt = Measured::start(&database, &jwt).await;
    jwt.jwt_round("warm-jwt").await;
    jwt.jwt_round("jwt").await;
    // After the plugin's own rows, whose keys run out and its do not.
    let keyed = [
        ("AUTH__SESSION__COOKIE_CACHE__STRATEGY", "jwt"),
        ("AUTH__JWT__ENABLED", "true"),
        ("AUTH__JWT__SESSION_COOKIE_CACHE", "true"),
        ("AUTH__JWT__DISABLE_SETTING_JWT_HEADER", "true"),
    ];
    let mut keyed = Measured::start(&database, &[&cache[..], &keyed].concat()).await;
    keyed.keyed_round("warm-keyed").await;
    keyed.keyed_round("keyed").await;
    // Last, since a column is added that the others do not know.
    let mut username = Measured::start(&database, &[("AUTH__USERNAME__ENABLED", "true")]).await;
    username.username_round("warm_username").await;
    username.username_round("username").await;
    let mut fields = Measured::with_file(&database, FIELD).await;
    fields.field_round("warm-field").await;
    fields.field_round("field").await;

    let all: Vec<&Row> =
        [&plain, &cached, &jwt, &username].into_iter().flat_map(|measured| &measured.rows).collect();
    for route in all_routes() {
        let name = format!("{} {}", route.method, route.path);
        assert!(all.iter().any(|row| row.route == name), "{name} is not measured");
    }
    let cost = |measured: &Measured, route: &str, case: &str| {
        let row = measured.rows.iter().find(|row| (row.route, row.case) == (route, case)).unwrap();
        row.statements.len()
    };
    let read = "GET /get-session";
    assert_eq!(cost(&cached, read, "a cached session"), 0);
    assert_eq!(cost(&keyed, read, "a cached session, `jwt.session_cookie_cache`"), 0);
    for case in ["a cookie", "a session token", "an access token"] {
        assert_eq!(cost(&plain, read, case), 1, "{case}");
    }
    assert_eq!(cost(&plain, read, "a cookie whose session is due for renewal"), 2);
    for (route, case) in [("POST /sign-in/email", "a foreign origin"), ("GET /user", "a forged cookie")] {
        assert_eq!(cost(&plain, route, case), 0, "{route} {case}");
    }
    let (signed, read) = (cost(&jwt, "GET /token", "a cookie"), cost(&jwt, "GET /jwks", ""));
    assert_eq!((signed, read), (1, 1), "an opened key signs on, and is shown as the table has it");
    assert_eq!(cost(&jwt, "GET /get-session", "a cookie, `jwt.enabled`"), 1);
    for read in ["GET /get-session", "GET /list-sessions"] {
        let row = deferred.rows.iter().find(|row| row.route == read && row.case.ends_with("due for renewal"));
        assert!(row.unwrap().statements.iter().all(|statement| statement.starts_with("select")), "{read}");
    }
    // What an address costs must not tell whether it has an account.
    for measured in [&no_sign_in, &verified] {
        for pair in measured.rows[..4].chunks(2) {
            let [new, taken] = pair else { panic!("{}", pair.len()) };
            let costs = |row: &Row| (row.status, row.statements.len());
            assert_eq!(costs(new), costs(taken), "{}", new.route);
        }
    }
    // A name that no user has must not be told by what it costs.
    let by_name = "POST /sign-in/username";
    let costs = ["a wrong password", "an unknown username"].map(|case| cost(&username, by_name, case));
    assert_eq!(costs, [1, 1]);
    let all = [plain, cached, jwt, keyed, deferred, no_sign_in, verified, username, fields];
    written_down(&table(all.iter().flat_map(|measured| &measured.rows).collect()));
}

#[actix_web::test]
async fn ids_of_every_kind_cost_the_same() {
    let mut costs: Vec<Vec<_>> = Vec::new();
    for ids in IdKind::ALL {
        let database = TestDatabase::create_with_ids(ids).await;
        let mut measured = Measured::start(&database, &[("AUTH__DATABASE__GENERATE_ID", ids.name())]).await;
        measured.round("warm").await;
        measured.round("ann").await;
        let cost = |row: Row| (row.route, row.case, row.status, row.statements);
        costs.push(std::mem::take(&mut measured.rows).into_iter().map(cost).collect());
    }
    let [text, uuid, serial] = costs.as_slice() else { panic!("three kinds") };
    assert!(text.len() > 30, "{}", text.len());
    assert_eq!(text, uuid);
    assert_eq!(text, serial);
}

fn table(mut rows: Vec<&Row>) -> String {
    let place = |row: &Row| {
        let of = |name: &str| {
            all_routes().iter().position(|route| format!("{} {}", route.method, route.path) == name)
        };
        of(row.route).unwrap_or(usize::MAX)
    };
    rows.sort_by_key(|row| place(row));
    let mut text = String::from("| route | with | status | statements | which |\n|---|---|---|---|---|\n");
    for Row { route, case, status, statements } in rows {
        let which = statements.join(", ");
        writeln!(text, "| `{route}` | {case} | {status} | {} | {which} |", statements.len()).unwrap();
    }
    text
}

fn written_down(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/STATEMENTS.md");
    let present = std::fs::read_to_string(&path).unwrap();
    let (prose, generated) = present.split_once(MARKER).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{prose}{MARKER}{table}")).unwrap();
    } else {
        assert_eq!(
            generated, table,
            "docs/STATEMENTS.md is stale: UPDATE_DOCS=1 cargo test -p auth-http --test api statements"
        );
    }
}
