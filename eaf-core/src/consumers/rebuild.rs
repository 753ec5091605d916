//! Rebuild of a view into a new copy, beside the live one.
//!
//! The new copy is compared with the live one and then takes its place. The old copy becomes the
//! standby and is still projected, so that it can be switched back. All state is in the database:
//! hosts project every copy that is listed there, and an interrupted rebuild continues from the
//! copy's checkpoints. A rebuild starts no run, because triggers have checkpoints of their own.

mod difference;

pub use difference::{Difference, DifferingRow, difference};

use crate::actor::Attribution;
use crate::audit::{Act, platform};
use crate::db::Db;
use crate::id::TenantId;
use crate::view::{self, Copy, State, copies};
use serde_json::json;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the product {plugin} has no active view {view}")]
    NoView { plugin: String, view: String },
    #[error("a rebuild of {plugin}/{view} is running: see `eaf projection status`, or cancel it")]
    AlreadyRunning { plugin: String, view: String },
    #[error("{plugin}/{view} has no standby copy to switch back to")]
    NoStandby { plugin: String, view: String },
    #[error("the copy {table} was dropped meanwhile: see `eaf projection status`")]
    Dropped { table: String },
    #[error(transparent)]
    Difference(#[from] difference::Error),
    #[error(
        "{differing} rows differ: see `eaf projection diff`, and accept them if the rebuild is meant to change them"
    )]
    Differs { differing: u64 },
    #[error(transparent)]
    View(#[from] view::Error),
    #[error("the copies could not be changed")]
    Write(#[source] sqlx::Error),
    #[error("the act could not be recorded")]
    Audit(#[from] crate::audit::Error),
}

/// Creates an empty copy of a view, into which the hosts then project all events. Returns the name
/// of the copy's table.
pub async fn begin(db: &Db, by: &Attribution, plugin: &str, view: &str) -> Result<String, Error> {
    let names = || (plugin.to_owned(), view.to_owned());
    if copies_of(db, plugin, view).await?.is_empty() {
        let (plugin, view) = names();
        return Err(Error::NoView { plugin, view });
    }
    let mut tx = db.platform_tx().await.map_err(Error::Write)?;
    let created: Option<String> = sqlx::query_scalar("select eaf.rebuild_view($1, $2)")
        .bind(plugin)
        .bind(view)
        .fetch_one(&mut *tx)
        .await
        .map_err(Error::Write)?;
    let table = created.ok_or_else(|| {
        let (plugin, view) = names();
        Error::AlreadyRunning { plugin, view }
    })?;
    let act = Act::new("view.rebuild", format!("{plugin}/{view}")).changing(json!(null), json!(table));
    platform::record(&mut tx, by, &act).await?;
    tx.commit().await.map_err(Error::Write)?;
    Ok(table)
}

/// Makes the building copy the live one. Fails if the two copies differ in a tenant and differences
/// are not `accepted`. The former live copy becomes the standby; an earlier standby is dropped.
pub async fn switch(
    db: &Db,
    by: &Attribution,
    tenants: &[TenantId],
    plugin: &str,
    view: &str,
    accepted: bool,
) -> Result<Vec<Difference>, Error> {
    let building = find(db, plugin, view, State::Building).await?;
    let (plugin, view) = (plugin.to_owned(), view.to_owned());
    let Some(building) = building else { return Err(difference::Error::NotBuilding { plugin, view }.into()) };
    let mut report = Vec::with_capacity(tenants.len());
    for tenant in tenants {
        report.push(difference(db, *tenant, &plugin, &view).await?);
    }
    let differing = report.iter().map(Difference::differing).sum();
    if differing > 0 && !accepted {
        return Err(Error::Differs { differing });
    }
    if let Some(earlier) = find(db, &plugin, &view, State::Standby).await? {
        drop_copy(db, by, tenants, &earlier.table).await?;
    }
    make_live(db, by, &building.table).await?;
    Ok(report)
}

/// Makes the standby copy the live one again, and returns the name of its table.
pub async fn switch_back(db: &Db, by: &Attribution, plugin: &str, view: &str) -> Result<String, Error> {
    let standby = find(db, plugin, view, State::Standby).await?;
    let (plugin, view) = (plugin.to_owned(), view.to_owned());
    let Some(standby) = standby else { return Err(Error::NoStandby { plugin, view }) };
    make_live(db, by, &standby.table).await?;
    Ok(standby.table)
}

/// Drops all copies of a view that are not live, and returns the names of their tables.
pub async fn cancel(
    db: &Db,
    by: &Attribution,
    tenants: &[TenantId],
    plugin: &str,
    view: &str,
) -> Result<Vec<String>, Error> {
    let mut dropped = Vec::new();
    for copy in copies_of(db, plugin, view).await?.into_iter().filter(|copy| copy.state != State::Live) {
        drop_copy(db, by, tenants, &copy.table).await?;
        dropped.push(copy.table);
    }
    Ok(dropped)
}

async fn copies_of(db: &Db, plugin: &str, view: &str) -> Result<Vec<Copy>, Error> {
    let all = copies(db).await?;
    Ok(all.into_iter().filter(|copy| copy.plugin == plugin && copy.view == view).collect())
}

async fn find(db: &Db, plugin: &str, view: &str, state: State) -> Result<Option<Copy>, Error> {
    Ok(copies_of(db, plugin, view).await?.into_iter().find(|copy| copy.state == state))
}

async fn make_live(db: &Db, by: &Attribution, table: &str) -> Result<(), Error> {
    let mut tx = db.platform_tx().await.map_err(Error::Write)?;
    let query = sqlx::query_scalar("select eaf.switch_view($1)").bind(table);
    let switched: bool = query.fetch_one(&mut *tx).await.map_err(Error::Write)?;
    if !switched {
        return Err(Error::Dropped { table: table.to_owned() });
    }
    platform::record(&mut tx, by, &Act::new("view.switch", table)).await?;
    tx.commit().await.map_err(Error::Write)
}

/// Drops the copy's table first, then its checkpoints. A host that projects into the table at that
/// time fails, and parks only this copy.
async fn drop_copy(db: &Db, by: &Attribution, tenants: &[TenantId], table: &str) -> Result<(), Error> {
    let mut tx = db.platform_tx().await.map_err(Error::Write)?;
    let query = sqlx::query("select eaf.drop_view_copy($1)").bind(table);
    query.execute(&mut *tx).await.map_err(Error::Write)?;
    platform::record(&mut tx, by, &Act::new("view.drop", table)).await?;
    tx.commit().await.map_err(Error::Write)?;
    for tenant in tenants {
        let mut tx = db.tenant(*tenant).await.map_err(view::Error::from)?;
        sqlx::query("delete from eaf.checkpoint where tenant_id = $1 and consumer = $2")
            .bind(tenant)
            .bind(table)
            .execute(tx.conn())
            .await
            .map_err(Error::Write)?;
        tx.commit().await.map_err(view::Error::from)?;
    }
    Ok(())
}
