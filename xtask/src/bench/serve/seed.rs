//! Creates the sessions that the benchmark reads.

use tokio_postgres::Client;

use crate::database::{block_on, connect, say};
use crate::failure::Failure;

/// Number of sessions that are requested, spread over the whole table.
const ASKED_FOR: u32 = 10_000;

/// Inserts users, and one session for each. The sessions are new, so reading does not extend their expiry.
/// Times are in whole milliseconds, as servers write them.
const FILL: [&str; 2] = [
    "INSERT INTO \"user\" (id, name, email, \"emailVerified\", \"createdAt\", \"updatedAt\") \
     SELECT md5('u' || n), 'User ' || n, 'user' || n || '@example.com', true, \
     date_trunc('milliseconds', now()), date_trunc('milliseconds', now()) FROM generate_series(1, $1::int) n",
    "INSERT INTO session (id, \"expiresAt\", token, \"createdAt\", \"updatedAt\", \"ipAddress\", \"userAgent\", \"userId\") \
     SELECT md5('s' || n), date_trunc('milliseconds', now()) + interval '7 days', md5('t' || n), \
     date_trunc('milliseconds', now()), date_trunc('milliseconds', now()), '203.0.113.7', \
     'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', md5('u' || n) \
     FROM generate_series(1, $1::int) n",
];

/// Selects the tokens to request, in an order unrelated to that of the table.
const TOKENS: &str = "SELECT token FROM session ORDER BY md5(token) LIMIT $1::int8";

/// Fills the database and returns the tokens of some sessions.
pub(super) fn fill(url: &str, sessions: u32) -> Result<Vec<String>, Failure> {
    say(&format!("making {sessions} sessions"));
    let failed = |error| Failure::because("the database refused", error);
    with_client(url, async |client| {
        let count = i32::try_from(sessions).unwrap_or(i32::MAX);
        for statement in FILL {
            client.execute(statement, &[&count]).await.map_err(failed)?;
        }
        // A background vacuum would be counted as CPU time of the server that is being measured.
        for statement in
            ["VACUUM ANALYZE", "ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()", "CHECKPOINT"]
        {
            client.batch_execute(statement).await.map_err(failed)?;
        }
        let rows = client.query(TOKENS, &[&i64::from(ASKED_FOR)]).await.map_err(failed)?;
        rows.iter().map(|row| row.try_get(0).map_err(failed)).collect()
    })
}

/// The id of the PostgreSQL process whose children serve the connections.
pub(super) fn postmaster(url: &str) -> Result<u32, Failure> {
    let folder: String = with_client(url, async |client| {
        let row = client.query_one("SELECT current_setting('data_directory')", &[]).await;
        row.and_then(|row| row.try_get(0)).map_err(|error| Failure::because("the database refused", error))
    })?;
    let file = std::fs::read_to_string(format!("{folder}/postmaster.pid"))
        .map_err(|error| Failure::because("cannot read postmaster.pid", error))?;
    let process = file.lines().next().and_then(|line| line.trim().parse().ok());
    process.ok_or_else(|| Failure::new("postmaster.pid names no process"))
}

fn with_client<T>(url: &str, work: impl AsyncFnOnce(Client) -> Result<T, Failure>) -> Result<T, Failure> {
    block_on(async { work(connect(url).await?).await })?
}
