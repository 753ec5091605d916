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
}

impl Source {
    pub fn new(file: Option<PathBuf>, variables: impl Iterator<Item = (String, String)>) -> Self {
        Source { file, variables: variables.collect() }
    }

    pub fn load(&self) -> Result<Config, Error> {
        Config::from_source(self)
    }

    pub fn has_secret_files(&self) -> bool {
        self.secret_files().next().is_some()
    }

    /// Contents of the secrets' files by variable; `None`: the file cannot be read.
    pub fn read_secret_files(&self) -> BTreeMap<&str, Option<String>> {
        self.secret_files().map(|(variable, path)| (variable, std::fs::read_to_string(path).ok())).collect()
    }

    fn secret_files(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_secret = |name: &str| key::is_secret(name) || deployment::is_secret(name);
        let files = self.variables.iter().filter(move |(name, _)| name.strip_suffix("_FILE").is_some_and(is_secret));
        files.map(|(name, path)| (name.as_str(), path.as_str()))
    }
}
