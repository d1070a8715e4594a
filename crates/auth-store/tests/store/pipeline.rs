//! Reads of sessions share a connection, and none of them is worse off for the others.

use std::time::Duration;

use auth_core::{SessionToken, UserSession};
use auth_store::testing::{TestDatabase, read_text};
use auth_store::{PoolSettings, Store, StoreError};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::made;

/// Counts the connections whose statement waits for the lock of [`Locked`].
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// A store whose reads of sessions wait until they are let go, so that they are under way at the same time.
struct Locked {
    database: TestDatabase,
    store: Store,
    token: SessionToken,
    blocker: Client,
    observer: Client,
}

type Read = JoinHandle<Result<Option<UserSession>, StoreError>>;

impl Locked {
    async fn new(max_connections: u32) -> Self {
        let database = TestDatabase::create().await;
        let acquire_timeout = Duration::from_millis(500);
        let settings = PoolSettings { max_connections, acquire_timeout, ..database.settings() };
        let store = Store::connect_lazily(settings).unwrap();
        let known = made::registration("ann@example.com");
        let token = known.session.clone().unwrap().token;
        store.register(&known).await.unwrap();
        let (blocker, observer) = (database.client().await, database.client().await);
        blocker.batch_execute("BEGIN; LOCK TABLE session").await.unwrap();
        Self { database, store, token, blocker, observer }
    }

    fn read(&self) -> Read {
        let (store, token) = (self.store.clone(), self.token.clone());
        tokio::spawn(async move { store.sessions().find_by_token(&token).await })
    }

    async fn reads(&self, number: usize) -> Vec<Read> {
        let reads = (0..number).map(|_| self.read()).collect();
        // Each has begun when a task that came later has run.
        tokio::spawn(async {}).await.unwrap();
        reads
    }

    async fn waiting(&self, connections: &str) {
        made::wait_for(&self.observer, WAITING, connections).await;
    }

    async fn let_go(&self, reads: impl IntoIterator<Item = Read>) {
        self.blocker.batch_execute("COMMIT").await.unwrap();
        for read in reads {
            assert!(read.await.unwrap().unwrap().is_some());
        }
    }
}

#[tokio::test]
async fn reads_share_a_connection_and_leave_the_others() {
    let locked = Locked::new(2).await;
    let reads = locked.reads(20).await;
    locked.waiting("1").await;
    locked.store.ping().await.unwrap();
    assert_eq!(locked.store.pool_status().connections, 2);
    locked.waiting("1").await;
    locked.let_go(reads).await;
    let status = locked.store.pool_status();
    assert_eq!((status.connections, status.idle), (2, 2), "they went back");
}

#[tokio::test]
async fn reads_that_waited_for_a_connection_join_the_first_that_got_one() {
    let locked = Locked::new(1).await;
    locked.observer.batch_execute("SELECT pg_advisory_lock(7)").await.unwrap();
    let holding = locked.store.clone();
    let holder = tokio::spawn(async move { read_text(&holding, "pg_advisory_lock(7)").await });
    locked.waiting("1").await;
    let reads = locked.reads(10).await;
    locked.observer.batch_execute("SELECT pg_advisory_unlock(7)").await.unwrap();
    holder.await.unwrap().unwrap();
    // Longer than one waits for a connection of one's own.
    tokio::time::sleep(Duration::from_millis(700)).await;
    locked.let_go(reads).await;
}

#[tokio::test]
async fn a_connection_takes_no_more_than_32_reads() {
    let locked = Locked::new(4).await;
    let mut reads = locked.reads(32).await;
    locked.waiting("1").await;
    reads.extend(locked.reads(1).await);
    locked.waiting("2").await;
    locked.let_go(reads).await;
}

#[tokio::test]
async fn a_connection_takes_reads_for_a_second() {
    let locked = Locked::new(4).await;
    let mut reads = locked.reads(1).await;
    locked.waiting("1").await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    reads.extend(locked.reads(1).await);
    locked.waiting("2").await;
    locked.let_go(reads).await;
}

#[tokio::test]
async fn a_read_whose_caller_went_away_closes_the_connection_to_others_alone() {
    let locked = Locked::new(4).await;
    let mut reads = locked.reads(3).await;
    locked.waiting("1").await;
    let abandoned = reads.remove(1);
    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    reads.extend(locked.reads(1).await);
    locked.waiting("2").await;
    locked.let_go(reads).await;
    assert_eq!(locked.store.pool_status().connections, 1, "the closed one is gone");
}

#[tokio::test]
async fn a_lost_connection_costs_none_of_its_reads() {
    let locked = Locked::new(4).await;
    let reads = locked.reads(10).await;
    locked.waiting("1").await;
    locked
        .observer
        .batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .await
        .unwrap();
    locked.let_go(reads).await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_spoils_no_other_read() {
    let locked = Locked::new(4).await;
    let odd = made::registration("odd@example.com");
    let token = odd.session.clone().unwrap().token;
    locked.blocker.batch_execute("COMMIT").await.unwrap();
    locked.store.register(&odd).await.unwrap();
    locked
        .database
        .execute("UPDATE \"user\" SET \"createdAt\" = 'infinity' WHERE email = 'odd@example.com'")
        .await;
    locked.blocker.batch_execute("BEGIN; LOCK TABLE session").await.unwrap();
    let good = locked.reads(4).await;
    let store = locked.store.clone();
    let odd = tokio::spawn(async move { store.sessions().find_by_token(&token).await });
    let after = locked.reads(4).await;
    locked.waiting("1").await;
    locked.let_go(good.into_iter().chain(after)).await;
    assert!(matches!(odd.await.unwrap(), Err(StoreError::Inconsistent { .. })));
    assert_eq!(locked.store.pool_status().connections, 1, "nothing was thrown away");
}
