//! Retry during an outage of the database, so that a long-running command survives a restart or
//! failover of PostgreSQL.

use eaf_core::db;
use std::error::Error;
use std::time::Duration;

const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Waits after a transient error of the database; returns any other error.
pub async fn wait_if_transient(error: impl Into<Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    let error = error.into();
    if !db::is_transient(&*error) {
        return Err(error);
    }
    tracing::warn!(error = &*error, "the database is unavailable; retrying");
    tokio::time::sleep(RETRY_DELAY).await;
    Ok(())
}
