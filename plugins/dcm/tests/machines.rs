//! Tests of the decisions on machines: given events, when a command, then events or a rejection.

mod cast;

use cast::*;
use dcm::provisioning::note_run_end::NoteRunEnd;
use dcm::provisioning::stall::NoteStall;
use dcm::request::submit::RequestVm;
use dcm::request::view::Requests;
use dcm::vm::Access;
use dcm::vm::complete_decommission::CompleteDecommission;
use dcm::vm::confirm_gone::ConfirmGone;
use dcm::vm::decommission::DecommissionVm;
use dcm::vm::event::VmProvisioned;
use dcm::vm::fail_decommission::FailDecommission;
use dcm::vm::note_machine::NoteMachine;
use dcm::vm::record_refresh::RecordRefresh;
use dcm::vm::refresh::RefreshVm;
use dcm::vm::view::Vms;
use eaf_sdk::Event;
use eaf_sdk::testing::system;
use serde_json::{Value, json};

#[test]
fn a_removal_whose_run_ended_abnormally_may_be_repeated() {
    let (mut stage, id) = with_vm();
    let removal = json!({ "vm": id, "confirm": "web-01" });
    stage.when::<DecommissionVm>(&requester(), removal.clone()).then_events(&["vm-decommission-requested"]);
    let begun = stage.log.last().unwrap().id.clone();
    let ended = json!({ "key": id, "event": begun, "code": "diverged", "message": "It left its way." });
    stage.when::<NoteRunEnd>(&system(), ended.clone()).then_events(&["step-failed", "vm-decommission-failed"]);
    stage.when::<DecommissionVm>(&admin(), removal).then_events(&["vm-decommission-requested"]);
    stage.when::<NoteRunEnd>(&system(), ended).then_events(&[]);
}

#[test]
fn an_observation_without_a_change_is_no_event() {
    let (mut stage, id) = with_vm();
    let found = |power: &str, name: &str, memory_mb: u64| {
        json!({ "key": id, "found": { "name": name, "state": "connected", "power": power, "ip": "10.0.0.7", "cpus": 2,
            "memory_mb": memory_mb, "instance_uuid": null, "question": null } })
    };
    stage.when::<NoteMachine>(&system(), found("on", "web-01", 4096)).then_events(&[]);
    stage.when::<NoteMachine>(&system(), found("off", "web-01", 4096)).then_events(&["vm-refreshed"]);
    stage.when::<NoteMachine>(&system(), found("off", "web-01", 4096)).then_events(&[]);
    stage.when::<NoteMachine>(&system(), found("off", "web-old", 512)).then_events(&["vm-refreshed"]);
    let row = stage.view::<Vms>()[&id].clone();
    assert_eq!(
        (&row["power"], &row["vcenter_name"], &row["memory_mb"]),
        (&json!("off"), &json!("web-old"), &json!(512))
    );

    stage.when::<NoteMachine>(&system(), json!({ "key": id, "found": null })).then_events(&["vm-refreshed"]);
    assert_eq!(stage.view::<Vms>()[&id]["power"], "missing");
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": "web-01" }));
    stage.when::<NoteMachine>(&system(), found("on", "web-01", 4096)).then_events(&[]);
}

#[test]
fn a_request_row_shows_decommissioning_and_protocol_of_its_machine() {
    let (mut stage, id) = with_vm();
    assert_eq!(stage.view::<Vms>()[&id]["access"], "ssh");
    assert!(stage.view::<Requests>()[&id]["decommissioned_at"].is_null());
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": "web-01" }));
    stage.when::<CompleteDecommission>(&system(), json!({ "vm": id, "attempt": 1 }));
    let row = stage.view::<Requests>()[&id].clone();
    assert!(row["decommissioned_at"].is_i64() && row["status"] == "fulfilled");
    for (image, access) in
        [("Windows Server 2022", Some(Access::Rdp)), ("Rocky Linux 9", Some(Access::Ssh)), ("OS/2", None)]
    {
        assert_eq!(Access::of(image), access, "{image}");
    }
}

#[test]
fn a_stall_is_shown_until_it_ends() {
    let (mut stage, id) = with_approved();
    let stall = |stalled: bool| json!({ "key": id, "stalled": stalled, "code": "unreachable", "message": "…" });
    stage.when::<NoteStall>(&system(), stall(true)).then_events(&["stalled"]);
    stage.when::<NoteStall>(&system(), stall(true)).then_events(&[]);
    let waiting = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
    assert_eq!((waiting.code.as_str(), &waiting.params["code"]), ("stalled", &json!("unreachable")));
    stage.when::<NoteStall>(&system(), json!({ "key": id, "stalled": false })).then_events(&["resumed"]);
    assert_eq!(stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap().code, "provisioning-start");
}

#[test]
fn a_stall_for_a_person_names_the_people_and_the_question() {
    let question = |id: &str| json!({ "key": id, "stalled": true, "code": "vcenter-question", "message": "vCenter asks: moved or copied?" });
    let (mut stage, id) = with_approved();
    stage.when::<NoteStall>(&system(), question(&id));
    let message = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
    let operators = json!({ "x-eaf-people": { "permissions": ["operate"] } });
    assert_eq!((message.code.as_str(), &message.params["people"]), ("stalled-for-person", &operators));
    assert_eq!(stage.view::<Requests>()[&id]["stalled_message"], "vCenter asks: moved or copied?");
    stage.when::<NoteStall>(&system(), json!({ "key": id, "stalled": false }));
    assert!(stage.view::<Requests>()[&id]["stalled_message"].is_null());

    let (mut stage, id) = with_vm();
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": "web-01" }));
    stage.when::<NoteStall>(&system(), question(&id));
    assert_eq!(stage.view::<Vms>()[&id]["stalled_message"], "vCenter asks: moved or copied?");
    assert_eq!(stage.offered::<Vms>(&requester(), &id).waiting_on.unwrap().code, "stalled-for-person");
    stage.when::<CompleteDecommission>(&system(), json!({ "vm": id, "attempt": 1 }));
    let row = stage.view::<Vms>()[&id].clone();
    assert!(row["stalled_message"].is_null() && row["stalled_since"].is_null(), "{row:?}");
}

#[test]
fn a_machine_shows_its_last_reading() {
    let (mut stage, id) = with_vm();
    stage.when::<RefreshVm>(&approver(), json!({ "vm": id })).then_rejected("not-your-vm");
    stage.when::<RefreshVm>(&requester(), json!({ "vm": id })).then_events(&["vm-refresh-requested"]);
    assert_eq!(stage.offered::<Vms>(&requester(), &id).waiting_on.unwrap().code, "refreshing");
    let seen = json!({ "kind": "machine", "name": "web-01", "state": "connected", "power": "off", "ip": null, "cpus": 2, "memory_mb": 4096 });
    stage.when::<RecordRefresh>(&system(), json!({ "vm": id, "found": seen })).then_events(&["vm-refreshed"]);
    let row = stage.view::<Vms>()[&id].clone();
    assert_eq!((row["power"].as_str(), row["ip"].clone()), (Some("off"), Value::Null));
}

#[test]
fn memory_is_shown_in_the_megabytes_of_vcenter() {
    for memory_mb in [512, 1536, 1540, 4096] {
        let (mut stage, id) = with_vm();
        assert_eq!(stage.view::<Vms>()[&id]["memory_mb"], 4096);
        let seen = json!({ "kind": "machine", "name": "web-01", "state": "connected", "power": "off", "ip": null, "cpus": 2, "memory_mb": memory_mb });
        stage.when::<RecordRefresh>(&system(), json!({ "vm": id, "found": seen }));
        assert_eq!(stage.view::<Vms>()[&id]["memory_mb"], memory_mb);
    }
}

#[test]
fn decommissioning_needs_the_typed_name_and_frees_it() {
    let (mut stage, id) = with_vm();
    let wrong = json!({ "vm": id, "confirm": "web-1" });
    stage.when::<DecommissionVm>(&requester(), wrong).then_fields(&[("/confirm", "confirm-mismatch")]);
    // The name was copied from a chat, with an invisible character.
    let right = json!({ "vm": id, "confirm": "web-01\u{200b} " });
    stage.when::<DecommissionVm>(&approver(), right.clone()).then_rejected("not-your-vm");
    stage.when::<DecommissionVm>(&admin(), right.clone()).then_events(&["vm-decommission-requested"]);
    stage.when::<DecommissionVm>(&admin(), right).then_rejected("vm-not-active");
    stage.when::<RequestVm>(&requester(), wanted("web-01")).then_rejected("vm-name-taken");
    stage
        .when::<CompleteDecommission>(&system(), json!({ "vm": id, "attempt": 1 }))
        .then_events(&["vm-decommissioned", "name-released"]);
    assert_eq!(stage.view::<Vms>()[&id]["terminal"], true);
    stage.when::<RequestVm>(&requester(), wanted("web-01")).then_events(SUBMITTED);
}

#[test]
fn a_machine_renamed_in_vcenter_shows_both_names_and_either_confirms() {
    for (typed, refused) in [("web-01", false), ("new-01", false), ("old-01", true)] {
        let (mut stage, id) = with_vm();
        stage.when::<RecordRefresh>(&system(), json!({ "vm": id, "found": found("new-01", "connected") }));
        let row = stage.view::<Vms>()[&id].clone();
        assert_eq!((&row["name"], &row["vcenter_name"]), (&json!("web-01"), &json!("new-01")));
        let outcome = stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": typed }));
        assert_eq!(outcome.rejection().is_some(), refused, "{typed}");
    }
    let (mut stage, id) = with_vm();
    stage.when::<RecordRefresh>(&system(), json!({ "vm": id, "found": found("web-01", "connected") }));
    assert!(stage.view::<Vms>()[&id]["vcenter_name"].is_null());
}

#[test]
fn a_machine_shows_an_unhealthy_state_in_vcenter() {
    for state in ["template", "inaccessible", "orphaned", "disconnected", "invalid"] {
        let (mut stage, id) = with_vm();
        stage.when::<RecordRefresh>(&system(), json!({ "vm": id, "found": found("web-01", state) }));
        assert_eq!(stage.view::<Vms>()[&id]["state"], state);
        let message = stage.offered::<Vms>(&requester(), &id).waiting_on.unwrap();
        assert_eq!((message.code.as_str(), &message.params["state"]), ("in-another-state", &json!(state)));
        stage.when::<RecordRefresh>(&system(), json!({ "vm": id, "found": found("web-01", "connected") }));
        assert_eq!(stage.offered::<Vms>(&requester(), &id).waiting_on.unwrap().code, "in-use");
    }
}

fn found(name: &str, state: &str) -> Value {
    json!({ "kind": "machine", "name": name, "state": state, "power": "off", "ip": null, "cpus": 2, "memory_mb": 4096 })
}

#[test]
fn only_an_admin_counts_a_lost_machine_as_removed() {
    let (mut stage, id) = with_vm();
    let right = json!({ "vm": id, "confirm": "web-01" });
    stage.when::<ConfirmGone>(&admin(), right.clone()).then_rejected("vm-not-gone");
    for (attempt, code) in [(1, "vcenter-busy"), (2, "vm-gone")] {
        stage.when::<DecommissionVm>(&requester(), right.clone());
        let failed = json!({ "vm": id, "attempt": attempt, "step": "destroy", "code": code, "message": "No." });
        stage.when::<FailDecommission>(&system(), failed);
        if code == "vcenter-busy" {
            let refused = stage.when::<ConfirmGone>(&admin(), right.clone()).then_rejected("vm-not-gone");
            refused.then_fields(&[("/vm", "vm-not-gone")]);
        }
    }
    assert_eq!(stage.offered::<Vms>(&requester(), &id).waiting_on.unwrap().code, "confirm-gone");
    assert_eq!(stage.view::<Vms>()[&id]["power"], "missing");
    stage.when::<ConfirmGone>(&requester(), right.clone()).then_rejected("not-permitted");
    let wrong = json!({ "vm": id, "confirm": "web-1" });
    stage.when::<ConfirmGone>(&admin(), wrong).then_fields(&[("/confirm", "confirm-mismatch")]);
    stage.when::<ConfirmGone>(&admin(), right.clone()).then_events(&["vm-gone-confirmed"]);
    stage.when::<ConfirmGone>(&admin(), right).then_rejected("vm-not-gone");
    assert_eq!(stage.view::<Vms>()[&id]["decommissioned_by_name"], "Ada Admin");
    stage
        .when::<CompleteDecommission>(&system(), json!({ "vm": id, "attempt": 3 }))
        .then_events(&["vm-decommissioned", "name-released"]);
}

#[test]
fn a_failed_refresh_is_shown_until_the_next_one() {
    let (mut stage, id) = with_vm();
    let failed = json!({ "kind": "failed", "code": "vcenter-login", "message": "No." });
    stage.when::<RefreshVm>(&requester(), json!({ "vm": id }));
    stage.when::<RecordRefresh>(&system(), json!({ "vm": id, "found": failed })).then_events(&["vm-refresh-failed"]);
    let message = stage.offered::<Vms>(&requester(), &id).waiting_on.unwrap();
    assert_eq!((message.code.as_str(), &message.params["code"]), ("refresh-failed", &json!("vcenter-login")));
    assert!(message.params["since"].is_i64(), "{message:?}");

    stage.when::<RefreshVm>(&requester(), json!({ "vm": id }));
    assert_eq!(stage.offered::<Vms>(&requester(), &id).waiting_on.unwrap().code, "refreshing");
    let seen = json!({ "kind": "machine", "name": "web-01", "state": "connected", "power": "on", "ip": null, "cpus": 2, "memory_mb": 4096 });
    stage.when::<RecordRefresh>(&system(), json!({ "vm": id, "found": seen }));
    assert_eq!(stage.offered::<Vms>(&requester(), &id).waiting_on.unwrap().code, "in-use");
}

#[test]
fn a_refresh_does_not_hide_the_failure_of_a_removal() {
    let (mut stage, id) = with_vm();
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": "web-01" }));
    let failed = json!({ "vm": id, "attempt": 1, "step": "destroy", "code": "vcenter-busy", "message": "Busy." });
    stage.when::<FailDecommission>(&system(), failed).then_events(&["step-failed", "vm-decommission-failed"]);
    let seen = json!({ "kind": "machine", "name": "web-01", "state": "connected", "power": "on", "ip": null, "cpus": 2, "memory_mb": 4096 });
    for found in [json!({ "kind": "failed", "code": "vcenter-login", "message": "No." }), seen] {
        stage.when::<RefreshVm>(&requester(), json!({ "vm": id }));
        stage.when::<RecordRefresh>(&system(), json!({ "vm": id, "found": found }));
        let message = stage.offered::<Vms>(&requester(), &id).waiting_on.unwrap();
        assert_eq!((message.code.as_str(), &message.params["code"]), ("decommission-retry", &json!("vcenter-busy")));
    }
}

#[test]
fn a_new_cause_of_a_stall_replaces_the_former() {
    let (mut stage, id) = with_approved();
    let stall = |code: &str| json!({ "key": id, "stalled": true, "code": code, "message": code });
    stage.when::<NoteStall>(&system(), stall("vcenter-unreachable")).then_events(&["stalled"]);
    stage.when::<NoteStall>(&system(), stall("vcenter-question")).then_events(&["stalled"]);
    stage.when::<NoteStall>(&system(), stall("vcenter-question")).then_events(&[]);
    assert_eq!(stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap().code, "stalled-for-person");
}

#[test]
fn a_machine_of_another_vcenter_may_be_counted_as_removed() {
    let (mut stage, id) = with_vm();
    let right = json!({ "vm": id, "confirm": "web-01" });
    stage.when::<DecommissionVm>(&requester(), right.clone());
    let failed = json!({ "vm": id, "attempt": 1, "step": "destroy", "code": "other-vcenter", "message": "No." });
    stage.when::<FailDecommission>(&system(), failed);
    assert_eq!(stage.offered::<Vms>(&admin(), &id).waiting_on.unwrap().code, "confirm-elsewhere");
    stage.when::<ConfirmGone>(&admin(), right).then_events(&["vm-gone-confirmed"]);
}

#[test]
fn a_missing_machine_is_not_shown_as_in_operation() {
    let (mut stage, id) = with_vm();
    stage.when::<RefreshVm>(&requester(), json!({ "vm": id }));
    stage.when::<RecordRefresh>(&system(), json!({ "vm": id, "found": { "kind": "missing" } }));
    assert_eq!(stage.offered::<Vms>(&requester(), &id).waiting_on.unwrap().code, "not-in-vcenter");
}

#[test]
fn memory_recorded_in_gb_is_read_in_mb() {
    let recorded = json!({ "memory_gb": 4 });
    assert_eq!(VmProvisioned::upcast(1, recorded)["memory_mb"], 4096);
    assert_eq!(VmProvisioned::upcast(2, json!({ "memory_mb": 1536 }))["memory_mb"], 1536);
}
