//! Erasing a person: their key is destroyed, and with it everything that was sealed under it, in log, ledger and journals. A
//! backup holds the wrapped key until it expires: see ADR 0007. What stands in clear, rows of views, is folded anew without it.
//!
//! Other hosts remember keys for a minute, so the fold happens after that: an erasure is done when [`finish`] says so.

use crate::actor::By;
use crate::checkpoint;
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

const PAGE: u32 = 500;
/// Between two looks at views that are being folded.
const BUSY: Duration = Duration::from_millis(200);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the tenant has no such person")]
    NoPerson,
    #[error("whether there is such a person could not be found out")]
    Person(#[source] sqlx::Error),
    #[error(transparent)]
    Directory(#[from] directory::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the log could not be read")]
    Log(#[from] event_store::Error),
    #[error(transparent)]
    Verify(#[from] verify::Error),
    #[error("the views could not be told to be folded anew")]
    Refold(#[source] sqlx::Error),
    #[error("what was sealed could not be counted")]
    Count(#[source] sqlx::Error),
}

/// What was erased, for whoever has to prove it. It names the person by their id alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    pub certificate: &'static str,
    pub tenant: TenantId,
    pub person: ActorId,
    #[serde(with = "time::serde::rfc3339")]
    pub erased_at: OffsetDateTime,
    /// Events that hold fields of this person. They are in the log as before, and these fields can be read by nobody.
    pub events: u64,
    /// Answered commands of this person, sealed as a whole.
    pub ledger_rows: u64,
    /// Calls of workflow runs about this person, sealed as a whole.
    pub journal_rows: u64,
    /// Snapshots in which this person could be read, sealed under their key among others.
    pub snapshots: u64,
    /// Copies of views that were folded anew.
    pub views: u64,
    /// The log afterwards: as it was, link by link.
    pub chain: verify::Report,
    /// SHA-256 over all of the above, as this document prints it without this member.
    pub sha256: String,
}

/// Erases people and certifies the erasure. Cheap to clone.
#[derive(Clone)]
pub struct Erasure {
    db: Db,
    directory: Directory,
}

impl Erasure {
    pub fn new(db: &Db, directory: &Directory) -> Self {
        Self { db: db.clone(), directory: directory.clone() }
    }

    /// Destroys the key, signs the person out and has the views folded anew after `delay`, which is [`settling`](crate::crypto::key_cache_grace) where other hosts
    /// run. Repeating it changes nothing.
    pub async fn erase(&self, by: &By, tenant: TenantId, person: ActorId, delay: Duration) -> Result<u64, Error> {
        if !self.is_known(tenant, person).await? {
            return Err(Error::NoPerson);
        }
        // With its record. What is left to do after a crash here is done by repeating it.
        self.directory.erase_member(by, tenant, person).await?;
        let mut told = Vec::new();
        loop {
            let mut tx = self.db.tenant(tenant).await?;
            let left = checkpoint::refold_views(&mut tx, delay, &mut told).await.map_err(Error::Refold)?;
            if left == 0 {
                tx.commit().await?;
                return Ok(told.len() as u64);
            }
            tx.commit().await?;
            // They are being folded anew just now, for somebody who was erased before.
            tokio::time::sleep(BUSY).await;
        }
    }

    /// A member, or somebody of whom the log says something though they never were one.
    async fn is_known(&self, tenant: TenantId, person: ActorId) -> Result<bool, Error> {
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

    /// None: the views are not yet folded anew. A host has to run for that, and a view that is parked keeps it waiting.
    pub async fn finish(&self, tenant: TenantId, person: ActorId, views: u64) -> Result<Option<Certificate>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        // A definition that was active when the key was destroyed need not be any more.
        let filled = checkpoint::empty_idle_views(&mut tx).await.map_err(Error::Refold)?;
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
        let (0, 0, Some(erased_at)) = (filled, waiting, erased_at) else { return Ok(None) };
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
