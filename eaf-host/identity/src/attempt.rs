//! What one sign-in needs between the way there and the way back. All three secrets follow from one
//! seed, so that what a browser has to keep stays small.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use openidconnect::url::Url;
use sha2::Sha256;

/// Who knows it can finish the sign-in, so it has neither `Debug` nor `Display`.
#[derive(Clone)]
pub struct Seed([u8; 32]);

impl Seed {
    pub fn new(bytes: [u8; 32]) -> Self {
        Seed(bytes)
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Goes to the provider and comes back by the browser; tells nothing about the other two.
    pub fn state(&self) -> String {
        self.derive(b"state")
    }

    pub(super) fn nonce(&self) -> String {
        self.derive(b"nonce")
    }

    /// Of PKCE; only its hash leaves before the code comes.
    pub(super) fn verifier(&self) -> String {
        self.derive(b"verifier")
    }

    fn derive(&self, label: &[u8]) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        URL_SAFE_NO_PAD.encode(mac.chain_update(label).finalize().into_bytes())
    }
}

/// One sign-in that has begun; the browser goes to the address.
pub struct Attempt {
    pub address: Url,
    pub seed: Seed,
}
