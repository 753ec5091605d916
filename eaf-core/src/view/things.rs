//! Things by name: rows of a view that each represent a thing, such as a machine.

use super::row_rules::{ROW, RowRule};
use super::{Error, PackageView, Table, quoted, read_error};
use crate::actor::Caller;
use crate::contract::ViewType;
use crate::db::TenantTx;

/// Key and name of the row that represents a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedThing {
    pub key: String,
    pub name: String,
}

/// Finds up to `limit` things, ordered by name. The name contains `text`, in upper or lower case,
/// or the key is `text`.
///
/// The inner select finds the keys in an index of names. A condition on the outer select would make
/// PostgreSQL scan the whole table.
pub async fn find_by_name(
    tx: &mut TenantTx,
    caller: &Caller,
    package: PackageView<'_>,
    text: &str,
    limit: usize,
) -> Result<Vec<NamedThing>, Error> {
    let name = name_column(package.view);
    let Some((mut sql, table, rule)) = select(tx, caller, package).await? else { return Ok(Vec::new()) };
    sql.push(format!(" and key = any (array(select {ROW}.key from {table} {ROW} where {ROW}.tenant_id = "));
    sql.push_bind(caller.tenant).push(" and (position(lower(");
    sql.push_bind(text.to_owned()).push(format!(") in lower({ROW}.{name})) > 0 or {ROW}.key = "));
    sql.push_bind(text.to_owned()).push(")");
    rule.push_condition(&mut sql, caller);
    sql.push(format!(" order by {ROW}.{name} limit {}))", limit * 2));
    sql.push(format!(" order by {name}, key limit {limit}"));
    read(tx, package.view, sql).await
}

/// Reads the names of the things with these keys. Omits things that the caller may not read.
pub async fn names(
    tx: &mut TenantTx,
    caller: &Caller,
    package: PackageView<'_>,
    keys: &[String],
) -> Result<Vec<NamedThing>, Error> {
    let Some((mut sql, ..)) = select(tx, caller, package).await? else { return Ok(Vec::new()) };
    sql.push(" and key = any (").push_bind(keys.to_vec()).push(")");
    read(tx, package.view, sql).await
}

fn name_column(view: &ViewType) -> String {
    quoted(view.thing.as_ref().map(|thing| thing.name.as_str()).unwrap_or_default())
}

type Query = sqlx::QueryBuilder<sqlx::Postgres>;

/// Begins a select of things, with the caller's row rule. Also returns table and rule. `None`: the
/// view's rows do not represent things, or the caller may not read the view.
async fn select<'v>(
    tx: &mut TenantTx,
    caller: &Caller,
    package: PackageView<'v>,
) -> Result<Option<(Query, String, RowRule<'v>)>, Error> {
    let PackageView { plugin, view, .. } = package;
    if view.thing.is_none() {
        return Ok(None);
    }
    let rule = match RowRule::of(tx, caller, package).await {
        Ok(rule) => rule,
        Err(Error::Forbidden(_)) => return Ok(None),
        Err(cause) => return Err(cause),
    };
    let (table, _) = Table::live(tx, plugin, view).await?;
    let name = name_column(view);
    let mut sql = Query::new(format!("select key, {name} from {} {ROW} where tenant_id = ", table.sql));
    sql.push_bind(caller.tenant).push(format!(" and not _deleted and {name} is not null"));
    rule.push_condition(&mut sql, caller);
    Ok(Some((sql, table.sql, rule)))
}

async fn read(tx: &mut TenantTx, view: &ViewType, mut sql: Query) -> Result<Vec<NamedThing>, Error> {
    let rows: Vec<(String, String)> =
        sql.build_query_as().fetch_all(tx.conn()).await.map_err(|cause| read_error(&view.name, cause))?;
    Ok(rows.into_iter().map(|(key, name)| NamedThing { key, name }).collect())
}
