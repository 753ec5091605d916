//! Data keys: created on first use, wrapped by a master key, cached for a minute.

use super::Error;
use super::cipher::{self, DataKey};
use super::master_key::{Master, MasterKeyRing, MasterKeys};
use crate::clock::Ambient;
use crate::db::TenantTx;
use crate::id::{ActorId, TenantId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

const CACHE_TTL: Duration = Duration::seconds(60);
const CACHE_CAPACITY: usize = 10_000;

/// Id that stands for the tenant itself in place of a person. The tenant's own key seals
/// credentials and makes fingerprints.
const TENANT: ActorId = ActorId(Uuid::nil());

/// Maximum time for which another host may still decrypt with a destroyed key, because that host
/// has the key in its cache. Includes 5 seconds for differing clocks.
pub fn key_cache_grace() -> std::time::Duration {
    (CACHE_TTL + Duration::seconds(5)).unsigned_abs()
}

/// Data keys of an installation, with their cache. Cheap to clone.
#[derive(Clone)]
pub struct Keyring {
    inner: Arc<Inner>,
}

struct Inner {
    master_keys: MasterKeyRing,
    ambient: Ambient,
    cache: Mutex<HashMap<(TenantId, ActorId), CachedKey>>,
}

struct CachedKey {
    key: DataKey,
    until: OffsetDateTime,
}

/// State of the data key of a person, or of the tenant, in `eaf.subject_key`.
enum Stored {
    Missing,
    Destroyed,
    Key { key: DataKey, committed: bool },
}

impl Keyring {
    pub fn new(keys: &MasterKeys, ambient: Ambient) -> Self {
        let master_keys = MasterKeyRing::new(keys);
        Keyring { inner: Arc::new(Inner { master_keys, ambient, cache: Mutex::default() }) }
    }

    pub(crate) fn master_keys(&self) -> &MasterKeyRing {
        &self.inner.master_keys
    }

    /// Seals a value under the data key of `subject`, and creates the key if there is none. `aad`
    /// names the place of the value; [`open`](Self::open) needs the same `aad`. Fails with
    /// [`Error::Destroyed`] for an erased person.
    pub async fn seal(&self, tx: &mut TenantTx, subject: ActorId, aad: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let key = self.key_or_new(tx, subject).await?;
        Ok(cipher::seal(&self.inner.ambient, &key, aad.as_bytes(), plain))
    }

    /// Opens a value that was sealed under the data key of `subject`. `None`: the person was
    /// erased.
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
            Stored::Missing => Err(Error::Tampered),
        }
    }

    /// Reads the keys of these subjects into the cache with one query, before many values are
    /// opened. A key that cannot be unwrapped is reported when its value is opened.
    pub(crate) async fn cache_keys(&self, tx: &mut TenantTx, subjects: &[ActorId]) -> Result<(), Error> {
        let (tenant, now) = (tx.tenant(), self.inner.ambient.now());
        let missing: Vec<ActorId> = {
            let cache = self.cache();
            let is_cached = |subject| cache.get(&(tenant, subject)).is_some_and(|cached| cached.until > now);
            subjects.iter().copied().filter(|subject| !is_cached(*subject)).collect()
        };
        if missing.len() < 2 {
            return Ok(());
        }
        let rows: Vec<(ActorId, Vec<u8>, String)> = sqlx::query_as(
            "select subject_id, wrapped, key_id from eaf.subject_key
             where tenant_id = $1 and subject_id = any ($2) and wrapped is not null and key_id is not null
               and xmin::text is distinct from pg_current_xact_id_if_assigned()::xid::text",
        )
        .bind(tenant)
        .bind(missing)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Load)?;
        for (subject, wrapped, key_id) in rows {
            if let Ok(key) = self.inner.master_keys.unwrap(&key_id, tenant, subject, &wrapped) {
                self.cache_key((tenant, subject), key, now);
            }
        }
        Ok(())
    }

    /// Seals a value under the tenant's own key. For values that belong to no person, such as
    /// credentials.
    pub async fn seal_tenant(&self, tx: &mut TenantTx, aad: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.seal(tx, TENANT, aad, plain).await
    }

    pub async fn open_tenant(&self, tx: &mut TenantTx, aad: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.open(tx, TENANT, aad, sealed).await?.ok_or(Error::Destroyed)
    }

    /// Computes an HMAC-SHA256 of `parts` under the tenant's key. Equal values have equal digests.
    /// Without the key, a value cannot be guessed from its digest.
    pub async fn digest(&self, tx: &mut TenantTx, purpose: &str, parts: &[&[u8]]) -> Result<[u8; 32], Error> {
        let key = self.key_or_new(tx, TENANT).await?;
        Ok(digest(&key, purpose, parts))
    }

    /// Destroys the data key of a person. Other hosts may still use the key for
    /// [`key_cache_grace`].
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
        self.cache().remove(&(tx.tenant(), subject));
        Ok(())
    }

    /// Removes all data keys of the tenant from the cache, so that the next use of each reads the
    /// database.
    pub(crate) fn invalidate_tenant(&self, tenant: TenantId) {
        self.cache().retain(|(of, _), _| *of != tenant);
    }

    /// Seals a value that belongs to no tenant under the active master key, such as the name of an
    /// operator, or a sign-in before the person is known.
    pub fn seal_platform(&self, aad: &str, plain: &[u8]) -> Vec<u8> {
        self.seal_platform_under(self.inner.master_keys.active(), aad, plain)
    }

    /// Opens a value that belongs to no tenant, with whichever master key of this host fits.
    pub fn open_platform(&self, aad: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let mut opened = Err(Error::Tampered);
        for master in self.inner.master_keys.all() {
            opened = cipher::open(&master.platform, aad.as_bytes(), sealed);
            if opened.is_ok() {
                break;
            }
        }
        opened
    }

    pub(crate) fn seal_platform_under(&self, master: &Master, aad: &str, plain: &[u8]) -> Vec<u8> {
        cipher::seal(&self.inner.ambient, &master.platform, aad.as_bytes(), plain)
    }

    pub(crate) fn digest_platform_under(&self, master: &Master, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        digest(&master.platform, purpose, parts)
    }

    pub(super) fn ambient(&self) -> &Ambient {
        &self.inner.ambient
    }

    async fn key_or_new(&self, tx: &mut TenantTx, subject: ActorId) -> Result<DataKey, Error> {
        match self.key(tx, subject).await? {
            Stored::Key { key, .. } => return Ok(key),
            Stored::Destroyed => return Err(Error::Destroyed),
            Stored::Missing => {}
        }
        let key: DataKey = Zeroizing::new(self.inner.ambient.bytes());
        let master = self.inner.master_keys.wrapping(tx.conn()).await?;
        let inserted = sqlx::query(
            "insert into eaf.subject_key (tenant_id, subject_id, wrapped, key_id) values ($1, $2, $3, $4)
             on conflict do nothing",
        )
        .bind(tx.tenant())
        .bind(subject)
        .bind(master.wrap(&self.inner.ambient, tx.tenant(), subject, &key))
        .bind(&master.id.0)
        .execute(tx.conn())
        .await
        .map_err(Error::Store)?;
        if inserted.rows_affected() == 1 {
            // The key is not cached: a rollback removes the key, and nothing may be sealed under it
            // then.
            return Ok(key);
        }
        match self.stored(tx, subject).await? {
            Stored::Key { key, .. } => Ok(key),
            Stored::Destroyed | Stored::Missing => Err(Error::Destroyed),
        }
    }

    async fn key(&self, tx: &mut TenantTx, subject: ActorId) -> Result<Stored, Error> {
        let now = self.inner.ambient.now();
        let id = (tx.tenant(), subject);
        if let Some(cached) = self.cache().get(&id).filter(|cached| cached.until > now) {
            return Ok(Stored::Key { key: cached.key.clone(), committed: true });
        }
        let stored = self.stored(tx, subject).await?;
        if let Stored::Key { key, committed: true } = &stored {
            self.cache_key(id, key.clone(), now);
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
        let Some((wrapped, key_id, committed)) = row else { return Ok(Stored::Missing) };
        let (Some(wrapped), Some(key_id)) = (wrapped, key_id) else { return Ok(Stored::Destroyed) };
        let key = self.inner.master_keys.unwrap(&key_id, tenant, subject, &wrapped)?;
        Ok(Stored::Key { key, committed })
    }

    fn cache_key(&self, id: (TenantId, ActorId), key: DataKey, now: OffsetDateTime) {
        let mut cache = self.cache();
        if cache.len() >= CACHE_CAPACITY {
            cache.retain(|_, cached| cached.until > now);
        }
        if cache.len() >= CACHE_CAPACITY {
            cache.clear();
        }
        cache.insert(id, CachedKey { key, until: now + CACHE_TTL });
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, HashMap<(TenantId, ActorId), CachedKey>> {
        self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn derive(master: &[u8; 32], label: &[u8]) -> DataKey {
    Zeroizing::new(mac(master).chain_update(label).finalize().into_bytes().into())
}

fn digest(key: &DataKey, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = mac(key);
    // A length before each part, so that two different lists have different encodings.
    for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}
