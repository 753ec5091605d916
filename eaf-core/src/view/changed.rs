//! What changed after a position: for live updates, which tell keys and leave reading to the client.

use super::own::Reach;
use super::{Error, Table, read_error};
use crate::actor::Caller;
use crate::contract::ViewType;
use crate::db::{Db, TenantTx};
use crate::event_store::Position;
use sha2::{Digest, Sha256};
use sqlx::QueryBuilder;
use std::fmt;
use std::str::FromStr;

/// Bytes: as few as a client can well carry about.
const MARK: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub key: String,
    pub position: Position,
    pub deleted: bool,
}

/// A mark of what the rows of a view were folded by. Another one: all of them may have changed, and some may be gone without a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold(String);

impl Fold {
    /// Of the copy that is read, whose part of the tenant was begun anew so often.
    fn of(table: &str, times: i32) -> Fold {
        let digest = Sha256::new().chain_update(table).chain_update(times.to_be_bytes()).finalize();
        Fold(digest[..MARK].iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// As a client gives it back.
impl FromStr for Fold {
    type Err = NoFold;

    fn from_str(mark: &str) -> Result<Fold, NoFold> {
        let is_mark = mark.len() == 2 * MARK && mark.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_mark.then(|| Fold(mark.to_owned())).ok_or(NoFold)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a mark of a fold has {} hexadecimal digits", 2 * MARK)]
pub struct NoFold;

impl fmt::Display for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a view stands for a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    pub fold: Fold,
    /// Its rows are those of the events up to here.
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    pub fold: Fold,
    pub rows: Vec<Changed>,
}

/// From where on somebody who reads the view now has to hear of changes.
pub async fn stand(db: &Db, caller: &Caller, plugin: &str, view: &ViewType) -> Result<Stand, Error> {
    Reach::of(caller, plugin, view)?;
    let mut tx = db.tenant(caller.tenant).await?;
    Ok(stand_of(&mut tx, plugin, view).await?.1)
}

/// Rows and tombstones that changed after `after`, oldest first, as far as the caller may read them. About `limit`:
/// what changed together stays together, so a full answer means "ask again from the last position".
pub async fn changed_since(
    db: &Db,
    caller: &Caller,
    plugin: &str,
    view: &ViewType,
    after: Position,
    limit: u32,
) -> Result<Changes, Error> {
    let reach = Reach::of(caller, plugin, view)?;
    let mut tx = db.tenant(caller.tenant).await?;
    let (table, Stand { fold, position: Position { epoch, .. } }) = stand_of(&mut tx, plugin, view).await?;
    if after.epoch != epoch {
        return Err(Error::OtherEpoch);
    }
    let mut sql = QueryBuilder::new(format!("select key, _pos, _deleted from {} where tenant_id = ", table.sql));
    sql.push_bind(caller.tenant).push(" and _pos > ").push_bind(i64::try_from(after.pos).unwrap_or(i64::MAX));
    reach.restrict(&mut sql, caller);
    sql.push(" order by _pos fetch first ").push_bind(i64::from(limit.max(1))).push(" rows with ties");
    let rows: Vec<(String, i64, bool)> =
        sql.build_query_as().fetch_all(tx.conn()).await.map_err(|cause| read_error(&view.name, cause))?;
    let changed = |(key, pos, deleted): (String, i64, bool)| Changed {
        key,
        position: Position { epoch, pos: pos as u64 },
        deleted,
    };
    Ok(Changes { fold, rows: rows.into_iter().map(changed).collect() })
}

async fn stand_of<'a>(tx: &mut TenantTx, plugin: &str, view: &'a ViewType) -> Result<(Table<'a>, Stand), Error> {
    let (table, epoch) = Table::live(tx, plugin, view).await?;
    let row: Option<(i32, i64)> = sqlx::query_as(
        "select rebuilds, pos from eaf.checkpoint where tenant_id = $1 and plugin = $2 and consumer = $3",
    )
    .bind(tx.tenant())
    .bind(plugin)
    .bind(&table.name)
    .fetch_optional(tx.conn())
    .await
    .map_err(|cause| read_error(&view.name, cause))?;
    let (times, pos) = row.unwrap_or_default();
    let stand = Stand { fold: Fold::of(&table.name, times), position: Position { epoch, pos: pos as u64 } };
    Ok((table, stand))
}
