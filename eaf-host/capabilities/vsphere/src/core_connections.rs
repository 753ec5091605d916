//! Connections of the core: grants and connections in PostgreSQL, secrets sealed under the tenant's
//! key.

use super::connection::{Connections, Error, Stored};
use super::connection_problem;
use async_trait::async_trait;
use eaf_core::connection::ConnectionUse;
use eaf_core::grant::{self, Authorization};
use eaf_core::id::TenantId;
use eaf_core::{Core, connection};
use std::sync::Arc;

/// Name of the capability in grants and connections.
pub const CAPABILITY: &str = "vsphere";

pub struct CoreConnections {
    pub core: Arc<Core>,
}

#[async_trait]
impl Connections for CoreConnections {
    async fn of_grant(&self, tenant: TenantId, plugin: &str, name: &str) -> Result<Option<Stored>, Error> {
        let found = grant::authorize(&self.core.db, tenant, plugin, CAPABILITY, name).await;
        match found.map_err(|e| Error(e.into()))? {
            Authorization::Granted(grant) => self.by_name(tenant, &grant.connection).await,
            Authorization::Denied(_) => Ok(None),
            // Retryable: the run of an inactive product waits before its next attempt.
            Authorization::Inactive(_) => Err(Error(format!("the product {plugin} is not active").into())),
        }
    }

    async fn by_name(&self, tenant: TenantId, name: &str) -> Result<Option<Stored>, Error> {
        let found = self.core.connections.get(tenant, CAPABILITY, name).await.map_err(|e| Error(e.into()))?;
        let stored =
            |connection::Connection { name, config, secret, set_at, .. }| Stored { name, config, secret, set_at };
        Ok(found.map(stored))
    }

    async fn used(&self, tenant: TenantId, stored: &Stored, error: Option<&str>) -> Result<(), Error> {
        let of = ConnectionUse { capability: CAPABILITY, name: &stored.name, set_at: stored.set_at };
        let recorded = self.core.connections.record_use(tenant, of, error, Some(&connection_problem::CODES)).await;
        recorded.map_err(|e| Error(e.into()))
    }
}
