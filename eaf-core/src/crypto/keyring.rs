//! The data keys: made on first use, wrapped by the master key, remembered for a minute.

use super::Error;
use super::cipher::{self, DataKey};
use super::master_key::{Master, MasterKeys, Masters};
use crate::clock::World;
use crate::db::TenantTx;
use crate::id::{ActorId, TenantId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

const REMEMBER: Duration = Duration::seconds(60);
const REMEMBER_AT_MOST: usize = 10_000;

/// The subject that stands for the tenant itself: credentials, fingerprints.
const TENANT: ActorId = ActorId(Uuid::nil());

/// How long another host may still open what was sealed under a key that this one destroys, clocks that differ a little included.
pub fn settling() -> std::time::Duration {
    (REMEMBER + Duration::seconds(5)).unsigned_abs()
}

/// Seals and opens under the keys of one installation. Cheap to clone.
#[derive(Clone)]
pub struct Keyring {
    inner: Arc<Inner>,
}

struct Inner {
    masters: Masters,
    world: World,
    remembered: Mutex<HashMap<(TenantId, ActorId), Remembered>>,
}

struct Remembered {
    key: DataKey,
    until: OffsetDateTime,
}

/// What `eaf.subject_key` holds about a subject.
enum Stored {
    Nothing,
    Destroyed,
    Key { key: DataKey, committed: bool },
}

impl Keyring {
    pub fn new(keys: &MasterKeys, world: World) -> Self {
        let masters = Masters::new(keys);
        Keyring { inner: Arc::new(Inner { masters, world, remembered: Mutex::default() }) }
    }

    pub(crate) fn masters(&self) -> &Masters {
        &self.inner.masters
    }

    /// Seals under the subject's key, which is made if there is none. `aad` names the place where the value will
    /// stand; it opens only there. Fails with [`Error::Destroyed`] for an erased subject.
    pub async fn seal(&self, tx: &mut TenantTx, subject: ActorId, aad: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let key = self.key_or_new(tx, subject).await?;
        Ok(cipher::seal(&self.inner.world, &key, aad.as_bytes(), plain))
    }

    /// `None`: the subject was erased.
    pub async fn open(
        &self,
        tx: &mut TenantTx,
        subject: ActorId,
        aad: &str,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, Error> {
        match self.key(tx, subject).await? {
            Stored::Key { key, .. } => cipher::open(&key, aad.as_bytes(), sealed).map(Some),
            Stored::Destroyed => Ok(None),
            Stored::Nothing => Err(Error::Tampered),
        }
    }

    /// Under the tenant's own key: what belongs to no person, such as credentials.
    pub async fn seal_tenant(&self, tx: &mut TenantTx, aad: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.seal(tx, TENANT, aad, plain).await
    }

    pub async fn open_tenant(&self, tx: &mut TenantTx, aad: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.open(tx, TENANT, aad, sealed).await?.ok_or(Error::Destroyed)
    }

    /// HMAC-SHA256 under the tenant's key: equal values are recognised, and nobody can guess them from the digest.
    pub async fn digest(&self, tx: &mut TenantTx, purpose: &str, parts: &[&[u8]]) -> Result<[u8; 32], Error> {
        let key = self.key_or_new(tx, TENANT).await?;
        Ok(digest(&key, purpose, parts))
    }

    /// Destroys the subject's key. Other hosts forget it within a minute.
    pub async fn destroy(&self, tx: &mut TenantTx, subject: ActorId) -> Result<(), Error> {
        if subject == TENANT || subject == ActorId::SYSTEM {
            return Err(Error::Indestructible);
        }
        sqlx::query(
            "insert into eaf.subject_key (tenant_id, subject_id, wrapped, destroyed_at) values ($1, $2, null, now())
             on conflict (tenant_id, subject_id) do update set wrapped = null, key_id = null, destroyed_at = now()",
        )
        .bind(tx.tenant())
        .bind(subject)
        .execute(tx.conn())
        .await
        .map_err(Error::Store)?;
        self.remembered().remove(&(tx.tenant(), subject));
        Ok(())
    }

    /// What is remembered of this tenant's keys is asked for anew.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.remembered().retain(|(of, _), _| *of != tenant);
    }

    /// For what belongs to no tenant: the operators, and sign-ins before it is known who signs in.
    pub fn seal_platform(&self, aad: &str, plain: &[u8]) -> Vec<u8> {
        self.seal_platform_under(self.inner.masters.active(), aad, plain)
    }

    /// By whichever master key this host holds.
    pub fn open_platform(&self, aad: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let mut opened = Err(Error::Tampered);
        for master in self.inner.masters.all() {
            opened = cipher::open(&master.platform, aad.as_bytes(), sealed);
            if opened.is_ok() {
                break;
            }
        }
        opened
    }

    pub(crate) fn seal_platform_under(&self, master: &Master, aad: &str, plain: &[u8]) -> Vec<u8> {
        cipher::seal(&self.inner.world, &master.platform, aad.as_bytes(), plain)
    }

    pub(crate) fn digest_platform_under(&self, master: &Master, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        digest(&master.platform, purpose, parts)
    }

    pub(super) fn world(&self) -> &World {
        &self.inner.world
    }

    async fn key_or_new(&self, tx: &mut TenantTx, subject: ActorId) -> Result<DataKey, Error> {
        match self.key(tx, subject).await? {
            Stored::Key { key, .. } => return Ok(key),
            Stored::Destroyed => return Err(Error::Destroyed),
            Stored::Nothing => {}
        }
        let key: DataKey = Zeroizing::new(self.inner.world.bytes());
        let master = self.inner.masters.wrapping(tx.conn()).await?;
        let made = sqlx::query(
            "insert into eaf.subject_key (tenant_id, subject_id, wrapped, key_id) values ($1, $2, $3, $4)
             on conflict do nothing",
        )
        .bind(tx.tenant())
        .bind(subject)
        .bind(master.wrap(&self.inner.world, tx.tenant(), subject, &key))
        .bind(&master.id.0)
        .execute(tx.conn())
        .await
        .map_err(Error::Store)?;
        if made.rows_affected() == 1 {
            // Not remembered: if this transaction rolls back, nothing may ever be sealed under this key.
            return Ok(key);
        }
        match self.stored(tx, subject).await? {
            Stored::Key { key, .. } => Ok(key),
            Stored::Destroyed | Stored::Nothing => Err(Error::Destroyed),
        }
    }

    async fn key(&self, tx: &mut TenantTx, subject: ActorId) -> Result<Stored, Error> {
        let now = self.inner.world.now();
        let id = (tx.tenant(), subject);
        if let Some(known) = self.remembered().get(&id).filter(|known| known.until > now) {
            return Ok(Stored::Key { key: known.key.clone(), committed: true });
        }
        let stored = self.stored(tx, subject).await?;
        if let Stored::Key { key, committed: true } = &stored {
            self.remember(id, key.clone(), now);
        }
        Ok(stored)
    }

    async fn stored(&self, tx: &mut TenantTx, subject: ActorId) -> Result<Stored, Error> {
        let tenant = tx.tenant();
        let row: Option<(Option<Vec<u8>>, Option<String>, bool)> = sqlx::query_as(
            "select wrapped, key_id, xmin::text is distinct from pg_current_xact_id_if_assigned()::xid::text
             from eaf.subject_key where tenant_id = $1 and subject_id = $2",
        )
        .bind(tenant)
        .bind(subject)
        .fetch_optional(tx.conn())
        .await
        .map_err(Error::Load)?;
        let Some((wrapped, key_id, committed)) = row else { return Ok(Stored::Nothing) };
        let (Some(wrapped), Some(key_id)) = (wrapped, key_id) else { return Ok(Stored::Destroyed) };
        let key = self.inner.masters.unwrap(&key_id, tenant, subject, &wrapped)?;
        Ok(Stored::Key { key, committed })
    }

    fn remember(&self, id: (TenantId, ActorId), key: DataKey, now: OffsetDateTime) {
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBER_AT_MOST {
            remembered.retain(|_, known| known.until > now);
        }
        if remembered.len() >= REMEMBER_AT_MOST {
            remembered.clear();
        }
        remembered.insert(id, Remembered { key, until: now + REMEMBER });
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HashMap<(TenantId, ActorId), Remembered>> {
        self.inner.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn derive(master: &[u8; 32], label: &[u8]) -> DataKey {
    Zeroizing::new(mac(master).chain_update(label).finalize().into_bytes().into())
}

fn digest(key: &DataKey, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = mac(key);
    // Each part behind its length, so that no two lists of parts have the same encoding.
    for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}
