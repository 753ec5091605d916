//! Events of a machine.

use super::note_machine::MachineReading;
use crate::request::event::{By, Requester};
use eaf_sdk::{Event, Personal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VmProvisioned {
    pub vm_id: String,
    pub requester_id: String,
    pub requester_name: Personal<Requester>,
    pub name: String,
    pub offering: String,
    pub offering_name: String,
    pub image: String,
    pub cpus: u32,
    pub memory_mb: u64,
    pub term_months: u32,
    pub monthly_cents: i64,
    pub currency: String,
    /// Power state of the machine: on, off, suspended, missing or unknown.
    pub power: String,
    pub ip: Option<String>,
}

impl Event for VmProvisioned {
    const TYPE: &'static str = "vm-provisioned";
    const SCHEMA: u16 = 2;

    /// Events of schema 1 had the memory in whole GB.
    fn upcast(schema: u16, mut data: Value) -> Value {
        if schema == 1 {
            data["memory_mb"] = data["memory_gb"].as_u64().map(|gb| gb * 1024).into();
        }
        data
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VmRefreshRequested {
    pub vm_id: String,
    pub requester_id: String,
    pub by_id: String,
    pub by_name: Personal<By>,
}

impl Event for VmRefreshRequested {
    const TYPE: &'static str = "vm-refresh-requested";
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VmRefreshed {
    pub vm_id: String,
    pub requester_id: String,
    /// Power state; `missing`: vCenter has no such machine; `unknown`: vCenter cannot read it.
    pub power: String,
    pub ip: Option<String>,
    /// Number of CPUs; none, like the memory, if vCenter could not read the machine.
    pub cpus: Option<u32>,
    pub memory_mb: Option<u64>,
    /// Name of the machine in vCenter, where people can rename it.
    #[serde(default)]
    pub vcenter_name: Option<String>,
    /// State in vCenter: connected, disconnected, inaccessible, orphaned, invalid or template.
    #[serde(default)]
    pub state: Option<String>,
}

impl Event for VmRefreshed {
    const TYPE: &'static str = "vm-refreshed";
}

impl VmRefreshed {
    /// Creates the event from a reading of the machine in vCenter. `found` is `None` if vCenter
    /// does not have the machine.
    pub fn of(vm_id: String, requester_id: String, found: Option<MachineReading>) -> Self {
        let missing = VmRefreshed {
            vm_id,
            requester_id,
            power: "missing".into(),
            ip: None,
            cpus: None,
            memory_mb: None,
            vcenter_name: None,
            state: None,
        };
        match found {
            None => missing,
            Some(MachineReading { name, state, power, ip, cpus, memory_mb }) => {
                let (vcenter_name, state) = (Some(name), Some(state));
                VmRefreshed { power, ip, cpus, memory_mb, vcenter_name, state, ..missing }
            }
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VmRefreshFailed {
    pub vm_id: String,
    pub requester_id: String,
    pub code: String,
    pub message: String,
}

impl Event for VmRefreshFailed {
    const TYPE: &'static str = "vm-refresh-failed";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VmDecommissionRequested {
    pub vm_id: String,
    pub requester_id: String,
    pub by_id: String,
    pub by_name: Personal<By>,
    pub name: String,
    pub attempt: u32,
}

impl Event for VmDecommissionRequested {
    const TYPE: &'static str = "vm-decommission-requested";
}

/// Beginning of a request to decommission the machine, which waits for a decision.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VmDecommissionAwaited {
    pub vm_id: String,
    pub requester_id: String,
    pub by_id: String,
    pub by_name: Personal<By>,
    pub request_id: String,
    pub name: String,
}

impl Event for VmDecommissionAwaited {
    const TYPE: &'static str = "vm-decommission-awaited";
}

/// End of a request to decommission the machine without an approval; the machine stays.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VmDecommissionNotApproved {
    pub vm_id: String,
    pub requester_id: String,
    pub request_id: String,
}

impl Event for VmDecommissionNotApproved {
    const TYPE: &'static str = "vm-decommission-not-approved";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VmDecommissioned {
    pub vm_id: String,
    pub requester_id: String,
    pub name: String,
    /// Names of copies of the machine, which carry the same marker and were not removed.
    #[serde(default)]
    pub copies: Vec<String>,
    /// Cost of the machine per month, in integer cents.
    #[serde(default)]
    pub monthly_cents: i64,
    /// Empty: an earlier version, which did not state the cost, recorded the event.
    #[serde(default)]
    pub currency: String,
}

impl Event for VmDecommissioned {
    const TYPE: &'static str = "vm-decommissioned";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VmDecommissionFailed {
    pub vm_id: String,
    pub requester_id: String,
    pub attempt: u32,
    pub step: String,
    pub code: String,
    pub message: String,
    pub trace_id: String,
    #[serde(default)]
    pub name: String,
}

impl Event for VmDecommissionFailed {
    const TYPE: &'static str = "vm-decommission-failed";
}

/// An admin counted a machine as removed that vCenter lost.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VmGoneConfirmed {
    pub vm_id: String,
    pub requester_id: String,
    pub by_id: String,
    pub by_name: Personal<By>,
    pub name: String,
    pub attempt: u32,
}

impl Event for VmGoneConfirmed {
    const TYPE: &'static str = "vm-gone-confirmed";
}
