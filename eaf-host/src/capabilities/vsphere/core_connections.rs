//! Connections over the core: grants and connections in PostgreSQL, secrets sealed under the tenant's key.

use super::connection::{Connections, Error, Stored};
use super::trouble;
use async_trait::async_trait;
use eaf_core::id::TenantId;
use eaf_core::{Core, connection, grant};
use std::sync::Arc;

/// In grants and connections.
pub const CAPABILITY: &str = "vsphere";

pub struct CoreConnections {
    pub core: Arc<Core>,
}

#[async_trait]
impl Connections for CoreConnections {
    async fn of_grant(&self, tenant: TenantId, plugin: &str, name: &str) -> Result<Option<Stored>, Error> {
        let grant = grant::find(&self.core, tenant, plugin, CAPABILITY, name).await.map_err(|e| Error(e.into()))?;
        match grant {
            Some(grant) => self.by_name(tenant, &grant.connection).await,
            None => Ok(None),
        }
    }

    async fn by_name(&self, tenant: TenantId, name: &str) -> Result<Option<Stored>, Error> {
        let found = connection::get(&self.core, tenant, CAPABILITY, name).await.map_err(|e| Error(e.into()))?;
        Ok(found.map(|found| Stored { name: found.name, config: found.config, secret: found.secret }))
    }

    async fn used(&self, tenant: TenantId, name: &str, error: Option<&str>) -> Result<(), Error> {
        let recorded = connection::record_use(&self.core, tenant, CAPABILITY, name, error, Some(&trouble::CODES)).await;
        recorded.map_err(|e| Error(e.into()))
    }
}
