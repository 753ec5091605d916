//! What the issuer publishes, its endpoints and public keys: found by discovery, kept, and fetched anew when a token names
//! a key that we do not have.
//!
//! The refresh is limited in rate, so that tokens with invented key ids cannot make us hammer the provider. Keys that
//! we hold stay in use while the provider is away.

use super::discovery::{self, Document};
use super::fetch::{self, Client};
use eaf_core::clock::World;
use openidconnect::JsonWebKey;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet};
use std::sync::{Arc, PoisonError, RwLock};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

/// At most one refresh in this time.
const REFRESH_EVERY: Duration = Duration::seconds(10);
/// Keys older than this are fetched anew before use, so that a key that the provider withdrew stops working.
const KEEP: Duration = Duration::hours(1);
/// Keys older than this are fetched anew beside the requests, so that hardly any request has to wait for it.
const RENEW: Duration = Duration::minutes(30);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the discovery document at {address} cannot be had")]
    Document {
        address: String,
        #[source]
        cause: fetch::Error,
    },
    #[error("the discovery document cannot be used")]
    Discovery(#[source] discovery::Error),
    #[error("the issuer's keys cannot be had")]
    Keys(#[source] fetch::Error),
    #[error("the issuer's keys are not a key set")]
    KeySet(#[source] serde_json::Error),
    #[error("the identity provider was asked a moment ago")]
    TooSoon,
    #[error("the question to the identity provider was broken off")]
    Aborted(#[source] tokio::task::JoinError),
}

impl Error {
    /// Over in a while; everything else somebody has to mend, in the host's settings or at the provider.
    pub fn is_outage(&self) -> bool {
        match self {
            // A page where the document should be is another application: the issuer's address is wrong.
            Error::Document { cause: fetch::Error::NotJson { .. }, .. } => false,
            Error::Document { cause, .. } | Error::Keys(cause) => cause.is_outage(),
            Error::Discovery(_) | Error::KeySet(_) => false,
            Error::TooSoon | Error::Aborted(_) => true,
        }
    }
}

/// What holds until the next refresh.
pub struct Published {
    pub document: Document,
    pub keys: Vec<CoreJsonWebKey>,
    fetched: OffsetDateTime,
}

impl Published {
    pub fn has(&self, kid: &str) -> bool {
        self.keys.iter().filter_map(|key| key.key_id()).any(|id| **id == *kid)
    }
}

pub struct KeyStore {
    issuer: String,
    world: World,
    client: Client,
    held: RwLock<Option<Arc<Published>>>,
    /// Why the last question failed; none after one that did not.
    failure: RwLock<Option<Arc<Error>>>,
    /// When the provider was last asked; also keeps two refreshes from running side by side.
    asked: Mutex<Option<OffsetDateTime>>,
}

impl KeyStore {
    pub fn new(issuer: String, world: World, client: Client) -> Self {
        KeyStore { issuer, world, client, held: RwLock::default(), failure: RwLock::default(), asked: Mutex::new(None) }
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What to verify a token with that names `kid`, or none.
    pub async fn for_key(self: &Arc<Self>, kid: Option<&str>) -> Result<Arc<Published>, Arc<Error>> {
        let held = self.held();
        if let Some(keys) = &held {
            let fresh = self.world.now() - keys.fetched < KEEP;
            if fresh && kid.is_none_or(|kid| keys.has(kid)) {
                return Ok(keys.clone());
            }
        }
        // With what is held, an unknown key id fails as a signature without a key: the truth as far as we know it.
        let refreshed = self.refresh(held.as_ref().map(|keys| keys.fetched)).await;
        refreshed.or_else(|cause| held.ok_or(cause))
    }

    /// Fetches what is not there or will be too old soon.
    pub async fn renew(self: &Arc<Self>) {
        let held = self.held().map(|keys| keys.fetched);
        if held.is_none_or(|fetched| self.world.now() - fetched >= RENEW) {
            // A failure is logged where it happens, and `fault` tells of it.
            let _failed = self.refresh(held).await;
        }
    }

    /// Why nobody can sign in before somebody has mended it; none while there are keys, or only an outage.
    pub fn fault(&self) -> Option<Arc<Error>> {
        self.failure().filter(|failure| self.held().is_none() && !failure.is_outage())
    }

    /// In a task of its own: a caller who goes away must not use up the one question that may be asked in this time.
    async fn refresh(self: &Arc<Self>, seen: Option<OffsetDateTime>) -> Result<Arc<Published>, Arc<Error>> {
        let store = self.clone();
        tokio::spawn(async move { store.ask(seen).await }).await.map_err(|cause| Arc::new(Error::Aborted(cause)))?
    }

    async fn ask(&self, seen: Option<OffsetDateTime>) -> Result<Arc<Published>, Arc<Error>> {
        let mut asked = self.asked.lock().await;
        // Someone else refreshed while we waited for our turn.
        if let Some(held) = self.held().filter(|held| seen.is_none_or(|seen| held.fetched > seen)) {
            return Ok(held);
        }
        let now = self.world.now();
        if asked.is_some_and(|at| now - at < REFRESH_EVERY) {
            return Err(self.failure().unwrap_or_else(|| Arc::new(Error::TooSoon)));
        }
        *asked = Some(now);
        match self.fetch(now).await {
            Ok(published) => {
                let published = Arc::new(published);
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(published.clone());
                self.remember(None);
                Ok(published)
            }
            Err(cause) => {
                tell(&cause);
                let cause = Arc::new(cause);
                self.remember(Some(cause.clone()));
                Err(cause)
            }
        }
    }

    async fn fetch(&self, now: OffsetDateTime) -> Result<Published, Error> {
        let address = discovery::address(&self.issuer);
        let document = self.client.document(&address).await;
        let document = document.map_err(|cause| Error::Document { address, cause })?;
        let document = Document::read(&self.issuer, &document).map_err(Error::Discovery)?;
        let keys = self.client.document(document.jwks_uri.as_str()).await.map_err(Error::Keys)?;
        // Keys of kinds that are not known are left out.
        let keys: CoreJsonWebKeySet = serde_json::from_value(keys).map_err(Error::KeySet)?;
        Ok(Published { document, keys: keys.keys().clone(), fetched: now })
    }

    fn held(&self) -> Option<Arc<Published>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn failure(&self) -> Option<Arc<Error>> {
        self.failure.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, failure: Option<Arc<Error>>) {
        *self.failure.write().unwrap_or_else(PoisonError::into_inner) = failure;
    }
}

fn tell(cause: &Error) {
    let error = cause as &dyn std::error::Error;
    match cause.is_outage() {
        true => tracing::warn!(error, "the identity provider does not answer"),
        false => tracing::error!(error, "the host's settings and the identity provider do not fit together"),
    }
}
