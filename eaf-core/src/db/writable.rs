//! Tells a server that takes writes from one that only reads: a standby, or a primary that a
//! failover has replaced. Pings and reads succeed there, so a pool would keep such connections until
//! they are half an hour old.

use sqlx::Row;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, Postgres};
use std::io;
use std::time::Duration;

/// A server that is there answers within milliseconds; a network that swallows packets never does.
const ANSWER: Duration = Duration::from_secs(2);

/// Refuses a connection on which no statement could write. A round trip, as a ping is.
pub(crate) async fn demand_writes(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    let asked = async { sqlx::raw_sql("show transaction_read_only").fetch_one(conn).await?.try_get(0) };
    let silent = |_| sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database does not answer"));
    let setting: String = tokio::time::timeout(ANSWER, asked).await.map_err(silent)??;
    if setting == "off" { Ok(()) } else { Err(only_reads()) }
}

/// Trouble that passes, as if the connection was lost: the next one may lead to the new primary.
pub(super) fn only_reads() -> sqlx::Error {
    let said = "the server only reads: it is a standby, or was replaced by a failover";
    sqlx::Error::Io(io::Error::new(io::ErrorKind::NotConnected, said))
}

/// Closes a pooled connection that is lost or only reads, and gives back any other one.
pub(super) async fn release(mut conn: PoolConnection<Postgres>) {
    if demand_writes(&mut conn).await.is_err() {
        conn.close_on_drop();
    }
}
