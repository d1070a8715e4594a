//! Measures session reads while a million expired rows are deleted.

use std::time::{Duration, Instant};

use super::load::read_until;
use super::server::Bench;
use super::{check_ratio, print_times};
use crate::database::{block_on, connect, say};
use crate::failure::Failure;

/// Duration of the measurement of the idle server.
const SPAN: Duration = Duration::from_secs(15);

/// The highest allowed ratio of the 99th percentile under load to that of the idle server.
const LIMIT: f64 = 2.0;

/// Inserts a million sessions that expired at least a day ago, in an order that no index follows.
const FILL: &str = "INSERT INTO session (id, \"expiresAt\", token, \"updatedAt\", \"userId\") \
    SELECT md5('i' || n), now() - interval '1 day' - (hashint4(n) & 2147483647) * interval '1 ms', md5('t' || n), now(), u.id \
    FROM generate_series(1, 1000000) n, \"user\" u; ANALYZE session";

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    let server = bench.start(&[])?;
    let read = server.session_read()?;
    say("making a million expired sessions");
    let database = |error| Failure::because("the database refused", error);
    block_on(async {
        connect(&bench.cluster.admin_url()).await?.batch_execute(FILL).await.map_err(database)
    })??;
    read_until(server.address, &read, Instant::now() + Duration::from_secs(2))?;
    let idle = read_until(server.address, &read, Instant::now() + SPAN)?;
    print_times("/get-session, idle", &idle);

    let began = Instant::now();
    let cannot = |error| Failure::because("cannot run auth-server cleanup", error);
    let mut removing = bench.command(&[]).arg("cleanup").spawn().map_err(cannot)?;
    let mut times = Vec::new();
    let status = loop {
        let some = read_until(server.address, &read, Instant::now() + Duration::from_millis(200));
        match (some, removing.try_wait().map_err(cannot)?) {
            (Ok(some), None) => times.extend(some.into_all()),
            (Ok(_), Some(status)) => break status,
            (Err(failure), _) => {
                let _ = removing.kill();
                return Err(failure);
            }
        }
    };
    if !status.success() {
        return Err(Failure::new(format!("auth-server cleanup failed ({status})")));
    }
    let left = block_on(async {
        let client = connect(&bench.cluster.admin_url()).await?;
        client.query_one("SELECT count(*) FROM session", &[]).await.map_err(database)
    })??;
    println!("removed in {:.1} s, {} session left", began.elapsed().as_secs_f64(), left.get::<_, i64>(0));
    let loaded = super::load::Times::new(times);
    print_times("/get-session, meanwhile", &loaded);
    check_ratio(&idle, &loaded, LIMIT)
}
