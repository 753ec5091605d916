//! Distinction of access tokens from ID tokens. An ID token proves a sign-in to a client; it passes
//! through browsers and logs of other programs, and must not give access to the API.
//!
//! RFC 9068 gives access tokens the type `at+jwt`. Tokens of other providers have distinguishing
//! claims: Keycloak's `typ`, Cognito's `token_use`, and nearly everywhere `scope`, `scp` or
//! `client_id`, which no ID token has.

use super::Error;
use super::token::Token;

/// Names of claims that mark an ID token. Older Keycloaks add `nonce` to access tokens too, but
/// type these tokens `Bearer`.
const OF_ID_TOKENS: [&str; 4] = ["nonce", "at_hash", "c_hash", "s_hash"];
const OF_ACCESS_TOKENS: [&str; 5] = ["scope", "scp", "client_id", "cid", "appid"];

/// Whether a token's audience distinguishes access tokens from ID tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    OfTheApi,
    /// The audience includes the client id, as in every ID token, so the audience does not prove
    /// that the token is an access token.
    SharedWithTheClient,
}

pub fn check(token: &Token<'_>, audience: Audience) -> Result<(), Error> {
    let claims = &token.claims;
    match token.kind.as_deref() {
        Some("at+jwt") => return Ok(()),
        None | Some("jwt" | "jose") => {}
        Some(_) => return Err(Error::NotForAccess("its header says that it is something else")),
    }
    match claims.text("typ").or_else(|| claims.text("token_use")).map(str::to_ascii_lowercase).as_deref() {
        Some("bearer" | "access" | "dpop") => return Ok(()),
        Some("id" | "refresh" | "offline" | "logout") => return Err(Error::NotForAccess("it says so itself")),
        _ => {}
    }
    // A token with this claim is a logout token (OpenID Connect Back-Channel Logout).
    if claims.has("events") {
        return Err(Error::NotForAccess("it tells of an event"));
    }
    if OF_ID_TOKENS.iter().any(|name| claims.has(name)) {
        return Err(Error::NotForAccess("it is an ID token"));
    }
    let shared = audience == Audience::SharedWithTheClient;
    if shared && !OF_ACCESS_TOKENS.iter().any(|name| claims.has(name)) {
        return Err(Error::NotForAccess(
            "nothing in it says that it is one, and the client is in its audience, so it may be an ID token",
        ));
    }
    Ok(())
}
