//! Check that PostgreSQL accepts as many connections as this host may open. So the host fails when
//! it starts, and not later under load.

use super::{Db, Error};
use sqlx::postgres::PgPool;

/// Number of connections, besides those of the pools, that LISTEN: one for the doorbell, one for
/// the live feed.
const LISTENERS: u32 = 2;

/// Compares the number of connections that this host may open with the limit of the server. Other
/// clients of the server are ignored: a host that fails here could never open all its connections.
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

/// Number of connections that this host opens to the direct URL. A pool with another address leads
/// to a pooler, which has a limit of its own.
fn needed(db: &Db) -> u32 {
    let direct = server(&db.append);
    let pools = [&db.app, &db.append, &db.platform].into_iter().filter(|pool| server(pool) == direct);
    pools.map(|pool| pool.options().get_max_connections()).sum::<u32>() + LISTENERS
}

fn server(pool: &PgPool) -> (String, u16) {
    let options = pool.connect_options();
    (options.get_host().to_owned(), options.get_port())
}
