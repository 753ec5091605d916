//! What changed after a position: for live updates, which tell keys and leave reading to the client.

use super::own::Reach;
use super::{Error, Table, read_error};
use crate::Core;
use crate::actor::Caller;
use crate::contract::ViewType;
use crate::event_store::Position;
use sqlx::QueryBuilder;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub key: String,
    pub position: Position,
    pub deleted: bool,
}

/// Rows and tombstones that changed after `after`, oldest first, as far as the caller may read them. About `limit`:
/// what changed together stays together, so a full answer means "ask again from the last position".
pub async fn changed_since(
    core: &Core,
    caller: &Caller,
    plugin: &str,
    view: &ViewType,
    after: Position,
    limit: u32,
) -> Result<Vec<Changed>, Error> {
    let reach = Reach::of(caller, plugin, view)?;
    let mut tx = core.db.tenant(caller.tenant).await?;
    let (table, epoch) = Table::live(&mut tx, plugin, view).await?;
    if after.epoch != epoch {
        return Err(Error::OtherEpoch);
    }
    let mut sql = QueryBuilder::new(format!("select key, _pos, _deleted from {} where tenant_id = ", table.sql));
    sql.push_bind(caller.tenant).push(" and _pos > ").push_bind(i64::try_from(after.pos).unwrap_or(i64::MAX));
    reach.restrict(&mut sql, caller);
    sql.push(" order by _pos fetch first ").push_bind(i64::from(limit.max(1))).push(" rows with ties");
    let rows: Vec<(String, i64, bool)> =
        sql.build_query_as().fetch_all(tx.conn()).await.map_err(|cause| read_error(&view.name, cause))?;
    Ok(rows
        .into_iter()
        .map(|(key, pos, deleted)| Changed { key, position: Position { epoch, pos: pos as u64 }, deleted })
        .collect())
}
