//! Changes of a view after a position, for live updates. Only the rows' keys are returned, because
//! the client reads the rows itself.

use super::row_rules::RowRule;
use super::{Error, Table, read_error};
use crate::actor::Caller;
use crate::contract::ViewType;
use crate::db::{Db, TenantTx};
use crate::event_store::Position;
use sha2::{Digest, Sha256};
use sqlx::QueryBuilder;
use std::fmt;
use std::str::FromStr;

/// Length, in bytes, of a build id. It is short because clients send it back with every reconnect.
const BUILD_ID_BYTES: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub key: String,
    pub position: Position,
    pub deleted: bool,
}

/// Build id: identifies one build of a tenant's rows in a view. When a client sees another build
/// id, any row may have changed, and rows may be missing without a tombstone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildId(String);

impl BuildId {
    /// Derives the build id from the table of the view's live copy, and from the number of times
    /// that the tenant's rows in this table were rebuilt.
    fn of(table: &str, rebuilds: i32) -> BuildId {
        let digest = Sha256::new().chain_update(table).chain_update(rebuilds.to_be_bytes()).finalize();
        BuildId(digest[..BUILD_ID_BYTES].iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl FromStr for BuildId {
    type Err = InvalidBuildId;

    fn from_str(text: &str) -> Result<BuildId, InvalidBuildId> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (is_hex && text.len() == 2 * BUILD_ID_BYTES).then(|| BuildId(text.to_owned())).ok_or(InvalidBuildId)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a build id has {} hexadecimal digits", 2 * BUILD_ID_BYTES)]
pub struct InvalidBuildId;

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Build id and position of a view in one tenant, from which a client follows changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewPosition {
    pub build_id: BuildId,
    /// Position of the last event that the view has projected.
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    pub build_id: BuildId,
    pub rows: Vec<Changed>,
}

/// Reads the position of a view. A client that reads the view now follows the changes after it.
pub async fn current_position(db: &Db, caller: &Caller, plugin: &str, view: &ViewType) -> Result<ViewPosition, Error> {
    RowRule::of(caller, plugin, view)?;
    let mut tx = db.tenant(caller.tenant).await?;
    Ok(position_in(&mut tx, plugin, view).await?.1)
}

/// Reads the rows and tombstones that changed after position `after`, oldest change first, as far
/// as the caller may read them.
///
/// The result may have more than `limit` rows, because the rows of one position are not split. If
/// it has at least `limit` rows, there may be more: the caller asks again from the last position.
pub async fn changed_since(
    db: &Db,
    caller: &Caller,
    plugin: &str,
    view: &ViewType,
    after: Position,
    limit: u32,
) -> Result<Changes, Error> {
    let rule = RowRule::of(caller, plugin, view)?;
    let mut tx = db.tenant(caller.tenant).await?;
    let (table, ViewPosition { build_id, position: Position { epoch, .. } }) =
        position_in(&mut tx, plugin, view).await?;
    if after.epoch != epoch {
        return Err(Error::OtherEpoch);
    }
    let mut sql = QueryBuilder::new(format!("select key, _pos, _deleted from {} where tenant_id = ", table.sql));
    sql.push_bind(caller.tenant).push(" and _pos > ").push_bind(i64::try_from(after.pos).unwrap_or(i64::MAX));
    rule.push_condition(&mut sql, caller);
    sql.push(" order by _pos fetch first ").push_bind(i64::from(limit.max(1))).push(" rows with ties");
    let rows: Vec<(String, i64, bool)> =
        sql.build_query_as().fetch_all(tx.conn()).await.map_err(|cause| read_error(&view.name, cause))?;
    let changed = |(key, pos, deleted): (String, i64, bool)| Changed {
        key,
        position: Position { epoch, pos: pos as u64 },
        deleted,
    };
    Ok(Changes { build_id, rows: rows.into_iter().map(changed).collect() })
}

async fn position_in<'a>(
    tx: &mut TenantTx,
    plugin: &str,
    view: &'a ViewType,
) -> Result<(Table<'a>, ViewPosition), Error> {
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
    let (rebuilds, pos) = row.unwrap_or_default();
    let build_id = BuildId::of(&table.name, rebuilds);
    Ok((table, ViewPosition { build_id, position: Position { epoch, pos: pos as u64 } }))
}
