//! End of a run: it has returned a result, it has failed, or a divergence stopped it.

use super::claim::begin_fenced;
use super::{Divergence, Error, Lease};
use crate::capability::Failure;
use crate::crypto::Keyring;
use crate::db::Db;
use serde_json::{Value, json};
use sqlx::types::Json;

/// Ends a run that has returned a result, and stores the result, sealed.
pub async fn complete(db: &Db, keyring: &Keyring, lease: &Lease, result: &Value) -> Result<(), Error> {
    let mut tx = begin_fenced(db, lease).await?;
    let place = format!("run/{}/result", lease.run);
    let sealed = keyring.seal(&mut tx, lease.subject, &place, result.to_string().as_bytes()).await?;
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

/// Ends a run that has returned a failure, or has no attempts left. Only the failure's class and
/// code are stored, because its message may contain personal data.
pub async fn fail(db: &Db, lease: &Lease, failure: &Failure) -> Result<(), Error> {
    let failure = json!({ "class": failure.class.as_str(), "code": failure.code });
    end(db, lease, "failed", failure).await
}

/// Stops a run that cannot continue, because its code made another call than the one in its
/// journal.
pub async fn stop(db: &Db, lease: &Lease, divergence: &Divergence) -> Result<(), Error> {
    let Divergence { sequence, recorded, replayed } = divergence;
    end(db, lease, "stopped", json!({ "seq": sequence, "journal": recorded, "call": replayed })).await
}

async fn end(db: &Db, lease: &Lease, state: &str, failure: Value) -> Result<(), Error> {
    let mut tx = begin_fenced(db, lease).await?;
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
