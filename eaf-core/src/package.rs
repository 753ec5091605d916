//! Package files and which of them is active. A package belongs to no tenant and holds no customer data.
//!
//! The active generation is a row, the same for all hosts: `append` refuses what any other generation decided. Files stay
//! as long as a run may need them.

use crate::actor::By;
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
    #[error("there is no package {digest} of the plugin {plugin}")]
    Unknown { plugin: String, digest: String },
}

#[derive(Debug, Clone)]
pub struct Package {
    /// SHA-256 of the header in `bytes`, hex, which holds the digests of all else. Whoever loads the bytes compares it.
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

/// Idempotent: a package is what its digest says. One whose file was pruned has it again, and its age begins now.
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

/// None also when its file was pruned.
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

/// Makes a stored package the active one; answers its generation. Asked again for the active one, it changes nothing.
pub async fn activate(db: &Db, plugin: &str, digest: &str, by: &By) -> Result<i64, Error> {
    let mut tx = db.platform_pool().begin().await.map_err(Error::Activate)?;
    // As the activation does it. A statement of its own, because one sees only what was there when it began.
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
        let shown = |generation: i64, digest: &str| json!({ "generation": generation, "digest": digest });
        let old = before.map_or(json!(null), |(generation, digest)| shown(generation, &digest));
        let act = Act::new("package.activate", format!("package/{plugin}"));
        platform::record(&mut tx, by, &act.changing(old, shown(generation, digest))).await?;
    }
    tx.commit().await.map_err(Error::Activate)?;
    Ok(generation)
}

/// `None`: no package of this plugin was ever activated.
pub async fn active(db: &Db, plugin: &str) -> Result<Option<Active>, Error> {
    Ok(all_active(db).await?.into_iter().find(|active| active.plugin == plugin))
}

/// By plugin.
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
