//! Tests of handover and reassignment: given an open stage, when its people change, then the others
//! decide instead.

mod cast;

use cast::*;
use dcm::Dcm;
use dcm::request::approve::ApproveRequest;
use dcm::request::decision::pass_on::PassOnDecision;
use dcm::request::decision::reassign::ReassignStage;
use dcm::request::decision::stages::Stages;
use dcm::request::submit::RequestVm;
use dcm::request::view::Requests;
use dcm::timeline::Timeline;
use eaf_sdk::People;
use eaf_sdk::document::Actor;
use eaf_sdk::testing::Stage;
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;

fn successor() -> Actor {
    Actor { id: SUCCESSORS[0].into(), ..manager() }
}

/// Stage with a request that waits for its requester's manager.
fn waiting() -> (Stage<Dcm>, String) {
    let mut stage = with_policy(two_stages(json!({})));
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    (stage, id)
}

fn pass_on(request: &str, to: &str) -> Value {
    json!({ "request": request, "to": to, "reason": "On holiday from tomorrow." })
}

#[test]
fn a_person_passes_a_decision_on_and_the_other_decides_instead() {
    let (mut stage, id) = waiting();
    stage.when::<PassOnDecision>(&manager(), pass_on(&id, SUCCESSORS[0])).then_events(&["decision-passed-on"]);
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id })).then_rejected("not-an-approver");
    let waiting = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
    assert_eq!(waiting.params["people"][0]["x-eaf-people"]["actors"], json!([SUCCESSORS[0]]));
    stage.set_people(People::actor(SUCCESSORS[0]), &[SUCCESSORS[0]]);
    let told = stage.view::<Timeline>().into_values().next_back().unwrap();
    let shown = ["kind", "actor_name", "asked"].map(|member| &told[member]);
    assert_eq!(json!(shown), json!(["decision-passed-on", "Mona Manager", { "actors": [SUCCESSORS[0]] }]));
    let successor = successor();
    let offered = stage.offered::<Requests>(&successor, &id).actions;
    assert!(offered.iter().any(|action| action.command == "approve-request" && action.allowed), "{offered:?}");
    let approved = stage.when::<ApproveRequest>(&successor, json!({ "request": id }));
    approved.then_events(&["stage-decided", "stage-passed", "stage-opened"]);
}

#[test]
fn only_a_person_who_is_asked_passes_on_and_only_to_a_person_who_decides() {
    let (mut stage, id) = waiting();
    stage.when::<PassOnDecision>(&admin(), pass_on(&id, SUCCESSORS[0])).then_rejected("not-an-approver");
    stage.when::<PassOnDecision>(&manager(), pass_on(&id, "stranger")).then_fields(&[("/to", "person-unknown")]);
    stage
        .when::<PassOnDecision>(&manager(), pass_on(&id, &requester().id))
        .then_fields(&[("/to", "requester-cannot-decide")]);
    let unread = json!({ "request": id, "to": SUCCESSORS[0], "reason": "On holiday.", "revision": 2 });
    stage.when::<PassOnDecision>(&manager(), unread).then_rejected("revision-changed");
    let silent = json!({ "request": id, "to": SUCCESSORS[0], "reason": "" });
    stage.when::<PassOnDecision>(&manager(), silent).then_fields(&[("/reason", "reason-too-short")]);
    stage.when::<PassOnDecision>(&manager(), pass_on(&id, SUCCESSORS[0])).then_events(&["decision-passed-on"]);
    stage.set_people(People::actor(SUCCESSORS[0]), &[SUCCESSORS[0]]);
    let back = Actor { id: SUCCESSORS[0].into(), ..manager() };
    stage.when::<PassOnDecision>(&back, pass_on(&id, &manager().id)).then_rejected("passed-on-before");
}

#[test]
fn an_admin_reassigns_a_stage_with_a_reason_and_its_deadline_begins_again() {
    let deadline = json!({ "hours": 4, "finally": "expire" });
    let mut stage = with_policy(json!({ "applies_to": { "kinds": ["vm.create"] }, "stages": [{
        "key": "finance", "name": { "de": "Finanzen", "en": "Finance" }, "needs": "any",
        "approvers": [{ "group": "finance" }], "deadline": deadline,
    }] }));
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    let row = |stage: &Stage<Dcm>| stage.view::<Stages>().into_values().next().unwrap();
    let due = row(&stage)["due_at"].as_i64().unwrap();
    stage.now += HOUR / 2;
    let key = row(&stage)["stage"].clone();
    let reassign =
        json!({ "request": id, "stage": key, "actors": [SUCCESSORS[0]], "reason": "The team is on a fair." });
    let other = stage.when::<ReassignStage>(&approver(), reassign.clone());
    other.then_rejected("not-permitted");
    let without_people = json!({ "request": id, "stage": key, "reason": "The team is on a fair." });
    stage.when::<ReassignStage>(&admin(), without_people).then_fields(&[("/actors", "approvers-missing")]);
    let unknown = json!({ "request": id, "stage": key, "actors": ["not-an-id"], "reason": "The team is on a fair." });
    stage.when::<ReassignStage>(&admin(), unknown).then_fields(&[("/actors/0", "person-unknown")]);
    let odd = json!({ "request": id, "stage": key, "groups": ["Fin ance"], "reason": "The team is on a fair." });
    stage.when::<ReassignStage>(&admin(), odd).then_fields(&[("/groups/0", "group-format")]);
    let reassigned = stage.when::<ReassignStage>(&admin(), reassign);
    reassigned.then_events(&["stage-reassigned", "stage-deadline-set"]);
    assert!(row(&stage)["due_at"].as_i64().unwrap() > due);
    let told = stage.view::<Timeline>().into_values().next_back().unwrap();
    assert_eq!((&told["kind"], &told["actor_name"]), (&json!("stage-reassigned"), &json!("Ada Admin")));
    assert_eq!(told["asked"]["actors"], json!([SUCCESSORS[0]]));
    let [fritz, _] = finance();
    stage.when::<ApproveRequest>(&fritz, json!({ "request": id })).then_rejected("not-an-approver");
    let approved = stage.when::<ApproveRequest>(&successor(), json!({ "request": id }));
    approved.then_events(&["stage-decided", "stage-passed", "request-approved"]);
}
