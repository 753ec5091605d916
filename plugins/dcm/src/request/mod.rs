//! Requests for machines. A request is submitted, decided by another person and built; it can be
//! cancelled if the build failed.
//!
//! The id of a request is also the identity of its machine. An [`order`] has a request per machine.

pub mod approvals;
pub mod approve;
pub mod cancel;
pub mod cancel_without_removal;
pub mod cancel_workflow;
pub mod complete_cancel;
pub mod complete_without_address;
pub mod decision;
pub mod event;
pub mod fail_cancel;
pub mod look_again;
pub mod order;
pub mod quote;
pub mod reject;
pub mod release;
pub mod retry;
pub mod revise;
pub mod state;
pub mod submit;
pub mod view;
pub mod waiting_on;
pub mod withdraw;

use crate::offering::yes;
use crate::policy::fact::Kind;
use eaf_sdk::{Boundary, Rejection};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use order::Order;
pub use state::Request;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    #[default]
    Pending,
    /// Approved, and the machine is being built.
    Approved,
    Fulfilled,
    Rejected,
    Withdrawn,
    /// The deadline of a stage ended without a decision.
    Expired,
    /// The build failed; an admin may retry it, and it may be cancelled.
    Failed,
    /// The machine is being removed.
    Cancelling,
    /// The removal failed; it may be repeated.
    CancelFailed,
    Cancelled,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Approved => "approved",
            Status::Fulfilled => "fulfilled",
            Status::Rejected => "rejected",
            Status::Withdrawn => "withdrawn",
            Status::Expired => "expired",
            Status::Failed => "failed",
            Status::Cancelling => "cancelling",
            Status::CancelFailed => "cancel-failed",
            Status::Cancelled => "cancelled",
        }
    }

    pub fn terminal(self) -> bool {
        matches!(self, Status::Fulfilled | Status::Rejected | Status::Withdrawn | Status::Expired | Status::Cancelled)
    }
}

/// Facts of a request that the rules of its commands need. They are read from the request's stream
/// or from a row.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    pub kind: Kind,
    pub status: Status,
    pub requester_id: &'a str,
    /// Whether the requester's personal data was erased.
    pub requester_erased: bool,
    /// Step at which the last failed build or cancellation failed; `None`: no build or cancellation
    /// has failed.
    pub failed_step: Option<&'a str>,
    /// Code of the last failure of a build or cancellation; `None`: no build or cancellation has
    /// failed.
    pub failed_code: Option<&'a str>,
}

impl RequestFacts<'_> {
    pub fn pending(&self) -> Result<(), Rejection> {
        if self.status == Status::Pending {
            return Ok(());
        }
        Err(Rejection::conflict("request-not-pending").param("status", self.status.as_str()).at("/request"))
    }
}

/// Machine that a request wants to decommission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decommission {
    pub vm_id: String,
    /// Actor id of the person whose machine it is.
    pub owner_id: String,
    /// Number of the attempt to decommission the machine that an approval begins.
    pub attempt: u32,
}

/// Requested machine, as priced at the submission, the last revision or the last approval. Other
/// changes of prices do not affect it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    pub vm_name: String,
    pub offering: String,
    pub offering_name: String,
    pub image: String,
    pub template: String,
    pub cpus: u32,
    pub memory_gb: u32,
    pub term_months: u32,
    pub monthly_cents: i64,
    pub currency: String,
    /// Setting of the offering: the machine is handed over only with an address.
    #[serde(default = "yes")]
    pub await_address: bool,
    /// Machine to decommission; `None`: the request is for a new machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decommission: Option<Decommission>,
    /// Order with further machines; `None`: the request was submitted alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
}

impl Spec {
    pub fn kind(&self) -> Kind {
        if self.decommission.is_some() { Kind::VmDecommission } else { Kind::VmCreate }
    }

    /// Cost over the whole term, in cents.
    pub fn total_cents(&self) -> i64 {
        self.monthly_cents.saturating_mul(self.term_months.into())
    }

    /// Size of the memory in MB, the unit of vCenter.
    pub fn memory_mb(&self) -> u64 {
        u64::from(self.memory_gb) * 1024
    }
}

pub fn stream(id: &str) -> String {
    format!("request/{id}")
}

/// Whether a text from a command's body has the form of an id. This is checked because the id
/// becomes part of stream names.
pub fn is_id(id: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let fits = |(index, byte)| if matches!(index, 8 | 13 | 18 | 23) { byte == b'-' } else { is_digit(byte) };
    id.len() == 36 && id.bytes().enumerate().all(fits)
}

pub fn unknown() -> Rejection {
    Rejection::not_found("request-unknown").at("/request")
}

/// Boundary of a command on one request: the request's stream. Empty if the id is invalid.
pub fn guarded(id: &str) -> Boundary {
    if !is_id(id) {
        return Boundary::none();
    }
    Boundary::none().guard(stream(id))
}
