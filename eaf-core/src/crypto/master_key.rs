//! The master keys: what is derived from each, and how they are told apart.
//!
//! A host holds the key that is to wrap, and while keys are exchanged the one before. Which of them wraps is a row of the
//! database (`eaf.master_key`), so that all hosts change over at the same moment.

use super::cipher::{self, DataKey};
use super::{Error, keyring};
use crate::clock::World;
use crate::id::{ActorId, TenantId};
use sqlx::postgres::PgConnection;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use zeroize::Zeroizing;

/// Held by whoever makes a key, and alone by whoever changes which master key wraps: so no key is made under the former
/// one after that.
const LOCK: i64 = 0x6561_665f_6b65_7973;

/// The key that wraps all others. 32 random bytes from outside; never in the database.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        MasterKey(Zeroizing::new(bytes))
    }
}

/// What a host is given.
#[derive(Clone)]
pub struct MasterKeys {
    pub current: MasterKey,
    /// Opens what is still wrapped under it.
    pub previous: Option<MasterKey>,
}

impl From<MasterKey> for MasterKeys {
    fn from(current: MasterKey) -> Self {
        MasterKeys { current, previous: None }
    }
}

/// Names a master key and says nothing about it. 16 hex digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyId(pub(crate) String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One master key as it is used: a key of its own for each purpose.
pub(crate) struct Master {
    pub id: KeyId,
    wrapping: DataKey,
    pub(super) platform: DataKey,
}

impl Master {
    fn new(key: &MasterKey) -> Master {
        let id = keyring::derive(&key.0, b"eaf key id 1");
        let id = id[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Master {
            id: KeyId(id),
            wrapping: keyring::derive(&key.0, b"eaf wrap 1"),
            platform: keyring::derive(&key.0, b"eaf platform 1"),
        }
    }

    pub fn wrap(&self, world: &World, tenant: TenantId, subject: ActorId, key: &DataKey) -> Vec<u8> {
        cipher::seal(world, &self.wrapping, &aad(tenant, subject), &**key)
    }

    fn unwrap(&self, tenant: TenantId, subject: ActorId, wrapped: &[u8]) -> Option<DataKey> {
        let bytes = Zeroizing::new(cipher::open(&self.wrapping, &aad(tenant, subject), wrapped).ok()?);
        <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
    }
}

/// The keys that a host holds, and which of them the database said last is the active one.
pub(crate) struct Masters {
    held: Vec<Master>,
    active: AtomicUsize,
}

impl Masters {
    pub fn new(keys: &MasterKeys) -> Masters {
        let held = std::iter::once(&keys.current).chain(&keys.previous).map(Master::new).collect();
        Masters { held, active: AtomicUsize::new(0) }
    }

    /// The one that is to wrap, or does already.
    pub fn current(&self) -> &Master {
        &self.held[0]
    }

    pub fn active(&self) -> &Master {
        &self.held[self.active.load(Ordering::Relaxed)]
    }

    pub fn all(&self) -> &[Master] {
        &self.held
    }

    /// From now on; `None`: this host does not hold it.
    pub fn activate(&self, id: &str) -> Option<&Master> {
        let index = self.held.iter().position(|master| master.id.0 == id)?;
        self.active.store(index, Ordering::Relaxed);
        Some(&self.held[index])
    }

    /// The one that new keys are wrapped under in this transaction, and until its end. Before the database knows of any,
    /// the current one.
    pub async fn wrapping(&self, conn: &mut PgConnection) -> Result<&Master, Error> {
        sqlx::query("select pg_advisory_xact_lock_shared($1)")
            .bind(LOCK)
            .execute(&mut *conn)
            .await
            .map_err(Error::Load)?;
        // Asked behind the lock: whoever waited for it sees the key that the other one left.
        match active(conn).await.map_err(Error::Load)? {
            Some(id) => self.activate(&id).ok_or(Error::WrongMasterKey),
            None => Ok(self.current()),
        }
    }

    /// `id`: of the key that it was wrapped under.
    pub fn unwrap(&self, id: &str, tenant: TenantId, subject: ActorId, wrapped: &[u8]) -> Result<DataKey, Error> {
        let master = self.held.iter().find(|master| master.id.0 == id).ok_or(Error::WrongMasterKey)?;
        master.unwrap(tenant, subject, wrapped).ok_or(Error::WrongMasterKey)
    }
}

/// The id of the key that the database says wraps.
pub(crate) async fn active(conn: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select key_id from eaf.master_key where active").fetch_optional(conn).await
}

/// Waits until nobody makes a key any more, and lets nobody until the transaction ends.
pub(crate) async fn hold_alone(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(conn).await?;
    Ok(())
}

/// A wrapped key opens only in the row that it was made for.
fn aad(tenant: TenantId, subject: ActorId) -> Vec<u8> {
    [b"eaf.subject_key".as_slice(), tenant.0.as_bytes(), subject.0.as_bytes()].concat()
}
