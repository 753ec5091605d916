//! Products: packages of WebAssembly that the host loads, asks and runs.
//!
//! | file | what |
//! |---|---|
//! | [`package`], [`manifest`] | the file, and what it says of itself |
//! | [`load`] | proves imports ⊆ requested ⊆ ceiling, then makes a [`Plugin`] |
//! | [`check`] | whatever one part of a package names, another part has |
//! | [`choices`] | members of commands that are chosen from another system's lists |
//! | [`install`] | the packages that the database names, served here |
//! | [`granting`] | grants and products of tenants, by operators |
//! | [`engine`], [`cache`], [`trap`] | wasmtime: limits, compiled code, what a guest said before it stopped |
//! | [`domain`], [`breaker`] | the pure component behind `eaf_core::contract::Domain`; refused for a while when it keeps failing |
//! | [`observer`] | reads again what capabilities manage, and tells the package what changed |
//! | [`imports`] | what a workflow component can call |
//! | [`workflow`] | packages and components under the workflow engine of `eaf_core` |
//! | [`build`], [`forbidden`], [`inspect`] | `eaf plugin build` and `eaf plugin inspect` |

pub mod breaker;
pub mod build;
pub mod cache;
pub mod check;
pub mod choices;
pub mod domain;
pub mod engine;
pub mod forbidden;
pub mod granting;
pub mod imports;
pub mod inspect;
pub mod install;
pub mod load;
pub mod manifest;
pub mod observer;
pub mod package;
pub mod trap;
pub mod workflow;

#[cfg(any(test, feature = "testing"))]
pub mod fixtures;

use eaf_capability::text::Locales;
use eaf_capability::text::mails::Templates;
use eaf_core::contract::{Description, Domain};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

/// A loaded package.
pub struct Plugin {
    /// SHA-256 of the package, hex.
    pub digest: String,
    pub generation: i64,
    pub manifest: manifest::Manifest,
    pub imports: load::Imports,
    pub description: Description,
    pub texts: Arc<Locales>,
    pub mails: Arc<Templates>,
    pub domain: Arc<dyn Domain>,
    /// None: a product without durable functions.
    pub workflow: Option<workflow::component::WorkflowComponent>,
}

impl Plugin {
    pub fn id(&self) -> &str {
        &self.manifest.plugin.id
    }
}

/// The packages that are active on this host. Cheap to clone; all clones see a switch at once.
#[derive(Clone, Default)]
pub struct Plugins {
    active: Arc<RwLock<BTreeMap<String, Arc<Plugin>>>>,
}

impl Plugins {
    /// Makes a package the active one of its id; runs and commands under way keep the one that they began with.
    pub fn activate(&self, plugin: Plugin) -> Arc<Plugin> {
        let plugin = Arc::new(plugin);
        let mut active = self.active.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        active.insert(plugin.id().to_owned(), plugin.clone());
        plugin
    }

    pub fn get(&self, id: &str) -> Option<Arc<Plugin>> {
        self.active.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(id).cloned()
    }

    /// In order of their ids.
    pub fn all(&self) -> Vec<Arc<Plugin>> {
        self.active.read().unwrap_or_else(|poisoned| poisoned.into_inner()).values().cloned().collect()
    }
}
