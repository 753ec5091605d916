//! Document of a plan in the preview of a rehearsal: its stages and automatic rules.

use super::condition::Reason;
use super::plan::{AutoApproval, Plan, PlannedStage};
use serde_json::{Value, json};

/// Stages and rules of a plan, with their names in a language. `people` gives the member with the
/// people of a stage, and `because` the reasons of a stage or rule of this policy; the default
/// stage belongs to none.
pub fn document<'p>(
    plan: &'p Plan,
    locale: &str,
    people: impl Fn(&PlannedStage) -> (&'static str, Value),
    because: impl Fn(Option<&str>, &'p [Reason]) -> Vec<&'p Reason>,
) -> Value {
    let stage = |stage: &'p PlannedStage| {
        let mut document = json!({
            "stage": stage.key,
            "name": stage.name.as_ref().map(|name| name.in_language(locale)),
            "needs": stage.needs,
            "after": stage.after,
            "because": because(stage.policy.as_deref(), &stage.because),
            "hours": stage.deadline.as_ref().map(|deadline| deadline.hours),
        });
        let (member, people) = people(stage);
        document[member] = people;
        document
    };
    let rule = |rule: &'p AutoApproval| {
        let because = because(Some(&rule.policy), &rule.because);
        json!({ "policy": rule.policy, "name": rule.name.in_language(locale), "because": because })
    };
    json!({
        "stages": plan.stages.iter().map(stage).collect::<Vec<_>>(),
        "rules": plan.auto.iter().map(rule).collect::<Vec<_>>(),
    })
}
