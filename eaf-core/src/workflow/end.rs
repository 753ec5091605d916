//! How a run ends.

use super::Error;
use super::claim::{Lease, hold};
use crate::Core;
use serde_json::{Value, json};
use sqlx::types::Json;

/// A replay whose call is another than the journal's. Names only, so that both sides can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    pub seq: i32,
    /// What the journal says was called, such as `vsphere.clone`; none: nothing more.
    pub journal: Option<String>,
    /// What the code called now; none: it ended.
    pub call: Option<String>,
}

/// The run has returned.
pub async fn complete(core: &Core, lease: &Lease, result: &Value) -> Result<(), Error> {
    let mut tx = hold(core, lease).await?;
    let place = format!("run/{}/result", lease.run);
    let sealed = core.keyring.seal(&mut tx, lease.subject, &place, result.to_string().as_bytes()).await?;
    sqlx::query(
        "update eaf.run set state = 'done', result = $3, due_at = null, lease_host = null, lease_until = null,
                waiting_code = null, waiting = null, updated_at = clock_timestamp(), ended_at = clock_timestamp()
         where tenant_id = $1 and run_id = $2",
    )
    .bind(lease.tenant)
    .bind(lease.run)
    .bind(sealed)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(())
}

/// The run has returned a failure, or has used up its attempts. Class and code only: messages may carry data.
pub async fn fail(core: &Core, lease: &Lease, class: &str, code: &str) -> Result<(), Error> {
    end(core, lease, "failed", json!({ "class": class, "code": code })).await
}

/// The run cannot go on: its code and its journal differ. It stays for an operator to look at.
pub async fn stop(core: &Core, lease: &Lease, divergence: &Divergence) -> Result<(), Error> {
    let Divergence { seq, journal, call } = divergence;
    end(core, lease, "stopped", json!({ "seq": seq, "journal": journal, "call": call })).await
}

async fn end(core: &Core, lease: &Lease, state: &str, failure: Value) -> Result<(), Error> {
    let mut tx = hold(core, lease).await?;
    sqlx::query(
        "update eaf.run set state = $3, failure = $4, due_at = null, lease_host = null, lease_until = null,
                waiting_code = null, waiting = null, updated_at = clock_timestamp(), ended_at = clock_timestamp()
         where tenant_id = $1 and run_id = $2",
    )
    .bind(lease.tenant)
    .bind(lease.run)
    .bind(state)
    .bind(Json(failure))
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(())
}
