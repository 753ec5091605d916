//! Active definitions: the view definitions of a plugin's active package.

use super::{Error, Table};
use crate::contract::ViewType;
use sqlx::PgConnection;

/// Makes exactly these definitions the active ones of the plugin.
///
/// Other definitions are no longer projected, so their tables do not count as lagging. A definition
/// that becomes active again continues from its checkpoints. `conn` is a platform connection, in
/// the transaction that has locked the active generation.
pub(crate) async fn set_active_definitions(
    conn: &mut PgConnection,
    plugin: &str,
    views: &[ViewType],
) -> Result<(), Error> {
    let mut digests = Vec::with_capacity(views.len());
    for view in views {
        digests.push(Table::of(plugin, view)?.digest().to_owned());
    }
    // Deactivates first: a unique index permits one active definition of each view.
    for active in [false, true] {
        sqlx::query("update eaf.view set active = $3 where plugin = $1 and (digest = any ($2)) = $3 and active <> $3")
            .bind(plugin)
            .bind(&digests)
            .bind(active)
            .execute(&mut *conn)
            .await
            .map_err(Error::Activate)?;
    }
    Ok(())
}
