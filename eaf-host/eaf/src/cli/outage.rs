//! Waits out an outage of the database: what goes on until it is stopped, or until something is done,
//! does not end because PostgreSQL restarts or fails over.

use eaf_core::db;
use std::error::Error;
use std::time::Duration;

const AGAIN: Duration = Duration::from_secs(1);

/// Gives the database time to come back; an error that does not pass is handed back.
pub async fn wait_out(error: impl Into<Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    let error = error.into();
    if !db::is_transient(&*error) {
        return Err(error);
    }
    tracing::warn!(error = &*error, "the database cannot be used at present; trying again");
    tokio::time::sleep(AGAIN).await;
    Ok(())
}
