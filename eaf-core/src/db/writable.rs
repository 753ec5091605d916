//! Tells a server that takes writes from one that only reads: a standby, or a primary that a
//! failover has replaced. Pings and reads succeed there, so a pool would keep such connections until
//! they are half an hour old.

use sqlx::Row;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, Postgres};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The second one is true inside of a transaction. sqlx leaves one open on a pooled connection when its
/// `begin` is cancelled between question and answer, as by a client that goes away; what the next one
/// then writes without a transaction of its own would never be committed.
const ASKED: &str = "select current_setting('transaction_read_only'), now() <> statement_timestamp()";

/// A server that is there answers within milliseconds; a network that swallows packets never does.
pub(super) const ANSWER: Duration = Duration::from_secs(2);

/// A connection that was used so shortly before is taken unchecked.
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// How long every connection is checked after one has failed.
const DOUBTFUL: Duration = Duration::from_secs(30);

/// Whether a connection of a pool has failed shortly before: others may lead to the same dead end.
#[derive(Clone, Default)]
pub(super) struct Doubt(Arc<Mutex<Option<Instant>>>);

impl Doubt {
    /// True where it was not raised before.
    pub fn raise(&self) -> bool {
        let mut raised = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let former = raised.replace(Instant::now());
        former.is_none_or(|at| at.elapsed() >= DOUBTFUL)
    }

    pub fn is_raised(&self) -> bool {
        let raised = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        raised.is_some_and(|at| at.elapsed() < DOUBTFUL)
    }
}

/// Refuses a connection on which no statement could write. A round trip, as a ping is.
pub(crate) async fn demand_writes(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    let asked = async {
        let row = sqlx::raw_sql(ASKED).fetch_one(conn).await?;
        Ok::<_, sqlx::Error>((row.try_get::<String, _>(0)?, row.try_get::<bool, _>(1)?))
    };
    let (reads_only, begun) = tokio::time::timeout(ANSWER, asked).await.map_err(|_| silent())??;
    if begun {
        let said = "a transaction was left open on the connection";
        return Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::NotConnected, said)));
    }
    if reads_only == "off" { Ok(()) } else { Err(only_reads()) }
}

pub(super) fn silent() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database does not answer"))
}

/// Trouble that passes, as if the connection was lost: the next one may lead to the new primary.
fn only_reads() -> sqlx::Error {
    let said = "the server only reads: it is a standby, or was replaced by a failover";
    sqlx::Error::Io(io::Error::new(io::ErrorKind::NotConnected, said))
}

/// Closes a pooled connection that is lost or only reads, and gives back any other one.
pub(super) async fn release(mut conn: PoolConnection<Postgres>) {
    if demand_writes(&mut conn).await.is_err() {
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
        demand_writes(&mut conn).await.expect("it is as new");
        sqlx::raw_sql("begin").execute(&mut conn).await.expect("begun");
        let refused = demand_writes(&mut conn).await.expect_err("what is written on it may never be committed");
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
