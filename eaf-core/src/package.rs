//! Package files, and the active package of each plugin. A package belongs to no tenant and holds
//! no customer data.
//!
//! A row names the active generation for all hosts, and `eaf.append` refuses events of any other
//! generation. Files of inactive packages are stored as long as a run may need them.

use crate::actor::Attribution;
use crate::audit::{Act, platform};
use crate::contract::Description;
use crate::db::Db;
use serde_json::json;
use sqlx::types::Json;
use time::OffsetDateTime;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the packages could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the package could not be stored")]
    Store(#[source] sqlx::Error),
    #[error("the package could not be activated")]
    Activate(#[source] sqlx::Error),
    #[error("the record of the activation could not be written")]
    Audit(#[from] crate::audit::Error),
    #[error("there is no package {digest} of the plugin {plugin}: upload the package first")]
    Unknown { plugin: String, digest: String },
}

#[derive(Debug, Clone)]
pub struct Package {
    /// SHA-256, in hex, of the header of `bytes`. The header contains the digests of the package's
    /// other parts, so the digest identifies the whole package. A reader of `bytes` verifies the
    /// digest.
    pub digest: String,
    pub plugin: String,
    pub version: String,
    pub bytes: Vec<u8>,
    pub description: Description,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Active {
    pub plugin: String,
    pub generation: i64,
    pub digest: String,
    pub version: String,
    pub activated_at: OffsetDateTime,
}

/// Stores a package. Idempotent: storing it again restores a file that was pruned, and restarts its
/// retention.
pub async fn store(db: &Db, package: &Package) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.package (digest, plugin, version, bytes, description) values ($1, $2, $3, $4, $5)
         on conflict (digest) do update set stored_at = clock_timestamp(),
           bytes = case when octet_length(package.bytes) = 0 then excluded.bytes else package.bytes end",
    )
    .bind(&package.digest)
    .bind(&package.plugin)
    .bind(&package.version)
    .bind(&package.bytes)
    .bind(Json(&package.description))
    .execute(db.platform_pool())
    .await
    .map_err(Error::Store)?;
    Ok(())
}

/// Loads a package. `None`: the package was never stored, or its file was pruned.
pub async fn load(db: &Db, digest: &str) -> Result<Option<Package>, Error> {
    type Row = (String, String, Vec<u8>, Json<Description>);
    let row: Option<Row> = sqlx::query_as(
        "select plugin, version, bytes, description from eaf.package where digest = $1 and octet_length(bytes) > 0",
    )
    .bind(digest)
    .fetch_optional(db.platform_pool())
    .await
    .map_err(Error::Read)?;
    Ok(row.map(|(plugin, version, bytes, Json(description))| Package {
        digest: digest.to_owned(),
        plugin,
        version,
        bytes,
        description,
    }))
}

/// Makes a stored package the active one of its plugin, and returns its generation. Changes nothing
/// if the package is active already.
pub async fn activate(db: &Db, plugin: &str, digest: &str, by: &Attribution) -> Result<i64, Error> {
    let mut tx = db.platform_tx().await.map_err(Error::Activate)?;
    // The lock of eaf.activate_package, taken in an earlier statement: a statement sees only rows
    // that were committed before it began.
    sqlx::query("select pg_advisory_xact_lock(eaf.generation_lock($1))")
        .bind(plugin)
        .execute(&mut *tx)
        .await
        .map_err(Error::Activate)?;
    let before: Option<(i64, String)> =
        sqlx::query_as("select generation, digest from eaf.generation where plugin = $1")
            .bind(plugin)
            .fetch_optional(&mut *tx)
            .await
            .map_err(Error::Activate)?;
    let generation: Option<i64> = sqlx::query_scalar("select eaf.activate_package($1, $2, $3)")
        .bind(plugin)
        .bind(digest)
        .bind(by.actor)
        .fetch_one(&mut *tx)
        .await
        .map_err(Error::Activate)?;
    let unknown = || Error::Unknown { plugin: plugin.to_owned(), digest: digest.to_owned() };
    let generation = generation.ok_or_else(unknown)?;
    if before.as_ref().map(|(generation, _)| *generation) != Some(generation) {
        let state = |generation: i64, digest: &str| json!({ "generation": generation, "digest": digest });
        let old = before.map_or(json!(null), |(generation, digest)| state(generation, &digest));
        let act = Act::new("package.activate", format!("package/{plugin}"));
        platform::record(&mut tx, by, &act.changing(old, state(generation, digest))).await?;
    }
    tx.commit().await.map_err(Error::Activate)?;
    Ok(generation)
}

/// Reads the active package of a plugin. `None`: no package of this plugin was ever activated.
pub async fn active(db: &Db, plugin: &str) -> Result<Option<Active>, Error> {
    Ok(all_active(db).await?.into_iter().find(|active| active.plugin == plugin))
}

/// Lists the active packages of all plugins, by plugin.
pub async fn all_active(db: &Db) -> Result<Vec<Active>, Error> {
    let rows: Vec<(String, i64, String, String, OffsetDateTime)> = sqlx::query_as(
        "select g.plugin, g.generation, g.digest, p.version, a.activated_at
         from eaf.generation g join eaf.package p on p.digest = g.digest
         join eaf.activation a on a.plugin = g.plugin and a.generation = g.generation order by g.plugin",
    )
    .fetch_all(db.platform_pool())
    .await
    .map_err(Error::Read)?;
    Ok(rows
        .into_iter()
        .map(|(plugin, generation, digest, version, activated_at)| Active {
            plugin,
            generation,
            digest,
            version,
            activated_at,
        })
        .collect())
}
