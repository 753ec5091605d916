//! Differences between the building and the live copy of a view in one tenant: compared row by row,
//! when both copies are at the same position of the log.

use crate::consumers::checkpoint;
use crate::db::{self, Db, TenantTx};
use crate::id::TenantId;
use crate::view::{self, State, copies, quoted};
use serde::Serialize;
use sqlx::AssertSqlSafe;

/// Maximum number of differing rows that are listed. All differing rows are counted.
const MAX_LISTED: i64 = 20;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no rebuild of {plugin}/{view} is running: start one with `eaf projection rebuild`")]
    NotBuilding { plugin: String, view: String },
    #[error("the rebuild has not caught up in tenant {tenant}: {pos} of {head} events; a running host continues it")]
    NotCaughtUp { tenant: TenantId, pos: u64, head: u64 },
    #[error(transparent)]
    View(#[from] view::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the copies could not be compared")]
    Compare(#[source] sqlx::Error),
}

/// Numbers of equal and of differing rows, and the keys of the first differing ones, without
/// values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub tenant: TenantId,
    pub same: u64,
    pub changed: u64,
    pub only_live: u64,
    pub only_building: u64,
    /// Differing rows, ordered by key, up to the maximum.
    pub rows: Vec<DifferingRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DifferingRow {
    pub key: String,
    /// Names of the columns in which the two copies differ; empty if only one copy has the row.
    pub columns: Vec<String>,
    pub in_live: bool,
    pub in_building: bool,
}

impl Difference {
    pub fn differing(&self) -> u64 {
        self.changed + self.only_live + self.only_building
    }
}

/// Compares the live and the building copy of a view in one tenant. Both checkpoints are locked, so
/// that neither copy changes.
pub async fn difference(db: &Db, tenant: TenantId, plugin: &str, view: &str) -> Result<Difference, Error> {
    let copies = copies(db).await?;
    let find = |state| copies.iter().find(|copy| copy.plugin == plugin && copy.view == view && copy.state == state);
    let (Some(live), Some(building)) = (find(State::Live), find(State::Building)) else {
        return Err(Error::NotBuilding { plugin: plugin.to_owned(), view: view.to_owned() });
    };
    let mut tx = db.tenant(tenant).await?;
    lock_at_same_position(&mut tx, plugin, &live.table, &building.table).await?;
    let columns: Vec<String> = sqlx::query_scalar(
        "select c ->> 'name' from eaf.view v, jsonb_array_elements(v.spec -> 'columns') c where v.digest = $1",
    )
    .bind(&live.digest)
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Compare)?;
    let compared = Compared::of(&live.table, &building.table, &columns);
    let (same, changed, only_live, only_building): (i64, i64, i64, i64) =
        sqlx::query_as(AssertSqlSafe(compared.counts()))
            .bind(tenant)
            .fetch_one(tx.conn())
            .await
            .map_err(Error::Compare)?;
    let rows: Vec<(String, Vec<String>, bool, bool)> = sqlx::query_as(AssertSqlSafe(compared.rows(&columns)))
        .bind(tenant)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Compare)?;
    let row = |(key, columns, in_live, in_building)| DifferingRow { key, columns, in_live, in_building };
    Ok(Difference {
        tenant,
        same: same as u64,
        changed: changed as u64,
        only_live: only_live as u64,
        only_building: only_building as u64,
        rows: rows.into_iter().map(row).collect(),
    })
}

/// SQL that compares two copies, `a` and `b`, row by row.
struct Compared {
    /// `from` with both copies, joined by key.
    joined: String,
    /// Whether the columns of `a` and `b` differ.
    distinct: String,
}

impl Compared {
    fn of(live: &str, building: &str, columns: &[String]) -> Self {
        let list =
            |side: &str| columns.iter().map(|name| format!("{side}.{}", quoted(name))).collect::<Vec<_>>().join(", ");
        let distinct = format!("({}) is distinct from ({})", list("a"), list("b"));
        Compared { joined: full_join(live, building), distinct }
    }

    /// Query of the numbers of rows that are the same, differ, or are in one copy alone.
    fn counts(&self) -> String {
        let Compared { joined, distinct } = self;
        format!(
            "select count(*) filter (where a.key is not null and b.key is not null and not {distinct}),
                    count(*) filter (where a.key is not null and b.key is not null and {distinct}),
                    count(*) filter (where b.key is null), count(*) filter (where a.key is null) {joined}"
        )
    }

    /// Query of the first rows that differ, each with the names of its differing columns.
    fn rows(&self, columns: &[String]) -> String {
        let Compared { joined, distinct } = self;
        let named = columns.iter().map(|name| {
            let (column, text) = (quoted(name), name.replace('\'', "''"));
            format!("case when a.{column} is distinct from b.{column} then '{text}' end")
        });
        format!(
            "select coalesce(a.key, b.key), case when a.key is null or b.key is null then array[]::text[]
                    else array_remove(array[{}], null) end, a.key is not null, b.key is not null {joined}
             where a.key is null or b.key is null or {distinct} order by 1 limit {MAX_LISTED}",
            named.collect::<Vec<_>>().join(", ")
        )
    }
}

fn full_join(live: &str, building: &str) -> String {
    let side =
        |table: &str| format!("(select * from eaf_view.{} where tenant_id = $1 and not _deleted)", quoted(table));
    format!("from {} a full join {} b on b.key = a.key", side(live), side(building))
}

/// Locks both checkpoints, waiting for batches that run. Fails unless both are at the same
/// position.
async fn lock_at_same_position(tx: &mut TenantTx, plugin: &str, live: &str, building: &str) -> Result<(), Error> {
    let head = checkpoint::lock(tx, plugin, live).await.map_err(Error::Compare)?;
    let pos = checkpoint::lock(tx, plugin, building).await.map_err(Error::Compare)?;
    if pos != head {
        return Err(Error::NotCaughtUp { tenant: tx.tenant(), pos, head });
    }
    Ok(())
}
