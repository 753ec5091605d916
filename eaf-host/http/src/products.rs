//! Products as the API uses them: the domain component, and the package's texts.

use eaf_capability::text::Locales;
use eaf_capability::text::mails::Templates;
use eaf_core::contract::{CommandType, Domain, ViewType};
use eaf_core::view::PackageView;
use eaf_plugin::load::Imports;
use eaf_plugin::manifest::Request;
use std::sync::Arc;

pub struct Product {
    pub domain: Arc<dyn Domain>,
    pub name: String,
    pub version: String,
    /// Digest of the package in hexadecimal.
    pub digest: String,
    pub imports: Imports,
    pub requests: Vec<Request>,
    pub texts: Arc<Locales>,
    pub mails: Arc<Templates>,
}

/// Packages that are active on this host now.
pub trait Products: Send + Sync {
    fn get(&self, id: &str) -> Option<Arc<Product>>;
    /// All products, sorted by id.
    fn all(&self) -> Vec<Arc<Product>>;
}

impl Product {
    pub fn id(&self) -> &str {
        self.domain.plugin()
    }

    /// Newest version of a command; `None`: the package does not declare the command.
    pub fn command(&self, name: &str) -> Option<&CommandType> {
        let commands = &self.domain.description().commands;
        commands.iter().filter(|command| command.name == name).max_by_key(|command| command.version)
    }

    pub fn view(&self, name: &str) -> Option<&ViewType> {
        self.domain.description().views.iter().find(|view| view.name == name)
    }

    pub fn package_view<'a>(&'a self, view: &'a ViewType) -> PackageView<'a> {
        PackageView::new(self.id(), view, self.domain.description())
    }

    /// Capability whose managed resources the rows of a view describe and the host observes;
    /// `None`: the host observes nothing for this view.
    pub fn observed_capability(&self, view: &str) -> Option<&str> {
        let observes =
            |request: &&Request| request.observe.as_ref().is_some_and(|observe| observe.view.as_deref() == Some(view));
        self.requests.iter().find(observes).map(|request| request.capability.as_str())
    }

    /// Full names of the permissions that these roles give.
    pub fn permissions<'a>(&'a self, roles: &'a [String]) -> impl Iterator<Item = String> + 'a {
        let granted = |holders: &[String]| holders.iter().any(|holder| roles.contains(holder));
        let all = self.domain.description().permissions.iter();
        all.filter(move |permission| granted(&permission.roles))
            .map(|permission| format!("{}.{}", self.id(), permission.name))
    }
}
