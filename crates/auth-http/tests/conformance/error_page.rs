//! `GET /error` as a page, beside the reference's: any page will do, so what is compared is what both must say, and that
//! neither says it as markup.

use serde_json::json;
use url::form_urlencoded::byte_serialize;

use crate::database::Database;
use crate::http::{Request, Response, send};
use crate::node::Reference;
use crate::ours::{BETTER_AUTHS_ANSWERS, Ours, random_secret};

const MARKUP: [&str; 6] = [
    "<script>alert(1)</script>",
    "</p></div></body><h1 onclick=alert(1)>",
    "\"><img src=x onerror=alert(1)>",
    "' onload='alert(1)",
    "<!-- & -->",
    "<svg/onload=alert`1`>",
];

/// What a browser shows of a page: no styles, no tags, entities read.
fn shown(page: &str) -> String {
    let (before, rest) = page.split_once("<style").unwrap_or((page, ""));
    let page = before.to_owned() + rest.split_once("</style>").map_or("", |(_, after)| after);
    let pieces = page.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.iter().fold(pieces.collect::<String>(), |text, (entity, letter)| text.replace(entity, letter))
}

fn page(origin: &str, query: &str) -> Response {
    let page = send(origin, &Request::get(&format!("/api/auth/error{query}")));
    assert_eq!(page.status, 200, "{query}");
    assert_eq!(page.header("content-type"), Some("text/html"), "{query}");
    assert!(page.set_cookies().is_empty(), "{query}");
    page
}

#[test]
fn r_071_both_error_pages_show_code_and_description_as_text() {
    needs!("node");
    let database = Database::migrated_by_us();
    let secret = random_secret();
    let reference = Reference::start_with(&database, &secret, &json!({}));
    let ours = Ours::start_with(&database, &secret, &BETTER_AUTHS_ANSWERS);
    for origin in [reference.origin(), ours.origin()] {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let check = |query: &str, code: &str, description: &str| {
            let text = page(origin, query).text();
            let shown = shown(&text);
            for said in [code, description] {
                assert!(shown.contains(said), "{origin} {query}: {said} is not shown in {shown}");
            }
            text
        };
        for (query, code) in [
            ("", "UNKNOWN"),
            ("?error=", "UNKNOWN"),
            ("?error=state_mismatch", "state_mismatch"),
            ("?error=A-z_09", "A-z_09"),
            ("?error=it%27s", "it's"),
            ("?error=first&error=second", "first"),
            ("?error=a%20b", "UNKNOWN"),
            ("?error=%C3%A4", "UNKNOWN"),
            ("?Error=other", "UNKNOWN"),
        ] {
            check(query, code, "");
        }
        for description in ["You said no", "a & b; 50% \u{e4} \u{1f600}", "a+b=c", "a\nb"] {
            check(
                &format!("?error=denied&error_description={}", encoded(description)),
                "denied",
                description,
            );
        }
        let tags = |page: &str| page.matches('<').count();
        let plain = check("?error=denied&error_description=plain", "denied", "plain");
        for markup in MARKUP {
            let value = encoded(markup);
            let text = check(&format!("?error=denied&error_description={value}"), "denied", markup);
            assert_eq!(tags(&text), tags(&plain), "{origin}: a tag of {markup}");
            assert!(!text.contains(markup), "{origin}: {markup} as it came");
            let text =
                check(&format!("?error={value}&error_description=plain&{value}={value}"), "UNKNOWN", "plain");
            assert_eq!(tags(&text), tags(&plain), "{origin}: a tag of {markup}");
            assert!(!shown(&text).contains(markup), "{origin}: {markup} as a code");
        }
    }
    // What looks escaped already is text too; the reference takes it for escaped.
    let escaped = "?error=denied&error_description=%26lt%3Bb%26gt%3B";
    assert!(page(ours.origin(), escaped).text().contains("&amp;lt;b&amp;gt;"));
    assert!(page(reference.origin(), escaped).text().contains("&lt;b&gt;"));
}
