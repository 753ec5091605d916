//! Deleting what is kept only for a while: answers, denials, journals, mails, files of packages.
//!
//! Without it all of them grow for ever, most of all by what is refused. The log itself is never pruned. Each pruning of a
//! tenant's rows is an act in that tenant's audit.

use crate::Core;
use crate::actor::TraceId;
use crate::audit::{self, Entry};
use crate::db;
use crate::directory;
use crate::id::{ActorId, TenantId};
use time::{Duration, OffsetDateTime, Time};

/// Rows of one statement: short enough to be in nobody's way.
const AT_ONCE: i32 = 5_000;
/// A previous package stays, so that one can go back to it.
const GENERATIONS: i64 = 3;

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
    /// What commands were answered, at least as long as a key is known.
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
    /// As [`eaf.prune`](../../migrations/0024_retention.sql) calls them.
    fn of_tenants(&self) -> [(&'static str, Option<Duration>); 4] {
        [("ledger", self.ledger), ("denials", self.denials), ("journals", self.journals), ("mails", self.mails)]
    }
}

/// What one look deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    pub rows: u64,
    pub packages: u64,
}

/// All tenants, one after the other. Hosts may do it at the same time.
pub async fn prune(core: &Core, retention: &Retention) -> Result<Pruned, Error> {
    let mut pruned = Pruned::default();
    for (tenant, _) in directory::tenants(core).await? {
        for (what, keep) in retention.of_tenants() {
            let Some(keep) = keep else { continue };
            pruned.rows += prune_tenant(core, tenant, what, before(core, keep)).await?;
        }
    }
    if let Some(keep) = retention.packages {
        pruned.packages = prune_packages(core, before(core, keep)).await?;
    }
    Ok(pruned)
}

/// The beginning of a day, so that rows fall due once a day, and an audit has one row about it.
fn before(core: &Core, keep: Duration) -> OffsetDateTime {
    (core.world.now() - keep).replace_time(Time::MIDNIGHT)
}

async fn prune_tenant(core: &Core, tenant: TenantId, what: &'static str, before: OffsetDateTime) -> Result<u64, Error> {
    let mut rows = 0;
    loop {
        let mut tx = core.db.tenant(tenant).await?;
        let deleted: i64 = sqlx::query_scalar("select eaf.prune($1, $2, $3)")
            .bind(what)
            .bind(before)
            .bind(AT_ONCE)
            .fetch_one(tx.conn())
            .await
            .map_err(|cause| Error::Prune { what, cause })?;
        if deleted == 0 {
            return Ok(rows);
        }
        // In the same transaction: what is missing without such a row was deleted by somebody else.
        audit::record(&mut tx, &entry(core, what, before, deleted as u64)).await?;
        tx.commit().await?;
        rows += deleted as u64;
    }
}

fn entry(core: &Core, what: &str, before: OffsetDateTime, rows: u64) -> Entry {
    let trace = core.world.bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
    Entry {
        actor: ActorId::SYSTEM,
        act: "retention.prune".into(),
        object: format!("{what}: {rows} before {}", before.date()),
        outcome: "ok".into(),
        trace: TraceId(trace),
    }
}

/// Neither active nor one of the last, nor needed by a run that goes on.
async fn prune_packages(core: &Core, before: OffsetDateTime) -> Result<u64, Error> {
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
    .execute(core.db.platform_pool())
    .await
    .map_err(|cause| Error::Prune { what: "packages", cause })?;
    Ok(emptied.rows_affected())
}
