//! Tests of plans: which policies count, which stages a plan gets, and by which comparisons.

use super::super::fact::tests::facts;
use super::*;
use serde_json::{Value, json};

fn published(key: &str, version: u32, document: Value) -> Published {
    let policy = Policy::read(&document, "").unwrap_or_else(|rejection| panic!("{:?}", rejection.fields));
    Published { key: key.into(), version, policy }
}

fn stage(key: &str) -> Value {
    let name = json!({ "de": "Leitung", "en": "Management" });
    json!({ "key": key, "name": name, "approvers": [{ "group": "heads" }], "needs": "any" })
}

fn over(cents: i64) -> Value {
    json!({ "fact": "monthly_cents", "is": "gt", "value": cents })
}

fn rule(when: Value) -> Value {
    json!([{ "key": "small", "name": { "de": "Klein", "en": "Small" }, "when": when }])
}

fn general(stages: Value) -> Value {
    json!({ "applies_to": { "kinds": ["vm.create"] }, "stages": stages })
}

fn keys(plan: &Plan) -> Vec<&str> {
    plan.stages.iter().map(|stage| stage.key.as_str()).collect()
}

#[test]
fn without_a_policy_any_approver_approves() {
    let plan = plan(&[], &facts());
    assert_eq!(plan.stages, [PlannedStage::default_stage()]);
    assert_eq!(plan.stages[0].approvers, [Approver::Permission("approve".into())]);
    assert!(plan.policies.is_empty() && plan.auto.is_empty());
}

#[test]
fn a_policy_of_other_kinds_or_facts_does_not_apply() {
    let other_kind = json!({ "applies_to": { "kinds": ["vm.decommission"] }, "stages": [stage("a")] });
    let other_price =
        json!({ "applies_to": { "kinds": ["vm.create"], "when": over(100_000) }, "stages": [stage("a")] });
    let plan = plan(&[published("one", 1, other_kind), published("two", 1, other_price)], &facts());
    assert_eq!(keys(&plan), [DEFAULT_STAGE]);
}

#[test]
fn the_most_specific_policy_wins_and_says_why_it_applies() {
    let special =
        json!({ "applies_to": { "kinds": ["vm.create"], "when": over(50_000) }, "stages": [stage("finance")] });
    let policies = [published("general", 4, general(json!([stage("manager")]))), published("expensive", 7, special)];
    let plan = plan(&policies, &facts());
    assert_eq!(keys(&plan), ["expensive.finance"]);
    assert_eq!((plan.policies[0].policy.as_str(), plan.policies[0].version), ("expensive", 7));
    assert_eq!(json!(plan.policies[0].because[0])["actual"], 61_200);
}

#[test]
fn ties_add_their_stages_under_distinct_keys() {
    let policies = [published("b", 1, general(json!([stage("a")]))), published("a", 1, general(json!([stage("a")])))];
    let plan = plan(&policies, &facts());
    assert_eq!(keys(&plan), ["a.a", "b.a"]);
    assert_eq!(plan.approvals_needed(), 2);
}

#[test]
fn the_highest_version_of_a_policy_counts() {
    let policies =
        [published("a", 2, general(json!([stage("new")]))), published("a", 1, general(json!([stage("old")])))];
    assert_eq!(keys(&plan(&policies, &facts())), ["a.new"]);
}

#[test]
fn a_rule_approves_only_if_each_tied_policy_has_one() {
    let cheap = json!({ "fact": "cpus", "is": "le", "value": 4 });
    let mut auto = general(json!([stage("a")]));
    auto["auto_approve"] = rule(cheap);
    let alone = plan(&[published("a", 3, auto.clone())], &facts());
    assert!(alone.stages.is_empty());
    assert_eq!((alone.auto[0].policy.as_str(), alone.auto[0].version, alone.auto[0].rule.as_str()), ("a", 3, "small"));
    assert_eq!(json!(alone.auto[0].because[0])["fact"], "cpus");
    let both = plan(&[published("a", 3, auto.clone()), published("b", 1, auto.clone())], &facts());
    assert_eq!(both.auto.len(), 2);
    let one = plan(&[published("a", 3, auto), published("b", 1, general(json!([stage("b")])))], &facts());
    assert!(one.auto.is_empty());
    assert_eq!(keys(&one), ["a.a", "b.b"]);
}

#[test]
fn stages_whose_condition_fails_leave_their_order_behind() {
    let with = |key: &str, after: &str, when: Option<Value>| {
        let mut stage = stage(key);
        stage["after"] = json!([after]);
        if let Some(when) = when {
            stage["when"] = when;
        }
        stage
    };
    let stages = json!([
        stage("manager"),
        with("finance", "manager", Some(over(100_000))),
        with("security", "finance", None),
        with("board", "security", Some(over(50_000))),
    ]);
    let plan = plan(&[published("p", 1, general(stages))], &facts());
    assert_eq!(keys(&plan), ["p.manager", "p.security", "p.board"]);
    assert_eq!(plan.stages[1].after, ["p.manager"]);
    assert_eq!(plan.stages[2].after, ["p.security"]);
    assert_eq!((plan.stages[1].because.len(), plan.stages[2].because.len()), (0, 1));
}

#[test]
fn a_policy_without_stages_left_asks_any_approver() {
    let mut expensive = stage("finance");
    expensive["when"] = over(100_000);
    let plan = plan(&[published("p", 1, general(json!([expensive])))], &facts());
    assert_eq!(keys(&plan), [DEFAULT_STAGE]);
    assert_eq!(plan.policies[0].policy, "p");
}

#[test]
fn a_plan_is_stored_without_loss() {
    let mut staged = stage("a");
    staged["when"] = over(50_000);
    staged["deadline"] = json!({ "hours": 8, "remind_after": [4], "finally": "expire" });
    let plan = plan(&[published("p", 1, general(json!([staged])))], &facts());
    assert_eq!(serde_json::from_value::<Plan>(json!(plan)).unwrap(), plan);
}
