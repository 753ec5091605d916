//! vCenter connections from eaf-core: grants and connections are stored in PostgreSQL, secrets
//! sealed under the tenant's key.

use super::connection::{Connections, Error};
use super::connection_problem;
use async_trait::async_trait;
use eaf_core::Core;
use eaf_core::connection::{Connection, ConnectionUse};
use eaf_core::id::TenantId;
use std::sync::Arc;

/// Name of the vSphere capability in grants and connections.
pub const CAPABILITY: &str = "vsphere";

pub struct CoreConnections {
    pub core: Arc<Core>,
}

#[async_trait]
impl Connections for CoreConnections {
    async fn by_name(&self, tenant: TenantId, name: &str) -> Result<Option<Connection>, Error> {
        self.core.connections.get(tenant, CAPABILITY, name).await.map_err(|e| Error(e.into()))
    }

    async fn used(&self, tenant: TenantId, connection: &Connection, error: Option<&str>) -> Result<(), Error> {
        let of = ConnectionUse { capability: CAPABILITY, name: &connection.name, set_at: connection.set_at };
        let recorded = self.core.connections.record_use(tenant, of, error, Some(&connection_problem::CODES)).await;
        recorded.map_err(|e| Error(e.into()))
    }
}
