//! Migration of the database by the schema's owner: the numbered migrations, then the
//! [functions](super::functions). Advisory locks let hosts that start together migrate one after
//! the other.

use super::{Error, functions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::str::FromStr;
use std::sync::LazyLock;

pub(super) static MIGRATOR: LazyLock<sqlx::migrate::Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("../migrations");
    // Migrations of a newer host only add, so this host works on the newer schema.
    migrator.set_ignore_missing(true);
    migrator
});

/// Migrates the schema. `migrate_url` logs in as `eaf_migrate`, and must not lead to a pooler.
pub async fn migrate(migrate_url: &str) -> Result<(), Error> {
    let role = "eaf_migrate";
    let mut conn = PgConnectOptions::from_str(migrate_url)
        .map_err(|cause| Error::Address { role, cause })?
        .application_name("eaf migrate")
        // Objects belong to eaf_owner; sqlx stores its list of migrations in the first schema.
        .options([("role", "eaf_owner"), ("search_path", "eaf"), ("lock_timeout", "60000")])
        .connect()
        .await
        .map_err(|cause| Error::Connect { role, cause })?;
    // The future of `run` is not `Send`, because of its bound on the connection.
    MIGRATOR.run_direct(None, &mut conn, false).await.map_err(Error::Migrate)?;
    functions::replace(&mut conn).await?;
    conn.close().await.map_err(|cause| Error::Connect { role, cause })
}

/// Passes each SQL source of the whole schema to `part`. The caller computes a digest of these
/// sources, which identifies the schema.
#[cfg(feature = "testing")]
pub(crate) fn embedded_schema(mut part: impl FnMut(&[u8])) {
    part(super::bootstrap::ROLES.as_bytes());
    MIGRATOR.iter().for_each(|migration| part(&migration.checksum));
    functions::ALL.iter().for_each(|function| part(function.source.as_bytes()));
}
