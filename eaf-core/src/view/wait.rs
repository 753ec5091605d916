//! Reading one's own writes: wait until a view has come as far as a command's events.

use super::{Error, Table};
use crate::consumers::checkpoint;
use crate::contract::ViewType;
use crate::db::Db;
use crate::event_store::Position;
use crate::id::TenantId;
use crate::live::Feed;
use std::time::Duration;

/// A change may have been told before we listened, or by a host that we do not hear: look again this often.
const LOOK: Duration = Duration::from_millis(100);

/// [`Error::Behind`] when it takes longer than `patience`.
pub async fn wait_for(
    db: &Db,
    feed: &Feed,
    tenant: TenantId,
    plugin: &str,
    view: &ViewType,
    at: Position,
    patience: Duration,
) -> Result<(), Error> {
    let reached = async {
        let mut changes = feed.subscribe();
        loop {
            if has_reached(db, tenant, plugin, view, at).await? {
                return Ok(());
            }
            let ours = async {
                loop {
                    match changes.recv().await {
                        Ok(change) if change.tenant != tenant || change.view != view.name => {}
                        _ => return,
                    }
                }
            };
            // Either way we look again.
            let _ = tokio::time::timeout(LOOK, ours).await;
        }
    };
    tokio::time::timeout(patience, reached).await.unwrap_or(Err(Error::Behind))
}

async fn has_reached(db: &Db, tenant: TenantId, plugin: &str, view: &ViewType, at: Position) -> Result<bool, Error> {
    let mut tx = db.tenant(tenant).await?;
    let (table, epoch) = Table::live(&mut tx, plugin, view).await?;
    if epoch != at.epoch {
        return Err(Error::OtherEpoch);
    }
    let known = checkpoint::position(&mut tx, plugin, &table.name).await.map_err(Error::Read)?;
    Ok(known.unwrap_or(0) >= at.pos)
}
