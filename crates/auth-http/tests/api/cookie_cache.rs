//! `session.cookie_cache`: when a copy in a cookie is the answer, when it is not, and what is written when.

use serde_json::{Value, json};
use test_support::{Answer, PASSWORD, SettingsFile, TestApp, routes};
use time::Duration;

const ENABLED: (&str, &str) = ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true");
const STRATEGY: &str = "AUTH__SESSION__COOKIE_CACHE__STRATEGY";
/// Better Auth's exact answers: with an access token in them, the session is read each time.
const PLAIN: (&str, &str) = ("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false");
/// Every form that a copy can have.
const FORMS: [&[(&str, &str)]; 4] =
    [&[(STRATEGY, "compact")], &[(STRATEGY, "jwt")], &[(STRATEGY, "jwe")], &KEYED];
/// Under a key of the `jwt` plugin; see [`crate::keyed_cookie_cache`].
const KEYED: [(&str, &str); 4] = [
    (STRATEGY, "jwt"),
    ("AUTH__JWT__ENABLED", "true"),
    ("AUTH__JWT__SESSION_COOKIE_CACHE", "true"),
    // With a token in the answer, the session is read each time.
    ("AUTH__JWT__DISABLE_SETTING_JWT_HEADER", "true"),
];

async fn start(more: &[(&str, &str)]) -> TestApp {
    TestApp::with(&[&[ENABLED, PLAIN], more].concat()).await
}

async fn read(app: &TestApp, query: &str, cookie: &str) -> Answer {
    app.get(&format!("/get-session{query}"), &[("cookie", cookie)]).await
}

async fn ask(app: &TestApp, method: &str, path: &str, cookie: &str) -> Answer {
    let request = app.request(method, path).header("origin", &app.origin).header("cookie", cookie);
    let body = json!({"token": "x", "newPassword": "a wholly other password", "currentPassword": PASSWORD});
    app.send(if method == "GET" { request } else { request.json(&body) }).await
}

/// The lines that set a cookie cache.
fn written(answer: &Answer) -> Vec<&str> {
    let lines = answer.set_cookies().into_iter();
    lines.filter(|line| line.contains("session_data") && !line.contains("Max-Age=0")).collect()
}

fn removed(answer: &Answer) -> Vec<&str> {
    let lines = answer.set_cookies().into_iter().filter(|line| line.contains("=; Max-Age=0;"));
    lines.map(|line| line.split('=').next().unwrap()).collect()
}

#[actix_web::test]
async fn a_copy_is_the_answer_without_any_statement_until_it_is_over() {
    for form in FORMS {
        let app = start(form).await;
        let signed_up = app.register("ann@example.com").await;
        assert!(written(&signed_up)[0].contains("; Max-Age=300; "), "{form:?}");
        let cookies = signed_up.cookie_header();
        // Whatever would be asked now would be answered with an error.
        app.execute("alter table session rename to elsewhere").await;
        let copy = read(&app, "", &cookies).await;
        assert_eq!(
            copy.json(),
            json!({"session": signed_up.json()["session"], "user": signed_up.json()["user"]})
        );
        assert!(copy.body.starts_with(r#"{"session":{"id":""#), "the order of the reference's schema");
        assert!(copy.set_cookies().is_empty());
        assert_eq!(read(&app, "?disableCookieCache=true", &cookies).await.status, 500, "{form:?}");
        app.execute("alter table elsewhere rename to session").await;

        app.clock.advance(Duration::minutes(4));
        app.execute("update \"user\" set name = 'stored'").await;
        assert_eq!(read(&app, "", &cookies).await.json()["user"]["name"], "ann", "{form:?}");
        app.clock.advance(Duration::seconds(61));
        let anew = read(&app, "", &cookies).await;
        assert_eq!(anew.json()["user"]["name"], "stored");
        assert_eq!(written(&anew).len(), 1, "{form:?}");
        assert!(removed(&anew).is_empty());
        let cookies = format!("{}; {}", signed_up.session_cookie(), anew.cookie_header());
        assert_eq!(read(&app, "", &cookies).await.json(), anew.json());
    }
}

#[actix_web::test]
async fn a_copy_that_is_no_good_is_a_miss_and_never_an_error() {
    let app = start(&[]).await;
    let (ann, bob) = (app.register("ann@example.com").await, app.register("bob@example.com").await);
    let token = ann.session_cookie();
    let cache_of = |answer: &Answer| written(answer)[0].split(';').next().unwrap().to_owned();
    let value = cache_of(&ann).split_once('=').unwrap().1.to_owned();
    let elsewhere = async |settings: &[(&str, &str)]| {
        let other = TestApp::sharing(&app, &[&[ENABLED, PLAIN], settings].concat()).await;
        cache_of(&read(&other, "", &token).await)
    };
    let bad = [
        cache_of(&bob),
        "better-auth.session_data=x".to_owned(),
        "better-auth.session_data=eyJ9".to_owned(),
        format!("better-auth.session_data={}A", &value[..value.len() - 1]),
        format!("better-auth.session_data={}", &value[..value.len() / 2]),
        format!("better-auth.session_data.1={value}; better-auth.session_data.0=x"),
        elsewhere(&[(STRATEGY, "jwt")]).await,
        elsewhere(&[(STRATEGY, "jwe")]).await,
        elsewhere(&[("AUTH__SESSION__COOKIE_CACHE__VERSION", "2")]).await,
    ];
    app.execute("update \"user\" set name = 'stored'").await;
    for cache in &bad {
        let answer = read(&app, "", &format!("{token}; {cache}")).await;
        assert_eq!((answer.status, &answer.json()["user"]["name"]), (200, &json!("stored")), "{cache}");
        assert_eq!(answer.json()["user"]["email"], "ann@example.com", "{cache}");
        assert_eq!(written(&answer).len(), 1, "{cache}");
        // Nothing takes its place on a read that is told to write nothing; it goes all the same.
        let quiet = read(&app, "?disableRefresh=1", &format!("{token}; {cache}")).await;
        let brought: Vec<&str> = cache.split("; ").map(|pair| pair.split('=').next().unwrap()).collect();
        assert_eq!((removed(&quiet), written(&quiet).len()), (brought, 0), "{cache}");
    }
    let alone = read(&app, "", &cache_of(&ann)).await;
    assert_eq!((alone.status, alone.code().as_str()), (401, "UNAUTHORIZED"), "a copy alone is nobody");
    let unasked = read(&app, "?disableCookieCache=1", &format!("{token}; better-auth.session_data=x")).await;
    assert_eq!(written(&unasked).len(), 1);
}

#[actix_web::test]
async fn r_027_a_copy_ends_with_the_session_if_that_is_earlier() {
    let app = start(&[
        ("AUTH__SESSION__COOKIE_CACHE__MAX_AGE", "30d"),
        ("AUTH__SESSION__EXPIRES_IN", "1h"),
        ("AUTH__SESSION__UPDATE_AGE", "1h"),
    ])
    .await;
    let cookies = app.register("ann@example.com").await.cookie_header();
    app.execute("alter table session rename to elsewhere").await;
    app.clock.advance(Duration::minutes(58));
    assert!(read(&app, "", &cookies).await.json()["session"].is_object());
    app.execute("alter table elsewhere rename to session").await;
    app.clock.advance(Duration::minutes(2));
    let ended = read(&app, "", &cookies).await;
    assert_eq!(ended.body, "null");
    assert_eq!(removed(&ended).len(), 3);
}

#[actix_web::test]
async fn r_025_a_copy_of_an_ended_session_changes_nothing_and_shows_no_token() {
    for form in [&[][..], &KEYED] {
        a_copy_of_an_ended_session_changes_nothing(form).await;
    }
}

async fn a_copy_of_an_ended_session_changes_nothing(form: &[(&str, &str)]) {
    let app = start(form).await;
    let signed_up = app.register("ann@example.com").await;
    app.register("bob@example.com").await;
    let cookies = signed_up.cookie_header();
    app.execute(
        "delete from session where \"userId\" = (select id from \"user\" where email = 'ann@example.com')",
    )
    .await;
    let everything = "select concat_ws('|', (select string_agg(t::text, ';' order by id) from \"user\" t), \
                      (select string_agg(t::text, ';' order by id) from session t), \
                      (select string_agg(t::text, ';' order by id) from account t))";
    let before = app.sql(everything).await;
    assert_eq!(
        read(&app, "", &cookies).await.json()["session"],
        signed_up.json()["session"],
        "shown it may be"
    );
    for entry in routes().iter().filter(|entry| entry.is_guarded()) {
        for flags in ["", "?disableCookieCache=", "?disableRefresh=1", "?disableCookieCache=0"] {
            let path = format!("{}{flags}", entry.path);
            let answer = ask(&app, entry.method, &path, &cookies).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHORIZED"), "{path}");
            assert!(removed(&answer).contains(&"better-auth.session_data"), "{path}");
        }
    }
    assert_eq!(app.sql(everything).await, before);

    // With the token API's members in the answer it would be a way to a token that others accept.
    let tokens = TestApp::sharing(&app, &[&[ENABLED], form].concat()).await;
    assert_eq!(read(&tokens, "", &cookies).await.body, "null");
}

#[actix_web::test]
async fn guards_leave_a_good_copy_or_write_a_new_one_as_the_reference_does() {
    const NEVER_OLD: (&str, &str) = ("AUTH__SESSION__FRESH_AGE", "0s");
    let forms = [vec![NEVER_OLD], [&[NEVER_OLD][..], &KEYED].concat()];
    let routes = [
        ("/list-sessions", "GET", false),
        ("/update-session", "POST", false),
        ("/revoke-session", "POST", true),
        ("/revoke-other-sessions", "POST", true),
        ("/change-password", "POST", true),
    ];
    for form in forms {
        let app = start(&form).await;
        for (number, (path, method, rewrites)) in routes.into_iter().enumerate() {
            let signed_up = app.register(&format!("ann{number}@example.com")).await;
            let good = ask(&app, method, path, &signed_up.cookie_header()).await;
            assert_eq!(written(&good).len(), usize::from(rewrites), "{path}");

            let token = app.register(&format!("bob{number}@example.com")).await.session_cookie();
            assert_eq!(written(&ask(&app, method, path, &token).await).len(), 1, "{path}: there is none");
            app.clock.advance(Duration::hours(25));
            let due = ask(&app, method, path, &token).await;
            assert_eq!(due.session_cookie(), token, "{path}: the renewed token goes out with the copy");
            assert_eq!(written(&due).len(), 1, "{path}");
        }
    }
}

#[actix_web::test]
async fn a_session_that_is_forgotten_with_the_browser_has_a_short_copy_and_no_second_one() {
    let app = start(&[]).await;
    app.register("ann@example.com").await;
    let input = json!({"email": "ann@example.com", "password": PASSWORD, "rememberMe": false});
    let login = app.post("/login", &input).await;
    assert!(!written(&login)[0].contains("Max-Age"), "{:?}", login.set_cookies());
    app.clock.advance(Duration::seconds(61));
    let over = read(&app, "", &login.cookie_header()).await;
    assert_eq!((over.status, written(&over).len()), (200, 0));
    assert_eq!(removed(&over), ["better-auth.session_data"]);
}

#[actix_web::test]
async fn r_021_a_large_copy_comes_in_chunks_that_are_read_and_cleared_together() {
    let app = start(&[("AUTH__SERVER__HEAD_LIMIT", "65536")]).await;
    let image = "i".repeat(5_000);
    let input = json!({"email": "ann@example.com", "password": PASSWORD, "name": "ann", "image": image});
    let signed_up = app.post("/sign-up/email", &input).await;
    let lines = written(&signed_up);
    assert!(lines.len() > 1 && lines.iter().all(|line| line.len() <= 4_096), "{}", lines.len());
    let cookies = signed_up.cookie_header();
    app.execute("alter table session rename to elsewhere").await;
    assert_eq!(read(&app, "", &cookies).await.json()["user"]["image"], *image);
    app.execute("alter table elsewhere rename to session").await;

    app.execute("update \"user\" set image = 'short'").await;
    app.clock.advance(Duration::minutes(6));
    let shorter = read(&app, "", &cookies).await;
    assert_eq!(written(&shorter).len(), 1);
    assert_eq!(removed(&shorter).len(), lines.len(), "the chunks go");
    let out = ask(&app, "POST", "/revoke-sessions", &cookies).await;
    assert_eq!(removed(&out).len(), 3 + lines.len());
    assert!(written(&out).is_empty());
}

#[actix_web::test]
async fn r_021_a_copy_that_would_fill_a_requests_head_is_not_written() {
    for form in FORMS {
        let app = start(form).await;
        let image = |length| format!("https://example.com/{}", "i".repeat(length));
        let input =
            json!({"email": "ann@example.com", "password": PASSWORD, "name": "Ann", "image": image(12_000)});
        let signed_up = app.post("/sign-up/email", &input).await;
        assert_eq!(signed_up.status, 200, "{}", signed_up.body);
        let cookies = signed_up.cookie_header();
        let again = read(&app, "", &cookies).await;
        assert_eq!((again.status, again.json()["user"]["image"].clone()), (200, json!(image(12_000))));
        assert_eq!((written(&signed_up).len(), written(&again).len()), (0, 0), "{form:?}");

        app.execute("update \"user\" set image = left(image, 3000)").await;
        let smaller = read(&app, "", &cookies).await;
        assert!(written(&smaller).len() > 1, "{form:?}: {}", written(&smaller).len());
        let chunks = smaller.cookie_header();
        app.execute("update \"user\" set image = repeat(image, 4)").await;
        app.clock.advance(Duration::minutes(6));
        let larger = read(&app, "", &format!("{cookies}; {chunks}")).await;
        assert_eq!((larger.status, written(&larger).len()), (200, 0), "{form:?}");
        assert_eq!(removed(&larger).len(), written(&smaller).len(), "what was there goes");
    }
}

#[actix_web::test]
async fn deferred_reads_write_the_copy_and_leave_the_row() {
    let app = start(&[("AUTH__SESSION__DEFER_REFRESH", "true")]).await;
    let signed_up = app.register("ann@example.com").await;
    let token = signed_up.session_cookie();
    app.clock.advance(Duration::hours(25));
    let due = read(&app, "", &token).await;
    assert_eq!((due.json()["needsRefresh"].as_bool(), written(&due).len()), (Some(true), 1));
    let copied = format!("{token}; {}", due.cookie_header());
    // As in the reference, a good copy answers a POST too; its client asks past it.
    let copy = ask(&app, "POST", "/get-session", &copied).await;
    assert_eq!((&copy.json()["needsRefresh"], copy.set_cookies().len()), (&Value::Null, 0));
    let renewed = ask(&app, "POST", "/get-session?disableCookieCache=true", &copied).await;
    assert_eq!((renewed.session_cookie(), written(&renewed).len()), (token, 1));
}

#[actix_web::test]
async fn callers_with_tokens_have_no_use_for_a_copy() {
    let app = start(&[]).await;
    let signed_up = app.register("ann@example.com").await;
    let bearer = signed_up.session_bearer();
    let headers = [bearer.as_pair(), ("cookie", "better-auth.session_data=x")];
    assert!(app.get("/get-session", &headers).await.set_cookies().is_empty());
}

#[actix_web::test]
async fn r_074_a_copy_from_before_a_field_was_hidden_does_not_show_it() {
    let settings = |returned: bool| {
        format!(
            "[session.cookie_cache]\nenabled = true\n[session]\naccess_token_in_session = false\n\
             [user.additional_fields.plan]\ntype = \"string\"\ndefault = \"gold\"\nreturned = {returned}\n"
        )
    };
    let before = TestApp::with_file(&settings(true), &[]).await;
    let cookies = before.register("ann@example.com").await.cookie_header();
    assert_eq!(read(&before, "", &cookies).await.json()["user"]["plan"], "gold");
    let after = TestApp::sharing(&before, &[SettingsFile::new(&settings(false)).variable()]).await;
    let copy = read(&after, "", &cookies).await;
    assert!(copy.body.starts_with(r#"{"session":{"id":""#), "no copy: {}", copy.body);
    assert!(!copy.body.contains("plan"), "{}", copy.body);
}
