//! A signed JWT: parsing, and verification of the signature with the issuer's keys. [`Claims`]
//! reads the contents.
//!
//! The cryptography is that of the `openidconnect` crate. Its type for ID tokens is not used,
//! because it rejects tokens for the shape of unused claims.

use super::Error;
use super::claims::Claims;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::JsonWebKey;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm as Algorithm};
use serde_json::{Map, Value};

/// Maximum length of a token, in bytes, checked before any work.
const MAX_LENGTH: usize = 16 * 1024;
/// Maximum number of keys that are tried for a token without a key id.
const MAX_KEYS: usize = 16;

/// Accepted algorithms, all of them asymmetric; `none` and the HMAC family are rejected like all
/// others.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::EdDsa,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
];

/// A parsed token. It is personal data and gives access to the API, so the type has no `Debug`.
pub struct Token<'a> {
    /// Key id in the token's header, which chooses the keys to try and proves nothing. `None`: the
    /// header lacks it.
    pub kid: Option<String>,
    /// Type in the token's header, in lower case and without the prefix `application/`. `None`: the
    /// header lacks it.
    pub kind: Option<String>,
    pub algorithm: Algorithm,
    pub claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        if text.len() > MAX_LENGTH {
            return Err(Error::Malformed("is longer than 16 KiB"));
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err(if parts.len() == 5 { Error::Encrypted } else { Error::Malformed("has not three parts") });
        };
        let signed = &text[..header.len() + 1 + claims.len()];
        let header = object(header)?;
        // `crit` and `cty` would change the meaning of the rest, and the host supports neither.
        if header.contains_key("crit") || header.contains_key("cty") {
            return Err(Error::Malformed("has a header that is not understood"));
        }
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        let kind = text("typ").map(str::to_ascii_lowercase);
        Ok(Token {
            kid: text("kid").map(str::to_owned),
            kind: kind.map(|kind| kind.strip_prefix("application/").unwrap_or(&kind).to_owned()),
            algorithm: algorithm(text("alg").unwrap_or("none"))?,
            claims: Claims::new(object(claims)?),
            signed,
            signature: decode(signature)?,
        })
    }

    /// Finds the key that signed the token.
    pub fn signed_by<'k>(&self, keys: &'k [CoreJsonWebKey]) -> Result<&'k CoreJsonWebKey, Error> {
        let named = |key: &&CoreJsonWebKey| match (&self.kid, key.key_id()) {
            (Some(kid), Some(id)) => **id == *kid,
            (Some(_), None) => false,
            (None, _) => true,
        };
        let signs = |key: &&CoreJsonWebKey| {
            key.verify_signature(&self.algorithm, self.signed.as_bytes(), &self.signature).is_ok()
        };
        keys.iter().filter(named).take(MAX_KEYS).find(signs).ok_or(Error::Signature)
    }
}

fn algorithm(name: &str) -> Result<Algorithm, Error> {
    let known = serde_json::from_value(Value::String(name.into())).ok().filter(|known| ALGORITHMS.contains(known));
    known.ok_or_else(|| {
        Error::Algorithm(name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(16).collect())
    })
}

fn object(part: &str) -> Result<Map<String, Value>, Error> {
    serde_json::from_slice(&decode(part)?).map_err(|_| Error::Malformed("does not hold JSON objects"))
}

fn decode(part: &str) -> Result<Vec<u8>, Error> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Error::Malformed("is not in base64url"))
}
