//! Who is calling: verifies bearer tokens of the one configured OpenID Connect issuer, and signs people in there.
//!
//! Nothing here knows which product the issuer is. A token names a person (issuer and subject) and, in `eaf_tenant`,
//! the tenant's slug; whether that person is a member there is decided by the directory, never by the token.

mod fetch;
mod keys;
pub mod sign_in;
#[cfg(test)]
pub mod testing;

pub use keys::{Announced, Metadata};

use eaf_core::clock::World;
use keys::KeyStore;
use openidconnect::core::{CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm};
use openidconnect::{AdditionalClaims, ClaimsVerificationError, ClientSecret, IdToken, IdTokenClaims, Nonce};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;
use time::{Duration, OffsetDateTime};

/// Clocks of two machines differ by less than this.
const LEEWAY: Duration = Duration::seconds(30);
/// A longer token is nobody's; stops work before it begins.
const LONGEST_TOKEN: usize = 16 * 1024;

/// Why a token is not accepted. The texts are for the log; callers learn the variant only.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the token is not a signed JWT with the agreed claims")]
    Malformed,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token was issued by someone else")]
    Issuer,
    #[error("the token is meant for someone else")]
    Audience,
    #[error("the token's signature or algorithm is not acceptable")]
    Signature,
    #[error("the issuer's keys are not available")]
    Keys(#[source] keys::Error),
    #[error("the issuer's address is not a URL")]
    IssuerAddress(#[source] openidconnect::url::ParseError),
    #[error("the public address is not a URL")]
    PublicAddress(#[source] openidconnect::url::ParseError),
    #[error("the client for the issuer could not be made")]
    Client(#[source] fetch::Error),
}

/// What tokens must say, and as whom the host signs people in.
#[derive(Clone)]
pub struct Config {
    pub issuer: String,
    pub audience: String,
    pub client_id: String,
    pub client_secret: ClientSecret,
    /// Without a slash at the end.
    pub public_url: String,
}

/// The claims beside the standard ones.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Claims {
    /// Slug of the tenant that the person works in; none for platform operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eaf_tenant: Option<String>,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<f64>,
}

impl AdditionalClaims for Claims {}

pub type Token = IdToken<Claims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// A token that was verified. The subject is personal data: never to a log.
#[derive(Clone)]
pub struct Verified {
    pub issuer: String,
    pub subject: String,
    pub tenant: Option<String>,
    pub expires: OffsetDateTime,
}

pub struct Identity {
    keys: Arc<KeyStore>,
    client: sign_in::Client,
    world: World,
}

impl Identity {
    /// Does not yet speak to the issuer: that happens with the first token, so that start-up does not depend on it.
    pub fn new(config: &Config, world: World) -> Result<Self, Error> {
        let http = fetch::Client::new().map_err(Error::Client)?;
        let keys = Arc::new(KeyStore::new(config, LEEWAY, world.clone(), http.clone())?);
        Ok(Identity { keys, client: sign_in::Client::new(config, http)?, world })
    }

    pub async fn verify(&self, token: &str) -> Result<Verified, Error> {
        if token.len() > LONGEST_TOKEN {
            return Err(Error::Malformed);
        }
        let kid = named_key(token)?;
        let token = Token::from_str(token).map_err(|_| Error::Malformed)?;
        let keys = self.keys.for_key(kid.as_deref()).await.map_err(Error::Keys)?;
        // Nonces belong to sign-in; a bearer token has none to compare.
        let claims = token.claims(&keys.bearer, |_: Option<&Nonce>| Ok(())).map_err(refusal)?;
        self.verified(claims)
    }

    fn verified(&self, claims: &IdTokenClaims<Claims, CoreGenderClaim>) -> Result<Verified, Error> {
        let now = self.world.now();
        if claims.additional_claims().nbf.is_some_and(|nbf| nbf > (now + LEEWAY).unix_timestamp() as f64) {
            return Err(Error::NotYetValid);
        }
        Ok(Verified {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            tenant: claims.additional_claims().eaf_tenant.clone(),
            expires: OffsetDateTime::from(SystemTime::from(claims.expiration())),
        })
    }
}

/// The key id in the header; only chooses which keys to have at hand, never whether to trust.
fn named_key(token: &str) -> Result<Option<String>, Error> {
    use base64::Engine;
    #[derive(Deserialize)]
    struct Header {
        kid: Option<String>,
    }
    let header = token.split('.').next().unwrap_or_default();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).map_err(|_| Error::Malformed)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| Error::Malformed)?;
    Ok(header.kid)
}

fn refusal(cause: ClaimsVerificationError) -> Error {
    match cause {
        ClaimsVerificationError::Expired(_) => Error::Expired,
        ClaimsVerificationError::InvalidIssuer(_) => Error::Issuer,
        ClaimsVerificationError::InvalidAudience(_) => Error::Audience,
        ClaimsVerificationError::SignatureVerification(_) => Error::Signature,
        _ => Error::Malformed,
    }
}

#[cfg(test)]
mod tests;
