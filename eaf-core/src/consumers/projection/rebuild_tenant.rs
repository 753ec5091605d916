//! A tenant's rows anew, from the first event on: after a person was erased, or the log was restored.
//!
//! All of it is one transaction, so that readers see the old rows until they see the new ones. It may take a minute, so it has a permit of
//! its own in the runner.

use super::{Error, REBUILD_BATCH, rows};
use crate::consumers::Consumers;
use crate::consumers::checkpoint::{self, Held, Start, Step};
use crate::contract::{Domain, ViewType};
use crate::id::TenantId;
use crate::view::Table;
use sqlx::AssertSqlSafe;

impl Consumers {
    /// An event that cannot be projected, or whose row PostgreSQL refuses, ends it there: the rows up to it are kept, because the old ones may show what nobody may read any
    /// more, and its error, which parks the view, is the answer.
    pub(super) async fn refold(
        &self,
        domain: &dyn Domain,
        tenant: TenantId,
        view: &ViewType,
        table: &Table<'_>,
    ) -> Result<Step, Error> {
        let at_checkpoint = |cause| Error::Checkpoint { consumer: table.name.clone(), cause };
        let mut tx = self.db.tenant(tenant).await?;
        let held = checkpoint::take(&mut tx, domain.plugin(), &table.name, &Start::Beginning).await;
        match held.map_err(at_checkpoint)? {
            Held::Void { .. } => {}
            // Somebody else was faster.
            Held::At { .. } | Held::Busy => return Ok(Step::Busy),
            Held::Parked { code } => return Ok(Step::Parked { code }),
        }
        // A key that was destroyed by another host may still be remembered here.
        self.keyring.invalidate_tenant(tenant);
        rows::clear(&mut tx, table).await.map_err(|cause| Error::Rows { view: view.name.clone(), cause })?;
        let mut position = checkpoint::restart(&mut tx, domain.plugin(), &table.name).await.map_err(at_checkpoint)?;
        let (mut limit, mut all) = (REBUILD_BATCH, 0);
        let ended = loop {
            sqlx::query("savepoint batch").execute(tx.conn()).await.map_err(at_checkpoint)?;
            let step = self.advance(&mut tx, domain, view, table, &mut limit).await;
            // One that is only rolled back to is there until the end, and those who follow stand within it.
            let end = if step.is_ok() { "" } else { "rollback to savepoint batch; " };
            let end = AssertSqlSafe(format!("{end}release savepoint batch"));
            sqlx::raw_sql(end).execute(tx.conn()).await.map_err(at_checkpoint)?;
            match step {
                Ok(Step::Advanced { position: reached, changes }) => {
                    (position, all) = (reached, all + changes);
                    limit = (2 * limit).min(REBUILD_BATCH);
                }
                Ok(Step::CaughtUp) => break Ok(Step::Advanced { position, changes: all }),
                // Nobody reads half of the rows.
                Ok(other) => return Ok(other),
                Err(error) if !error.may_be_the_size() => return Err(error),
                Err(_) if limit > 1 => limit /= 2,
                Err(error) => break Err(error),
            }
        };
        tx.commit().await?;
        ended
    }
}
