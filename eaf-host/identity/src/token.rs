//! A signed JWT: taken apart, and its signature compared with the issuer's keys. What it says is a
//! matter of [`Claims`].
//!
//! The cryptography is the `openidconnect` crate's. Its own type for ID tokens is not used, because
//! it refuses a token for the shape of claims that nobody here reads.

use super::Error;
use super::claims::Claims;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::JsonWebKey;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm as Algorithm};
use serde_json::{Map, Value};

/// A longer token is nobody's; stops work before it begins.
const LONGEST: usize = 16 * 1024;
/// Of keys that are tried for a token that names none.
const MOST_KEYS: usize = 16;

/// Asymmetric only. `none` and the HMAC family are not in the list, and nothing else is accepted.
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

/// Personal data, and a key to the API: it has no `Debug`.
pub struct Token<'a> {
    /// Only chooses which keys to try, never whether to trust.
    pub kid: Option<String>,
    /// Lower case, without `application/` in front.
    pub kind: Option<String>,
    pub algorithm: Algorithm,
    pub claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        if text.len() > LONGEST {
            return Err(Error::Malformed("is longer than 16 KiB"));
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err(if parts.len() == 5 { Error::Encrypted } else { Error::Malformed("has not three parts") });
        };
        let signed = &text[..header.len() + 1 + claims.len()];
        let header = object(header)?;
        // Either would change what the rest means, and none of it is known here.
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

    /// The key that signed it.
    pub fn signed_by<'k>(&self, keys: &'k [CoreJsonWebKey]) -> Result<&'k CoreJsonWebKey, Error> {
        let named = |key: &&CoreJsonWebKey| match (&self.kid, key.key_id()) {
            (Some(kid), Some(id)) => **id == *kid,
            (Some(_), None) => false,
            (None, _) => true,
        };
        let signs = |key: &&CoreJsonWebKey| {
            key.verify_signature(&self.algorithm, self.signed.as_bytes(), &self.signature).is_ok()
        };
        keys.iter().filter(named).take(MOST_KEYS).find(signs).ok_or(Error::Signature)
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
