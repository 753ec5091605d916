//! Authentication: verifies bearer tokens of the configured OpenID Connect issuer, and signs people
//! in there.
//!
//! The code is independent of the issuer's product. A token identifies a person (issuer and
//! subject) and, in a claim whose name is a setting, the tenant's slug; membership is decided by
//! the directory, never by the token.

mod access;
mod attempt;
mod claims;
mod discovery;
mod fetch;
mod keys;
mod provider_error;
pub mod sign_in;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod token;
mod token_answer;

pub use claims::{ClaimName, Profile};

use access::Audience;
use eaf_core::clock::Ambient;
use keys::{KeyStore, PublishedKeys};
use openidconnect::ClientSecret;
use openidconnect::core::CoreJsonWebKey;
use std::future::Future;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};
use token::Token;

/// Maximum difference between the clocks of this host and the provider at which a token's times are
/// still accepted.
const LEEWAY: Duration = Duration::seconds(30);
/// Interval at which the host checks whether the issuer's keys are missing or due for renewal.
const KEY_CHECK_INTERVAL: std::time::Duration = std::time::Duration::from_secs(15);

/// Reason why a token is rejected. Texts are for the log; callers see the variant only.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the token {0}")]
    Malformed(&'static str),
    #[error("the token is encrypted: switch encryption off for this client at the identity provider")]
    Encrypted,
    #[error("the token expired {} s ago by this host's clock", .0.whole_seconds())]
    Expired(Duration),
    #[error("the token is valid in {} s only by this host's clock", .0.whole_seconds())]
    NotYetValid(Duration),
    #[error("the token was issued by {found}, not by {expected}")]
    Issuer { expected: String, found: String },
    #[error("the token is meant for {found}, not for {expected}")]
    Audience { expected: String, found: String },
    #[error("the token is signed with {0}, which is not accepted")]
    Algorithm(String),
    #[error("the token's signature is by none of the issuer's keys")]
    Signature,
    #[error("the token is no access token: {0}")]
    NotForAccess(&'static str),
    #[error("the token's claim `{claim}` {problem}")]
    Claim { claim: String, problem: &'static str },
    #[error("the issuer's keys are not available")]
    Keys(#[source] Arc<keys::Error>),
    #[error("the issuer's address is not a URL")]
    IssuerAddress(#[source] openidconnect::url::ParseError),
    #[error("the public address is not a URL")]
    PublicAddress(#[source] openidconnect::url::ParseError),
    #[error("the client for the issuer could not be made")]
    Client(#[source] fetch::Error),
}

impl Error {
    /// True if the token could not be verified because of an outage of the provider. The token may
    /// be valid, and the outage ends without a change of settings.
    pub fn is_outage(&self) -> bool {
        matches!(self, Error::Keys(cause) if cause.is_outage())
    }
}

/// Settings for the verification of tokens and for the sign-in of people.
#[derive(Clone)]
pub struct Config {
    pub issuer: String,
    pub audience: String,
    pub client_id: String,
    pub client_secret: ClientSecret,
    /// Name of the claim with the slug of a person's tenant; tokens of operators lack this claim.
    pub tenant_claim: ClaimName,
    /// Name of the claim that identifies a person permanently within the issuer.
    pub subject_claim: ClaimName,
    /// Whether the ID token is stored for the sign-out at the provider.
    pub sign_out_hint: bool,
    /// Public address of this host, without a trailing slash.
    pub public_url: String,
}

/// Contents of a verified token. The subject is personal data and never logged.
#[derive(Clone)]
pub struct Verified {
    pub issuer: String,
    pub subject: String,
    pub tenant: Option<String>,
    pub expires: OffsetDateTime,
}

pub struct Identity {
    config: Config,
    keys: Arc<KeyStore>,
    client: sign_in::Client,
    ambient: Ambient,
}

impl Identity {
    /// Creates the verifier without contacting the issuer, so that start-up does not depend on the
    /// issuer.
    pub fn new(config: &Config, ambient: Ambient) -> Result<Self, Error> {
        let http = fetch::Client::new().map_err(Error::Client)?;
        let keys = Arc::new(KeyStore::new(config.issuer.clone(), ambient.clone(), http.clone()));
        let client = sign_in::Client::new(config, http)?;
        Ok(Identity { config: config.clone(), keys, client, ambient })
    }

    /// Fetches the issuer's keys before their first use, and again before they expire.
    pub async fn keep_keys(&self, stop: impl Future<Output = ()>) {
        let keeping = async {
            loop {
                self.keys.renew().await;
                tokio::time::sleep(KEY_CHECK_INTERVAL).await;
            }
        };
        tokio::select! {
            () = keeping => {}
            () = stop => {}
        }
    }

    /// Fetches the discovery document and the keys of the issuer; returns the number of keys. For a
    /// diagnosis, because a host needs no answer to start.
    pub async fn fetch_keys(&self) -> Result<usize, Error> {
        self.keys.for_key(None).await.map(|published| published.keys.len()).map_err(Error::Keys)
    }

    /// Uses another client secret for the sign-ins from now on.
    pub fn replace_client_secret(&self, secret: ClientSecret) {
        self.client.replace_secret(secret);
    }

    /// True if no one can sign in until a setting is changed; an outage of the provider does not
    /// count.
    pub fn is_misconfigured(&self) -> bool {
        self.keys.fault().is_some()
    }

    /// Verifies an access token for the API.
    pub async fn verify(&self, token: &str) -> Result<Verified, Error> {
        let token = Token::parse(token)?;
        let published = self.keys.for_key(token.kid.as_deref()).await.map_err(Error::Keys)?;
        let meant_for_us = |audiences: &[&str]| audiences.contains(&self.config.audience.as_str());
        self.check(&token, &published, &self.config.audience, meant_for_us)?;
        let shared = token.claims.audiences().contains(&self.config.client_id.as_str());
        access::check(&token, if shared { Audience::SharedWithTheClient } else { Audience::OfTheApi })?;
        self.verified(&token)
    }

    /// Checks issuer, audience, signature and time, in this order, so that a token of another
    /// issuer is reported as such and not as wrongly signed.
    fn check<'k>(
        &self,
        token: &Token<'_>,
        published: &'k PublishedKeys,
        expected: &str,
        fits: impl Fn(&[&str]) -> bool,
    ) -> Result<&'k CoreJsonWebKey, Error> {
        let key = token.signed_by(&published.keys);
        // Values of a token without a valid signature are not written to the log.
        let found = |text: String| if key.is_ok() { provider_error::printable(&text) } else { "another party".into() };
        let issuer = token.claims.text("iss").unwrap_or_default();
        if issuer != self.config.issuer {
            return Err(Error::Issuer { expected: self.config.issuer.clone(), found: found(issuer.into()) });
        }
        let audiences = token.claims.audiences();
        if !fits(&audiences) {
            return Err(Error::Audience { expected: expected.into(), found: found(audiences.join(",")) });
        }
        let key = key?;
        let now = self.ambient.now();
        let expires = self.expires(token)?;
        if expires <= now - LEEWAY {
            return Err(Error::Expired(now - expires));
        }
        match token.claims.time("nbf")? {
            Some(begins) if begins > now + LEEWAY => Err(Error::NotYetValid(begins - now)),
            _ => Ok(key),
        }
    }

    fn expires(&self, token: &Token<'_>) -> Result<OffsetDateTime, Error> {
        let missing = || Error::Claim { claim: "exp".into(), problem: "is missing" };
        token.claims.time("exp")?.ok_or_else(missing)
    }

    fn verified(&self, token: &Token<'_>) -> Result<Verified, Error> {
        Ok(Verified {
            issuer: self.config.issuer.clone(),
            subject: token.claims.subject(&self.config.subject_claim)?,
            tenant: token.claims.tenant(&self.config.tenant_claim)?,
            expires: self.expires(token)?,
        })
    }
}

#[cfg(test)]
mod tests;
