//! The state of a virtual machine, as far as products read it.

use super::properties::{self, Properties};
use super::{Error, MoRef, Session, path};
use std::net::IpAddr;
use uuid::Uuid;

/// Keys in a machine's extraConfig. Not `guestinfo.*`, which the guest may read and write.
pub const MARKER: &str = "eaf.marker";
pub const KEY: &str = "eaf.key";

const PATHS: [&str; 9] = [
    "name",
    "parent",
    "config.instanceUuid",
    "config.template",
    "config.extraConfig",
    "config.hardware.numCPU",
    "config.hardware.memoryMB",
    "runtime.powerState",
    "guest.ipAddress",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Power {
    On,
    Off,
    Suspended,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    pub object: MoRef,
    pub name: String,
    pub folder: Option<MoRef>,
    pub instance_uuid: Option<Uuid>,
    pub template: bool,
    pub marker: Option<String>,
    pub cpus: u32,
    pub memory_mb: u64,
    pub power: Power,
    pub address: Option<IpAddr>,
}

/// None if it is not there (any more).
pub async fn read(session: &Session, object: &MoRef) -> Result<Option<Machine>, Error> {
    if object.kind != "VirtualMachine" {
        return Ok(None);
    }
    Ok(properties::read_one(session, object, &PATHS).await?.map(machine))
}

/// The same for several machines.
pub async fn read_all(session: &Session, objects: &[MoRef]) -> Result<Vec<Machine>, Error> {
    Ok(properties::read_present(session, objects, &PATHS).await?.into_iter().map(machine).collect())
}

fn machine(found: Properties) -> Machine {
    let number = |of| found.text(of).and_then(|t| t.parse::<u64>().ok()).unwrap_or_default();
    let option = |key: &str| {
        let options = found.get("config.extraConfig")?;
        let option = options.children.iter().find(|o| o.text_of("key") == Some(key))?;
        option.text_of("value").map(str::to_owned)
    };
    Machine {
        name: path::plain(found.text("name").unwrap_or_default()),
        folder: found.reference("parent"),
        instance_uuid: found.text("config.instanceUuid").and_then(|t| t.parse().ok()),
        template: found.text("config.template") == Some("true"),
        marker: option(MARKER),
        cpus: u32::try_from(number("config.hardware.numCPU")).unwrap_or_default(),
        memory_mb: number("config.hardware.memoryMB"),
        power: match found.text("runtime.powerState") {
            Some("poweredOn") => Power::On,
            Some("suspended") => Power::Suspended,
            _ => Power::Off,
        },
        address: found.text("guest.ipAddress").and_then(|t| t.parse().ok()).filter(is_reachable),
        object: found.object,
    }
}

/// A guest reports loopback and link-local addresses while it has no real one.
fn is_reachable(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local() && !v4.is_unspecified(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local() && !v6.is_unspecified(),
    }
}
