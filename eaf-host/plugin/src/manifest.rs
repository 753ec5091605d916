//! Manifest of a package, `plugin.toml`: the plugin's id, name and version, and its requests for
//! capabilities.

use serde::{Deserialize, Serialize};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("plugin.toml is not UTF-8")]
    Utf8(#[source] std::str::Utf8Error),
    #[error("plugin.toml cannot be read")]
    Parse(#[source] Box<toml::de::Error>),
    #[error("plugin.toml: `{0}` is not an id: 2 to 20 lower-case letters, digits and hyphens, a letter first")]
    Id(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub plugin: Identity,
    #[serde(default)]
    pub requests: Vec<Request>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Id of the plugin. It is the prefix of each of the plugin's streams, events, views and
    /// permissions, and never changes.
    pub id: String,
    pub name: String,
    pub version: String,
}

/// Request of a package for a capability, in its `plugin.toml`. The scope is not part of it: the
/// operator sets it in the grant, by what the tenant permits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub capability: String,
    /// Name of the grant that answers this request. The workflow opens a connection by this name.
    pub grant: String,
    /// Interfaces of the capability that the package requests, by their names in WIT. Empty: all
    /// interfaces of the capability that the component imports.
    #[serde(default)]
    pub interfaces: Vec<String>,
    /// Whether the product can be enabled without this grant. Calls that need the missing grant are
    /// denied.
    #[serde(default)]
    pub optional: bool,
    /// Observation of the capability's managed resources: the host polls them and notifies the
    /// package of changes by a command. `None`: the resources are not observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observe: Option<Observe>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observe {
    /// Name of the command that the host gives for each observed change, with the body `{key,
    /// found}`.
    pub command: String,
    /// View with one row per managed resource. The position of a row's last event shows whether the
    /// resource had events after an observation. `None`: there is no such view.
    #[serde(default)]
    pub view: Option<String>,
}

pub fn parse(bytes: &[u8]) -> Result<Manifest, Error> {
    let text = std::str::from_utf8(bytes).map_err(Error::Utf8)?;
    let manifest: Manifest = toml::from_str(text).map_err(|cause| Error::Parse(Box::new(cause)))?;
    let id = &manifest.plugin.id;
    let good = (2..=20).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !good {
        return Err(Error::Id(id.clone()));
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_grant_interfaces_and_observation() {
        let text = br#"
            [plugin]
            id = "shop"
            name = "Shop"
            version = "1.0.0"
            [[requests]]
            capability = "vsphere"
            grant = "vcenter"
            interfaces = ["inventory"]
            observe = { command = "note-vm", view = "vms" }
        "#;
        let manifest = parse(text).unwrap();
        let request = &manifest.requests[0];
        assert_eq!((request.grant.as_str(), &request.interfaces[..]), ("vcenter", &["inventory".to_owned()][..]));
        assert!(!request.optional);
        let observe = Observe { command: "note-vm".into(), view: Some("vms".into()) };
        assert_eq!(request.observe, Some(observe));
    }

    #[test]
    fn a_misspelt_key_and_a_bad_id_are_refused() {
        let identity = "[plugin]\nid = \"shop\"\nname = \"Shop\"\nversion = \"1\"\n";
        let misspelt = format!("{identity}[[requests]]\ncapability = \"mail\"\ngrant = \"mail\"\nscoop = {{}}\n");
        assert!(matches!(parse(misspelt.as_bytes()), Err(Error::Parse(_))));
        let bad = identity.replace("shop", "Shop/..");
        assert!(matches!(parse(bad.as_bytes()), Err(Error::Id(_))));
    }
}
