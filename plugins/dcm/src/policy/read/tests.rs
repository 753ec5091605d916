//! Tests of policy documents: which documents are refused, and that reading a document loses
//! nothing.

use super::*;
use serde_json::json;

fn stage(key: &str) -> Value {
    json!({
        "key": key,
        "name": { "de": "Leitung", "en": "Management" },
        "approvers": [{ "manager_of": "requester" }],
        "needs": "any",
    })
}

fn with(mut value: Value, member: &str, changed: Value) -> Value {
    value[member] = changed;
    value
}

fn policy_of(stages: Value) -> Value {
    json!({ "applies_to": { "kinds": ["vm.create"] }, "stages": stages })
}

fn errors(document: Value) -> Vec<(String, String)> {
    let rejection = Policy::read(&document, "").unwrap_err();
    assert_eq!(rejection.code, "invalid-policy");
    rejection.fields.into_iter().map(|f| (f.pointer, f.code)).collect()
}

fn pairs(found: &[(&str, &str)]) -> Vec<(String, String)> {
    found.iter().map(|(pointer, code)| (pointer.to_string(), code.to_string())).collect()
}

fn complete() -> Value {
    let expensive = json!({ "fact": "monthly_cents", "is": "gt", "value": 50_000 });
    json!({
        "applies_to": { "kinds": ["vm.create", "vm.decommission"], "when": expensive },
        "auto_approve": [{
            "key": "small",
            "name": { "de": "Klein", "en": "Small" },
            "when": { "all": [{ "fact": "cpus", "is": "le", "value": 2 }] },
        }],
        "stages": [
            stage("manager"),
            {
                "key": "finance",
                "name": { "de": "Finanzen", "en": "Finance" },
                "after": ["manager"],
                "when": expensive,
                "approvers": [{ "group": "finance" }, { "permission": "operate" }, { "actor": "00000000-0000-4000-8000-000000000001" }],
                "needs": { "at_least": 2 },
                "deadline": {
                    "hours": 16,
                    "remind_after": [4, 12],
                    "escalate": [{ "to": { "group": "heads" }, "hours": 16 }],
                    "finally": "approve",
                },
            },
        ],
        "allow_timeout_approval": true,
    })
}

#[test]
fn a_complete_document_is_stored_as_it_was_written() {
    let policy = Policy::read(&complete(), "/document").unwrap();
    assert_eq!(json!(policy), complete());
    assert_eq!(serde_json::from_value::<Policy>(complete()).unwrap(), policy);
    assert_eq!(policy.specificity(), 1);
}

#[test]
fn errors_of_all_parts_are_reported_at_once() {
    let found = errors(json!({
        "applies_to": { "kinds": [] },
        "auto_approve": [{ "key": "Small", "name": { "de": "Klein" }, "when": { "any": [] } }],
        "stages": [{
            "key": "manager",
            "name": { "de": "", "en": "Management" },
            "approvers": [],
            "needs": "most",
            "deadline": { "hours": 0, "remind_after": [1001], "finally": "wait" },
        }],
        "colour": "red",
    }));
    let expected = pairs(&[
        ("/colour", "member-unknown"),
        ("/applies_to/kinds", "list-empty"),
        ("/auto_approve/0/key", "key-format"),
        ("/auto_approve/0/name/en", "name-language-missing"),
        ("/auto_approve/0/when/any", "list-empty"),
        ("/stages/0/name/de", "policy-name-too-short"),
        ("/stages/0/approvers", "approvers-missing"),
        ("/stages/0/needs", "needs-unknown"),
        ("/stages/0/deadline/hours", "hours-out-of-range"),
        ("/stages/0/deadline/remind_after/0", "hours-out-of-range"),
        ("/stages/0/deadline/finally", "finally-unknown"),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn stage_keys_are_distinct_and_known() {
    let found = errors(policy_of(json!([stage("a"), stage("a"), with(stage("b"), "after", json!(["a", "c"]))])));
    assert_eq!(found, pairs(&[("/stages/1/key", "key-twice"), ("/stages/2/after/1", "stage-unknown")]));
}

#[test]
fn stages_that_wait_for_themselves_are_reported() {
    let after = |key: &str, after: &str| with(stage(key), "after", json!([after]));
    // The last one waits for a cycle and is in none.
    let found = errors(policy_of(json!([after("a", "b"), after("b", "c"), after("c", "a"), after("d", "a")])));
    let expected = pairs(&[
        ("/stages/0/after", "stage-cycle"),
        ("/stages/1/after", "stage-cycle"),
        ("/stages/2/after", "stage-cycle"),
    ]);
    assert_eq!(found, expected);
    assert_eq!(errors(policy_of(json!([after("a", "a")]))), pairs(&[("/stages/0/after", "stage-cycle")]));
}

#[test]
fn a_policy_has_at_most_20_stages() {
    let stages = |count: usize| policy_of((0..count).map(|number| stage(&format!("s-{number}"))).collect());
    assert!(Policy::read(&stages(STAGES_MAX), "").is_ok());
    assert_eq!(errors(stages(STAGES_MAX + 1)), pairs(&[("/stages", "list-too-long")]));
}

#[test]
fn a_policy_has_a_stage_or_an_automatic_rule() {
    assert_eq!(errors(policy_of(json!([]))), pairs(&[("/stages", "stages-missing")]));
    assert_eq!(errors(json!({ "applies_to": { "kinds": ["vm.create"] } })), pairs(&[("/stages", "stages-missing")]));
    assert!(Policy::read(&with(complete(), "stages", json!([])), "").is_ok());
}

#[test]
fn a_document_has_at_most_16_kib() {
    let named = |length: usize| {
        let centre = json!({ "fact": "cost_centre", "is": "eq", "value": "x".repeat(length) });
        with(policy_of(json!([stage("a")])), "applies_to", json!({ "kinds": ["vm.create"], "when": centre }))
    };
    let rest = named(0).to_string().len();
    assert!(Policy::read(&named(DOCUMENT_MAX - rest), "").is_ok());
    assert_eq!(errors(named(DOCUMENT_MAX - rest + 1)), pairs(&[("", "policy-too-large")]));
}

#[test]
fn a_group_is_named_by_any_key_that_the_host_accepts() {
    let of = |key: &str| policy_of(json!([with(stage("a"), "approvers", json!([{ "group": key }]))]));
    for key in ["2nd-line", "a", &"9".repeat(40)] {
        assert!(Policy::read(&of(key), "").is_ok(), "{key}");
    }
    for key in ["", "Finance", "a_b", &"9".repeat(41)] {
        assert_eq!(errors(of(key)), pairs(&[("/stages/0/approvers/0/group", "group-format")]), "{key}");
    }
}

#[test]
fn a_quorum_is_at_least_one_and_at_most_the_people_who_are_named() {
    let of = |approvers: Value, needs: i64| {
        let stage = with(stage("a"), "approvers", approvers);
        policy_of(json!([with(stage, "needs", json!({ "at_least": needs }))]))
    };
    // The same actor twice is one person.
    let two = json!([{ "actor": "00000000-0000-4000-8000-000000000001" }, { "actor": "00000000-0000-4000-8000-000000000002" }, { "actor": "00000000-0000-4000-8000-000000000002" }]);
    assert!(Policy::read(&of(two.clone(), 2), "").is_ok());
    let expected = pairs(&[("/stages/0/needs/at_least", "quorum-out-of-range")]);
    assert_eq!(errors(of(two, 3)), expected);
    let group = json!([{ "actor": "00000000-0000-4000-8000-000000000001" }, { "group": "finance" }]);
    assert!(Policy::read(&of(group.clone(), 3), "").is_ok());
    assert_eq!(errors(of(group, 0)), expected);
}

#[test]
fn an_approver_is_one_known_reference() {
    let approvers = json!([
        { "group": "finance", "actor": "00000000-0000-4000-8000-000000000001" },
        {},
        { "group": "Finance" },
        { "permission": "fly" },
        { "manager_of": "approver" },
        { "actor": "anna" },
        { "role": "boss" },
    ]);
    let found = errors(policy_of(json!([with(stage("a"), "approvers", approvers)])));
    let expected = pairs(&[
        ("/stages/0/approvers/0", "approver-ambiguous"),
        ("/stages/0/approvers/1", "approver-ambiguous"),
        ("/stages/0/approvers/2/group", "group-format"),
        ("/stages/0/approvers/3/permission", "permission-unknown"),
        ("/stages/0/approvers/4/manager_of", "manager-unknown"),
        ("/stages/0/approvers/5/actor", "actor-format"),
        ("/stages/0/approvers/6/role", "member-unknown"),
        ("/stages/0/approvers/6", "approver-ambiguous"),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn a_reminder_comes_before_the_deadline() {
    let deadline = |remind: Value| {
        let deadline = json!({ "hours": 16, "remind_after": remind, "finally": "expire" });
        policy_of(json!([with(stage("a"), "deadline", deadline)]))
    };
    assert!(Policy::read(&deadline(json!([4, 15])), "").is_ok());
    let expected = pairs(&[("/stages/0/deadline/remind_after/1", "reminder-not-before-deadline")]);
    assert_eq!(errors(deadline(json!([4, 16]))), expected);
}

#[test]
fn a_deadline_ends_in_approval_only_where_the_policy_permits_it() {
    let forbidden = with(complete(), "allow_timeout_approval", json!(false));
    let expected = pairs(&[("/stages/1/deadline/finally", "timeout-approval-not-allowed")]);
    assert_eq!(errors(forbidden), expected);
}

#[test]
fn a_document_of_another_shape_is_refused() {
    assert_eq!(errors(json!("policy")), pairs(&[("", "type-mismatch")]));
    assert_eq!(
        errors(json!({ "stages": {} })),
        pairs(&[("/applies_to", "member-missing"), ("/stages", "type-mismatch")])
    );
}
