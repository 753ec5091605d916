//! Has the database room for the connections of this host? Found out at the start, not under load.

use super::{Db, Error};
use sqlx::postgres::PgPool;

/// Each listens on a connection of its own: the doorbell and the live feed.
const LISTENERS: u32 = 2;

/// Other hosts and other users of the server are not known here: what is refused can never work.
pub(super) async fn check(db: &Db) -> Result<(), Error> {
    let needed = needed(db);
    let available: i32 = sqlx::query_scalar(
        "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                - coalesce(current_setting('reserved_connections', true)::int, 0)",
    )
    .fetch_one(&db.platform)
    .await
    .map_err(Error::ReadCatalogue)?;
    if i64::from(needed) > i64::from(available) {
        return Err(Error::TooManyConnections { needed, available });
    }
    Ok(())
}

/// A pool that goes through a pooler, elsewhere than the direct address, takes none by itself.
fn needed(db: &Db) -> u32 {
    let direct = server(&db.append);
    let pools = [&db.app, &db.append, &db.platform].into_iter().filter(|pool| server(pool) == direct);
    pools.map(|pool| pool.options().get_max_connections()).sum::<u32>() + LISTENERS
}

fn server(pool: &PgPool) -> (String, u16) {
    let options = pool.connect_options();
    (options.get_host().to_owned(), options.get_port())
}
