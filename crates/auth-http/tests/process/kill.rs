//! The server's process killed with SIGKILL while it signs users up.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use auth_store::testing::TestDatabase;
use test_support::email_and_password;

use crate::SERVER;

/// Users without exactly one account and one session, accounts and sessions without a user.
const HALF_MADE: &str = "select count(*)::text from (
    select u.id from \"user\" u
    left join account a on a.\"userId\" = u.id left join session s on s.\"userId\" = u.id
    group by u.id having count(distinct a.id) <> 1 or count(distinct s.id) <> 1
) half";

/// Sign-ups under way at each kill.
const SIGN_UPS: i64 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn r_098_no_kill_leaves_a_half_made_user() {
    let database = TestDatabase::create().await;
    let answered = Arc::new(AtomicI64::new(0));
    for kill in 0..50 {
        let mut server = SERVER.start(database.url(), &[]).await;
        let before = answered.load(Ordering::SeqCst);
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        let sign_ups = (0..SIGN_UPS).map(|at| {
            let body = email_and_password(&format!("user{kill}x{at}@example.com"));
            let request = client.post(server.url("/api/auth/register")).json(&body);
            let answered = Arc::clone(&answered);
            tokio::spawn(async move {
                if request.send().await.is_ok_and(|answer| answer.status() == 201) {
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            })
        });
        let sign_ups: Vec<_> = sign_ups.collect();
        // After none, one, two … of them were answered, and a little more, the others are on their way.
        while answered.load(Ordering::SeqCst) - before < kill % SIGN_UPS {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(700 * u64::try_from(kill % 7).unwrap())).await;
        server.signal("KILL");
        server.ended(Duration::from_secs(10)).await;
        futures_util::future::join_all(sign_ups).await;
    }
    assert_eq!(database.query_one_text(HALF_MADE).await.as_deref(), Some("0"));
    let users: i64 =
        database.query_one_text("select count(*)::text from \"user\"").await.unwrap().parse().unwrap();
    let answered = answered.load(Ordering::SeqCst);
    assert!(users >= answered, "{answered} sign-ups were answered, {users} are stored");
    assert!(answered > 0 && users < 50 * SIGN_UPS, "kills came before and after: {answered}, {users}");
}
