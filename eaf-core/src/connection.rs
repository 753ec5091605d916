//! Connections: where a tenant's vCenter or mail server is, and how to sign in there.
//!
//! The secret is sealed under the tenant's key and is write-only for people: [`list`] never has it, [`get`] is for
//! providers. The secret may be left out to keep the stored one, but only while the rest still sends it to the same place
//! for the same account: who does not know a password must not be able to have it sent to a server of their own.

use crate::crypto;
use crate::crypto::Keyring;
use crate::db::Db;
use crate::db::{self, TenantTx};
use crate::id::{ActorId, TenantId};
use serde_json::{Map, Value};
use sqlx::Row;
use sqlx::types::Json;
use time::OffsetDateTime;
use zeroize::Zeroizing;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the connections could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the connection could not be written")]
    Write(#[source] sqlx::Error),
    #[error("a new connection needs its secret")]
    NoSecret,
    #[error("a tenant has at most {MOST} connections")]
    TooMany,
    #[error("the stored secret is not kept when where it goes changes")]
    SecretNeededAgain,
    #[error("the secret of connection {capability}/{name} could not be sealed or opened")]
    Crypto {
        capability: String,
        name: String,
        #[source]
        cause: crypto::Error,
    },
    #[error("the secret of connection {capability}/{name} is not what was stored")]
    Corrupt { capability: String, name: String },
}

/// Connections of one tenant: each may be tested, and keeps a session and a password in memory while it is used.
pub const MOST: i64 = 50;

/// As a provider needs it. It has no `Debug`: its secret is in clear.
#[derive(Clone)]
pub struct Connection {
    pub capability: String,
    pub name: String,
    pub config: Value,
    pub secret: Map<String, Value>,
    /// None: it is not stored.
    pub set_at: Option<OffsetDateTime>,
}

/// As it is set.
pub struct NewConnection {
    pub capability: String,
    pub name: String,
    /// Nothing secret: it is shown.
    pub config: Value,
    /// `None` keeps the stored one.
    pub secret: Option<Map<String, Value>>,
    /// Members of `config` that do not say where the secret goes or whose it is. Only they may change while it is kept.
    pub harmless: &'static [&'static str],
}

/// As it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    pub capability: String,
    pub name: String,
    pub config: Value,
    pub last_check_at: Option<OffsetDateTime>,
    /// The code of what the last check found; none: it was good.
    pub last_error: Option<String>,
    /// The last real call of which the outcome is known.
    pub used_at: Option<OffsetDateTime>,
    /// Its code; none: it went through.
    pub use_error: Option<String>,
    pub updated_by: ActorId,
    pub updated_at: OffsetDateTime,
}

/// Stores, opens and checks connections with their secrets. Cheap to clone.
#[derive(Clone)]
pub struct Connections {
    db: Db,
    keyring: Keyring,
}

impl Connections {
    pub fn new(db: &Db, keyring: &Keyring) -> Self {
        Self { db: db.clone(), keyring: keyring.clone() }
    }

    /// Adds or replaces, in the caller's transaction, so that an audit row can stand beside it.
    pub async fn put(&self, tx: &mut TenantTx, new: &NewConnection, by: ActorId) -> Result<(), Error> {
        take_turn(tx).await?;
        let secret = match &new.secret {
            Some(secret) => self.seal(tx, new, secret).await?,
            None => kept(tx, new).await?,
        };
        let is_new: bool = sqlx::query_scalar(
            "insert into eaf.connection as c (tenant_id, capability, name, config, secret, updated_by)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, capability, name) do update set config = excluded.config, secret = excluded.secret,
           last_check_at = null, last_error = null, used_at = null, use_error = null, observe_at = clock_timestamp(),
           observe_until = null, observe_failures = 0, updated_by = excluded.updated_by, updated_at = clock_timestamp()
         returning xmax = 0",
        )
        .bind(tx.tenant())
        .bind(&new.capability)
        .bind(&new.name)
        .bind(Json(&new.config))
        .bind(secret)
        .bind(by)
        .fetch_one(tx.conn())
        .await
        .map_err(Error::Write)?;
        // Who has too many, from before there was a limit, can still change them.
        if is_new { within_limit(tx).await } else { Ok(()) }
    }
}

/// A tenant's admins do it one after the other: also a connection that is not there yet is added once.
async fn take_turn(tx: &mut TenantTx) -> Result<(), Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('eaf.connection/' || $1::text, 0))")
        .bind(tx.tenant())
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(())
}

/// Counted after the row was written.
async fn within_limit(tx: &mut TenantTx) -> Result<(), Error> {
    let count: i64 = sqlx::query_scalar("select count(*) from eaf.connection where tenant_id = $1")
        .bind(tx.tenant())
        .fetch_one(tx.conn())
        .await
        .map_err(Error::Read)?;
    if count > MOST { Err(Error::TooMany) } else { Ok(()) }
}

/// Deletes it with its secret, in the caller's transaction; false: there was none.
pub async fn remove(tx: &mut TenantTx, capability: &str, name: &str) -> Result<bool, Error> {
    let deleted = sqlx::query("delete from eaf.connection where tenant_id = $1 and capability = $2 and name = $3")
        .bind(tx.tenant())
        .bind(capability)
        .bind(name)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(deleted.rows_affected() > 0)
}

/// The settings as they are stored, and when they were; none, if there is no such connection. Until the end of the
/// transaction nobody else changes them.
pub async fn stored(tx: &mut TenantTx, capability: &str, name: &str) -> Result<Option<(Value, OffsetDateTime)>, Error> {
    take_turn(tx).await?;
    sqlx::query_as(
        "select config, updated_at from eaf.connection
         where tenant_id = $1 and capability = $2 and name = $3 for update",
    )
    .bind(tx.tenant())
    .bind(capability)
    .bind(name)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)
}

/// The stored secret, still sealed. Locks the row: it must not begin to point elsewhere before this is over.
async fn kept(tx: &mut TenantTx, new: &NewConnection) -> Result<Vec<u8>, Error> {
    let row: Option<(Value, Vec<u8>)> = sqlx::query_as(
        "select config, secret from eaf.connection where tenant_id = $1 and capability = $2 and name = $3 for update",
    )
    .bind(tx.tenant())
    .bind(&new.capability)
    .bind(&new.name)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    let (config, secret) = row.ok_or(Error::NoSecret)?;
    if aim(&config, new.harmless) != aim(&new.config, new.harmless) {
        return Err(Error::SecretNeededAgain);
    }
    Ok(secret)
}

/// Everything that is not known to be harmless, so that a setting that nobody thought of counts too.
fn aim(config: &Value, harmless: &[&str]) -> Value {
    let mut aim = config.clone();
    if let Some(members) = aim.as_object_mut() {
        members.retain(|name, _| !harmless.contains(&name.as_str()));
    }
    aim
}

impl Connections {
    async fn seal(
        &self,
        tx: &mut TenantTx,
        new: &NewConnection,
        secret: &Map<String, Value>,
    ) -> Result<Vec<u8>, Error> {
        let plain = serde_json::to_vec(secret).expect("a JSON object always serialises");
        self.keyring
            .seal_tenant(tx, &place(&new.capability, &new.name), &Zeroizing::new(plain))
            .await
            .map_err(|cause| Error::Crypto { capability: new.capability.clone(), name: new.name.clone(), cause })
    }

    /// With its secret: for the capability's provider only.
    pub async fn get(&self, tenant: TenantId, capability: &str, name: &str) -> Result<Option<Connection>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let row: Option<(Value, Vec<u8>, OffsetDateTime)> = sqlx::query_as(
        "select config, secret, updated_at from eaf.connection where tenant_id = $1 and capability = $2 and name = $3",
    )
    .bind(tenant)
    .bind(capability)
    .bind(name)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
        let Some((config, sealed, set_at)) = row else { return Ok(None) };
        let opened = self
            .keyring
            .open_tenant(&mut tx, &place(capability, name), &sealed)
            .await
            .map(Zeroizing::new)
            .map_err(|cause| Error::Crypto { capability: capability.into(), name: name.into(), cause })?;
        let secret = serde_json::from_slice(&opened)
            .map_err(|_| Error::Corrupt { capability: capability.into(), name: name.into() })?;
        Ok(Some(Connection { capability: capability.into(), name: name.into(), config, secret, set_at: Some(set_at) }))
    }

    /// What a provider would get if this were stored, to be tried before it is: nothing is written. The stored secret is taken
    /// only where [`put`] would keep it, because a draft is tried at the server that it names.
    pub async fn draft(&self, tenant: TenantId, new: NewConnection) -> Result<Connection, Error> {
        let NewConnection { capability, name, config, secret, harmless } = new;
        let secret = match secret {
            Some(secret) => secret,
            None => {
                let stored = self.get(tenant, &capability, &name).await?.ok_or(Error::NoSecret)?;
                if aim(&stored.config, harmless) != aim(&config, harmless) {
                    return Err(Error::SecretNeededAgain);
                }
                stored.secret
            }
        };
        Ok(Connection { capability, name, config, secret, set_at: None })
    }

    /// Without secrets.
    pub async fn list(&self, tenant: TenantId) -> Result<Vec<Summary>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let rows = sqlx::query(
            "select capability, name, config, last_check_at, last_error, used_at, use_error, updated_by, updated_at
         from eaf.connection
         where tenant_id = $1 order by capability, name",
        )
        .bind(tenant)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Read)?;
        rows.iter()
            .map(|row| {
                Ok(Summary {
                    capability: row.try_get("capability")?,
                    name: row.try_get("name")?,
                    config: row.try_get("config")?,
                    last_check_at: row.try_get("last_check_at")?,
                    last_error: row.try_get("last_error")?,
                    used_at: row.try_get("used_at")?,
                    use_error: row.try_get("use_error")?,
                    updated_by: row.try_get("updated_by")?,
                    updated_at: row.try_get("updated_at")?,
                })
            })
            .collect::<Result<_, _>>()
            .map_err(Error::Read)
    }

    /// Records the code of what a check of the connection found; `None`: it is good, and what failed before is read again at
    /// once. `set_at` is the connection's `updated_at` when the check began: a result about older settings is dropped.
    pub async fn record_check(
        &self,
        tenant: TenantId,
        capability: &str,
        name: &str,
        set_at: OffsetDateTime,
        error: Option<&str>,
    ) -> Result<(), Error> {
        let mut tx = self.db.tenant(tenant).await?;
        sqlx::query(
            "update eaf.connection set last_check_at = clock_timestamp(), last_error = $4,
           use_error = case when $4::text is null then null else use_error end,
           observe_at = case when $4::text is null and observe_failures > 0 then clock_timestamp() else observe_at end
         where tenant_id = $1 and capability = $2 and name = $3 and updated_at = $5",
        )
        .bind(tenant)
        .bind(capability)
        .bind(name)
        .bind(error)
        .bind(set_at)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
        tx.commit().await?;
        Ok(())
    }
}

/// Over which connection a call was made.
#[derive(Debug, Clone, Copy)]
pub struct Used<'a> {
    pub capability: &'a str,
    pub name: &'a str,
    /// When the settings were stored that it was made with; none: they could not be told.
    pub set_at: Option<OffsetDateTime>,
}

impl Connections {
    /// What a real call over the connection came to; `error`: the code of what is wrong with the connection. A call that went
    /// through also refutes what a test said, as far as that is one of `refuted`; none: whatever it was. After an error it
    /// says that it is worth it to read again at once. The same outcome is written once a minute. Of settings that were stored
    /// since, the call says nothing.
    pub async fn record_use(
        &self,
        tenant: TenantId,
        used: Used<'_>,
        error: Option<&str>,
        refuted: Option<&[&str]>,
    ) -> Result<(), Error> {
        let mut tx = self.db.tenant(tenant).await?;
        sqlx::query(
            "update eaf.connection set used_at = clock_timestamp(), use_error = $4,
           last_error = case when $4::text is null and ($5::text[] is null or last_error = any ($5)) then null
                             else last_error end,
           observe_at = case when $4::text is null and use_error is not null then clock_timestamp() else observe_at end
         where tenant_id = $1 and capability = $2 and name = $3 and ($6::timestamptz is null or updated_at = $6)
           and (use_error is distinct from $4 or used_at is null or used_at < clock_timestamp() - interval '1 minute')",
        )
        .bind(tenant)
        .bind(used.capability)
        .bind(used.name)
        .bind(error)
        .bind(refuted)
        .bind(used.set_at)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
        tx.commit().await?;
        Ok(())
    }
}

/// A sealed secret opens only at the connection that it was set for.
fn place(capability: &str, name: &str) -> String {
    format!("connection/{capability}/{name}")
}
