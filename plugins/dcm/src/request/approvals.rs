//! View of approvals, open and decided. A row shows the request as its approvers see it, without
//! the progress after the decision.

use super::decision::offers::offer_decisions;
use super::decision::shown::{self, Shown};
use super::decision::waiting;
use super::event::{RequestRevised, RequestSubmitted, RequestWithdrawn};
use super::order::OrderColumns;
use super::view::request_of;
use super::{RequestFacts, Spec, Status};
use crate::Event;
use crate::permission::{APPROVE, AUDIT, DECIDE, OPERATE};
use crate::policy::fact::Kind;
use eaf_sdk::{Column, Context, ReadRule, Recorded, RowActions, Rows, View};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Status of the approval: pending, approved, rejected, withdrawn or expired.
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
    #[serde(flatten)]
    pub shown: Shown,
    #[serde(flatten)]
    pub order: OrderColumns,
}

pub struct Approvals;

impl View for Approvals {
    type Event = Event;
    type Row = Row;

    const NAME: &'static str = "approvals";
    const VERSION: u16 = 3;
    const COLUMNS: &'static [Column] = &[
        Column::text("status").filter().sort(),
        Column::boolean("terminal").filter(),
        Column::text("kind").filter(),
        Column::text("vm_id").filter(),
        Column::text("vm_name").filter().sort(),
        Column::text("offering").filter(),
        Column::text("offering_name").sort(),
        Column::text("image"),
        Column::integer("cpus"),
        Column::integer("memory_gb"),
        Column::integer("term_months"),
        Column::integer("monthly_cents").sort(),
        Column::text("currency"),
        Column::text("justification"),
        Column::text("requester_id").filter(),
        Column::text("requester_name").sort(),
        Column::timestamp("submitted_at").sort(),
        Column::text("decided_by_id").filter(),
        Column::text("decided_by_name"),
        Column::timestamp("decided_at").sort(),
        Column::text("reason"),
        Column::text("withdrawn_by_id").filter(),
        Column::text("withdrawn_by_name"),
        Column::timestamp("withdrawn_at"),
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
    ];
    const PEOPLE: &'static [&'static str] = shown::PEOPLE;

    fn keys(_: &Event, recorded: &Recorded) -> Vec<String> {
        request_of(recorded).into_iter().collect()
    }

    fn project(event: &Event, recorded: &Recorded, rows: &mut Rows<Row>) {
        let Some(key) = request_of(recorded) else { return };
        if let Event::RequestSubmitted(submitted) = event {
            return rows.put(&key, begin(submitted, recorded));
        }
        let Some(row) = rows.change(&key) else { return };
        row.shown.apply(event);
        match event {
            Event::RequestRevised(e) => row.revise(e),
            Event::RequestWithdrawn(e) => {
                row.end(Status::Withdrawn);
                row.withdrawn(e, recorded.at);
            }
            Event::RequestApproved(e) => {
                row.end(Status::Approved);
                row.show(&e.spec);
                row.decided(&e.approver_id, e.approver_name.to_option(), recorded.at);
            }
            Event::RequestAutoApproved(_) => {
                row.end(Status::Approved);
                row.decided_at = Some(recorded.at);
            }
            Event::DecommissionApproved(e) => {
                row.end(Status::Approved);
                row.decided_by_id.clone_from(&e.approver_id);
                row.decided_by_name = e.approver_name.as_ref().and_then(|name| name.to_option());
                row.decided_at = Some(recorded.at);
            }
            Event::RequestExpired(_) => {
                row.end(Status::Expired);
                row.decided_at = Some(recorded.at);
            }
            Event::RequestRejected(e) => {
                row.end(Status::Rejected);
                row.decided(&e.approver_id, e.approver_name.to_option(), recorded.at);
                row.reason = e.reason.to_option();
            }
            _ => {}
        }
    }

    fn actions(key: &str, row: &Row, ctx: &Context) -> RowActions {
        if row.status != Status::Pending {
            return RowActions::idle();
        }
        let facts = RequestFacts {
            kind: row.kind,
            status: row.status,
            requester_id: &row.requester_id,
            requester_erased: row.requester_name.as_deref().unwrap_or_default().is_empty(),
            failed_step: None,
            failed_code: None,
        };
        let offers = match &row.shown.approval {
            Some(approval) => RowActions::waiting_on(waiting::message(approval, ctx)),
            None => RowActions::idle(),
        };
        offer_decisions(offers, key, &row.shown, &facts, ctx)
    }
}

impl Row {
    fn revise(&mut self, revised: &RequestRevised) {
        self.justification = revised.justification.to_option();
        self.show(&revised.spec);
    }

    fn show(&mut self, spec: &Spec) {
        self.offering.clone_from(&spec.offering);
        self.offering_name.clone_from(&spec.offering_name);
        self.image.clone_from(&spec.image);
        (self.cpus, self.memory_gb, self.term_months) = (spec.cpus, spec.memory_gb, spec.term_months);
        self.monthly_cents = spec.monthly_cents;
        self.currency.clone_from(&spec.currency);
    }

    fn end(&mut self, status: Status) {
        self.status = status;
        self.terminal = true;
        self.shown.end();
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
        shown: Shown::default(),
    }
}
