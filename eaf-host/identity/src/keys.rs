//! Published keys and endpoints of the issuer: discovered, cached, and fetched again when a token
//! names an unknown key.
//!
//! The rate of refreshes is limited, so that tokens with invented key ids cannot cause many
//! requests. Cached keys stay in use while the provider is unavailable.

use super::discovery::{self, Document};
use super::fetch::{self, Client};
use eaf_core::clock::Ambient;
use openidconnect::JsonWebKey;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet};
use std::sync::{Arc, PoisonError, RwLock};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

/// Minimum time between two refreshes of the issuer's keys.
const REFRESH_INTERVAL: Duration = Duration::seconds(10);
/// Age from which cached keys are fetched again before they verify a token, so that a key that the
/// issuer withdrew stops working. If the fetch fails, the cached keys stay in use.
const MAX_AGE: Duration = Duration::hours(1);
/// Age after which the issuer's keys are fetched again in the background, so that requests rarely
/// wait for a refresh.
const RENEWAL_AGE: Duration = Duration::minutes(30);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the discovery document at {address} cannot be fetched")]
    Document {
        address: String,
        #[source]
        cause: fetch::Error,
    },
    #[error("the discovery document cannot be used")]
    Discovery(#[source] discovery::Error),
    #[error("the issuer's keys cannot be fetched")]
    Keys(#[source] fetch::Error),
    #[error("the issuer's keys are not a key set")]
    KeySet(#[source] serde_json::Error),
    #[error("the identity provider was contacted a moment ago")]
    TooSoon,
    #[error("the request to the identity provider was aborted")]
    Aborted(#[source] tokio::task::JoinError),
}

impl Error {
    /// True for an outage: a failure that ends without a change of settings, at the host or the
    /// provider.
    pub fn is_outage(&self) -> bool {
        match self {
            // A page in place of the document is another application: the issuer's address is
            // wrong.
            Error::Document { cause: fetch::Error::NotJson { .. }, .. } => false,
            Error::Document { cause, .. } | Error::Keys(cause) => cause.is_outage(),
            Error::Discovery(_) | Error::KeySet(_) => false,
            Error::TooSoon | Error::Aborted(_) => true,
        }
    }
}

/// Discovery document and keys of the issuer, fetched by one refresh.
pub struct PublishedKeys {
    pub document: Document,
    pub keys: Vec<CoreJsonWebKey>,
    fetched: OffsetDateTime,
}

impl PublishedKeys {
    pub fn has(&self, kid: &str) -> bool {
        self.keys.iter().filter_map(|key| key.key_id()).any(|id| **id == *kid)
    }
}

pub struct KeyStore {
    issuer: String,
    ambient: Ambient,
    client: Client,
    cached: RwLock<Option<Arc<PublishedKeys>>>,
    /// Failure of the last refresh; `None` after a success.
    failure: RwLock<Option<Arc<Error>>>,
    /// Time of the last refresh, `None` before the first. The lock also prevents concurrent
    /// refreshes.
    last_refresh: Mutex<Option<OffsetDateTime>>,
}

impl KeyStore {
    pub fn new(issuer: String, ambient: Ambient, client: Client) -> Self {
        KeyStore {
            issuer,
            ambient,
            client,
            cached: RwLock::default(),
            failure: RwLock::default(),
            last_refresh: Mutex::new(None),
        }
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns the issuer's keys, with which a token is verified. `kid` is the key id in the
    /// token's header; `None`: the header has no key id.
    pub async fn for_key(self: &Arc<Self>, kid: Option<&str>) -> Result<Arc<PublishedKeys>, Arc<Error>> {
        let cached = self.cached();
        if let Some(keys) = &cached {
            let fresh = self.ambient.now() - keys.fetched < MAX_AGE;
            if fresh && kid.is_none_or(|kid| keys.has(kid)) {
                return Ok(keys.clone());
            }
        }
        // If the refresh fails, the cached keys are returned, so that a token with an unknown key
        // id fails for its signature.
        let refreshed = self.refresh(cached.as_ref().map(|keys| keys.fetched)).await;
        refreshed.or_else(|cause| cached.ok_or(cause))
    }

    /// Fetches the issuer's keys if none are cached, or if the cached ones are older than
    /// [`RENEWAL_AGE`].
    pub async fn renew(self: &Arc<Self>) {
        let cached = self.cached().map(|keys| keys.fetched);
        if cached.is_none_or(|fetched| self.ambient.now() - fetched >= RENEWAL_AGE) {
            // The failure is logged where it occurs and available from `fault`.
            let _failed = self.refresh(cached).await;
        }
    }

    /// Failure that prevents every sign-in until a person repairs the cause; `None` while keys are
    /// cached or during an outage.
    pub fn fault(&self) -> Option<Arc<Error>> {
        self.failure().filter(|failure| self.cached().is_none() && !failure.is_outage())
    }

    /// Refreshes the keys in a separate task. If the caller is cancelled, the refresh continues,
    /// because [`REFRESH_INTERVAL`] permits no other one soon.
    async fn refresh(self: &Arc<Self>, seen: Option<OffsetDateTime>) -> Result<Arc<PublishedKeys>, Arc<Error>> {
        let store = self.clone();
        tokio::spawn(async move { store.refresh_once(seen).await })
            .await
            .map_err(|cause| Arc::new(Error::Aborted(cause)))?
    }

    async fn refresh_once(&self, seen: Option<OffsetDateTime>) -> Result<Arc<PublishedKeys>, Arc<Error>> {
        let mut last_refresh = self.last_refresh.lock().await;
        // Another caller refreshed while this one waited for the lock.
        if let Some(cached) = self.cached().filter(|cached| seen.is_none_or(|seen| cached.fetched > seen)) {
            return Ok(cached);
        }
        let now = self.ambient.now();
        if last_refresh.is_some_and(|at| now - at < REFRESH_INTERVAL) {
            return Err(self.failure().unwrap_or_else(|| Arc::new(Error::TooSoon)));
        }
        *last_refresh = Some(now);
        match self.fetch(now).await {
            Ok(published) => {
                let published = Arc::new(published);
                *self.cached.write().unwrap_or_else(PoisonError::into_inner) = Some(published.clone());
                self.store_failure(None);
                Ok(published)
            }
            Err(cause) => {
                log_failure(&cause);
                let cause = Arc::new(cause);
                self.store_failure(Some(cause.clone()));
                Err(cause)
            }
        }
    }

    async fn fetch(&self, now: OffsetDateTime) -> Result<PublishedKeys, Error> {
        let address = discovery::address(&self.issuer);
        let document = self.client.document(&address).await;
        let document = document.map_err(|cause| Error::Document { address, cause })?;
        let document = Document::read(&self.issuer, &document).map_err(Error::Discovery)?;
        let keys = self.client.document(document.jwks_uri.as_str()).await.map_err(Error::Keys)?;
        // Keys of unknown kinds are omitted.
        let keys: CoreJsonWebKeySet = serde_json::from_value(keys).map_err(Error::KeySet)?;
        Ok(PublishedKeys { document, keys: keys.keys().clone(), fetched: now })
    }

    fn cached(&self) -> Option<Arc<PublishedKeys>> {
        self.cached.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn failure(&self) -> Option<Arc<Error>> {
        self.failure.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn store_failure(&self, failure: Option<Arc<Error>>) {
        *self.failure.write().unwrap_or_else(PoisonError::into_inner) = failure;
    }
}

fn log_failure(cause: &Error) {
    let error = cause as &dyn std::error::Error;
    match cause.is_outage() {
        true => tracing::warn!(error, "the identity provider does not answer"),
        false => tracing::error!(error, "the host's settings do not match the identity provider"),
    }
}
