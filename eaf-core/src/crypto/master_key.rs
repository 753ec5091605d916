//! Master keys: their ids, the keys that are derived from them, and the choice of the active one.
//!
//! The configuration gives a host its current key and, during a rotation, the previous one. A row
//! of `eaf.master_key` says which key is active, so that all hosts switch at the same moment.

use super::cipher::{self, DataKey};
use super::{Error, keyring};
use crate::clock::Ambient;
use crate::id::{ActorId, TenantId};
use sqlx::postgres::PgConnection;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use zeroize::Zeroizing;

/// Advisory lock on the choice of the active master key. Transactions that create data keys share
/// the lock; a change of the active key takes it exclusively. So no data key is wrapped with the
/// previous master key after the change.
const LOCK: i64 = 0x6561_665f_6b65_7973;

/// Key that wraps all data keys. 32 random bytes from the configuration, never in the database.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        MasterKey(Zeroizing::new(bytes))
    }
}

/// Master keys that the configuration gives to a host.
#[derive(Clone)]
pub struct MasterKeys {
    pub current: MasterKey,
    /// Previous master key. During a rotation it opens the data keys that are not yet wrapped with
    /// `current`. `None`: there is no rotation.
    pub previous: Option<MasterKey>,
}

impl From<MasterKey> for MasterKeys {
    fn from(current: MasterKey) -> Self {
        MasterKeys { current, previous: None }
    }
}

/// Identifier of a master key: 16 hex digits that are derived from the key and do not reveal it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyId(pub(crate) String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Keys that are derived from one master key, one for each purpose.
pub(crate) struct Master {
    pub id: KeyId,
    /// Key that wraps data keys.
    wrapping: DataKey,
    /// Key that seals values that belong to no tenant.
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

    pub fn wrap(&self, ambient: &Ambient, tenant: TenantId, subject: ActorId, key: &DataKey) -> Vec<u8> {
        cipher::seal(ambient, &self.wrapping, &aad(tenant, subject), &**key)
    }

    fn unwrap(&self, tenant: TenantId, subject: ActorId, wrapped: &[u8]) -> Option<DataKey> {
        let bytes = Zeroizing::new(cipher::open(&self.wrapping, &aad(tenant, subject), wrapped).ok()?);
        <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
    }
}

/// Master keys of a host, with the index of the active one.
pub(crate) struct MasterKeyRing {
    /// Master keys, the configured current one first.
    keys: Vec<Master>,
    /// Index in `keys` of the active key, as last read from the database.
    active: AtomicUsize,
}

impl MasterKeyRing {
    pub fn new(keys: &MasterKeys) -> MasterKeyRing {
        let keys = std::iter::once(&keys.current).chain(&keys.previous).map(Master::new).collect();
        MasterKeyRing { keys, active: AtomicUsize::new(0) }
    }

    /// Master key that the configuration calls current: it is active, or a rotation will make it
    /// active.
    pub fn current(&self) -> &Master {
        &self.keys[0]
    }

    pub fn active(&self) -> &Master {
        &self.keys[self.active.load(Ordering::Relaxed)]
    }

    pub fn all(&self) -> &[Master] {
        &self.keys
    }

    /// Notes that the key with this id is the active one, and returns it. `None`: the host does not
    /// have this key.
    pub fn activate(&self, id: &str) -> Option<&Master> {
        let index = self.keys.iter().position(|master| master.id.0 == id)?;
        self.active.store(index, Ordering::Relaxed);
        Some(&self.keys[index])
    }

    /// Returns the active master key, which stays active until the transaction ends. Returns the
    /// current key if the database names no active one.
    pub async fn wrapping(&self, conn: &mut PgConnection) -> Result<&Master, Error> {
        sqlx::query("select pg_advisory_xact_lock_shared($1)")
            .bind(LOCK)
            .execute(&mut *conn)
            .await
            .map_err(Error::Load)?;
        // Read after the lock was acquired, to see the key that a rotation has just activated.
        match active(conn).await.map_err(Error::Load)? {
            Some(id) => self.activate(&id).ok_or(Error::WrongMasterKey),
            None => Ok(self.current()),
        }
    }

    /// Unwraps a data key. `id` is the id of the master key that wrapped the data key.
    pub fn unwrap(&self, id: &str, tenant: TenantId, subject: ActorId, wrapped: &[u8]) -> Result<DataKey, Error> {
        let master = self.keys.iter().find(|master| master.id.0 == id).ok_or(Error::WrongMasterKey)?;
        master.unwrap(tenant, subject, wrapped).ok_or(Error::WrongMasterKey)
    }
}

/// Reads the id of the active master key. `None`: no key is active yet.
pub(crate) async fn active(conn: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select key_id from eaf.master_key where active").fetch_optional(conn).await
}

/// Waits until no transaction creates a data key, and blocks such transactions until this one ends.
pub(crate) async fn lock_exclusively(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(conn).await?;
    Ok(())
}

/// Additional authenticated data of a wrapped data key. It makes the key unreadable in any other
/// row of `eaf.subject_key`.
fn aad(tenant: TenantId, subject: ActorId) -> Vec<u8> {
    [b"eaf.subject_key".as_slice(), tenant.0.as_bytes(), subject.0.as_bytes()].concat()
}
