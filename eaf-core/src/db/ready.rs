//! Can this database be worked with, at this moment?

use super::{Db, Error, demand_writes};

/// All roles log in, find the schema and may write. Cheap enough for a probe every second.
pub async fn ready(db: &Db) -> Result<(), Error> {
    let schema = "select epoch from eaf.log_epoch";
    let tenants = "select 1 from eaf.tenant limit 1";
    for (pool, seen) in [(&db.app, schema), (&db.append, schema), (&db.platform, tenants)] {
        let mut conn = pool.acquire().await.map_err(Error::ReadCatalogue)?;
        if let Err(cause) = demand_writes(&mut conn).await {
            conn.close_on_drop();
            return Err(Error::ReadCatalogue(cause));
        }
        sqlx::query(seen).execute(&mut *conn).await.map_err(Error::ReadCatalogue)?;
    }
    Ok(())
}
