//! Secrets of one sign-in between redirect and callback. All three derive from one seed, so that a
//! browser stores little.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use openidconnect::url::Url;
use sha2::Sha256;

/// Seed of a sign-in. Its holder can complete the sign-in, so it has neither `Debug` nor `Display`.
#[derive(Clone)]
pub struct Seed([u8; 32]);

impl Seed {
    pub fn new(bytes: [u8; 32]) -> Self {
        Seed(bytes)
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// State parameter, returned by the browser; it reveals nothing about the other two.
    pub fn state(&self) -> String {
        self.derive(b"state")
    }

    pub(super) fn nonce(&self) -> String {
        self.derive(b"nonce")
    }

    /// PKCE verifier; only its hash is sent before the code arrives.
    pub(super) fn verifier(&self) -> String {
        self.derive(b"verifier")
    }

    fn derive(&self, label: &[u8]) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        URL_SAFE_NO_PAD.encode(mac.chain_update(label).finalize().into_bytes())
    }
}

/// A started sign-in and the address for the browser.
pub struct Attempt {
    pub address: Url,
    pub seed: Seed,
}
