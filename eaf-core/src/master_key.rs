//! Which master key an installation's keys are wrapped with: proven at the start, and exchanged by [`rotate`].
//!
//! `eaf.master_key` holds a known value that opens under the active key alone. Without it a host with another key would
//! start, report that it is ready, and make keys that are lost with it.

mod rotate;

pub use rotate::{Progress, Rotated};

use crate::clock::World;
use crate::crypto::Keyring;
use crate::crypto::{self, KeyId, master_key};
use crate::db;
use crate::db::Db;
use crate::directory::Directory;

/// Where the known value is sealed.
const PLACE: &str = "eaf.master_key";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "the database's keys are wrapped with the master key {database}, and this host holds {held}: give it the \
         key of the other hosts (EAF_MASTER_KEY), and while keys are exchanged the former one as well \
         (EAF_MASTER_KEY_PREVIOUS)"
    )]
    Other { database: String, held: String },
    #[error("the database does not say which master key is active")]
    Unknown,
    #[error(
        "{left} keys or operators were wrapped with a master key that is not given: set EAF_MASTER_KEY_PREVIOUS to it and repeat \
         the command"
    )]
    Left { left: i64 },
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the master key's row could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the master key's row could not be written")]
    Write(#[source] sqlx::Error),
    #[error("a key could not be opened or sealed")]
    Crypto(#[from] crypto::Error),
    #[error("the keys that are left could not be counted")]
    Count(#[source] sqlx::Error),
    #[error("keys could not be wrapped anew")]
    Rewrap(#[source] sqlx::Error),
    #[error("an operator could not be sealed anew")]
    Operator(#[from] crate::directory::Error),
    #[error("the record of the act could not be written")]
    Audit(#[from] crate::audit::Error),
}

/// How keys are wrapped at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub active: KeyId,
    /// The host's `EAF_MASTER_KEY`.
    pub current: KeyId,
    /// Keys of people and tenants that are not wrapped with `current`.
    pub left: i64,
    pub total: i64,
    /// Operators that are not sealed with `current`.
    pub operators: i64,
    /// An exchange was not carried to its end: the former key may still be needed.
    pub is_open: bool,
}

/// What was left under a master key that this host does not hold, and so cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable {
    pub keys: i64,
    pub operators: i64,
}

/// Checks which master key wraps a database's keys, and rotates it. Cheap to clone.
#[derive(Clone)]
pub struct MasterKeyRegistry {
    db: Db,
    keyring: Keyring,
    world: World,
    directory: Directory,
}

impl MasterKeyRegistry {
    pub fn new(db: &Db, keyring: &Keyring, world: &World, directory: &Directory) -> Self {
        Self { db: db.clone(), keyring: keyring.clone(), world: world.clone(), directory: directory.clone() }
    }

    /// Refuses a host that does not hold the active key. The first one says which key that is.
    pub async fn check(&self) -> Result<(), Error> {
        if self.known().await?.is_none() {
            self.register().await?;
        }
        // Read again: of two that are the first, one was.
        let (database, known) = self.known().await?.ok_or(Error::Unknown)?;
        let masters = self.keyring.masters();
        let opens = self.keyring.open_platform(PLACE, &known).is_ok_and(|value| value == database.as_bytes());
        if !opens || masters.activate(&database).is_none() {
            return Err(Error::Other { database, held: self.held() });
        }
        Ok(())
    }

    pub async fn status(&self) -> Result<Status, Error> {
        let masters = self.keyring.masters();
        let (active, _) = self.known().await?.ok_or(Error::Unknown)?;
        let current = masters.current().id.clone();
        let (left, total) = self.count(&current).await?;
        let (operators, is_open): (i64, bool) = sqlx::query_as(
            "select (select count(*) from eaf.operator where key_id <> $1),
                exists (select from eaf.master_key where not active and retired_at is null)",
        )
        .bind(&current.0)
        .fetch_one(self.db.platform_pool())
        .await
        .map_err(Error::Count)?;
        Ok(Status { active: KeyId(active), current, left, total, operators, is_open })
    }

    /// Whether this host holds the key that is the active one now. Cheap enough for a probe every second.
    pub async fn ready(&self) -> Result<(), Error> {
        let mut conn = self.db.platform_pool().acquire().await.map_err(Error::Read)?;
        match master_key::active(&mut conn).await.map_err(Error::Read)? {
            Some(database) if self.keyring.masters().activate(&database).is_none() => {
                Err(Error::Other { database, held: self.held() })
            }
            _ => Ok(()),
        }
    }

    /// None: there is nothing of the kind. Looks through the keys only after an exchange that did not come to its end.
    pub async fn unreadable(&self) -> Result<Option<Unreadable>, Error> {
        let held: Vec<&str> = self.keyring.masters().all().iter().map(|master| master.id.0.as_str()).collect();
        let (keys, operators): (i64, i64) = sqlx::query_as(
            "select case when open.open then (select count(*) from eaf.subject_key
                                          where destroyed_at is null and key_id <> all ($1)) else 0 end,
                (select count(*) from eaf.operator where key_id <> all ($1))
         from (select exists (select from eaf.master_key where retired_at is null and key_id <> all ($1))) open (open)",
        )
        .bind(held)
        .fetch_one(self.db.platform_pool())
        .await
        .map_err(Error::Count)?;
        Ok((keys > 0 || operators > 0).then_some(Unreadable { keys, operators }))
    }

    async fn known(&self) -> Result<Option<(String, Vec<u8>)>, Error> {
        sqlx::query_as("select key_id, known from eaf.master_key where active")
            .fetch_optional(self.db.platform_pool())
            .await
            .map_err(Error::Read)
    }

    /// Keys of people and tenants: those not wrapped with this one, and all.
    async fn count(&self, key: &KeyId) -> Result<(i64, i64), Error> {
        sqlx::query_as(
            "select count(*) filter (where key_id <> $1), count(*) from eaf.subject_key
         where destroyed_at is null",
        )
        .bind(&key.0)
        .fetch_one(self.db.platform_pool())
        .await
        .map_err(Error::Count)
    }

    /// Makes the host's current key the active one of a database that has none.
    async fn register(&self) -> Result<(), Error> {
        let master = self.keyring.masters().current();
        sqlx::query("insert into eaf.master_key (key_id, known, active) values ($1, $2, true) on conflict do nothing")
            .bind(&master.id.0)
            .bind(self.keyring.seal_platform_under(master, PLACE, master.id.0.as_bytes()))
            .execute(self.db.platform_pool())
            .await
            .map_err(Error::Write)?;
        Ok(())
    }

    fn held(&self) -> String {
        let ids: Vec<String> = self.keyring.masters().all().iter().map(|master| master.id.to_string()).collect();
        ids.join(" and ")
    }
}
