//! The journal: what a run asked of the host, and what came of it.
//!
//! `intent → (pending →) done`, each step a write under the lease. What was begun and not finished is begun again by the
//! next host with the same idempotency key; making that harmless is the provider's work.

use super::claim::{Lease, hold};
use super::{Error, MAX_ENTRIES};
use crate::Core;
use crate::db::TenantTx;
use crate::id::RunId;
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Written before acting: it may or may not have happened.
    Intent,
    /// Under way; the handle says where to ask.
    Pending,
    Done,
}

/// A call, as it is written for the first time.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEntry {
    /// From 1, without gaps, in the order of the run's calls.
    pub seq: i32,
    pub capability: String,
    pub grant: Option<String>,
    pub function: String,
    pub args: Value,
    pub idempotency_key: String,
    /// What it acts on, such as a machine's identity. In clear: no personal data.
    pub target: Option<String>,
    /// Known at once: a read, the time, a log line. `None` is an intent.
    pub result: Option<Finished>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    pub result: Value,
    /// `ok` or a failure's code. In clear: no personal data.
    pub outcome: String,
    /// Of a failure: the host's own words. In clear: no personal data.
    pub detail: Option<String>,
}

/// A call, as a replay needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub seq: i32,
    pub capability: String,
    pub grant: Option<String>,
    pub function: String,
    pub args: Value,
    pub idempotency_key: String,
    pub state: State,
    pub handle: Option<Value>,
    pub progress: Option<u8>,
    /// When to ask again for a pending call.
    pub poll_at: Option<OffsetDateTime>,
    /// How often it failed and is to be repeated.
    pub attempts: i32,
    pub retry_at: Option<OffsetDateTime>,
    pub retry_code: Option<String>,
    pub result: Option<Value>,
    pub outcome: Option<String>,
    pub target: Option<String>,
    pub started_at: OffsetDateTime,
    pub done_at: Option<OffsetDateTime>,
}

/// What stands in the journal, in order, opened.
pub async fn load(core: &Core, lease: &Lease) -> Result<Vec<Entry>, Error> {
    let mut tx = hold(core, lease).await?;
    entries(core, &mut tx, lease).await
}

/// Needs of the lease only whose journal it is and under whose key it is sealed.
pub(super) async fn entries(core: &Core, tx: &mut TenantTx, lease: &Lease) -> Result<Vec<Entry>, Error> {
    let rows = sqlx::query(
        "select seq, capability, grant_name, function, args, idempotency_key, state, handle, progress, poll_at, attempts,
                retry_at, retry_code, result, outcome, target, started_at, done_at
         from eaf.journal where tenant_id = $1 and run_id = $2 order by seq",
    )
    .bind(lease.tenant)
    .bind(lease.run)
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in &rows {
        entries.push(entry(core, tx, lease, row).await?);
    }
    Ok(entries)
}

async fn entry(core: &Core, tx: &mut TenantTx, lease: &Lease, row: &PgRow) -> Result<Entry, Error> {
    let seq: i32 = row.try_get("seq").map_err(Error::Read)?;
    let args = column(core, tx, lease, row, seq, "args").await?;
    Ok(Entry {
        args: args.ok_or(Error::Corrupt { run: lease.run, seq, column: "args" })?,
        handle: column(core, tx, lease, row, seq, "handle").await?,
        result: column(core, tx, lease, row, seq, "result").await?,
        ..plain(row, lease.run, seq)?
    })
}

fn plain(row: &PgRow, run: RunId, seq: i32) -> Result<Entry, Error> {
    let state: &str = row.try_get("state").map_err(Error::Read)?;
    let state = match state {
        "intent" => State::Intent,
        "pending" => State::Pending,
        "done" => State::Done,
        _ => return Err(Error::Corrupt { run, seq, column: "state" }),
    };
    let read = || -> Result<Entry, sqlx::Error> {
        Ok(Entry {
            seq,
            capability: row.try_get("capability")?,
            grant: row.try_get("grant_name")?,
            function: row.try_get("function")?,
            args: Value::Null,
            idempotency_key: row.try_get("idempotency_key")?,
            state,
            handle: None,
            progress: row.try_get::<Option<i16>, _>("progress")?.map(|percent| percent as u8),
            poll_at: row.try_get("poll_at")?,
            attempts: row.try_get("attempts")?,
            retry_at: row.try_get("retry_at")?,
            retry_code: row.try_get("retry_code")?,
            result: None,
            outcome: row.try_get("outcome")?,
            target: row.try_get("target")?,
            started_at: row.try_get("started_at")?,
            done_at: row.try_get("done_at")?,
        })
    };
    read().map_err(Error::Read)
}

async fn column(
    core: &Core,
    tx: &mut TenantTx,
    lease: &Lease,
    row: &PgRow,
    seq: i32,
    column: &'static str,
) -> Result<Option<Value>, Error> {
    let sealed: Option<Vec<u8>> = row.try_get(column).map_err(Error::Read)?;
    let Some(sealed) = sealed else { return Ok(None) };
    let place = place(lease.run, seq, column);
    let opened = core.keyring.open(tx, lease.subject, &place, &sealed).await?.ok_or(Error::Erased(lease.run))?;
    let value = serde_json::from_slice(&opened).map_err(|_| Error::Corrupt { run: lease.run, seq, column })?;
    Ok(Some(value))
}

/// Writes what was asked, before anything is done about it. Reads, times and log lines, whose results are known, are
/// written together with the next effect.
pub async fn intend(core: &Core, lease: &Lease, entries: &[NewEntry]) -> Result<(), Error> {
    if entries.iter().any(|entry| entry.seq > MAX_ENTRIES) {
        return Err(Error::Full);
    }
    let mut tx = hold(core, lease).await?;
    for entry in entries {
        let args = seal(core, &mut tx, lease, entry.seq, "args", &entry.args).await?;
        let result = match &entry.result {
            Some(finished) => Some(seal(core, &mut tx, lease, entry.seq, "result", &finished.result).await?),
            None => None,
        };
        sqlx::query(
            "insert into eaf.journal (tenant_id, run_id, seq, capability, grant_name, function, args, idempotency_key, target,
                                      state, result, outcome, detail, done_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $10::bytea is null then 'intent' else 'done' end, $10, $11, $12,
                     case when $10::bytea is null then null else clock_timestamp() end)",
        )
        .bind(lease.tenant)
        .bind(lease.run)
        .bind(entry.seq)
        .bind(&entry.capability)
        .bind(&entry.grant)
        .bind(&entry.function)
        .bind(args)
        .bind(&entry.idempotency_key)
        .bind(&entry.target)
        .bind(result)
        .bind(entry.result.as_ref().map(|finished| finished.outcome.as_str()))
        .bind(entry.result.as_ref().and_then(|finished| finished.detail.as_deref()))
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    }
    tx.commit().await?;
    Ok(())
}

/// The call is under way: any host may ask for it with this handle.
pub async fn pend(core: &Core, lease: &Lease, seq: i32, handle: &Value, poll_after: Duration) -> Result<(), Error> {
    let mut tx = hold(core, lease).await?;
    let handle = seal(core, &mut tx, lease, seq, "handle", handle).await?;
    let done = sqlx::query(
        "update eaf.journal set state = 'pending', handle = $4, poll_at = clock_timestamp() + make_interval(secs => $5)
         where tenant_id = $1 and run_id = $2 and seq = $3 and state <> 'done'",
    )
    .bind(lease.tenant)
    .bind(lease.run)
    .bind(seq)
    .bind(handle)
    .bind(poll_after.as_secs_f64())
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    one(lease, seq, done.rows_affected())?;
    tx.commit().await?;
    Ok(())
}

/// It was asked and is still under way. Progress never goes back; repeated failures are over.
pub async fn progress(
    core: &Core,
    lease: &Lease,
    seq: i32,
    percent: Option<u8>,
    poll_after: Duration,
) -> Result<(), Error> {
    let mut tx = hold(core, lease).await?;
    let done = sqlx::query(
        "update eaf.journal set progress = greatest(progress, $4), attempts = 0, retry_at = null, retry_code = null,
                poll_at = clock_timestamp() + make_interval(secs => $5)
         where tenant_id = $1 and run_id = $2 and seq = $3 and state <> 'done'",
    )
    .bind(lease.tenant)
    .bind(lease.run)
    .bind(seq)
    .bind(percent.map(|percent| i16::from(percent.min(100))))
    .bind(poll_after.as_secs_f64())
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    one(lease, seq, done.rows_affected())?;
    tx.commit().await?;
    Ok(())
}

/// It failed and is to be repeated. How often and how long is the caller's decision.
pub async fn retry(core: &Core, lease: &Lease, seq: i32, code: &str, after: Duration) -> Result<(), Error> {
    let mut tx = hold(core, lease).await?;
    let done = sqlx::query(
        "update eaf.journal set attempts = attempts + 1, retry_code = $4,
                retry_at = clock_timestamp() + make_interval(secs => $5)
         where tenant_id = $1 and run_id = $2 and seq = $3 and state <> 'done'",
    )
    .bind(lease.tenant)
    .bind(lease.run)
    .bind(seq)
    .bind(code)
    .bind(after.as_secs_f64())
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    one(lease, seq, done.rows_affected())?;
    tx.commit().await?;
    Ok(())
}

/// The call has ended, well or not. Its attempts stay for the record.
pub async fn finish(core: &Core, lease: &Lease, seq: i32, finished: &Finished) -> Result<(), Error> {
    let mut tx = hold(core, lease).await?;
    let result = seal(core, &mut tx, lease, seq, "result", &finished.result).await?;
    let done = sqlx::query(
        "update eaf.journal set state = 'done', result = $4, outcome = $5, detail = $6, done_at = clock_timestamp(), poll_at = null,
                retry_at = null
         where tenant_id = $1 and run_id = $2 and seq = $3 and state <> 'done'",
    )
    .bind(lease.tenant)
    .bind(lease.run)
    .bind(seq)
    .bind(result)
    .bind(&finished.outcome)
    .bind(&finished.detail)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    one(lease, seq, done.rows_affected())?;
    tx.commit().await?;
    Ok(())
}

/// The journal is append-only for its user: an entry that is done, or was never intended, cannot be written to.
fn one(lease: &Lease, seq: i32, rows: u64) -> Result<(), Error> {
    if rows == 0 { Err(Error::NotOpen { run: lease.run, seq }) } else { Ok(()) }
}

async fn seal(
    core: &Core,
    tx: &mut TenantTx,
    lease: &Lease,
    seq: i32,
    column: &str,
    value: &Value,
) -> Result<Vec<u8>, Error> {
    let place = place(lease.run, seq, column);
    Ok(core.keyring.seal(tx, lease.subject, &place, value.to_string().as_bytes()).await?)
}

fn place(run: RunId, seq: i32, column: &str) -> String {
    format!("journal/{run}/{seq}/{column}")
}
