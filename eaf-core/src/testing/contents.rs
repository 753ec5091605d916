//! Contents of a database for tests: all rows as text, and the sealed values in clear.

use super::Database;
use crate::Core;
use crate::crypto::SharedSeal;
use crate::db::TenantTx;
use crate::event_store;
use crate::id::{ActorId, RunId, TenantId};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

impl Database {
    /// Rows of all tables as text, by table. Binary columns are decoded as text too, so that a test
    /// finds personal data that is not sealed.
    pub async fn dump(&self) -> Vec<(String, String)> {
        let mut conn = self.superuser().await;
        let tables: Vec<String> = sqlx::query_scalar(
            "select schemaname || '.' || quote_ident(tablename) from pg_tables
             where schemaname in ('eaf', 'eaf_view') order by 1",
        )
        .fetch_all(&mut conn)
        .await
        .expect("the catalogue can be read");
        let mut dump = Vec::new();
        for table in tables {
            let rows = rows_as_text(&mut conn, &table).await;
            dump.push((table, rows));
        }
        dump
    }

    /// Sealed values of all tenants in clear, from journals, ledgers and logs: calls with their
    /// results, commands with their answers, and events. Credentials are not included.
    pub async fn opened(&self, core: &Core) -> Vec<(String, String)> {
        let mut root = self.superuser().await;
        let tenants: Vec<TenantId> =
            sqlx::query_scalar("select tenant_id from eaf.tenant").fetch_all(&mut root).await.expect("the tenants");
        let mut opened = Vec::new();
        for tenant in tenants {
            let mut tx = core.db.tenant(tenant).await.expect("a tenant's transaction");
            opened.push((format!("journal of {tenant}"), journal(core, &mut tx, &mut root).await));
            opened.push((format!("ledger of {tenant}"), ledger(core, &mut tx, &mut root).await));
            opened.push((format!("log of {tenant}"), log(core, &mut tx).await));
        }
        opened
    }
}

async fn journal(core: &Core, tx: &mut TenantTx, root: &mut PgConnection) -> String {
    type Row = (RunId, i32, ActorId, Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>);
    let rows: Vec<Row> = sqlx::query_as(
        "select run_id, seq, subject, args, handle, j.result from eaf.journal j join eaf.run using (tenant_id, run_id)
         where tenant_id = $1 order by run_id, seq",
    )
    .bind(tx.tenant())
    .fetch_all(root)
    .await
    .expect("a superuser reads the journal");
    let mut text = String::new();
    for (run, seq, subject, args, handle, result) in rows {
        for (column, sealed) in [("args", Some(args)), ("handle", handle), ("result", result)] {
            let Some(sealed) = sealed else { continue };
            text += &open(core, tx, subject, &format!("journal/{run}/{seq}/{column}"), &sealed).await;
        }
    }
    text
}

async fn ledger(core: &Core, tx: &mut TenantTx, root: &mut PgConnection) -> String {
    let rows: Vec<(ActorId, String, Vec<u8>)> =
        sqlx::query_as("select actor_id, key, answer from eaf.ledger where tenant_id = $1")
            .bind(tx.tenant())
            .fetch_all(root)
            .await
            .expect("a superuser reads the ledger");
    let mut text = String::new();
    for (actor, command, sealed) in rows {
        let place = format!("ledger/{command}");
        let row = open(core, tx, actor, &place, &sealed).await;
        text += &sealed_for_all(core, tx, &place, &row).await;
        text += &row;
    }
    text
}

/// Opens the parts of a ledger row that are sealed for all of several people: the rejection, and
/// the caller's own text.
async fn sealed_for_all(core: &Core, tx: &mut TenantTx, place: &str, row: &str) -> String {
    let row: Value = serde_json::from_str(row).unwrap_or_default();
    let mut text = match row.pointer("/answer/sealed") {
        Some(sealed) => open_for_all(core, tx, place, sealed).await,
        None => String::new(),
    };
    for (name, member) in row.pointer("/command/body").and_then(Value::as_object).into_iter().flatten() {
        if let Some(sealed) = member.get("$sealed-for-all") {
            text += &open_for_all(core, tx, &format!("{place}\n/{name}"), sealed).await;
        }
    }
    text
}

async fn open_for_all(core: &Core, tx: &mut TenantTx, place: &str, sealed: &Value) -> String {
    let bytes = |member: &str| BASE64.decode(sealed[member].as_str().expect("text")).expect("base64");
    let people = serde_json::from_value(sealed["people"].clone()).expect("ids");
    let sealed = SharedSeal { people, key: bytes("key"), value: bytes("value") };
    let opened = core.keyring.open_for_all(tx, place, &sealed).await.expect("it opens where it was sealed");
    opened.map(|bytes| String::from_utf8(bytes).expect("JSON")).unwrap_or_default()
}

/// Opens a sealed value. The result is empty if the person was erased.
async fn open(core: &Core, tx: &mut TenantTx, subject: ActorId, place: &str, sealed: &[u8]) -> String {
    let opened = core.keyring.open(tx, subject, place, sealed).await.expect("it opens where it was sealed");
    let text = opened.map(|bytes| String::from_utf8(bytes).expect("JSON")).unwrap_or_default();
    text + "\n"
}

async fn log(core: &Core, tx: &mut TenantTx) -> String {
    let (mut text, mut after) = (String::new(), 0);
    loop {
        let events = event_store::read_after(tx, after, 1_000).await.expect("the log can be read");
        let Some(last) = events.last() else { return text };
        after = last.position.pos;
        for event in events {
            text += &event.open(&core.keyring, tx).await.expect("its personal fields open").data.to_string();
            text += "\n";
        }
    }
}

/// Reads the rows of a table as text. `table` is inserted into the SQL without quotes.
pub async fn rows_as_text(conn: &mut PgConnection, table: &str) -> String {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select quote_ident(attname), atttypid::regtype::text from pg_attribute
         where attrelid = $1::regclass and attnum > 0 and not attisdropped",
    )
    .bind(table)
    .fetch_all(&mut *conn)
    .await
    .expect("the catalogue can be read");
    let texts = columns.iter().map(|(name, kind)| match kind.as_str() {
        "bytea" => format!("coalesce(encode({name}, 'escape'), '')"),
        _ => format!("coalesce({name}::text, '')"),
    });
    let texts = texts.collect::<Vec<_>>().join(" || ' ' || ");
    let sql = format!("select coalesce(string_agg({texts}, E'\\n'), '') from {table}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await.expect("a superuser reads everything")
}
