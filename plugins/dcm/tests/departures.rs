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
use eaf_sdk::document::Actor;
use eaf_sdk::testing::{Stage, person, system};
use eaf_sdk::{People, Principal};
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

/// The only people who hold the permission to decide from now on.
fn may_decide(stage: &mut Stage<Dcm>, people: &[&String]) {
    stage.set_people(People::who_may("decide"), &people.iter().map(|id| id.as_str()).collect::<Vec<_>>());
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
    assert_eq!(
        (open_seats(&stage, &waiting), &waiting.params["stages"][0]["missing"]),
        (vec![vec![admin().id, fritz.id.clone()]], &json!(2))
    );
    assert_eq!(stage.view::<Approvals>()[&id]["waiting_for"][0]["permissions"], json!(["operate"]));
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
    assert_eq!(stage.view::<Approvals>()[&id]["waiting_for"][0]["permissions"], json!(["approve"]));
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
fn a_seat_that_was_passed_on_stays_when_the_person_who_had_it_leaves() {
    let (mut stage, id) = asked(json!({ "needs": "all" }));
    let [fritz, frieda] = finance();
    let passed = json!({ "request": id, "to": SUCCESSORS[0], "reason": "My last day is tomorrow." });
    stage.when::<PassOnDecision>(&fritz, passed).then_events(&["decision-passed-on"]);
    finance_is(&mut stage, &[&frieda.id]);
    noted(&mut stage, &id, &[]);
    stage.when::<ApproveRequest>(&frieda, json!({ "request": id })).then_events(&["stage-decided"]);
    let successor = Actor { id: SUCCESSORS[0].into(), ..person("Sina Successor", &["request", "decide"]) };
    stage.when::<ApproveRequest>(&successor, json!({ "request": id })).then_events(&[
        "stage-decided",
        "stage-passed",
        "request-approved",
    ]);
}

#[test]
fn a_group_of_people_who_may_not_decide_escalates_at_the_submission() {
    let ([fritz, frieda], admin_id) = (finance(), admin().id);
    for deciders in [vec![], vec![&fritz.id]] {
        let finance = json!({ "key": "finance", "name": { "de": "Finanzen", "en": "Finance" },
            "approvers": [{ "group": "finance" }], "needs": { "at_least": 2 } });
        let mut stage = with_policy(json!({ "applies_to": { "kinds": ["vm.create"] }, "stages": [finance] }));
        let mut named = [deciders, vec![&admin_id]].concat();
        named.sort();
        may_decide(&mut stage, &named);
        let submitted = stage.when::<RequestVm>(&requester(), wanted("web-01"));
        let events = ["request-submitted", "name-claimed", "approval-planned", "stage-opened", "stage-escalated"];
        let id = submitted.then_events(&events).command_id;
        let waiting = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
        assert_eq!(open_seats(&stage, &waiting)[0].iter().collect::<Vec<_>>(), named);
        let auditor = Actor { permissions: vec!["audit".into()], ..frieda.clone() };
        let offered = stage.offered::<Approvals>(&auditor, &id).actions;
        assert!(offered.is_empty(), "the host refuses these commands: {offered:?}");
    }
}

#[test]
fn the_loss_of_the_permission_to_decide_escalates_at_once() {
    let [fritz, frieda] = finance();
    let (mut stage, id) = asked(json!({}));
    may_decide(&mut stage, &[&fritz.id, &admin().id]);
    noted(&mut stage, &id, &["stage-escalated"]);
    let waiting = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
    assert_eq!(open_seats(&stage, &waiting), [[admin().id, fritz.id.clone()]]);

    let (mut stage, id) = asked(json!({}));
    let passed = json!({ "request": id, "to": SUCCESSORS[0], "reason": "On holiday from tomorrow." });
    stage.when::<PassOnDecision>(&fritz, passed).then_events(&["decision-passed-on"]);
    may_decide(&mut stage, &[&frieda.id, &admin().id]);
    noted(&mut stage, &id, &["stage-escalated"]);
}

#[test]
fn deputies_and_their_principals_need_the_permission_to_decide() {
    let (mut stage, id) = asked(json!({}));
    let [fritz, frieda] = finance();
    let deputy = |own: &[&str], of: &[&str]| {
        let permissions = of.iter().map(|name| (*name).into()).collect();
        let principal =
            Principal { id: fritz.id.clone(), permissions, groups: fritz.groups.clone(), ..Principal::default() };
        Actor { stands_in_for: vec![principal], ..person("Doris Deputy", own) }
    };
    let offered = |stage: &Stage<Dcm>, actor: &Actor| stage.offered::<Approvals>(actor, &id).actions.len();
    let (both, alone) = (deputy(&["request", "decide"], &["request", "decide"]), deputy(&["decide"], &["audit"]));
    assert!(offered(&stage, &both) > 0);
    assert_eq!(offered(&stage, &deputy(&["audit"], &["request", "decide"])), 0);
    assert_eq!(offered(&stage, &alone), 0);
    may_decide(&mut stage, &[&both.id]);
    stage.when::<ApproveRequest>(&alone, json!({ "request": id })).then_rejected("not-an-approver");
    may_decide(&mut stage, &[&both.id, &fritz.id, &frieda.id]);
    stage.when::<ApproveRequest>(&both, json!({ "request": id })).then_events(&["stage-decided"]);
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
