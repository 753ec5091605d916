//! Detection of read-only servers: a standby, or a former primary after a failover. Pings and reads
//! succeed there, so that a pool would keep such a connection for its maximum age of half an hour.

use sqlx::Row;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, Postgres};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// SQL that asks whether the server is read-only, and whether a transaction is open. A later single
/// statement on a connection with an open transaction would never be committed.
const PROBE_SQL: &str = "select current_setting('transaction_read_only'), now() <> statement_timestamp()";

/// Maximum time to wait for the answer to a probe. A reachable server answers within milliseconds;
/// through a network that drops packets, no answer arrives.
pub(super) const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Maximum idle time after which a connection is still used without a check.
pub(super) const RECENTLY_USED: Duration = Duration::from_secs(1);

/// Time after a failure during which every connection of the pool is checked before use.
const RECENT: Duration = Duration::from_secs(30);

/// Time at which a connection of a pool failed last. After it, the pool's other connections may be
/// lost as well.
#[derive(Clone, Default)]
pub(super) struct RecentFailure(Arc<Mutex<Option<Instant>>>);

impl RecentFailure {
    /// Records a failure now. Returns true if there was no other recent failure, so that a retry,
    /// which checks the connections, makes sense.
    pub fn record(&self) -> bool {
        let mut failed_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let previous = failed_at.replace(Instant::now());
        previous.is_none_or(|at| at.elapsed() >= RECENT)
    }

    pub fn is_recent(&self) -> bool {
        let failed_at = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failed_at.is_some_and(|at| at.elapsed() < RECENT)
    }
}

/// Fails if the connection is lost, leads to a read-only server, or has an open transaction. Costs
/// one round trip.
pub(crate) async fn require_writable(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    let probe = async {
        let row = sqlx::raw_sql(PROBE_SQL).fetch_one(conn).await?;
        Ok::<_, sqlx::Error>((row.try_get::<String, _>(0)?, row.try_get::<bool, _>(1)?))
    };
    let (is_read_only, in_transaction) =
        tokio::time::timeout(PROBE_TIMEOUT, probe).await.map_err(|_| no_answer())??;
    if in_transaction {
        let message = "a transaction was left open on the connection";
        return Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::NotConnected, message)));
    }
    if is_read_only == "off" { Ok(()) } else { Err(read_only()) }
}

pub(super) fn no_answer() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database does not answer"))
}

/// Creates the error for a read-only server. It counts as transient, because another connection may
/// lead to the new primary.
fn read_only() -> sqlx::Error {
    let message = "the server is read-only: it is a standby, or was replaced by a failover";
    sqlx::Error::Io(io::Error::new(io::ErrorKind::NotConnected, message))
}

/// Checks a connection of a pool. Returns the connection to the pool if its server is writable, and
/// closes it otherwise.
pub(super) async fn recheck(mut conn: PoolConnection<Postgres>) {
    if require_writable(&mut conn).await.is_err() {
        conn.close_on_drop();
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::id::TenantId;
    use crate::testing::Database;

    #[tokio::test]
    async fn a_connection_on_which_a_transaction_was_left_open_is_refused() {
        let database = Database::fresh().await;
        let mut conn = database.as_role("eaf_app").await;
        require_writable(&mut conn).await.expect("it is as new");
        sqlx::raw_sql("begin").execute(&mut conn).await.expect("begun");
        let refused = require_writable(&mut conn).await.expect_err("what is written on it may never be committed");
        assert!(crate::db::is_transient(&refused), "{refused:?}");
    }

    #[tokio::test]
    async fn a_tenants_transaction_begins_on_no_connection_that_has_one_open() {
        let database = Database::fresh().await;
        let db = database.db().await;
        let mut all = Vec::new();
        for _ in 0..db.app.options().get_max_connections() {
            let mut conn = db.app.acquire().await.expect("a connection");
            sqlx::raw_sql("begin").execute(&mut *conn).await.expect("begun");
            all.push(conn);
        }
        for mut conn in all {
            conn.return_to_pool().await;
        }
        for _ in 0..20 {
            db.tenant(TenantId::derive("acme")).await.expect("another connection is taken");
        }
    }
}
