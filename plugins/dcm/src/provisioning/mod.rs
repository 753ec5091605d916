//! Building and removal of machines by workflows. Each step in vCenter is recorded as an event.

pub mod complete;
pub mod event;
pub mod fail;
pub mod note_run_end;
pub mod record_step;
pub mod stall;
pub mod take_down;
pub mod workflow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Name of the grant under which DCM's workflows call the tenant's vCenter.
pub const GRANT: &str = "vcenter";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    EnsureFolder,
    Clone,
    Reconfigure,
    PowerOn,
    AwaitAddress,
    PowerOff,
    Destroy,
}

impl Step {
    pub fn as_str(self) -> &'static str {
        match self {
            Step::EnsureFolder => "ensure-folder",
            Step::Clone => "clone",
            Step::Reconfigure => "reconfigure",
            Step::PowerOn => "power-on",
            Step::AwaitAddress => "await-address",
            Step::PowerOff => "power-off",
            Step::Destroy => "destroy",
        }
    }

    pub fn parse(text: &str) -> Option<Step> {
        use Step::*;
        [EnsureFolder, Clone, Reconfigure, PowerOn, AwaitAddress, PowerOff, Destroy]
            .into_iter()
            .find(|step| step.as_str() == text)
    }
}

/// Purpose of a step, which determines the stream of its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Process {
    Provision,
    Cancel,
    Decommission,
}
