//! Sentence that says whom an open approval waits for, since when, by when, and what follows.

use super::people::{open_seats, reference, waited_for};
use crate::policy::approval::{Approval, Progress, Verdict};
use crate::policy::document::Needs;
use crate::policy::plan::PlannedStage;
use crate::policy::waiting::{Then, then};
use eaf_sdk::{Context, Message, People};
use serde_json::Value;

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
    let message = Message::new("approval")
        .param("since", since)
        .param("people", waited_for(approval))
        .param("seats", open_seats(approval))
        .param("stage", names(&open, ctx))
        .param("all", matches!(open.as_slice(), [(planned, _)] if planned.needs == Needs::All))
        .param("missing", missing(&open));
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

/// Names of the stages in the caller's language; empty for the default stage, which has no name.
fn names(open: &[(&PlannedStage, &Progress)], ctx: &Context) -> String {
    let names = open.iter().filter_map(|(planned, _)| planned.name.as_ref());
    names.map(|name| name.in_language(&ctx.locale)).collect::<Vec<_>>().join(", ")
}

/// Number of approvals that the open stage lacks; 1 if several stages are open, or all of a stage's
/// people must approve.
fn missing(open: &[(&PlannedStage, &Progress)]) -> u64 {
    let [(planned, progress)] = open else { return 1 };
    if planned.needs == Needs::All {
        return 1;
    }
    let approvals = progress.decisions.iter().filter(|decision| decision.verdict == Verdict::Approve).count();
    planned.needs.least().saturating_sub(approvals as u64)
}
