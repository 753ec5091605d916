//! View of the requests: a requester reads their own; approvers, admins and auditors read all.

use super::cancel::{self, CancelRequest};
use super::cancel_without_removal::{self, CancelWithoutRemoval};
use super::complete_without_address::{self, CompleteWithoutAddress};
use super::decision::note_departure::NoteDeparture;
use super::decision::offers::offer_decisions;
use super::decision::shown::{self, Shown};
use super::event::{RequestSubmitted, RequestWithdrawn};
use super::order::OrderColumns;
use super::retry::{self, RetryRequest};
use super::revise::{self, ReviseRequest};
use super::waiting_on::waiting_on;
use super::withdraw::{self, WithdrawRequest};
use super::{RequestFacts, Spec, Status};
use crate::Event;
use crate::permission::{APPROVE, AUDIT, DECIDE, OPERATE, REQUEST};
use crate::policy::fact::Kind;
use crate::vm;
use eaf_sdk::{Column, Command, Context, ReadRule, Recorded, RowActions, Rows, Thing, View};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    pub status: Status,
    pub terminal: bool,
    /// Kind of the requested change.
    pub kind: Kind,
    /// Id of the machine to decommission; `None`: the request is for a new machine.
    pub vm_id: Option<String>,
    pub vm_name: String,
    pub offering: String,
    pub offering_name: String,
    pub image: String,
    /// Name of the template of the present or last clone.
    pub template: String,
    pub cpus: u32,
    pub memory_gb: u32,
    pub term_months: u32,
    pub monthly_cents: i64,
    pub currency: String,
    pub justification: Option<String>,
    pub requester_id: String,
    pub requester_name: Option<String>,
    pub submitted_at: i64,
    pub decided_by_id: Option<String>,
    pub decided_by_name: Option<String>,
    pub decided_at: Option<i64>,
    pub reason: Option<String>,
    pub withdrawn_by_id: Option<String>,
    pub withdrawn_by_name: Option<String>,
    pub withdrawn_at: Option<i64>,
    /// Actor id of the person who last cancelled the request; `None`: the request was never
    /// cancelled.
    pub cancelled_by_id: Option<String>,
    pub cancelled_by_name: Option<String>,
    pub cancelled_at: Option<i64>,
    /// Names of copies of the machine: other machines in vCenter that carry the same marker and
    /// were not removed. `None`: there are no copies.
    pub copies: Option<String>,
    pub attempt: Option<u32>,
    pub step: Option<String>,
    pub percent: Option<u32>,
    pub stalled_since: Option<i64>,
    pub stalled_code: Option<String>,
    pub stalled_message: Option<String>,
    pub failed_step: Option<String>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub trace_id: String,
    pub ip: Option<String>,
    /// Time when the delivered machine was decommissioned, in milliseconds since 1970; `None`: the
    /// machine has not been decommissioned.
    pub decommissioned_at: Option<i64>,
    /// Whether the machine is handed over only with an address, as the offering says.
    pub await_address: bool,
    pub updated_at: i64,
    #[serde(flatten)]
    pub shown: Shown,
    #[serde(flatten)]
    pub order: OrderColumns,
}

pub struct Requests;

impl View for Requests {
    type Event = Event;
    type Row = Row;

    const NAME: &'static str = "requests";
    const VERSION: u16 = 3;
    const COLUMNS: &'static [Column] = &[
        Column::text("status").filter().sort(),
        Column::boolean("terminal").filter(),
        Column::text("kind").filter(),
        Column::text("vm_id").filter(),
        Column::text("vm_name").filter().sort().search(),
        Column::text("offering").filter(),
        Column::text("offering_name").sort().search(),
        Column::text("image"),
        Column::text("template"),
        Column::integer("cpus"),
        Column::integer("memory_gb"),
        Column::integer("term_months"),
        Column::integer("monthly_cents").sort(),
        Column::text("currency"),
        Column::text("justification"),
        Column::text("requester_id").filter(),
        Column::text("requester_name").sort().search(),
        Column::timestamp("submitted_at").sort(),
        Column::text("decided_by_id").filter(),
        Column::text("decided_by_name"),
        Column::timestamp("decided_at").sort(),
        Column::text("reason"),
        Column::text("withdrawn_by_id").filter(),
        Column::text("withdrawn_by_name"),
        Column::timestamp("withdrawn_at"),
        Column::text("cancelled_by_id").filter(),
        Column::text("cancelled_by_name"),
        Column::timestamp("cancelled_at"),
        Column::text("copies"),
        Column::integer("attempt"),
        Column::text("step"),
        Column::integer("percent"),
        Column::timestamp("stalled_since"),
        Column::text("stalled_code"),
        Column::text("stalled_message"),
        Column::text("failed_step"),
        Column::text("error_code"),
        Column::text("error_message"),
        Column::text("trace_id"),
        Column::text("ip").search(),
        Column::timestamp("decommissioned_at"),
        Column::boolean("await_address"),
        Column::timestamp("updated_at").sort(),
        Column::json("approval"),
        Column::json("decisions"),
        Column::json("asked"),
        Column::json("waiting_for"),
        Column::timestamp("due_at").sort(),
        Column::integer("revision"),
        Column::json("thread"),
        Column::json("proposal"),
        Column::text("awaited").filter(),
        Column::text("order_id").filter(),
        Column::integer("order_line"),
        Column::integer("order_lines"),
    ];
    const READ: &'static [ReadRule] = &[
        ReadRule::all(APPROVE),
        ReadRule::all(OPERATE),
        ReadRule::all(AUDIT),
        ReadRule::own(REQUEST, "requester_id"),
        ReadRule::asked(DECIDE, "asked"),
        ReadRule::asked(DECIDE, "waiting_for"),
    ];
    const EVENTS: &'static [&'static str] = &[
        "request-submitted",
        "approval-planned",
        "stage-opened",
        "stage-decided",
        "stage-escalated",
        "decision-passed-on",
        "stage-reassigned",
        "stage-passed",
        "question-asked",
        "question-answered",
        "changes-proposed",
        "changes-declined",
        "request-auto-approved",
        "request-expired",
        "request-revised",
        "request-withdrawn",
        "request-approved",
        "decommission-approved",
        "request-rejected",
        "request-retried",
        "request-fulfilled",
        "request-failed",
        "request-cancel-requested",
        "request-cancelled",
        "request-cancel-failed",
        "step-started",
        "step-progressed",
        "stalled",
        "resumed",
        "vm-decommissioned",
    ];
    const THING: Option<Thing> = Some(Thing { name: "vm_name", streams: &["request"], named: &["vm-name"] });
    const ON_DEPARTURE: Option<&'static str> = Some(NoteDeparture::NAME);
    const PEOPLE: &'static [&'static str] = shown::PEOPLE;

    fn keys(_: &Event, recorded: &Recorded) -> Vec<String> {
        request_or_its_machine(recorded).into_iter().collect()
    }

    fn project(event: &Event, recorded: &Recorded, rows: &mut Rows<Row>) {
        let Some(key) = request_or_its_machine(recorded) else { return };
        if let Event::RequestSubmitted(submitted) = event {
            return rows.put(&key, begin(submitted, recorded));
        }
        if let Some(row) = rows.change(&key) {
            advance(row, event, recorded);
        }
    }

    fn actions(key: &str, row: &Row, ctx: &Context) -> RowActions {
        let facts = row.facts();
        let offers = match waiting_on(row, ctx) {
            Some(message) => RowActions::waiting_on(message),
            None => RowActions::idle(),
        };
        let body = json!({ "request": key });
        let revised = json!({ "request": key, "revision": row.shown.revision });
        let offers = offer_decisions(offers, key, &row.shown, &facts, ctx);
        let offers = match row.kind {
            Kind::VmCreate => offers.offer::<ReviseRequest>(ctx, revise::can_revise(ctx, &facts), revised),
            Kind::VmDecommission => offers,
        };
        offers
            .offer::<WithdrawRequest>(ctx, withdraw::can_withdraw(ctx, &facts), body.clone())
            .offer::<RetryRequest>(ctx, retry::can_retry(&facts), body.clone())
            .offer::<CompleteWithoutAddress>(
                ctx,
                complete_without_address::can_complete_without_address(&facts),
                body.clone(),
            )
            .offer::<CancelRequest>(ctx, cancel::can_cancel(ctx, &facts), body.clone())
            .offer::<CancelWithoutRemoval>(ctx, cancel_without_removal::can_cancel_without_removal(&facts), body)
    }
}

impl Row {
    pub fn facts(&self) -> RequestFacts<'_> {
        RequestFacts {
            kind: self.kind,
            status: self.status,
            requester_id: &self.requester_id,
            requester_erased: self.requester_name.as_deref().unwrap_or_default().is_empty(),
            failed_step: self.failed_step.as_deref(),
            failed_code: self.error_code.as_deref(),
        }
    }
}

/// Id of the request to whose stream an event belongs; `None` if the event is in another stream.
/// The steps of a machine's removal are events of the machine, not of the request.
pub fn request_of(recorded: &Recorded) -> Option<String> {
    recorded.stream.strip_prefix("request/").map(Into::into)
}

/// Id of the request that an event changes: an event of the request itself, or the end of the
/// request's machine. `None`: the event changes no request.
fn request_or_its_machine(recorded: &Recorded) -> Option<String> {
    let ended = || recorded.stream.strip_prefix("vm/").filter(|_| recorded.kind == "vm-decommissioned");
    request_of(recorded).or_else(|| ended().map(Into::into))
}

fn begin(submitted: &RequestSubmitted, recorded: &Recorded) -> Row {
    let spec = submitted.spec.clone();
    Row {
        order: OrderColumns::from(&spec),
        status: Status::Pending,
        terminal: false,
        kind: spec.kind(),
        vm_id: spec.decommission.as_ref().map(|machine| machine.vm_id.clone()),
        vm_name: spec.vm_name,
        offering: spec.offering,
        offering_name: spec.offering_name,
        image: spec.image,
        template: spec.template,
        cpus: spec.cpus,
        memory_gb: spec.memory_gb,
        term_months: spec.term_months,
        monthly_cents: spec.monthly_cents,
        currency: spec.currency,
        justification: submitted.justification.to_option(),
        requester_id: submitted.requester_id.clone(),
        requester_name: submitted.requester_name.to_option(),
        submitted_at: recorded.at,
        decided_by_id: None,
        decided_by_name: None,
        decided_at: None,
        reason: None,
        withdrawn_by_id: None,
        withdrawn_by_name: None,
        withdrawn_at: None,
        cancelled_by_id: None,
        cancelled_by_name: None,
        cancelled_at: None,
        copies: None,
        attempt: None,
        step: None,
        percent: None,
        stalled_since: None,
        stalled_code: None,
        stalled_message: None,
        failed_step: None,
        error_code: None,
        error_message: None,
        trace_id: recorded.trace_id.clone(),
        ip: None,
        decommissioned_at: None,
        await_address: spec.await_address,
        updated_at: recorded.at,
        shown: Shown::default(),
    }
}

fn advance(row: &mut Row, event: &Event, recorded: &Recorded) {
    if let Event::VmDecommissioned(_) = event {
        row.decommissioned_at = Some(recorded.at);
        return;
    }
    row.updated_at = recorded.at;
    row.shown.apply(event);
    row.revise(event);
    row.decide(event, recorded.at);
    row.build(event, recorded.at);
    row.cancel(event, recorded.at);
}

impl Row {
    fn revise(&mut self, event: &Event) {
        let Event::RequestRevised(e) = event else { return };
        self.justification = e.justification.to_option();
        self.show(&e.spec);
    }

    fn show(&mut self, spec: &Spec) {
        self.offering.clone_from(&spec.offering);
        self.offering_name.clone_from(&spec.offering_name);
        (self.cpus, self.memory_gb, self.term_months) = (spec.cpus, spec.memory_gb, spec.term_months);
        self.monthly_cents = spec.monthly_cents;
        self.currency.clone_from(&spec.currency);
        self.build_from(spec);
    }

    fn decide(&mut self, event: &Event, at: i64) {
        match event {
            Event::RequestWithdrawn(e) => {
                self.enter(Status::Withdrawn);
                self.withdrawn(e, at);
            }
            Event::RequestApproved(e) => {
                self.enter(Status::Approved);
                self.decided(&e.approver_id, e.approver_name.to_option(), at);
                self.show(&e.spec);
                self.attempt = Some(e.attempt);
            }
            Event::RequestAutoApproved(e) => {
                self.enter(Status::Approved);
                self.decided_at = Some(at);
                self.attempt = Some(e.attempt);
            }
            Event::DecommissionApproved(e) => {
                self.enter(Status::Approved);
                // The row of the machine shows the removal.
                self.terminal = true;
                self.decided_by_id.clone_from(&e.approver_id);
                self.decided_by_name = e.approver_name.as_ref().and_then(|name| name.to_option());
                self.decided_at = Some(at);
            }
            Event::RequestExpired(_) => {
                self.enter(Status::Expired);
                self.decided_at = Some(at);
            }
            Event::RequestRejected(e) => {
                self.enter(Status::Rejected);
                self.decided(&e.approver_id, e.approver_name.to_option(), at);
                self.reason = e.reason.to_option();
            }
            _ => {}
        }
    }

    fn build(&mut self, event: &Event, at: i64) {
        match event {
            Event::RequestRetried(e) => {
                self.enter(Status::Approved);
                self.attempt = Some(e.attempt);
                self.forget_failure();
                self.build_from(&e.spec);
            }
            Event::StepStarted(e) => (self.step, self.percent) = (Some(e.step.as_str().into()), Some(0)),
            Event::StepProgressed(e) => self.percent = Some(e.percent),
            Event::Stalled(e) => {
                self.stalled_since = Some(at);
                self.stalled_code = Some(e.code.clone());
                self.stalled_message = Some(e.message.clone());
            }
            Event::Resumed(_) => self.resume(),
            Event::RequestFulfilled(e) => {
                self.enter(Status::Fulfilled);
                self.ip = e.ip.clone();
                self.build_from(&e.spec);
                (self.step, self.percent) = (None, None);
            }
            Event::RequestFailed(e) => {
                self.enter(Status::Failed);
                self.fail(&e.step, &e.code, &e.message, &e.trace_id);
            }
            _ => {}
        }
    }

    fn cancel(&mut self, event: &Event, at: i64) {
        match event {
            Event::RequestCancelRequested(e) => {
                self.enter(Status::Cancelling);
                self.forget_failure();
                self.cancelled_by_id = Some(e.by_id.clone());
                self.cancelled_by_name = e.by_name.to_option();
                self.reason = e.reason.to_option().filter(|reason| !reason.is_empty());
            }
            Event::RequestCancelled(e) => {
                self.enter(Status::Cancelled);
                self.forget_failure();
                self.cancelled_at = Some(at);
                self.copies = vm::in_one_line(&e.copies);
            }
            Event::RequestCancelFailed(e) => {
                self.enter(Status::CancelFailed);
                self.fail(&e.step, &e.code, &e.message, &e.trace_id);
            }
            _ => {}
        }
    }

    fn enter(&mut self, status: Status) {
        self.status = status;
        self.terminal = status.terminal();
        self.shown.end();
        self.resume();
    }

    fn resume(&mut self) {
        (self.stalled_since, self.stalled_code, self.stalled_message) = (None, None, None);
    }

    fn fail(&mut self, step: &str, code: &str, message: &str, trace: &str) {
        self.failed_step = Some(step.into());
        self.error_code = Some(code.into());
        self.error_message = Some(message.into());
        self.trace_id = trace.into();
    }

    fn forget_failure(&mut self) {
        (self.step, self.percent) = (None, None);
        (self.failed_step, self.error_code, self.error_message) = (None, None, None);
    }

    fn build_from(&mut self, spec: &Spec) {
        self.template.clone_from(&spec.template);
        self.image.clone_from(&spec.image);
        self.await_address = spec.await_address;
    }

    fn withdrawn(&mut self, by: &RequestWithdrawn, at: i64) {
        self.withdrawn_by_id = Some(by.requester_id.clone());
        self.withdrawn_by_name = by.requester_name.to_option();
        self.withdrawn_at = Some(at);
    }

    fn decided(&mut self, id: &str, name: Option<String>, at: i64) {
        self.decided_by_id = Some(id.into());
        self.decided_by_name = name;
        self.decided_at = Some(at);
    }
}
