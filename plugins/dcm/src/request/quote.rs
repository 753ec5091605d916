//! Quote for a request that is being entered: its price, and the stages of its approval with their
//! people and reasons.

use super::decision::begin::Planned;
use super::decision::people::reference;
use crate::policy::condition::Reason;
use crate::policy::plan::{Plan, PlannedStage};
use crate::policy::preview;
use eaf_sdk::{Context, People};
use serde_json::{Map, Value};

/// Price of the machine, price of all machines of its order, and approval, for a rehearsal.
pub fn quote(ctx: &Context, planned: &Planned) -> Map<String, Value> {
    let plan = &planned.approval.plan;
    let members = [
        ("monthly_cents", planned.monthly_cents.into()),
        ("order_monthly_cents", planned.facts.monthly_cents.into()),
        ("machines", planned.facts.machines.into()),
        ("currency", planned.currency.as_str().into()),
        ("approval", approval(ctx, plan)),
    ];
    members.into_iter().map(|(member, value)| (member.to_owned(), value)).collect()
}

/// Stages and rules of the plan, with the people of each stage as references.
fn approval(ctx: &Context, plan: &Plan) -> Value {
    let people = |stage: &PlannedStage| {
        let approvers = stage.approvers.iter();
        let people =
            approvers.fold(People::default(), |people, approver| people.or(reference(approver, &ctx.actor.id)));
        ("people", Value::from(people.except(&ctx.actor.id)))
    };
    preview::document(plan, &ctx.locale, people, |policy, own| reasons(plan, policy, own))
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
