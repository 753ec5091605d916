//! Active packages in the forms that other crates need: products with texts for the HTTP API;
//! roles, mails and views for the capabilities.

use eaf_capability::Packages;
use eaf_capability::text::mails::Templates;
use eaf_core::contract::ViewType;
use eaf_http::{Product, Products};
use eaf_plugin::{Plugin, Plugins};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub struct ActivePackages {
    plugins: Plugins,
    /// Products by plugin id, cached because every request needs all of them.
    products: Mutex<BTreeMap<String, Arc<Product>>>,
}

impl ActivePackages {
    pub fn new(plugins: Plugins) -> ActivePackages {
        ActivePackages { plugins, products: Mutex::default() }
    }

    fn product(&self, plugin: &Plugin) -> Arc<Product> {
        let mut products = self.products.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cached) = products.get(plugin.id()).filter(|cached| Arc::ptr_eq(&cached.domain, &plugin.domain)) {
            return cached.clone();
        }
        let product = product(plugin);
        products.insert(plugin.id().to_owned(), product.clone());
        product
    }
}

pub fn product(plugin: &Plugin) -> Arc<Product> {
    Arc::new(Product {
        domain: plugin.domain.clone(),
        name: plugin.manifest.plugin.name.clone(),
        version: plugin.manifest.plugin.version.clone(),
        digest: plugin.digest.clone(),
        imports: plugin.imports.clone(),
        requests: plugin.manifest.requests.clone(),
        texts: plugin.texts.clone(),
        mails: plugin.mails.clone(),
    })
}

impl Products for ActivePackages {
    fn get(&self, id: &str) -> Option<Arc<Product>> {
        self.plugins.get(id).map(|plugin| self.product(&plugin))
    }

    fn all(&self) -> Vec<Arc<Product>> {
        self.plugins.all().iter().map(|plugin| self.product(plugin)).collect()
    }
}

impl Packages for ActivePackages {
    fn roles_holding(&self, plugin: &str, permission: &str) -> Vec<String> {
        let Some(plugin) = self.plugins.get(plugin) else { return Vec::new() };
        let permissions = &plugin.description.permissions;
        permissions.iter().find(|known| known.name == permission).map(|known| known.roles.clone()).unwrap_or_default()
    }

    fn mails(&self, plugin: &str) -> Option<Arc<Templates>> {
        self.plugins.get(plugin).map(|plugin| plugin.mails.clone())
    }

    fn view(&self, plugin: &str, name: &str) -> Option<ViewType> {
        self.plugins.get(plugin)?.description.views.iter().find(|known| known.name == name).cloned()
    }
}
