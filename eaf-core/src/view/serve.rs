//! Which definitions of a product's views are active: those of the package that is.

use super::{Error, Table};
use crate::contract::ViewType;
use sqlx::PgConnection;

/// Others are projected no more, so nobody is behind in them; made active again, they go on where they were. `conn` is the platform's, in the
/// transaction that knows which package is active.
pub(crate) async fn serve(conn: &mut PgConnection, plugin: &str, views: &[ViewType]) -> Result<(), Error> {
    let mut digests = Vec::with_capacity(views.len());
    for view in views {
        digests.push(Table::of(plugin, view)?.digest().to_owned());
    }
    // At most one of each view at any time, so those that end come first.
    for begin in [false, true] {
        sqlx::query("update eaf.view set active = $3 where plugin = $1 and (digest = any ($2)) = $3 and active <> $3")
            .bind(plugin)
            .bind(&digests)
            .bind(begin)
            .execute(&mut *conn)
            .await
            .map_err(Error::Serve)?;
    }
    Ok(())
}
