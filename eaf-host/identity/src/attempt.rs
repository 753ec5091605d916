//! Secrets of one sign-in between redirect and callback: state, nonce and PKCE verifier. All three
//! derive from one seed, so that a browser stores little.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use openidconnect::url::Url;
use sha2::Sha256;

/// Seed of a sign-in's secrets. A holder of the seed can complete the sign-in, so the type has
/// neither `Debug` nor `Display`.
#[derive(Clone)]
pub struct Seed([u8; 32]);

impl Seed {
    pub fn new(bytes: [u8; 32]) -> Self {
        Seed(bytes)
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// State parameter of OAuth, which the browser returns at the callback. It reveals nothing
    /// about nonce and PKCE verifier.
    pub fn state(&self) -> String {
        self.derive(b"state")
    }

    pub(super) fn nonce(&self) -> String {
        self.derive(b"nonce")
    }

    /// PKCE verifier; only the verifier's hash is sent before the code arrives.
    pub(super) fn verifier(&self) -> String {
        self.derive(b"verifier")
    }

    fn derive(&self, label: &[u8]) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        URL_SAFE_NO_PAD.encode(mac.chain_update(label).finalize().into_bytes())
    }
}

/// A started sign-in: the provider's address, to which the browser goes, and the seed for the
/// callback.
pub struct Attempt {
    pub address: Url,
    pub seed: Seed,
}
