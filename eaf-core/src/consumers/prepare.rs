//! Preparation of a package for use: creation of its views' tables, and activation of its view
//! definitions and triggers.

use super::trigger;
use crate::contract::Domain;
use crate::db::Db;
use crate::view;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    View(#[from] view::Error),
    #[error(transparent)]
    Trigger(#[from] trigger::Error),
    #[error("the active package could not be read")]
    Active(#[source] sqlx::Error),
}

/// Creates the tables of a package's views. If no other package of the plugin is active, also
/// activates this package's view definitions and registers its triggers.
///
/// A host calls this function before it serves a package, and again when the package has become the
/// active one. While another package is active, the views and triggers of that package continue, so
/// that an aborted upgrade changes nothing.
pub async fn prepare(db: &Db, domain: &dyn Domain) -> Result<(), Error> {
    let (plugin, description) = (domain.plugin(), domain.description());
    for view in &description.views {
        view::check_through(view, &description.views)?;
        view::create_table(db, plugin, view).await?;
    }
    let mut tx = db.platform_tx().await.map_err(Error::Active)?;
    // The lock prevents an activation until this transaction ends. It is acquired in a statement of
    // its own, so that the next statement sees the activation that this one may have waited for.
    sqlx::query("select pg_advisory_xact_lock_shared(eaf.generation_lock($1))")
        .bind(plugin)
        .execute(&mut *tx)
        .await
        .map_err(Error::Active)?;
    let other: bool =
        sqlx::query_scalar("select exists (select from eaf.generation where plugin = $1 and digest <> $2)")
            .bind(plugin)
            .bind(domain.digest())
            .fetch_one(&mut *tx)
            .await
            .map_err(Error::Active)?;
    if !other {
        view::set_active_definitions(&mut tx, plugin, &description.views).await?;
        trigger::register(&mut tx, domain).await?;
    }
    tx.commit().await.map_err(Error::Active)
}
