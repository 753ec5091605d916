//! Signed-in browsers: who sits behind a cookie, and for how long.
//!
//! A session's id is 32 random bytes; only its hash is stored. It is found by the platform role, because the cookie does
//! not say whose tenant it belongs to; everything else happens inside that tenant. All times are the world's. A session
//! ends when it is idle or old, whichever comes first, and when somebody ends it.

pub mod hint;

use crate::clock::World;
use crate::db::{self, Db, TenantTx};
use crate::id::{ActorId, TenantId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Where operators' sessions stand: no tenant's id, because those are derived.
const NO_TENANT: TenantId = TenantId(Uuid::nil());

/// A busy session is not written with every request.
const SEEN_EVERY: Duration = Duration::minutes(1);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the sessions could not be read")]
    Read(#[source] sqlx::Error),
    #[error("a session could not be written")]
    Write(#[source] sqlx::Error),
}

/// How long sessions live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Without activity.
    pub idle: Duration,
    /// However busy.
    pub absolute: Duration,
}

/// What the browser holds. Whoever knows it is signed in, so it has neither `Debug` nor `Display`.
pub struct SessionId([u8; 32]);

impl SessionId {
    fn random(world: &World) -> Self {
        SessionId(world.bytes())
    }

    /// As [`reveal`](Self::reveal) wrote it.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(SessionId)
    }

    /// The cookie's value.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    fn hash(&self) -> String {
        Sha256::digest(self.0).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A session that lives.
#[derive(Clone)]
pub struct Session {
    /// None: an operator of the platform.
    pub tenant: Option<TenantId>,
    pub actor: ActorId,
    pub expires: OffsetDateTime,
    hash: String,
}

/// Whether finding a session counts as a sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    Person,
    Background,
}

/// Creates, finds and ends sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    db: Db,
    world: World,
}

impl Sessions {
    pub fn new(db: &Db, world: &World) -> Self {
        Self { db: db.clone(), world: world.clone() }
    }

    /// Begins a session. The id is known to the caller alone.
    pub async fn create(&self, tenant: Option<TenantId>, actor: ActorId, limits: Limits) -> Result<SessionId, Error> {
        let id = SessionId::random(&self.world);
        let now = self.world.now();
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

    /// The session of this id, if it lives.
    pub async fn find(&self, id: &SessionId, limits: Limits, activity: Activity) -> Result<Option<Session>, Error> {
        let hash = id.hash();
        let Some((tenant, actor, seen, expires)) = self.live(&hash, limits).await? else { return Ok(None) };
        if activity == Activity::Person && self.world.now() - seen >= SEEN_EVERY {
            self.see(&hash).await?;
        }
        let tenant = Some(tenant).filter(|tenant| *tenant != NO_TENANT);
        Ok(Some(Session { tenant, actor, expires, hash }))
    }

    /// Whether a session that was found earlier still lives.
    pub async fn still_lives(&self, session: &Session, limits: Limits) -> Result<bool, Error> {
        Ok(self.live(&session.hash, limits).await?.is_some())
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

/// Signs somebody out everywhere.
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
    /// Deletes what is over; tells how many. Only tenants that have such sessions are visited.
    pub async fn purge(&self, limits: Limits) -> Result<u64, Error> {
        let now = self.world.now();
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
    async fn live(&self, hash: &str, limits: Limits) -> Result<Option<Row>, Error> {
        let now = self.world.now();
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

    /// Of many requests at the same moment one writes.
    async fn see(&self, hash: &str) -> Result<(), Error> {
        let now = self.world.now();
        sqlx::query("update eaf.session set seen_at = $2 where hash = $1 and seen_at <= $3")
            .bind(hash)
            .bind(now)
            .bind(now - SEEN_EVERY)
            .execute(self.db.platform_pool())
            .await
            .map_err(Error::Write)?;
        Ok(())
    }
}

/// Signs an operator out everywhere.
pub async fn end_all_of_operator(db: &Db, actor: ActorId) -> Result<(), Error> {
    let mut tx = db.tenant(NO_TENANT).await?;
    end_all_of(&mut tx, actor).await?;
    Ok(tx.commit().await?)
}
