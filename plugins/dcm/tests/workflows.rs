//! Tests of DCM's workflows against a scripted host.

mod cast;

use cast::*;
use dcm::offering::define::DefineOffering;
use dcm::request::approve::ApproveRequest;
use dcm::request::cancel::CancelRequest;
use dcm::request::cancel_without_removal::CancelWithoutRemoval;
use dcm::request::complete_without_address::CompleteWithoutAddress;
use dcm::request::retry::RetryRequest;
use dcm::request::submit::RequestVm;
use dcm::vm::confirm_gone::ConfirmGone;
use dcm::vm::decommission::DecommissionVm;
use dcm::vm::refresh::RefreshVm;
use dcm::{Dcm, DcmFlows};
use eaf_sdk::testing::{Script, ScriptResult, Stage, system};
use eaf_sdk::{Failure, Recorded};
use serde_json::{Value, json};

fn machine(cpus: u32, power: &str) -> Value {
    json!({ "name": "web-01", "state": "connected", "power": power, "cpus": cpus, "memory_mb": 4096, "ip": null })
}

fn script() -> Script {
    Script::new()
        .answer("vsphere.read-vm", machine(2, "on"))
        .answer("vsphere.await-address", json!({ "ip": "10.0.0.7" }))
}

fn event(stage: &Stage<Dcm>, kind: &str) -> Recorded {
    stage.log.iter().rev().find(|r| r.kind == kind).unwrap().clone()
}

/// Gives the commands of a scripted run to the domain, which must accept all of them.
fn apply(stage: &mut Stage<Dcm>, run: &ScriptResult) {
    for (command, body) in run.submitted() {
        let outcome = stage.when_named(&system(), command, 1, body.clone());
        assert!(outcome.rejection().is_none(), "{command} {body}: {:?}", outcome.decision);
    }
}

fn steps(run: &ScriptResult) -> Vec<String> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let line = |(command, body): (&str, &Value)| match command {
        "record-step" => match body["percent"].as_u64() {
            Some(percent) => format!("{} {percent}", text(&body["step"])),
            None => format!("{} {}", text(&body["step"]), text(&body["state"])),
        },
        other => other.to_owned(),
    };
    run.submitted().into_iter().map(line).collect()
}

#[test]
fn an_approved_request_becomes_a_machine_with_an_event_per_step() {
    let (mut stage, id) = with_approved();
    let run = script().run::<DcmFlows>("provision", &event(&stage, "request-approved"));
    assert_eq!(
        steps(&run),
        [
            "ensure-folder started",
            "ensure-folder finished",
            "clone started",
            "clone 20",
            "clone 40",
            "clone 60",
            "clone 80",
            "clone finished",
            "power-on started",
            "power-on finished",
            "await-address started",
            "await-address finished",
            "complete-provisioning"
        ]
    );
    let clone = run.calls_of("vsphere.clone")[0];
    assert_eq!(clone["identity"], id.as_str());
    assert_eq!(
        clone["spec"],
        json!({ "template": "templates/debian-12", "name": "web-01", "folder": "dcm",
        "cpus": 2, "memory_mb": 4096 })
    );
    apply(&mut stage, &run);
    assert_eq!(stage.view_named("requests")[&id]["status"], "fulfilled");
    assert_eq!(stage.view_named("vms")[&id]["ip"], "10.0.0.7");
}

#[test]
fn a_machine_that_was_cloned_with_another_size_is_reconfigured() {
    let (stage, _) = with_approved();
    let run = script()
        .answer("vsphere.read-vm", machine(1, "off"))
        .run::<DcmFlows>("provision", &event(&stage, "request-approved"));
    assert_eq!(run.calls_of("vsphere.reconfigure")[0]["cpus"], 2);
}

#[test]
fn a_failure_is_recorded_and_a_retry_continues_at_its_step() {
    for (call, step) in [
        ("vsphere.open-lifecycle", "ensure-folder"),
        ("vsphere.ensure-folder", "ensure-folder"),
        ("vsphere.clone", "clone"),
        ("vsphere.read-vm", "reconfigure"),
        ("vsphere.power-on", "power-on"),
        ("vsphere.await-address", "await-address"),
    ] {
        let (mut stage, id) = with_approved();
        let failure = Failure::permanent("broken", "It is broken.");
        let run = script().fail(call, failure).run::<DcmFlows>("provision", &event(&stage, "request-approved"));
        assert_eq!(run.result.as_ref().unwrap()["outcome"], "failed", "{call}");
        apply(&mut stage, &run);
        let row = stage.view_named("requests")[&id].clone();
        assert_eq!((row["status"].as_str(), row["failed_step"].as_str()), (Some("failed"), Some(step)), "{call}");

        stage.when::<RetryRequest>(&admin(), json!({ "request": id })).then_events(&["request-retried"]);
        let again = script().run::<DcmFlows>("provision", &event(&stage, "request-retried"));
        assert_eq!(
            steps(&again)[0],
            if step == "reconfigure" { "power-on started".into() } else { format!("{step} started") }
        );
        apply(&mut stage, &again);
        assert_eq!(stage.view_named("requests")[&id]["status"], "fulfilled", "{call}");
    }
}

#[test]
fn a_retry_rebuilds_a_machine_that_was_deleted_in_vcenter() {
    let (mut stage, id) = with_approved();
    let broken = Failure::permanent("broken", "It is broken.");
    let run =
        script().fail("vsphere.power-on", broken).run::<DcmFlows>("provision", &event(&stage, "request-approved"));
    apply(&mut stage, &run);
    stage.when::<RetryRequest>(&admin(), json!({ "request": id }));
    let mut cloned = false;
    let looks = move |_: &Value| Ok(if std::mem::replace(&mut cloned, true) { machine(2, "off") } else { Value::Null });
    let again = script().on("vsphere.read-vm", looks).run::<DcmFlows>("provision", &event(&stage, "request-retried"));
    assert_eq!(steps(&again)[0], "ensure-folder started");
    assert_eq!(again.calls_of("vsphere.clone").len(), 1);
    apply(&mut stage, &again);
    assert_eq!(stage.view_named("requests")[&id]["status"], "fulfilled");
}

#[test]
fn without_await_address_a_machine_is_handed_over_when_it_runs() {
    let mut stage = with_offering();
    stage.when::<DefineOffering>(&admin(), offering(json!({ "await_address": false })));
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id }));
    let run = script().run::<DcmFlows>("provision", &event(&stage, "request-approved"));
    assert!(run.calls_of("vsphere.await-address").is_empty());
    assert_eq!(steps(&run)[steps(&run).len() - 2..], ["power-on finished", "complete-provisioning"]);
    apply(&mut stage, &run);
    let row = stage.view_named("requests")[&id].clone();
    assert_eq!((&row["status"], &row["ip"]), (&json!("fulfilled"), &Value::Null));
}

#[test]
fn completion_without_an_address_rebuilds_a_missing_machine() {
    for (found, clones) in [(machine(2, "on"), 0), (Value::Null, 1)] {
        let (mut stage, id) = with_failed("await-address");
        stage.when::<CompleteWithoutAddress>(&admin(), json!({ "request": id }));
        let run =
            script().answer("vsphere.read-vm", found).run::<DcmFlows>("provision", &event(&stage, "request-retried"));
        assert_eq!(run.calls_of("vsphere.clone").len(), clones);
        assert_eq!(run.calls_of("vsphere.power-on").len(), 1, "it may have been switched off meanwhile");
        assert!(run.calls_of("vsphere.await-address").is_empty());
        apply(&mut stage, &run);
        assert_eq!(stage.view_named("requests")[&id]["status"], "fulfilled");
        assert_eq!(stage.view_named("vms")[&id]["ip"], Value::Null);
    }
}

#[test]
fn a_retry_that_cannot_read_vcenter_fails_at_its_first_step() {
    let (mut stage, id) = with_approved();
    let failed = json!({ "request": id, "attempt": 1, "step": "power-on", "code": "broken", "message": "Broken." });
    stage.when_named(&system(), "fail-provisioning", 1, failed);
    stage.when::<RetryRequest>(&admin(), json!({ "request": id }));
    let unreadable = Failure::permanent("vm-unreadable", "It cannot be read.");
    let again =
        script().fail("vsphere.read-vm", unreadable).run::<DcmFlows>("provision", &event(&stage, "request-retried"));
    apply(&mut stage, &again);
    let row = stage.view_named("requests")[&id].clone();
    assert_eq!((&row["failed_step"], &row["error_code"]), (&json!("power-on"), &json!("vm-unreadable")));
    assert!(again.calls_of("vsphere.power-on").is_empty());
}

#[test]
fn an_existing_machine_retains_the_template_of_its_clone() {
    for (there, image) in [(true, "Debian 12"), (false, "Debian 13")] {
        let (mut stage, id) = with_approved();
        let broken = Failure::permanent("broken", "It is broken.");
        let run =
            script().fail("vsphere.power-on", broken).run::<DcmFlows>("provision", &event(&stage, "request-approved"));
        apply(&mut stage, &run);
        let other = offering(json!({ "template": "templates/debian-13", "image": "Debian 13" }));
        stage.when::<DefineOffering>(&admin(), other);
        stage.when::<RetryRequest>(&admin(), json!({ "request": id }));
        let found = if there { machine(2, "off") } else { Value::Null };
        let again =
            script().answer("vsphere.read-vm", found).run::<DcmFlows>("provision", &event(&stage, "request-retried"));
        apply(&mut stage, &again);
        for view in ["requests", "vms"] {
            assert_eq!(stage.view_named(view)[&id]["image"], image, "{view}, there: {there}");
        }
    }
}

#[test]
fn a_superseded_run_stops_before_any_call_to_vcenter() {
    let (stage, _) = with_approved();
    let refused = Failure { class: "rejected".into(), ..Failure::permanent("attempt-over", "") };
    let run = script().fail("flow.submit", refused).run::<DcmFlows>("provision", &event(&stage, "request-approved"));
    assert_eq!(run.result.as_ref().unwrap_err().code, "attempt-over");
    assert!(run.calls_of("vsphere.ensure-folder").is_empty());
}

#[test]
fn the_machine_of_a_cancelled_request_is_powered_off_and_destroyed() {
    for (found, switched_off) in [(machine(2, "on"), 1), (machine(2, "off"), 0), (Value::Null, 0)] {
        let (mut stage, id) = with_failed("await-address");
        stage.when::<CancelRequest>(&requester(), json!({ "request": id }));
        let run = script()
            .answer("vsphere.read-vm", found)
            .run::<DcmFlows>("cancel", &event(&stage, "request-cancel-requested"));
        assert_eq!(run.calls_of("vsphere.power-off").len(), switched_off);
        assert_eq!(run.calls_of("vsphere.destroy")[0]["identity"], id.as_str());
        apply(&mut stage, &run);
        assert_eq!(stage.view_named("requests")[&id]["status"], "cancelled");
    }
}

#[test]
fn a_request_whose_machine_could_not_be_removed_is_not_cancelled() {
    for (call, step) in [
        ("vsphere.open-inventory", "power-off"),
        ("vsphere.read-vm", "power-off"),
        ("vsphere.power-off", "power-off"),
        ("vsphere.destroy", "destroy"),
    ] {
        let (mut stage, id) = with_failed("await-address");
        stage.when::<CancelRequest>(&requester(), json!({ "request": id }));
        let broken = Failure::permanent("broken", "It is broken.");
        let run = script().fail(call, broken).run::<DcmFlows>("cancel", &event(&stage, "request-cancel-requested"));
        apply(&mut stage, &run);
        let row = stage.view_named("requests")[&id].clone();
        assert_eq!((&row["status"], &row["failed_step"]), (&json!("cancel-failed"), &json!(step)), "{call}");
        stage.when::<CancelRequest>(&requester(), json!({ "request": id }));
        let again = script().run::<DcmFlows>("cancel", &event(&stage, "request-cancel-requested"));
        apply(&mut stage, &again);
        assert_eq!(stage.view_named("requests")[&id]["status"], "cancelled", "{call}");
    }
}

#[test]
fn a_machine_is_powered_off_before_it_is_destroyed() {
    let (mut stage, id) = with_vm();
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": "web-01" }));
    let run = script().run::<DcmFlows>("decommission", &event(&stage, "vm-decommission-requested"));
    assert_eq!((run.calls_of("vsphere.power-off").len(), run.calls_of("vsphere.destroy").len()), (1, 1));
    apply(&mut stage, &run);
    assert_eq!(stage.view_named("vms")[&id]["status"], "decommissioned");
}

#[test]
fn a_missing_machine_is_still_searched_by_destroy() {
    let (mut stage, id) = with_vm();
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": "web-01" }));
    let run = script()
        .answer("vsphere.read-vm", Value::Null)
        .run::<DcmFlows>("decommission", &event(&stage, "vm-decommission-requested"));
    assert_eq!((run.calls_of("vsphere.power-off").len(), run.calls_of("vsphere.destroy").len()), (0, 1));
}

#[test]
fn a_failed_removal_may_be_repeated() {
    let (mut stage, id) = with_vm();
    let body = json!({ "vm": id, "confirm": "web-01" });
    stage.when::<DecommissionVm>(&requester(), body.clone());
    let run = script()
        .fail("vsphere.destroy", Failure::permanent("busy", "In use."))
        .run::<DcmFlows>("decommission", &event(&stage, "vm-decommission-requested"));
    apply(&mut stage, &run);
    assert_eq!(stage.view_named("vms")[&id]["status"], "decommission-failed");
    stage.when::<DecommissionVm>(&requester(), body).then_events(&["vm-decommission-requested"]);
    let again = script().run::<DcmFlows>("decommission", &event(&stage, "vm-decommission-requested"));
    apply(&mut stage, &again);
    assert_eq!(stage.view_named("vms")[&id]["status"], "decommissioned");
}

#[test]
fn a_lost_machine_is_not_forgotten_without_a_confirmation() {
    let (mut stage, id) = with_vm();
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": "web-01" }));
    let run = script()
        .fail("vsphere.destroy", Failure::permanent("vm-gone", "It is gone."))
        .run::<DcmFlows>("decommission", &event(&stage, "vm-decommission-requested"));
    assert!(run.calls_of("vsphere.forget").is_empty());
    apply(&mut stage, &run);
    assert_eq!(stage.view_named("vms")[&id]["error_code"], "vm-gone");
}

#[test]
fn a_confirmed_lost_machine_is_decommissioned_after_another_search() {
    let (mut stage, id) = with_gone();
    stage.when::<ConfirmGone>(&admin(), json!({ "vm": id, "confirm": "web-01" }));
    let run = script().run::<DcmFlows>("forget", &event(&stage, "vm-gone-confirmed"));
    assert_eq!(run.calls_of("vsphere.forget")[0]["identity"], id.as_str());
    apply(&mut stage, &run);
    assert_eq!(stage.view_named("vms")[&id]["status"], "decommissioned");
    assert!(stage.log.iter().any(|r| r.kind == "name-released"));
}

#[test]
fn a_machine_that_vcenter_has_is_not_forgotten() {
    let (mut stage, id) = with_gone();
    stage.when::<ConfirmGone>(&admin(), json!({ "vm": id, "confirm": "web-01" }));
    let there = Failure::permanent("vm-there", "It is there.");
    let run = script().fail("vsphere.forget", there).run::<DcmFlows>("forget", &event(&stage, "vm-gone-confirmed"));
    apply(&mut stage, &run);
    let row = stage.view_named("vms")[&id].clone();
    assert_eq!((&row["status"], &row["error_code"]), (&json!("decommission-failed"), &json!("vm-there")));
    assert!(!stage.log.iter().any(|r| r.kind == "name-released"));
}

#[test]
fn a_lost_machine_does_not_prevent_a_cancellation() {
    let (mut stage, id) = with_failed("power-on");
    stage.when::<CancelRequest>(&requester(), json!({ "request": id }));
    let run = script()
        .answer("vsphere.read-vm", Value::Null)
        .fail("vsphere.destroy", Failure::permanent("vm-gone", "It is gone."))
        .run::<DcmFlows>("cancel", &event(&stage, "request-cancel-requested"));
    assert_eq!(run.calls_of("vsphere.forget").len(), 1);
    apply(&mut stage, &run);
    assert_eq!(stage.view_named("requests")[&id]["status"], "cancelled");
}

#[test]
fn a_request_without_a_clone_is_cancelled_without_calling_vcenter() {
    let (mut stage, id) = with_approved();
    let closed = Failure::permanent("connection-missing", "There is no connection.");
    let run = script().fail("vsphere.ensure-folder", closed.clone());
    let run = run.run::<DcmFlows>("provision", &event(&stage, "request-approved"));
    apply(&mut stage, &run);
    stage.when::<CancelRequest>(&requester(), json!({ "request": id }));
    let script = script().fail("vsphere.open-inventory", closed.clone()).fail("vsphere.destroy", closed);
    let run = script.run::<DcmFlows>("cancel", &event(&stage, "request-cancel-requested"));
    assert_eq!(steps(&run), ["complete-cancel"]);
    apply(&mut stage, &run);
    assert_eq!(stage.view_named("requests")[&id]["status"], "cancelled");
}

#[test]
fn only_an_admin_has_a_machine_in_another_vcenter_forgotten() {
    let elsewhere = Failure::permanent("other-vcenter", "It is in another vCenter.");
    for call in ["vsphere.read-vm", "vsphere.destroy"] {
        let (mut stage, id) = with_failed("power-on");
        stage.when::<CancelRequest>(&requester(), json!({ "request": id }));
        let run = script()
            .answer("vsphere.read-vm", machine(2, "off"))
            .fail(call, elsewhere.clone())
            .run::<DcmFlows>("cancel", &event(&stage, "request-cancel-requested"));
        assert!(run.calls_of("vsphere.forget").is_empty(), "{call}");
        apply(&mut stage, &run);
        let row = stage.view_named("requests")[&id].clone();
        assert_eq!((&row["status"], &row["error_code"]), (&json!("cancel-failed"), &json!("other-vcenter")));

        let typed = json!({ "request": id, "confirm": "web-01" });
        stage.when::<CancelWithoutRemoval>(&admin(), typed);
        let copies = json!({ "forgotten": true, "copies": ["web-01"] });
        let run = script()
            .answer("vsphere.forget", copies)
            .run::<DcmFlows>("cancel", &event(&stage, "request-cancel-requested"));
        assert!(run.calls_of("vsphere.destroy").is_empty());
        apply(&mut stage, &run);
        let row = stage.view_named("requests")[&id].clone();
        assert_eq!((&row["status"], &row["copies"]), (&json!("cancelled"), &json!("web-01")));
    }
}

#[test]
fn other_machines_with_the_same_marker_are_named() {
    let copies = json!({ "absent": true, "copies": ["web-01-backup", "web-01-test"] });
    let (mut stage, id) = with_vm();
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": "web-01" }));
    let run = script()
        .answer("vsphere.destroy", copies.clone())
        .run::<DcmFlows>("decommission", &event(&stage, "vm-decommission-requested"));
    apply(&mut stage, &run);
    assert_eq!(stage.view_named("vms")[&id]["copies"], "web-01-backup, web-01-test");

    let (mut stage, id) = with_failed("power-on");
    stage.when::<CancelRequest>(&requester(), json!({ "request": id }));
    let run = script()
        .answer("vsphere.destroy", copies)
        .run::<DcmFlows>("cancel", &event(&stage, "request-cancel-requested"));
    apply(&mut stage, &run);
    assert_eq!(stage.view_named("requests")[&id]["copies"], "web-01-backup, web-01-test");
}

#[test]
fn a_template_is_not_decommissioned_and_its_name_stays_claimed() {
    let (mut stage, id) = with_vm();
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": "web-01" }));
    let template = Failure::permanent("vm-is-template", "It is a template.");
    let run = script()
        .answer("vsphere.read-vm", machine(2, "off"))
        .fail("vsphere.destroy", template)
        .run::<DcmFlows>("decommission", &event(&stage, "vm-decommission-requested"));
    apply(&mut stage, &run);
    assert_eq!(stage.view_named("vms")[&id]["error_code"], "vm-is-template");
    assert!(!stage.log.iter().any(|r| r.kind == "name-released"));
}

#[test]
fn a_refresh_records_the_state_of_an_unreadable_machine() {
    let (mut stage, id) = with_vm();
    stage.when::<RefreshVm>(&requester(), json!({ "vm": id }));
    let unread = json!({ "name": "new-01", "state": "inaccessible", "power": "unknown", "cpus": null,
        "memory_mb": null, "ip": null, "instance_uuid": null, "question": null });
    let run =
        script().answer("vsphere.read-vm", unread).run::<DcmFlows>("refresh", &event(&stage, "vm-refresh-requested"));
    apply(&mut stage, &run);
    let row = stage.view_named("vms")[&id].clone();
    assert_eq!((&row["state"], &row["power"]), (&json!("inaccessible"), &json!("unknown")));
    assert_eq!((&row["vcenter_name"], &row["memory_mb"]), (&json!("new-01"), &json!(4096)));
}

#[test]
fn a_refresh_records_the_machine_or_the_failure() {
    for (script, power, error) in [
        (script().answer("vsphere.read-vm", machine(2, "off")), "off", Value::Null),
        (script().answer("vsphere.read-vm", Value::Null), "missing", Value::Null),
        (script().fail("vsphere.read-vm", Failure::permanent("wrong-password", "…")), "on", json!("wrong-password")),
    ] {
        let (mut stage, id) = with_vm();
        stage.when::<RefreshVm>(&requester(), json!({ "vm": id }));
        let run = script.run::<DcmFlows>("refresh", &event(&stage, "vm-refresh-requested"));
        apply(&mut stage, &run);
        let row = stage.view_named("vms")[&id].clone();
        assert_eq!((row["power"].as_str(), &row["error_code"]), (Some(power), &error));
    }
}

#[test]
fn approvers_except_the_requester_get_a_mail() {
    let (stage, id) = with_request();
    let run = script().run::<DcmFlows>("notify", &event(&stage, "stage-opened"));
    let mail = run.calls_of("mail.send-while")[0];
    assert_eq!(mail["template"], "approval-requested");
    assert_eq!(
        mail["to"],
        json!({"people": {"permissions": ["approve"], "except": [requester().id], "must_hold": ["decide"], "with_deputies": true}})
    );
    assert_eq!(mail["facts"]["request_id"], id.as_str());
    assert_eq!(mail["facts"]["monthly_cents"], 3000);
}

#[test]
fn requester_and_admins_get_a_mail_about_a_failure() {
    let (mut stage, id) = with_approved();
    let failed = json!({ "request": id, "attempt": 1, "step": "clone", "code": "full", "message": "Full." });
    stage.when_named(&system(), "fail-provisioning", 1, failed);
    let run = script().run::<DcmFlows>("notify", &event(&stage, "request-failed"));
    let mails = run.calls_of("mail.send-while");
    let addressed: Vec<_> = mails.iter().map(|m| (m["template"].as_str().unwrap(), m["to"].clone())).collect();
    assert_eq!(
        addressed,
        [
            ("request-failed-admin", json!({"people": {"permissions": ["operate"]}})),
            ("request-failed", json!({ "actor": requester().id })),
        ]
    );
    assert_eq!(mails[0]["facts"]["error_message"], "Full.");
    assert_eq!(mails[1]["facts"]["operators_notified"], true);
}

#[test]
fn the_requester_learns_that_the_mail_to_the_admins_failed() {
    let (mut stage, id) = with_approved();
    let failed = json!({ "request": id, "attempt": 1, "step": "clone", "code": "full", "message": "Full." });
    stage.when_named(&system(), "fail-provisioning", 1, failed);
    let event = event(&stage, "request-failed");

    let refused = Failure::permanent("wrong-password", "…");
    let run = script().fail("mail.send-while", refused).run::<DcmFlows>("notify", &event);
    let mails = run.calls_of("mail.send-while");
    assert_eq!((mails.len(), &mails[1]["facts"]["operators_notified"]), (2, &json!(false)));
    assert_eq!(run.result.as_ref().unwrap_err().code, "wrong-password");

    let nobody = json!({ "sent": 0, "failed": 2 });
    let run = script().answer("mail.send-while", nobody).run::<DcmFlows>("notify", &event);
    assert_eq!(run.calls_of("mail.send-while")[1]["facts"]["operators_notified"], false);
    assert!(run.result.is_ok());
}
