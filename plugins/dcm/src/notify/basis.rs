//! Facts on which people decide, for the mails that ask them: why the stage is part of the plan,
//! who has approved so far, and which machines the requester has. The card in the web shows the
//! same.

use crate::policy::approval::Verdict;
use crate::policy::condition::{Operand, Operator, Reason};
use crate::policy::fact::{Fact, FactValue};
use crate::request::approvals::{self, Approvals};
use crate::vm::requesters::Requesters;
use eaf_sdk::{Failure, flow};
use serde_json::{Value, json};

/// Maximum number of machines that a mail names.
const NAMES_MAX: usize = 10;

/// Adds the facts about this stage of a request.
pub(super) fn add(facts: &mut Value, request: &str, stage: &str, requester: &str) -> Result<(), Failure> {
    if let Some(row) = flow::read::<Approvals>(request)? {
        facts["reasons"] = reasons(&row, stage);
        facts["approved_by"] = approved_by(&row).into();
    }
    let Some(row) = flow::read::<Requesters>(requester)? else { return Ok(()) };
    let cents = |name: &str| facts[name].as_i64();
    let requested = cents("order_monthly_cents").or_else(|| cents("monthly_cents")).unwrap_or_default();
    let is_end = facts["decommission"] == true;
    let after = if is_end { (row.monthly_cents - requested).max(0) } else { row.monthly_cents + requested };
    let names = row.machines.values().take(NAMES_MAX).map(|machine| machine.name.clone());
    facts["present"] = json!({
        "vms": row.vms, "names": names.collect::<Vec<_>>(), "monthly_cents": row.monthly_cents,
        "more": row.machines.len().saturating_sub(NAMES_MAX),
    });
    // Amounts in two currencies have no sum.
    if row.vms == 0 || facts["currency"] == row.currency.as_str() {
        facts["present"]["after_cents"] = after.into();
    }
    Ok(())
}

/// Comparisons that made the stage part of the plan, each with the sign that holds.
fn reasons(row: &approvals::Row, stage: &str) -> Value {
    let plan = row.shown.approval.as_ref().map(|approval| &approval.plan);
    let planned = plan.and_then(|plan| plan.stages.iter().find(|planned| planned.key == stage));
    planned.map(|planned| planned.because.iter().map(reason).collect()).unwrap_or_default()
}

/// Comparison without the names of groups and the keys of offerings, which mean nothing to people.
fn reason(reason: &Reason) -> Value {
    let actual = match &reason.actual {
        FactValue::Number(number) => Some(json!(number)),
        FactValue::Text(text) if reason.fact == Fact::CostCentre => Some(json!(text)),
        FactValue::Text(_) | FactValue::Set(_) => None,
    };
    let bound = match reason.bound {
        Operand::Number(bound) => Some(bound),
        _ => None,
    };
    let sign = sign(reason.is, reason.holds).filter(|_| bound.is_some());
    json!({ "fact": reason.fact, "actual": actual, "sign": sign, "bound": bound })
}

/// Sign of the comparison, or of the opposite one if it does not hold. `None`: a comparison with a
/// list or a set has no sign.
fn sign(is: Operator, holds: bool) -> Option<&'static str> {
    let signs = match is {
        Operator::Gt => [">", "≤"],
        Operator::Ge => ["≥", "<"],
        Operator::Lt => ["<", "≥"],
        Operator::Le => ["≤", ">"],
        Operator::Eq => ["=", "≠"],
        Operator::Ne => ["≠", "="],
        Operator::In | Operator::Contains => return None,
    };
    Some(signs[usize::from(!holds)])
}

/// Names of the people who have approved the present revision, each once, in the order of their
/// decisions.
fn approved_by(row: &approvals::Row) -> Vec<String> {
    let decisions = row.shown.decisions.iter().flatten();
    let present = decisions.filter(|one| row.shown.revision == Some(one.revision) && one.verdict == Verdict::Approve);
    let mut names: Vec<String> = Vec::new();
    for name in present.filter_map(|one| one.approver_name.clone()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_that_does_not_hold_has_the_opposite_sign() {
        use Operator::{Contains, Eq, Ge, Gt, In, Le, Lt, Ne};
        for (is, holds, opposite) in
            [(Gt, ">", "≤"), (Ge, "≥", "<"), (Lt, "<", "≥"), (Le, "≤", ">"), (Eq, "=", "≠"), (Ne, "≠", "=")]
        {
            assert_eq!((sign(is, true), sign(is, false)), (Some(holds), Some(opposite)), "{is:?}");
        }
        assert_eq!((sign(In, true), sign(Contains, false)), (None, None));
    }

    #[test]
    fn a_reason_has_no_name_of_a_group_and_no_key_of_an_offering() {
        let of =
            |fact, actual, bound| reason(&Reason { fact, actual, is: Operator::In, bound, holds: true }).to_string();
        let groups = FactValue::Set(["secret-project".to_owned()].into());
        let group = of(Fact::RequesterGroups, groups, Operand::Text("secret-project".into()));
        let offering = of(Fact::Offering, FactValue::Text("debian".into()), Operand::Texts(vec!["debian".into()]));
        assert!(!group.contains("secret-project") && !offering.contains("debian"), "{group} {offering}");
        let centre = of(Fact::CostCentre, FactValue::Text("4711".into()), Operand::Texts(vec!["4711".into()]));
        assert!(centre.contains("4711"), "{centre}");
    }
}
