//! The client's address as sessions store it.

use serde_json::Value;
use test_support::{Process, email_and_password};

use crate::SERVER;

async fn stored_address(server: &Process, forwarded_for: &str) -> Value {
    let email = format!("user{:x}@example.com", rand::random::<u64>());
    let request =
        server.client.post(server.url("/api/auth/register")).header("x-forwarded-for", forwarded_for);
    let answer = request.json(&email_and_password(&email)).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    answer.json::<Value>().await.unwrap()["session"]["ipAddress"].clone()
}

#[tokio::test]
async fn r_083_a_stranger_cannot_choose_its_address() {
    let (_database, server) = SERVER.on_own_database(&[]).await;
    for header in ["6.6.6.6", "6.6.6.6, 7.7.7.7", "garbage"] {
        assert_eq!(stored_address(&server, header).await, "127.0.0.1", "{header}");
    }
}

#[tokio::test]
async fn r_083_a_configured_proxy_is_believed_up_to_its_own_hop() {
    let (_database, server) =
        SERVER.on_own_database(&[("AUTH__PROXIES__TRUSTED", "127.0.0.1,10.0.0.0/8")]).await;
    let cases = [
        ("203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("2001:DB8::1", "2001:0db8:0000:0000:0000:0000:0000:0000"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, garbage", ""),
        ("10.1.2.3", ""),
    ];
    for (header, expected) in cases {
        assert_eq!(stored_address(&server, header).await, expected, "{header}");
    }
}
