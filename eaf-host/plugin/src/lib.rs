//! Products: packages of WebAssembly that the host builds, loads and runs.
//!
//! | file | content |
//! |---|---|
//! | [`package`], [`manifest`] | the package file, and its `plugin.toml` |
//! | [`load`] | proves imports ⊆ requested ⊆ ceiling, then creates a [`Plugin`] |
//! | [`check`] | cross-check of the names that a package's parts use |
//! | [`choices`] | members of commands that are chosen from another system's lists |
//! | [`install`] | loads and serves the packages that the database names |
//! | [`granting`] | grants and products of tenants, by operators |
//! | [`engine`], [`cache`], [`trap`] | wasmtime: limits, compiled code, panic texts |
//! | [`domain`], [`breaker`] | the domain component for eaf-core, and its circuit breaker |
//! | [`observer`] | observation of managed resources |
//! | [`departures`] | commands for things that may wait for people who have left |
//! | [`imports`] | imports of workflow components |
//! | [`workflow`] | packages and components, as the workflow engine of eaf-core uses them |
//! | [`build`], [`module_imports`], [`inspect`] | `eaf plugin build` and `eaf plugin inspect` |

pub mod breaker;
pub mod build;
pub mod cache;
pub mod check;
pub mod choices;
pub mod departures;
pub mod domain;
pub mod engine;
pub mod granting;
pub mod imports;
pub mod inspect;
pub mod install;
pub mod load;
pub mod manifest;
pub mod module_imports;
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

/// Package that the host has loaded: its components are compiled, and its parts are checked.
pub struct Plugin {
    /// Digest of the package in hexadecimal: the SHA-256 that the module [`package`] defines.
    pub digest: String,
    pub generation: i64,
    pub manifest: manifest::Manifest,
    pub imports: load::Imports,
    pub description: Description,
    pub texts: Arc<Locales>,
    pub mails: Arc<Templates>,
    pub domain: Arc<dyn Domain>,
    /// Component with the workflows; `None` if the package has no workflow component.
    pub workflow: Option<workflow::component::WorkflowComponent>,
}

impl Plugin {
    pub fn id(&self) -> &str {
        &self.manifest.plugin.id
    }
}

/// Packages that are active on this host, by plugin id. All clones share one state.
#[derive(Clone, Default)]
pub struct Plugins {
    active: Arc<RwLock<BTreeMap<String, Arc<Plugin>>>>,
}

impl Plugins {
    /// Activates a package on this host. Workflow runs and commands in progress continue with the
    /// package with which they started.
    pub fn activate(&self, plugin: Plugin) -> Arc<Plugin> {
        let plugin = Arc::new(plugin);
        let mut active = self.active.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        active.insert(plugin.id().to_owned(), plugin.clone());
        plugin
    }

    pub fn get(&self, id: &str) -> Option<Arc<Plugin>> {
        self.active.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(id).cloned()
    }

    /// Lists the active packages of this host, ordered by plugin id.
    pub fn all(&self) -> Vec<Arc<Plugin>> {
        self.active.read().unwrap_or_else(|poisoned| poisoned.into_inner()).values().cloned().collect()
    }
}
