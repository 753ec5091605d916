//! Listening to NOTIFY on a separate connection, with probes that detect a dead connection.
//!
//! A listening connection sends nothing by itself. When the network drops its packets, or its
//! server becomes a standby, it would wait for ever; a probe detects that.

use crate::db::require_writable;
use sqlx::Acquire;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use std::convert::Infallible;
use std::time::Duration;

/// Time without a notification after which the connection is probed.
const PROBE_AFTER: Duration = Duration::from_secs(20);
/// Maximum time for connecting and for the statement LISTEN.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the connection to listen on could not be made")]
    Connect(#[source] sqlx::Error),
    #[error("the connection to listen on was not made within {CONNECT_TIMEOUT:?}")]
    ConnectTimeout,
    #[error("the connection was lost")]
    Lost(#[source] sqlx::Error),
}

/// Listens on the NOTIFY channel `channel` and calls `on_payload` with each payload. Returns when
/// the connection is lost.
pub(super) async fn listen(
    options: &PgConnectOptions,
    channel: &str,
    mut on_payload: impl FnMut(&str),
) -> Result<Infallible, Error> {
    let connecting = async {
        let one = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let mut listener = PgListener::connect_with(&one.connect_with(options.clone()).await?).await?;
        listener.listen(channel).await?;
        Ok(listener)
    };
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await;
    let mut listener = connected.map_err(|_| Error::ConnectTimeout)?.map_err(Error::Connect)?;
    loop {
        match tokio::time::timeout(PROBE_AFTER, listener.recv()).await {
            Ok(notification) => on_payload(notification.map_err(Error::Lost)?.payload()),
            Err(_) => {
                let conn = listener.acquire().await.map_err(Error::Lost)?;
                require_writable(conn).await.map_err(Error::Lost)?;
            }
        }
    }
}
