//! What must not come out: details of failures.

use serde_json::json;

use crate::app::{PASSWORD, TestApp};

#[actix_web::test]
async fn r_113_a_failure_inside_shows_nothing_of_itself() {
    let app = TestApp::start().await;
    let registered = app.register("ann@example.com").await;
    let cookie = registered.session_cookie();
    app.execute("alter table session rename column token to token_elsewhere; alter table account rename to account_elsewhere").await;
    let login = app.post("/login", &json!({"email": "ann@example.com", "password": PASSWORD})).await;
    let register = app.post("/register", &json!({"email": "bob@example.com", "password": PASSWORD})).await;
    let session = app.get("/get-session", &[("cookie", &cookie)]).await;
    let user = app.get("/user", &[("cookie", &cookie)]).await;
    for answer in [login, register, session, user] {
        assert_eq!((answer.status, answer.body.as_str()), (500, ""), "as the reference answers");
        assert!(answer.set_cookies().is_empty());
        assert!(answer.headers.get("content-type").is_none());
    }
    app.stop().await;
}
