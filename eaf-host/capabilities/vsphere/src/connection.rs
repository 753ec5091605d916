//! Connection of a tenant to a vCenter: address, account, and the part of the inventory in which
//! the tenant's machines are.

use async_trait::async_trait;
use eaf_core::connection::Connection;
use eaf_core::id::TenantId;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, thiserror::Error)]
#[error("the connection could not be read")]
pub struct Error(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Source of the tenants' vCenter connections. It is a trait, so that tests need no database.
#[async_trait]
pub trait Connections: Send + Sync {
    /// vCenter connection with this name; `None` if the tenant has no such connection.
    async fn by_name(&self, tenant: TenantId, name: &str) -> Result<Option<Connection>, Error>;
    /// Records whether a call over the connection succeeded: `error` is the code of a connection
    /// problem, `None` after a success. The record is ignored if an admin has stored the settings
    /// again since the call read them.
    async fn used(&self, _tenant: TenantId, _connection: &Connection, _error: Option<&str>) -> Result<(), Error> {
        Ok(())
    }
}

/// Settings of a vCenter connection, as an admin enters them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Address of vCenter's SOAP interface, such as `https://vcenter.example/sdk`.
    pub url: String,
    /// Inventory path of the datacenter; empty until the admin has chosen one.
    #[serde(default)]
    pub datacenter: String,
    /// Path of the tenant's folder, relative to the datacenter's VM folder. The host creates
    /// machines only inside this folder.
    #[serde(default)]
    pub folder: String,
    /// Path of the resource pool, cluster or ESXi host for new machines, relative to the
    /// datacenter's host folder. `None`: the datacenter's only cluster or stand-alone host is used.
    #[serde(default)]
    pub resource_pool: Option<String>,
    /// Name of the datastore or datastore cluster for new machines; `None`: the datastore of the
    /// template is used.
    #[serde(default)]
    pub datastore: Option<String>,
    /// PEM of a certificate authority that is trusted in addition to the system's authorities;
    /// `None`: only the system's authorities are trusted.
    #[serde(default)]
    pub ca_certificate: Option<String>,
    pub username: String,
}

impl Settings {
    pub fn of(connection: &Connection) -> Result<Self, String> {
        let settings = Settings::of_login(connection)?;
        filled("datacenter", &settings.datacenter)?;
        filled("folder", &settings.folder)?;
        Ok(settings)
    }

    /// Reads the settings that a login needs. The datacenter, folder and other places in the
    /// inventory may still be missing.
    pub fn of_login(connection: &Connection) -> Result<Self, String> {
        let settings: Settings = serde_json::from_value(connection.config.clone()).map_err(|e| e.to_string())?;
        filled("url", &settings.url)?;
        filled("username", &settings.username)?;
        Ok(settings)
    }
}

pub fn password(connection: &Connection) -> Option<&str> {
    connection.secret.get("password").and_then(Value::as_str).filter(|password| !password.is_empty())
}

fn filled(name: &str, value: &str) -> Result<(), String> {
    if value.trim().is_empty() { Err(format!("`{name}` is empty")) } else { Ok(()) }
}
