//! Values that are sealed for all of several people: readable only while the key of each exists.
//!
//! The value is sealed under a random key. That random key is sealed under the tenant's key, then
//! under the key of each person in turn, so that erasing one person makes the value unreadable.

use super::cipher::{self, DataKey};
use super::{Error, Keyring};
use crate::db::TenantTx;
use crate::id::ActorId;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedSeal {
    pub people: BTreeSet<ActorId>,
    /// Random key of `value`, sealed under the tenant's key and the keys of all people.
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

impl Keyring {
    /// Seals a value for all of `people`. Fails with [`Error::Destroyed`] if one of the people was
    /// erased.
    pub async fn seal_for_all(
        &self,
        tx: &mut TenantTx,
        people: BTreeSet<ActorId>,
        aad: &str,
        plain: &[u8],
    ) -> Result<SharedSeal, Error> {
        let value_key: DataKey = Zeroizing::new(self.ambient().bytes());
        let value = cipher::seal(self.ambient(), &value_key, aad.as_bytes(), plain);
        let mut key = self.seal_tenant(tx, aad, &*value_key).await?;
        for person in &people {
            key = self.seal(tx, *person, aad, &key).await?;
        }
        Ok(SharedSeal { people, key, value })
    }

    /// Opens a value that is sealed for all of several people. `None`: one of the people was
    /// erased.
    pub async fn open_for_all(
        &self,
        tx: &mut TenantTx,
        aad: &str,
        sealed: &SharedSeal,
    ) -> Result<Option<Vec<u8>>, Error> {
        let mut key = sealed.key.clone();
        for person in sealed.people.iter().rev() {
            match self.open(tx, *person, aad, &key).await? {
                Some(inner) => key = inner,
                None => return Ok(None),
            }
        }
        let value_key = Zeroizing::new(self.open_tenant(tx, aad, &key).await?);
        let value_key: [u8; 32] = value_key.as_slice().try_into().map_err(|_| Error::Malformed)?;
        cipher::open(&Zeroizing::new(value_key), aad.as_bytes(), &sealed.value).map(Some)
    }
}
