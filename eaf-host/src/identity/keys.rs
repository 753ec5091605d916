//! What the issuer publishes, its endpoints and public keys: found by discovery, kept, and fetched anew when a token names
//! a key that we do not have.
//!
//! The refresh is limited in rate, so that tokens with invented key ids cannot make us hammer the provider. Keys that
//! we hold stay in use while the provider is away.

use super::fetch::{self, Client};
use eaf_core::clock::World;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreIdTokenVerifier,
    CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, ClientId, DiscoveryError, IssuerUrl, JsonWebKey, JsonWebTokenType,
    LogoutProviderMetadata, ProviderMetadata,
};
use serde::{Deserialize, Serialize};
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
    #[error("the question to the identity provider was broken off")]
    Aborted(#[source] tokio::task::JoinError),
}

/// A provider's discovery document with what signing in and out needs beside the core.
pub type Metadata = ProviderMetadata<
    LogoutProviderMetadata<Announced>,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Announced {
    /// RFC 9207: answers to the browser name their issuer, and one that does not is somebody else's.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Announced {}

/// What holds until the next refresh.
pub struct Published {
    pub metadata: Metadata,
    /// For bearer tokens, which are meant for the API.
    pub bearer: CoreIdTokenVerifier<'static>,
    /// For ID tokens, which are meant for the client that signs people in.
    pub id_token: CoreIdTokenVerifier<'static>,
    ids: Vec<String>,
    fetched: OffsetDateTime,
}

impl Published {
    pub fn has(&self, kid: &str) -> bool {
        self.ids.iter().any(|id| id == kid)
    }
}

pub struct KeyStore {
    issuer: IssuerUrl,
    audience: ClientId,
    client_id: ClientId,
    leeway: Duration,
    world: World,
    client: Client,
    held: RwLock<Option<Arc<Published>>>,
    /// When the provider was last asked; also keeps two refreshes from running side by side.
    asked: Mutex<Option<OffsetDateTime>>,
}

impl KeyStore {
    pub fn new(config: &super::Config, leeway: Duration, world: World, client: Client) -> Result<Self, super::Error> {
        Ok(KeyStore {
            issuer: IssuerUrl::new(config.issuer.clone()).map_err(super::Error::IssuerAddress)?,
            audience: ClientId::new(config.audience.clone()),
            client_id: ClientId::new(config.client_id.clone()),
            leeway,
            world,
            client,
            held: RwLock::new(None),
            asked: Mutex::new(None),
        })
    }

    pub fn issuer(&self) -> &IssuerUrl {
        &self.issuer
    }

    /// What to verify a token with that names `kid`, or none.
    pub async fn for_key(self: &Arc<Self>, kid: Option<&str>) -> Result<Arc<Published>, Error> {
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

    /// In a task of its own: a caller who goes away must not use up the one question that may be asked in this time.
    async fn refresh(self: &Arc<Self>, seen: Option<OffsetDateTime>) -> Result<Arc<Published>, Error> {
        let store = self.clone();
        tokio::spawn(async move { store.ask(seen).await }).await.map_err(Error::Aborted)?
    }

    async fn ask(&self, seen: Option<OffsetDateTime>) -> Result<Arc<Published>, Error> {
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
        let found = Metadata::discover_async(self.issuer.clone(), &self.client).await.map_err(Error::Discovery)?;
        let published = Arc::new(self.published(found, now));
        *self.held.write().expect("no holder of this lock panics") = Some(published.clone());
        Ok(published)
    }

    fn held(&self) -> Option<Arc<Published>> {
        self.held.read().expect("no holder of this lock panics").clone()
    }

    fn published(&self, metadata: Metadata, now: OffsetDateTime) -> Published {
        let keys = metadata.jwks();
        let types = ["JWT", "at+jwt"].map(|name| JsonWebTokenType::new(name.into()).normalize());
        Published {
            bearer: self
                .verifier(&self.audience, keys)
                .set_allowed_jose_types(types.into_iter().flatten())
                // A token for us may be meant for others as well.
                .set_other_audience_verifier_fn(|_| true),
            id_token: {
                let audience = self.audience.clone();
                // Providers that add the API's audience to every token of the client add it to this one, too.
                self.verifier(&self.client_id, keys).set_other_audience_verifier_fn(move |other| **other == *audience)
            },
            ids: keys.keys().iter().filter_map(|key| key.key_id()).map(|id| id.to_string()).collect(),
            fetched: now,
            metadata,
        }
    }

    fn verifier(&self, meant_for: &ClientId, keys: &CoreJsonWebKeySet) -> CoreIdTokenVerifier<'static> {
        let (world, leeway) = (self.world.clone(), self.leeway);
        CoreIdTokenVerifier::new_public_client(meant_for.clone(), self.issuer.clone(), keys.clone())
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || SystemTime::from(world.now() - leeway).into())
    }
}
