//! Repeatable migrations: the SQL functions in `migrations/functions`, one file each.
//!
//! sqlx has no repeatable migrations. So a host replaces each function of which it has a higher
//! revision. A file begins with `-- revision: N`; `eaf.function_source` records the revision in
//! effect and the SHA-256 of its file. A function with a higher revision is not replaced, because
//! it has the same signature and at least the old meaning. So hosts of two releases that start
//! alternately do not replace it back and forth. A digest alone would not say which of two files is
//! older.

use super::Error;
use sha2::{Digest, Sha256};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use std::collections::HashMap;

/// Advisory lock under which one host at a time replaces functions.
const LOCK: i64 = 0x6561_665f_6675_6e63;

pub(super) struct Function {
    pub name: &'static str,
    pub source: &'static str,
}

macro_rules! functions {
    ($($name:literal)*) => {
        [$(Function { name: $name, source: include_str!(concat!("../../../migrations/functions/", $name, ".sql")) }),*]
    };
}

/// All SQL functions of this program, in the order in which they are created.
pub(super) const ALL: [Function; 14] = functions![
    "activate" "activate_package" "append" "append_plain" "begin_tenant"
    "create_view" "drop_view_copy" "lagging_consumers" "now" "prune" "prune_anchored" "rebuild_view" "switch_view" "view_table"
];

impl Function {
    /// Revision in the first line of the file. 0: the file has no such line, and
    /// `eaf.function_source` refuses the function.
    pub fn revision(&self) -> i32 {
        let first = self.source.lines().next().unwrap_or_default();
        first.strip_prefix("-- revision: ").and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.source).into()
    }

    /// Reason why this host cannot work with the function as it is in the database. `None`: it can.
    pub fn finding(&self, applied: Option<&Applied>) -> Option<String> {
        let (name, revision) = (self.name, self.revision());
        match applied {
            None => Some(format!("functions/{name}.sql is missing")),
            Some(applied) if applied.revision < revision => {
                Some(format!("functions/{name}.sql is of revision {}, not {revision}", applied.revision))
            }
            Some(applied) if applied.revision == revision && applied.digest[..] != self.digest() => {
                Some(format!("functions/{name}.sql was applied with another content"))
            }
            Some(_) => None,
        }
    }
}

/// Row of `eaf.function_source`: name, revision and digest of a function as it is in the database.
#[derive(sqlx::FromRow)]
pub(super) struct Applied {
    name: String,
    revision: i32,
    digest: Vec<u8>,
}

pub(super) async fn applied(conn: &mut PgConnection) -> Result<HashMap<String, Applied>, sqlx::Error> {
    let rows: Vec<Applied> =
        sqlx::query_as("select name, revision, digest from eaf.function_source").fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.name.clone(), row)).collect())
}

/// Replaces, in one transaction, the functions of which this host has a higher revision. `conn`
/// acts as `eaf_owner`.
pub(super) async fn replace(conn: &mut PgConnection) -> Result<(), Error> {
    let failed = |name: &'static str| move |cause| Error::Function { name, cause };
    let mut tx = conn.begin().await.map_err(Error::Begin)?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *tx).await.map_err(Error::ReadCatalogue)?;
    let applied = applied(&mut tx).await.map_err(Error::ReadCatalogue)?;
    for function in &ALL {
        let revision = function.revision();
        if applied.get(function.name).is_some_and(|applied| applied.revision >= revision) {
            continue;
        }
        sqlx::raw_sql(function.source).execute(&mut *tx).await.map_err(failed(function.name))?;
        sqlx::query(
            "insert into eaf.function_source (name, revision, digest) values ($1, $2, $3)
             on conflict (name) do update set revision = excluded.revision, digest = excluded.digest",
        )
        .bind(function.name)
        .bind(revision)
        .bind(&function.digest()[..])
        .execute(&mut *tx)
        .await
        .map_err(failed(function.name))?;
    }
    tx.commit().await.map_err(Error::Commit)
}
