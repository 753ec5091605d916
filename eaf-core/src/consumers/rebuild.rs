//! A view is projected anew beside the one that people read, compared with it, and then read in its place; the old one stays up to
//! date, so that one can go back.
//!
//! All of it is rows in the database: hosts project each copy that they find there, and whoever is interrupted goes on from the copy's
//! checkpoints. A rebuild starts no workflow: triggers have checkpoints of their own.

mod difference;

pub use difference::{Difference, Differing, difference};

use crate::actor::By;
use crate::audit::{Act, platform};
use crate::db::Db;
use crate::id::TenantId;
use crate::view::{self, Copy, State, copies};
use serde_json::json;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the product {plugin} has no active view {view}")]
    NoView { plugin: String, view: String },
    #[error("a rebuild of {plugin}/{view} is under way: look at `eaf projection status`, or cancel it")]
    UnderWay { plugin: String, view: String },
    #[error("{plugin}/{view} has no copy to go back to")]
    NoStandby { plugin: String, view: String },
    #[error("the copy {table} was dropped meanwhile: look at `eaf projection status`")]
    Gone { table: String },
    #[error(transparent)]
    Difference(#[from] difference::Error),
    #[error(
        "{differing} rows differ; look at `eaf projection diff`, and accept them if that is what the rebuild was for"
    )]
    Differs { differing: u64 },
    #[error(transparent)]
    View(#[from] view::Error),
    #[error("the copies could not be changed")]
    Write(#[source] sqlx::Error),
    #[error("the record of the act could not be written")]
    Audit(#[from] crate::audit::Error),
}

/// Makes an empty copy; the hosts fill it. Answers the name of its table.
pub async fn begin(db: &Db, by: &By, plugin: &str, view: &str) -> Result<String, Error> {
    let names = || (plugin.to_owned(), view.to_owned());
    if of(db, plugin, view).await?.is_empty() {
        let (plugin, view) = names();
        return Err(Error::NoView { plugin, view });
    }
    let mut tx = db.platform_pool().begin().await.map_err(Error::Write)?;
    let made: Option<String> = sqlx::query_scalar("select eaf.rebuild_view($1, $2)")
        .bind(plugin)
        .bind(view)
        .fetch_one(&mut *tx)
        .await
        .map_err(Error::Write)?;
    let made = made.ok_or_else(|| {
        let (plugin, view) = names();
        Error::UnderWay { plugin, view }
    })?;
    let act = Act::new("view.rebuild", format!("{plugin}/{view}")).changing(json!(null), json!(made));
    platform::record(&mut tx, by, &act).await?;
    tx.commit().await.map_err(Error::Write)?;
    Ok(made)
}

/// Compares the building copy with the live one in every tenant and, if they agree or that is `accepted`, makes it the live one.
/// A standby from before is dropped.
pub async fn switch(
    db: &Db,
    by: &By,
    tenants: &[TenantId],
    plugin: &str,
    view: &str,
    accepted: bool,
) -> Result<Vec<Difference>, Error> {
    let building = one(db, plugin, view, State::Building).await?;
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
    if let Some(older) = one(db, &plugin, &view, State::Standby).await? {
        discard(db, by, tenants, &older.table).await?;
    }
    exchange(db, by, &building.table).await?;
    Ok(report)
}

/// The copy that was read before is read again.
pub async fn back(db: &Db, by: &By, plugin: &str, view: &str) -> Result<String, Error> {
    let standby = one(db, plugin, view, State::Standby).await?;
    let (plugin, view) = (plugin.to_owned(), view.to_owned());
    let Some(standby) = standby else { return Err(Error::NoStandby { plugin, view }) };
    exchange(db, by, &standby.table).await?;
    Ok(standby.table)
}

/// Drops the copies that nobody reads; answers their names.
pub async fn cancel(db: &Db, by: &By, tenants: &[TenantId], plugin: &str, view: &str) -> Result<Vec<String>, Error> {
    let mut dropped = Vec::new();
    for copy in of(db, plugin, view).await?.into_iter().filter(|copy| copy.state != State::Live) {
        discard(db, by, tenants, &copy.table).await?;
        dropped.push(copy.table);
    }
    Ok(dropped)
}

async fn of(db: &Db, plugin: &str, view: &str) -> Result<Vec<Copy>, Error> {
    let all = copies(db).await?;
    Ok(all.into_iter().filter(|copy| copy.plugin == plugin && copy.view == view).collect())
}

async fn one(db: &Db, plugin: &str, view: &str, state: State) -> Result<Option<Copy>, Error> {
    Ok(of(db, plugin, view).await?.into_iter().find(|copy| copy.state == state))
}

async fn exchange(db: &Db, by: &By, table: &str) -> Result<(), Error> {
    let mut tx = db.platform_pool().begin().await.map_err(Error::Write)?;
    let query = sqlx::query_scalar("select eaf.switch_view($1)").bind(table);
    let switched: bool = query.fetch_one(&mut *tx).await.map_err(Error::Write)?;
    if !switched {
        return Err(Error::Gone { table: table.to_owned() });
    }
    platform::record(&mut tx, by, &Act::new("view.switch", table)).await?;
    tx.commit().await.map_err(Error::Write)
}

/// The table first: a host that projects into it meanwhile fails and parks nothing but that copy, whose checkpoints then go too.
async fn discard(db: &Db, by: &By, tenants: &[TenantId], table: &str) -> Result<(), Error> {
    let mut tx = db.platform_pool().begin().await.map_err(Error::Write)?;
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
