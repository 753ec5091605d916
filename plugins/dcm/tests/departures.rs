//! Tests of departures: given an open stage, when people leave, then it is escalated if the people
//! left cannot pass it.

mod cast;

use cast::*;
use dcm::Dcm;
use dcm::request::approvals::Approvals;
use dcm::request::approve::ApproveRequest;
use dcm::request::decision::ask_back::AskBack;
use dcm::request::decision::note_departure::NoteDeparture;
use dcm::request::decision::pass_on::PassOnDecision;
use dcm::request::decision::stages::Stages;
use dcm::request::submit::RequestVm;
use dcm::request::view::Requests;
use dcm::request::withdraw::WithdrawRequest;
use eaf_sdk::People;
use eaf_sdk::testing::{Stage, system};
use serde_json::{Value, json};

/// Stage with a request that waits for the finance department, whose members `stage_members`
/// replaces.
fn asked(stage_members: Value) -> (Stage<Dcm>, String) {
    let mut finance = json!({ "key": "finance", "name": { "de": "Finanzen", "en": "Finance" },
        "approvers": [{ "group": "finance" }], "needs": { "at_least": 2 } });
    for (member, value) in stage_members.as_object().into_iter().flatten() {
        finance[member] = value.clone();
    }
    let mut stage = with_policy(json!({ "applies_to": { "kinds": ["vm.create"] }, "stages": [finance] }));
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    (stage, id)
}

fn finance_is(stage: &mut Stage<Dcm>, members: &[&str]) {
    stage.set_people(People::in_group("finance"), members);
}

fn noted(stage: &mut Stage<Dcm>, id: &str, events: &[&str]) {
    stage.when::<NoteDeparture>(&system(), json!({ "key": id })).then_events(events);
}

#[test]
fn a_quorum_that_loses_a_person_asks_the_operators_at_once() {
    let (mut stage, id) = asked(json!({}));
    let [fritz, _] = finance();
    noted(&mut stage, &id, &[]);
    finance_is(&mut stage, &[&fritz.id]);
    noted(&mut stage, &id, &["stage-escalated"]);
    let escalated = stage.log.last().unwrap();
    let said = ["cause", "to_operators", "to"].map(|member| &escalated.data[member]);
    assert_eq!(json!(said), json!(["people_missing", true, { "permission": "operate" }]));
    let waiting = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
    assert_eq!(waiting.params["people_missing"], true);
    assert_eq!(stage.view::<Approvals>()[&id]["waiting_for"]["permissions"], json!(["operate"]));
    noted(&mut stage, &id, &[]);
    stage.when::<ApproveRequest>(&fritz, json!({ "request": id })).then_events(&["stage-decided"]);
    stage.when::<ApproveRequest>(&admin(), json!({ "request": id })).then_events(&[
        "stage-decided",
        "stage-passed",
        "request-approved",
    ]);
}

#[test]
fn the_next_step_of_the_policy_comes_before_the_operators() {
    let deadline =
        json!({ "hours": 8, "finally": "expire", "escalate": [{ "to": { "permission": "approve" }, "hours": 4 }] });
    let (mut stage, id) = asked(json!({ "needs": "any", "deadline": deadline }));
    finance_is(&mut stage, &[]);
    noted(&mut stage, &id, &["stage-escalated", "stage-deadline-set"]);
    let row = stage.view::<Stages>().into_values().next().unwrap();
    assert_eq!((&row["status"], &row["due_at"]), (&json!("open"), &stage.log.last().unwrap().data["due_at"]));
    assert_eq!(stage.view::<Approvals>()[&id]["waiting_for"]["permissions"], json!(["approve"]));
}

#[test]
fn a_stage_with_enough_people_stays_as_it_is() {
    for needs in [json!("any"), json!("all"), json!({ "at_least": 2 })] {
        let (mut stage, id) = asked(json!({ "needs": needs }));
        let [fritz, frieda] = finance();
        if needs == json!({ "at_least": 2 }) {
            stage.when::<ApproveRequest>(&frieda, json!({ "request": id })).then_events(&["stage-decided"]);
        }
        // A person who has decided is not missing.
        finance_is(&mut stage, &[&fritz.id]);
        noted(&mut stage, &id, &[]);
    }
}

#[test]
fn no_stage_passes_by_the_departure_of_the_last_person_who_is_asked() {
    let (mut stage, id) = asked(json!({ "needs": "all" }));
    let [fritz, _] = finance();
    stage.when::<ApproveRequest>(&fritz, json!({ "request": id })).then_events(&["stage-decided"]);
    finance_is(&mut stage, &[&fritz.id]);
    noted(&mut stage, &id, &["stage-escalated"]);
    assert_eq!(stage.view::<Approvals>()[&id]["status"], "pending");
}

#[test]
fn a_seat_ends_when_the_person_to_whom_it_was_passed_on_leaves() {
    let (mut stage, id) = asked(json!({}));
    let [fritz, _] = finance();
    stage.set_people(People::actor(SUCCESSORS[0]), &[SUCCESSORS[0]]);
    let passed = json!({ "request": id, "to": SUCCESSORS[0], "reason": "On holiday from tomorrow." });
    stage.when::<PassOnDecision>(&fritz, passed).then_events(&["decision-passed-on"]);
    noted(&mut stage, &id, &[]);
    stage.set_people(People::actor(SUCCESSORS[0]), &[]);
    noted(&mut stage, &id, &["stage-escalated"]);
}

#[test]
fn an_open_question_and_an_ended_request_are_looked_at_too() {
    let (mut stage, id) = asked(json!({}));
    let [fritz, _] = finance();
    stage
        .when::<AskBack>(&fritz, json!({ "request": id, "question": "Whose budget is it?" }))
        .then_events(&["question-asked"]);
    finance_is(&mut stage, &[&fritz.id]);
    noted(&mut stage, &id, &["stage-escalated"]);
    let waiting = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
    assert_eq!(waiting.code, "answer");
    stage.when::<WithdrawRequest>(&requester(), json!({ "request": id }));
    finance_is(&mut stage, &[]);
    noted(&mut stage, &id, &[]);
    stage.when::<NoteDeparture>(&admin(), json!({ "key": id })).then_rejected("system-only");
}
