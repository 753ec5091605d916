//! Read-your-writes: waits until a view has projected the events of a command.

use super::checkpoint;
use crate::contract::ViewType;
use crate::db::Db;
use crate::event_store::Position;
use crate::id::TenantId;
use crate::live::Feed;
use crate::view::{Error, Table};
use std::time::Duration;

/// Interval at which the view's position is polled. The feed's notification may come before the
/// subscription, or be lost between hosts.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Waits until the view has projected the event at position `at`. Fails with [`Error::NotReached`]
/// after `timeout`.
pub async fn wait_for(
    db: &Db,
    feed: &Feed,
    tenant: TenantId,
    plugin: &str,
    view: &ViewType,
    at: Position,
    timeout: Duration,
) -> Result<(), Error> {
    let reached = async {
        let mut changes = feed.subscribe();
        loop {
            if has_reached(db, tenant, plugin, view, at).await? {
                return Ok(());
            }
            let view_changed = async {
                loop {
                    match changes.recv().await {
                        Ok(change) if change.tenant != tenant || change.view != view.name => {}
                        _ => return,
                    }
                }
            };
            let _ = tokio::time::timeout(POLL_INTERVAL, view_changed).await;
        }
    };
    tokio::time::timeout(timeout, reached).await.unwrap_or(Err(Error::NotReached))
}

async fn has_reached(db: &Db, tenant: TenantId, plugin: &str, view: &ViewType, at: Position) -> Result<bool, Error> {
    let mut tx = db.tenant(tenant).await?;
    let (table, epoch) = Table::live(&mut tx, plugin, view).await?;
    if epoch != at.epoch {
        return Err(Error::OtherEpoch);
    }
    let reached = checkpoint::position(&mut tx, plugin, &table.name).await.map_err(Error::Read)?;
    Ok(reached.unwrap_or(0) >= at.pos)
}
