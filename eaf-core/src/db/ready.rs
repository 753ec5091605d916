//! Can this database be worked with, at this moment?

use super::{Db, Error};

/// Both roles log in and find the schema. Cheap enough for a probe every second.
pub async fn ready(db: &Db) -> Result<(), Error> {
    let schema = "select epoch from eaf.log_epoch";
    sqlx::query(schema).execute(&db.app).await.map_err(Error::ReadCatalogue)?;
    sqlx::query("select 1 from eaf.tenant limit 1").execute(&db.platform).await.map_err(Error::ReadCatalogue)?;
    Ok(())
}
