//! Actors of DCM's tests, and test stages with the events with which a test begins.
#![allow(dead_code, reason = "every test binary uses a part of it")]

use dcm::Dcm;
use dcm::offering::define::DefineOffering;
use dcm::policy::draft::DraftPolicy;
use dcm::policy::publish::PublishPolicy;
use dcm::provisioning::complete::CompleteProvisioning;
use dcm::provisioning::fail::FailProvisioning;
use dcm::provisioning::record_step::RecordStep;
use dcm::request::approve::ApproveRequest;
use dcm::request::cancel::CancelRequest;
use dcm::request::fail_cancel::FailCancel;
use dcm::request::submit::RequestVm;
use dcm::vm::decommission::DecommissionVm;
use dcm::vm::fail_decommission::FailDecommission;
use eaf_sdk::document::Actor;
use eaf_sdk::testing::{Stage, person, system};
use eaf_sdk::{Message, People, Principal};
use serde_json::{Value, json};

/// Events of a submission that waits for the default stage.
pub const SUBMITTED: &[&str] = &["request-submitted", "name-claimed", "approval-planned", "stage-opened"];

pub fn requester() -> Actor {
    person("Rita Requester", &["request", "decide"])
}

pub fn approver() -> Actor {
    person("Arno Approver", &["request", "approve", "decide"])
}

pub fn admin() -> Actor {
    person("Ada Admin", &["request", "approve", "decide", "offer", "operate", "policy", "audit"])
}

/// A person without requests, who may decide on all of them.
pub fn boss() -> Actor {
    person("Bea Boss", &["approve", "decide", "operate"])
}

pub fn auditor() -> Actor {
    person("Otto Auditor", &["audit"])
}

pub fn everyone() -> Vec<Actor> {
    vec![requester(), approver(), admin(), auditor()]
}

pub fn offering(other: Value) -> Value {
    let mut body = json!({ "key": "small", "name": "Small server", "template": "templates/debian-12", "image": "Debian 12",
        "cpu_min": 1, "cpu_max": 8, "memory_gb_min": 1, "memory_gb_max": 64,
        "base_cents": 1_000, "cpu_cents": 500, "gb_cents": 250 });
    for (member, value) in other.as_object().into_iter().flatten() {
        body[member] = value.clone();
    }
    body
}

pub fn wanted(name: &str) -> Value {
    json!({ "name": name, "offering": "small", "cpus": 2, "memory_gb": 4,
        "justification": "Front end of the spring campaign", "term_months": 12 })
}

/// Actor ids of members who have no seat in any policy, to whom a decision is passed on.
pub const SUCCESSORS: [&str; 6] = [
    "00000000-0000-4000-8000-000000000001",
    "00000000-0000-4000-8000-000000000002",
    "00000000-0000-4000-8000-000000000003",
    "00000000-0000-4000-8000-000000000004",
    "00000000-0000-4000-8000-000000000005",
    "00000000-0000-4000-8000-000000000006",
];

pub fn with_offering() -> Stage<Dcm> {
    let mut stage = Stage::new();
    stage.set_people(People::who_may("approve"), &[&approver().id, &admin().id, &boss().id]);
    stage.set_people(People::who_may("operate"), &[&admin().id]);
    let mut members = vec![requester(), approver(), admin(), boss(), manager()];
    members.extend(finance());
    let ids: Vec<&str> = members.iter().map(|member| member.id.as_str()).chain(SUCCESSORS).collect();
    ids.iter().for_each(|id| stage.set_people(People::actor(id), &[id]));
    stage.set_people(People::who_may("decide"), &ids);
    stage.when::<DefineOffering>(&admin(), offering(json!({}))).then_events(&["offering-defined"]);
    stage
}

pub fn with_request() -> (Stage<Dcm>, String) {
    let mut stage = with_offering();
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    (stage, id)
}

pub fn with_approved() -> (Stage<Dcm>, String) {
    let (mut stage, id) = with_request();
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id })).then_events(&[
        "stage-decided",
        "stage-passed",
        "request-approved",
    ]);
    (stage, id)
}

pub fn with_failed(step: &str) -> (Stage<Dcm>, String) {
    let (mut stage, id) = with_approved();
    let begun = json!({ "request": id, "process": "provision", "attempt": 1, "step": step, "state": "started" });
    stage.when::<RecordStep>(&system(), begun).then_events(&["step-started"]);
    let failed = json!({ "request": id, "attempt": 1, "step": step, "code": "broken", "message": "It is broken." });
    stage.when::<FailProvisioning>(&system(), failed).then_events(&["step-failed", "request-failed"]);
    (stage, id)
}

pub fn with_vm() -> (Stage<Dcm>, String) {
    let (mut stage, id) = with_approved();
    let done = json!({ "request": id, "attempt": 1, "ip": "10.0.0.7" });
    stage.when::<CompleteProvisioning>(&system(), done).then_events(&["request-fulfilled", "vm-provisioned"]);
    (stage, id)
}

/// Creates a stage with a request in cancellation, whose machine was built in another vCenter.
pub fn with_elsewhere() -> (Stage<Dcm>, String) {
    let (mut stage, id) = with_failed("power-on");
    stage.when::<CancelRequest>(&requester(), json!({ "request": id })).then_events(&["request-cancel-requested"]);
    let failed = json!({ "request": id, "attempt": 2, "step": "power-off", "code": "other-vcenter", "message": "No." });
    stage.when::<FailCancel>(&system(), failed).then_events(&["step-failed", "request-cancel-failed"]);
    (stage, id)
}

/// Creates a stage with a machine that vCenter no longer has, although this host did not remove the
/// machine.
pub fn with_gone() -> (Stage<Dcm>, String) {
    let (mut stage, id) = with_vm();
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": "web-01" }));
    let gone = json!({ "vm": id, "attempt": 1, "step": "destroy", "code": "vm-gone", "message": "It is gone." });
    stage.when::<FailDecommission>(&system(), gone).then_events(&["step-failed", "vm-decommission-failed"]);
    (stage, id)
}

/// Deputy of the requester's manager.
pub fn deputy() -> Actor {
    let permissions = vec!["request".into(), "decide".into()];
    let principal = Principal { id: manager().id, permissions, manages: vec![requester().id], ..Principal::default() };
    Actor { stands_in_for: vec![principal], ..person("Doris Deputy", &["request", "decide"]) }
}

/// A person of a department, who holds no permission to approve.
pub fn member(name: &str, group: &str) -> Actor {
    Actor { groups: vec![group.into()], ..person(name, &["request", "decide"]) }
}

pub fn finance() -> [Actor; 2] {
    [member("Fritz Finance", "finance"), member("Frieda Finance", "finance")]
}

pub fn manager() -> Actor {
    Actor { manages: vec![requester().id], ..person("Mona Manager", &["request", "decide"]) }
}

/// Actor ids of the people whom the sentence about a request names, without their deputies, one
/// list per open stage.
pub fn open_seats(stage: &Stage<Dcm>, waiting: &Message) -> Vec<Vec<String>> {
    let named = |said: &Value| {
        let reference = serde_json::from_value(said["seats"]["x-eaf-people"].clone());
        stage.resolve(reference.expect("a reference to people")).actors
    };
    waiting.params["stages"].as_array().expect("the open stages").iter().map(named).collect()
}

/// Policy document with a stage of the requester's manager and a stage of the finance department,
/// whose members `finance_stage` replaces.
pub fn two_stages(finance_stage: Value) -> Value {
    let mut finance = json!({ "key": "finance", "name": { "de": "Finanzen", "en": "Finance" },
        "after": ["manager"], "approvers": [{ "group": "finance" }], "needs": "any" });
    for (member, value) in finance_stage.as_object().into_iter().flatten() {
        finance[member] = value.clone();
    }
    json!({
        "applies_to": { "kinds": ["vm.create"] },
        "auto_approve": [{ "key": "small", "name": { "de": "Kleine", "en": "Small ones" },
            "when": { "fact": "cpus", "is": "lt", "value": 2 } }],
        "stages": [
            { "key": "manager", "name": { "de": "Führungskraft", "en": "Manager" },
              "approvers": [{ "manager_of": "requester" }], "needs": "any" },
            finance,
        ],
    })
}

/// Creates a stage with a machine whose decommissioning the requester's manager approves;
/// `stage_members` are further members of the policy's stage.
pub fn with_decommission_policy(stage_members: Value) -> (Stage<Dcm>, String) {
    let mut asked = json!({ "key": "manager", "name": { "de": "Führungskraft", "en": "Manager" },
        "approvers": [{ "manager_of": "requester" }], "needs": "any" });
    for (member, value) in stage_members.as_object().into_iter().flatten() {
        asked[member] = value.clone();
    }
    let mut stage = with_policy(json!({ "applies_to": { "kinds": ["vm.decommission"] }, "stages": [asked],
        "allow_timeout_approval": true }));
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id }));
    let done = json!({ "request": id, "attempt": 1, "ip": "10.0.0.7" });
    stage.when::<CompleteProvisioning>(&system(), done).then_events(&["request-fulfilled", "vm-provisioned"]);
    (stage, id)
}

/// Creates a stage in which this policy document is published.
pub fn with_policy(document: Value) -> Stage<Dcm> {
    let mut stage = with_offering();
    let [fritz, frieda] = finance();
    stage.set_people(People::in_group("finance"), &[&fritz.id, &frieda.id]);
    stage.set_people(People::manager_of(&requester().id), &[&manager().id]);
    let draft =
        json!({ "policy": "costly", "name_de": "Teuer", "name_en": "Costly", "document": document, "revision": 0 });
    stage.when::<DraftPolicy>(&admin(), draft).then_events(&["policy-drafted"]);
    let publish = json!({ "policy": "costly", "revision": 1, "reason": "Agreed with finance." });
    stage.when::<PublishPolicy>(&admin(), publish);
    stage
}
