//! Answer of the token endpoint, of which only the two tokens are read. Lifetimes as texts, scopes
//! as lists and unknown members are ignored.

use super::provider_error::ProviderError;
use openidconnect::core::{
    CoreGenderClaim, CoreIdToken, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreTokenType,
};
use openidconnect::{
    AccessToken, EmptyAdditionalClaims, ErrorResponse, OAuth2TokenResponse, RefreshToken, Scope, TokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Tokens in an answer of the token endpoint. Both are secrets.
#[derive(Serialize, Deserialize)]
pub struct Answer {
    pub access_token: AccessToken,
    #[serde(default)]
    pub id_token: Option<String>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}

impl OAuth2TokenResponse for Answer {
    type TokenType = CoreTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }
    fn token_type(&self) -> &CoreTokenType {
        &CoreTokenType::Bearer
    }
    fn expires_in(&self) -> Option<std::time::Duration> {
        None
    }
    fn refresh_token(&self) -> Option<&RefreshToken> {
        None
    }
    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

impl TokenResponse<EmptyAdditionalClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>
    for Answer
{
    /// Returns `None`, because the library's type rejects unusual claims; [`super::token::Token`]
    /// reads the text.
    fn id_token(&self) -> Option<&CoreIdToken> {
        None
    }
}

/// Error answer of the token endpoint (RFC 6749, section 5.2).
#[derive(Debug, Serialize, Deserialize)]
pub struct Refusal {
    error: String,
    #[serde(default)]
    error_description: Value,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.provider_error().error)
    }
}

impl ErrorResponse for Refusal {}

impl Refusal {
    pub fn provider_error(&self) -> ProviderError {
        ProviderError::of(&self.error, self.error_description.as_str().unwrap_or_default())
    }
}
