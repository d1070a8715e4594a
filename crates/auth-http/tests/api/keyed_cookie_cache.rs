//! `jwt.session_cookie_cache`: copies of sessions under a key of the `jwks` table, which services read without the secret.
//! What holds for copies of every form is in [`crate::cookie_cache`].

mod reads;

use auth_core::{
    BaseUrl, Credentials, JwkSet, JwtPolicy, KeyedCookieCache, Proof, Refusal, UserSession, Verdict, Verifier,
};
use auth_http::signing_keys::KEY_CACHE_TTL;
use josekit::jwk::Jwk;
use josekit::jws::{EdDSA, JwsSigner};
use serde_json::{Value, json};
use test_support::{Answer, TestApp, email_and_password, from_base64, to_base64};
use time::Duration;

const ON: [(&str, &str); 6] = [
    ("AUTH__JWT__ENABLED", "true"),
    ("AUTH__JWT__SESSION_COOKIE_CACHE", "true"),
    ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
    ("AUTH__SESSION__COOKIE_CACHE__STRATEGY", "jwt"),
    // With a token in the answer, the session is read each time.
    ("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false"),
    ("AUTH__JWT__DISABLE_SETTING_JWT_HEADER", "true"),
];
const DATA: &str = "better-auth.session_data";

async fn start(more: &[(&str, &str)]) -> TestApp {
    TestApp::with(&[&ON[..], more].concat()).await
}

async fn beside(app: &TestApp, more: &[(&str, &str)]) -> TestApp {
    TestApp::sharing(app, &[&ON[..], more].concat()).await
}

/// The copy that an answer sets.
fn copy(answer: &Answer) -> Option<String> {
    let prefix = format!("{DATA}=");
    let lines = answer.set_cookies();
    let value = lines.iter().find_map(|line| line.strip_prefix(&prefix))?.split(';').next()?;
    (!value.is_empty()).then(|| value.to_owned())
}

fn removes_the_copy(answer: &Answer) -> bool {
    answer.set_cookies().iter().any(|line| line.starts_with(&format!("{DATA}=; Max-Age=0")))
}

fn part(value: &str, number: usize) -> Value {
    serde_json::from_slice(&from_base64(value.split('.').nth(number).unwrap())).unwrap()
}

fn kid(value: &str) -> String {
    KeyedCookieCache::kid(value).unwrap().as_str().to_owned()
}

async fn read(app: &TestApp, cookies: &str) -> Answer {
    app.get("/get-session", &[("cookie", cookies)]).await
}

/// Whose name an answer shows: the copy's, or what the database has since.
async fn name(app: &TestApp, cookies: &str) -> String {
    let answer = read(app, cookies).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["user"]["name"].as_str().unwrap().to_owned()
}

/// From here on a copy and the database differ.
async fn rename(app: &TestApp) {
    app.execute("update \"user\" set name = 'stored'").await;
}

async fn keys(app: &TestApp) -> JwkSet {
    JwkSet::parse(app.get("/jwks", &[]).await.body.as_bytes()).unwrap()
}

/// What a service makes of the cookies that has the public keys and no secret.
async fn to_a_service(app: &TestApp, cookies: &str) -> Result<UserSession, Refusal> {
    let verifier = Verifier::from_keys(&JwtPolicy::new(app.origin.as_str()), keys(app).await)
        .with_cookie_cache_of(&BaseUrl::parse(&app.origin).unwrap());
    match verifier.verify(&Credentials::read([], [cookies.as_bytes()]), app.clock.now())? {
        Verdict::Principal(principal) => match principal.proof() {
            Proof::CookieCache(found) => Ok((**found).clone()),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[actix_web::test]
async fn a_service_with_the_public_keys_reads_who_is_signed_in() {
    for algorithm in ["EdDSA", "ES256", "ES512", "RS256", "PS256"] {
        let settings = [("AUTH__JWT__ALGORITHM", algorithm), ("AUTH__JWT__ISSUER", "https://other.example")];
        let app = start(&settings).await;
        let registered = app.register("ann@example.com").await;
        let value = copy(&registered).expect("a copy");
        let header = format!(
            r#"{{"alg":"{algorithm}","kid":"{}","typ":"better-auth.session-cache+jwt"}}"#,
            app.sql("select id from jwks").await
        );
        assert_eq!(from_base64(value.split('.').next().unwrap()), header.as_bytes());
        let claims = part(&value, 1);
        let (user, session) = (&registered.json()["user"], &registered.json()["session"]);
        assert_eq!((&claims["user"], &claims["session"]), (user, session));
        assert_eq!((&claims["sub"], &claims["sid"]), (&user["id"], &session["token"]));
        // The issuer of the plugin's tokens is another matter.
        assert_eq!(claims["iss"], app.origin.as_str());
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);

        let seen = to_a_service(&app, &registered.cookie_header()).await.unwrap();
        assert_eq!(seen.user.id.as_str(), user["id"].as_str().unwrap(), "{algorithm}");
        rename(&app).await;
        assert_eq!(name(&app, &registered.cookie_header()).await, "ann", "{algorithm}");
    }
}

#[actix_web::test]
async fn the_plugins_header_and_the_copy_go_together() {
    let app = start(&[("AUTH__JWT__DISABLE_SETTING_JWT_HEADER", "false")]).await;
    let registered = app.register("ann@example.com").await;
    let shown = read(&app, &registered.cookie_header()).await;
    assert_ne!(shown.header("set-auth-jwt"), "");
    assert!(shown.set_cookies().is_empty(), "the copy is good: {:?}", shown.set_cookies());
    app.execute("delete from session").await;
    let ended = read(&app, &registered.cookie_header()).await;
    assert_eq!((ended.body.as_str(), ended.header("set-auth-jwt")), ("null", ""));
}

#[actix_web::test]
async fn r_002_nothing_else_passes_for_a_copy_nor_a_copy_for_anything_else() {
    let readable = ("AUTH__JWT__DISABLE_PRIVATE_KEY_ENCRYPTION", "true");
    let app = start(&[("AUTH__ACCESS_TOKEN__ACCEPT_FOREIGN", "true"), readable]).await;
    let registered = app.register("ann@example.com").await;
    let (session, value) = (registered.session_cookie(), copy(&registered).unwrap());
    let token = app.get("/token", &[("cookie", &session)]).await.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(kid_of(&token), kid(&value), "one key signs both");
    for path in ["/get-session", "/user", "/list-sessions", "/token"] {
        let bearer = format!("Bearer {value}");
        let answer = app.get(path, &[("authorization", &bearer), ("cookie", &session)]).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "INVALID_TOKEN"), "{path}");
    }
    let as_session = read(&app, &format!("better-auth.session_token={value}")).await;
    assert_eq!(as_session.body, "null");

    let (header, claims) = (part(&value, 0), part(&value, 1));
    let (_, signature) = value.rsplit_once('.').unwrap();
    let with = |change: &dyn Fn(&mut Value, &mut Value)| {
        let (mut header, mut claims) = (header.clone(), claims.clone());
        change(&mut header, &mut claims);
        (header, claims)
    };
    let unsigned = |(header, claims): (Value, Value)| {
        let encode = |value: &Value| to_base64(&serde_json::to_vec(value).unwrap());
        format!("{}.{}", encode(&header), encode(&claims))
    };
    let as_before = |parts| format!("{}.{signature}", unsigned(parts));
    let by_secret = |(header, claims): (Value, Value)| app.sign_jwt(&header, &claims);
    let row = RowKey::of(&app).await;
    let by_key = |parts| row.sign(&unsigned(parts));
    let now = app.now_seconds();
    // A second key that is shown too; by its creation the first one signs on.
    app.execute(
        r#"insert into jwks (id, "publicKey", "privateKey", "createdAt", alg, crv) select 'older',
           '{"crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kty":"OKP"}', "privateKey",
           "createdAt" - interval '1 day', alg, crv from jwks"#,
    )
    .await;
    app.clock.advance(KEY_CACHE_TTL);
    let bob = app.register("bob@example.com").await;
    let forgeries = [
        ("a token of the plugin", token.clone()),
        ("another's copy", copy(&bob).unwrap()),
        ("another user", as_before(with(&|_, claims| claims["user"]["name"] = json!("eve")))),
        ("an end that is far", as_before(with(&|_, claims| claims["exp"] = json!(9_999_999_999_i64)))),
        ("no algorithm", format!("{}.", unsigned(with(&|header, _| header["alg"] = json!("none"))))),
        ("the secret's MAC", by_secret(with(&|header, _| header["alg"] = json!("HS256")))),
        ("the secret's MAC, as the strategy has it", by_secret((json!({"alg": "HS256"}), claims.clone()))),
        // From here on the signature is good, and by the key of the table.
        ("another algorithm", by_key(with(&|header, _| header["alg"] = json!("ES256")))),
        ("the type of a token", by_key(with(&|header, _| header["typ"] = json!("JWT")))),
        ("no type", by_key(with(&|header, _| drop(header.as_object_mut().unwrap().remove("typ"))))),
        ("a key that is not there", by_key(with(&|header, _| header["kid"] = json!("k2")))),
        ("another key that is there", by_key(with(&|header, _| header["kid"] = json!("older")))),
        ("no key", by_key(with(&|header, _| drop(header.as_object_mut().unwrap().remove("kid"))))),
        ("a key's name that is SQL", by_key(with(&|header, _| header["kid"] = json!("' or 1=1 --")))),
        ("an end that has passed", by_key(with(&|_, claims| claims["exp"] = json!(now - 1)))),
        ("no end", by_key(with(&|_, claims| drop(claims.as_object_mut().unwrap().remove("exp"))))),
        ("for tokens of the plugin", by_key(with(&|_, claims| claims["aud"] = json!(app.origin)))),
        ("by another issuer", by_key(with(&|_, claims| claims["iss"] = json!("https://other.example")))),
        ("a part too many", format!("{value}.x")),
        ("half of it", value[..value.len() / 2].to_owned()),
    ];
    let resigned = by_key(with(&|_, _| {}));
    rename(&app).await;
    for (what, forged) in &forgeries {
        let answer = read(&app, &format!("{session}; {DATA}={forged}")).await;
        assert_eq!((answer.status, &answer.json()["user"]["name"]), (200, &json!("stored")), "{what}");
        assert!(copy(&answer).is_some(), "{what}: a good one takes its place");
    }
    for (what, good) in [("as it was", &value), ("signed again", &resigned)] {
        assert_eq!(name(&app, &format!("{session}; {DATA}={good}")).await, "ann", "the control, {what}");
    }
}

/// The private key of the one row, as whoever reads the table has it.
struct RowKey(Box<dyn JwsSigner>);

impl RowKey {
    async fn of(app: &TestApp) -> Self {
        let jwk = app.sql("select \"privateKey\" from jwks").await;
        Self(Box::new(EdDSA.signer_from_jwk(&Jwk::from_bytes(jwk).unwrap()).unwrap()))
    }

    /// Signs whatever it is given.
    fn sign(&self, input: &str) -> String {
        format!("{input}.{}", to_base64(&self.0.sign(input.as_bytes()).unwrap()))
    }
}

fn kid_of(token: &str) -> String {
    auth_core::JwtVerifier::kid(token).unwrap().as_str().to_owned()
}

#[actix_web::test]
async fn copies_of_the_other_form_are_misses_on_either_side() {
    let app = start(&[]).await;
    let by_secret = beside(&app, &[("AUTH__JWT__SESSION_COOKIE_CACHE", "false")]).await;
    let (ann, bob) = (app.register("ann@example.com").await, by_secret.register("bob@example.com").await);
    rename(&app).await;
    for (own, other, cookies, called) in
        [(&app, &by_secret, ann.cookie_header(), "ann"), (&by_secret, &app, bob.cookie_header(), "bob")]
    {
        assert_eq!(name(own, &cookies).await, called);
        assert_eq!(name(other, &cookies).await, "stored");
    }
}

/// Puts a second row beside the first, of the same pair and newer, as another server's rotation would.
async fn add_newer_key(app: &TestApp) {
    app.execute(
        r#"insert into jwks (id, "publicKey", "privateKey", "createdAt", alg, crv)
           select 'newer', "publicKey", "privateKey", "createdAt" + interval '1 second', alg, crv from jwks"#,
    )
    .await;
}

#[actix_web::test]
async fn a_key_that_another_server_made_is_found_and_the_table_not_read_for_every_name() {
    let app = start(&[]).await;
    app.register("ann@example.com").await;
    add_newer_key(&app).await;
    let other = beside(&app, &[]).await;
    let bob = other.register("bob@example.com").await;
    assert_eq!(kid(&copy(&bob).unwrap()), "newer");
    rename(&app).await;
    assert_eq!(name(&app, &bob.cookie_header()).await, "stored", "the table was read a moment ago");
    app.clock.advance(KEY_CACHE_TTL);
    assert_eq!(name(&app, &bob.cookie_header()).await, "bob");
    // And from now on without the table.
    app.execute("alter table jwks rename to keys_elsewhere; alter table session rename to elsewhere").await;
    assert_eq!(name(&app, &bob.cookie_header()).await, "bob");
}

#[actix_web::test]
async fn r_130_a_deleted_key_checks_nothing_after_a_minute() {
    let app = start(&[]).await;
    let cookies = app.register("ann@example.com").await.cookie_header();
    rename(&app).await;
    app.execute("delete from jwks").await;
    // The clock goes on by itself meanwhile, as long as this test has taken.
    app.clock.advance(Duration::seconds(50));
    assert_eq!(name(&app, &cookies).await, "ann", "known for a minute");
    app.clock.advance(Duration::seconds(10));
    let anew = read(&app, &cookies).await;
    assert_eq!(anew.json()["user"]["name"], "stored");
    assert_eq!(kid(&copy(&anew).expect("under a new key")), app.sql("select id from jwks").await);
}

#[actix_web::test]
async fn known_keys_go_on_while_the_table_cannot_be_read() {
    let app = start(&[]).await;
    let cookies = app.register("ann@example.com").await.cookie_header();
    app.execute("alter table jwks rename to keys_elsewhere; alter table session rename to elsewhere").await;
    for minutes in 1..=4 {
        app.clock.advance(Duration::minutes(1));
        assert_eq!(name(&app, &cookies).await, "ann", "minute {minutes}");
    }
    app.clock.advance(Duration::minutes(1));
    assert_eq!(read(&app, &cookies).await.status, 500, "the copy is over, and the session cannot be read");
}

#[actix_web::test]
async fn r_130_a_copy_of_a_replaced_key_is_read_for_the_grace_period() {
    let app = start(&[
        ("AUTH__JWT__ROTATION_INTERVAL", "1h"),
        ("AUTH__JWT__GRACE_PERIOD", "2h"),
        ("AUTH__SESSION__COOKIE_CACHE__MAX_AGE", "1d"),
    ])
    .await;
    let ann = app.register("ann@example.com").await;
    app.clock.advance(Duration::minutes(61));
    let bob = app.register("bob@example.com").await;
    assert_ne!(kid(&copy(&bob).unwrap()), kid(&copy(&ann).unwrap()));
    rename(&app).await;
    assert_eq!(name(&app, &ann.cookie_header()).await, "ann", "its key is shown");
    assert!(to_a_service(&app, &ann.cookie_header()).await.is_ok());
    app.clock.advance(Duration::hours(2));
    assert_eq!(name(&app, &ann.cookie_header()).await, "stored", "its key is over");
    assert_eq!(name(&app, &bob.cookie_header()).await, "bob");
}

#[actix_web::test]
async fn a_key_that_cannot_be_used_costs_the_copy_and_nothing_else() {
    let app = start(&[]).await;
    let before = app.register("ann@example.com").await;
    assert!(copy(&before).is_some());
    let stranger = ("BETTER_AUTH_SECRET", "another-secret-0123456789-abcdefghijklmnopqrstuv");
    let other = beside(&app, &[stranger]).await;
    for broken in ["another secret", "no table"] {
        if broken == "no table" {
            app.execute("alter table jwks rename to keys_elsewhere").await;
            // It is not tried for every request.
            other.clock.advance(KEY_CACHE_TTL);
        }
        let email = format!("{}@example.com", broken.replace(' ', "-"));
        let registered = other.register(&email).await;
        assert_eq!(copy(&registered), None, "{broken}");
        let stale = format!("{DATA}={}", copy(&before).unwrap());
        let login = email_and_password(&email);
        let request =
            other.request("POST", "/login").header("cookie", &stale).header("origin", &other.origin);
        let login = other.send(request.json(&login)).await;
        assert_eq!((login.status, copy(&login)), (200, None), "{broken}");
        assert!(removes_the_copy(&login), "{broken}: what came is of another session");
        let session = read(&other, &login.session_cookie()).await;
        assert_eq!((session.status, copy(&session)), (200, None), "{broken}");
        assert_eq!(session.json()["user"]["email"], email.as_str());
        let list = other.get_as(&login.cookie(), "/list-sessions").await;
        assert_eq!((list.status, copy(&list)), (200, None), "{broken}");
    }
    app.execute("alter table keys_elsewhere rename to jwks").await;
    assert_eq!(app.count("jwks").await, 1, "no key is made in its place behind the operator's back");
    // With the right secret all is well, and at the other server once it can sign again.
    assert!(copy(&app.register("bob@example.com").await).is_some());
    app.execute("delete from jwks").await;
    assert_eq!(copy(&other.register("cy@example.com").await), None, "it was tried a moment ago");
    other.clock.advance(KEY_CACHE_TTL);
    assert!(copy(&other.register("dee@example.com").await).is_some());
}
