//! AES-256-GCM with a random nonce.
//!
//! Format of a sealed value: `1`, nonce (12 bytes), ciphertext, tag (16 bytes).

use super::Error;
use crate::clock::Ambient;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use zeroize::Zeroizing;

pub(super) type DataKey = Zeroizing<[u8; 32]>;

const FORMAT: u8 = 1;
const NONCE: usize = 12;

pub(super) fn seal(ambient: &Ambient, key: &DataKey, aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce = ambient.bytes::<NONCE>();
    let payload = Payload { msg: plain, aad };
    let sealed =
        cipher(key).encrypt(&Nonce::from(nonce), payload).expect("AES-GCM refuses only plaintexts of 64 GiB and more");
    [&[FORMAT], nonce.as_slice(), &sealed].concat()
}

pub(super) fn open(key: &DataKey, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let (format, rest) = sealed.split_first().ok_or(Error::Malformed)?;
    let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or(Error::Malformed)?;
    if *format != FORMAT {
        return Err(Error::Malformed);
    }
    cipher(key).decrypt(&Nonce::from(*nonce), Payload { msg: body, aad }).map_err(|_| Error::Tampered)
}

fn cipher(key: &DataKey) -> Aes256Gcm {
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(**key))
}
