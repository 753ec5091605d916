//! Mails that ask the people of a stage to decide: its opening, escalation, handover, reassignment
//! and reminder.

use super::{Skipped, basis, facts};
use crate::policy::document::Approver;
use crate::request::Order;
use crate::request::decision::event::{DecisionPassedOn, StageEscalated, StageOpened, StageReassigned, StageReminded};
use crate::request::decision::people::reference;
use crate::request::decision::stages::{self, Stages};
use eaf_sdk::{People, Recorded, flow};
use eaf_sdk_mail::{Condition, Mailer};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Name of the mail template that asks approvers to decide.
pub(super) const APPROVAL_REQUESTED: &str = "approval-requested";

pub(super) fn opened(mailer: &Mailer, e: &StageOpened, recorded: &Recorded) -> Skipped {
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["justification"] = e.justification.as_str().into();
    facts["stage"] = json!(e.stage_name);
    match &e.spec.order {
        Some(order) if !e.together.is_empty() => opened_together(mailer, e, order, facts),
        _ => {
            let ask = Ask { request: &e.request_id, requester: &e.requester_id, stage: &e.stage, decided: &e.decided };
            ask.send(mailer, &e.asked, e.due_at, facts)
        }
    }
}

/// Sends one mail about all machines of an order, in the run of line 1. The mail links to the first
/// line whose stage is still open.
fn opened_together(mailer: &Mailer, e: &StageOpened, order: &Order, mut facts: Value) -> Skipped {
    if order.line > 1 {
        return Ok(true);
    }
    facts["machines"] = json!(e.together);
    facts["order_monthly_cents"] = e.spec.monthly_cents.saturating_mul(order.lines.into()).into();
    for request in std::iter::once(order.id.clone()).chain(order.others()) {
        let row = flow::read::<Stages>(&stages::key(&request, &e.stage))?;
        if row.is_some_and(|row| row.status == stages::Status::Open) {
            facts["request_id"] = request.as_str().into();
            let ask = Ask { request: &request, requester: &e.requester_id, stage: &e.stage, decided: &e.decided };
            return ask.send(mailer, &e.asked, e.due_at, facts);
        }
    }
    Ok(true)
}

pub(super) fn escalated(mailer: &Mailer, e: &StageEscalated, recorded: &Recorded) -> Skipped {
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["justification"] = e.justification.as_str().into();
    facts["escalated"] = true.into();
    let ask = Ask { request: &e.request_id, requester: &e.requester_id, stage: &e.stage, decided: &e.decided };
    ask.send(mailer, std::slice::from_ref(&e.to), e.due_at, facts)
}

pub(super) fn passed_on(mailer: &Mailer, e: &DecisionPassedOn, recorded: &Recorded) -> Skipped {
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["justification"] = e.justification.as_str().into();
    facts["stage"] = json!(e.stage_name);
    facts["passed_on_by"] = e.approver_name.as_str().into();
    facts["note"] = e.reason.as_str().into();
    let none = BTreeSet::new();
    let ask = Ask { request: &e.request_id, requester: &e.requester_id, stage: &e.stage, decided: &none };
    ask.send(mailer, &[Approver::Actor(e.to_id.clone())], e.due_at, facts)
}

pub(super) fn reassigned(mailer: &Mailer, e: &StageReassigned, recorded: &Recorded) -> Skipped {
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["justification"] = e.justification.as_str().into();
    facts["stage"] = json!(e.stage_name);
    facts["passed_on_by"] = e.by_name.as_str().into();
    facts["note"] = e.reason.as_str().into();
    let ask = Ask { request: &e.request_id, requester: &e.requester_id, stage: &e.stage, decided: &e.decided };
    ask.send(mailer, &e.asked, e.due_at, facts)
}

pub(super) fn reminded(mailer: &Mailer, e: &StageReminded, recorded: &Recorded) -> Skipped {
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["justification"] = e.justification.as_str().into();
    facts["stage"] = json!(e.stage_name);
    facts["reminder"] = true.into();
    let ask = Ask { request: &e.request_id, requester: &e.requester_id, stage: &e.stage, decided: &e.decided };
    ask.send(mailer, &e.asked, Some(e.due_at), facts)
}

/// Question to the people of a stage to decide about a request.
struct Ask<'a> {
    request: &'a str,
    requester: &'a str,
    stage: &'a str,
    /// Actor ids of the people who have decided on the stage already.
    decided: &'a BTreeSet<String>,
}

impl Ask<'_> {
    /// Sends one mail to each person who is asked and has not decided, or to their deputy, while
    /// the stage is open.
    fn send(&self, mailer: &Mailer, asked: &[Approver], due_at: Option<i64>, mut facts: Value) -> Skipped {
        facts["due_at"] = due_at.into();
        basis::add(&mut facts, self.request, self.stage, self.requester)?;
        let people = asked.iter().fold(People::default(), |people, asked| people.or(reference(asked, self.requester)));
        let people = people.with_deputies().except(self.requester);
        let to = self.decided.iter().fold(people, |people, decided| people.except(decided)).into();
        let row = stages::key(self.request, self.stage);
        let open = Condition::on::<Stages>(&row, "status", stages::Status::Open);
        mailer.send_while(APPROVAL_REQUESTED, to, &facts, &open).map(|sent| sent.skipped)
    }
}
