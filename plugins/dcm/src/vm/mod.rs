//! A machine that was built: looked at, and given back at its end.

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
    /// Taking it down stopped; it may be asked for again.
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

/// How a machine's system is usually signed in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    Ssh,
    Rdp,
}

impl Access {
    /// Known by the words with which an offering names its operating system; none where they are others.
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

/// The failure of a removal where vCenter does not have the machine and this host did not remove
/// it.
pub const GONE: &str = "vm-gone";
/// The connection leads to another vCenter than the one in which the machine was built.
pub const OTHER_VCENTER: &str = "other-vcenter";

/// Can a person say that the machine may be counted as removed?
pub fn may_be_forgotten(code: &str) -> bool {
    [GONE, OTHER_VCENTER].contains(&code)
}

/// What rules ask of a machine; known from its stream as well as from its row.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    pub status: Status,
    pub requester_id: &'a str,
    /// Why taking down stopped last.
    pub failed_code: Option<&'a str>,
}

impl Standing<'_> {
    /// Only whoever asked for it, or an admin.
    pub fn in_the_hands_of(&self, ctx: &Context) -> Result<(), Rejection> {
        if self.requester_id == ctx.actor.id || ctx.may(OPERATE) {
            return Ok(());
        }
        Err(Rejection::forbidden("not-your-vm").at("/vm"))
    }

    pub fn there(&self) -> Result<(), Rejection> {
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

/// None for none.
pub fn in_one_line(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| names.join(", "))
}

/// The boundary of a command on one machine.
pub fn guarded(id: &str) -> Boundary {
    if !is_id(id) {
        return Boundary::none();
    }
    Boundary::none().guard(stream(id))
}

pub fn unknown() -> Rejection {
    Rejection::not_found("vm-unknown").at("/vm")
}
