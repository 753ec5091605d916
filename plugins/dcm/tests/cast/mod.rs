//! Actors of DCM's tests, and test stages with the events with which a test begins.
#![allow(dead_code, reason = "every test binary uses a part of it")]

use dcm::Dcm;
use dcm::offering::define::DefineOffering;
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
use serde_json::{Value, json};

pub fn requester() -> Actor {
    person("Rita Requester", &["request"])
}

pub fn approver() -> Actor {
    person("Arno Approver", &["request", "approve"])
}

pub fn admin() -> Actor {
    person("Ada Admin", &["request", "approve", "offer", "operate", "policy", "audit"])
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

pub fn with_offering() -> Stage<Dcm> {
    let mut stage = Stage::new();
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
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id })).then_events(&["request-approved"]);
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
