//! Rotation of the master key. First the new key becomes active for all hosts, then the data keys
//! are wrapped with it in batches. Data keys stay the same, so no value is sealed again.
//!
//! An interrupted rotation can be repeated, because the row of each data key names the master key
//! that wraps it. Hosts need both master keys during a rotation. Afterwards the previous one is
//! needed for backups only.

use super::{AAD, Error, MasterKeyRegistry};
use crate::actor::Attribution;
use crate::audit::{Act, platform};
use crate::crypto::{KeyId, master_key};
use crate::id::{ActorId, TenantId};
use serde_json::json;

/// Maximum number of data keys that one transaction wraps. An erasure of a person whose key is
/// among them waits for that transaction.
const BATCH: i64 = 500;

/// Progress of a rotation: the number of data keys that it has wrapped, and of all that it must
/// wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub done: i64,
    pub total: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    pub active: KeyId,
    /// Number of data keys that this call wrapped. It excludes those that an interrupted earlier
    /// call wrapped.
    pub keys: i64,
    /// Number of operators whose rows this call sealed again.
    pub operators: u64,
}

impl MasterKeyRegistry {
    /// Makes the host's current master key the active one, and wraps all data keys with it. Fails
    /// with [`Error::Unreadable`] if this host lacks the master key of a data key or of an
    /// operator's row.
    pub async fn rotate(&self, by: &Attribution, mut on_progress: impl FnMut(Progress)) -> Result<Rotated, Error> {
        let current = self.keyring.master_keys().current();
        self.activate(by, current).await?;
        let (remaining, _) = self.count(&current.id).await?;
        let mut done = 0;
        on_progress(Progress { done, total: remaining });
        while let Some(tenant) = self.next_tenant(&current.id).await? {
            done += self.rewrap(tenant, current).await?;
            on_progress(Progress { done, total: remaining.max(done) });
        }
        let resealed = self.directory.reseal_operators(current).await?;
        if resealed.unreadable > 0 {
            return Err(Error::Unreadable { count: resealed.unreadable });
        }
        let operators = resealed.done;
        self.retire(by, current, done, operators).await?;
        Ok(Rotated { active: current.id.clone(), keys: done, operators })
    }

    /// Makes the current master key the active one, under the exclusive lock: no data key is
    /// wrapped with the previous key afterwards.
    async fn activate(&self, by: &Attribution, current: &master_key::Master) -> Result<(), Error> {
        let mut tx = self.db.platform_tx().await.map_err(Error::Write)?;
        master_key::lock_exclusively(&mut tx).await.map_err(Error::Write)?;
        let before = master_key::active(&mut tx).await.map_err(Error::Read)?;
        if before.as_deref() != Some(current.id.0.as_str()) {
            sqlx::query("update eaf.master_key set active = false where active")
                .execute(&mut *tx)
                .await
                .map_err(Error::Write)?;
            sqlx::query(
                "insert into eaf.master_key (key_id, known, active) values ($1, $2, true)
             on conflict (key_id) do update set active = true, retired_at = null",
            )
            .bind(&current.id.0)
            .bind(self.keyring.seal_platform_under(current, AAD, current.id.0.as_bytes()))
            .execute(&mut *tx)
            .await
            .map_err(Error::Write)?;
            let act = Act::new("key.activate", "master-key").changing(json!(before), json!(current.id.0));
            platform::record(&mut tx, by, &act).await?;
        }
        tx.commit().await.map_err(Error::Write)?;
        self.keyring.master_keys().activate(&current.id.0);
        Ok(())
    }

    async fn next_tenant(&self, current: &KeyId) -> Result<Option<TenantId>, Error> {
        sqlx::query_scalar("select tenant_id from eaf.subject_key where destroyed_at is null and key_id <> $1 limit 1")
            .bind(&current.0)
            .fetch_optional(self.db.platform_pool())
            .await
            .map_err(Error::Count)
    }

    /// Wraps one batch of a tenant's data keys with the current master key, and returns how many.
    async fn rewrap(&self, tenant: TenantId, current: &master_key::Master) -> Result<i64, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let rows: Vec<(ActorId, Vec<u8>, String)> = sqlx::query_as(
            "select subject_id, wrapped, key_id from eaf.subject_key
         where tenant_id = $1 and wrapped is not null and key_id <> $2
         order by subject_id limit $3 for update",
        )
        .bind(tenant)
        .bind(&current.id.0)
        .bind(BATCH)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Rewrap)?;
        let (mut subjects, mut wrapped) = (Vec::new(), Vec::new());
        for (subject, previously_wrapped, key_id) in &rows {
            match self.keyring.master_keys().unwrap(key_id, tenant, *subject, previously_wrapped) {
                Ok(key) => wrapped.push(current.wrap(&self.ambient, tenant, *subject, &key)),
                Err(_) => return Err(Error::Unreadable { count: self.count(&current.id).await?.0 }),
            }
            subjects.push(*subject);
        }
        sqlx::query(
            "update eaf.subject_key k set wrapped = n.wrapped, key_id = $2
         from unnest($3::uuid[], $4::bytea[]) as n (subject_id, wrapped)
         where k.tenant_id = $1 and k.subject_id = n.subject_id",
        )
        .bind(tenant)
        .bind(&current.id.0)
        .bind(subjects)
        .bind(wrapped)
        .execute(tx.conn())
        .await
        .map_err(Error::Rewrap)?;
        tx.commit().await?;
        Ok(rows.len() as i64)
    }

    async fn retire(
        &self,
        by: &Attribution,
        current: &master_key::Master,
        keys: i64,
        operators: u64,
    ) -> Result<(), Error> {
        let mut tx = self.db.platform_tx().await.map_err(Error::Write)?;
        let retired =
            sqlx::query("update eaf.master_key set retired_at = now() where not active and retired_at is null")
                .execute(&mut *tx)
                .await
                .map_err(Error::Write)?;
        if retired.rows_affected() > 0 || keys > 0 || operators > 0 {
            let act = Act::new("key.rotate", "master-key")
                .changing(json!(null), json!({ "active": current.id.0, "keys": keys, "operators": operators }));
            platform::record(&mut tx, by, &act).await?;
        }
        tx.commit().await.map_err(Error::Write)
    }
}
