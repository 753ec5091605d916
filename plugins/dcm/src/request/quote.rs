//! Quote for a request that is being entered: its price, and the stages of its approval with their
//! people and reasons.

use super::decision::begin::Planned;
use super::decision::people::reference;
use crate::policy::condition::Reason;
use crate::policy::plan::{AutoApproval, Plan, PlannedStage};
use eaf_sdk::{Context, People};
use serde_json::{Map, Value, json};

/// Price of the machine, price of all machines of its order, and approval, for a rehearsal.
pub fn quote(ctx: &Context, planned: &Planned) -> Map<String, Value> {
    let plan = &planned.approval.plan;
    let stages: Vec<_> = plan.stages.iter().map(|stage| quoted(ctx, plan, stage)).collect();
    let rules: Vec<_> = plan.auto.iter().map(|rule| quoted_rule(ctx, plan, rule)).collect();
    let members = [
        ("monthly_cents", planned.monthly_cents.into()),
        ("order_monthly_cents", planned.facts.monthly_cents.into()),
        ("machines", planned.facts.machines.into()),
        ("currency", planned.currency.as_str().into()),
        ("approval", json!({ "stages": stages, "rules": rules })),
    ];
    members.into_iter().map(|(member, value)| (member.to_owned(), value)).collect()
}

fn quoted(ctx: &Context, plan: &Plan, stage: &PlannedStage) -> Value {
    let approvers = stage.approvers.iter();
    let people = approvers.fold(People::default(), |people, approver| people.or(reference(approver, &ctx.actor.id)));
    json!({
        "stage": stage.key,
        "name": stage.name.as_ref().map(|name| name.in_language(&ctx.locale)),
        "people": Value::from(people.except(&ctx.actor.id)),
        "needs": stage.needs,
        "after": stage.after,
        "because": reasons(plan, stage.policy.as_deref(), &stage.because),
        "hours": stage.deadline.as_ref().map(|deadline| deadline.hours),
    })
}

fn quoted_rule(ctx: &Context, plan: &Plan, rule: &AutoApproval) -> Value {
    let because = reasons(plan, Some(&rule.policy), &rule.because);
    json!({ "policy": rule.policy, "name": rule.name.in_language(&ctx.locale), "because": because })
}

/// Comparisons by which a policy applies, followed by those of its stage or rule, each once.
fn reasons<'a>(plan: &'a Plan, policy: Option<&str>, own: &'a [Reason]) -> Vec<&'a Reason> {
    let applied = plan.policies.iter().filter(|applied| Some(applied.policy.as_str()) == policy);
    let mut found = Vec::new();
    for reason in applied.flat_map(|applied| &applied.because).chain(own) {
        if !found.contains(&reason) {
            found.push(reason);
        }
    }
    found
}
