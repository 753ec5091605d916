//! Quote for a request that is being entered: its price, and the stages of its approval with their
//! people and reasons.

use super::decision::begin::Planned;
use super::decision::people::reference;
use crate::policy::plan::{AutoApproval, PlannedStage};
use eaf_sdk::{Context, People};
use serde_json::{Map, Value, json};

/// Price and approval of a request, for a rehearsal.
pub fn quote(ctx: &Context, planned: &Planned) -> Map<String, Value> {
    let plan = &planned.approval.plan;
    let stages: Vec<_> = plan.stages.iter().map(|stage| quoted(ctx, stage)).collect();
    let rules: Vec<_> = plan.auto.iter().map(|rule| quoted_rule(ctx, rule)).collect();
    let members = [
        ("monthly_cents", planned.facts.monthly_cents.into()),
        ("currency", planned.currency.as_str().into()),
        ("approval", json!({ "stages": stages, "rules": rules })),
    ];
    members.into_iter().map(|(member, value)| (member.to_owned(), value)).collect()
}

fn quoted(ctx: &Context, stage: &PlannedStage) -> Value {
    let approvers = stage.approvers.iter();
    let people = approvers.fold(People::default(), |people, approver| people.or(reference(approver, &ctx.actor.id)));
    json!({
        "stage": stage.key,
        "name": stage.name.as_ref().map(|name| name.in_language(&ctx.locale)),
        "people": Value::from(people.except(&ctx.actor.id)),
        "needs": stage.needs,
        "after": stage.after,
        "because": stage.because,
        "hours": stage.deadline.as_ref().map(|deadline| deadline.hours),
    })
}

fn quoted_rule(ctx: &Context, rule: &AutoApproval) -> Value {
    json!({ "policy": rule.policy, "name": rule.name.in_language(&ctx.locale), "because": rule.because })
}
