//! The key under which all other keys are encrypted.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub const SECTION: Section = Section {
    title: "Master key",
    about: "Encrypts every person's and every tenant's key. Lose it, and personal data and credentials are lost with it. \
            `head -c 32 /dev/urandom | base64` makes one.",
    keys: &[KEY],
};

const KEY: Key = Key {
    name: "crypto.master_key",
    variable: "EAF_MASTER_KEY",
    default: Default::Required,
    kind: Kind::Secret,
    about: "32 bytes in base64.",
};

/// Has no `Debug`, so that it cannot be printed by mistake.
pub struct MasterKey([u8; 32]);

impl MasterKey {
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        MasterKey(bytes)
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

pub fn read(values: &mut Values) -> Option<MasterKey> {
    let text = values.text(&KEY)?;
    let bytes = STANDARD.decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if bytes.is_none() {
        values.refuse(&KEY, "32 bytes in base64");
    }
    bytes.map(MasterKey)
}
