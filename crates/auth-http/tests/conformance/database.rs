//! One database per test, with calls that suit tests without an async runtime of their own.

use std::sync::LazyLock;

use auth_store::testing::TestDatabase;
use tokio::runtime::Runtime;
use tokio_postgres::SimpleQueryMessage;

/// Drives the few calls to the database that the tests make themselves.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
});

/// One row: each column as text, `None` for NULL.
pub(crate) type Row = Vec<Option<String>>;

/// A database that is dropped when its test passes.
pub(crate) struct Database(TestDatabase);

impl Database {
    /// Without tables.
    pub(crate) fn empty() -> Self {
        Self(RUNTIME.block_on(TestDatabase::create_empty()))
    }

    /// With the tables of this project's migrations.
    pub(crate) fn migrated_by_us() -> Self {
        Self(RUNTIME.block_on(TestDatabase::create()))
    }

    pub(crate) fn url(&self) -> &str {
        self.0.url()
    }

    /// Runs statements.
    pub(crate) fn execute(&self, sql: &str) {
        RUNTIME.block_on(self.0.execute(sql));
    }

    /// Runs a query.
    pub(crate) fn query(&self, sql: &str) -> Vec<Row> {
        let messages = RUNTIME.block_on(async {
            let client = self.0.client().await;
            client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
        });
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect())
            }
            _ => None,
        });
        rows.collect()
    }

    /// Counts the rows of a table.
    pub(crate) fn count(&self, table: &str) -> usize {
        let rows = self.query(&format!("select count(*) from {table}"));
        rows[0][0].as_deref().expect("a count").parse().expect("a number")
    }
}
