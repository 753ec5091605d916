//! Connections: addresses and credentials of a tenant's servers, such as a vCenter or mail server.
//!
//! The secret of a connection is sealed under the tenant's key. People can store a secret but not
//! read it: [`Connections::list`] omits secrets, and [`Connections::get`] is for providers. An
//! update may keep the stored secret only if server and account stay the same. Otherwise an admin
//! who does not know a password could have it sent to another server.

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
    #[error("a new connection needs a secret")]
    NoSecret,
    #[error("a tenant has at most {MAX_CONNECTIONS} connections: remove one first")]
    TooMany,
    #[error("the connection has another destination or account: enter the secret again")]
    SecretNeededAgain,
    #[error("the secret of connection {capability}/{name} could not be sealed or opened")]
    Crypto {
        capability: String,
        name: String,
        #[source]
        cause: crypto::Error,
    },
    #[error("the secret of connection {capability}/{name} is corrupt: enter it again")]
    Corrupt { capability: String, name: String },
}

/// Maximum number of connections per tenant. Each connection in use holds a session and a password
/// in memory.
pub const MAX_CONNECTIONS: i64 = 50;

/// Connection with its secret in clear, for a provider. The type has no `Debug`, so that the secret
/// is not printed.
#[derive(Clone)]
pub struct Connection {
    pub capability: String,
    pub name: String,
    pub config: Value,
    pub secret: Map<String, Value>,
    /// Time at which the connection's settings were stored. `None`: they are a draft.
    pub set_at: Option<OffsetDateTime>,
}

/// Connection to store or to test, as an admin sends it.
pub struct NewConnection {
    pub capability: String,
    pub name: String,
    /// Settings of the connection, without the secret. People may read them.
    pub config: Value,
    /// Secret to store. `None`: the stored secret stays.
    pub secret: Option<Map<String, Value>>,
    /// Names of the settings in `config` that decide neither the server to which the secret is sent
    /// nor the account to which it belongs. Only these settings may change while the stored secret
    /// is kept.
    pub non_routing_fields: &'static [&'static str],
}

/// Connection without its secret, as it is listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    pub capability: String,
    pub name: String,
    pub config: Value,
    pub last_check_at: Option<OffsetDateTime>,
    /// Error code of the last connection test. `None`: the test succeeded, a later call refuted its
    /// error, or there was no test.
    pub last_error: Option<String>,
    /// Time of the last workflow call over this connection whose outcome is known. `None`: there
    /// was no such call.
    pub used_at: Option<OffsetDateTime>,
    /// Error code of the last workflow call over this connection. `None`: the call succeeded, a
    /// later connection test succeeded, or there was no call.
    pub use_error: Option<String>,
    pub updated_by: ActorId,
    pub updated_at: OffsetDateTime,
}

/// Store of the tenants' connections with their secrets. Cheap to clone.
#[derive(Clone)]
pub struct Connections {
    db: Db,
    keyring: Keyring,
}

impl Connections {
    pub fn new(db: &Db, keyring: &Keyring) -> Self {
        Self { db: db.clone(), keyring: keyring.clone() }
    }

    /// Adds or replaces a connection in the caller's transaction, which also records the act.
    pub async fn put(&self, tx: &mut TenantTx, new: &NewConnection, by: ActorId) -> Result<(), Error> {
        lock_tenant_connections(tx).await?;
        let secret = match &new.secret {
            Some(secret) => self.seal(tx, new, secret).await?,
            None => stored_secret(tx, new).await?,
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
        // A tenant over the limit may still change its connections.
        if is_new { check_limit(tx).await } else { Ok(()) }
    }
}

/// Lets one transaction at a time change the connections of a tenant. A row lock would not do,
/// because a connection that is being added has no row yet.
async fn lock_tenant_connections(tx: &mut TenantTx) -> Result<(), Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('eaf.connection/' || $1::text, 0))")
        .bind(tx.tenant())
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(())
}

/// Fails with [`Error::TooMany`] if the tenant has more than [`MAX_CONNECTIONS`], counting the row
/// that was just inserted.
async fn check_limit(tx: &mut TenantTx) -> Result<(), Error> {
    let count: i64 = sqlx::query_scalar("select count(*) from eaf.connection where tenant_id = $1")
        .bind(tx.tenant())
        .fetch_one(tx.conn())
        .await
        .map_err(Error::Read)?;
    if count > MAX_CONNECTIONS { Err(Error::TooMany) } else { Ok(()) }
}

/// Deletes a connection and its secret in the caller's transaction. Returns false if there was no
/// such connection.
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

/// Reads the settings of a connection and the time at which they were stored, and locks the
/// tenant's connections until the transaction ends. `None`: there is no such connection.
pub async fn lock_settings(
    tx: &mut TenantTx,
    capability: &str,
    name: &str,
) -> Result<Option<(Value, OffsetDateTime)>, Error> {
    lock_tenant_connections(tx).await?;
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

/// Reads the stored secret, still sealed. Locks the connection's row until the transaction ends, so
/// that the address to which the secret may be sent cannot change.
async fn stored_secret(tx: &mut TenantTx, new: &NewConnection) -> Result<Vec<u8>, Error> {
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
    if destination(&config, new.non_routing_fields) != destination(&new.config, new.non_routing_fields) {
        return Err(Error::SecretNeededAgain);
    }
    Ok(secret)
}

/// Settings that decide to which server, and for which account, the secret is sent: all settings
/// but `non_routing_fields`. A setting that a developer forgot to list counts as one of them, so
/// that the secret cannot leak.
fn destination(config: &Value, non_routing_fields: &[&str]) -> Value {
    let mut destination = config.clone();
    if let Some(members) = destination.as_object_mut() {
        members.retain(|name, _| !non_routing_fields.contains(&name.as_str()));
    }
    destination
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
            .seal_tenant(tx, &aad(&new.capability, &new.name), &Zeroizing::new(plain))
            .await
            .map_err(|cause| Error::Crypto { capability: new.capability.clone(), name: new.name.clone(), cause })
    }

    /// Reads a connection with its secret, for the capability's provider alone. `None`: the tenant
    /// has no such connection.
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
            .open_tenant(&mut tx, &aad(capability, name), &sealed)
            .await
            .map(Zeroizing::new)
            .map_err(|cause| Error::Crypto { capability: capability.into(), name: name.into(), cause })?;
        let secret = serde_json::from_slice(&opened)
            .map_err(|_| Error::Corrupt { capability: capability.into(), name: name.into() })?;
        Ok(Some(Connection { capability: capability.into(), name: name.into(), config, secret, set_at: Some(set_at) }))
    }

    /// Builds the connection that a provider would get after [`put`](Self::put), to test a draft.
    /// Stores nothing. The stored secret is used only if `put` would keep it, because the test
    /// sends the secret to the draft's server.
    pub async fn draft(&self, tenant: TenantId, new: NewConnection) -> Result<Connection, Error> {
        let NewConnection { capability, name, config, secret, non_routing_fields } = new;
        let secret = match secret {
            Some(secret) => secret,
            None => {
                let stored = self.get(tenant, &capability, &name).await?.ok_or(Error::NoSecret)?;
                if destination(&stored.config, non_routing_fields) != destination(&config, non_routing_fields) {
                    return Err(Error::SecretNeededAgain);
                }
                stored.secret
            }
        };
        Ok(Connection { capability, name, config, secret, set_at: None })
    }

    /// Lists all connections of a tenant, without their secrets.
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

    /// Records the result of a connection test. `error` is the error code; `None` is a success. A
    /// success clears the error of the last call, and makes the next observation due at once if the
    /// last one failed. `set_at` is the connection's `updated_at` from before the test: if the
    /// settings were changed since, the result is dropped.
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

/// Connection over which a workflow's call went.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionUse<'a> {
    pub capability: &'a str,
    pub name: &'a str,
    /// Time at which the settings that the call used were stored. `None`: unknown.
    pub set_at: Option<OffsetDateTime>,
}

impl Connections {
    /// Records the outcome of a workflow's call over a connection. `error` is the code of a
    /// connection problem; `None` is a success.
    ///
    /// A success also clears the error of the last connection test, if `refuted` contains that
    /// error's code, or if `refuted` is `None`. A success after a failed call makes the next
    /// observation due at once. The same outcome is written at most once a minute. A call that used
    /// older settings than the stored ones is ignored.
    pub async fn record_use(
        &self,
        tenant: TenantId,
        used: ConnectionUse<'_>,
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

/// Additional authenticated data of a connection's secret. It makes the secret unreadable in the
/// row of any other connection.
fn aad(capability: &str, name: &str) -> String {
    format!("connection/{capability}/{name}")
}
