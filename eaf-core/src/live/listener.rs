//! Hears NOTIFY on a connection of its own, and finds out when that connection is no good.
//!
//! A connection that waits sends nothing, so a network that swallows packets, or a server that became a
//! standby, would leave it waiting for ever: after some silence it is asked.

use crate::db::require_writable;
use sqlx::Acquire;
use sqlx::postgres::PgListener;
use std::convert::Infallible;
use std::time::Duration;

const SILENCE: Duration = Duration::from_secs(20);
/// To log in and to begin to listen.
const CONNECT: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no connection to listen on")]
    Connect(#[source] sqlx::Error),
    #[error("no connection to listen on within {CONNECT:?}")]
    Silent,
    #[error("the connection was lost")]
    Lost(#[source] sqlx::Error),
}

/// Passes on each payload of `channel` until the connection is lost.
pub(super) async fn hear(url: &str, channel: &str, mut heard: impl FnMut(&str)) -> Result<Infallible, Error> {
    let connecting = async {
        let mut listener = PgListener::connect(url).await?;
        listener.listen(channel).await?;
        Ok(listener)
    };
    let connected = tokio::time::timeout(CONNECT, connecting).await;
    let mut listener = connected.map_err(|_| Error::Silent)?.map_err(Error::Connect)?;
    loop {
        match tokio::time::timeout(SILENCE, listener.recv()).await {
            Ok(notification) => heard(notification.map_err(Error::Lost)?.payload()),
            Err(_) => {
                let conn = listener.acquire().await.map_err(Error::Lost)?;
                require_writable(conn).await.map_err(Error::Lost)?;
            }
        }
    }
}
