//! Readiness of the database for this host.

use super::{Db, Error, require_writable};

/// Checks that each pool can connect, finds the schema and reaches a writable server. The check is
/// cheap enough for one probe per second.
pub async fn ready(db: &Db) -> Result<(), Error> {
    let schema = "select epoch from eaf.log_epoch";
    let tenants = "select 1 from eaf.tenant limit 1";
    for (pool, query) in [(&db.app, schema), (&db.append, schema), (&db.platform, tenants)] {
        let mut conn = pool.acquire().await.map_err(Error::ReadCatalogue)?;
        if let Err(cause) = require_writable(&mut conn).await {
            conn.close_on_drop();
            return Err(Error::ReadCatalogue(cause));
        }
        sqlx::query(query).execute(&mut *conn).await.map_err(Error::ReadCatalogue)?;
    }
    Ok(())
}
