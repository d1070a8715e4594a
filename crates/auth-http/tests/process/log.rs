//! What the log says, and what it never does (R-112, R-113, R-119).

use serde_json::{Value, json};
use test_support::SECRET;

use crate::SERVER;

#[tokio::test]
async fn r_112_nothing_secret_is_printed_at_any_level() {
    const CANARY: &str = "canary-password-5f2c";
    let (database, server) = SERVER.on_own_database(&[("AUTH__LOG__FILTER", "trace")]).await;
    let person = json!({ "email": "canary@example.com", "password": CANARY });
    let answer = server.post("/api/auth/register", &person).await;
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().cloned().collect();
    let session: Value = answer.json().await.unwrap();
    let access_token = session["accessToken"].as_str().unwrap().to_owned();
    let session_token = session["session"]["token"].as_str().unwrap().to_owned();
    server.post("/api/auth/login", &person).await;
    server.post("/api/auth/login", &json!({ "email": "canary@example.com", "password": [CANARY] })).await;
    server.post(&format!("/api/auth/login?token={CANARY}"), &json!({ "password": CANARY })).await;
    server.get(&format!("/api/auth/get-session?x={CANARY}")).await;
    server.get(&format!("/{CANARY}")).await;
    for token in [&access_token, &session_token, &format!("{CANARY}.x.y")] {
        server.client.get(server.url("/api/auth/get-session")).bearer_auth(token).send().await.unwrap();
    }
    let cookie = cookies[0].to_str().unwrap().split(';').next().unwrap().to_owned();
    server.client.get(server.url("/api/auth/get-session")).header("cookie", &cookie).send().await.unwrap();
    database.execute("alter table session rename to gone").await;
    let broken = server
        .client
        .get(server.url("/api/auth/get-session"))
        .bearer_auth(&session_token)
        .send()
        .await
        .unwrap();
    assert!(broken.status().is_server_error(), "{}", broken.status());

    let output = server.printed().await;
    assert!(output.contains("\"route\":\"/api/auth/login\""), "the log is written: {output}");
    let stored = database.query_one_text("select password from account").await.unwrap();
    let cookie_value = cookie.split_once('=').unwrap().1;
    for secret in [CANARY, SECRET, &access_token, &session_token, &stored, cookie_value, "canary@example.com"]
    {
        assert!(!output.contains(secret), "{secret} is printed");
    }
}

#[tokio::test]
async fn r_113_a_failure_is_logged_once_under_the_id_that_the_client_sees() {
    let (database, server) = SERVER.on_own_database(&[]).await;
    let session = server.register("alice@example.com").await;
    database.execute("alter table session rename to gone").await;
    let token = session["session"]["token"].as_str().unwrap();
    let request = server.client.get(server.url("/api/auth/user")).bearer_auth(token);
    let answer = request.header("x-request-id", "request-of-this-test").send().await.unwrap();
    assert_eq!(answer.status(), 500);
    assert_eq!(answer.headers()["x-request-id"], "request-of-this-test");
    assert!(!answer.text().await.unwrap().contains("session"), "the cause stays here");

    let output = server.printed().await;
    let lines: Vec<Value> = output
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|event: &Value| event["span"]["request_id"] == "request-of-this-test")
        .collect();
    let errors: Vec<_> = lines.iter().filter(|event| event["level"] == "ERROR").collect();
    assert_eq!(errors.len(), 1, "{lines:#?}");
    assert_eq!(errors[0]["route"], "/api/auth/user");
    assert_eq!(errors[0]["status"], 500);
    assert!(errors[0]["error"].as_str().unwrap().contains("\"session\""), "{}", errors[0]);
}

#[tokio::test]
async fn r_119_disabled_checks_are_warned_of_at_start() {
    let (_database, server) = SERVER
        .on_own_database(&[
            ("AUTH__SECURITY__DISABLE_CSRF_CHECK", "true"),
            ("AUTH__SECURITY__DISABLE_ORIGIN_CHECK", "true"),
        ])
        .await;
    let output = server.output();
    for key in ["security.disable_csrf_check", "security.disable_origin_check"] {
        let warned = output.lines().any(|line| line.contains("\"WARN\"") && line.contains(key));
        assert!(warned, "{key}: {output}");
    }
}

#[tokio::test]
async fn r_039_a_malformed_hash_is_logged_once_by_user_and_never_shown() {
    let (database, server) = SERVER.on_own_database(&[]).await;
    server.register("alice@example.com").await;
    database.execute("update account set password = 'canary-of-a-hash'").await;
    let person = json!({ "email": "alice@example.com", "password": "correct horse battery staple" });
    assert_eq!(server.post("/api/auth/login", &person).await.status(), 401);

    let output = server.printed().await;
    let user_id = database.query_one_text(r#"select id from "user""#).await.unwrap();
    let warned = output.lines().filter(|line| line.contains("cannot be verified"));
    let warned: Vec<Value> = warned.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(warned.len(), 1, "{output}");
    assert_eq!(warned[0]["user_id"], user_id);
    assert!(!output.contains("canary-of-a-hash"), "{output}");
}
