//! A tenant's connection to a vCenter, as an admin set it: where it is, whom we are there, and which part is ours.

use async_trait::async_trait;
use eaf_core::id::TenantId;
use serde::Deserialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

/// What is stored of a connection: settings that may be shown, secrets that may not.
pub struct Stored {
    pub name: String,
    pub config: Value,
    pub secret: Map<String, Value>,
    /// None: it is not stored.
    pub set_at: Option<OffsetDateTime>,
}

#[derive(Debug, thiserror::Error)]
#[error("the connection could not be read")]
pub struct Error(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where connections come from. A seam, so that this capability can be tested without a database.
#[async_trait]
pub trait Connections: Send + Sync {
    /// The connection behind a plugin's grant.
    async fn of_grant(&self, tenant: TenantId, plugin: &str, grant: &str) -> Result<Option<Stored>, Error>;
    /// A connection by its own name.
    async fn by_name(&self, tenant: TenantId, name: &str) -> Result<Option<Stored>, Error>;
    /// What a call over it came to; `error`: the code of what is wrong with the connection. It says nothing of settings
    /// that were stored since.
    async fn used(&self, _tenant: TenantId, _stored: &Stored, _error: Option<&str>) -> Result<(), Error> {
        Ok(())
    }
}

/// The settings of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `https://vcenter.example/sdk`
    pub url: String,
    /// Path of the datacenter; empty while it is still to be chosen.
    #[serde(default)]
    pub datacenter: String,
    /// Path of the tenant's folder below the datacenter's VM folder. Machines are made in it or below, never beside it.
    #[serde(default)]
    pub folder: String,
    /// Path below the datacenter's host folder: a pool, a cluster or a host. Without it, the only cluster.
    #[serde(default)]
    pub resource_pool: Option<String>,
    /// Name of a datastore. Without it, the template's.
    #[serde(default)]
    pub datastore: Option<String>,
    /// PEM of a CA to trust beside the system's.
    #[serde(default)]
    pub ca_certificate: Option<String>,
    pub username: String,
}

impl Stored {
    pub fn settings(&self) -> Result<Settings, String> {
        let settings = self.login()?;
        filled("datacenter", &settings.datacenter)?;
        filled("folder", &settings.folder)?;
        Ok(settings)
    }

    /// What a login needs is there; places in the inventory may still be missing.
    pub fn login(&self) -> Result<Settings, String> {
        let settings: Settings = serde_json::from_value(self.config.clone()).map_err(|e| e.to_string())?;
        filled("url", &settings.url)?;
        filled("username", &settings.username)?;
        Ok(settings)
    }

    pub fn password(&self) -> Option<&str> {
        self.secret.get("password").and_then(Value::as_str).filter(|p| !p.is_empty())
    }
}

fn filled(name: &str, value: &str) -> Result<(), String> {
    if value.trim().is_empty() { Err(format!("`{name}` is empty")) } else { Ok(()) }
}
