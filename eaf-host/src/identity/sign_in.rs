//! Signing people in: authorization code with PKCE, the host as confidential client.
//!
//! Tokens are verified here and dropped: what leaves is who somebody is. Which provider it is follows from discovery alone.

use super::{Claims, Config, Identity, Token, Verified, fetch, keys, named_key};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::url::Url;
use openidconnect::{
    AccessTokenHash, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, RedirectUrl, RequestTokenError, Scope,
    StandardErrorResponse, StandardTokenResponse,
};

/// Where the provider sends people back to; below the public address.
pub const CALLBACK: &str = "/auth/callback";

/// Why somebody was not signed in. The texts are for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the identity provider cannot be asked")]
    Provider(#[source] keys::Error),
    #[error("the identity provider does not answer at its token endpoint")]
    Unreachable(#[source] fetch::Error),
    #[error("the identity provider names no token endpoint")]
    NoTokenEndpoint,
    #[error("the answer that the browser brought is not from the configured issuer")]
    OtherIssuer,
    #[error("the identity provider refused the code: {0}")]
    Code(String),
    #[error("the identity provider's answer to the code is not one: {0}")]
    Answer(String),
    #[error("the identity provider gave no ID token")]
    NoIdToken,
    #[error("the ID token was made for another sign-in")]
    Nonce,
    #[error("the ID token belongs to another access token or client")]
    Foreign,
    #[error("the ID token is not acceptable")]
    IdToken(#[source] super::Error),
}

impl Error {
    /// Nobody's mistake, and over in a while.
    pub fn is_outage(&self) -> bool {
        matches!(self, Error::Provider(_) | Error::Unreachable(_))
    }
}

/// One sign-in that has begun. All but the address must be remembered, and state, nonce and verifier are secret.
pub struct Attempt {
    pub address: Url,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

pub(super) struct Client {
    id: ClientId,
    secret: ClientSecret,
    callback: RedirectUrl,
    after_sign_out: PostLogoutRedirectUrl,
    http: fetch::Client,
}

type Answer = StandardTokenResponse<
    IdTokenFields<
        Claims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type OidcClient = openidconnect::Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Answer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Client {
    pub(super) fn new(config: &Config, http: fetch::Client) -> Result<Self, super::Error> {
        let below = |path: &str| format!("{}{path}", config.public_url);
        Ok(Client {
            id: ClientId::new(config.client_id.clone()),
            secret: config.client_secret.clone(),
            callback: RedirectUrl::new(below(CALLBACK)).map_err(super::Error::PublicAddress)?,
            after_sign_out: PostLogoutRedirectUrl::new(below("/")).map_err(super::Error::PublicAddress)?,
            http,
        })
    }

    fn at(&self, metadata: keys::Metadata) -> OidcClient {
        // Basic is what every provider must offer unless it says otherwise.
        let offered = metadata.token_endpoint_auth_methods_supported().cloned().unwrap_or_default();
        let in_body = offered.contains(&CoreClientAuthMethod::ClientSecretPost)
            && !offered.contains(&CoreClientAuthMethod::ClientSecretBasic);
        OidcClient::from_provider_metadata(metadata, self.id.clone(), Some(self.secret.clone()))
            .set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
            .set_redirect_uri(self.callback.clone())
    }
}

impl Identity {
    /// Begins a sign-in; the browser goes to the attempt's address.
    pub async fn begin(&self) -> Result<Attempt, Error> {
        let published = self.keys.for_key(None).await.map_err(Error::Provider)?;
        let verifier = PkceCodeVerifier::new(self.random());
        let (state, nonce) = (self.random(), self.random());
        let (address, state, nonce) = self
            .client
            .at(published.metadata.clone())
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || CsrfToken::new(state), || Nonce::new(nonce))
            .add_scope(Scope::new("profile".into()))
            .add_scope(Scope::new("email".into()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(Attempt {
            address,
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        })
    }

    /// Whether what the browser brought back is this issuer's: `iss` is RFC 9207's parameter.
    pub async fn answers_by(&self, iss: Option<&str>) -> Result<(), Error> {
        let announced = async {
            let published = self.keys.for_key(None).await.map_err(Error::Provider)?;
            Ok(published
                .metadata
                .additional_metadata()
                .additional_metadata
                .authorization_response_iss_parameter_supported)
        };
        match iss {
            Some(iss) if iss == self.keys.issuer().as_str() => Ok(()),
            None if !announced.await? => Ok(()),
            _ => Err(Error::OtherIssuer),
        }
    }

    /// Turns the code into who somebody is.
    pub async fn complete(&self, code: String, nonce: String, verifier: String) -> Result<Verified, Error> {
        let published = self.keys.for_key(None).await.map_err(Error::Provider)?;
        let client = self.client.at(published.metadata.clone());
        let exchange = client.exchange_code(AuthorizationCode::new(code)).map_err(|_| Error::NoTokenEndpoint)?;
        let answer = exchange.set_pkce_verifier(PkceCodeVerifier::new(verifier)).request_async(&self.client.http).await;
        let answer = answer.map_err(refusal)?;
        let id_token = answer.extra_fields().id_token().ok_or(Error::NoIdToken)?;
        self.accept(id_token, &answer, &Nonce::new(nonce)).await
    }

    async fn accept(&self, id_token: &Token, answer: &Answer, nonce: &Nonce) -> Result<Verified, Error> {
        let kid = named_key(&id_token.to_string()).map_err(Error::IdToken)?;
        let published = self.keys.for_key(kid.as_deref()).await.map_err(Error::Provider)?;
        let claims = id_token.claims(&published.id_token, nonce).map_err(|cause| match cause {
            openidconnect::ClaimsVerificationError::InvalidNonce(_) => Error::Nonce,
            cause => Error::IdToken(super::refusal(cause)),
        })?;
        if claims.authorized_party().is_some_and(|party| *party != self.client.id) {
            return Err(Error::Foreign);
        }
        if let Some(expected) = claims.access_token_hash() {
            let signature = |_| Error::IdToken(super::Error::Signature);
            let key = id_token.signing_key(&published.id_token).map_err(signature)?;
            let algorithm = id_token.signing_alg().map_err(signature)?;
            let found = AccessTokenHash::from_token(answer.access_token(), algorithm, key);
            if found.ok().as_ref() != Some(expected) {
                return Err(Error::Foreign);
            }
        }
        self.verified(claims).map_err(Error::IdToken)
    }

    /// Where the provider ends its own session, if it offers that. No ID token goes along as a hint: it would stand in an
    /// address, and addresses end in logs.
    pub async fn sign_out_address(&self) -> Result<Option<Url>, Error> {
        let published = self.keys.for_key(None).await.map_err(Error::Provider)?;
        let endpoint = published.metadata.additional_metadata().end_session_endpoint.clone();
        Ok(endpoint.map(|endpoint| {
            LogoutRequest::from(endpoint)
                .set_client_id(self.client.id.clone())
                .set_post_logout_redirect_uri(self.client.after_sign_out.clone())
                .http_get_url()
        }))
    }

    fn random(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.world.bytes::<32>())
    }
}

/// Of the provider's answer only what is surely no secret and no person's.
fn refusal(cause: RequestTokenError<fetch::Error, StandardErrorResponse<CoreErrorResponseType>>) -> Error {
    match cause {
        RequestTokenError::ServerResponse(answer) => Error::Code(answer.error().to_string()),
        RequestTokenError::Request(cause) => Error::Unreachable(cause),
        RequestTokenError::Parse(cause, _) => Error::Answer(format!("not the expected JSON at {}", cause.path())),
        RequestTokenError::Other(_) => Error::Answer("no JSON".into()),
    }
}
