//! Timeline of a request and its machine, down to the step in vCenter: one row per event.

use crate::Event;
use crate::permission::{APPROVE, AUDIT, DECIDE, OPERATE, REQUEST};
use crate::policy::plan::DEFAULT_STAGE;
use crate::request::decision::people::reference;
use crate::request::view::{Requests, request_of};
use crate::vm::view::vm_of;
use eaf_sdk::{ActorKind, Column, People, ReadRule, Recorded, Rows, View};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    pub status: String,
    pub terminal: bool,
    pub request_id: String,
    pub requester_id: String,
    pub at: i64,
    /// Type of the event. The sentence of the row has this name as its code.
    pub kind: String,
    pub process: Option<String>,
    pub attempt: Option<u32>,
    pub step: Option<String>,
    pub percent: Option<u32>,
    pub code: Option<String>,
    pub message: Option<String>,
    pub actor_id: String,
    /// Kind of the actor: person, service or system.
    pub actor_kind: String,
    pub actor_name: Option<String>,
    /// Actor id of the person on whose behalf a deputy acted.
    pub on_behalf_of_id: Option<String>,
    /// People who are asked to decide because of the event; `None`: the event asks no people.
    pub asked: Option<People>,
    pub trace_id: String,
}

pub struct Timeline;

impl View for Timeline {
    type Event = Event;
    type Row = Row;

    const NAME: &'static str = "timeline";
    const COLUMNS: &'static [Column] = &[
        Column::text("status"),
        Column::boolean("terminal"),
        Column::text("request_id").filter(),
        Column::text("requester_id").filter(),
        Column::timestamp("at").sort(),
        Column::text("kind").filter(),
        Column::text("process").filter(),
        Column::integer("attempt").filter(),
        Column::text("step").filter(),
        Column::integer("percent"),
        Column::text("code"),
        Column::text("message"),
        Column::text("actor_id"),
        Column::text("actor_kind"),
        Column::text("actor_name"),
        Column::text("on_behalf_of_id"),
        Column::json("asked"),
        Column::text("trace_id"),
    ];
    const READ: &'static [ReadRule] = &[
        ReadRule::all(APPROVE),
        ReadRule::all(OPERATE),
        ReadRule::all(AUDIT),
        ReadRule::own(REQUEST, "requester_id"),
        ReadRule::through(DECIDE, "request_id", Requests::NAME),
    ];
    const EVENTS: &'static [&'static str] = &[
        "request-submitted",
        "stage-opened",
        "stage-decided",
        "stage-reminded",
        "stage-escalated",
        "decision-passed-on",
        "stage-reassigned",
        "stage-passed",
        "question-asked",
        "question-answered",
        "changes-proposed",
        "changes-confirmed",
        "changes-declined",
        "request-auto-approved",
        "request-expired",
        "request-revised",
        "request-withdrawn",
        "request-approved",
        "request-rejected",
        "decommission-approved",
        "request-retried",
        "request-fulfilled",
        "request-failed",
        "request-cancel-requested",
        "request-cancelled",
        "request-cancel-failed",
        "step-started",
        "step-progressed",
        "step-finished",
        "step-failed",
        "stalled",
        "resumed",
        "vm-provisioned",
        "vm-refresh-requested",
        "vm-refreshed",
        "vm-refresh-failed",
        "vm-decommission-awaited",
        "vm-decommission-not-approved",
        "vm-decommission-requested",
        "vm-decommissioned",
        "vm-decommission-failed",
        "vm-gone-confirmed",
    ];
    const PEOPLE: &'static [&'static str] = &["/on_behalf_of_id", "/asked/actors/*"];

    fn keys(event: &Event, recorded: &Recorded) -> Vec<String> {
        key(recorded).filter(|_| !is_default_stage(event)).into_iter().collect()
    }

    fn project(event: &Event, recorded: &Recorded, rows: &mut Rows<Row>) {
        if is_default_stage(event) {
            return;
        }
        let (Some(key), Some(request_id)) = (key(recorded), thing(recorded)) else { return };
        rows.put(&key, row(event, recorded, request_id));
    }
}

/// Whether an event is about the default stage. The events of the request say the same.
fn is_default_stage(event: &Event) -> bool {
    let stage = match event {
        Event::StageOpened(e) => &e.stage,
        Event::StageDecided(e) => &e.stage,
        Event::StagePassed(e) => &e.stage,
        _ => return false,
    };
    stage == DEFAULT_STAGE
}

/// Id of the request or the machine that an event is about; a request and its machine have the same
/// id. `None`: the event is about neither.
fn thing(recorded: &Recorded) -> Option<String> {
    request_of(recorded).or_else(|| vm_of(recorded))
}

/// Key of an event's row: the id and the position in the log. By the position, the events of a
/// request and of its machine are in order of time.
fn key(recorded: &Recorded) -> Option<String> {
    thing(recorded).map(|id| format!("{id}/{:010}", recorded.position))
}

fn row(event: &Event, recorded: &Recorded, request_id: String) -> Row {
    let text = |member: &str| recorded.data.get(member).and_then(Value::as_str).map(str::to_owned);
    let number = |member: &str| recorded.data.get(member).and_then(Value::as_u64).map(|n| n as u32);
    Row {
        status: "recorded".into(),
        terminal: true,
        request_id,
        requester_id: text("requester_id").unwrap_or_default(),
        at: recorded.at,
        kind: recorded.kind.clone(),
        process: text("process"),
        attempt: number("attempt"),
        step: text("step").or_else(|| text("from_step")),
        percent: number("percent"),
        code: text("code"),
        message: text("message"),
        actor_id: recorded.actor.clone(),
        actor_kind: match recorded.actor_kind {
            ActorKind::Person => "person",
            ActorKind::Service => "service",
            ActorKind::System => "system",
        }
        .into(),
        actor_name: actor_name(event),
        on_behalf_of_id: text("on_behalf_of_id"),
        asked: asked(event),
        trace_id: recorded.trace_id.clone(),
    }
}

/// Name of the person who caused the event, who may differ from the person whose data the event
/// contains.
fn actor_name(event: &Event) -> Option<String> {
    match event {
        Event::RequestSubmitted(e) => e.requester_name.to_option(),
        Event::RequestRevised(e) => e.requester_name.to_option(),
        Event::RequestWithdrawn(e) => e.requester_name.to_option(),
        Event::StageDecided(e) => e.approver_name.to_option(),
        Event::DecisionPassedOn(e) => e.approver_name.to_option(),
        Event::StageReassigned(e) => e.by_name.to_option(),
        Event::QuestionAsked(e) => e.approver_name.to_option(),
        Event::QuestionAnswered(e) => e.requester_name.to_option(),
        Event::ChangesProposed(e) => e.approver_name.to_option(),
        Event::ChangesConfirmed(e) => e.requester_name.to_option(),
        Event::ChangesDeclined(e) => e.requester_name.to_option(),
        Event::RequestApproved(e) => e.approver_name.to_option(),
        Event::RequestRejected(e) => e.approver_name.to_option(),
        Event::RequestRetried(e) => e.by_name.to_option(),
        Event::RequestCancelRequested(e) => e.by_name.to_option(),
        Event::VmRefreshRequested(e) => e.by_name.to_option(),
        Event::DecommissionApproved(e) => e.approver_name.as_ref().and_then(|name| name.to_option()),
        Event::VmDecommissionAwaited(e) => e.by_name.to_option(),
        Event::VmDecommissionRequested(e) => e.by_name.to_option(),
        Event::VmGoneConfirmed(e) => e.by_name.to_option(),
        _ => None,
    }
}

/// People whom the event asks to decide.
fn asked(event: &Event) -> Option<People> {
    let (requester, asked) = match event {
        Event::StageOpened(e) => (&e.requester_id, e.asked.as_slice()),
        Event::StageEscalated(e) => (&e.requester_id, std::slice::from_ref(&e.to)),
        Event::StageReassigned(e) => (&e.requester_id, e.asked.as_slice()),
        Event::DecisionPassedOn(e) => return Some(People::actor(&e.to_id)),
        _ => return None,
    };
    let people = asked.iter().fold(People::default(), |people, asked| people.or(reference(asked, requester)));
    Some(people.except(requester))
}
