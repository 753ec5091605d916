//! Platform feed: the new positions of each tenant's log, over all tenants and without the events.
//!
//! A follower stores one position per tenant, because events of different tenants have no common
//! order. Positions have no gaps, so a tenant's new positions are one range, and one query serves
//! both catching up and following. The feed runs that query when the doorbell rings, and every 5 s
//! because rings may be lost.

use crate::db::Db;
use crate::doorbell::{Doorbell, Ring};
use crate::event_store::Position;
use crate::id::TenantId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::broadcast;

const SCAN_INTERVAL: Duration = Duration::from_secs(5);

/// Position of a follower in each tenant's log. The follower stores it and continues from it. A
/// tenant that is not listed is at position 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Vector(pub BTreeMap<TenantId, Position>);

/// New positions of one tenant, from `first` to `last` inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Appended {
    pub tenant: TenantId,
    pub first: Position,
    pub last: Position,
    /// Whether the database was restored. Then the range is the tenant's whole log, and the
    /// follower discards all that it knows of this tenant.
    pub restored: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the heads of the logs could not be read")]
pub struct Error(#[source] sqlx::Error);

pub struct PlatformFeed {
    db: Db,
    rings: broadcast::Receiver<Ring>,
    vector: Vector,
}

impl PlatformFeed {
    pub fn after(db: &Db, doorbell: &Doorbell, vector: Vector) -> Self {
        PlatformFeed { db: db.clone(), rings: doorbell.subscribe(), vector }
    }

    /// Position in each tenant's log up to which the feed has returned positions.
    pub fn vector(&self) -> &Vector {
        &self.vector
    }

    /// Returns the new positions of all tenants, at once. Empty: there are none.
    pub async fn poll(&mut self) -> Result<Vec<Appended>, Error> {
        let (epoch, heads) = heads(&self.db).await.map_err(Error)?;
        let mut appended = Vec::new();
        for (tenant, pos) in heads {
            let last = Position { epoch, pos };
            let known = self.vector.0.get(&tenant).copied();
            let restored = known.is_some_and(|known| known.epoch != epoch);
            let from = known.filter(|_| !restored).map_or(0, |known| known.pos);
            if pos > from || restored {
                appended.push(Appended { tenant, first: Position { epoch, pos: from + 1 }, last, restored });
                self.vector.0.insert(tenant, last);
            }
        }
        Ok(appended)
    }

    /// Waits until a tenant has new positions, and returns them.
    pub async fn next(&mut self) -> Result<Vec<Appended>, Error> {
        loop {
            let appended = self.poll().await?;
            if !appended.is_empty() {
                return Ok(appended);
            }
            // A ring, a lost ring and the time-out all lead to the next poll.
            let _ = tokio::time::timeout(SCAN_INTERVAL, self.rings.recv()).await;
        }
    }
}

async fn heads(db: &Db) -> Result<(u32, Vec<(TenantId, u64)>), sqlx::Error> {
    let rows: Vec<(i32, TenantId, i64)> = sqlx::query_as(
        "select (select epoch from eaf.log_epoch), t.tenant_id, h.pos from eaf.tenant t
         cross join lateral (select e.pos from eaf.event e where e.tenant_id = t.tenant_id and e.lane = 0 order by e.pos desc limit 1) h
         order by t.tenant_id",
    )
    .fetch_all(db.platform_pool())
    .await?;
    let epoch = rows.first().map_or(1, |(epoch, ..)| *epoch as u32);
    Ok((epoch, rows.into_iter().map(|(_, tenant, pos)| (tenant, pos as u64)).collect()))
}
