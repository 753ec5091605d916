//! Health of the workflows, for operators: numbers of runs over all tenants, without naming tenants
//! or things.

use super::Error;
use crate::db::Db;

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Count {
    pub plugin: String,
    /// State of the counted runs: `open`, `done`, `failed` or `stopped`.
    pub state: String,
    pub runs: i64,
    /// Number of the counted runs that have been due for more than a minute and that no host has
    /// leased. Runs of a disabled product or a stopped plugin do not count, because they wait on
    /// purpose.
    pub overdue: i64,
}

/// Counts the runs of all tenants by plugin and state.
pub async fn health(db: &Db) -> Result<Vec<Count>, Error> {
    sqlx::query_as(
        "select r.plugin, r.state, count(*) as runs,
                count(*) filter (where r.due_at < now() - interval '1 minute'
                  and (r.lease_until is null or r.lease_until <= now())
                  and s.plugin is null and p.enabled is not false) as overdue
         from eaf.run r
         left join eaf.stopped_plugin s on s.plugin = r.plugin
         left join eaf.tenant_product p on p.tenant_id = r.tenant_id and p.plugin = r.plugin
         group by r.plugin, r.state order by r.plugin, r.state",
    )
    .fetch_all(db.platform_pool())
    .await
    .map_err(Error::Read)
}
