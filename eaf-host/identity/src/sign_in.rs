//! Sign-in of people: authorization code with PKCE, the host as confidential client.
//!
//! Tokens are verified here. The result is the verified person, and the ID token for sign-out. The
//! provider's endpoints are found by discovery alone.

pub use super::attempt::{Attempt, Seed};
pub use super::provider_error::{Meaning, ProviderError};

use super::discovery::Document;
use super::token::Token;
use super::token_answer::{Answer, Refusal};
use super::{Config, Identity, Profile, Verified, fetch, keys};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreGenderClaim, CoreJsonWebKey, CoreJsonWebKeySet,
    CoreJweContentEncryptionAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
};
use openidconnect::url::Url;
use openidconnect::{
    AccessTokenHash, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EmptyAdditionalClaims,
    EndpointNotSet, EndpointSet, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl,
    RedirectUrl, RequestTokenError, Scope, TokenUrl,
};
use std::sync::{Arc, PoisonError, RwLock};

/// Path of the sign-in's callback below the host's public address.
pub const CALLBACK: &str = "/auth/callback";

/// Reason why a sign-in failed. Texts are for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the identity provider is not available")]
    Provider(#[source] Arc<keys::Error>),
    #[error("the identity provider sent the browser back with {}: {}", .0.error, .0.description)]
    SentBack(ProviderError),
    #[error("the identity provider sent the browser back with neither a code nor an error")]
    NoCode,
    #[error("the answer that the browser brought names another issuer than {expected}, or none")]
    OtherIssuer { expected: String },
    #[error("the token endpoint gave no answer that is one")]
    Endpoint(#[source] fetch::Error),
    #[error("the token endpoint refused with {}: {}", .0.error, .0.description)]
    Refused(ProviderError),
    #[error("the token endpoint's answer is not one: {0}")]
    Answer(String),
    #[error("the identity provider gave no ID token: is the scope openid allowed for this client?")]
    NoIdToken,
    #[error("the ID token was made for another sign-in")]
    Nonce,
    #[error("the ID token belongs to another access token or client")]
    Foreign,
    #[error("the ID token is not acceptable")]
    IdToken(#[source] super::Error),
}

impl Error {
    /// Meaning of the error: what must change before a sign-in succeeds.
    pub fn meaning(&self) -> Meaning {
        let outage_or_not = |is_outage| if is_outage { Meaning::Outage } else { Meaning::Configuration };
        match self {
            Error::Provider(cause) => outage_or_not(cause.is_outage()),
            Error::Endpoint(cause) => outage_or_not(cause.is_outage()),
            Error::SentBack(error) | Error::Refused(error) => error.meaning(),
            // These errors come from the token endpoint's own answer, so they affect everyone.
            Error::NoIdToken
            | Error::IdToken(
                super::Error::Issuer { .. }
                | super::Error::Audience { .. }
                | super::Error::Algorithm(_)
                | super::Error::Encrypted,
            ) => Meaning::Configuration,
            Error::NoCode
            | Error::OtherIssuer { .. }
            | Error::Answer(_)
            | Error::Nonce
            | Error::Foreign
            | Error::IdToken(_) => Meaning::Attempt,
        }
    }
}

/// Result of a successful sign-in.
pub struct SignedIn {
    pub who: Verified,
    pub profile: Profile,
    /// ID token for the sign-out at the provider, never logged. `None`: `sign_out_hint` is off, or
    /// the provider has no sign-out.
    pub hint: Option<String>,
}

pub(super) struct Client {
    id: ClientId,
    secret: RwLock<ClientSecret>,
    issuer: IssuerUrl,
    callback: RedirectUrl,
    pub(super) after_sign_out: PostLogoutRedirectUrl,
    http: fetch::Client,
}

type OidcClient<AuthUrl = EndpointSet, TokenUrl = EndpointSet> = openidconnect::Client<
    EmptyAdditionalClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    Refusal,
    Answer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    AuthUrl,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    TokenUrl,
    EndpointNotSet,
>;

impl Client {
    pub(super) fn new(config: &Config, http: fetch::Client) -> Result<Self, super::Error> {
        let below = |path: &str| format!("{}{path}", config.public_url);
        Ok(Client {
            id: ClientId::new(config.client_id.clone()),
            secret: RwLock::new(config.client_secret.clone()),
            issuer: IssuerUrl::new(config.issuer.clone()).map_err(super::Error::IssuerAddress)?,
            callback: RedirectUrl::new(below(CALLBACK)).map_err(super::Error::PublicAddress)?,
            after_sign_out: PostLogoutRedirectUrl::new(below("/")).map_err(super::Error::PublicAddress)?,
            http,
        })
    }

    pub(super) fn replace_secret(&self, secret: ClientSecret) {
        *self.secret.write().unwrap_or_else(PoisonError::into_inner) = secret;
    }

    /// Creates the client of the `openidconnect` crate, without keys, because [`Token`] verifies
    /// signatures.
    fn at(&self, document: &Document) -> OidcClient {
        let authentication = if document.secret_in_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        OidcClient::<EndpointNotSet, EndpointNotSet>::new(
            self.id.clone(),
            self.issuer.clone(),
            CoreJsonWebKeySet::default(),
        )
        .set_client_secret(self.secret.read().unwrap_or_else(PoisonError::into_inner).clone())
        .set_auth_type(authentication)
        .set_auth_uri(AuthUrl::from_url(document.authorization_endpoint.clone()))
        .set_token_uri(TokenUrl::from_url(document.token_endpoint.clone()))
        .set_redirect_uri(self.callback.clone())
    }
}

impl Identity {
    /// Starts a sign-in; the browser then goes to the address in the attempt.
    pub async fn begin(&self) -> Result<Attempt, Error> {
        let published = self.keys.for_key(None).await.map_err(Error::Provider)?;
        let seed = Seed::new(self.ambient.bytes());
        let (state, nonce) = (seed.state(), seed.nonce());
        let verifier = PkceCodeVerifier::new(seed.verifier());
        let (address, ..) = self
            .client
            .at(&published.document)
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || CsrfToken::new(state), || Nonce::new(nonce))
            .add_scope(Scope::new("profile".into()))
            .add_scope(Scope::new("email".into()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(Attempt { address, seed })
    }

    /// Checks that a callback comes from the configured issuer. `iss` is the parameter of RFC 9207;
    /// `None`: the callback lacks it.
    pub async fn answers_by(&self, iss: Option<&str>) -> Result<(), Error> {
        let announced = async {
            let published = self.keys.for_key(None).await.map_err(Error::Provider)?;
            Ok(published.document.answers_name_issuer)
        };
        match iss {
            Some(iss) if iss == self.keys.issuer() => Ok(()),
            None if !announced.await? => Ok(()),
            _ => Err(Error::OtherIssuer { expected: self.config.issuer.clone() }),
        }
    }

    /// Exchanges the authorization code for tokens, and verifies the ID token, which names the
    /// person.
    pub async fn complete(&self, code: String, seed: &Seed) -> Result<SignedIn, Error> {
        let published = self.keys.for_key(None).await.map_err(Error::Provider)?;
        let client = self.client.at(&published.document);
        let exchange = client.exchange_code(AuthorizationCode::new(code));
        let exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(seed.verifier()));
        let answer = exchange.request_async(&self.client.http).await.map_err(refusal)?;
        let id_token = answer.id_token.as_deref().ok_or(Error::NoIdToken)?;
        let (who, profile) = self.accept(id_token, &answer, &seed.nonce()).await?;
        let wanted = self.config.sign_out_hint && published.document.end_session_endpoint.is_some();
        Ok(SignedIn { who, profile, hint: wanted.then(|| id_token.to_owned()) })
    }

    async fn accept(&self, id_token: &str, answer: &Answer, nonce: &str) -> Result<(Verified, Profile), Error> {
        let token = Token::parse(id_token).map_err(Error::IdToken)?;
        let published = self.keys.for_key(token.kid.as_deref()).await.map_err(Error::Provider)?;
        if !matches!(token.kind.as_deref(), None | Some("jwt" | "jose")) {
            return Err(Error::IdToken(super::Error::Malformed("has another type than ID tokens have")));
        }
        let client = self.config.client_id.as_str();
        let party = token.claims.text("azp");
        // Some providers name all applications of a project as audience; `azp` then proves that the
        // token was made for the client.
        let others_may_be = |other: &&str| *other == self.config.audience || party == Some(client);
        let fits = |audiences: &[&str]| {
            let (ours, others): (Vec<&str>, Vec<&str>) = audiences.iter().partition(|audience| **audience == client);
            !ours.is_empty() && others.iter().all(others_may_be)
        };
        let key = self.check(&token, &published, client, fits).map_err(Error::IdToken)?;
        if token.claims.text("nonce") != Some(nonce) {
            return Err(Error::Nonce);
        }
        if token.claims.has("azp") && party != Some(client) {
            return Err(Error::Foreign);
        }
        if token.claims.has("at_hash") {
            let hash = AccessTokenHash::from_token(&answer.access_token, &token.algorithm, key);
            if hash.ok().as_ref().map(|hash| hash.as_str()) != token.claims.text("at_hash") {
                return Err(Error::Foreign);
            }
        }
        Ok((self.verified(&token).map_err(Error::IdToken)?, token.claims.profile()))
    }

    /// Address of the provider's sign-out, without the ID token, so that the address may be logged.
    /// `None`: the provider has no sign-out.
    pub async fn sign_out_address(&self) -> Result<Option<Url>, Error> {
        let form = self.sign_out_form(None).await?;
        Ok(form.map(|mut form| {
            form.address.query_pairs_mut().extend_pairs(&form.members);
            form.address
        }))
    }

    /// Form that a browser posts to end the provider's session; `hint` is the ID token. `None`: the
    /// provider has no sign-out.
    pub async fn sign_out_form(&self, hint: Option<String>) -> Result<Option<SignOutForm>, Error> {
        let published = self.keys.for_key(None).await.map_err(Error::Provider)?;
        let Some(address) = published.document.end_session_endpoint.clone() else { return Ok(None) };
        let back = self.client.after_sign_out.to_string();
        let hint = hint.map(|hint| ("id_token_hint", hint));
        let members = [("client_id", self.config.client_id.clone()), ("post_logout_redirect_uri", back)];
        Ok(Some(SignOutForm { address, members: hint.into_iter().chain(members).collect() }))
    }
}

/// Address and fields of a form for OpenID Connect RP-Initiated Logout.
pub struct SignOutForm {
    pub address: Url,
    pub members: Vec<(&'static str, String)>,
}

fn refusal(cause: RequestTokenError<fetch::Error, Refusal>) -> Error {
    match cause {
        RequestTokenError::ServerResponse(refusal) => Error::Refused(refusal.provider_error()),
        RequestTokenError::Request(cause) => Error::Endpoint(cause),
        // The text of the library's error may contain parts of the answer.
        RequestTokenError::Parse(cause, _) => Error::Answer(format!("not the expected JSON at {}", cause.path())),
        RequestTokenError::Other(_) => Error::Answer("no tokens in it".into()),
    }
}
