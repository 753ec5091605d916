//! Who did what. Here is what stands beside the log and the journal: acts of administration, refusals and denials. What was
//! decided is an event, what was called a journal row; [`trail`] reads the three as one list.

pub mod platform;
pub mod trail;
pub mod zone;

use crate::actor::{Attribution, TraceId};
use crate::db::TenantTx;
use crate::id::ActorId;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

/// Names of rows that count denials.
const DENIALS: Uuid = Uuid::from_u128(0x6561_665f_6465_6e69_616c_0000_0000_0001);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the audit row could not be written")]
    Write(#[source] sqlx::Error),
    #[error("the audit rows could not be read")]
    Read(#[source] sqlx::Error),
    #[error("this is no place in the audit trail")]
    Cursor,
}

/// One act. `act` and `object` are ids and names of kinds (`connection.put`, `vsphere/vcenter`), never personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub actor: ActorId,
    pub act: String,
    pub object: String,
    /// `ok`, `denied`, or the error's code.
    pub outcome: String,
    pub trace: TraceId,
}

/// An act of administration, of a tenant here or of the platform in [`platform`], with what it changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    pub act: String,
    pub object: String,
    /// `ok` or `denied`.
    pub outcome: String,
    /// `{"old": …, "new": …}`: roles and settings, never personal data.
    pub change: Option<Value>,
}

impl Act {
    pub fn new(act: &str, object: impl Into<String>) -> Act {
        Act { act: act.to_owned(), object: object.into(), outcome: "ok".into(), change: None }
    }

    pub fn denied(act: &str, object: impl Into<String>) -> Act {
        Act { outcome: "denied".into(), ..Act::new(act, object) }
    }

    pub fn changing(self, old: Value, new: Value) -> Act {
        Act { change: Some(json!({ "old": old, "new": new })), ..self }
    }
}

/// As [`record`], with what was changed, and by whom where the directory has no id of them.
pub async fn record_act(tx: &mut TenantTx, by: &Attribution, act: &Act) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.audit (tenant_id, actor_id, origin, act, object, outcome, change, trace_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(tx.tenant())
    .bind(by.actor)
    .bind(&by.origin)
    .bind(&act.act)
    .bind(&act.object)
    .bind(&act.outcome)
    .bind(&act.change)
    .bind(&by.trace.0)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    Ok(())
}

/// A call that a workflow was denied: once per id, however often it is repeated.
pub async fn record_denied_call(
    tx: &mut TenantTx,
    id: Uuid,
    plugin: &str,
    grant: Option<&str>,
    entry: &Entry,
) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.audit (tenant_id, id, actor_id, act, object, outcome, trace_id, plugin, grant_name)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(entry.actor)
    .bind(&entry.act)
    .bind(&entry.object)
    .bind(&entry.outcome)
    .bind(&entry.trace.0)
    .bind(plugin)
    .bind(grant)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    Ok(())
}

/// Written in the caller's transaction, so that an act and its record exist together or not at all.
pub async fn record(tx: &mut TenantTx, entry: &Entry) -> Result<(), Error> {
    record_pruning(tx, entry, None).await
}

/// As [`record`], with the anchors of the rows that were deleted, `5:10 6:7`; none: such rows are in no anchor.
pub(crate) async fn record_pruning(tx: &mut TenantTx, entry: &Entry, anchors: Option<&str>) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.audit (tenant_id, actor_id, act, object, outcome, trace_id, pruned)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(tx.tenant())
    .bind(entry.actor)
    .bind(&entry.act)
    .bind(&entry.object)
    .bind(&entry.outcome)
    .bind(&entry.trace.0)
    .bind(anchors)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    Ok(())
}

/// As [`record`], for what was denied: the same person's equal tries of an hour are one row that counts them. Its time
/// and trace are those of the first.
pub async fn record_denied(tx: &mut TenantTx, entry: &Entry, now: OffsetDateTime) -> Result<(), Error> {
    let hour = now.unix_timestamp().div_euclid(60 * 60);
    let parts = [&hour.to_string(), &entry.actor.to_string(), &entry.act, &entry.object, &entry.outcome];
    // None of the parts has a line end, so no two lists of them have the same text.
    let id = Uuid::new_v5(&DENIALS, parts.map(|part| part.replace('\n', " ")).join("\n").as_bytes());
    sqlx::query(
        "insert into eaf.audit (tenant_id, id, actor_id, act, object, outcome, trace_id) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (tenant_id, id) do update set count = least(audit.count, 2147483646) + 1",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(entry.actor)
    .bind(&entry.act)
    .bind(&entry.object)
    .bind(&entry.outcome)
    .bind(&entry.trace.0)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    Ok(())
}

/// A command that was refused: once per command, however often it is repeated. `about`: the stream of what it was about.
pub async fn record_refusal(tx: &mut TenantTx, id: Uuid, entry: &Entry, about: Option<&str>) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.audit (tenant_id, id, actor_id, act, object, outcome, trace_id, change)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(entry.actor)
    .bind(&entry.act)
    .bind(&entry.object)
    .bind(&entry.outcome)
    .bind(&entry.trace.0)
    .bind(about.map(|about| json!({ "about": about })))
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    Ok(())
}
