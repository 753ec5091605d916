//! The issuer's public keys: found by discovery, kept, and fetched anew when a token names a key that we do not have.
//!
//! The refresh is limited in rate, so that tokens with invented key ids cannot make us hammer the provider. Keys that
//! we hold stay in use while the provider is away.

use super::fetch::{self, Client};
use eaf_core::clock::World;
use openidconnect::core::{CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreProviderMetadata};
use openidconnect::{ClientId, DiscoveryError, IssuerUrl, JsonWebKey, JsonWebTokenType};
use std::sync::{Arc, RwLock};
use std::time::SystemTime;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

/// At most one refresh in this time.
const REFRESH_EVERY: Duration = Duration::seconds(10);
/// Keys older than this are fetched anew before use, so that a key that the provider withdrew stops working.
const KEEP: Duration = Duration::hours(1);

/// Asymmetric only. `none` and the HMAC family are not in the list, and nothing else is accepted.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 4] = [
    CoreJwsSigningAlgorithm::EdDsa,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
];

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("discovery at the issuer failed")]
    Discovery(#[source] DiscoveryError<fetch::Error>),
    #[error("the identity provider was asked a moment ago and had no answer")]
    TooSoon,
}

/// What verifies tokens until the next refresh.
pub struct Keys {
    pub verifier: CoreIdTokenVerifier<'static>,
    ids: Vec<String>,
    fetched: OffsetDateTime,
}

impl Keys {
    pub fn has(&self, kid: &str) -> bool {
        self.ids.iter().any(|id| id == kid)
    }
}

pub struct KeyStore {
    issuer: IssuerUrl,
    audience: ClientId,
    leeway: Duration,
    world: World,
    client: Client,
    held: RwLock<Option<Arc<Keys>>>,
    /// When the provider was last asked; also keeps two refreshes from running side by side.
    asked: Mutex<Option<OffsetDateTime>>,
}

impl KeyStore {
    pub fn new(issuer: IssuerUrl, audience: ClientId, leeway: Duration, world: World, client: Client) -> Self {
        KeyStore { issuer, audience, leeway, world, client, held: RwLock::new(None), asked: Mutex::new(None) }
    }

    /// The keys to verify a token with that names `kid`, or none.
    pub async fn for_key(&self, kid: Option<&str>) -> Result<Arc<Keys>, Error> {
        let held = self.held();
        if let Some(keys) = &held {
            let fresh = self.world.now() - keys.fetched < KEEP;
            if fresh && kid.is_none_or(|kid| keys.has(kid)) {
                return Ok(keys.clone());
            }
        }
        match (self.refresh(held.as_ref().map(|keys| keys.fetched)).await, held) {
            (Ok(keys), _) => Ok(keys),
            // An unknown key id then fails as a signature without a key, which is the truth as far as we know it.
            (Err(Error::TooSoon), Some(held)) => Ok(held),
            (Err(cause), Some(held)) => {
                tracing::warn!(error = &cause as &dyn std::error::Error, "the issuer's keys could not be refreshed");
                Ok(held)
            }
            (Err(cause), None) => Err(cause),
        }
    }

    async fn refresh(&self, seen: Option<OffsetDateTime>) -> Result<Arc<Keys>, Error> {
        let mut asked = self.asked.lock().await;
        // Someone else refreshed while we waited for our turn.
        if let Some(held) = self.held().filter(|held| seen.is_none_or(|seen| held.fetched > seen)) {
            return Ok(held);
        }
        let now = self.world.now();
        if asked.is_some_and(|at| now - at < REFRESH_EVERY) {
            return Err(Error::TooSoon);
        }
        *asked = Some(now);
        let found =
            CoreProviderMetadata::discover_async(self.issuer.clone(), &self.client).await.map_err(Error::Discovery)?;
        let keys = Arc::new(self.keys(found.jwks().clone(), now));
        *self.held.write().expect("no holder of this lock panics") = Some(keys.clone());
        Ok(keys)
    }

    fn held(&self) -> Option<Arc<Keys>> {
        self.held.read().expect("no holder of this lock panics").clone()
    }

    fn keys(&self, set: CoreJsonWebKeySet, now: OffsetDateTime) -> Keys {
        let ids = set.keys().iter().filter_map(|key| key.key_id()).map(|id| id.to_string()).collect();
        let (world, leeway) = (self.world.clone(), self.leeway);
        let types = ["JWT", "at+jwt"].map(|name| JsonWebTokenType::new(name.into()).normalize());
        let verifier = CoreIdTokenVerifier::new_public_client(self.audience.clone(), self.issuer.clone(), set)
            .set_allowed_algs(ALGORITHMS)
            .set_allowed_jose_types(types.into_iter().flatten())
            // A token for us may be meant for others as well.
            .set_other_audience_verifier_fn(|_| true)
            .set_time_fn(move || SystemTime::from(world.now() - leeway).into());
        Keys { verifier, ids, fetched: now }
    }
}
