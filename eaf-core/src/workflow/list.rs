//! Lists of runs and of their calls, for operators and tenant admins, without arguments and
//! results.

use super::{Error, Waiting};
use crate::actor::TraceId;
use crate::db::Db;
use crate::id::{RunId, TenantId, spellings};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};
use time::OffsetDateTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// A host executes the run, or the run is due and a host will soon claim it.
    Running,
    /// The run is suspended. [`RunSummary::waiting`] says why.
    Waiting,
    Done,
    Failed,
    /// The run was stopped by a divergence: its code made another call than the one in its journal.
    Stopped,
}

impl RunState {
    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Running => "running",
            RunState::Waiting => "waiting",
            RunState::Done => "done",
            RunState::Failed => "failed",
            RunState::Stopped => "stopped",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    pub id: RunId,
    pub plugin: String,
    pub workflow: String,
    /// Id of the thing that the run is about, such as a request.
    pub key: String,
    pub state: RunState,
    pub waiting: Option<Waiting>,
    pub due_at: Option<OffsetDateTime>,
    /// Reason why the run ended without a result. `{class, code}` is a failure, `{seq, journal,
    /// call}` a divergence. `None`: neither ended the run.
    pub failure: Option<Value>,
    pub attempts: i32,
    pub trace: TraceId,
    pub created_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct EntrySummary {
    pub seq: i32,
    /// Capability and function of the call, such as `vsphere.clone`.
    pub call: String,
    pub grant: Option<String>,
    pub target: Option<String>,
    /// State of the call: `intent`, `pending` or `done`.
    pub state: String,
    pub progress: Option<u8>,
    pub attempts: i32,
    pub retry_code: Option<String>,
    pub retry_at: Option<OffsetDateTime>,
    pub outcome: Option<String>,
    /// Message of the failure with which the call ended. `None`: the call has not ended, or did not
    /// fail.
    pub detail: Option<String>,
    pub started_at: OffsetDateTime,
    pub done_at: Option<OffsetDateTime>,
}

const COLUMNS: &str =
    "select run_id, plugin, workflow, key, state, waiting_code, waiting, due_at, failure, attempts, trace,
    created_at, ended_at, coalesce(lease_until > now(), false) or due_at <= now() as working from eaf.run";

/// Lists the runs of a tenant, the newest first. `before` is the last run of the previous page.
/// `key` selects the runs about the thing with this id.
pub async fn list(
    db: &Db,
    tenant: TenantId,
    key: Option<&str>,
    before: Option<(OffsetDateTime, RunId)>,
    limit: u32,
) -> Result<Vec<RunSummary>, Error> {
    let mut sql: QueryBuilder<Postgres> = QueryBuilder::new(COLUMNS);
    sql.push(" where tenant_id = ").push_bind(tenant);
    if let Some(key) = key {
        sql.push(" and key = any (").push_bind(spellings(key)).push(")");
    }
    if let Some((at, run)) = before {
        sql.push(" and (created_at, run_id) < (").push_bind(at).push(", ").push_bind(run).push(")");
    }
    sql.push(" order by created_at desc, run_id desc limit ").push_bind(i64::from(limit));
    let mut tx = db.tenant(tenant).await?;
    let rows = sql.build().fetch_all(tx.conn()).await.map_err(Error::Read)?;
    rows.iter().map(summary).collect()
}

pub async fn find(db: &Db, tenant: TenantId, run: RunId) -> Result<Option<RunSummary>, Error> {
    let mut sql: QueryBuilder<Postgres> = QueryBuilder::new(COLUMNS);
    sql.push(" where tenant_id = ").push_bind(tenant).push(" and run_id = ").push_bind(run);
    let mut tx = db.tenant(tenant).await?;
    let row = sql.build().fetch_optional(tx.conn()).await.map_err(Error::Read)?;
    row.as_ref().map(summary).transpose()
}

/// Lists the calls of one run, in order, each with its grant and outcome.
pub async fn entries(db: &Db, tenant: TenantId, run: RunId) -> Result<Vec<EntrySummary>, Error> {
    let mut tx = db.tenant(tenant).await?;
    let rows = sqlx::query(
        "select seq, capability || '.' || function as call, grant_name, target, state, progress, attempts, retry_code, retry_at,
                outcome, detail, started_at, done_at
         from eaf.journal where tenant_id = $1 and run_id = $2 order by seq",
    )
    .bind(tenant)
    .bind(run)
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    rows.iter().map(|row| entry(row).map_err(Error::Read)).collect()
}

fn summary(row: &PgRow) -> Result<RunSummary, Error> {
    let id: RunId = row.try_get("run_id").map_err(Error::Read)?;
    let read = || -> Result<_, sqlx::Error> {
        let waiting = row.try_get::<Option<String>, _>("waiting_code")?;
        let params = row.try_get::<Option<Value>, _>("waiting")?;
        Ok(RunSummary {
            id,
            plugin: row.try_get("plugin")?,
            workflow: row.try_get("workflow")?,
            key: row.try_get("key")?,
            state: RunState::Running,
            waiting: waiting.map(|code| Waiting { code, message: message(params) }),
            due_at: row.try_get("due_at")?,
            failure: row.try_get("failure")?,
            attempts: row.try_get("attempts")?,
            trace: TraceId(row.try_get("trace")?),
            created_at: row.try_get("created_at")?,
            ended_at: row.try_get("ended_at")?,
        })
    };
    let state: &str = row.try_get("state").map_err(Error::Read)?;
    let working: bool = row.try_get::<Option<bool>, _>("working").map_err(Error::Read)?.unwrap_or(false);
    let state = match (state, working) {
        ("open", true) => RunState::Running,
        ("open", false) => RunState::Waiting,
        ("done", _) => RunState::Done,
        ("failed", _) => RunState::Failed,
        ("stopped", _) => RunState::Stopped,
        _ => return Err(Error::Corrupt { run: id, seq: 0, column: "state" }),
    };
    Ok(RunSummary { state, ..read().map_err(Error::Read)? })
}

fn message(params: Option<Value>) -> String {
    params.as_ref().and_then(|params| params["message"].as_str()).unwrap_or_default().to_owned()
}

fn entry(row: &PgRow) -> Result<EntrySummary, sqlx::Error> {
    Ok(EntrySummary {
        seq: row.try_get("seq")?,
        call: row.try_get("call")?,
        grant: row.try_get("grant_name")?,
        target: row.try_get("target")?,
        state: row.try_get("state")?,
        progress: row.try_get::<Option<i16>, _>("progress")?.map(|percent| percent as u8),
        attempts: row.try_get("attempts")?,
        retry_code: row.try_get("retry_code")?,
        retry_at: row.try_get("retry_at")?,
        outcome: row.try_get("outcome")?,
        detail: row.try_get("detail")?,
        started_at: row.try_get("started_at")?,
        done_at: row.try_get("done_at")?,
    })
}
