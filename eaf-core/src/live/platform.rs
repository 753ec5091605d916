//! The platform's feed: which positions each tenant's log has got, across all tenants and without payload.
//!
//! A follower keeps a vector, one position per tenant; there is no order between tenants. Positions have no gaps, so what is new is a
//! range per tenant, and catching up and following are the same question. It is asked when the doorbell rings, and every few
//! seconds anyway, because rings may get lost.

use super::{Doorbell, Ring};
use crate::db::Db;
use crate::event_store::Position;
use crate::id::TenantId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::broadcast;

const SCAN: Duration = Duration::from_secs(5);

/// How far a follower has come: a value to keep, to print and to go on from. A tenant that is not in it is at its beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Vector(pub BTreeMap<TenantId, Position>);

/// What is new of one tenant: all positions from `first` to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Appended {
    pub tenant: TenantId,
    pub first: Position,
    pub last: Position,
    /// The log begins anew here, because the database was restored: what the follower had of this tenant may be void.
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

    /// How far it has come with what [`next`](Self::next) has answered so far.
    pub fn vector(&self) -> &Vector {
        &self.vector
    }

    /// What there is now; empty if there is nothing new.
    pub async fn poll(&mut self) -> Result<Vec<Appended>, Error> {
        let (epoch, heads) = heads(&self.db).await.map_err(Error)?;
        let mut news = Vec::new();
        for (tenant, pos) in heads {
            let last = Position { epoch, pos };
            let known = self.vector.0.get(&tenant).copied();
            let restored = known.is_some_and(|known| known.epoch != epoch);
            let from = known.filter(|_| !restored).map_or(0, |known| known.pos);
            if pos > from || restored {
                news.push(Appended { tenant, first: Position { epoch, pos: from + 1 }, last, restored });
                self.vector.0.insert(tenant, last);
            }
        }
        Ok(news)
    }

    /// Waits until there is something.
    pub async fn next(&mut self) -> Result<Vec<Appended>, Error> {
        loop {
            let news = self.poll().await?;
            if !news.is_empty() {
                return Ok(news);
            }
            // A ring that was missed is made up for by the next look.
            let _ = tokio::time::timeout(SCAN, self.rings.recv()).await;
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
