//! Check that the database has every migration of this program. A newer schema is accepted, because
//! migrations only add. So hosts can be upgraded one by one.

use super::migrate::MIGRATOR;
use super::{Error, functions};
use sqlx::postgres::{PgConnection, PgPool};
use std::collections::BTreeMap;

/// Fails with [`Error::Schema`] if the database lacks a migration of this program. `pool` connects
/// as `eaf_platform`.
pub(super) async fn check(pool: &PgPool) -> Result<(), Error> {
    let mut conn = pool.acquire().await.map_err(Error::ReadCatalogue)?;
    let mut findings = migrations(&mut conn).await.map_err(Error::ReadCatalogue)?;
    if findings.is_empty() {
        let applied = functions::applied(&mut conn).await.map_err(Error::ReadCatalogue)?;
        findings.extend(functions::ALL.iter().filter_map(|function| function.finding(applied.get(function.name))));
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Schema(findings)) }
}

/// Lists the numbered migrations that are missing in the database, or were changed after they ran.
async fn migrations(conn: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let query = sqlx::query_as("select version, checksum from eaf._sqlx_migrations where success");
    let rows: Vec<(i64, Vec<u8>)> = match query.fetch_all(conn).await {
        Err(cause) if is_undefined_table(&cause) => Vec::new(),
        rows => rows?,
    };
    let applied: BTreeMap<i64, Vec<u8>> = rows.into_iter().collect();
    let finding = |migration: &sqlx::migrate::Migration| {
        let name = format!("{:04} {}", migration.version, migration.description);
        match applied.get(&migration.version) {
            None => Some(format!("{name} is missing")),
            Some(checksum) if checksum[..] != migration.checksum[..] => {
                Some(format!("{name} was applied with another content"))
            }
            Some(_) => None,
        }
    };
    Ok(MIGRATOR.iter().filter_map(finding).collect())
}

/// Says whether a program newer than this one has migrated the database.
pub(super) async fn is_newer(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let (names, revisions): (Vec<_>, Vec<_>) =
        functions::ALL.iter().map(|function| (function.name, function.revision())).unzip();
    sqlx::query_scalar(
        "select exists (select from eaf._sqlx_migrations where success and version > $1)
             or exists (select from eaf.function_source f left join unnest($2::text[], $3::integer[]) o (name, revision)
                          on o.name = f.name
                        where o.name is null or f.revision > o.revision)",
    )
    .bind(MIGRATOR.iter().map(|migration| migration.version).max())
    .bind(names)
    .bind(revisions)
    .fetch_one(conn)
    .await
}

fn is_undefined_table(cause: &sqlx::Error) -> bool {
    matches!(cause, sqlx::Error::Database(error) if matches!(error.code().as_deref(), Some("42P01" | "3F000")))
}
