//! Is the schema as new as this program? A newer one is welcome: migrations only add, so that hosts can be exchanged one
//! after the other.

use super::Error;
use super::migrate::MIGRATOR;
use sqlx::postgres::{PgConnection, PgPool};
use std::collections::BTreeMap;

/// `pool` is `eaf_platform`'s.
pub(super) async fn check(pool: &PgPool) -> Result<(), Error> {
    let rows: Vec<(i64, Vec<u8>)> = match sqlx::query_as(
        "select version, checksum from eaf._sqlx_migrations where success",
    )
    .fetch_all(pool)
    .await
    {
        Ok(rows) => rows,
        Err(cause) if is_no_table(&cause) => Vec::new(),
        Err(cause) => return Err(Error::ReadCatalogue(cause)),
    };
    let applied: BTreeMap<i64, Vec<u8>> = rows.into_iter().collect();
    let mut findings = Vec::new();
    for migration in MIGRATOR.iter() {
        let name = format!("{:04} {}", migration.version, migration.description);
        match applied.get(&migration.version) {
            None => findings.push(format!("{name} is missing")),
            Some(checksum) if checksum[..] != migration.checksum[..] => {
                findings.push(format!("{name} was applied with another content"));
            }
            Some(_) => {}
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Schema(findings)) }
}

/// Whether a migration was applied that this program does not know.
pub(super) async fn is_newer(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let newest = MIGRATOR.iter().map(|migration| migration.version).max();
    let newer = "select exists(select from eaf._sqlx_migrations where success and version > $1)";
    sqlx::query_scalar(newer).bind(newest).fetch_one(conn).await
}

fn is_no_table(cause: &sqlx::Error) -> bool {
    matches!(cause, sqlx::Error::Database(error) if matches!(error.code().as_deref(), Some("42P01" | "3F000")))
}
