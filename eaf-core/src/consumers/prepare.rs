//! Makes ready what a package needs: before it is served, and once more when it has become the active one.

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
    #[error("which package is active could not be found out")]
    Active(#[source] sqlx::Error),
}

/// Makes the views' tables. If the package is the active one, or there is none yet, its views are the ones that are projected from now
/// on, and its workflows those that events start. While another one is, that one's go on: an upgrade that is given up has changed nothing.
pub async fn prepare(db: &Db, domain: &dyn Domain) -> Result<(), Error> {
    let (plugin, description) = (domain.plugin(), domain.description());
    for view in &description.views {
        view::create(db, plugin, view).await?;
    }
    let mut tx = db.platform_pool().begin().await.map_err(Error::Active)?;
    // Until the end of this transaction no other package becomes the active one. Two statements: the second sees what the first has waited for.
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
        view::serve(&mut tx, plugin, &description.views).await?;
        trigger::register(&mut tx, domain).await?;
    }
    tx.commit().await.map_err(Error::Active)
}
