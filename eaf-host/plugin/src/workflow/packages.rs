//! Active packages of this host, as the workflow engine asks for them.

use crate::{Plugin, Plugins};
use eaf_core::contract::Domain;
use eaf_core::workflow::engine::{Executor, Package, Packages};
use std::sync::Arc;

impl Packages for Plugins {
    fn ids(&self) -> Vec<String> {
        self.all().iter().map(|plugin| plugin.id().to_owned()).collect()
    }

    fn find(&self, plugin: &str) -> Option<Arc<dyn Package>> {
        self.get(plugin).map(|plugin| plugin as Arc<dyn Package>)
    }
}

impl Package for Plugin {
    fn domain(&self) -> &dyn Domain {
        self.domain.as_ref()
    }

    /// Whether the package's manifest requests an interface of a capability under the grant
    /// `grant`. A request that lists no interfaces covers all interfaces of its capability.
    fn requests(&self, capability: &str, grant: &str, interface: &str) -> bool {
        let mut requests = self.manifest.requests.iter();
        requests.any(|request| {
            let is_listed = request.interfaces.is_empty() || request.interfaces.iter().any(|known| known == interface);
            request.capability == capability && request.grant == grant && is_listed
        })
    }

    fn executor(&self) -> Option<&dyn Executor> {
        self.workflow.as_ref().map(|component| component as &dyn Executor)
    }
}
