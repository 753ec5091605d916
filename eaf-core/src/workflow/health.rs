//! How the workflows are, for operators: numbers over all tenants, never whose or about what.

use super::Error;
use crate::Core;

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Count {
    pub plugin: String,
    /// `open`, `done`, `failed` or `stopped`.
    pub state: String,
    pub runs: i64,
    /// Due for more than a minute, and no host works on them.
    pub overdue: i64,
}

/// By plugin and state.
pub async fn health(core: &Core) -> Result<Vec<Count>, Error> {
    sqlx::query_as(
        "select plugin, state, count(*) as runs,
                count(*) filter (where due_at < now() - interval '1 minute' and (lease_until is null or lease_until <= now()))
                  as overdue
         from eaf.run group by plugin, state order by plugin, state",
    )
    .fetch_all(core.db.platform_pool())
    .await
    .map_err(Error::Read)
}
