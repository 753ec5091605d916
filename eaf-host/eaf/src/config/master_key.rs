//! Settings of the master key, which encrypts all other keys.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub const SECTION: Section = Section {
    title: "Master key",
    about: "Encrypts every person's and every tenant's key. Without it, personal data and credentials are lost. \
            `head -c 32 /dev/urandom | base64` generates one.",
    keys: &[KEY, PREVIOUS],
};

const KEY: Key = Key {
    name: "crypto.master_key",
    variable: "EAF_MASTER_KEY",
    default: Default::Required,
    kind: Kind::Secret,
    about: "32 bytes in base64.",
};

const PREVIOUS: Key = Key {
    name: "crypto.master_key_previous",
    variable: "EAF_MASTER_KEY_PREVIOUS",
    default: Default::Absent,
    kind: Kind::Secret,
    about: "The previous key during a rotation: `deploy/runbooks/master-key.md`.",
};

/// Master key of the host, without `Debug`, so that it cannot be printed by mistake.
pub struct MasterKey([u8; 32]);

impl MasterKey {
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        MasterKey(bytes)
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Reads the master key and, during a rotation, the previous master key. `None`: the master key is
/// missing or invalid, which is added to the problems.
pub fn read(values: &mut Values) -> Option<(MasterKey, Option<MasterKey>)> {
    let key = one(values, &KEY);
    let previous = one(values, &PREVIOUS);
    Some((key?, previous))
}

fn one(values: &mut Values, key: &'static Key) -> Option<MasterKey> {
    let text = values.text(key)?;
    let bytes = STANDARD.decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if bytes.is_none() {
        values.refuse(key, "32 bytes in base64");
    }
    bytes.map(MasterKey)
}
