//! Business things by name: what the rows of a view stand for, for those who may read them.

use super::own::Reach;
use super::{Error, Table, quoted, read_error};
use crate::actor::Caller;
use crate::contract::ViewType;
use crate::db::TenantTx;

/// A row of a view that stands for a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub key: String,
    pub name: String,
}

/// Those whose name contains this text, capitals or not, or whose key it is; at most so many, by name.
///
/// Names are read from an index: rows alone would be read from the whole table.
pub async fn called(
    tx: &mut TenantTx,
    caller: &Caller,
    plugin: &str,
    view: &ViewType,
    text: &str,
    most: usize,
) -> Result<Vec<Named>, Error> {
    let name = name_column(view);
    let Some((mut sql, table, reach)) = select(tx, caller, plugin, view).await? else { return Ok(Vec::new()) };
    sql.push(format!(" and key = any (array(select x.key from {table} x where x.tenant_id = "));
    sql.push_bind(caller.tenant).push(" and (position(lower(");
    sql.push_bind(text.to_owned()).push(format!(") in lower(x.{name})) > 0 or x.key = "));
    sql.push_bind(text.to_owned()).push(")");
    reach.restrict(&mut sql, caller);
    sql.push(format!(" order by x.{name} limit {}))", most * 2));
    sql.push(format!(" order by {name}, key limit {most}"));
    read(tx, view, sql).await
}

/// The names of these rows.
pub async fn names(
    tx: &mut TenantTx,
    caller: &Caller,
    plugin: &str,
    view: &ViewType,
    keys: &[String],
) -> Result<Vec<Named>, Error> {
    let Some((mut sql, ..)) = select(tx, caller, plugin, view).await? else { return Ok(Vec::new()) };
    sql.push(" and key = any (").push_bind(keys.to_vec()).push(")");
    read(tx, view, sql).await
}

fn name_column(view: &ViewType) -> String {
    quoted(view.thing.as_ref().map(|thing| thing.name.as_str()).unwrap_or_default())
}

type Query = sqlx::QueryBuilder<sqlx::Postgres>;

/// With the table's name and the rows that the caller may read. None: its rows stand for nothing, or the caller may read none.
async fn select<'v>(
    tx: &mut TenantTx,
    caller: &Caller,
    plugin: &str,
    view: &'v ViewType,
) -> Result<Option<(Query, String, Reach<'v>)>, Error> {
    let Ok(reach) = Reach::of(caller, plugin, view) else { return Ok(None) };
    if view.thing.is_none() {
        return Ok(None);
    }
    let (table, _) = Table::live(tx, plugin, view).await?;
    let name = name_column(view);
    let mut sql = Query::new(format!("select key, {name} from {} where tenant_id = ", table.sql));
    sql.push_bind(caller.tenant).push(format!(" and not _deleted and {name} is not null"));
    reach.restrict(&mut sql, caller);
    Ok(Some((sql, table.sql, reach)))
}

async fn read(tx: &mut TenantTx, view: &ViewType, mut sql: Query) -> Result<Vec<Named>, Error> {
    let rows: Vec<(String, String)> =
        sql.build_query_as().fetch_all(tx.conn()).await.map_err(|cause| read_error(&view.name, cause))?;
    Ok(rows.into_iter().map(|(key, name)| Named { key, name }).collect())
}
