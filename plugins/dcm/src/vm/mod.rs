//! Machines that were built, from their handover to their decommissioning.

pub mod complete_decommission;
pub mod confirm_gone;
pub mod confirm_gone_workflow;
pub mod decommission;
pub mod decommission_workflow;
pub mod event;
pub mod fail_decommission;
pub mod note_machine;
pub mod record_refresh;
pub mod refresh;
pub mod refresh_workflow;
pub mod requesters;
pub mod state;
pub mod view;

use crate::permission::OPERATE;
use crate::request::is_id;
use eaf_sdk::{Boundary, Context, Rejection};
use serde::{Deserialize, Serialize};

pub use state::Vm;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    #[default]
    Active,
    Decommissioning,
    /// The removal failed; it may be repeated.
    DecommissionFailed,
    Decommissioned,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Decommissioning => "decommissioning",
            Status::DecommissionFailed => "decommission-failed",
            Status::Decommissioned => "decommissioned",
        }
    }
}

/// Usual protocol for access to a machine's system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    Ssh,
    Rdp,
}

impl Access {
    /// Usual protocol of the system that an offering's image names, such as SSH for `Debian 12`;
    /// `None` if the system is unknown.
    pub fn of(image: &str) -> Option<Access> {
        const UNIX: [&str; 14] = [
            "linux", "debian", "ubuntu", "rhel", "red hat", "suse", "sles", "centos", "rocky", "alma", "fedora",
            "photon", "bsd", "unix",
        ];
        let image = image.to_lowercase();
        if image.contains("windows") {
            return Some(Access::Rdp);
        }
        UNIX.iter().any(|word| image.contains(word)).then_some(Access::Ssh)
    }
}

/// Code of a failed removal: vCenter does not have the machine, although this host did not remove
/// the machine.
pub const GONE: &str = "vm-gone";
/// Code of a failed removal: the connection leads to another vCenter than that in which the machine
/// was built.
pub const OTHER_VCENTER: &str = "other-vcenter";

/// Tells whether a person may count the machine as removed after a failure with this code.
pub fn may_count_as_removed(code: &str) -> bool {
    [GONE, OTHER_VCENTER].contains(&code)
}

/// Facts of a machine that the rules of its commands need. They are read from the machine's stream
/// or from a row.
#[derive(Debug, Clone, Copy)]
pub struct VmFacts<'a> {
    pub status: Status,
    pub requester_id: &'a str,
    /// Code of the last failed removal; `None`: no removal has failed.
    pub failed_code: Option<&'a str>,
    /// Whether a request to decommission the machine waits for a decision.
    pub is_decision_awaited: bool,
}

impl VmFacts<'_> {
    /// Requires that the caller is the machine's requester or an admin.
    pub fn require_owner(&self, ctx: &Context) -> Result<(), Rejection> {
        if self.requester_id == ctx.actor.id || ctx.may(OPERATE) {
            return Ok(());
        }
        Err(Rejection::forbidden("not-your-vm").at("/vm"))
    }

    pub fn require_present(&self) -> Result<(), Rejection> {
        match self.status {
            Status::Active | Status::DecommissionFailed => Ok(()),
            Status::Decommissioning | Status::Decommissioned => {
                Err(Rejection::conflict("vm-not-active").param("status", self.status.as_str()).at("/vm"))
            }
        }
    }
}

pub fn stream(id: &str) -> String {
    format!("vm/{id}")
}

/// Names in one line, separated by commas; `None` if the list is empty.
pub fn in_one_line(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| names.join(", "))
}

/// Boundary of a command on one machine: the machine's stream. Empty if the id is invalid.
pub fn guarded(id: &str) -> Boundary {
    if !is_id(id) {
        return Boundary::none();
    }
    Boundary::none().guard(stream(id))
}

pub fn unknown() -> Rejection {
    Rejection::not_found("vm-unknown").at("/vm")
}
