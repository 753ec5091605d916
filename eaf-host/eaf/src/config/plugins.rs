//! Which packages a host brings with it.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use std::path::PathBuf;

pub const SECTION: Section = Section {
    title: "Plugins",
    about: "The active package of each plugin is a row in the database, the same for all hosts.",
    keys: &[PACKAGES, COMPILED_CACHE],
};

const PACKAGES: Key = Key {
    name: "plugins.packages",
    variable: "EAF_PACKAGES",
    default: Default::Absent,
    kind: Kind::Plain,
    about: "Package files, separated by commas, that are stored and activated at start if no other is active. Absent: none.",
};

const COMPILED_CACHE: Key = Key {
    name: "plugins.compiled_cache",
    variable: "EAF_COMPILED_CACHE",
    default: Default::Absent,
    kind: Kind::Plain,
    about: "Directory for compiled plugins, writable by the host alone: what lies in it is executed. Absent: compiled at every start.",
};

pub struct Plugins {
    pub packages: Vec<PathBuf>,
    pub activation: Activation,
    pub compiled_cache: Option<PathBuf>,
}

/// When a package that the host brought along becomes the active one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// So that an old host that restarts does not turn a product back.
    IfNoneIs,
    /// In development, where the package was just built. Cannot be configured.
    WhenDifferent,
}

pub fn read(values: &mut Values) -> Option<Plugins> {
    let text = values.text(&PACKAGES).unwrap_or_default();
    let packages = text.split(',').map(str::trim).filter(|path| !path.is_empty()).map(PathBuf::from).collect();
    let compiled_cache = values.text(&COMPILED_CACHE).map(PathBuf::from);
    Some(Plugins { packages, activation: Activation::IfNoneIs, compiled_cache })
}
