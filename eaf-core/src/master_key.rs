//! Active master key of an installation. A host verifies it at its start, and [`rotate`] replaces
//! it.
//!
//! `eaf.master_key` holds a value that can be opened with the active key alone. Without this check,
//! a host with another key would start, report itself ready, and wrap data keys that no other host
//! can open.

mod rotate;

pub use rotate::{Progress, Rotated};

use crate::clock::Ambient;
use crate::crypto::Keyring;
use crate::crypto::{self, KeyId, master_key};
use crate::db;
use crate::db::Db;
use crate::directory::Directory;

/// Additional authenticated data of the value with which a host verifies its master key.
const AAD: &str = "eaf.master_key";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "the database's keys are wrapped with the master key {active}, and this host holds {given}: set EAF_MASTER_KEY \
         to the key of the other hosts, and during a rotation EAF_MASTER_KEY_PREVIOUS to the previous one"
    )]
    WrongKey { active: String, given: String },
    #[error("the database has no active master key: start a host, which registers its own")]
    NoActiveKey,
    #[error(
        "{count} keys or operators were wrapped with a master key that is not given: set EAF_MASTER_KEY_PREVIOUS to \
         that key and repeat the command"
    )]
    Unreadable { count: i64 },
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the master key's row could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the master key's row could not be written")]
    Write(#[source] sqlx::Error),
    #[error("a key could not be opened or sealed")]
    Crypto(#[from] crypto::Error),
    #[error("the remaining keys could not be counted")]
    Count(#[source] sqlx::Error),
    #[error("keys could not be wrapped with the new master key")]
    Rewrap(#[source] sqlx::Error),
    #[error("an operator could not be sealed with the new master key")]
    Operator(#[from] crate::directory::Error),
    #[error("the record of the act could not be written")]
    Audit(#[from] crate::audit::Error),
}

/// State of the master keys: the active one, and how far a rotation has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub active: KeyId,
    /// Id of the master key in this host's `EAF_MASTER_KEY`.
    pub current: KeyId,
    /// Number of data keys that are still wrapped with another master key than `current`.
    pub remaining: i64,
    /// Number of all data keys.
    pub total: i64,
    /// Number of operators whose rows are still sealed with another master key than `current`.
    pub operators: i64,
    /// Whether a rotation of the master key has begun and has not ended, so that the previous key
    /// may still be needed.
    pub is_rotating: bool,
}

/// Number of data keys, and of operators, whose master key this host does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable {
    pub keys: i64,
    pub operators: i64,
}

/// Registry of the master keys: verifies and rotates the active one. Cheap to clone.
#[derive(Clone)]
pub struct MasterKeyRegistry {
    db: Db,
    keyring: Keyring,
    ambient: Ambient,
    directory: Directory,
}

impl MasterKeyRegistry {
    pub fn new(db: &Db, keyring: &Keyring, ambient: &Ambient, directory: &Directory) -> Self {
        Self { db: db.clone(), keyring: keyring.clone(), ambient: ambient.clone(), directory: directory.clone() }
    }

    /// Checks that this host has the active master key, and fails with [`Error::WrongKey`]
    /// otherwise. If the database has no active key yet, the host's current key becomes the active
    /// one.
    pub async fn check(&self) -> Result<(), Error> {
        if self.active_key().await?.is_none() {
            self.register().await?;
        }
        // The active key is read again: another host may have registered its key at the same time.
        self.verify().await
    }

    /// Checks as [`check`](Self::check) does and registers no key. Fails with
    /// [`Error::NoActiveKey`] if the database has none.
    pub async fn verify(&self) -> Result<(), Error> {
        let (active, sealed) = self.active_key().await?.ok_or(Error::NoActiveKey)?;
        let opens = self.keyring.open_platform(AAD, &sealed).is_ok_and(|value| value == active.as_bytes());
        if !opens || self.keyring.master_keys().activate(&active).is_none() {
            return Err(Error::WrongKey { active, given: self.key_ids() });
        }
        Ok(())
    }

    pub async fn status(&self) -> Result<Status, Error> {
        let master_keys = self.keyring.master_keys();
        let (active, _) = self.active_key().await?.ok_or(Error::NoActiveKey)?;
        let current = master_keys.current().id.clone();
        let (remaining, total) = self.count(&current).await?;
        let (operators, is_rotating): (i64, bool) = sqlx::query_as(
            "select (select count(*) from eaf.operator where key_id <> $1),
                exists (select from eaf.master_key where not active and retired_at is null)",
        )
        .bind(&current.0)
        .fetch_one(self.db.platform_pool())
        .await
        .map_err(Error::Count)?;
        Ok(Status { active: KeyId(active), current, remaining, total, operators, is_rotating })
    }

    /// Checks that this host still has the active master key, which another host may have changed.
    /// Fails with [`Error::WrongKey`] otherwise. Cheap enough for one probe per second.
    pub async fn ready(&self) -> Result<(), Error> {
        let mut conn = self.db.platform_pool().acquire().await.map_err(Error::Read)?;
        match master_key::active(&mut conn).await.map_err(Error::Read)? {
            Some(active) if self.keyring.master_keys().activate(&active).is_none() => {
                Err(Error::WrongKey { active, given: self.key_ids() })
            }
            _ => Ok(()),
        }
    }

    /// Counts the data keys and the operators' rows that no master key of this host opens. `None`:
    /// there are none. Data keys are counted only until a rotation has ended, because the count
    /// reads all of them.
    pub async fn unreadable(&self) -> Result<Option<Unreadable>, Error> {
        let given: Vec<&str> = self.keyring.master_keys().all().iter().map(|master| master.id.0.as_str()).collect();
        let (keys, operators): (i64, i64) = sqlx::query_as(
            "select case when open.open then (select count(*) from eaf.subject_key
                                          where destroyed_at is null and key_id <> all ($1)) else 0 end,
                (select count(*) from eaf.operator where key_id <> all ($1))
         from (select exists (select from eaf.master_key where retired_at is null and key_id <> all ($1))) open (open)",
        )
        .bind(given)
        .fetch_one(self.db.platform_pool())
        .await
        .map_err(Error::Count)?;
        Ok((keys > 0 || operators > 0).then_some(Unreadable { keys, operators }))
    }

    /// Reads the id of the active master key, and the value that is sealed under it for
    /// verification. `None`: no key is active yet.
    async fn active_key(&self) -> Result<Option<(String, Vec<u8>)>, Error> {
        sqlx::query_as("select key_id, known from eaf.master_key where active")
            .fetch_optional(self.db.platform_pool())
            .await
            .map_err(Error::Read)
    }

    /// Returns the number of data keys that are not wrapped with the master key `key`, and the
    /// number of all data keys.
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

    /// Makes the host's current master key the active one, unless the database has an active key.
    async fn register(&self) -> Result<(), Error> {
        let master = self.keyring.master_keys().current();
        sqlx::query("insert into eaf.master_key (key_id, known, active) values ($1, $2, true) on conflict do nothing")
            .bind(&master.id.0)
            .bind(self.keyring.seal_platform_under(master, AAD, master.id.0.as_bytes()))
            .execute(self.db.platform_pool())
            .await
            .map_err(Error::Write)?;
        Ok(())
    }

    /// Lists the ids of the host's master keys, for an error message.
    fn key_ids(&self) -> String {
        let ids: Vec<String> = self.keyring.master_keys().all().iter().map(|master| master.id.to_string()).collect();
        ids.join(" and ")
    }
}
