//! Rebuild of one tenant's rows of a view in place, after an erasure or a restore.
//!
//! The rebuild is one transaction: readers see the old rows until they see the new ones. Because a
//! rebuild can take a minute, the runner limits rebuilds apart from batches.

use super::{Error, REBUILD_BATCH, rows};
use crate::consumers::Consumers;
use crate::consumers::checkpoint::{self, Claim, Start, Step};
use crate::contract::{Domain, ViewType};
use crate::db::TenantTx;
use crate::id::TenantId;
use crate::view::Table;
use sqlx::AssertSqlSafe;

impl Consumers {
    /// Deletes the tenant's rows of a view's copy and projects all events again.
    ///
    /// The rebuild ends at an event that cannot be projected. The rows of the events before that
    /// one are committed, because the deleted rows may have shown erased data. The error is
    /// returned and parks the view.
    pub(super) async fn rebuild_tenant(
        &self,
        domain: &dyn Domain,
        tenant: TenantId,
        view: &ViewType,
        table: &Table<'_>,
    ) -> Result<Step, Error> {
        let at_checkpoint = |cause| Error::Checkpoint { consumer: table.name.clone(), cause };
        let mut tx = self.db.tenant(tenant).await?;
        let claim = checkpoint::claim(&mut tx, domain.plugin(), &table.name, &Start::Beginning).await;
        match claim.map_err(at_checkpoint)? {
            Claim::NeedsRebuild { .. } => {}
            // Another host has rebuilt the rows, or is doing so.
            Claim::Ready { .. } | Claim::Busy => return Ok(Step::Busy),
            Claim::Parked { code } => return Ok(Step::Parked { code }),
        }
        // The cache may still have a key that another host destroyed.
        self.keyring.invalidate_tenant(tenant);
        rows::clear(&mut tx, table).await.map_err(|cause| Error::Rows { view: view.name.clone(), cause })?;
        let mut position = checkpoint::reset(&mut tx, domain.plugin(), &table.name).await.map_err(at_checkpoint)?;
        let (mut limit, mut changes) = (REBUILD_BATCH, 0);
        let result = loop {
            let step = self.project_in_savepoint(&mut tx, domain, view, table, &mut limit).await;
            match step.map_err(at_checkpoint)? {
                Ok(Step::Advanced { position: reached, changes: in_batch }) => {
                    (position, changes) = (reached, changes + in_batch);
                    limit = (2 * limit).min(REBUILD_BATCH);
                }
                Ok(Step::CaughtUp) => break Ok(Step::Advanced { position, changes }),
                // The transaction is rolled back, so that readers never see a part of the rows.
                Ok(other) => return Ok(other),
                Err(error) if !error.is_batch_dependent() => return Err(error),
                Err(_) if limit > 1 => limit /= 2,
                Err(error) => break Err(error),
            }
        };
        tx.commit().await?;
        result
    }

    /// Projects one batch in a savepoint, so that a failed statement does not abort the
    /// transaction. The outer error is that of the savepoint, the inner one that of the projection.
    async fn project_in_savepoint(
        &self,
        tx: &mut TenantTx,
        domain: &dyn Domain,
        view: &ViewType,
        table: &Table<'_>,
        limit: &mut u32,
    ) -> Result<Result<Step, Error>, sqlx::Error> {
        sqlx::query("savepoint batch").execute(tx.conn()).await?;
        let step = self.project_in(tx, domain, view, table, limit).await;
        // A rollback alone keeps the savepoint, and the next one would nest in it.
        let rollback = if step.is_ok() { "" } else { "rollback to savepoint batch; " };
        let end = AssertSqlSafe(format!("{rollback}release savepoint batch"));
        sqlx::raw_sql(end).execute(tx.conn()).await?;
        Ok(step)
    }
}
