//! Erasure of a person: destruction of the person's key, and a rebuild of the views.
//!
//! Without the key no value sealed under it in log, ledger and journals can be read. Backups hold
//! the wrapped key until they expire (ADR 0007). Views hold personal data in clear, so they are
//! rebuilt after the [key cache grace](crate::crypto::key_cache_grace). [`Erasure::finish`] says
//! when all views are rebuilt.

use crate::actor::Attribution;
use crate::consumers::checkpoint;
use crate::crypto::personal;
use crate::db;
use crate::db::Db;
use crate::directory;
use crate::directory::Directory;
use crate::event_store;
use crate::id::{ActorId, TenantId};
use crate::verify;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::time::Duration;
use time::OffsetDateTime;

/// Maximum number of events per page of the log.
const PAGE: u32 = 500;
/// Pause before the next attempt to schedule rebuilds, when a batch has locked some of the views.
const RETRY_DELAY: Duration = Duration::from_millis(200);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the tenant has no such person")]
    NoPerson,
    #[error("the person could not be looked up")]
    Person(#[source] sqlx::Error),
    #[error(transparent)]
    Directory(#[from] directory::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the log could not be read")]
    Log(#[from] event_store::Error),
    #[error(transparent)]
    Verify(#[from] verify::Error),
    #[error("the rebuild of the views could not be scheduled")]
    Rebuild(#[source] sqlx::Error),
    #[error("what was sealed could not be counted")]
    Count(#[source] sqlx::Error),
}

/// Proof of an erasure. Names the person by the actor id alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    pub certificate: &'static str,
    pub tenant: TenantId,
    pub person: ActorId,
    #[serde(with = "time::serde::rfc3339")]
    pub erased_at: OffsetDateTime,
    /// Number of events with personal fields of this person. The events stay in the log, and the
    /// fields cannot be read.
    pub events: u64,
    /// Number of ledger rows of commands that the person gave. Each row is sealed entirely under
    /// the key of the person, and can no longer be read since that key is destroyed.
    pub ledger_rows: u64,
    /// Number of calls by workflow runs about this person. Each call is sealed entirely under the
    /// person's key, and can no longer be read since that key is destroyed.
    pub journal_rows: u64,
    /// Number of snapshots that are sealed for this person, alone or with others.
    pub snapshots: u64,
    /// Number of copies of views that were rebuilt.
    pub views: u64,
    /// Result of verifying the hash chain of the tenant's log after the erasure.
    pub chain: verify::Report,
    /// SHA-256, in hex, of this certificate as JSON without the member `sha256`.
    pub sha256: String,
}

/// Erasure of people. Cheap to clone.
#[derive(Clone)]
pub struct Erasure {
    db: Db,
    directory: Directory,
}

impl Erasure {
    pub fn new(db: &Db, directory: &Directory) -> Self {
        Self { db: db.clone(), directory: directory.clone() }
    }

    /// Destroys the data key of a person, ends the person's sessions and schedules a rebuild of the
    /// views `delay` from now. Returns the number of copies to rebuild. If other hosts run, `delay`
    /// must be the [key cache grace](crate::crypto::key_cache_grace). Idempotent.
    pub async fn erase(
        &self,
        by: &Attribution,
        tenant: TenantId,
        person: ActorId,
        delay: Duration,
    ) -> Result<u64, Error> {
        if !self.has_person(tenant, person).await? {
            return Err(Error::NoPerson);
        }
        // Erasing the member also records the act. After a crash from here on, a repetition
        // requests the rebuild.
        self.directory.erase_member(by, tenant, person).await?;
        let mut scheduled = Vec::new();
        loop {
            let mut tx = self.db.tenant(tenant).await?;
            let locked = checkpoint::schedule_rebuilds(&mut tx, delay, &mut scheduled).await.map_err(Error::Rebuild)?;
            if locked == 0 {
                tx.commit().await?;
                return Ok(scheduled.len() as u64);
            }
            tx.commit().await?;
            // These views are being rebuilt for an earlier erasure.
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }

    /// Says whether the tenant has a member with this actor id, or data that is sealed under the
    /// key of such a person.
    async fn has_person(&self, tenant: TenantId, person: ActorId) -> Result<bool, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        sqlx::query_scalar(
            "select exists (select from eaf.member where tenant_id = $1 and actor_id = $2)
             or exists (select from eaf.subject_key where tenant_id = $1 and subject_id = $2)",
        )
        .bind(tenant)
        .bind(person)
        .fetch_one(tx.conn())
        .await
        .map_err(Error::Person)
    }

    /// Certifies the erasure, when all views are rebuilt. `None`: some are not rebuilt yet. A view
    /// is rebuilt only by a running host, and only while it is not parked.
    pub async fn finish(&self, tenant: TenantId, person: ActorId, views: u64) -> Result<Option<Certificate>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        // A view may have become inactive since the erasure: its rows are deleted, not rebuilt.
        let locked = checkpoint::clear_inactive_views(&mut tx).await.map_err(Error::Rebuild)?;
        let (waiting, ledger_rows, journal_rows, snapshots, erased_at): (i64, i64, i64, i64, Option<OffsetDateTime>) =
            sqlx::query_as(
                "select (select count(*) from eaf.checkpoint p join eaf.view_copy c on c.table_name = p.consumer
                   join eaf.view v on v.digest = c.digest where p.tenant_id = $1
                     and p.rebuild_at is not null and v.active),
                (select count(*) from eaf.ledger where tenant_id = $1 and actor_id = $2),
                (select count(*) from eaf.journal j join eaf.run r on r.tenant_id = j.tenant_id and r.run_id = j.run_id
                 where j.tenant_id = $1 and r.subject = $2),
                (select count(*) from eaf.snapshot where tenant_id = $1 and people @> array[$2]),
                (select destroyed_at from eaf.subject_key where tenant_id = $1 and subject_id = $2)",
            )
            .bind(tenant)
            .bind(person)
            .fetch_one(tx.conn())
            .await
            .map_err(Error::Count)?;
        tx.commit().await?;
        let (0, 0, Some(erased_at)) = (locked, waiting, erased_at) else { return Ok(None) };
        let mut certificate = Certificate {
            certificate: "EAF erasure 1",
            tenant,
            person,
            erased_at,
            events: self.events(tenant, person).await?,
            ledger_rows: ledger_rows as u64,
            journal_rows: journal_rows as u64,
            snapshots: snapshots as u64,
            views,
            chain: verify::verify(&self.db, tenant, |_| ()).await?,
            sha256: String::new(),
        };
        certificate.sha256 = digest(&certificate);
        Ok(Some(certificate))
    }

    async fn events(&self, tenant: TenantId, person: ActorId) -> Result<u64, Error> {
        let (mut found, mut after) = (0, 0);
        loop {
            let mut tx = self.db.tenant(tenant).await?;
            let page = event_store::read_after(&mut tx, after, PAGE).await?;
            tx.commit().await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = last.position.pos;
            found += page.iter().filter(|event| personal::subjects(&event.data).contains(&person)).count() as u64;
        }
    }
}

fn digest(certificate: &Certificate) -> String {
    let mut document = serde_json::to_value(certificate).unwrap_or_default();
    if let Some(members) = document.as_object_mut() {
        members.remove("sha256");
    }
    Sha256::digest(document.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}
