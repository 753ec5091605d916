//! Tests of the commands on policies: given events, when a command, then events or a rejection.

mod cast;

use cast::*;
use dcm::Dcm;
use dcm::policy::draft::{DiscardDraft, DraftPolicy};
use dcm::policy::publish::{POLICIES_MAX, PublishPolicy};
use dcm::policy::retire::RetirePolicy;
use dcm::policy::versions::PolicyVersions;
use dcm::policy::view::PoliciesView;
use dcm::request::submit::RequestVm;
use eaf_sdk::testing::Stage;
use serde_json::{Value, json};

fn draft(revision: u32) -> Value {
    json!({
        "policy": "costly", "name_de": "Teure Maschinen", "name_en": "Costly machines", "revision": revision,
        "document": {
            "applies_to": { "kinds": ["vm.create"], "when": { "fact": "monthly_cents", "is": "gt", "value": 50_000 } },
            "stages": [
                { "key": "manager", "name": { "de": "Vorgesetzte", "en": "Manager" },
                  "approvers": [{ "manager_of": "requester" }], "needs": "any" },
                { "key": "finance", "name": { "de": "Finanzen", "en": "Finance" }, "after": ["manager"],
                  "approvers": [{ "group": "finance" }], "needs": "any" },
            ],
        },
    })
}

fn published() -> Stage<Dcm> {
    let mut stage = Stage::<Dcm>::new();
    stage.when::<DraftPolicy>(&admin(), draft(0)).then_events(&["policy-drafted"]);
    let publish = json!({ "policy": "costly", "revision": 1, "reason": "Budget of next year" });
    stage.when::<PublishPolicy>(&admin(), publish).then_events(&["policy-published", "policy-draft-closed"]);
    stage
}

#[test]
fn a_policy_is_drafted_published_and_retired() {
    let mut stage = published();
    let row = &stage.view::<PoliciesView>()["costly"];
    assert_eq!(
        (&row["status"], &row["version"], &row["reason"]),
        (&json!("published"), &json!(1), &json!("Budget of next year"))
    );
    assert_eq!(row["document"]["stages"][1]["after"], json!(["manager"]));
    assert_eq!(row["draft"], Value::Null);

    let retire = json!({ "policy": "costly", "version": 1, "reason": "Replaced by a general one" });
    stage.when::<RetirePolicy>(&admin(), retire.clone()).then_events(&["policy-retired"]);
    assert_eq!(stage.view::<PoliciesView>()["costly"]["status"], "retired");
    stage.when::<RetirePolicy>(&admin(), retire).then_rejected("policy-not-published");

    // A retired policy is published again with the next version.
    stage.when::<DraftPolicy>(&admin(), draft(1)).then_events(&["policy-drafted"]);
    let publish = json!({ "policy": "costly", "revision": 2, "reason": "Needed after all" });
    stage.when::<PublishPolicy>(&admin(), publish).then_events(&["policy-published", "policy-draft-closed"]);
    let row = &stage.view::<PoliciesView>()["costly"];
    assert_eq!((&row["status"], &row["version"]), (&json!("published"), &json!(2)));
}

#[test]
fn a_newer_draft_of_another_admin_is_neither_lost_nor_published_unread() {
    let mut stage = Stage::<Dcm>::new();
    stage.when::<DraftPolicy>(&admin(), draft(0)).then_events(&["policy-drafted"]);
    let mut renamed = draft(1);
    renamed["name_en"] = "Another name".into();
    stage.when::<DraftPolicy>(&admin(), renamed).then_events(&["policy-drafted"]);
    let refused = stage.when::<DraftPolicy>(&admin(), draft(1)).then_rejected("draft-changed");
    assert_eq!(refused.rejection().unwrap().params["revision"], 2);
    let publish = json!({ "policy": "costly", "revision": 1, "reason": "Budget of next year" });
    stage.when::<PublishPolicy>(&admin(), publish).then_rejected("draft-changed");
    let discard = json!({ "policy": "costly", "revision": 1 });
    stage.when::<DiscardDraft>(&admin(), discard).then_rejected("draft-changed");
}

#[test]
fn a_discarded_draft_leaves_the_published_version() {
    let mut stage = published();
    stage.when::<DraftPolicy>(&admin(), draft(1)).then_events(&["policy-drafted"]);
    let discard = json!({ "policy": "costly", "revision": 2 });
    stage.when::<DiscardDraft>(&admin(), discard.clone()).then_events(&["policy-draft-closed"]);
    let row = &stage.view::<PoliciesView>()["costly"];
    assert_eq!((&row["status"], &row["draft"]), (&json!("published"), &Value::Null));
    stage.when::<DiscardDraft>(&admin(), discard).then_rejected("draft-missing");

    let mut stage = Stage::<Dcm>::new();
    stage.when::<DraftPolicy>(&admin(), draft(0));
    stage.when::<DiscardDraft>(&admin(), json!({ "policy": "costly", "revision": 1 }));
    assert!(!stage.view::<PoliciesView>().contains_key("costly"), "a policy that never was");
    // The view does not have the policy, so that its next draft is a first one again.
    stage.when::<DraftPolicy>(&admin(), draft(1)).then_rejected("draft-changed");
    stage.when::<DraftPolicy>(&admin(), draft(0)).then_events(&["policy-drafted"]);
    assert_eq!(stage.view::<PoliciesView>()["costly"]["revision"], 2);
}

#[test]
fn the_same_draft_again_is_no_event() {
    let mut stage = Stage::<Dcm>::new();
    stage.when::<DraftPolicy>(&admin(), draft(0)).then_events(&["policy-drafted"]);
    stage.when::<DraftPolicy>(&admin(), draft(1)).then_events(&[]);
}

#[test]
fn a_policy_that_asks_no_people_or_asks_wrongly_is_refused_with_the_place() {
    let mut stage = Stage::<Dcm>::new();
    let manager = draft(0)["document"]["stages"][0].clone();
    let condition = |value: Value| json!({ "fact": "cpus", "is": "gt", "value": value });
    let unknown = json!({ "fact": "disk_gb", "is": "gt", "value": 100 });
    let cases = [
        ("/stages", json!([]), "/document/stages", "stages-missing"),
        ("/stages", vec![manager; 21].into(), "/document/stages", "list-too-long"),
        ("/stages/0/approvers", json!([]), "/document/stages/0/approvers", "approvers-missing"),
        ("/stages/0/needs", json!({ "at_least": 0 }), "/document/stages/0/needs/at_least", "quorum-out-of-range"),
        ("/stages/1/after", json!(["board"]), "/document/stages/1/after/0", "stage-unknown"),
        ("/applies_to/when", unknown, "/document/applies_to/when/fact", "fact-unknown"),
        ("/applies_to/when", condition(json!("4")), "/document/applies_to/when/value", "type-mismatch"),
        ("/applies_to/when", condition(json!(4.5)), "/document/applies_to/when/value", "type-mismatch"),
        ("/applies_to/when", json!({ "all": [] }), "/document/applies_to/when/all", "list-empty"),
    ];
    for (member, value, pointer, code) in cases {
        let mut body = draft(0);
        *body["document"].pointer_mut(member).unwrap_or_else(|| panic!("no {member}")) = value;
        // Of repeated stages, the keys are errors too; the length is the first error.
        let refused = stage.when::<DraftPolicy>(&admin(), body).then_rejected("invalid-policy");
        let first = &refused.rejection().unwrap().fields[0];
        assert_eq!((first.pointer.as_str(), first.code.as_str()), (pointer, code), "{member}");
    }
    assert!(stage.log.is_empty());
}

#[test]
fn a_policy_has_limits_of_depth_and_size() {
    let mut stage = Stage::<Dcm>::new();
    let mut refused = |when: Value| {
        let mut body = draft(0);
        body["document"]["applies_to"]["when"] = when;
        let refused = stage.when::<DraftPolicy>(&admin(), body).then_rejected("invalid-policy");
        refused.rejection().unwrap().fields.iter().map(|field| field.code.clone()).collect::<Vec<_>>()
    };
    let is = |fact: &str, value: Value| json!({ "fact": fact, "is": "eq", "value": value });
    let deep = (0..8).fold(is("cpus", json!(4)), |inner, _| json!({ "not": inner }));
    assert_eq!(refused(deep), ["condition-too-deep"]);
    assert_eq!(refused(json!({ "any": vec![is("cpus", json!(4)); 100] })), ["condition-too-large"]);
    assert_eq!(refused(is("cost_centre", "x".repeat(16 * 1024).into())), ["policy-too-large"]);
    // A rejection with more errors would be too large for the host.
    let unknown: serde_json::Map<String, Value> = (0..1_000).map(|n| (format!("m{n}"), 1.into())).collect();
    assert_eq!(refused(Value::Object(unknown)).len(), 100);
}

#[test]
fn at_most_50_policies_are_published() {
    let mut stage = Stage::<Dcm>::new();
    let draft = |key: usize, revision: u32| {
        let mut body = draft(revision);
        body["policy"] = format!("policy-{key}").into();
        body
    };
    let publish = |key: usize, revision: u32| json!({ "policy": format!("policy-{key}"), "revision": revision, "reason": "Test of the limit" });
    for key in 0..POLICIES_MAX {
        stage.when::<DraftPolicy>(&admin(), draft(key, 0)).then_events(&["policy-drafted"]);
        stage
            .when::<PublishPolicy>(&admin(), publish(key, 1))
            .then_events(&["policy-published", "policy-draft-closed"]);
    }
    stage.when::<DraftPolicy>(&admin(), draft(POLICIES_MAX, 0)).then_events(&["policy-drafted"]);
    stage.when::<PublishPolicy>(&admin(), publish(POLICIES_MAX, 1)).then_rejected("policies-too-many");
    // A published policy may still get its next version, and a retired one makes place.
    let mut renamed = draft(0, 1);
    renamed["name_en"] = "Another name".into();
    stage.when::<DraftPolicy>(&admin(), renamed).then_events(&["policy-drafted"]);
    stage.when::<PublishPolicy>(&admin(), publish(0, 2)).then_events(&["policy-published", "policy-draft-closed"]);
    let retire = json!({ "policy": "policy-7", "version": 1, "reason": "No longer needed" });
    stage.when::<RetirePolicy>(&admin(), retire).then_events(&["policy-retired"]);
    let last = publish(POLICIES_MAX, 1);
    stage.when::<PublishPolicy>(&admin(), last).then_events(&["policy-published", "policy-draft-closed"]);
}

#[test]
fn the_history_has_every_published_version_with_its_document_and_reasons() {
    let mut stage = published();
    let mut changed = draft(1);
    changed["document"]["applies_to"]["when"]["value"] = 70_000.into();
    stage.when::<DraftPolicy>(&admin(), changed).then_events(&["policy-drafted"]);
    let publish = json!({ "policy": "costly", "revision": 2, "reason": "Prices rose" });
    stage.when::<PublishPolicy>(&admin(), publish).then_events(&["policy-published", "policy-draft-closed"]);
    let retire = json!({ "policy": "costly", "version": 2, "reason": "Replaced by a general one" });
    stage.when::<RetirePolicy>(&admin(), retire).then_events(&["policy-retired"]);

    let rows = stage.view::<PolicyVersions>();
    let (first, second) = (&rows["costly/1"], &rows["costly/2"]);
    assert_eq!((&first["status"], &second["status"]), (&json!("superseded"), &json!("retired")));
    let bound = |document: &Value| document["applies_to"]["when"]["value"].clone();
    assert_eq!((bound(&first["document"]), bound(&second["document"])), (json!(50_000), json!(70_000)));
    assert_eq!(
        (&first["reason"], &second["reason"], &second["retired_reason"]),
        (&json!("Budget of next year"), &json!("Prices rose"), &json!("Replaced by a general one"))
    );
    assert_eq!(first["ended_at"], second["published_at"]);
    assert_eq!((&first["published_by_name"], &first["retired_by_name"]), (&json!(admin().name), &Value::Null));
}

#[test]
fn all_errors_of_a_draft_are_reported_at_once() {
    let mut stage = Stage::<Dcm>::new();
    let body = json!({
        "policy": "Not a key", "name_de": " ", "name_en": "x".repeat(81), "revision": 0,
        "document": { "applies_to": { "kinds": ["vm.paint"] }, "stages": [], "colour": "red" },
    });
    stage.when::<DraftPolicy>(&admin(), body).then_rejected("invalid-policy").then_fields(&[
        ("/policy", "key-format"),
        ("/name_de", "policy-name-too-short"),
        ("/name_en", "policy-name-too-long"),
        ("/document/colour", "member-unknown"),
        ("/document/applies_to/kinds/0", "kind-unknown"),
        ("/document/stages", "stages-missing"),
    ]);
}

#[test]
fn a_publication_needs_a_reason_and_a_draft_and_the_permission() {
    let mut stage = Stage::<Dcm>::new();
    let publish = json!({ "policy": "costly", "revision": 1, "reason": "x" });
    stage.when::<PublishPolicy>(&admin(), publish.clone()).then_rejected("draft-missing");
    stage.when::<DraftPolicy>(&admin(), draft(0));
    stage.when::<PublishPolicy>(&admin(), publish.clone()).then_fields(&[("/reason", "reason-too-short")]);
    for person in [requester(), approver(), auditor()] {
        stage.when::<PublishPolicy>(&person, publish.clone()).then_rejected("not-permitted");
        stage.when::<DraftPolicy>(&person, draft(1)).then_rejected("not-permitted");
    }
}

#[test]
fn a_policy_is_retired_only_in_the_version_that_was_read() {
    let mut stage = published();
    let retire = json!({ "policy": "costly", "version": 2, "reason": "Replaced" });
    stage.when::<RetirePolicy>(&admin(), retire).then_rejected("policy-changed");
}

#[test]
fn a_plan_that_asks_too_many_people_is_refused() {
    let stage = |number: usize| {
        let approvers: Vec<Value> = (0..4).map(|one| json!({ "group": format!("g-{number}-{one}") })).collect();
        json!({ "key": format!("s{number}"), "name": { "de": "Leitung", "en": "Management" },
            "approvers": approvers, "needs": "any" })
    };
    let stages: Vec<Value> = (0..20).map(stage).collect();
    let mut stage = with_policy(json!({ "applies_to": { "kinds": ["vm.create"] }, "stages": stages }));
    stage.when::<RequestVm>(&requester(), wanted("web-01")).then_rejected("policy-people-too-many");
}
