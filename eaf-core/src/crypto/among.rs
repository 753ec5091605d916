//! Sealed among several people: it opens only while the key of each of them exists.
//!
//! The value is sealed under a key of its own, and that key under the tenant's and then under one person's after the
//! other's. So it is as lost as the first of their keys, and costs hardly more than a single one's.

use super::cipher::{self, DataKey};
use super::{Error, Keyring};
use crate::db::TenantTx;
use crate::id::ActorId;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Among {
    pub people: BTreeSet<ActorId>,
    /// The value's own key, under everybody's.
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

impl Keyring {
    /// Fails with [`Error::Destroyed`] if one of them is erased. `aad` names the place where it will stand.
    pub async fn seal_among(
        &self,
        tx: &mut TenantTx,
        people: BTreeSet<ActorId>,
        aad: &str,
        plain: &[u8],
    ) -> Result<Among, Error> {
        let own: DataKey = Zeroizing::new(self.world().bytes());
        let value = cipher::seal(self.world(), &own, aad.as_bytes(), plain);
        let mut key = self.seal_tenant(tx, aad, &*own).await?;
        for person in &people {
            key = self.seal(tx, *person, aad, &key).await?;
        }
        Ok(Among { people, key, value })
    }

    /// `None`: one of them was erased.
    pub async fn open_among(&self, tx: &mut TenantTx, aad: &str, sealed: &Among) -> Result<Option<Vec<u8>>, Error> {
        let mut key = sealed.key.clone();
        for person in sealed.people.iter().rev() {
            match self.open(tx, *person, aad, &key).await? {
                Some(inner) => key = inner,
                None => return Ok(None),
            }
        }
        let own = Zeroizing::new(self.open_tenant(tx, aad, &key).await?);
        let own: [u8; 32] = own.as_slice().try_into().map_err(|_| Error::Malformed)?;
        cipher::open(&Zeroizing::new(own), aad.as_bytes(), &sealed.value).map(Some)
    }
}
