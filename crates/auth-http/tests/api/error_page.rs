//! `GET /error`.

use test_support::{Answer, TestApp};

async fn ask(app: &TestApp, query: &str) -> Answer {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    app.send(client.get(app.url(&format!("/error{query}")))).await
}

#[actix_web::test]
async fn r_071_the_error_page_shows_text_as_text_and_runs_nothing() {
    let app = TestApp::start().await;
    let markup = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</p><!--",
        "' onload='x",
        "{{7*7}}",
        "&lt;b&gt;",
    ];
    let plain = ask(&app, "").await;
    for text in markup {
        let value: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let answer = ask(&app, &format!("?error={value}&error_description={value}&{value}={value}")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains("<code>UNKNOWN</code>"), "{}", answer.body);
        let escaped = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;");
        assert!(answer.body.contains(&format!("<p>{escaped}</p>")), "{}", answer.body);
        let tags = |body: &str| body.matches('<').count();
        assert_eq!(tags(&answer.body), tags(&plain.body), "no tag is the client's: {}", answer.body);
    }
    for answer in [plain, ask(&app, "?error=state_mismatch").await] {
        assert_eq!(answer.header("content-type"), "text/html");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[actix_web::test]
async fn r_071_a_code_is_of_the_fixed_alphabet_or_unknown() {
    let app = TestApp::start().await;
    for (query, code) in [
        ("?error=state_mismatch", "state_mismatch"),
        ("?error=A-z_09", "A-z_09"),
        ("?error=it%27s", "it&#39;s"),
        ("?error=first&error=second", "first"),
        ("?error=", "UNKNOWN"),
        ("?error=a%0Ab", "UNKNOWN"),
        ("?error=a+b", "UNKNOWN"),
        ("?error=%C3%A4", "UNKNOWN"),
        ("?Error=x", "UNKNOWN"),
    ] {
        let body = ask(&app, query).await.body;
        assert!(body.contains(&format!("<code>{code}</code>")), "{query}: {body}");
    }
}

#[actix_web::test]
async fn an_error_url_gets_the_code_and_the_description() {
    let here = TestApp::with(&[("AUTH__SERVER__ERROR_URL", "/")]).await;
    let elsewhere = ("AUTH__SERVER__ERROR_URL", "https://app.example.com/oops?a=1#top");
    let elsewhere = TestApp::sharing(&here, &[elsewhere]).await;
    let check = async |app: &TestApp, query: &str, location: &str| {
        let answer = ask(app, query).await;
        assert_eq!((answer.status, answer.body.as_str()), (302, ""));
        assert_eq!(answer.header("location"), location);
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    };
    check(
        &here,
        "?error=denied&error_description=You+said+no",
        "/?error=denied&error_description=You+said+no",
    )
    .await;
    check(&here, "?error=%3Cb%3E&error_description=", "/?error=UNKNOWN").await;
    check(&elsewhere, "?error=denied", "https://app.example.com/oops?a=1&error=denied#top").await;
    check(
        &here,
        "?error_description=a%0D%0ASet-Cookie:x=1",
        "/?error=UNKNOWN&error_description=a%0D%0ASet-Cookie%3Ax%3D1",
    )
    .await;
}
