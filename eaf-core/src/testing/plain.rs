//! Baseline for benchmarks: a minimal handler that does the same work, for the same tenant and
//! rows, without the framework. The difference in time is the cost of the framework.

use crate::contract::{Column, ColumnType};
use crate::id::TenantId;
use crate::testing::{Database, ambient};
use serde::Serialize;
use sqlx::postgres::{PgPool, PgPoolOptions, PgRow};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Postgres, Row, Transaction};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const ITEMS: &str = "create schema plain;
    create table plain.item (tenant_id uuid not null, id uuid primary key, name text not null, by bigint not null,
      at timestamptz not null default now());
    alter table plain.item enable row level security;
    alter table plain.item force row level security;
    create policy tenant on plain.item using (tenant_id = current_setting('app.tenant_id')::uuid);
    grant usage on schema plain to eaf_app;
    grant select, insert on plain.item to eaf_app";

/// Creates the table into which [`Plain::insert`] writes.
pub async fn prepare(database: &Database) {
    database.run(ITEMS).await;
}

/// Name of the table of a view's live copy, and the view's columns as JSON.
pub async fn live_table(database: &Database, plugin: &str, view: &str) -> (String, String) {
    sqlx::query_as(
        "select c.table_name, (v.spec -> 'columns')::text from eaf.view_copy c join eaf.view v on v.digest = c.digest
         where v.plugin = $1 and v.view = $2 and v.active and c.state = 'live'",
    )
    .bind(plugin)
    .bind(view)
    .fetch_one(&mut database.superuser().await)
    .await
    .expect("the view is there")
}

pub struct Plain {
    pool: PgPool,
    columns: Vec<Column>,
    list: String,
}

impl Plain {
    pub async fn connect(url: &str, connections: u32, table: &str, columns: &str) -> Plain {
        let columns: Vec<Column> = serde_json::from_str(columns).expect("columns");
        let names: String = columns.iter().map(|column| format!(", \"{}\"", column.name)).collect();
        let list = format!(
            "select key, _pos{names} from eaf_view.\"{table}\" where tenant_id = $1 and not _deleted order by key limit $2"
        );
        let pool = PgPoolOptions::new().max_connections(connections).connect(url).await.expect("the database is there");
        Plain { pool, columns, list }
    }

    /// Reads the view's first `limit` rows as a JSON document, like an answer of the API.
    pub async fn list(&self, tenant: TenantId, limit: i64) -> Result<Vec<u8>, sqlx::Error> {
        let mut tx = self.begin(tenant).await?;
        let query = sqlx::query(AssertSqlSafe(self.list.as_str())).bind(tenant).bind(limit);
        let rows = query.fetch_all(&mut *tx).await?;
        tx.commit().await?;
        let mut document = b"{\"items\":[".to_vec();
        for (index, row) in rows.iter().enumerate() {
            document.extend_from_slice(if index == 0 { b"{\"key\":" } else { b",{\"key\":" });
            write(&mut document, &row.try_get::<&str, _>(0)?);
            document.extend_from_slice(b",\"position\":");
            write(&mut document, &row.try_get::<i64, _>(1)?);
            for (index, column) in self.columns.iter().enumerate() {
                document.extend_from_slice(b",\"");
                document.extend_from_slice(column.name.as_bytes());
                document.extend_from_slice(b"\":");
                member(&mut document, row, index + 2, column.kind)?;
            }
            document.push(b'}');
        }
        document.extend_from_slice(b"],\"next\":null}");
        Ok(document)
    }

    pub async fn insert(&self, tenant: TenantId, name: &str, by: i64) -> Result<(), sqlx::Error> {
        let mut tx = self.begin(tenant).await?;
        sqlx::query("insert into plain.item (tenant_id, id, name, by) values ($1, $2, $3, $4)")
            .bind(tenant)
            .bind(ambient().uuid())
            .bind(name)
            .bind(by)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn begin(&self, tenant: TenantId) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let set = sqlx::query("select set_config('app.tenant_id', $1, true)").bind(tenant.0.to_string());
        set.execute(&mut *tx).await?;
        Ok(tx)
    }
}

fn member(document: &mut Vec<u8>, row: &PgRow, index: usize, kind: ColumnType) -> Result<(), sqlx::Error> {
    match kind {
        ColumnType::Text => write(document, &row.try_get::<Option<&str>, _>(index)?),
        ColumnType::Integer => write(document, &row.try_get::<Option<i64>, _>(index)?),
        ColumnType::Boolean => write(document, &row.try_get::<Option<bool>, _>(index)?),
        ColumnType::Timestamp => {
            let at = row.try_get::<Option<OffsetDateTime>, _>(index)?;
            write(document, &at.and_then(|at| at.format(&Rfc3339).ok()));
        }
        ColumnType::Json => {
            let value = row.try_get::<Option<Json<serde_json::Value>>, _>(index)?;
            write(document, &value.map(|Json(value)| value));
        }
    }
    Ok(())
}

fn write(document: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(document, value).expect("memory takes everything");
}
