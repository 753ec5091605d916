//! Check that PostgreSQL accepts as many connections as this host may open, so that the host fails
//! at its start and not under load.

use super::{Db, Error};
use sqlx::postgres::PgPool;

/// Number of connections outside of the pools that LISTEN: one for the doorbell, one for the live
/// feed.
const LISTENERS: u32 = 2;

/// Compares the connections of this host with the limits of the server alone, without its other
/// clients: a host that is refused could never open all of its connections.
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

/// Number of connections that this host opens to the direct address. A pool at another address
/// leads to a pooler, which has its own limit.
fn needed(db: &Db) -> u32 {
    let direct = server(&db.append);
    let pools = [&db.app, &db.append, &db.platform].into_iter().filter(|pool| server(pool) == direct);
    pools.map(|pool| pool.options().get_max_connections()).sum::<u32>() + LISTENERS
}

fn server(pool: &PgPool) -> (String, u16) {
    let options = pool.connect_options();
    (options.get_host().to_owned(), options.get_port())
}
