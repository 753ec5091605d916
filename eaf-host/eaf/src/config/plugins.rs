//! Settings of plugins: packages, cache and ceiling.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use eaf_plugin::load::Ceiling;
use std::path::PathBuf;

pub const SECTION: Section = Section {
    title: "Plugins",
    about: "The active package of each plugin is a row in the database, the same for all hosts.",
    keys: &[PACKAGES, COMPILED_CACHE, CEILING],
};

const PACKAGES: Key = Key {
    name: "plugins.packages",
    variable: "EAF_PACKAGES",
    default: Default::Absent,
    kind: Kind::Plain,
    about: "Package files, separated by commas, that are stored and activated at the start if no other is active. Absent: none.",
};

const COMPILED_CACHE: Key = Key {
    name: "plugins.compiled_cache",
    variable: "EAF_COMPILED_CACHE",
    default: Default::Absent,
    kind: Kind::Plain,
    about: "Directory for compiled plugins, which only the host may write, because its files are executed. Absent: compiled at every start.",
};

const CEILING: Key = Key {
    name: "plugins.ceiling",
    variable: "EAF_PLUGIN_CEILING",
    default: Default::Absent,
    kind: Kind::Plain,
    about: "Interfaces that a package may request at most, separated by commas, such as `eaf:vsphere/inventory, eaf:mail/outbox`. A package \
            that requests more is refused. Absent: all interfaces of this host.",
};

pub struct Plugins {
    pub packages: Vec<PathBuf>,
    pub activation: Activation,
    pub compiled_cache: Option<PathBuf>,
    pub ceiling: Ceiling,
}

/// Condition under which a configured package is activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// The package is activated only if its product has no active package, so that a restart of an
    /// old host does not downgrade a product.
    IfNoneActive,
    /// The package is activated unless it is already the active package of its product. This
    /// condition is for development, and no setting names it.
    IfDifferent,
}

pub fn read(values: &mut Values) -> Option<Plugins> {
    let text = values.text(&PACKAGES).unwrap_or_default();
    let packages = text.split(',').map(str::trim).filter(|path| !path.is_empty()).map(PathBuf::from).collect();
    let compiled_cache = values.text(&COMPILED_CACHE).map(PathBuf::from);
    let ceiling = ceiling(values)?;
    Some(Plugins { packages, activation: Activation::IfNoneActive, compiled_cache, ceiling })
}

/// Ceiling that permits all interfaces of this host.
pub fn default_ceiling() -> Ceiling {
    Ceiling::default()
}

/// Reads the ceiling of all packages. An interface that this host does not have is refused, because
/// it is probably a typing error. `None`: the setting is invalid, which is added to the problems.
fn ceiling(values: &mut Values) -> Option<Ceiling> {
    let has = default_ceiling();
    let Some(text) = values.text(&CEILING) else { return Some(has) };
    let names: Vec<String> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(String::from).collect();
    if names.is_empty() {
        values.refuse(&CEILING, "a list of interfaces, or absent");
        return None;
    }
    match has.lowered_to(&names) {
        Ok(lowered) => Some(lowered),
        Err(unknown) => {
            values.refuse(&CEILING, &format!("a list of {}; {unknown} is none of them", has.list()));
            None
        }
    }
}
