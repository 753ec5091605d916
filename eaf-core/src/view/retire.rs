//! Views that a package no longer has.

use super::Error;
use crate::Core;
use crate::contract::ViewType;

/// Nobody projects them any more, so nobody is behind in them. [`create`](super::create) brings one back, with its rows.
pub async fn retire(core: &Core, plugin: &str, kept: &[ViewType]) -> Result<(), Error> {
    let kept: Vec<&str> = kept.iter().map(|view| view.name.as_str()).collect();
    sqlx::query("update eaf.view set active = false where plugin = $1 and view <> all ($2) and active")
        .bind(plugin)
        .bind(kept)
        .execute(core.db.platform_pool())
        .await
        .map_err(Error::Retire)?;
    Ok(())
}
