//! Tests of conditions: which conditions hold, which comparisons decide them, and which documents
//! are refused.

use super::super::fact::tests::facts;
use super::*;
use serde_json::{Value, json};

fn read(value: &Value) -> Result<Condition, Vec<(String, String)>> {
    let mut fields = Fields::default();
    let condition = Condition::read(&Node::new("/when", value), &mut fields);
    match fields.into_result("invalid-policy") {
        Ok(()) => Ok(condition.unwrap()),
        Err(rejection) => Err(rejection.fields.into_iter().map(|f| (f.pointer, f.code)).collect()),
    }
}

fn errors(value: Value) -> Vec<(String, String)> {
    read(&value).unwrap_err()
}

fn pairs(found: &[(&str, &str)]) -> Vec<(String, String)> {
    found.iter().map(|(pointer, code)| (pointer.to_string(), code.to_string())).collect()
}

fn explained(value: Value) -> Explanation {
    read(&value).unwrap().explain(&facts())
}

#[test]
fn a_comparison_explains_itself_with_fact_value_operator_and_bound() {
    let explained = explained(json!({ "fact": "monthly_cents", "is": "gt", "value": 50_000 }));
    assert!(explained.holds);
    let expected = json!([
        { "fact": "monthly_cents", "actual": 61_200, "is": "gt", "bound": 50_000, "holds": true }
    ]);
    assert_eq!(json!(explained.because), expected);
}

#[test]
fn each_operator_compares_facts_of_its_types() {
    for (fact, is, value, expected) in [
        ("cpus", "ge", json!(4), true),
        ("cpus", "lt", json!(4), false),
        ("cpus", "le", json!(4), true),
        ("cpus", "eq", json!(4), true),
        ("cpus", "ne", json!(4), false),
        ("weekday", "in", json!([6, 7]), false),
        ("hour", "in", json!([10]), true),
        ("kind", "eq", json!("vm.create"), true),
        ("offering", "ne", json!("ubuntu"), false),
        ("cost_centre", "in", json!(["4711", "4712"]), true),
        ("requester_groups", "contains", json!("dev"), true),
        ("requester_groups", "contains", json!("ops"), false),
    ] {
        assert_eq!(explained(json!({ "fact": fact, "is": is, "value": value })).holds, expected, "{fact} {is}");
    }
}

#[test]
fn only_the_comparisons_that_decided_are_reasons() {
    let holds = json!({ "fact": "cpus", "is": "eq", "value": 4 });
    let fails = json!({ "fact": "hour", "is": "lt", "value": 6 });
    let facts_of = |value: Value| {
        let explained = explained(value);
        (explained.holds, explained.because.iter().map(|reason| reason.fact).collect::<Vec<_>>())
    };
    assert_eq!(facts_of(json!({ "all": [holds, fails] })), (false, vec![Fact::Hour]));
    assert_eq!(facts_of(json!({ "any": [holds, fails] })), (true, vec![Fact::Cpus]));
    assert_eq!(facts_of(json!({ "all": [holds, { "not": fails }] })), (true, vec![Fact::Cpus, Fact::Hour]));
    assert_eq!(facts_of(json!({ "any": [{ "not": holds }, fails] })), (false, vec![Fact::Cpus, Fact::Hour]));
}

#[test]
fn every_error_of_a_condition_is_reported_at_once() {
    let found = errors(json!({ "all": [
        { "fact": "disk_gb", "is": "gt", "value": 1 },
        { "fact": "cpus", "is": "gt", "value": "four" },
        { "fact": "offering", "is": "gt", "value": "a" },
        { "fact": "cpus", "is": "between", "value": 1 },
        { "fact": "weekday", "is": "in", "value": [] },
        { "fact": "hour", "is": "eq", "value": 24 },
        { "fact": "kind", "is": "eq", "value": "vm.fly" },
        { "any": [] },
        { "fact": "cpus", "is": "gt", "value": 1, "script": "x" },
        { "fact": "cpus" },
        7,
    ] }));
    let expected = pairs(&[
        ("/when/all/0/fact", "fact-unknown"),
        ("/when/all/1/value", "type-mismatch"),
        ("/when/all/2/is", "operator-mismatch"),
        ("/when/all/3/is", "operator-unknown"),
        ("/when/all/4/value", "list-empty"),
        ("/when/all/5/value", "value-out-of-range"),
        ("/when/all/6/value", "kind-unknown"),
        ("/when/all/7/any", "list-empty"),
        ("/when/all/8/script", "member-unknown"),
        ("/when/all/9/is", "member-missing"),
        ("/when/all/9/value", "member-missing"),
        ("/when/all/10", "type-mismatch"),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn a_tree_has_at_most_8_levels_and_100_nodes() {
    let leaf = json!({ "fact": "cpus", "is": "gt", "value": 1 });
    let deep = |levels: usize| (1..levels).fold(leaf.clone(), |inner, _| json!({ "not": inner }));
    assert!(read(&deep(DEPTH_MAX)).is_ok());
    assert_eq!(errors(deep(DEPTH_MAX + 1))[0].1, "condition-too-deep");
    let wide = |leaves: usize| json!({ "any": vec![leaf.clone(); leaves] });
    assert!(read(&wide(NODES_MAX - 1)).is_ok());
    assert_eq!(errors(wide(NODES_MAX)), pairs(&[("/when", "condition-too-large")]));
    // Nodes are counted over the whole tree.
    let halves = json!({ "all": [wide(60), wide(60)] });
    assert_eq!(errors(halves), pairs(&[("/when", "condition-too-large")]));
}

#[test]
fn a_condition_is_stored_as_it_was_written() {
    let written = json!({ "all": [
        { "not": { "fact": "requester_groups", "is": "contains", "value": "dev" } },
        { "any": [{ "fact": "hour", "is": "in", "value": [1, 2] }, { "fact": "cpus", "is": "ne", "value": 3 }] },
    ] });
    let condition = read(&written).unwrap();
    assert_eq!(json!(condition), written);
    assert_eq!(serde_json::from_value::<Condition>(written).unwrap(), condition);
    assert_eq!(condition.comparisons(), 3);
}
