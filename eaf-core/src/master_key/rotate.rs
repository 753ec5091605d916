//! Exchanging the master key: from one moment on all hosts wrap with the new one, and what was wrapped before is wrapped
//! anew in batches. The keys of people and tenants stay the same, so nothing that they sealed is touched.
//!
//! To be repeated after any interruption: a row says which master key it is wrapped with, so what is left is counted anew.
//! Hosts need both keys while this runs; the former one is of no use any more when it has ended, but to open backups.

use super::{Error, MasterKeyRegistry, PLACE};
use crate::actor::By;
use crate::audit::{Act, platform};
use crate::crypto::{KeyId, master_key};
use crate::id::{ActorId, TenantId};
use serde_json::json;

/// Keys of one tenant that are wrapped anew in one transaction; who erases one of these people waits for it.
const BATCH: i64 = 500;

/// Keys of people and tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub done: i64,
    pub total: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    pub active: KeyId,
    /// Wrapped anew by this call; fewer than there are when an earlier one was interrupted.
    pub keys: i64,
    pub operators: u64,
}

impl MasterKeyRegistry {
    /// Makes the host's current master key the active one and wraps everything under it.
    pub async fn rotate(&self, by: &By, mut on_progress: impl FnMut(Progress)) -> Result<Rotated, Error> {
        let current = self.keyring.masters().current();
        self.activate(by, current).await?;
        let (left, _) = self.count(&current.id).await?;
        let mut done = 0;
        on_progress(Progress { done, total: left });
        while let Some(tenant) = self.next_tenant(&current.id).await? {
            done += self.rewrap(tenant, current).await?;
            on_progress(Progress { done, total: left.max(done) });
        }
        let resealed = self.directory.reseal_operators(current).await?;
        if resealed.left > 0 {
            return Err(Error::Left { left: resealed.left });
        }
        let operators = resealed.done;
        self.retire(by, current, done, operators).await?;
        Ok(Rotated { active: current.id.clone(), keys: done, operators })
    }

    /// Behind the lock, so that no key is made under the former one from then on.
    async fn activate(&self, by: &By, current: &master_key::Master) -> Result<(), Error> {
        let mut tx = self.db.platform_pool().begin().await.map_err(Error::Write)?;
        master_key::hold_alone(&mut tx).await.map_err(Error::Write)?;
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
            .bind(self.keyring.seal_platform_under(current, PLACE, current.id.0.as_bytes()))
            .execute(&mut *tx)
            .await
            .map_err(Error::Write)?;
            let act = Act::new("key.activate", "master-key").changing(json!(before), json!(current.id.0));
            platform::record(&mut tx, by, &act).await?;
        }
        tx.commit().await.map_err(Error::Write)?;
        self.keyring.masters().activate(&current.id.0);
        Ok(())
    }

    async fn next_tenant(&self, current: &KeyId) -> Result<Option<TenantId>, Error> {
        sqlx::query_scalar("select tenant_id from eaf.subject_key where destroyed_at is null and key_id <> $1 limit 1")
            .bind(&current.0)
            .fetch_optional(self.db.platform_pool())
            .await
            .map_err(Error::Count)
    }

    /// One batch; answers how many.
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
        for (subject, under_former, key_id) in &rows {
            let masters = self.keyring.masters();
            match masters.unwrap(key_id, tenant, *subject, under_former) {
                Ok(key) => wrapped.push(current.wrap(&self.world, tenant, *subject, &key)),
                Err(_) => return Err(Error::Left { left: self.count(&current.id).await?.0 }),
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

    async fn retire(&self, by: &By, current: &master_key::Master, keys: i64, operators: u64) -> Result<(), Error> {
        let mut tx = self.db.platform_pool().begin().await.map_err(Error::Write)?;
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
