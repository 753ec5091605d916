//! Sentence that says whom each open stage of an approval waits for, since when, by when, and what
//! follows.

use super::people::{open_seats, reference, waited_for};
use crate::policy::approval::{Approval, Progress, Verdict};
use crate::policy::document::Needs;
use crate::policy::plan::PlannedStage;
use crate::policy::waiting::{Then, then};
use eaf_sdk::{Context, Message, People};
use serde_json::{Value, json};

/// Message that an approval waits for its open stages. Of several deadlines the earliest counts.
/// While a question or proposed changes are open, the approval waits for its requester instead.
pub fn message(approval: &Approval, ctx: &Context) -> Message {
    let requester = People::actor(&approval.requester);
    if let Some(proposal) = &approval.proposal {
        let proposer = People::actor(&proposal.agreed.by);
        let message = Message::new("confirm-changes").param("since", proposal.since);
        return message.param("people", requester).param("proposer", proposer);
    }
    if let Some(question) = &approval.question {
        return Message::new("answer").param("since", question.since).param("people", requester);
    }
    let open = approval.open_stages().into_iter();
    let open: Vec<(&PlannedStage, &Progress)> =
        open.filter_map(|key| Some((approval.planned(key)?, approval.open(key)?))).collect();
    let since = open.iter().map(|(_, progress)| progress.since).min();
    let people: Vec<Value> = open.iter().map(|(_, progress)| waited_for(approval, progress).into()).collect();
    let stages: Vec<Value> = open.iter().map(|(planned, progress)| stage(approval, planned, progress, ctx)).collect();
    let message = Message::new("approval").param("since", since).param("people", people).param("stages", stages);
    let due = open
        .iter()
        .filter_map(|(planned, progress)| Some((progress.due_at?, *planned, *progress)))
        .min_by_key(|due| due.0);
    deadline(message, approval, ctx.now, due)
}

fn deadline(message: Message, approval: &Approval, now: i64, due: Option<(i64, &PlannedStage, &Progress)>) -> Message {
    let Some((due, planned, progress)) = due else { return message.param("due", Value::Null) };
    let message = message.param("due", due).param("overdue", due <= now);
    match then(progress, planned.deadline.as_ref()) {
        Then::Escalate { to } => message.param("then", "escalate").param("next", reference(&to, &approval.requester)),
        Then::Expire => message.param("then", "expire"),
        Then::Approve => message.param("then", "approve"),
        Then::Nothing => message.param("then", "nothing"),
    }
}

/// Facts of an open stage: its name in the caller's language, which is empty for the default stage,
/// its own seats and needs, so that the lack of one stage shows beside the people of another.
fn stage(approval: &Approval, planned: &PlannedStage, progress: &Progress, ctx: &Context) -> Value {
    json!({
        "name": planned.name.as_ref().map(|name| name.in_language(&ctx.locale)).unwrap_or_default(),
        "seats": Value::from(open_seats(approval, progress)),
        "all": planned.needs == Needs::All,
        "missing": missing(planned, progress),
    })
}

/// Number of approvals that an open stage lacks; 1 if all of its people must approve.
fn missing(planned: &PlannedStage, progress: &Progress) -> u64 {
    if planned.needs == Needs::All {
        return 1;
    }
    let approvals = progress.decisions.iter().filter(|decision| decision.verdict == Verdict::Approve).count();
    planned.needs.least().saturating_sub(approvals as u64)
}
