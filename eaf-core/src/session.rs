//! Sessions of signed-in browsers.
//!
//! The cookie holds 32 random bytes; the database stores their hash. The cookie does not name the
//! tenant, so the platform role finds the session; writes happen inside the tenant. Times are by
//! the host's clock. A session expires when it was not used for some time, and at a maximum age.

pub mod hint;

use crate::clock::Ambient;
use crate::db::{self, Db, TenantTx};
use crate::id::{ActorId, TenantId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Tenant id of the sessions of operators, who belong to no tenant. No tenant has this id, because
/// ids of tenants are derived from slugs.
const NO_TENANT: TenantId = TenantId(Uuid::nil());

/// Minimum time between two updates of the time at which a session was last used.
const SEEN_INTERVAL: Duration = Duration::minutes(1);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the sessions could not be read")]
    Read(#[source] sqlx::Error),
    #[error("a session could not be written")]
    Write(#[source] sqlx::Error),
}

/// Maximum lifetimes of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum time for which a session may be unused. Afterwards it expires.
    pub idle: Duration,
    /// Maximum age of a session, however often it is used.
    pub absolute: Duration,
}

/// Secret in the session cookie. The type has neither `Debug` nor `Display`, so that no log shows
/// the secret.
pub struct SessionId([u8; 32]);

impl SessionId {
    fn random(ambient: &Ambient) -> Self {
        SessionId(ambient.bytes())
    }

    /// Parses the value of a session cookie, as [`reveal`](Self::reveal) makes it. `None`: the
    /// value has another form.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(SessionId)
    }

    /// Value of the session cookie, in clear.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    fn hash(&self) -> String {
        Sha256::digest(self.0).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Session that was found and has neither ended nor expired.
#[derive(Clone)]
pub struct Session {
    /// Tenant of the member whose session this is. `None`: the session of an operator.
    pub tenant: Option<TenantId>,
    pub actor: ActorId,
    pub expires: OffsetDateTime,
    hash: String,
}

/// Cause of a request. A request that a person made keeps the session from expiring; a request that
/// the page makes in the background does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    Person,
    Background,
}

/// Store of sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    db: Db,
    ambient: Ambient,
}

impl Sessions {
    pub fn new(db: &Db, ambient: &Ambient) -> Self {
        Self { db: db.clone(), ambient: ambient.clone() }
    }

    /// Present time by the clock that ends sessions and tokens.
    pub fn now(&self) -> OffsetDateTime {
        self.ambient.now()
    }

    /// Begins a session and returns its secret, which is stored nowhere.
    pub async fn create(&self, tenant: Option<TenantId>, actor: ActorId, limits: Limits) -> Result<SessionId, Error> {
        let id = SessionId::random(&self.ambient);
        let now = self.ambient.now();
        let tenant = tenant.unwrap_or(NO_TENANT);
        let mut tx = self.db.tenant(tenant).await?;
        sqlx::query(
        "insert into eaf.session (tenant_id, hash, actor_id, created_at, seen_at, expires_at) values ($1, $2, $3, $4, $4, $5)",
    )
    .bind(tenant)
    .bind(id.hash())
    .bind(actor)
    .bind(now)
    .bind(now + limits.absolute)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
        tx.commit().await?;
        Ok(id)
    }

    /// Finds the session with this secret. `None`: there is no such session, or it has expired.
    pub async fn find(&self, id: &SessionId, limits: Limits, activity: Activity) -> Result<Option<Session>, Error> {
        let hash = id.hash();
        let Some((tenant, actor, seen, expires)) = self.find_live(&hash, limits).await? else { return Ok(None) };
        if activity == Activity::Person && self.ambient.now() - seen >= SEEN_INTERVAL {
            self.record_activity(&hash).await?;
        }
        let tenant = Some(tenant).filter(|tenant| *tenant != NO_TENANT);
        Ok(Some(Session { tenant, actor, expires, hash }))
    }

    /// Says whether a session that was found earlier is still valid: it has neither ended nor
    /// expired.
    pub async fn is_live(&self, session: &Session, limits: Limits) -> Result<bool, Error> {
        Ok(self.find_live(&session.hash, limits).await?.is_some())
    }

    pub async fn end(&self, session: &Session) -> Result<(), Error> {
        let tenant = session.tenant.unwrap_or(NO_TENANT);
        let mut tx = self.db.tenant(tenant).await?;
        sqlx::query("delete from eaf.session where tenant_id = $1 and hash = $2")
            .bind(tenant)
            .bind(&session.hash)
            .execute(tx.conn())
            .await
            .map_err(Error::Write)?;
        Ok(tx.commit().await?)
    }
}

/// Ends all sessions of a member, in the caller's transaction.
pub async fn end_all_of(tx: &mut TenantTx, actor: ActorId) -> Result<(), Error> {
    sqlx::query("delete from eaf.session where tenant_id = $1 and actor_id = $2")
        .bind(tx.tenant())
        .bind(actor)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(())
}

impl Sessions {
    /// Deletes the expired sessions of all tenants and returns their number. Opens a transaction
    /// only in tenants that have expired sessions.
    pub async fn purge(&self, limits: Limits) -> Result<u64, Error> {
        let now = self.ambient.now();
        let tenants: Vec<TenantId> =
            sqlx::query_scalar("select distinct tenant_id from eaf.session where expires_at <= $1 or seen_at <= $2")
                .bind(now)
                .bind(now - limits.idle)
                .fetch_all(self.db.platform_pool())
                .await
                .map_err(Error::Read)?;
        let mut purged = 0;
        for tenant in tenants {
            let mut tx = self.db.tenant(tenant).await?;
            let delete = "delete from eaf.session where tenant_id = $1 and (expires_at <= $2 or seen_at <= $3)";
            let done = sqlx::query(delete).bind(tenant).bind(now).bind(now - limits.idle).execute(tx.conn()).await;
            purged += done.map_err(Error::Write)?.rows_affected();
            tx.commit().await?;
        }
        Ok(purged)
    }
}

type Row = (TenantId, ActorId, OffsetDateTime, OffsetDateTime);

impl Sessions {
    /// Reads the row of the session with this hash. `None`: there is no such session, or it has
    /// expired.
    async fn find_live(&self, hash: &str, limits: Limits) -> Result<Option<Row>, Error> {
        let now = self.ambient.now();
        sqlx::query_as(
            "select tenant_id, actor_id, seen_at, expires_at from eaf.session
         where hash = $1 and expires_at > $2 and seen_at > $3",
        )
        .bind(hash)
        .bind(now)
        .bind(now - limits.idle)
        .fetch_optional(self.db.platform_pool())
        .await
        .map_err(Error::Read)
    }

    /// Records that a session was used now. If several requests do so at once, the condition on
    /// `seen_at` lets one of them write.
    async fn record_activity(&self, hash: &str) -> Result<(), Error> {
        let now = self.ambient.now();
        sqlx::query("update eaf.session set seen_at = $2 where hash = $1 and seen_at <= $3")
            .bind(hash)
            .bind(now)
            .bind(now - SEEN_INTERVAL)
            .execute(self.db.platform_pool())
            .await
            .map_err(Error::Write)?;
        Ok(())
    }
}

/// Ends all sessions of an operator, in a transaction of its own.
pub async fn end_all_of_operator(db: &Db, actor: ActorId) -> Result<(), Error> {
    let mut tx = db.tenant(NO_TENANT).await?;
    end_all_of(&mut tx, actor).await?;
    Ok(tx.commit().await?)
}
