//! Journal: the calls of a run to the host, and their outcomes.
//!
//! Each step of `intent → (pending →) done` is a write under the lease. If a host dies during a
//! call, the next host starts the call again with the same idempotency key. The provider makes sure
//! that the repetition has no second effect.

use super::claim::begin_fenced;
use super::{Entry, Error, Lease, MAX_ENTRIES, Outcome, State, Wait};
use crate::capability::Failure;
use crate::crypto::Keyring;
use crate::db::{Db, TenantTx};
use crate::id::RunId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::borrow::Cow;
use time::OffsetDateTime;

/// Maximum number of characters of a failure's message that the journal stores in clear.
const DETAIL_MAX: usize = 500;

/// Journals of the runs of all tenants. Arguments, handles and results are sealed under the key of
/// the run's subject. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    db: Db,
    keyring: Keyring,
}

/// Outcome of a call as JSON, which is then sealed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sealed<'a> {
    Ok(Cow<'a, Value>),
    Err(Cow<'a, Failure>),
}

/// Values of a new journal row that depend on the state of the entry.
struct Columns<'a> {
    args: Vec<u8>,
    state: &'static str,
    handle: Option<Vec<u8>>,
    result: Option<Vec<u8>>,
    outcome: Option<&'a str>,
    detail: Option<String>,
}

impl Journal {
    pub fn new(db: &Db, keyring: &Keyring) -> Self {
        Journal { db: db.clone(), keyring: keyring.clone() }
    }

    /// Reads the journal of a run, in clear and in order, under its lease.
    pub async fn load(&self, lease: &Lease) -> Result<Vec<Entry>, Error> {
        let mut tx = begin_fenced(&self.db, lease).await?;
        self.entries(&mut tx, lease).await
    }

    /// Reads the journal like [`load`](Self::load), but without checking the fence. Only tenant,
    /// run and subject of `lease` are used.
    pub(super) async fn entries(&self, tx: &mut TenantTx, lease: &Lease) -> Result<Vec<Entry>, Error> {
        let rows = sqlx::query(
            "select seq, capability, grant_name, function, args, idempotency_key, state, handle, progress, poll_at,
                    result
             from eaf.journal where tenant_id = $1 and run_id = $2 order by seq",
        )
        .bind(lease.tenant)
        .bind(lease.run)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Read)?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            entries.push(self.entry(tx, lease, row).await?);
        }
        Ok(entries)
    }

    async fn entry(&self, tx: &mut TenantTx, lease: &Lease, row: &PgRow) -> Result<Entry, Error> {
        let sequence: i32 = row.try_get("seq").map_err(Error::Read)?;
        let corrupt = |column| Error::Corrupt { run: lease.run, seq: sequence, column };
        let args = self.column(tx, lease, row, sequence, "args").await?.ok_or(corrupt("args"))?;
        let state = match row.try_get("state").map_err(Error::Read)? {
            "intent" => State::Intent,
            "pending" => {
                let handle = self.column(tx, lease, row, sequence, "handle").await?.ok_or(corrupt("handle"))?;
                let wait: Wait = serde_json::from_value(handle).map_err(|_| corrupt("handle"))?;
                let poll_at: Option<OffsetDateTime> = row.try_get("poll_at").map_err(Error::Read)?;
                State::Pending { wait, poll_at: poll_at.ok_or(corrupt("poll_at"))? }
            }
            "done" => {
                let sealed = self.column(tx, lease, row, sequence, "result").await?.ok_or(corrupt("result"))?;
                State::Done(opened(sealed).map_err(|_| corrupt("result"))?)
            }
            _ => return Err(corrupt("state")),
        };
        let read = || -> Result<Entry, sqlx::Error> {
            Ok(Entry {
                sequence,
                capability: row.try_get("capability")?,
                function: row.try_get("function")?,
                grant: row.try_get("grant_name")?,
                args,
                idempotency_key: row.try_get("idempotency_key")?,
                state,
                progress: row.try_get::<Option<i16>, _>("progress")?.map(|percent| percent as u8),
            })
        };
        read().map_err(Error::Read)
    }

    async fn column(
        &self,
        tx: &mut TenantTx,
        lease: &Lease,
        row: &PgRow,
        seq: i32,
        column: &'static str,
    ) -> Result<Option<Value>, Error> {
        let sealed: Option<Vec<u8>> = row.try_get(column).map_err(Error::Read)?;
        let Some(sealed) = sealed else { return Ok(None) };
        let aad = aad(lease.run, seq, column);
        let opened = self.keyring.open(tx, lease.subject, &aad, &sealed).await?.ok_or(Error::Erased(lease.run))?;
        let value = serde_json::from_slice(&opened).map_err(|_| Error::Corrupt { run: lease.run, seq, column })?;
        Ok(Some(value))
    }

    /// Adds an entry to the journal; before the host acts, its state must be [`State::Intent`].
    /// The time at which a pending entry is polled is stored as it is, by the host's clock: a host
    /// compares it with its own clock.
    pub async fn write(&self, lease: &Lease, entry: &Entry) -> Result<(), Error> {
        if entry.sequence > MAX_ENTRIES {
            return Err(Error::Full);
        }
        let mut tx = begin_fenced(&self.db, lease).await?;
        let columns = self.columns(&mut tx, lease, entry).await?;
        sqlx::query(
            "insert into eaf.journal (tenant_id, run_id, seq, capability, grant_name, function, args, idempotency_key,
                                      target, state, handle, poll_at, result, outcome, detail, done_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text, $11::bytea, $12, $13::bytea, $14, $15, case when $13::bytea is null then null else clock_timestamp() end)",
        )
        .bind(lease.tenant)
        .bind(lease.run)
        .bind(entry.sequence)
        .bind(&entry.capability)
        .bind(&entry.grant)
        .bind(&entry.function)
        .bind(columns.args)
        .bind(&entry.idempotency_key)
        .bind(entry.target())
        .bind(columns.state)
        .bind(columns.handle)
        .bind(entry.poll_at())
        .bind(columns.result)
        .bind(columns.outcome)
        .bind(columns.detail)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
        tx.commit().await?;
        Ok(())
    }

    async fn columns<'a>(&self, tx: &mut TenantTx, lease: &Lease, entry: &'a Entry) -> Result<Columns<'a>, Error> {
        let seq = entry.sequence;
        let args = self.seal(tx, lease, seq, "args", entry.args.to_string()).await?;
        let columns = Columns { args, state: "intent", handle: None, result: None, outcome: None, detail: None };
        Ok(match &entry.state {
            State::Intent => columns,
            State::Pending { wait, .. } => {
                let json = serde_json::to_string(wait).map_err(Error::Encode)?;
                let handle = Some(self.seal(tx, lease, seq, "handle", json).await?);
                Columns { state: "pending", handle, ..columns }
            }
            State::Done(ended) => {
                let result = Some(self.seal(tx, lease, seq, "result", sealed(ended)?).await?);
                let (outcome, detail) = (Some(code(ended)), detail(ended));
                Columns { state: "done", result, outcome, detail, ..columns }
            }
        })
    }

    /// Records that a call waits, for its operation or for its repetition, and is polled at
    /// `poll_at`, by the host's clock. The stored progress never decreases.
    pub async fn set_pending(
        &self,
        lease: &Lease,
        sequence: i32,
        wait: &Wait,
        progress: Option<u8>,
        poll_at: OffsetDateTime,
    ) -> Result<(), Error> {
        let mut tx = begin_fenced(&self.db, lease).await?;
        let json = serde_json::to_string(wait).map_err(Error::Encode)?;
        let handle = self.seal(&mut tx, lease, sequence, "handle", json).await?;
        let updated = sqlx::query(
            "update eaf.journal set state = 'pending', handle = $4, progress = greatest(progress, $5),
                    poll_at = $6, retry_code = $7::text,
                    attempts = case when $7::text is null then 0 else attempts + 1 end,
                    retry_at = case when $7::text is null then null else $6 end
             where tenant_id = $1 and run_id = $2 and seq = $3 and state <> 'done'",
        )
        .bind(lease.tenant)
        .bind(lease.run)
        .bind(sequence)
        .bind(handle)
        .bind(progress.map(|percent| i16::from(percent.min(100))))
        .bind(poll_at)
        .bind(wait.retry_code())
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
        open(lease, sequence, updated.rows_affected())?;
        tx.commit().await?;
        Ok(())
    }

    /// Records that a call has ended, with or without success. The stored number of attempts does
    /// not change.
    pub async fn finish(&self, lease: &Lease, sequence: i32, outcome: &Outcome) -> Result<(), Error> {
        let mut tx = begin_fenced(&self.db, lease).await?;
        let result = self.seal(&mut tx, lease, sequence, "result", sealed(outcome)?).await?;
        let updated = sqlx::query(
            "update eaf.journal set state = 'done', result = $4, outcome = $5, detail = $6,
                    done_at = clock_timestamp(), poll_at = null, retry_at = null
             where tenant_id = $1 and run_id = $2 and seq = $3 and state <> 'done'",
        )
        .bind(lease.tenant)
        .bind(lease.run)
        .bind(sequence)
        .bind(result)
        .bind(code(outcome))
        .bind(detail(outcome))
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
        open(lease, sequence, updated.rows_affected())?;
        tx.commit().await?;
        Ok(())
    }

    async fn seal(
        &self,
        tx: &mut TenantTx,
        lease: &Lease,
        seq: i32,
        column: &str,
        json: String,
    ) -> Result<Vec<u8>, Error> {
        let aad = aad(lease.run, seq, column);
        Ok(self.keyring.seal(tx, lease.subject, &aad, json.as_bytes()).await?)
    }
}

fn sealed(outcome: &Outcome) -> Result<String, Error> {
    let sealed = match outcome {
        Ok(answer) => Sealed::Ok(Cow::Borrowed(answer)),
        Err(failure) => Sealed::Err(Cow::Borrowed(failure)),
    };
    serde_json::to_string(&sealed).map_err(Error::Encode)
}

fn opened(sealed: Value) -> Result<Outcome, serde_json::Error> {
    Ok(match serde_json::from_value(sealed)? {
        Sealed::Ok(answer) => Ok(answer.into_owned()),
        Sealed::Err(failure) => Err(failure.into_owned()),
    })
}

fn code(outcome: &Outcome) -> &str {
    outcome.as_ref().err().map_or("ok", |failure| &failure.code)
}

fn detail(outcome: &Outcome) -> Option<String> {
    let failure = outcome.as_ref().err()?;
    Some(failure.message.chars().take(DETAIL_MAX).collect())
}

/// Fails if no row was updated. The journal is append-only: an entry that is done cannot change,
/// and one that was never added cannot be updated.
fn open(lease: &Lease, seq: i32, rows: u64) -> Result<(), Error> {
    if rows == 0 { Err(Error::NotOpen { run: lease.run, seq }) } else { Ok(()) }
}

fn aad(run: RunId, seq: i32, column: &str) -> String {
    format!("journal/{run}/{seq}/{column}")
}
