//! Drafts: input for a command that a person saves to give the command later, on any machine.
//!
//! A draft is the person's own, sealed under the person's data key, and has no effect. Each draft
//! ends: the person gives the command or deletes the draft, or the draft expires.

use crate::crypto::{self, Keyring};
use crate::db::{self, Db, TenantTx};
use crate::id::{ActorId, DraftId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;
use time::OffsetDateTime;

/// Maximum number of drafts that one person has for one command.
pub const MAX_DRAFTS: i64 = 20;
/// Time from the last change of a draft to its end.
pub const LIFETIME: Duration = Duration::from_secs(90 * 24 * 3_600);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the person has {MAX_DRAFTS} drafts for this command already")]
    TooMany,
    #[error("the draft was changed or deleted meanwhile")]
    ChangedMeanwhile,
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the draft could not be sealed or opened")]
    Crypto(#[from] crypto::Error),
    #[error("the drafts could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the draft could not be written")]
    Write(#[source] sqlx::Error),
    #[error("the draft's content is not what was written there")]
    Corrupt(#[source] serde_json::Error),
}

/// Text and values of a draft. Both may be personal data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Name by which the person finds the draft again.
    pub title: String,
    /// Values of the form, which need not be valid for the command.
    pub values: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub id: DraftId,
    pub plugin: String,
    /// Name of the command, without the plugin's prefix.
    pub command: String,
    pub content: Content,
    /// Number of the draft's last change, from 1.
    pub revision: i64,
    pub changed_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

/// Person of a tenant whose drafts are read or changed.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    pub tenant: TenantId,
    pub person: ActorId,
}

/// Draft to save.
pub struct Save<'a> {
    pub id: DraftId,
    pub plugin: &'a str,
    pub command: &'a str,
    pub content: &'a Content,
    /// Revision on which the change was made. `None`: the draft is new.
    pub basis: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    draft_id: DraftId,
    plugin: String,
    command: String,
    sealed: Vec<u8>,
    revision: i64,
    changed_at: OffsetDateTime,
    expires_at: OffsetDateTime,
}

/// Lists the drafts of a person at the time `now`, the last changed first.
pub async fn list(db: &Db, keyring: &Keyring, owner: Owner, now: OffsetDateTime) -> Result<Vec<Draft>, Error> {
    let mut tx = db.tenant(owner.tenant).await?;
    let rows: Vec<Row> = sqlx::query_as(
        "select draft_id, plugin, command, sealed, revision, changed_at, expires_at from eaf.draft
         where tenant_id = $1 and actor_id = $2 and expires_at > $3 order by changed_at desc, draft_id",
    )
    .bind(owner.tenant)
    .bind(owner.person)
    .bind(now)
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    let mut drafts = Vec::with_capacity(rows.len());
    for row in rows {
        drafts.extend(open(keyring, &mut tx, owner.person, row).await?);
    }
    Ok(drafts)
}

/// Opens a row. `None`: the person was erased.
async fn open(keyring: &Keyring, tx: &mut TenantTx, person: ActorId, row: Row) -> Result<Option<Draft>, Error> {
    let Row { draft_id: id, plugin, command, sealed, revision, changed_at, expires_at } = row;
    let Some(plain) = keyring.open(tx, person, &aad(id), &sealed).await? else { return Ok(None) };
    let content = serde_json::from_slice(&plain).map_err(Error::Corrupt)?;
    Ok(Some(Draft { id, plugin, command, content, revision, changed_at, expires_at }))
}

fn aad(id: DraftId) -> String {
    format!("draft/{id}")
}

/// Saves a draft at the time `now` and returns its revision. Fails with [`Error::TooMany`] at the
/// person's limit, and with [`Error::ChangedMeanwhile`] if the draft is not at the basis any more.
pub async fn save(
    db: &Db,
    keyring: &Keyring,
    owner: Owner,
    draft: &Save<'_>,
    now: OffsetDateTime,
) -> Result<i64, Error> {
    let plain = serde_json::to_vec(draft.content).map_err(Error::Corrupt)?;
    let mut tx = db.tenant(owner.tenant).await?;
    let sealed = keyring.seal(&mut tx, owner.person, &aad(draft.id), &plain).await?;
    let revision = match draft.basis {
        Some(basis) => update(&mut tx, owner, (draft.id, basis), &sealed, now).await?,
        None => {
            lock(&mut tx, owner).await?;
            delete_expired(&mut tx, now).await?;
            check_limit(&mut tx, owner, draft).await?;
            insert(&mut tx, owner, draft, &sealed, now).await?
        }
    };
    let revision = revision.ok_or(Error::ChangedMeanwhile)?;
    tx.commit().await?;
    Ok(revision)
}

/// Lets one transaction at a time add drafts of the person, so that the limit holds.
async fn lock(tx: &mut TenantTx, owner: Owner) -> Result<(), Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('eaf.draft/' || $1::text || '/' || $2::text, 0))")
        .bind(owner.tenant)
        .bind(owner.person)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(())
}

async fn check_limit(tx: &mut TenantTx, owner: Owner, draft: &Save<'_>) -> Result<(), Error> {
    let count: i64 = sqlx::query_scalar(
        "select count(*) from eaf.draft where tenant_id = $1 and actor_id = $2 and plugin = $3 and command = $4",
    )
    .bind(owner.tenant)
    .bind(owner.person)
    .bind(draft.plugin)
    .bind(draft.command)
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Read)?;
    if count >= MAX_DRAFTS { Err(Error::TooMany) } else { Ok(()) }
}

async fn insert(
    tx: &mut TenantTx,
    owner: Owner,
    draft: &Save<'_>,
    sealed: &[u8],
    now: OffsetDateTime,
) -> Result<Option<i64>, Error> {
    sqlx::query_scalar(
        "insert into eaf.draft
           (tenant_id, draft_id, actor_id, plugin, command, sealed, revision, changed_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, 1, $7, $8) on conflict do nothing returning revision",
    )
    .bind(owner.tenant)
    .bind(draft.id)
    .bind(owner.person)
    .bind(draft.plugin)
    .bind(draft.command)
    .bind(sealed)
    .bind(now)
    .bind(now + LIFETIME)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Write)
}

async fn update(
    tx: &mut TenantTx,
    owner: Owner,
    (id, basis): (DraftId, i64),
    sealed: &[u8],
    now: OffsetDateTime,
) -> Result<Option<i64>, Error> {
    sqlx::query_scalar(
        "update eaf.draft set sealed = $5, revision = revision + 1, changed_at = $6, expires_at = $7
         where tenant_id = $1 and draft_id = $2 and actor_id = $3 and revision = $4 and expires_at > $6
         returning revision",
    )
    .bind(owner.tenant)
    .bind(id)
    .bind(owner.person)
    .bind(basis)
    .bind(sealed)
    .bind(now)
    .bind(now + LIFETIME)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Write)
}

/// Deletes a draft of the person. Changes nothing if there is none. Fails with
/// [`Error::ChangedMeanwhile`] if the draft is not at the revision `basis`; `None`: any revision.
pub async fn delete(db: &Db, owner: Owner, id: DraftId, basis: Option<i64>) -> Result<(), Error> {
    let mut tx = db.tenant(owner.tenant).await?;
    let revision: Option<i64> = sqlx::query_scalar(
        "select revision from eaf.draft where tenant_id = $1 and draft_id = $2 and actor_id = $3 for update",
    )
    .bind(owner.tenant)
    .bind(id)
    .bind(owner.person)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    let Some(revision) = revision else { return Ok(()) };
    if basis.is_some_and(|basis| basis != revision) {
        return Err(Error::ChangedMeanwhile);
    }
    sqlx::query("delete from eaf.draft where tenant_id = $1 and draft_id = $2")
        .bind(owner.tenant)
        .bind(id)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(tx.commit().await?)
}

/// Deletes the expired drafts of the tenant. Returns how many they were.
pub(crate) async fn delete_expired(tx: &mut TenantTx, now: OffsetDateTime) -> Result<u64, Error> {
    let deleted = sqlx::query("delete from eaf.draft where tenant_id = $1 and expires_at <= $2")
        .bind(tx.tenant())
        .bind(now)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(deleted.rows_affected())
}

/// Deletes all drafts of a person who is erased.
pub(crate) async fn delete_all_of(tx: &mut TenantTx, person: ActorId) -> Result<(), Error> {
    sqlx::query("delete from eaf.draft where tenant_id = $1 and actor_id = $2")
        .bind(tx.tenant())
        .bind(person)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(())
}
