//! Brings the schema up to date, as its owner: first the numbered migrations, under sqlx's lock, then the
//! [functions](super::functions), under one of their own. Hosts that start together wait for one another.

use super::{Error, functions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::str::FromStr;
use std::sync::LazyLock;

pub(super) static MIGRATOR: LazyLock<sqlx::migrate::Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("../migrations");
    // A newer host may have been here: migrations only add, and this one works on what it knows.
    migrator.set_ignore_missing(true);
    migrator
});

/// `migrate_url` logs in as `eaf_migrate`, directly, not through a pooler.
pub async fn migrate(migrate_url: &str) -> Result<(), Error> {
    let role = "eaf_migrate";
    let mut conn = PgConnectOptions::from_str(migrate_url)
        .map_err(|cause| Error::Address { role, cause })?
        .application_name("eaf migrate")
        // The owner is who the member becomes; the list of applied migrations lies in our schema.
        .options([("role", "eaf_owner"), ("search_path", "eaf"), ("lock_timeout", "60000")])
        .connect()
        .await
        .map_err(|cause| Error::Connect { role, cause })?;
    // Not `run`: its future cannot be spawned, because its bound on the connection is too narrow.
    MIGRATOR.run_direct(None, &mut conn, false).await.map_err(Error::Migrate)?;
    functions::replace(&mut conn).await?;
    conn.close().await.map_err(|cause| Error::Connect { role, cause })
}

/// Everything that makes the schema, to tell one schema from another.
#[cfg(feature = "testing")]
pub(crate) fn embedded_schema(mut part: impl FnMut(&[u8])) {
    part(super::bootstrap::ROLES.as_bytes());
    MIGRATOR.iter().for_each(|migration| part(&migration.checksum));
    functions::ALL.iter().for_each(|function| part(function.source.as_bytes()));
}
