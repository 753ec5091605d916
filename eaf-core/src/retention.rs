//! Deleting what is kept only for a while: answers, refusals, denials, journals, mails, files of packages.
//!
//! Without it all of them grow for ever, most of all by what is refused. The log itself is never pruned. Each pruning of a
//! tenant's rows is an act in that tenant's audit.

pub(crate) mod record;

use crate::actor::TraceId;
use crate::audit;
use crate::clock::Ambient;
use crate::db::{self, Db, TenantTx};
use crate::directory;
use crate::id::TenantId;
use record::Record;
use time::{Duration, OffsetDateTime, Time};

/// Rows of one statement: short enough to be in nobody's way, and to be told in one record.
const AT_ONCE: i32 = 2_000;
/// A previous package stays, so that one can go back to it.
const GENERATIONS: i64 = 3;

/// With the tenant: one host at a time deletes what is old.
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
    #[error("that rows were deleted could not be recorded")]
    Audit(#[from] audit::Error),
}

/// How long each is kept; none: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// What commands were answered, at least as long as a key is known; and that they were refused.
    pub ledger: Option<Duration>,
    /// Acts that were refused for want of a permission.
    pub denials: Option<Duration>,
    /// The calls of runs that ended.
    pub journals: Option<Duration>,
    /// That a mail was sent, failed or was skipped.
    pub mails: Option<Duration>,
    /// Files of packages that nobody runs any more.
    pub packages: Option<Duration>,
}

impl Retention {
    /// As `eaf.prune` and `eaf.prune_anchored` call them.
    fn of_tenants(&self) -> [(&'static str, Option<Duration>); 5] {
        [
            ("ledger", self.ledger),
            ("refusals", self.ledger),
            ("denials", self.denials),
            ("journals", self.journals),
            ("mails", self.mails),
        ]
    }
}

/// What one look deleted.
#[derive(Debug, Default)]
pub struct Pruned {
    pub rows: u64,
    pub packages: u64,
    /// Of the tenants that another host is at.
    pub left_to_others: usize,
    pub failures: Vec<Failure>,
}

/// What could not be deleted.
#[derive(Debug)]
pub struct Failure {
    /// None: packages, which are no tenant's.
    pub tenant: Option<TenantId>,
    pub what: &'static str,
    pub error: Error,
}

/// All tenants, one after the other; what fails holds up nothing else. Hosts may do it at the same time.
pub async fn prune(db: &Db, ambient: &Ambient, retention: &Retention) -> Result<Pruned, Error> {
    let mut pruned = Pruned::default();
    for (tenant, _) in directory::tenants(db).await? {
        for (what, keep) in retention.of_tenants() {
            let Some(keep) = keep else { continue };
            match prune_tenant(db, ambient, tenant, what, before(ambient, keep)).await {
                Ok(Told::All(rows)) => pruned.rows += rows,
                Ok(Told::Busy(rows)) => {
                    pruned.rows += rows;
                    pruned.left_to_others += 1;
                }
                Err(error) => pruned.failures.push(Failure { tenant: Some(tenant), what, error }),
            }
        }
    }
    if let Some(keep) = retention.packages {
        match prune_packages(db, before(ambient, keep)).await {
            Ok(packages) => pruned.packages = packages,
            Err(error) => pruned.failures.push(Failure { tenant: None, what: "packages", error }),
        }
    }
    metrics::gauge!("eaf_retention_failures").set(pruned.failures.len() as f64);
    Ok(pruned)
}

/// The beginning of a day, so that rows fall due once a day, and an audit has one row about it.
fn before(ambient: &Ambient, keep: Duration) -> OffsetDateTime {
    (ambient.now() - keep).replace_time(Time::MIDNIGHT)
}

/// Of one tenant and kind, with how many rows were deleted.
enum Told {
    All(u64),
    /// Another host goes on.
    Busy(u64),
}

async fn prune_tenant(
    db: &Db,
    ambient: &Ambient,
    tenant: TenantId,
    what: &'static str,
    before: OffsetDateTime,
) -> Result<Told, Error> {
    let mut rows = 0;
    loop {
        let mut tx = db.tenant(tenant).await?;
        let batch = match prune_batch(&mut tx, what, before).await {
            Ok(Some(batch)) => batch,
            Ok(None) => return Ok(Told::Busy(rows)),
            Err(cause) => {
                // Not dropped: the next kind needs the lock at once.
                tx.rollback().await;
                return Err(Error::Prune { what, cause });
            }
        };
        if batch.is_last {
            tx.commit().await?;
            return Ok(Told::All(rows));
        }
        // In the same transaction: what is missing without such a row was deleted by somebody else.
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
    /// Of which anchors, of kinds that are anchored.
    anchors: Option<String>,
    /// Nothing was left.
    is_last: bool,
}

/// None: another host is at it.
async fn prune_batch(
    tx: &mut TenantTx,
    what: &'static str,
    before: OffsetDateTime,
) -> Result<Option<Batch>, sqlx::Error> {
    let mine: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock(uuid_hash_extended($1, $2))")
        .bind(tx.tenant())
        .bind(LOCK)
        .fetch_one(tx.conn())
        .await?;
    if !mine {
        return Ok(None);
    }
    if record::kind(what).is_none() {
        let query = sqlx::query_scalar("select eaf.prune($1, $2, $3)").bind(what).bind(before).bind(AT_ONCE);
        let rows: i64 = query.fetch_one(tx.conn()).await?;
        return Ok(Some(Batch { rows: rows as u64, anchors: None, is_last: rows == 0 }));
    }
    let query = sqlx::query_as("select anchor, pruned from eaf.prune_anchored($1, $2, $3)");
    let found: Vec<(Option<i64>, i64)> = query.bind(what).bind(before).bind(AT_ONCE).fetch_all(tx.conn()).await?;
    Ok(Some(Batch {
        rows: found.iter().map(|(_, rows)| *rows as u64).sum(),
        anchors: Some(record::anchors(&found)),
        is_last: found.is_empty(),
    }))
}

/// Neither active nor one of the last, nor needed by a run that goes on.
async fn prune_packages(db: &Db, before: OffsetDateTime) -> Result<u64, Error> {
    let emptied = sqlx::query(
        "update eaf.package p set bytes = ''
         where octet_length(p.bytes) > 0 and p.stored_at < $1
           and not exists (select from eaf.generation g where g.digest = p.digest)
           and not exists (select from eaf.activation a join eaf.generation g on g.plugin = a.plugin
                           where a.digest = p.digest and (a.generation > g.generation - $2 or a.activated_at >= $1))
           and not exists (select from eaf.run r where r.digest = p.digest and r.state = 'open')",
    )
    .bind(before)
    .bind(GENERATIONS)
    .execute(db.platform_pool())
    .await
    .map_err(|cause| Error::Prune { what: "packages", cause })?;
    Ok(emptied.rows_affected())
}
