//! Resolution of a call's grant: its scope and its connection, as they are stored now.
//!
//! The host resolves the grant before each call that is not replayed, and passes scope and
//! connection to the provider. So a provider decides neither who may call nor over which
//! connection.

use super::{Class, Failure, HostCode};
use crate::connection::{self, Connection, Connections};
use crate::db::Db;
use crate::grant::{self, Authorization, Denial};
use crate::id::TenantId;
use crate::product::Inactive;
use serde_json::Value;
use std::fmt;

/// Resolved grant of one call, with its scope and its connection.
#[derive(Debug, Clone)]
pub struct Granted {
    /// Name of the grant, by which the workflow opened the capability.
    pub name: String,
    /// Scope of the grant: limits of use, as a JSON object whose members the capability defines.
    pub scope: Value,
    pub connection: GrantedConnection,
}

/// Connection that a grant names, as found in the tenant.
#[derive(Clone)]
pub enum GrantedConnection {
    Found(Connection),
    /// The tenant has no connection of the name that the grant has.
    Missing(String),
    /// The connection of this name exists, but its secret cannot be opened. The host's log has the
    /// cause.
    Unreadable(String),
}

impl GrantedConnection {
    pub fn name(&self) -> &str {
        match self {
            GrantedConnection::Found(connection) => &connection.name,
            GrantedConnection::Missing(name) | GrantedConnection::Unreadable(name) => name,
        }
    }
}

impl fmt::Debug for GrantedConnection {
    /// Prints name and state of the connection, without settings and secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self {
            GrantedConnection::Found(_) => "Found",
            GrantedConnection::Missing(_) => "Missing",
            GrantedConnection::Unreadable(_) => "Unreadable",
        };
        f.debug_tuple(state).field(&self.name()).finish()
    }
}

impl Granted {
    /// Creates a grant without a connection, for a call that reaches no other system, such as the
    /// cleanup of a denied call.
    pub fn without_connection(name: &str) -> Self {
        Granted { name: name.to_owned(), scope: Value::Null, connection: GrantedConnection::Missing(String::new()) }
    }
}

/// Answer to the question whether a plugin may make a call now, with the resolved grant.
#[derive(Debug)]
pub enum Resolution {
    Granted(Box<Granted>),
    Denied(Denial),
    Inactive(Inactive),
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the grant could not be read")]
    Grant(#[source] grant::Error),
    #[error("the grant's connection could not be read")]
    Connection(#[source] connection::Error),
}

/// Decides whether a plugin may call a capability now, and reads the connection of the grant.
pub async fn resolve(
    db: &Db,
    connections: &Connections,
    tenant: TenantId,
    plugin: &str,
    capability: &str,
    name: &str,
) -> Result<Resolution, Error> {
    let grant = match grant::authorize(db, tenant, plugin, capability, name).await.map_err(Error::Grant)? {
        Authorization::Granted(grant) => grant,
        Authorization::Denied(denial) => return Ok(Resolution::Denied(denial)),
        Authorization::Inactive(inactive) => return Ok(Resolution::Inactive(inactive)),
    };
    let connection = match connections.get(tenant, capability, &grant.connection).await {
        Ok(Some(connection)) => GrantedConnection::Found(connection),
        Ok(None) => GrantedConnection::Missing(grant.connection),
        Err(error @ (connection::Error::Crypto { .. } | connection::Error::Corrupt { .. })) => {
            tracing::error!(%tenant, error = &error as &dyn std::error::Error, "a connection's secret cannot be opened");
            GrantedConnection::Unreadable(grant.connection)
        }
        Err(error) => return Err(Error::Connection(error)),
    };
    Ok(Resolution::Granted(Box::new(Granted { name: grant.name, scope: grant.scope, connection })))
}

impl Denial {
    /// Converts the denial to the failure that the workflow receives.
    pub fn failure(self, capability: &str, name: &str) -> Failure {
        match self {
            Denial::NotGranted => {
                let message = format!("{capability} was not granted under the name {name}");
                Failure::new(Class::Denied, HostCode::NotGranted, message)
            }
            Denial::Expired => {
                let message = format!("the grant of {capability} under the name {name} has expired");
                Failure::new(Class::Denied, HostCode::GrantExpired, message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_debug_form_of_a_grant_omits_settings_and_secret() {
        let mut secret = serde_json::Map::new();
        secret.insert("password".into(), json!("s3cret"));
        let connection = Connection {
            capability: "vsphere".into(),
            name: "main".into(),
            config: json!({"username": "svc-dcm"}),
            secret,
            set_at: None,
        };
        let granted =
            Granted { name: "vcenter".into(), scope: json!({}), connection: GrantedConnection::Found(connection) };
        let shown = format!("{granted:?}");
        assert!(shown.contains("Found(\"main\")"), "{shown}");
        assert!(!shown.contains("s3cret") && !shown.contains("svc-dcm"), "{shown}");
    }
}
