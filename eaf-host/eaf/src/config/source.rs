//! Source of a configuration: the file and the variables that it is read from, so that it can be
//! read again when a secret changes.

use super::{Config, Error, deployment, key};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// File and variables of a configuration. The default has none, for a configuration that a program
/// makes.
#[derive(Clone, Default)]
pub struct Source {
    pub(super) file: Option<PathBuf>,
    pub(super) variables: BTreeMap<String, String>,
    /// Secrets when the source was made, which is before the first load.
    secrets: Secrets,
}

/// Contents of the secrets' files by variable; `None`: the file cannot be read.
pub type Secrets = BTreeMap<String, Option<String>>;

impl Source {
    pub fn new(file: Option<PathBuf>, variables: impl Iterator<Item = (String, String)>) -> Self {
        let mut source = Source { file, variables: variables.collect(), secrets: Secrets::new() };
        source.secrets = source.read_secrets();
        source
    }

    pub fn load(&self) -> Result<Config, Error> {
        Config::from_source(self)
    }

    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    pub fn read_secrets(&self) -> Secrets {
        let is_secret = |name: &str| key::is_secret(name) || deployment::is_secret(name);
        let files = self.variables.iter().filter(|(name, _)| name.strip_suffix("_FILE").is_some_and(is_secret));
        files.map(|(name, path)| (name.clone(), std::fs::read_to_string(path).ok())).collect()
    }
}
