//! Rows of one view in the database: read before the component projects, and written afterwards.

use super::changes::RowChanges;
use crate::contract::ColumnType;
use crate::db::TenantTx;
use crate::event_store::Position;
use crate::view::{Format, Table, decode, quoted};
use serde_json::{Map, Value};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Row};

/// Reads the rows with these keys, in the JSON form that the component gets.
pub(super) async fn load(
    tx: &mut TenantTx,
    table: &Table<'_>,
    keys: &[String],
) -> Result<Map<String, Value>, sqlx::Error> {
    // Null characters are refused by PostgreSQL, and no row has a key with one.
    let keys: Vec<&str> = keys.iter().map(String::as_str).filter(|key| !key.contains('\0')).collect();
    if keys.is_empty() {
        return Ok(Map::new());
    }
    let sql = format!(
        "select key{} from {} where tenant_id = $1 and key = any ($2) and not _deleted order by key",
        table.column_list(),
        table.sql
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(tx.tenant()).bind(keys).fetch_all(tx.conn()).await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, Value::Object(decode(row, 1, &table.view.columns, Format::Plugin)?))))
        .collect()
}

/// Maximum number of rows that one statement of [`clear`] deletes; this takes much less time than
/// the statement time-out.
const CLEAR_BATCH: i64 = 100_000;

/// Deletes all rows of the tenant in the view's table, tombstones too.
pub(super) async fn clear(tx: &mut TenantTx, table: &Table<'_>) -> Result<(), sqlx::Error> {
    let sql = format!(
        "delete from {0} where tenant_id = $1 and ctid = any (array(select ctid from {0} where tenant_id = $1 limit $2))",
        table.sql
    );
    loop {
        let query = sqlx::query(AssertSqlSafe(sql.clone())).bind(tx.tenant()).bind(CLEAR_BATCH);
        if query.execute(tx.conn()).await?.rows_affected() == 0 {
            return Ok(());
        }
    }
}

/// Writes the rows of a batch, all with the position of the batch's last event.
pub(super) async fn store(
    tx: &mut TenantTx,
    table: &Table<'_>,
    position: Position,
    changes: RowChanges,
) -> Result<(), sqlx::Error> {
    let mut rows = Vec::new();
    let mut deleted = Vec::new();
    for (key, row) in changes {
        match row {
            Some(mut row) => {
                // No column has this name: `key` is reserved.
                row.insert("key".into(), Value::String(key));
                rows.push(Value::Object(row));
            }
            None => deleted.push(key),
        }
    }
    if !rows.is_empty() {
        sqlx::query(AssertSqlSafe(upsert_sql(table)))
            .bind(tx.tenant())
            .bind(position.pos as i64)
            .bind(Json(rows))
            .execute(tx.conn())
            .await?;
    }
    if !deleted.is_empty() {
        sqlx::query(AssertSqlSafe(delete_sql(table)))
            .bind(tx.tenant())
            .bind(position.pos as i64)
            .bind(deleted)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

fn upsert_sql(table: &Table<'_>) -> String {
    let columns = &table.view.columns;
    let join = |each: &dyn Fn(String, ColumnType) -> String| -> String {
        columns.iter().map(|column| each(quoted(&column.name), column.kind)).collect()
    };
    format!(
        "insert into {table} (tenant_id, key, _pos{names})
         select $1, r.key, $2{values} from jsonb_to_recordset($3) as r (key text{types})
         on conflict (tenant_id, key) do update set _pos = excluded._pos, _deleted = false{updates}",
        table = table.sql,
        names = table.column_list(),
        values = join(&|name, _| format!(", r.{name}")),
        types = join(&|name, kind| format!(", {name} {}", sql_type(kind))),
        updates = join(&|name, _| format!(", {name} = excluded.{name}")),
    )
}

/// Builds the SQL that turns deleted rows into tombstones. A tombstone keeps only the columns that
/// row rules compare, so that live updates reach those who could read the row.
fn delete_sql(table: &Table<'_>) -> String {
    let is_compared = |name: &str| table.view.read.iter().any(|rule| rule.column() == Some(name));
    let cleared: String = table
        .view
        .columns
        .iter()
        .filter(|column| !is_compared(&column.name))
        .map(|column| format!(", {} = null", quoted(&column.name)))
        .collect();
    format!(
        "update {} set _pos = $2, _deleted = true{cleared} where tenant_id = $1 and key = any ($3) and not _deleted",
        table.sql
    )
}

fn sql_type(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Text => "text",
        ColumnType::Integer => "bigint",
        ColumnType::Boolean => "boolean",
        ColumnType::Timestamp => "timestamptz",
        ColumnType::Json => "jsonb",
    }
}
