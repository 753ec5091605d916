//! Retention: pruning of ledger rows, refusals, denials, journals, mails and package files after a
//! configured time.
//!
//! Without pruning these records grow without limit. The log is never pruned. Each pruning of a
//! tenant's rows is recorded as an act in that tenant's audit.

pub(crate) mod record;

use crate::actor::TraceId;
use crate::audit;
use crate::clock::Ambient;
use crate::db::{self, Db, TenantTx};
use crate::directory;
use crate::draft;
use crate::id::TenantId;
use record::Record;
use time::{Duration, OffsetDateTime, Time};

/// Maximum number of rows that one statement deletes and one audit row records, so that locks are
/// short.
const BATCH: i32 = 2_000;
/// Number of a plugin's last generations whose package files are never deleted, so that these
/// packages can be activated again.
const KEPT_GENERATIONS: i64 = 3;

/// Seed with which a tenant's id is hashed to the advisory lock of pruning. The lock lets one host
/// at a time prune a tenant.
const LOCK: i64 = 0x6561_665f_7072_756e;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the tenants could not be listed")]
    Tenants(#[from] directory::Error),
    #[error("old {what} could not be deleted")]
    Prune {
        what: &'static str,
        #[source]
        cause: sqlx::Error,
    },
    #[error("the pruning could not be recorded")]
    Audit(#[from] audit::Error),
    #[error("expired drafts could not be deleted")]
    Drafts(#[from] draft::Error),
}

/// Retention of each kind of rows, as the time for which they are stored. `None`: rows of this kind
/// are never pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Retention of ledger rows and of refusals. After it, a repetition of a command does not get
    /// the first answer any more.
    pub ledger: Option<Duration>,
    pub denials: Option<Duration>,
    /// Retention of the journal entries of a run, counted from the end of the run.
    pub journals: Option<Duration>,
    /// Retention of mails in the mail log that are sent, failed or skipped.
    pub mails: Option<Duration>,
    /// Retention of package files. A file is never pruned while its package is active, is one of
    /// the last generations, or is used by an open run.
    pub packages: Option<Duration>,
}

impl Retention {
    /// Retention of each kind of a tenant's rows. The kind is the parameter of the SQL functions
    /// `eaf.prune` and `eaf.prune_anchored`.
    fn by_kind(&self) -> [(&'static str, Option<Duration>); 5] {
        [
            ("ledger", self.ledger),
            ("refusals", self.ledger),
            ("denials", self.denials),
            ("journals", self.journals),
            ("mails", self.mails),
        ]
    }
}

/// Result of one call of [`prune`]: the numbers of deleted rows and package files.
#[derive(Debug, Default)]
pub struct Pruned {
    pub rows: u64,
    pub packages: u64,
    /// Number of times that a kind of rows of a tenant was skipped, because another host was
    /// pruning it.
    pub skipped_tenants: usize,
    pub failures: Vec<Failure>,
}

/// Failure to prune one kind of rows of one tenant, or the package files.
#[derive(Debug)]
pub struct Failure {
    /// Tenant of the rows; `None` for package files, which belong to no tenant.
    pub tenant: Option<TenantId>,
    pub what: &'static str,
    pub error: Error,
}

/// Prunes the rows of all tenants, and the package files. A failure in one tenant does not stop the
/// pruning of the others. Several hosts may prune at the same time.
pub async fn prune(db: &Db, ambient: &Ambient, retention: &Retention) -> Result<Pruned, Error> {
    let mut pruned = Pruned::default();
    for (tenant, _) in directory::tenants(db).await? {
        for (what, period) in retention.by_kind() {
            let Some(period) = period else { continue };
            match prune_tenant(db, ambient, tenant, what, cutoff(ambient, period)).await {
                Ok(TenantPruning::Complete(rows)) => pruned.rows += rows,
                Ok(TenantPruning::Busy(rows)) => {
                    pruned.rows += rows;
                    pruned.skipped_tenants += 1;
                }
                Err(error) => pruned.failures.push(Failure { tenant: Some(tenant), what, error }),
            }
        }
        match delete_expired_drafts(db, ambient, tenant).await {
            Ok(rows) => pruned.rows += rows,
            Err(error) => pruned.failures.push(Failure { tenant: Some(tenant), what: "drafts", error }),
        }
    }
    if let Some(period) = retention.packages {
        match prune_packages(db, cutoff(ambient, period)).await {
            Ok(packages) => pruned.packages = packages,
            Err(error) => pruned.failures.push(Failure { tenant: None, what: "packages", error }),
        }
    }
    metrics::gauge!("eaf_retention_failures").set(pruned.failures.len() as f64);
    Ok(pruned)
}

/// Deletes drafts at the end of their lifetime. Without a record in the audit: drafts have no
/// effect, and their owners see when they expire.
async fn delete_expired_drafts(db: &Db, ambient: &Ambient, tenant: TenantId) -> Result<u64, Error> {
    let mut tx = db.tenant(tenant).await?;
    let rows = draft::delete_expired(&mut tx, ambient.now()).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Time before which rows are pruned. It is a midnight, so that rows become due once a day and the
/// audit has few records of prunings.
fn cutoff(ambient: &Ambient, period: Duration) -> OffsetDateTime {
    (ambient.now() - period).replace_time(Time::MIDNIGHT)
}

/// Result of pruning one kind of rows of one tenant, with the number of deleted rows.
enum TenantPruning {
    Complete(u64),
    /// Another host has the lock of pruning, so that rows to prune may remain.
    Busy(u64),
}

async fn prune_tenant(
    db: &Db,
    ambient: &Ambient,
    tenant: TenantId,
    what: &'static str,
    before: OffsetDateTime,
) -> Result<TenantPruning, Error> {
    let mut rows = 0;
    loop {
        let mut tx = db.tenant(tenant).await?;
        let batch = match prune_batch(&mut tx, what, before).await {
            Ok(Some(batch)) => batch,
            Ok(None) => return Ok(TenantPruning::Busy(rows)),
            Err(cause) => {
                // The rollback is awaited, because the next kind needs the lock at once.
                tx.rollback().await;
                return Err(Error::Prune { what, cause });
            }
        };
        if batch.is_last {
            tx.commit().await?;
            return Ok(TenantPruning::Complete(rows));
        }
        // The record is in the same transaction, because verification reports rows that are missing
        // without a record.
        if batch.rows > 0 {
            let trace = ambient.bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
            let record = Record::entry(what, batch.rows, before.date(), TraceId(trace));
            audit::record_pruning(&mut tx, &record, batch.anchors.as_deref()).await?;
        }
        tx.commit().await?;
        rows += batch.rows;
    }
}

struct Batch {
    rows: u64,
    /// Number of deleted rows per anchor: `5:10 6:7` means 10 rows of anchor 5 and 7 of anchor 6.
    /// `None`: rows of this kind are not anchored.
    anchors: Option<String>,
    /// Whether no batch follows, because there was nothing left to delete.
    is_last: bool,
}

/// Deletes one batch of rows. `None`: another host has the lock of pruning.
async fn prune_batch(
    tx: &mut TenantTx,
    what: &'static str,
    before: OffsetDateTime,
) -> Result<Option<Batch>, sqlx::Error> {
    let is_locked: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock(uuid_hash_extended($1, $2))")
        .bind(tx.tenant())
        .bind(LOCK)
        .fetch_one(tx.conn())
        .await?;
    if !is_locked {
        return Ok(None);
    }
    if record::kind(what).is_none() {
        let query = sqlx::query_scalar("select eaf.prune($1, $2, $3)").bind(what).bind(before).bind(BATCH);
        let rows: i64 = query.fetch_one(tx.conn()).await?;
        return Ok(Some(Batch { rows: rows as u64, anchors: None, is_last: rows == 0 }));
    }
    let query = sqlx::query_as("select anchor, pruned from eaf.prune_anchored($1, $2, $3)");
    let found: Vec<(Option<i64>, i64)> = query.bind(what).bind(before).bind(BATCH).fetch_all(tx.conn()).await?;
    Ok(Some(Batch {
        rows: found.iter().map(|(_, rows)| *rows as u64).sum(),
        anchors: Some(record::anchors(&found)),
        is_last: found.is_empty(),
    }))
}

/// Deletes the files of packages that were stored before `before`. A file is kept while its package
/// is active, is one of the last generations, or is used by an open run.
async fn prune_packages(db: &Db, before: OffsetDateTime) -> Result<u64, Error> {
    let pruned = sqlx::query(
        "update eaf.package p set bytes = ''
         where octet_length(p.bytes) > 0 and p.stored_at < $1
           and not exists (select from eaf.generation g where g.digest = p.digest)
           and not exists (select from eaf.activation a join eaf.generation g on g.plugin = a.plugin
                           where a.digest = p.digest and (a.generation > g.generation - $2 or a.activated_at >= $1))
           and not exists (select from eaf.run r where r.digest = p.digest and r.state = 'open')",
    )
    .bind(before)
    .bind(KEPT_GENERATIONS)
    .execute(db.platform_pool())
    .await
    .map_err(|cause| Error::Prune { what: "packages", cause })?;
    Ok(pruned.rows_affected())
}
