//! Tests of decommissioning by policy: given a machine, when its owner or an admin decommissions
//! it, then the people whom a policy asks decide first, and without them nothing happens to the
//! machine.

mod cast;

use cast::*;
use dcm::overview::Months;
use dcm::request::approvals::Approvals;
use dcm::request::approve::ApproveRequest;
use dcm::request::decision::end_deadline::EndDeadline;
use dcm::request::decision::propose::ProposeChanges;
use dcm::request::decision::stages::Stages;
use dcm::request::reject::RejectRequest;
use dcm::request::revise::ReviseRequest;
use dcm::request::submit::RequestVm;
use dcm::request::view::Requests;
use dcm::timeline::Timeline;
use dcm::vm::complete_decommission::CompleteDecommission;
use dcm::vm::decommission::DecommissionVm;
use dcm::vm::fail_decommission::FailDecommission;
use dcm::vm::view::Vms;
use dcm::{Dcm, DcmFlows};
use eaf_sdk::People;
use eaf_sdk::document::Actor;
use eaf_sdk::testing::{Outcome, Script, Stage, system};
use serde_json::{Value, json};

/// Events of a decommissioning that waits for people.
const AWAITED: &[&str] = &["request-submitted", "vm-decommission-awaited", "approval-planned", "stage-opened"];

fn decommission(stage: &mut Stage<Dcm>, by: &Actor, vm: &str) -> Outcome {
    stage.when::<DecommissionVm>(by, json!({ "vm": vm, "confirm": "web-01", "reason": " The project is over. " }))
}

/// Machine whose decommissioning waits for the manager of its owner: with the ids of both.
fn awaited() -> (Stage<Dcm>, String, String) {
    let (mut stage, vm) = with_decommission_policy(json!({}));
    let id = decommission(&mut stage, &requester(), &vm).then_events(AWAITED).command_id;
    (stage, vm, id)
}

fn vm_row(stage: &Stage<Dcm>, vm: &str) -> Value {
    json!(stage.view::<Vms>()[vm])
}

#[test]
fn a_policy_for_new_machines_alone_does_not_delay_a_decommissioning() {
    let mut stage = with_policy(two_stages(json!({})));
    let mut body = wanted("web-01");
    body["cpus"] = 1.into();
    let vm = stage.when::<RequestVm>(&requester(), body).command_id;
    let done = json!({ "request": vm, "attempt": 1, "ip": "10.0.0.7" });
    stage.when::<dcm::provisioning::complete::CompleteProvisioning>(&system(), done);
    decommission(&mut stage, &requester(), &vm).then_events(&["vm-decommission-requested"]);
}

#[test]
fn a_decommissioning_waits_for_the_people_of_its_policy() {
    let (stage, vm, id) = awaited();
    let row = vm_row(&stage, &vm);
    assert_eq!((&row["status"], &row["decommission_request_id"]), (&json!("active"), &json!(id)));
    assert_eq!(stage.offered::<Vms>(&requester(), &vm).waiting_on.unwrap().code, "decommission-awaited");
    for row in [&stage.view::<Requests>()[&id], &stage.view::<Approvals>()[&id]] {
        let shown = ["status", "kind", "vm_id", "vm_name", "justification", "awaited"].map(|member| &row[member]);
        let expected = json!(["pending", "vm.decommission", vm, "web-01", "The project is over.", "approvers"]);
        assert_eq!(json!(shown), expected);
    }
    assert_eq!(stage.view::<Requests>()[&vm]["kind"], "vm.create");
    let waiting = stage.offered::<Approvals>(&manager(), &id);
    let params = waiting.waiting_on.unwrap();
    assert_eq!((params.code.as_str(), &params.params["stages"][0]["name"]), ("approval", &json!("Manager")));
    let offered = |command: &str| waiting.actions.iter().any(|action| action.command == command && action.allowed);
    assert!(offered("approve-request") && offered("reject-request") && offered("ask-back"));
    assert!(!offered("propose-changes"));
    let kinds: Vec<_> = stage.view::<Timeline>().into_values().map(|row| row["kind"].clone()).collect();
    assert!(kinds.contains(&json!("vm-decommission-awaited")), "{kinds:?}");
}

#[test]
fn an_approved_decommissioning_begins_and_removes_the_machine() {
    let (mut stage, vm, id) = awaited();
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id })).then_events(&[
        "stage-decided",
        "stage-passed",
        "decommission-approved",
        "vm-decommission-requested",
    ]);
    let requested = &stage.log.last().unwrap().data;
    assert_eq!((&requested["by_id"], &requested["attempt"]), (&json!(requester().id), &json!(1)));
    let row = stage.view::<Requests>()[&id].clone();
    let shown = ["status", "terminal", "decided_by_name", "attempt"].map(|member| &row[member]);
    assert_eq!(json!(shown), json!(["approved", true, "Mona Manager", null]));
    let row = vm_row(&stage, &vm);
    assert_eq!((&row["status"], &row["decommission_request_id"]), (&json!("decommissioning"), &Value::Null));
    let months = stage.view::<Months>();
    let counted = |outcome: &str| -> u64 { months.values().map(|row| row[outcome].as_u64().unwrap()).sum() };
    assert_eq!((counted("approved"), counted("auto_approved")), (2, 0), "the machine, and its decommissioning");
    let done = json!({ "vm": vm, "attempt": 1 });
    stage.when::<CompleteDecommission>(&system(), done).then_events(&["vm-decommissioned", "name-released"]);
}

#[test]
fn without_an_approval_nothing_happens_to_the_machine() {
    for (by, command) in [(manager(), "reject-request"), (requester(), "withdraw-request")] {
        let (mut stage, vm, id) = awaited();
        stage.when_named(&by, command, 1, json!({ "request": id, "reason": "Still in use." }));
        assert_eq!(stage.log.last().unwrap().kind, "vm-decommission-not-approved");
        let row = vm_row(&stage, &vm);
        assert_eq!((&row["status"], &row["decommission_request_id"]), (&json!("active"), &Value::Null));
        assert_eq!(stage.offered::<Vms>(&requester(), &vm).waiting_on.unwrap().code, "in-use");
        // The machine keeps its name.
        let taken = stage.when::<RequestVm>(&requester(), wanted("web-01"));
        taken.then_rejected("vm-name-taken");
        decommission(&mut stage, &requester(), &vm).then_events(AWAITED);
    }
}

#[test]
fn the_end_of_a_deadline_keeps_or_removes_the_machine_as_the_policy_says() {
    for (finally, events, status) in [
        ("expire", vec!["request-expired", "vm-decommission-not-approved"], "active"),
        ("approve", vec!["stage-passed", "decommission-approved", "vm-decommission-requested"], "decommissioning"),
    ] {
        let (mut stage, vm) = with_decommission_policy(json!({ "deadline": { "hours": 8, "finally": finally } }));
        let id = decommission(&mut stage, &requester(), &vm).command_id;
        let due = stage.view::<Stages>()[&format!("{id}/costly.manager")]["due_at"].as_i64().unwrap();
        stage.now = due;
        let ended = json!({ "request": id, "stage": "costly.manager", "due_at": due });
        stage.when::<EndDeadline>(&system(), ended).then_events(&events);
        assert_eq!(vm_row(&stage, &vm)["status"], status);
    }
}

#[test]
fn no_person_decides_on_their_own_decommissioning_and_admins_ask_too() {
    let (mut stage, vm) = with_decommission_policy(json!({ "approvers": [{ "permission": "approve" }] }));
    let id = decommission(&mut stage, &admin(), &vm).then_events(AWAITED).command_id;
    stage.when::<ApproveRequest>(&admin(), json!({ "request": id })).then_rejected("own-request");
    let offered = stage.offered::<Approvals>(&admin(), &id).actions;
    assert!(offered.iter().all(|action| action.command != "approve-request" || !action.allowed), "{offered:?}");
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id }));
    let requested = &stage.log.last().unwrap().data;
    assert_eq!((&requested["by_id"], &requested["requester_id"]), (&json!(admin().id), &json!(requester().id)));
}

#[test]
fn one_request_to_decommission_a_machine_waits_at_a_time() {
    let (mut stage, vm, id) = awaited();
    for person in [requester(), admin()] {
        decommission(&mut stage, &person, &vm).then_rejected("decommission-awaited");
    }
    decommission(&mut stage, &approver(), &vm).then_rejected("not-your-vm");
    let wrong = json!({ "vm": vm, "confirm": "web-02" });
    stage.when::<RejectRequest>(&manager(), json!({ "request": id, "reason": "Still in use." }));
    stage.when::<DecommissionVm>(&requester(), wrong).then_rejected("invalid-confirmation");
}

#[test]
fn a_decommissioning_has_no_values_to_revise_or_to_propose() {
    let (mut stage, _, id) = awaited();
    stage.when::<ReviseRequest>(&requester(), json!({ "request": id, "cpus": 1 })).then_rejected("nothing-to-change");
    let changes = json!({ "request": id, "cpus": 1, "comment": "One is enough." });
    stage.when::<ProposeChanges>(&manager(), changes).then_rejected("nothing-to-change");
    let offered = stage.offered::<Requests>(&requester(), &id).actions;
    assert!(offered.iter().all(|action| action.command != "revise-request"), "{offered:?}");
}

#[test]
fn a_removal_that_failed_is_repeated_without_a_second_approval() {
    let (mut stage, vm, id) = awaited();
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id }));
    let failed = json!({ "vm": vm, "attempt": 1, "step": "power-off", "code": "busy", "message": "It is busy." });
    stage.when::<FailDecommission>(&system(), failed).then_events(&["step-failed", "vm-decommission-failed"]);
    decommission(&mut stage, &requester(), &vm).then_events(&["vm-decommission-requested"]);
    assert_eq!(stage.log.last().unwrap().data["attempt"], 2);
}

#[test]
fn a_decommissioning_whose_people_are_missing_waits_for_the_operators() {
    let (mut stage, vm) = with_decommission_policy(json!({}));
    stage.set_people(People::manager_of(&requester().id), &[]);
    let id = decommission(&mut stage, &requester(), &vm).command_id;
    assert_eq!(stage.log.last().unwrap().kind, "stage-escalated", "missing people lead to the operators");
    stage.when::<ApproveRequest>(&admin(), json!({ "request": id }));
    assert_eq!(vm_row(&stage, &vm)["status"], "decommissioning");
}

#[test]
fn the_requester_of_an_approved_decommissioning_gets_a_mail() {
    let (mut stage, vm, id) = awaited();
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id }));
    let approved = stage.log.iter().find(|recorded| recorded.kind == "decommission-approved").unwrap();
    let script = Script::new().answer("mail.send", json!({ "sent": 1, "failed": 0 })).answer("flow.read", Value::Null);
    let run = script.run::<DcmFlows>("notify", approved);
    let mail = &run.calls_of("mail.send")[0];
    assert_eq!((&mail["template"], &mail["to"]["actor"]), (&json!("decommission-approved"), &json!(requester().id)));
    assert_eq!((&mail["facts"]["vm_id"], &mail["facts"]["approver_name"]), (&json!(vm), &json!("Mona Manager")));
}
