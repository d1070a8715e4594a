//! Cookies as the settings describe them, to the byte and back.

use test_support::{Answer, TestApp};

/// The `Set-Cookie` lines of an answer with `…` for each value that differs from run to run.
fn lines(answer: &Answer) -> Vec<String> {
    let shown = |line: &&str| {
        let (name, rest) = line.split_once('=').unwrap();
        let (value, attributes) = rest.split_once("; ").unwrap();
        format!("{name}={}; {attributes}", if value.is_empty() { "" } else { "…" })
    };
    answer.set_cookies().iter().map(shown).collect()
}

async fn check(variables: &[(&str, &str)], set: &[&str], cleared: &[&str]) {
    let (app, registered) = TestApp::signed_in(variables).await;
    assert_eq!(lines(&registered), set);
    let cookies = registered.all_cookies();
    let session = app.get_as(&cookies, "/get-session").await;
    assert!(session.body.contains("ann@example.com"), "{}", session.body);
    let request = app.request_as(&cookies, "POST", "/sign-out");
    let ended = app.send(request).await;
    assert_eq!(lines(&ended), cleared);
}

#[actix_web::test]
async fn r_019_cookies_are_as_built_in() {
    check(
        &[],
        &["better-auth.session_token=…; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax"],
        &[
            "better-auth.session_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
            "better-auth.session_data=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
            "better-auth.dont_remember=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
        ],
    )
    .await;
}

#[actix_web::test]
async fn r_019_cookies_are_as_the_settings_say_and_cleared_as_they_were_set() {
    check(
        &[
            ("AUTH__COOKIES__PREFIX", "app"),
            ("AUTH__COOKIES__SECURE", "true"),
            ("AUTH__COOKIES__DOMAIN", "auto"),
            ("AUTH__COOKIES__DEFAULT_ATTRIBUTES__SAME_SITE", "strict"),
            ("AUTH__COOKIES__SESSION_TOKEN__NAME", "sid"),
            ("AUTH__COOKIES__SESSION_TOKEN__SAME_SITE", "none"),
            ("AUTH__COOKIES__SESSION_DATA__PATH", "/api"),
            ("AUTH__COOKIES__DONT_REMEMBER__DOMAIN", ".test"),
            ("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"),
            ("AUTH__COOKIES__SESSION_DATA__MAX_AGE", "77s"),
        ],
        &[
            "__Secure-sid=…; Max-Age=604800; Domain=auth.test; Path=/; HttpOnly; Secure; SameSite=None",
            "__Secure-app.session_data=…; Max-Age=77; Domain=auth.test; Path=/api; HttpOnly; Secure; SameSite=Strict",
        ],
        &[
            "__Secure-sid=; Max-Age=0; Domain=auth.test; Path=/; HttpOnly; Secure; SameSite=None",
            "__Secure-app.session_data=; Max-Age=0; Domain=auth.test; Path=/api; HttpOnly; Secure; SameSite=Strict",
            "__Secure-app.dont_remember=; Max-Age=0; Domain=.test; Path=/; HttpOnly; Secure; SameSite=Strict",
        ],
    )
    .await;
}

#[actix_web::test]
async fn r_019_host_names_go_to_this_host_alone() {
    check(
        &[
            ("AUTH__COOKIES__DOMAIN", "auth.test"),
            ("AUTH__COOKIES__SESSION_TOKEN__NAME", "__Host-session"),
            ("AUTH__COOKIES__SESSION_TOKEN__PATH", "/api"),
        ],
        &["__Host-session=…; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=Lax"],
        &[
            "__Host-session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
            "better-auth.session_data=; Max-Age=0; Domain=auth.test; Path=/; HttpOnly; SameSite=Lax",
            "better-auth.dont_remember=; Max-Age=0; Domain=auth.test; Path=/; HttpOnly; SameSite=Lax",
        ],
    )
    .await;
}
