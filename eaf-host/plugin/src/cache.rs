//! Cache of compiled components in files. A component is loaded as machine code, which the host
//! must trust. The host therefore loads only a file whose tag proves that the host wrote it:
//! HMAC-SHA-256 with a key that is stored beside the files, in a directory of mode 0700.

use super::engine::{chain, hex};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fs::{self, DirBuilder, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

const TAG: usize = 32;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} cannot be used as cache directory")]
    Directory(PathBuf, #[source] io::Error),
    #[error("{0} is not private: a cache directory must belong to the host's user and have mode 0700")]
    Open(PathBuf),
    #[error("the cache's key {0} cannot be read or created")]
    Key(PathBuf, #[source] io::Error),
    #[error("the operating system gave no entropy for the cache's key")]
    Entropy(#[source] getrandom::Error),
}

pub struct Cache {
    directory: PathBuf,
    key: [u8; 32],
}

/// File name of a compiled component. It contains the digest of the component, and a hash of the
/// engine's version and settings.
pub fn name(engine: &Engine, digest: &str) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{digest}-{:016x}.cwasm", hasher.finish())
}

impl Cache {
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let failed = |cause| Error::Directory(directory.to_owned(), cause);
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let found = fs::symlink_metadata(directory).map_err(failed)?;
        if !found.is_dir() || found.mode() & 0o077 != 0 {
            return Err(Error::Open(directory.to_owned()));
        }
        let path = directory.join("key");
        let key = read_or_make_key(&path)?;
        // If the key file belongs to another user, that user could have written the cached files
        // too.
        let owner = fs::symlink_metadata(&path).map_err(|cause| Error::Key(path.clone(), cause))?;
        if owner.uid() != found.uid() || owner.mode() & 0o077 != 0 {
            return Err(Error::Open(directory.to_owned()));
        }
        Ok(Cache { directory: directory.to_owned(), key })
    }

    /// Loads a compiled component from its file. `None` if there is no such file, if its tag is not
    /// this host's, or if its code cannot be loaded. The caller then compiles the component.
    pub fn load(&self, engine: &Engine, name: &str) -> Option<Component> {
        let bytes = fs::read(self.directory.join(name)).ok()?;
        let (tag, code) = bytes.split_at_checked(TAG)?;
        if self.mac(name, code).verify_slice(tag).is_err() {
            tracing::warn!(file = name, "a compiled component without a valid tag is ignored");
            return None;
        }
        deserialize(engine, code)
            .inspect_err(|error| {
                tracing::warn!(
                    file = name,
                    error = format!("{error:#}"),
                    "a compiled component cannot be loaded and is ignored"
                )
            })
            .ok()
    }

    /// Stores a compiled component in a file. A failure is only logged, because it merely makes the
    /// next start slower.
    pub fn store(&self, component: &Component, name: &str) {
        if let Err(error) = self.write(component, name) {
            tracing::warn!(file = name, error = %chain(&error), "a compiled component could not be cached");
        }
    }

    fn write(&self, component: &Component, name: &str) -> io::Result<()> {
        let code = component.serialize().map_err(|error| io::Error::other(format!("{error:#}")))?;
        let tag = self.mac(name, &code).finalize().into_bytes();
        // The file is written under a temporary name and then renamed, so that no process reads a
        // half-written file.
        let temporary = self.directory.join(format!("{name}.{}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&tag)?;
        file.write_all(&code)?;
        fs::rename(temporary, self.directory.join(name))
    }

    fn mac(&self, name: &str, code: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(&(name.len() as u64).to_le_bytes());
        mac.update(name.as_bytes());
        mac.update(code);
        mac
    }
}

#[allow(unsafe_code, reason = "wasmtime's only way to load compiled code; the tag proves that this host compiled it")]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the tag of `code` was verified, and only this host's key makes such a tag. So `code`
    // was returned by `Component::serialize`.
    unsafe { Component::deserialize(engine, code) }
}

fn read_or_make_key(path: &Path) -> Result<[u8; 32], Error> {
    let failed = |cause| Error::Key(path.to_owned(), cause);
    let mut fresh = [0u8; 32];
    getrandom::fill(&mut fresh).map_err(Error::Entropy)?;
    // If two hosts start together, only one can link its key file. The other host reads that key.
    let temporary = path.with_extension(hex(&fresh[..8]));
    if !path.exists() {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary).map_err(failed)?;
        file.write_all(&fresh).map_err(failed)?;
        let linked = fs::hard_link(&temporary, path);
        fs::remove_file(&temporary).map_err(failed)?;
        match linked {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => return Err(failed(cause)),
            _ => {}
        }
    }
    let bytes = fs::read(path).map_err(failed)?;
    <[u8; 32]>::try_from(bytes.as_slice())
        .map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, "the key must have 32 bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const EMPTY: &str = "(component)";

    fn directory(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("eaf-cache-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        directory
    }

    fn compiled(engine: &Engine) -> Component {
        Component::new(engine, wat::parse_str(EMPTY).unwrap()).unwrap()
    }

    #[test]
    fn components_that_this_host_compiled_are_loaded_after_a_restart() {
        let (engine, directory) = (Engine::default(), directory("again"));
        Cache::open(&directory).unwrap().store(&compiled(&engine), "a.cwasm");
        assert!(Cache::open(&directory).unwrap().load(&engine, "a.cwasm").is_some());
    }

    #[test]
    fn code_that_this_host_did_not_write_never_runs() {
        let (engine, directory) = (Engine::default(), directory("foreign"));
        let cache = Cache::open(&directory).unwrap();
        cache.store(&compiled(&engine), "a.cwasm");
        let mut bytes = fs::read(directory.join("a.cwasm")).unwrap();

        fs::write(directory.join("renamed.cwasm"), &bytes).unwrap();
        assert!(cache.load(&engine, "renamed.cwasm").is_none(), "another component's code under this name");

        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(directory.join("a.cwasm"), &bytes).unwrap();
        assert!(cache.load(&engine, "a.cwasm").is_none(), "changed code");

        fs::write(directory.join("a.cwasm"), compiled(&engine).serialize().unwrap()).unwrap();
        assert!(cache.load(&engine, "a.cwasm").is_none(), "valid code without a tag");
    }

    #[test]
    fn a_directory_that_others_may_enter_is_refused() {
        let directory = directory("open");
        fs::create_dir(&directory).unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(Cache::open(&directory), Err(Error::Open(_))));
    }
}
