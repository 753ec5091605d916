//! Audit: acts of administration, refusals and denials, which are neither events nor journal
//! entries. The [`trail`] reads audit, log and journal as one list.

pub mod platform;
pub mod trail;
pub mod zone;

use crate::actor::{Attribution, TraceId};
use crate::db::TenantTx;
use crate::id::ActorId;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

/// UUID namespace for ids of audit rows of denials. Equal denials of one hour have the same id and
/// so share a row.
const DENIALS: Uuid = Uuid::from_u128(0x6561_665f_6465_6e69_616c_0000_0000_0001);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the audit row could not be written")]
    Write(#[source] sqlx::Error),
    #[error("the audit rows could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the cursor is not of the audit trail")]
    Cursor,
}

/// Audit row of one act. `act` is a code such as `connection.put`, `object` an id such as
/// `vsphere/vcenter`. Neither contains personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub actor: ActorId,
    pub act: String,
    pub object: String,
    /// Outcome of the act: `ok`, `denied`, or an error code.
    pub outcome: String,
    pub trace: TraceId,
}

/// Act of administration with its change. It happens in a tenant, or on the platform
/// ([`platform`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    pub act: String,
    pub object: String,
    /// Outcome of the act: `ok` or `denied`.
    pub outcome: String,
    /// Old and new values of roles and settings, `{"old": …, "new": …}`, without personal data.
    /// `None`: the act changed no such value.
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

/// Records an act of administration in the caller's transaction. So the act and the change that it
/// describes are both committed, or neither is.
pub async fn record_act(tx: &mut TenantTx, by: &Attribution, act: &Act) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.audit (tenant_id, at, actor_id, origin, act, object, outcome, change, trace_id)
         values ($1, eaf.now(), $2, $3, $4, $5, $6, $7, $8)",
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

/// Records that a workflow's call was denied, in an audit row with the given `id`. A repetition
/// with the same `id` records nothing.
pub async fn record_denied_call(
    tx: &mut TenantTx,
    id: Uuid,
    plugin: &str,
    grant: Option<&str>,
    entry: &Entry,
) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.audit (tenant_id, at, id, actor_id, act, object, outcome, trace_id, plugin, grant_name)
         values ($1, eaf.now(), $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing",
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

/// Records an audit row in the caller's transaction. So the row and the change that it describes
/// are both committed, or neither is.
pub async fn record(tx: &mut TenantTx, entry: &Entry) -> Result<(), Error> {
    record_pruning(tx, entry, None).await
}

/// Records that retention deleted rows. `anchors` has the number of deleted rows per anchor: `5:10
/// 6:7` means 10 rows of anchor 5 and 7 of anchor 6. `None`: rows of this kind are not anchored.
pub(crate) async fn record_pruning(tx: &mut TenantTx, entry: &Entry, anchors: Option<&str>) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.audit (tenant_id, at, actor_id, act, object, outcome, trace_id, pruned)
         values ($1, eaf.now(), $2, $3, $4, $5, $6, $7)",
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

/// Records a denial. Equal denials of an actor within an hour are one audit row, which has their
/// count and the time and trace id of the first.
pub async fn record_denied(tx: &mut TenantTx, entry: &Entry, now: OffsetDateTime) -> Result<(), Error> {
    let hour = now.unix_timestamp().div_euclid(60 * 60);
    let parts = [&hour.to_string(), &entry.actor.to_string(), &entry.act, &entry.object, &entry.outcome];
    // Line ends separate the parts, so that different parts have different texts.
    let id = Uuid::new_v5(&DENIALS, parts.map(|part| part.replace('\n', " ")).join("\n").as_bytes());
    sqlx::query(
        "insert into eaf.audit (tenant_id, at, id, actor_id, act, object, outcome, trace_id) values ($1, eaf.now(), $2, $3, $4, $5, $6, $7)
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

/// Records a refusal in an audit row with the given `id`. A repetition with the same `id` records
/// nothing. `about` is the name of the stream that the command is about; `None`: there is none.
pub async fn record_refusal(tx: &mut TenantTx, id: Uuid, entry: &Entry, about: Option<&str>) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.audit (tenant_id, at, id, actor_id, act, object, outcome, trace_id, change)
         values ($1, eaf.now(), $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
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
