//! A session that ended before the server restarted stays ended after it.

use std::time::{Duration, Instant};

use auth_store::testing::TestDatabase;
use futures_util::future::join_all;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderName, ORIGIN, SET_COOKIE};
use serde_json::{Value, json};
use test_support::{PASSWORD, Process, email_and_password, routes};

use crate::SERVER;

/// Life of a session, and of its copy in a cookie.
const LIFE: Duration = Duration::from_secs(4);

const SETTINGS: [(&str, &str); 4] = [
    ("AUTH__SESSION__EXPIRES_IN", "4s"),
    ("AUTH__SESSION__UPDATE_AGE", "4s"),
    ("AUTH__SESSION__COOKIE_CACHE__MAX_AGE", "4s"),
    ("AUTH__CLEANUP__INTERVAL", "0s"),
];

/// Every way in which a client can name its session.
struct Credentials {
    token: String,
    /// Session cookie and, where there is one, its copy.
    cookies: String,
    access: String,
}

impl Credentials {
    async fn sign_in(server: &Process) -> Self {
        let person = email_and_password("ann@example.com");
        let answer = server.post("/api/auth/login", &person).await;
        assert_eq!(answer.status(), 200);
        let cookies = answer.headers().get_all(SET_COOKIE).iter();
        let cookies = cookies.map(|line| line.to_str().unwrap().split(';').next().unwrap());
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let body: Value = answer.json().await.unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self { token: text(&body["session"]["token"]), cookies, access: text(&body["accessToken"]) }
    }

    fn headers(&self) -> [(HeaderName, String); 4] {
        let alone = self.cookies.split("; ").find(|cookie| cookie.contains("session_token=")).unwrap();
        [
            (COOKIE, self.cookies.clone()),
            (COOKIE, alone.to_owned()),
            (AUTHORIZATION, format!("Bearer {}", self.token)),
            (AUTHORIZATION, format!("Bearer {}", self.access)),
        ]
    }

    /// Asks each route that acts for a user; none may.
    async fn act_for_nobody(&self, server: &Process) {
        for entry in routes().iter().filter(|entry| entry.is_guarded()) {
            for (name, value) in self.headers() {
                let method = entry.method.parse().unwrap();
                let request = server.client.request(method, api(server, entry.path));
                let body = json!({"token": "x", "newPassword": PASSWORD, "currentPassword": PASSWORD});
                let request = request.header(ORIGIN, "http://localhost:3000").header(&name, value);
                let answer = request.json(&body).send().await.unwrap();
                assert_eq!(answer.status(), 401, "{} {name}", entry.path);
            }
        }
    }

    /// Reads the session in every way; there is none, and nothing says otherwise afterwards.
    async fn are_over(&self, server: &Process) {
        for query in ["", "?disableCookieCache=true", "?disableRefresh=true"] {
            for (name, value) in self.headers() {
                let request = server.client.get(api(server, &format!("/get-session{query}")));
                let answer = request.header(&name, value).send().await.unwrap();
                let lines = answer.headers().get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap());
                assert!(lines.into_iter().all(|line| line.contains("=; Max-Age=0")), "{query} {name}");
                let (status, body) = (answer.status().as_u16(), answer.text().await.unwrap());
                let gone = if name == COOKIE { body == "null" } else { status == 401 };
                assert!(gone, "{query} {name}: {status} {body}");
            }
        }
    }
}

fn api(server: &Process, path: &str) -> String {
    server.url(&format!("/api/auth{path}"))
}

async fn ends(strategy: Option<&str>, signal: &str) {
    let database = TestDatabase::create().await;
    let mut settings = SETTINGS.to_vec();
    if let Some(strategy) = strategy {
        settings.push(("AUTH__SESSION__COOKIE_CACHE__ENABLED", "true"));
        settings.push(("AUTH__SESSION__COOKIE_CACHE__STRATEGY", strategy));
    }
    let mut before = SERVER.start(database.url(), &settings).await;
    before.register("ann@example.com").await;
    let (revoked, expired) = (Credentials::sign_in(&before).await, Credentials::sign_in(&before).await);
    assert_eq!(revoked.cookies.contains("session_data="), strategy.is_some(), "{}", revoked.cookies);
    let over = Instant::now() + LIFE;
    let request = before.client.post(api(&before, "/sign-out")).header(ORIGIN, "http://localhost:3000");
    let (cookie, alone) = &revoked.headers()[1];
    assert_eq!(request.header(cookie, alone).send().await.unwrap().status(), 200);
    let rows = async || {
        let count = "select count(*)::text from session where token = any(array['{a}', '{b}'])";
        let count = count.replace("{a}", &revoked.token).replace("{b}", &expired.token);
        database.query_one_text(&count).await.unwrap()
    };
    assert_eq!(rows().await, "1", "the one is gone, the other not over yet");
    before.signal(signal);
    before.ended(Duration::from_secs(20)).await;
    drop(before);

    // Reads may be answered from the copy alone where no access token goes with them.
    settings.push(("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false"));
    let after = SERVER.start(database.url(), &settings).await;
    // Its copy may still be shown, but acts for nobody.
    revoked.act_for_nobody(&after).await;
    tokio::time::sleep_until(over.into()).await;
    for credentials in [&revoked, &expired] {
        credentials.act_for_nobody(&after).await;
        credentials.are_over(&after).await;
    }
    assert_eq!(rows().await, "0", "reading removed what was over, and made nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn r_028_a_session_that_ended_before_a_restart_stays_ended_after_it() {
    let caches = [(None, "TERM"), (Some("compact"), "TERM"), (Some("jwt"), "KILL"), (Some("jwe"), "TERM")];
    join_all(caches.map(|(strategy, signal)| ends(strategy, signal))).await;
}
