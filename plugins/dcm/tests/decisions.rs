//! Tests of the decisions on requests: given events, when a command, then events or a rejection.

mod cast;

use cast::*;
use dcm::offering::define::DefineOffering;
use dcm::offering::view::Offerings;
use dcm::provisioning::complete::CompleteProvisioning;
use dcm::provisioning::fail::FailProvisioning;
use dcm::provisioning::note_run_end::NoteRunEnd;
use dcm::provisioning::record_step::RecordStep;
use dcm::provisioning::stall::NoteStall;
use dcm::request::approvals::Approvals;
use dcm::request::approve::ApproveRequest;
use dcm::request::cancel::CancelRequest;
use dcm::request::cancel_without_removal::CancelWithoutRemoval;
use dcm::request::complete_cancel::CompleteCancel;
use dcm::request::complete_without_address::CompleteWithoutAddress;
use dcm::request::fail_cancel::FailCancel;
use dcm::request::reject::RejectRequest;
use dcm::request::retry::RetryRequest;
use dcm::request::submit::RequestVm;
use dcm::request::view::Requests;
use dcm::request::withdraw::WithdrawRequest;
use dcm::timeline::Timeline;
use dcm::vm::complete_decommission::CompleteDecommission;
use dcm::vm::decommission::DecommissionVm;
use dcm::vm::refresh::RefreshVm;
use dcm::vm::view::Vms;
use eaf_sdk::document::Decision;
use eaf_sdk::testing::{person, system};
use serde_json::{Value, json};

#[test]
fn a_request_claims_its_name_and_fixes_its_price() {
    let mut stage = with_offering();
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).then_events(SUBMITTED).command_id;
    stage.when::<DefineOffering>(&admin(), offering(json!({ "base_cents": 99_900 })));
    let row = &stage.view::<Requests>()[&id];
    assert_eq!(row["monthly_cents"], 1_000 + 2 * 500 + 4 * 250);
    assert_eq!(row["status"], "pending");
    assert_eq!(row["requester_name"], "Rita Requester");
    assert_eq!(stage.view::<Approvals>()[&id]["justification"], "Front end of the spring campaign");
}

#[test]
fn a_name_is_unique_in_any_spelling_until_it_is_released() {
    let mut stage = with_offering();
    let first = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    let refused = stage.when::<RequestVm>(&approver(), wanted("WEB-01")).then_rejected("vm-name-taken");
    assert_eq!(refused.rejection().unwrap().params["name"], "WEB-01");
    refused.then_fields(&[("/name", "vm-name-taken")]);
    stage.when::<WithdrawRequest>(&requester(), json!({ "request": first }));
    let second = stage.when::<RequestVm>(&approver(), wanted("WEB-01")).command_id;
    let no = json!({ "request": second, "reason": "Not needed." });
    stage.when::<RejectRequest>(&admin(), no).then_events(&["stage-decided", "request-rejected", "name-released"]);
    stage.when::<RequestVm>(&requester(), wanted("web-01")).then_events(SUBMITTED);
}

#[test]
fn all_errors_of_a_request_are_reported_at_once() {
    let mut stage = with_offering();
    let body = json!({ "name": "-bad-", "offering": "small", "cpus": 0, "memory_gb": 65,
        "justification": "too short", "term_months": 61 });
    stage.when::<RequestVm>(&requester(), body).then_rejected("invalid-request").then_fields(&[
        ("/name", "vm-name-hyphen"),
        ("/cpus", "cpus-out-of-range"),
        ("/memory_gb", "memory-out-of-range"),
        ("/justification", "justification-too-short"),
        ("/term_months", "term-out-of-range"),
    ]);
    let mut body = wanted("web-01");
    body["offering"] = "none".into();
    body["cpus"] = 0.into();
    stage.when::<RequestVm>(&requester(), body).then_fields(&[("/offering", "offering-unknown")]);
}

#[test]
fn a_rehearsed_request_is_quoted() {
    let stage = with_offering();
    let rehearsed = |body: Value| stage.dry_run(&requester(), "request-vm", 1, body);
    let people = json!({ "x-eaf-people": { "permissions": ["approve"], "except": [requester().id],
        "must_hold": ["decide"] } });
    let stage_of = json!({ "stage": "approval", "name": null, "people": people, "needs": "any", "after": [],
        "because": [], "hours": null });
    let approval = json!({ "stages": [stage_of], "rules": [] });
    let quoted = json!({ "monthly_cents": 3_000, "order_monthly_cents": 3_000, "machines": 1, "currency": "EUR",
        "approval": approval });

    let Decision::Accepted(accepted) = rehearsed(wanted("web-01")).decision else { panic!("refused") };
    assert_eq!(Value::from(accepted.preview), quoted);

    let mut unfinished = wanted("");
    unfinished["justification"] = "".into();
    let refused = rehearsed(unfinished.clone())
        .then_fields(&[("/name", "vm-name-missing"), ("/justification", "justification-too-short")]);
    for (member, value) in quoted.as_object().unwrap() {
        assert_eq!(&refused.rejection().unwrap().params[member], value);
    }
    // A rehearsal shows no price without an offering or outside the offering's limits.
    for (member, value) in [("cpus", json!(9)), ("memory_gb", json!(0)), ("offering", json!("none"))] {
        let mut body = unfinished.clone();
        body[member] = value;
        assert!(!rehearsed(body).rejection().unwrap().params.contains_key("monthly_cents"), "{member}");
    }
}

#[test]
fn a_quote_has_the_reasons_of_its_policy_and_of_its_stage_each_once() {
    let costly = json!({ "fact": "cpus", "is": "gt", "value": 1 });
    let mut document =
        two_stages(json!({ "when": { "all": [costly, { "fact": "memory_gb", "is": "ge", "value": 4 }] } }));
    document["applies_to"]["when"] = costly;
    let stage = with_policy(document);
    let quote = |body: Value| {
        let Decision::Accepted(accepted) = stage.dry_run(&requester(), "request-vm", 1, body).decision else {
            panic!("refused")
        };
        Value::from(accepted.preview)["approval"].clone()
    };
    let facts = |because: &Value| -> Vec<Value> {
        because.as_array().unwrap().iter().map(|reason| reason["fact"].clone()).collect()
    };
    let quoted = quote(wanted("web-01"));
    assert_eq!(facts(&quoted["stages"][0]["because"]), ["cpus"]);
    assert_eq!(facts(&quoted["stages"][1]["because"]), ["cpus", "memory_gb"]);
}

#[test]
fn a_row_that_waits_for_people_names_them() {
    let (mut stage, id) = with_request();
    let approvers = json!({ "x-eaf-people":
        { "permissions": ["approve"], "except": [requester().id], "must_hold": ["decide"], "with_deputies": true } });
    for waiting in [
        stage.offered::<Requests>(&requester(), &id).waiting_on,
        stage.offered::<Approvals>(&approver(), &id).waiting_on,
    ] {
        let waiting = waiting.unwrap();
        assert_eq!((waiting.code.as_str(), &waiting.params["people"][0]), ("approval", &approvers));
    }
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id }));
    let failed = json!({ "request": id, "attempt": 1, "step": "clone", "code": "no-answer", "message": "No." });
    stage.when::<FailProvisioning>(&system(), failed);
    let waiting = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
    assert_eq!(waiting.params["people"], json!({ "x-eaf-people": { "permissions": ["operate"] } }));
    assert!(waiting.params["since"].is_i64());
}

#[test]
fn the_length_of_a_justification_counts_characters() {
    let mut stage = with_offering();
    for (text, fields) in [
        ("ü".repeat(2000), vec![]),
        ("ü".repeat(2001), vec![("/justification", "justification-too-long")]),
        ("ü".repeat(9), vec![("/justification", "justification-too-short")]),
        (" ".repeat(20), vec![("/justification", "justification-too-short")]),
    ] {
        let mut body = wanted(&format!("web-{}", text.len()));
        body["justification"] = text.into();
        stage.when::<RequestVm>(&requester(), body).then_fields(&fields);
    }
}

#[test]
fn a_closed_offering_accepts_no_requests() {
    let mut stage = with_offering();
    stage.when::<DefineOffering>(&admin(), offering(json!({ "active": false })));
    stage
        .when::<RequestVm>(&requester(), wanted("web-01"))
        .then_rejected("offering-inactive")
        .then_fields(&[("/offering", "offering-inactive")]);
    assert_eq!(stage.view::<Offerings>()["small"]["status"], "inactive");
}

#[test]
fn an_offering_with_reversed_limits_or_negative_prices_is_rejected() {
    let mut stage = with_offering();
    let bad = offering(json!({ "key": "Bad Key", "cpu_min": 8, "cpu_max": 2, "gb_cents": -1 }));
    stage.when::<DefineOffering>(&admin(), bad).then_fields(&[
        ("/key", "offering-key"),
        ("/cpu_max", "range-reversed"),
        ("/gb_cents", "price-out-of-range"),
    ]);
    stage.when::<DefineOffering>(&requester(), offering(json!({}))).then_rejected("not-permitted");
}

#[test]
fn no_role_may_approve_its_own_request() {
    let mut stage = with_offering();
    for person in [approver(), admin()] {
        let name = format!("own-{}", person.name.len());
        let id = stage.when::<RequestVm>(&person, wanted(&name)).command_id;
        stage
            .when::<ApproveRequest>(&person, json!({ "request": id }))
            .then_rejected("own-request")
            .then_fields(&[("/request", "own-request")]);
        let no = json!({ "request": id, "reason": "No." });
        stage.when::<RejectRequest>(&person, no).then_rejected("own-request");
    }
}

#[test]
fn requesters_and_auditors_may_not_decide() {
    let (mut stage, id) = with_request();
    let other = person("Rolf Requester", &["request", "decide"]);
    stage.when::<ApproveRequest>(&other, json!({ "request": id })).then_rejected("not-an-approver");
    stage.when::<ApproveRequest>(&auditor(), json!({ "request": id })).then_rejected("not-permitted");
    stage.when::<RequestVm>(&auditor(), wanted("db-01")).then_rejected("not-permitted");
}

#[test]
fn a_decided_request_cannot_be_decided_again() {
    let (mut stage, id) = with_request();
    let body = json!({ "request": id });
    stage.when::<ApproveRequest>(&approver(), body.clone()).then_events(&[
        "stage-decided",
        "stage-passed",
        "request-approved",
    ]);
    let twice = stage.when::<ApproveRequest>(&admin(), body.clone()).then_rejected("request-not-pending");
    assert_eq!(twice.rejection().unwrap().params["status"], "approved");
    twice.then_fields(&[("/request", "request-not-pending")]);
    stage.when::<WithdrawRequest>(&requester(), body).then_rejected("request-not-pending");

    let (mut stage, id) = with_request();
    stage.when::<WithdrawRequest>(&requester(), json!({ "request": id }));
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id })).then_rejected("request-not-pending");
}

#[test]
fn a_rejection_needs_a_reason() {
    let (mut stage, id) = with_request();
    let body = json!({ "request": id, "reason": "  " });
    stage.when::<RejectRequest>(&approver(), body).then_fields(&[("/reason", "reason-too-short")]);
}

#[test]
fn only_the_requester_may_withdraw() {
    let (mut stage, id) = with_request();
    stage.when::<WithdrawRequest>(&admin(), json!({ "request": id })).then_rejected("not-requester");
}

#[test]
fn guessed_and_malformed_ids_are_not_found() {
    let mut stage = with_offering();
    for id in ["00000000-0000-0000-0000-000000000000", "../vm-name/web-01", "", "x"] {
        let body = json!({ "request": id });
        stage
            .when::<ApproveRequest>(&approver(), body)
            .then_rejected("request-unknown")
            .then_fields(&[("/request", "request-unknown")]);
        let refused = stage.when::<RefreshVm>(&requester(), json!({ "vm": id })).then_rejected("vm-unknown");
        refused.then_fields(&[("/vm", "vm-unknown")]);
    }
}

#[test]
fn only_the_system_records_steps_in_vcenter() {
    let (mut stage, id) = with_approved();
    let body = json!({ "request": id, "attempt": 1 });
    stage.when::<CompleteProvisioning>(&admin(), body).then_rejected("system-only");
}

#[test]
fn a_failed_request_has_a_cause_and_is_retried_at_the_failed_step() {
    let (mut stage, id) = with_approved();
    let step = json!({ "request": id, "process": "provision", "attempt": 1, "step": "clone", "state": "started" });
    stage.when::<RecordStep>(&system(), step.clone());
    let failed =
        json!({ "request": id, "attempt": 1, "step": "clone", "code": "no-template", "message": "No template." });
    stage.when::<FailProvisioning>(&system(), failed.clone()).then_events(&["step-failed", "request-failed"]);
    let row = stage.view::<Requests>()[&id].clone();
    assert_eq!((row["status"].as_str(), row["failed_step"].as_str()), (Some("failed"), Some("clone")));
    assert_eq!(row["error_message"], "No template.");
    assert_eq!(stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap().code, "retry");

    stage.when::<RetryRequest>(&requester(), json!({ "request": id })).then_rejected("not-permitted");
    stage.when::<RetryRequest>(&admin(), json!({ "request": id })).then_events(&["request-retried"]);
    let retried = stage.log.last().unwrap();
    assert_eq!((&retried.data["from_step"], &retried.data["attempt"]), (&json!("clone"), &json!(2)));
    // This step is a late one of the first attempt's run.
    stage.when::<RecordStep>(&system(), step).then_rejected("attempt-over");
    stage.when::<FailProvisioning>(&system(), failed).then_rejected("attempt-over");
    let kinds: Vec<_> = stage.view::<Timeline>().values().map(|r| r["kind"].clone()).collect();
    assert_eq!(
        kinds,
        ["request-submitted", "request-approved", "step-started", "step-failed", "request-failed", "request-retried"]
    );
}

#[test]
fn a_retry_uses_the_present_offering_at_the_approved_price_and_size() {
    let (mut stage, id) = with_failed("clone");
    let corrected = json!({ "template": "templates/debian-13", "image": "Debian 13", "base_cents": 99_900 });
    stage.when::<DefineOffering>(&admin(), offering(corrected));
    stage.when::<RetryRequest>(&admin(), json!({ "request": id })).then_events(&["request-retried"]);
    let retried = stage.log.last().unwrap().data.clone();
    assert_eq!((&retried["template"], &retried["image"]), (&json!("templates/debian-13"), &json!("Debian 13")));
    assert_eq!((&retried["monthly_cents"], &retried["memory_gb"]), (&json!(3_000), &json!(4)));
    assert_eq!(stage.view::<Requests>()[&id]["template"], "templates/debian-13");
    assert_eq!(stage.view::<Approvals>()[&id]["image"], "Debian 12", "what was approved stays");
}

#[test]
fn a_retry_for_a_closed_offering_uses_the_requested_spec() {
    let (mut stage, id) = with_failed("clone");
    let closed = json!({ "template": "templates/debian-13", "active": false });
    stage.when::<DefineOffering>(&admin(), offering(closed));
    stage.when::<RetryRequest>(&admin(), json!({ "request": id }));
    assert_eq!(stage.log.last().unwrap().data["template"], "templates/debian-12");
}

#[test]
fn requester_or_admin_cancel_a_failed_request_and_its_name_is_free() {
    for person in [requester(), admin()] {
        let (mut stage, id) = with_failed("clone");
        let body = json!({ "request": id, "reason": "No longer needed." });
        stage.when::<CancelRequest>(&approver(), body.clone()).then_rejected("not-your-request");
        stage.when::<CancelRequest>(&person, body.clone()).then_events(&["request-cancel-requested"]);
        stage.when::<CancelRequest>(&person, body).then_rejected("request-not-cancellable");
        stage.when::<RetryRequest>(&admin(), json!({ "request": id })).then_rejected("request-not-failed");
        assert_eq!(stage.offered::<Requests>(&person, &id).waiting_on.unwrap().code, "cancelling");
        stage.when::<RequestVm>(&requester(), wanted("web-01")).then_rejected("vm-name-taken");
        stage
            .when::<CompleteCancel>(&system(), json!({ "request": id, "attempt": 2 }))
            .then_events(&["request-cancelled", "name-released"]);
        let row = stage.view::<Requests>()[&id].clone();
        assert_eq!((&row["status"], &row["terminal"]), (&json!("cancelled"), &json!(true)));
        assert_eq!((&row["cancelled_by_name"], &row["reason"]), (&json!(person.name), &json!("No longer needed.")));
        assert!(row["error_code"].is_null() && row["cancelled_at"].is_i64(), "{row:?}");
        stage.when::<RequestVm>(&requester(), wanted("web-01")).then_events(SUBMITTED);
    }
}

#[test]
fn a_failed_cancellation_retains_the_name_and_may_be_repeated() {
    let (mut stage, id) = with_failed("await-address");
    stage.when::<CancelRequest>(&requester(), json!({ "request": id }));
    let failed = json!({ "request": id, "attempt": 2, "step": "destroy", "code": "vcenter-busy", "message": "Busy." });
    stage.when::<FailCancel>(&admin(), failed.clone()).then_rejected("system-only");
    stage.when::<FailCancel>(&system(), failed.clone()).then_events(&["step-failed", "request-cancel-failed"]);
    let message = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
    assert_eq!((message.code.as_str(), &message.params["code"]), ("cancel-retry", &json!("vcenter-busy")));
    stage.when::<RequestVm>(&requester(), wanted("web-01")).then_rejected("vm-name-taken");
    stage.when::<CancelRequest>(&admin(), json!({ "request": id })).then_events(&["request-cancel-requested"]);
    stage.when::<FailCancel>(&system(), failed).then_rejected("attempt-over");
    stage.when::<CompleteCancel>(&system(), json!({ "request": id, "attempt": 2 })).then_rejected("attempt-over");
}

#[test]
fn an_admin_cancels_without_removal_by_typing_the_name() {
    let (mut stage, id) = with_failed("power-on");
    let typed = json!({ "request": id, "confirm": "web-01" });
    stage.when::<CancelWithoutRemoval>(&admin(), typed.clone()).then_rejected("request-not-elsewhere");
    for (attempt, code) in [(2, "vcenter-busy"), (3, "other-vcenter")] {
        stage.when::<CancelRequest>(&requester(), json!({ "request": id }));
        let failed = json!({ "request": id, "attempt": attempt, "step": "power-off", "code": code, "message": "No." });
        stage.when::<FailCancel>(&system(), failed);
        if code == "vcenter-busy" {
            stage.when::<CancelWithoutRemoval>(&admin(), typed.clone()).then_rejected("request-not-elsewhere");
        }
    }
    assert_eq!(stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap().code, "cancel-elsewhere");
    stage.when::<CancelWithoutRemoval>(&requester(), typed.clone()).then_rejected("not-permitted");
    let wrong = json!({ "request": id, "confirm": "web-1" });
    stage.when::<CancelWithoutRemoval>(&admin(), wrong).then_fields(&[("/confirm", "confirm-mismatch")]);
    stage.when::<CancelWithoutRemoval>(&admin(), typed).then_events(&["request-cancel-requested"]);
    assert_eq!(stage.view::<Requests>()[&id]["cancelled_by_name"], "Ada Admin");
    stage
        .when::<CompleteCancel>(&system(), json!({ "request": id, "attempt": 4 }))
        .then_events(&["request-cancelled", "name-released"]);
}

#[test]
fn only_a_request_that_lacks_an_address_is_completed_without_one() {
    let (mut stage, id) = with_failed("await-address");
    let body = json!({ "request": id });
    stage.when::<CompleteWithoutAddress>(&requester(), body.clone()).then_rejected("not-permitted");
    stage.when::<CompleteWithoutAddress>(&admin(), body.clone()).then_events(&["request-retried"]);
    let retried = stage.log.last().unwrap().data.clone();
    assert_eq!((&retried["await_address"], &retried["from_step"]), (&json!(false), &json!("power-on")));
    assert_eq!(stage.view::<Requests>()[&id]["await_address"], false);
    stage.when::<CompleteWithoutAddress>(&admin(), body).then_rejected("request-not-failed");

    let (mut stage, id) = with_failed("clone");
    let refused = stage.when::<CompleteWithoutAddress>(&admin(), json!({ "request": id }));
    refused.then_rejected("address-not-awaited").then_fields(&[("/request", "address-not-awaited")]);
}

#[test]
fn a_retry_awaits_an_address_only_if_the_offering_still_does() {
    let (mut stage, id) = with_failed("await-address");
    assert_eq!(stage.view::<Requests>()[&id]["await_address"], true);
    stage.when::<DefineOffering>(&admin(), offering(json!({ "await_address": false })));
    assert_eq!(stage.view::<Offerings>()["small"]["await_address"], false);
    stage.when::<RetryRequest>(&admin(), json!({ "request": id }));
    assert_eq!(stage.log.last().unwrap().data["await_address"], false);
}

#[test]
fn only_a_failed_request_can_be_cancelled() {
    let (mut stage, id) = with_request();
    let body = json!({ "request": id });
    let refused = stage.when::<CancelRequest>(&requester(), body.clone()).then_rejected("request-not-cancellable");
    refused.then_fields(&[("/request", "request-not-cancellable")]);
    stage.when::<ApproveRequest>(&approver(), body.clone());
    stage.when::<CancelRequest>(&requester(), body.clone()).then_rejected("request-not-cancellable");
    stage
        .when::<CompleteCancel>(&system(), json!({ "request": id, "attempt": 1 }))
        .then_rejected("request-not-cancelling");
    let (mut stage, id) = with_failed("clone");
    let long = json!({ "request": id, "reason": "x".repeat(2001) });
    stage.when::<CancelRequest>(&requester(), long).then_fields(&[("/reason", "reason-too-long")]);
    stage.when::<CancelRequest>(&requester(), json!({ "request": "x" })).then_rejected("request-unknown");
}

#[test]
fn a_cancellation_whose_run_ended_abnormally_may_be_repeated() {
    let (mut stage, id) = with_failed("clone");
    stage.when::<CancelRequest>(&requester(), json!({ "request": id }));
    let begun = stage.log.last().unwrap().id.clone();
    let stall = json!({ "key": id, "stalled": true, "code": "vcenter-unreachable", "message": "…" });
    stage.when::<NoteStall>(&system(), stall).then_events(&["stalled"]);
    let ended = json!({ "key": id, "event": begun, "code": "diverged", "message": "It left its way." });
    stage.when::<NoteRunEnd>(&system(), ended.clone()).then_events(&["step-failed", "request-cancel-failed"]);
    stage.when::<NoteRunEnd>(&system(), ended).then_events(&[]);
    stage.when::<CancelRequest>(&requester(), json!({ "request": id })).then_events(&["request-cancel-requested"]);
}

#[test]
fn a_run_that_ended_abnormally_fails_only_its_own_attempt() {
    let (mut stage, id) = with_approved();
    let begun = stage.log.last().unwrap().id.clone();
    let ended =
        |event: &str| json!({ "key": id, "event": event, "code": "component-stopped", "message": "It stopped." });
    let step = json!({ "request": id, "process": "provision", "attempt": 1, "step": "clone", "state": "started" });
    stage.when::<RecordStep>(&system(), step);
    stage.when::<NoteRunEnd>(&admin(), ended(&begun)).then_rejected("system-only");
    stage.when::<NoteRunEnd>(&system(), ended("another")).then_events(&[]);
    stage.when::<NoteRunEnd>(&system(), ended(&begun)).then_events(&["step-failed", "request-failed"]);
    let failed = stage.log.last().unwrap().data.clone();
    assert_eq!((&failed["step"], &failed["code"]), (&json!("clone"), &json!("component-stopped")));
    assert!(failed["trace_id"].is_string());
    stage.when::<RetryRequest>(&admin(), json!({ "request": id })).then_events(&["request-retried"]);
    stage.when::<NoteRunEnd>(&system(), ended(&begun)).then_events(&[]);
    let retried = stage.log.last().unwrap().id.clone();
    stage.when::<NoteRunEnd>(&system(), ended(&retried)).then_events(&["step-failed", "request-failed"]);
    assert_eq!(stage.view::<Requests>()[&id]["failed_step"], "clone");
}

#[test]
fn an_ended_row_has_the_person_and_the_time() {
    let (mut stage, id) = with_request();
    stage.when::<WithdrawRequest>(&requester(), json!({ "request": id }));
    for row in [stage.view::<Requests>()[&id].clone(), stage.view::<Approvals>()[&id].clone()] {
        assert_eq!(row["withdrawn_by_name"], "Rita Requester");
        assert!(row["withdrawn_at"].is_i64(), "{row:?}");
    }

    let (mut stage, id) = with_vm();
    stage.when::<DecommissionVm>(&admin(), json!({ "vm": id, "confirm": "web-01" }));
    stage.when::<CompleteDecommission>(&system(), json!({ "vm": id, "attempt": 1 }));
    let row = stage.view::<Vms>()[&id].clone();
    assert_eq!((row["decommissioned_by_name"].as_str(), row["terminal"].as_bool()), (Some("Ada Admin"), Some(true)));
    assert!(row["decommissioned_at"].is_i64(), "{row:?}");
}

#[test]
fn longest_term_and_shortest_justification_are_settings_of_the_tenant() {
    let request = |settings: Value, term: i64| {
        let mut stage = with_offering();
        stage.settings = settings.as_object().expect("an object").clone();
        let mut body = wanted("web-01");
        body["term_months"] = term.into();
        body["justification"] = "0123456789".into();
        stage.when::<RequestVm>(&requester(), body)
    };
    request(json!({}), 60).then_events(SUBMITTED);
    request(json!({ "max_term_months": 12 }), 12).then_events(SUBMITTED);
    let refused = request(json!({ "max_term_months": 12 }), 13).then_rejected("invalid-request");
    let refused = refused.then_fields(&[("/term_months", "term-out-of-range")]);
    assert_eq!(refused.rejection().expect("rejected").fields[0].params["max"], 12);
    request(json!({ "min_justification": 11 }), 12).then_rejected("invalid-request");
}
