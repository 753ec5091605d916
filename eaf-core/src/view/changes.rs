//! Changes of a view after a position, for live updates. Only the rows' keys are returned, because
//! the client reads the rows itself.

use super::row_rules::{ROW, RowRule};
use super::{Error, PackageView, Table, read_error};
use crate::actor::Caller;
use crate::db::{Db, TenantTx};
use crate::event_store::Position;
use sha2::{Digest, Sha256};
use sqlx::{Postgres, QueryBuilder};
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
    /// Derives the build id from the tables of the live copies that a query reads, and from the
    /// number of times that the tenant's rows in each table were rebuilt.
    fn of<'t>(tables: impl Iterator<Item = (&'t str, i32)>) -> BuildId {
        let hash = |hash: Sha256, (table, rebuilds): (&str, i32)| {
            hash.chain_update(table).chain_update(rebuilds.to_be_bytes())
        };
        let digest = tables.fold(Sha256::new(), hash).finalize();
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
    /// Position of the last event that the view, and each view through which the caller reads its
    /// rows, has projected.
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    pub build_id: BuildId,
    pub rows: Vec<Changed>,
}

/// Reads the position of a view. A client that reads the view now follows the changes after it.
pub async fn current_position(db: &Db, caller: &Caller, package: PackageView<'_>) -> Result<ViewPosition, Error> {
    let mut tx = db.tenant(caller.tenant).await?;
    let rule = RowRule::of(&mut tx, caller, package).await?;
    Ok(position_in(&mut tx, package, &rule).await?.1)
}

/// Reads the rows and tombstones that changed after position `after`, oldest change first, as far
/// as the caller may read them. A row that the caller may read through a row of another view also
/// changes with that row, because the caller may not have been permitted to read it before.
///
/// The result may have more than `limit` rows, because the rows of one position are not split. If
/// it has at least `limit` rows, there may be more: the caller asks again from the last position.
pub async fn changed_since(
    db: &Db,
    caller: &Caller,
    package: PackageView<'_>,
    after: Position,
    limit: u32,
) -> Result<Changes, Error> {
    let mut tx = db.tenant(caller.tenant).await?;
    let rule = RowRule::of(&mut tx, caller, package).await?;
    let (table, ViewPosition { build_id, position: Position { epoch, pos: until } }) =
        position_in(&mut tx, package, &rule).await?;
    if after.epoch != epoch {
        return Err(Error::OtherEpoch);
    }
    let range = (i64::try_from(after.pos).unwrap_or(i64::MAX), until as i64);
    let mut sql = QueryBuilder::new("select key, min(_pos), bool_or(_deleted) from (");
    push_changed(&mut sql, caller, (&table, &rule), range, limit);
    for through in rule.through() {
        sql.push(" union all (");
        through.push_changed(&mut sql, caller, &table, range);
        push_first(&mut sql, limit);
        sql.push(")");
    }
    sql.push(") changed group by key");
    push_first(&mut sql, limit);
    let rows: Vec<(String, i64, bool)> =
        sql.build_query_as().fetch_all(tx.conn()).await.map_err(|cause| read_error(&package.view.name, cause))?;
    let changed = |(key, pos, deleted): (String, i64, bool)| Changed {
        key,
        position: Position { epoch, pos: pos as u64 },
        deleted,
    };
    Ok(Changes { build_id, rows: rows.into_iter().map(changed).collect() })
}

/// Appends a select of the view's own rows that changed, oldest change first.
fn push_changed(
    sql: &mut QueryBuilder<Postgres>,
    caller: &Caller,
    (table, rule): (&Table<'_>, &RowRule<'_>),
    (after, until): (i64, i64),
    limit: u32,
) {
    sql.push(format!("(select key, _pos, _deleted from {} {ROW} where tenant_id = ", table.sql));
    sql.push_bind(caller.tenant).push(" and _pos > ").push_bind(after).push(" and _pos <= ").push_bind(until);
    rule.push_condition(sql, caller);
    push_first(sql, limit);
    sql.push(")");
}

/// Appends the SQL for the rows of the first positions. Rows with the last of these are not split.
fn push_first(sql: &mut QueryBuilder<Postgres>, limit: u32) {
    sql.push(" order by 2 fetch first ").push_bind(i64::from(limit.max(1))).push(" rows with ties");
}

/// Reads the position that the view and all views through which the caller reads its rows have
/// reached. The build id identifies one build of the rows of all of them.
async fn position_in<'a>(
    tx: &mut TenantTx,
    package: PackageView<'a>,
    rule: &RowRule<'_>,
) -> Result<(Table<'a>, ViewPosition), Error> {
    let PackageView { plugin, view, .. } = package;
    let (table, epoch) = Table::live(tx, plugin, view).await?;
    let mut tables = vec![table.name.as_str()];
    tables.extend(rule.through().iter().map(|through| through.table.name.as_str()));
    let rows: Vec<(i32, i64)> = sqlx::query_as(
        "select coalesce(c.rebuilds, 0), coalesce(c.pos, 0)
         from unnest($3::text[]) with ordinality t (name, number)
         left join eaf.checkpoint c on c.tenant_id = $1 and c.plugin = $2 and c.consumer = t.name
         order by t.number",
    )
    .bind(tx.tenant())
    .bind(plugin)
    .bind(&tables)
    .fetch_all(tx.conn())
    .await
    .map_err(|cause| read_error(&view.name, cause))?;
    let build_id = BuildId::of(tables.iter().copied().zip(rows.iter().map(|(rebuilds, _)| *rebuilds)));
    let pos = rows.iter().map(|(_, pos)| *pos).min().unwrap_or_default();
    Ok((table, ViewPosition { build_id, position: Position { epoch, pos: pos as u64 } }))
}
