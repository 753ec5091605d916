//! DCM: virtual machines by request and approval. One folder per thing, one file per decision.
//!
//! To add a decision:
//! 1. its file with a `Command`, whose rule the view's `actions` calls too;
//! 2. its name in [`Dcm`];
//! 3. its texts in `locales/`. The tests compare the offered actions with the decisions.

pub mod calendar;
pub mod input;
pub mod naming;
pub mod notify;
pub mod offering;
pub mod overview;
pub mod policy;
pub mod provisioning;
pub mod request;
pub mod settings;
pub mod timeline;
pub mod vm;

use eaf_sdk::{Flows, Permission, Plugin, events, list, settings_schema};
use serde_json::Value;

use calendar::event::CalendarSet;
use naming::{NameClaimed, NameReleased};
use offering::OfferingDefined;
use policy::event::{PolicyDraftClosed, PolicyDrafted, PolicyPublished, PolicyRetired};
use provisioning::event::{Resumed, Stalled, StepFailed, StepFinished, StepProgressed, StepStarted};
use request::decision::event::{
    ApprovalPlanned, ChangesConfirmed, ChangesDeclined, ChangesProposed, DecisionPassedOn, QuestionAnswered,
    QuestionAsked, StageDeadlineSet, StageDecided, StageEscalated, StageOpened, StagePassed, StageReassigned,
    StageReminded,
};
use request::event::{
    DecommissionApproved, RequestApproved, RequestAutoApproved, RequestCancelFailed, RequestCancelRequested,
    RequestCancelled, RequestExpired, RequestFailed, RequestFulfilled, RequestRejected, RequestRetried, RequestRevised,
    RequestSubmitted, RequestWithdrawn,
};
use settings::Settings;
use vm::event::{
    VmDecommissionAwaited, VmDecommissionFailed, VmDecommissionNotApproved, VmDecommissionRequested, VmDecommissioned,
    VmGoneConfirmed, VmProvisioned, VmRefreshFailed, VmRefreshRequested, VmRefreshed,
};

/// DCM's permissions, which people hold by their roles. The system needs no permission.
pub mod permission {
    pub const REQUEST: &str = "request";
    /// Reading of all requests, and decisions where no policy names other people.
    pub const APPROVE: &str = "approve";
    /// Decisions on the requests about which a policy asks the person.
    pub const DECIDE: &str = "decide";
    pub const OFFER: &str = "offer";
    pub const OPERATE: &str = "operate";
    pub const POLICY: &str = "policy";
    pub const AUDIT: &str = "audit";
}

events! {
    pub enum Event {
        OfferingDefined,
        NameClaimed,
        NameReleased,
        RequestSubmitted,
        ApprovalPlanned,
        StageOpened,
        StageDecided,
        StageEscalated,
        DecisionPassedOn,
        StageReassigned,
        StagePassed,
        StageDeadlineSet,
        StageReminded,
        QuestionAsked,
        QuestionAnswered,
        ChangesProposed,
        ChangesConfirmed,
        ChangesDeclined,
        RequestRevised,
        RequestWithdrawn,
        RequestApproved,
        RequestAutoApproved,
        RequestExpired,
        DecommissionApproved,
        RequestRejected,
        RequestRetried,
        RequestFulfilled,
        RequestFailed,
        RequestCancelRequested,
        RequestCancelled,
        RequestCancelFailed,
        StepStarted,
        StepProgressed,
        StepFinished,
        StepFailed,
        Stalled,
        Resumed,
        VmProvisioned,
        VmRefreshRequested,
        VmRefreshed,
        VmRefreshFailed,
        VmDecommissionAwaited,
        VmDecommissionNotApproved,
        VmDecommissionRequested,
        VmDecommissioned,
        VmDecommissionFailed,
        VmGoneConfirmed,
        PolicyDrafted,
        PolicyDraftClosed,
        PolicyPublished,
        PolicyRetired,
        CalendarSet,
    }
}

/// Domain component of DCM: its commands, events, states and views.
pub struct Dcm;

impl Plugin for Dcm {
    type Events = Event;
    type Commands = list![
        offering::define::DefineOffering,
        policy::draft::DraftPolicy,
        policy::draft::DiscardDraft,
        policy::publish::PublishPolicy,
        policy::simulate::SimulatePolicy,
        policy::retire::RetirePolicy,
        calendar::set::SetCalendar,
        request::submit::RequestVm,
        request::revise::ReviseRequest,
        request::withdraw::WithdrawRequest,
        request::approve::ApproveRequest,
        request::reject::RejectRequest,
        request::decision::ask_back::AskBack,
        request::decision::answer::Answer,
        request::decision::propose::ProposeChanges,
        request::decision::confirm::ConfirmChanges,
        request::decision::decline::DeclineChanges,
        request::decision::pass_on::PassOnDecision,
        request::decision::reassign::ReassignStage,
        request::decision::end_deadline::EndDeadline,
        request::decision::note_departure::NoteDeparture,
        request::decision::remind::RemindApprovers,
        request::retry::RetryRequest,
        request::complete_without_address::CompleteWithoutAddress,
        request::cancel::CancelRequest,
        request::cancel_without_removal::CancelWithoutRemoval,
        request::complete_cancel::CompleteCancel,
        request::fail_cancel::FailCancel,
        provisioning::record_step::RecordStep,
        provisioning::complete::CompleteProvisioning,
        provisioning::fail::FailProvisioning,
        provisioning::stall::NoteStall,
        provisioning::note_run_end::NoteRunEnd,
        vm::refresh::RefreshVm,
        vm::record_refresh::RecordRefresh,
        vm::note_machine::NoteMachine,
        vm::decommission::DecommissionVm,
        vm::confirm_gone::ConfirmGone,
        vm::complete_decommission::CompleteDecommission,
        vm::fail_decommission::FailDecommission,
    ];
    type States = list![
        offering::Offering,
        policy::state::Drafts,
        policy::state::Policies,
        calendar::state::Current,
        naming::Holder,
        request::Request,
        vm::Vm,
    ];
    type Views = list![
        offering::view::Offerings,
        policy::view::PoliciesView,
        policy::versions::PolicyVersions,
        calendar::view::CalendarView,
        request::view::Requests,
        request::approvals::Approvals,
        request::decision::stages::Stages,
        vm::view::Vms,
        vm::requesters::Requesters,
        timeline::Timeline,
        overview::Months,
    ];
    const PERMISSIONS: &'static [Permission] = &[
        Permission { name: permission::REQUEST, roles: &["requester", "approver", "admin"] },
        Permission { name: permission::APPROVE, roles: &["approver", "admin"] },
        Permission { name: permission::DECIDE, roles: &["requester", "approver", "admin"] },
        Permission { name: permission::OFFER, roles: &["admin"] },
        Permission { name: permission::OPERATE, roles: &["admin"] },
        Permission { name: permission::POLICY, roles: &["admin"] },
        Permission { name: permission::AUDIT, roles: &["auditor", "admin"] },
    ];

    fn settings() -> Option<Value> {
        Some(settings_schema::<Settings>())
    }
}

/// Workflows of the product DCM.
pub struct DcmFlows;

impl Flows for DcmFlows {
    type Workflows = list![
        request::decision::deadline_workflow::StageDeadline,
        provisioning::workflow::Provision,
        request::cancel_workflow::Cancel,
        vm::decommission_workflow::Decommission,
        vm::confirm_gone_workflow::Forget,
        vm::refresh_workflow::Refresh,
        notify::Notify,
    ];
}
