//! Better Auth's `jwt` plugin: tokens under public keys, the keys, and their rotation.

use auth_core::{JwkSet, JwtClaims, JwtPolicy, JwtVerifier, VerificationKey};
use auth_store::testing::TestDatabase;
use serde_json::{Value, json};
use test_support::{Answer, CredentialHeader, TestApp, routes_of};
use time::Duration;

const ON: (&str, &str) = ("AUTH__JWT__ENABLED", "true");

async fn app(settings: &[(&str, &str)]) -> TestApp {
    TestApp::with(&[&[ON], settings].concat()).await
}

/// Gives the keys as a service sees them.
async fn keys(app: &TestApp) -> JwkSet {
    JwkSet::parse(app.get("/jwks", &[]).await.body.as_bytes()).unwrap()
}

/// Checks a token as a service does, which knows the server by its keys alone.
async fn claims(app: &TestApp, token: &str) -> JwtClaims {
    let keys = keys(app).await;
    let key: &VerificationKey = keys.find(&JwtVerifier::kid(token).unwrap()).expect("the key is shown");
    JwtVerifier::new(&JwtPolicy::new(app.origin.as_str())).verify(token, key, app.clock.now()).unwrap()
}

async fn token(app: &TestApp, cookie: &str) -> String {
    let answer = app.get("/token", &[("cookie", cookie)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["token"].as_str().unwrap().to_owned()
}

fn kid(token: &str) -> String {
    JwtVerifier::kid(token).unwrap().as_str().to_owned()
}

fn exposed(answer: &Answer) -> &str {
    answer.header("access-control-expose-headers")
}

#[actix_web::test]
async fn a_token_says_who_the_user_is_to_whoever_has_the_public_keys() {
    let app = app(&[]).await;
    let registered = app.register("ann@example.com").await;
    let user = registered.json()["user"].clone();
    let answer = app.get_as(&registered.cookie(), "/token").await;
    assert_eq!(answer.json().as_object().unwrap().len(), 1, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    let claims = claims(&app, answer.json()["token"].as_str().unwrap()).await;
    assert_eq!(
        (claims.user_id.as_str(), claims.email.as_deref()),
        (user["id"].as_str().unwrap(), user["email"].as_str())
    );
    let lives = claims.expires_at - claims.issued_at.unwrap();
    assert_eq!(lives, Duration::minutes(15));
    for bearer in [registered.session_token(), registered.access_token()] {
        let answer = app.get_as(&CredentialHeader::bearer(&bearer), "/token").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[actix_web::test]
async fn the_session_comes_with_a_token_that_scripts_may_read() {
    let app = app(&[]).await;
    let cookie = app.register("ann@example.com").await.session_cookie();
    let origin = app.origin.clone();
    let answer = app.get("/get-session", &[("cookie", &cookie), ("origin", &origin)]).await;
    let claims = claims(&app, answer.header("set-auth-jwt")).await;
    assert_eq!(answer.json()["user"]["id"], claims.user_id.as_str());
    assert!(exposed(&answer).split(", ").any(|name| name == "set-auth-jwt"), "{}", exposed(&answer));
    let nobody = app.get("/get-session", &[("cookie", "better-auth.session_token=forged.x")]).await;
    assert_eq!((nobody.header("set-auth-jwt"), exposed(&nobody)), ("", ""));

    let quiet = TestApp::with(&[ON, ("AUTH__JWT__DISABLE_SETTING_JWT_HEADER", "true")]).await;
    let cookie = quiet.register("ann@example.com").await.session_cookie();
    assert_eq!(quiet.get("/get-session", &[("cookie", &cookie)]).await.header("set-auth-jwt"), "");
    assert_eq!(quiet.count("jwks").await, 0, "no key is made for nobody");
}

#[actix_web::test]
async fn without_the_plugin_none_of_it_is_there() {
    let (app, ann) = TestApp::signed_in(&[]).await;
    let cookie = ann.cookie();
    let routes = routes_of("jwt");
    assert_eq!(routes.len(), 3);
    for entry in routes {
        assert_eq!(app.get_as(&cookie, entry.path).await.status, 404, "{}", entry.path);
    }
    assert_eq!(app.get_as(&cookie, "/get-session").await.header("set-auth-jwt"), "");
    assert_eq!(app.get_at_root(WELL_KNOWN).await.status, 404);
}

#[actix_web::test]
async fn the_keys_are_where_the_settings_and_other_software_look_for_them() {
    let app = app(&[("AUTH__JWT__JWKS_PATH", "/public/keys.json")]).await;
    let keys = app.get("/public/keys.json", &[]).await;
    assert_eq!((keys.status, keys.header("cache-control")), (200, ""));
    assert!(keys.header("content-type").starts_with("application/json"));
    assert_eq!(app.get("/.well-known/jwks.json", &[]).await.body, keys.body);
    assert_eq!(app.get_at_root(WELL_KNOWN).await.body, keys.body);
    assert_eq!(app.get("/jwks", &[]).await.status, 404);
    assert_eq!(app.post("/public/keys.json", &json!({})).await.status, 404);
    assert_eq!(app.post("/token", &json!({})).await.status, 404);
    assert_eq!(app.count("jwks").await, 1, "asked three times, made once");
}

const WELL_KNOWN: &str = "/.well-known/jwks.json";

#[actix_web::test]
async fn r_072_turned_off_keys_are_off_under_every_path() {
    let database = TestDatabase::create().await;
    for (keys, disabled, is_off) in [
        ("/jwks", "/jwks", true),
        ("/jwks", WELL_KNOWN, true),
        ("/keys", "/keys", true),
        ("/keys", WELL_KNOWN, true),
        // Not where the keys are.
        ("/keys", "/jwks", false),
        (WELL_KNOWN, WELL_KNOWN, true),
        (WELL_KNOWN, "/jwks", false),
    ] {
        let settings = [ON, ("AUTH__JWT__JWKS_PATH", keys), ("AUTH__SERVER__DISABLED_PATHS", disabled)];
        let app = TestApp::on(database.url(), &settings).await;
        let answers =
            [app.get_at_root(WELL_KNOWN).await, app.get(keys, &[]).await, app.get(WELL_KNOWN, &[]).await];
        let seen = answers.map(|answer| (answer.status, answer.body == "Not Found"));
        let expected = if is_off { (404, true) } else { (200, false) };
        assert_eq!(seen, [expected; 3], "{keys} {disabled}");
    }
}

#[actix_web::test]
async fn r_080_keys_count_under_the_path_that_the_settings_chose_for_them() {
    for (keys, rule, passes) in
        [("/jwks", "/jwks", 4), ("/keys", "/keys", 4), (WELL_KNOWN, WELL_KNOWN, 4), ("/keys", "/jwks", 6)]
    {
        let rule = format!("{rule} = 4 per 10s");
        let app = app(&[
            ("AUTH__RATE_LIMIT__ENABLED", "true"),
            ("AUTH__RATE_LIMIT__STORAGE", "database"),
            ("AUTH__RATE_LIMIT__CUSTOM_RULES", &rule),
            ("AUTH__JWT__JWKS_PATH", keys),
        ])
        .await;
        let mut passed = 0;
        for _ in 0..2 {
            let at_root = app.get_at_root(WELL_KNOWN).await.status;
            for status in [app.get(keys, &[]).await.status, app.get(WELL_KNOWN, &[]).await.status, at_root] {
                assert!(matches!(status, 200 | 429), "{status}");
                passed += i32::from(status == 200);
            }
        }
        let rows = app.sql("select string_agg(concat_ws(' ', key, count), ', ') from \"rateLimit\"").await;
        assert_eq!((passed, rows), (passes, format!("127.0.0.1|{keys} {passes}")), "{keys}, {rule}");
    }
}

#[actix_web::test]
async fn a_caller_without_a_session_gets_no_token() {
    let app = app(&[]).await;
    let answer = app.get("/token", &[]).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHORIZED"));
    let registered = app.register("ann@example.com").await;
    app.execute("delete from session").await;
    let answer = app.get_as(&registered.cookie(), "/token").await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHORIZED"));
}

#[actix_web::test]
async fn r_025_a_cached_session_that_was_ended_gets_no_token() {
    let cached = [
        ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
        ("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false"),
    ];
    let app = app(&cached).await;
    let cookies = app.sign_up("ann@example.com").await.all_cookies();
    assert!(cookies.value().contains("session_data"));
    assert_ne!(app.get_as(&cookies, "/get-session").await.header("set-auth-jwt"), "");
    app.execute("delete from session").await;
    let answer = app.get_as(&cookies, "/get-session").await;
    assert_eq!((answer.body.as_str(), answer.header("set-auth-jwt")), ("null", ""));
    assert_eq!(app.get_as(&cookies, "/token").await.status, 401);
}

#[actix_web::test]
async fn r_002_a_token_for_services_is_no_credential_here() {
    let app = app(&[("AUTH__ACCESS_TOKEN__ACCEPT_FOREIGN", "true")]).await;
    let cookie = app.register("ann@example.com").await.session_cookie();
    let bearer = CredentialHeader::bearer(token(&app, &cookie).await);
    for path in ["/get-session", "/user", "/list-sessions", "/token"] {
        let answer = app.get(path, &[bearer.as_pair(), ("cookie", &cookie)]).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "INVALID_TOKEN"), "{path}");
    }
}

#[actix_web::test]
async fn every_algorithm_signs_what_its_public_key_verifies() {
    for algorithm in ["EdDSA", "ES256", "ES512", "RS256", "PS256"] {
        let app = app(&[("AUTH__JWT__ALGORITHM", algorithm)]).await;
        let cookie = app.register("ann@example.com").await.session_cookie();
        let token = token(&app, &cookie).await;
        claims(&app, &token).await;
        let keys = app.get("/jwks", &[]).await.json();
        let key = keys["keys"][0].as_object().unwrap();
        assert_eq!((&key["alg"], &key["kid"]), (&json!(algorithm), &json!(kid(&token))));
    }
}

#[actix_web::test]
async fn r_130_private_keys_are_stored_encrypted_and_never_shown() {
    for algorithm in ["EdDSA", "ES256", "RS256"] {
        let app = app(&[("AUTH__JWT__ALGORITHM", algorithm)]).await;
        let keys = app.get("/jwks", &[]).await.json();
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert_eq!(keys["keys"][0][private], Value::Null, "{algorithm} {private}");
        }
        let stored = app.sql("select \"privateKey\" from jwks").await;
        let sealed: String = serde_json::from_str(&stored).expect("a JSON text");
        assert!(sealed.bytes().all(|byte| byte.is_ascii_hexdigit()), "{algorithm}");
    }
    let open = app(&[("AUTH__JWT__DISABLE_PRIVATE_KEY_ENCRYPTION", "true")]).await;
    let shown = open.get("/jwks", &[]).await.json();
    let stored: Value = serde_json::from_str(&open.sql("select \"privateKey\" from jwks").await).unwrap();
    assert!(stored["d"].is_string() && shown["keys"][0]["d"].is_null());
}

#[actix_web::test]
async fn a_token_carries_what_the_settings_say() {
    let settings = [
        ("AUTH__JWT__ISSUER", "https://issuer.example"),
        ("AUTH__JWT__AUDIENCE", "orders"),
        ("AUTH__JWT__EXPIRATION_TIME", "90s"),
        ("AUTH__JWT__PAYLOAD", "minimal"),
    ];
    let app = app(&settings).await;
    let registered = app.register("ann@example.com").await;
    let token = token(&app, &registered.session_cookie()).await;
    let claims = test_support::claims(&token);
    let issued_at = claims["iat"].as_i64().unwrap();
    let expected = json!({
        "iat": issued_at, "sub": registered.json()["user"]["id"], "exp": issued_at + 90,
        "iss": "https://issuer.example", "aud": "orders",
    });
    assert_eq!(claims, expected);
}

#[actix_web::test]
async fn r_130_a_key_that_has_run_out_is_replaced_and_shown_for_its_grace_period() {
    let app = app(&[("AUTH__JWT__ROTATION_INTERVAL", "1h"), ("AUTH__JWT__GRACE_PERIOD", "2h")]).await;
    let cookie = app.register("ann@example.com").await.session_cookie();
    let first = token(&app, &cookie).await;
    app.clock.advance(Duration::minutes(59));
    assert_eq!(kid(&token(&app, &cookie).await), kid(&first), "it has not run out");
    let last = token(&app, &cookie).await;
    app.clock.advance(Duration::minutes(2));
    let next = token(&app, &cookie).await;
    assert_ne!(kid(&next), kid(&first));
    // A token of the old key is verified to its end.
    claims(&app, &last).await;
    assert_eq!(keys(&app).await.iter().count(), 2);
    app.clock.advance(Duration::minutes(121));
    let shown: Vec<String> = keys(&app).await.iter().map(|key| key.kid().as_str().to_owned()).collect();
    assert_eq!(shown, [kid(&next)], "the first is over, the second in its grace period");
    assert_eq!(app.count("jwks").await, 2, "who only reads keys replaces none");
}

#[actix_web::test]
async fn r_130_rotation_under_load_makes_one_key_and_loses_no_token() {
    let app = app(&[("AUTH__JWT__ROTATION_INTERVAL", "1h"), ("AUTH__SERVER__WORKERS", "4")]).await;
    let other = TestApp::sharing(&app, &[ON, ("AUTH__JWT__ROTATION_INTERVAL", "1h")]).await;
    let cookie = app.register("ann@example.com").await.session_cookie();
    for round in 1..=5 {
        let asked = (0..32).map(|number| {
            let (app, cookie) = (if number % 2 == 0 { &app } else { &other }, &cookie);
            async move {
                let token = token(app, cookie).await;
                claims(app, &token).await;
                kid(&token)
            }
        });
        let kids = futures_util::future::join_all(asked).await;
        assert!(kids.iter().all(|kid| *kid == kids[0]), "round {round}: {kids:?}");
        assert_eq!(app.count("jwks").await, round, "both servers made one key");
        app.clock.advance(Duration::minutes(61));
        other.clock.advance(Duration::minutes(61));
    }
}

#[actix_web::test]
async fn another_servers_newer_key_is_shown_at_once_and_signs_soon() {
    let app = app(&[]).await;
    let cookie = app.register("ann@example.com").await.session_cookie();
    let first = token(&app, &cookie).await;
    app.execute(
        r#"insert into jwks (id, "publicKey", "privateKey", "createdAt", alg, crv)
           select 'newer', "publicKey", "privateKey", "createdAt" + interval '1 second', alg, crv from jwks"#,
    )
    .await;
    assert_eq!(keys(&app).await.iter().count(), 2);
    app.clock.advance(auth_http::signing_keys::KEY_CACHE_TTL);
    let next = token(&app, &cookie).await;
    assert_eq!(kid(&next), "newer");
    claims(&app, &next).await;
    claims(&app, &first).await;
}

#[actix_web::test]
async fn a_private_key_under_another_secret_breaks_tokens_and_not_sessions() {
    let app = app(&[]).await;
    assert_eq!(app.get("/jwks", &[]).await.status, 200);
    let stranger = ("BETTER_AUTH_SECRET", "another-secret-0123456789-abcdefghijklmnopqrstuv");
    let other = TestApp::sharing(&app, &[ON, stranger]).await;
    let cookie = other.register("ann@example.com").await.cookie();
    let refused = other.get_as(&cookie, "/token").await;
    assert_eq!((refused.status, refused.body.as_str()), (500, ""));
    let session = other.get_as(&cookie, "/get-session").await;
    assert_eq!((session.status, session.header("set-auth-jwt"), exposed(&session)), (200, "", ""));
    assert_eq!(session.json()["user"]["email"], "ann@example.com");
    // Nor does a table that cannot be read take the session away.
    app.execute("alter table jwks rename to keys_elsewhere").await;
    let session = other.get_as(&cookie, "/get-session").await;
    assert_eq!((session.status, session.header("set-auth-jwt")), (200, ""));
    app.execute("alter table keys_elsewhere rename to jwks").await;
    assert_eq!(
        other.get("/jwks", &[]).await.body,
        app.get("/jwks", &[]).await.body,
        "public keys are public"
    );
    assert_eq!(app.count("jwks").await, 1, "no key is made in its place behind the operator's back");
}

#[actix_web::test]
async fn r_130_a_row_of_two_keys_signs_nothing() {
    let app = app(&[]).await;
    assert_eq!(app.get("/jwks", &[]).await.status, 200);
    // What a restored backup or a careless hand may leave: the public half of another key.
    let other = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    app.execute(&format!(r#"update jwks set "publicKey" = '{{"crv":"Ed25519","x":"{other}","kty":"OKP"}}'"#))
        .await;
    let cookie = app.register("ann@example.com").await.cookie();
    let refused = app.get_as(&cookie, "/token").await;
    assert_eq!((refused.status, refused.body.as_str()), (500, ""), "nobody could verify its token");
    let session = app.get_as(&cookie, "/get-session").await;
    assert_eq!((session.status, session.header("set-auth-jwt")), (200, ""));
}

#[actix_web::test]
async fn a_key_that_the_database_refuses_is_kept_for_the_next_try() {
    let app = app(&[("AUTH__DATABASE__MAX_CONNECTIONS", "1")]).await;
    // A session's locks stay when the transaction goes, and so tell how many keys were tried.
    app.execute(
        "create function refuse() returns trigger language plpgsql as $$ begin \
           perform pg_advisory_lock(1, hashtext(new.id)); raise exception 'full'; end $$; \
         create trigger refuse before insert on jwks for each row execute function refuse()",
    )
    .await;
    for _ in 0..3 {
        assert_eq!(app.get("/jwks", &[]).await.status, 500);
    }
    let tried = "select count(*)::text from pg_locks where locktype = 'advisory' and classid = 1 \
                 and database = (select oid from pg_database where datname = current_database())";
    assert_eq!(app.sql(tried).await, "1");
    app.execute("drop trigger refuse on jwks").await;
    let cookie = app.register("ann@example.com").await.session_cookie();
    claims(&app, &token(&app, &cookie).await).await;
}

#[actix_web::test]
async fn rows_that_are_no_keys_are_not_shown_and_hide_no_others() {
    let app = app(&[]).await;
    let good = app.get("/jwks", &[]).await.body;
    for (id, public, algorithm) in
        [("a", "{}", "'EdDSA'"), ("b", "no JSON", "null"), ("c", r#"{"kty":"oct","k":"AA"}"#, "'HS256'")]
    {
        app.execute(&format!(
            r#"insert into jwks (id, "publicKey", "privateKey", "createdAt", alg) values ('{id}', '{public}', '', '2020-01-01', {algorithm})"#
        ))
        .await;
    }
    assert_eq!(app.get("/jwks", &[]).await.body, good);
    let cookie = app.register("ann@example.com").await.session_cookie();
    claims(&app, &token(&app, &cookie).await).await;
}
