//! Tests of proposed changes: given a request that waits for its approvers, when one of them
//! approves with changes, then it waits for its requester, who confirms or declines them.

mod cast;

use cast::*;
use dcm::Dcm;
use dcm::offering::define::DefineOffering;
use dcm::request::approvals::Approvals;
use dcm::request::approve::ApproveRequest;
use dcm::request::decision::confirm::ConfirmChanges;
use dcm::request::decision::decline::DeclineChanges;
use dcm::request::decision::end_deadline::EndDeadline;
use dcm::request::decision::propose::ProposeChanges;
use dcm::request::decision::stages::Stages;
use dcm::request::reject::RejectRequest;
use dcm::request::revise::ReviseRequest;
use dcm::request::submit::RequestVm;
use dcm::request::view::Requests;
use dcm::request::withdraw::WithdrawRequest;
use dcm::timeline::Timeline;
use eaf_sdk::People;
use eaf_sdk::testing::{Outcome, Stage, system};
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;

/// Request for 4 CPUs that waits for the requester's manager.
fn waiting() -> (Stage<Dcm>, String) {
    let deadline = json!({ "hours": 8, "finally": "expire" });
    let mut document = two_stages(json!({}));
    document["stages"][0]["deadline"] = deadline;
    let mut stage = with_policy(document);
    let mut body = wanted("web-01");
    body["cpus"] = 4.into();
    let id = stage.when::<RequestVm>(&requester(), body).command_id;
    (stage, id)
}

fn propose(stage: &mut Stage<Dcm>, id: &str, changes: Value) -> Outcome {
    let mut body = json!({ "request": id, "comment": " Two are enough to begin with. " });
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    stage.when::<ProposeChanges>(&manager(), body)
}

/// Request for which the requester's manager proposed 2 CPUs for 6 months.
fn proposed() -> (Stage<Dcm>, String) {
    let (mut stage, id) = waiting();
    propose(&mut stage, &id, json!({ "cpus": 2, "term_months": 6 })).then_events(&["changes-proposed"]);
    (stage, id)
}

fn manager_stage(stage: &Stage<Dcm>, id: &str) -> Value {
    json!(stage.view::<Stages>()[&format!("{id}/costly.manager")])
}

#[test]
fn a_request_with_proposed_changes_waits_for_its_requester() {
    let (stage, id) = proposed();
    for row in [&stage.view::<Requests>()[&id], &stage.view::<Approvals>()[&id]] {
        let shown = ["status", "awaited", "cpus", "due_at"].map(|member| &row[member]);
        assert_eq!(json!(shown), json!(["pending", "requester", 4, null]));
        let proposal = &row["proposal"];
        let shown = ["by_id", "by_name", "on_behalf_of_id", "monthly_cents", "comment"].map(|m| &proposal[m]);
        let expected = [json!(manager().id), "Mona Manager".into(), Value::Null, 3_000.into()];
        assert_eq!(json!(shown[..4]), json!(expected));
        assert_eq!(shown[4], "Two are enough to begin with.");
        assert_eq!(
            proposal["changes"],
            json!({ "offering": null, "offering_name": null, "cpus": 2, "memory_gb": null, "term_months": 6 })
        );
    }
    let offered = stage.offered::<Requests>(&requester(), &id);
    let waiting = offered.waiting_on.unwrap();
    assert_eq!(waiting.code, "confirm-changes");
    assert_eq!(waiting.params["people"]["x-eaf-people"]["actors"], json!([requester().id]));
    assert_eq!(waiting.params["proposer"]["x-eaf-people"]["actors"], json!([manager().id]));
    for command in ["confirm-changes", "decline-changes", "revise-request", "withdraw-request"] {
        assert!(offered.actions.iter().any(|action| action.command == command && action.allowed), "{command}");
    }
    let told = stage.view::<Timeline>().into_values().next_back().unwrap();
    assert_eq!((&told["kind"], &told["actor_name"]), (&json!("changes-proposed"), &json!("Mona Manager")));
}

#[test]
fn the_approval_of_the_proposer_counts_on_the_confirmed_revision() {
    let (mut stage, id) = proposed();
    stage.when::<ConfirmChanges>(&requester(), json!({ "request": id })).then_events(&[
        "changes-confirmed",
        "request-revised",
        "approval-planned",
        "stage-opened",
        "stage-deadline-set",
        "stage-decided",
        "stage-passed",
        "stage-opened",
    ]);
    let row = stage.view::<Requests>()[&id].clone();
    let shown = ["status", "revision", "cpus", "term_months", "monthly_cents", "awaited", "proposal"].map(|m| &row[m]);
    assert_eq!(json!(shown), json!(["pending", 2, 2, 6, 3_000, "approvers", null]));
    let decided = &row["decisions"][0];
    assert_eq!((&decided["approver_name"], &decided["revision"]), (&json!("Mona Manager"), &json!(2)));
    let [fritz, _] = finance();
    stage.when::<ApproveRequest>(&fritz, json!({ "request": id })).then_rejected("revision-changed");
    stage.when::<ApproveRequest>(&fritz, json!({ "request": id, "revision": 2 })).then_events(&[
        "stage-decided",
        "stage-passed",
        "request-approved",
    ]);
    assert_eq!(stage.log.last().unwrap().data["cpus"], 2);
}

#[test]
fn a_confirmation_approves_in_the_name_of_the_proposer_alone() {
    let (mut stage, id) = with_request();
    let body = json!({ "request": id, "memory_gb": 2, "comment": "Two are enough." });
    stage.when::<ProposeChanges>(&approver(), body).then_events(&["changes-proposed"]);
    stage.when::<ConfirmChanges>(&requester(), json!({ "request": id }));
    let approved = stage.log.last().unwrap();
    assert_eq!(approved.kind, "request-approved");
    assert_eq!(approved.data["approver_id"], approver().id);
    let row = stage.view::<Requests>()[&id].clone();
    let shown = ["status", "decided_by_name", "memory_gb"].map(|member| &row[member]);
    assert_eq!(json!(shown), json!(["approved", "Arno Approver", 2]));
}

#[test]
fn declined_changes_leave_the_request_as_it_was_and_its_deadline_goes_on() {
    let (mut stage, id) = waiting();
    let due = manager_stage(&stage, &id)["due_at"].as_i64().unwrap();
    propose(&mut stage, &id, json!({ "cpus": 2 }));
    assert_eq!(manager_stage(&stage, &id)["due_at"], Value::Null);
    stage.now = due + HOUR;
    let ended = json!({ "request": id, "stage": "costly.manager", "due_at": due });
    stage.when::<EndDeadline>(&system(), ended).then_events(&[]);
    let text = json!({ "request": id, "text": " We need all four. " });
    stage.when::<DeclineChanges>(&requester(), text).then_events(&["changes-declined", "stage-deadline-set"]);
    assert!(manager_stage(&stage, &id)["due_at"].as_i64().unwrap() > due);
    let row = stage.view::<Approvals>()[&id].clone();
    let shown = ["awaited", "proposal", "cpus", "revision"].map(|member| &row[member]);
    assert_eq!(json!(shown), json!(["approvers", null, 4, 1]));
    let said = [&row["thread"][1]["kind"], &row["thread"][1]["text"]];
    assert_eq!(said, [&json!("decline"), &json!("We need all four.")]);
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id })).then_events(&[
        "stage-decided",
        "stage-passed",
        "stage-opened",
    ]);
}

#[test]
fn only_smaller_shorter_or_cheaper_values_are_proposed() {
    let (mut stage, id) = waiting();
    let dear = json!({ "key": "dear", "base_cents": 9_000 });
    stage.when::<DefineOffering>(&admin(), offering(dear)).then_events(&["offering-defined"]);
    for (changes, pointer, code) in [
        (json!({ "cpus": 5 }), "/cpus", "not-smaller"),
        (json!({ "cpus": 0 }), "/cpus", "not-smaller"),
        (json!({ "memory_gb": 8 }), "/memory_gb", "not-smaller"),
        (json!({ "term_months": 24, "cpus": 2 }), "/term_months", "not-smaller"),
        (json!({ "offering": "dear", "cpus": 2 }), "/offering", "not-smaller"),
        (json!({ "offering": "none" }), "/offering", "offering-unknown"),
        (json!({ "cpus": 2, "comment": "" }), "/comment", "proposal-too-short"),
    ] {
        propose(&mut stage, &id, changes).then_fields(&[(pointer, code)]);
    }
    propose(&mut stage, &id, json!({})).then_rejected("nothing-proposed");
    propose(&mut stage, &id, json!({ "cpus": 4 })).then_rejected("nothing-proposed");
    let cheap = json!({ "key": "cheap", "base_cents": 100, "cpu_min": 3 });
    stage.when::<DefineOffering>(&admin(), offering(cheap)).then_events(&["offering-defined"]);
    propose(&mut stage, &id, json!({ "offering": "cheap", "cpus": 2 })).then_fields(&[("/cpus", "cpus-out-of-range")]);
    propose(&mut stage, &id, json!({ "offering": "cheap" })).then_events(&["changes-proposed"]);
    stage.when::<ConfirmChanges>(&requester(), json!({ "request": id }));
    let row = stage.view::<Requests>()[&id].clone();
    assert_eq!((&row["offering"], &row["monthly_cents"]), (&json!("cheap"), &json!(3_100)));
}

#[test]
fn only_people_who_are_asked_propose_and_on_the_revision_they_read() {
    let (mut stage, id) = waiting();
    let body = json!({ "request": id, "cpus": 2, "comment": "Two are enough." });
    stage.when::<ProposeChanges>(&requester(), body.clone()).then_rejected("own-request");
    stage.when::<ProposeChanges>(&finance()[0], body.clone()).then_rejected("not-an-approver");
    propose(&mut stage, &id, json!({ "revision": 2, "cpus": 2 })).then_rejected("revision-changed");
    stage.when::<ProposeChanges>(&deputy(), body.clone()).then_events(&["changes-proposed"]);
    let event = &stage.log.last().unwrap().data;
    assert_eq!((&event["approver_id"], &event["on_behalf_of_id"]), (&json!(deputy().id), &json!(manager().id)));
    propose(&mut stage, &id, json!({ "cpus": 3 })).then_rejected("proposal-open");
    stage.when::<ConfirmChanges>(&requester(), json!({ "request": id }));
    let decided = stage.view::<Requests>()[&id]["decisions"][0].clone();
    assert_eq!(
        (&decided["approver_name"], &decided["on_behalf_of_id"]),
        (&json!("Doris Deputy"), &json!(manager().id))
    );
    propose(&mut stage, &id, json!({ "cpus": 1 })).then_rejected("revision-changed");
    propose(&mut stage, &id, json!({ "revision": 2, "cpus": 1 })).then_rejected("not-an-approver");
}

#[test]
fn only_the_requester_answers_and_only_an_open_proposal() {
    let (mut stage, id) = waiting();
    let body = json!({ "request": id });
    let unread = json!({ "request": id, "revision": 2 });
    stage.when::<ConfirmChanges>(&requester(), body.clone()).then_rejected("no-proposal");
    stage.when::<DeclineChanges>(&requester(), body.clone()).then_rejected("no-proposal");
    propose(&mut stage, &id, json!({ "cpus": 2 }));
    for person in [manager(), admin()] {
        stage.when::<ConfirmChanges>(&person, body.clone()).then_rejected("not-requester");
        stage.when::<DeclineChanges>(&person, body.clone()).then_rejected("not-requester");
    }
    stage.when::<ConfirmChanges>(&requester(), unread.clone()).then_rejected("revision-changed");
    stage.when::<DeclineChanges>(&requester(), unread).then_rejected("revision-changed");
    stage.when::<ConfirmChanges>(&requester(), body.clone());
    stage.when::<ConfirmChanges>(&requester(), body.clone()).then_rejected("revision-changed");
    stage.when::<DeclineChanges>(&requester(), json!({ "request": id, "revision": 2 })).then_rejected("no-proposal");
}

#[test]
fn a_proposer_who_lost_the_seat_has_no_voice_in_the_changed_request() {
    let (mut stage, id) = proposed();
    stage.set_people(People::manager_of(&requester().id), &[&boss().id]);
    stage.when::<ConfirmChanges>(&requester(), json!({ "request": id })).then_events(&[
        "changes-confirmed",
        "request-revised",
        "approval-planned",
        "stage-opened",
        "stage-deadline-set",
    ]);
    assert_eq!(stage.view::<Requests>()[&id]["decisions"], Value::Null);
}

#[test]
fn a_confirmation_looks_the_price_up_again() {
    let (mut stage, id) = proposed();
    stage.when::<DefineOffering>(&admin(), offering(json!({ "cpu_cents": 700 }))).then_events(&["offering-defined"]);
    let refused = stage.when::<ConfirmChanges>(&requester(), json!({ "request": id })).then_rejected("price-changed");
    assert_eq!(refused.rejection().unwrap().params["monthly_cents"], 3_400);
    let agreed = json!({ "request": id, "expected_monthly_cents": 3_400 });
    stage.when::<ConfirmChanges>(&requester(), agreed);
    assert_eq!(stage.view::<Requests>()[&id]["monthly_cents"], 3_400);

    let (mut stage, id) = proposed();
    stage.when::<DefineOffering>(&admin(), offering(json!({ "active": false }))).then_events(&["offering-defined"]);
    stage.when::<ConfirmChanges>(&requester(), json!({ "request": id })).then_rejected("offering-inactive");
    propose(&mut stage, &id, json!({ "cpus": 1 })).then_rejected("proposal-open");
}

#[test]
fn an_open_proposal_ends_with_its_request_or_a_revision() {
    let (mut stage, id) = proposed();
    stage
        .when::<WithdrawRequest>(&requester(), json!({ "request": id }))
        .then_events(&["request-withdrawn", "name-released"]);
    assert_eq!(stage.view::<Requests>()[&id]["proposal"], Value::Null);
    stage.when::<ConfirmChanges>(&requester(), json!({ "request": id })).then_rejected("request-not-pending");
    propose(&mut stage, &id, json!({ "cpus": 2 })).then_rejected("request-not-pending");

    let (mut stage, id) = proposed();
    stage.when::<RejectRequest>(&manager(), json!({ "request": id, "reason": "Use the old one." }));
    assert_eq!(stage.view::<Approvals>()[&id]["status"], "rejected");
    stage.when::<ConfirmChanges>(&requester(), json!({ "request": id })).then_rejected("request-not-pending");

    let (mut stage, id) = proposed();
    stage.when::<ReviseRequest>(&requester(), json!({ "request": id, "cpus": 3 }));
    let row = stage.view::<Requests>()[&id].clone();
    let shown = ["proposal", "awaited", "decisions"].map(|member| &row[member]);
    assert_eq!(json!(shown), json!([null, "approvers", null]));
    stage.when::<ConfirmChanges>(&requester(), json!({ "request": id, "revision": 2 })).then_rejected("no-proposal");
}

#[test]
fn a_proposal_comes_too_late_when_the_request_has_expired() {
    let (mut stage, id) = waiting();
    let due = manager_stage(&stage, &id)["due_at"].as_i64().unwrap();
    stage.now = due;
    let ended = json!({ "request": id, "stage": "costly.manager", "due_at": due });
    stage.when::<EndDeadline>(&system(), ended).then_events(&["request-expired", "name-released"]);
    propose(&mut stage, &id, json!({ "cpus": 2 })).then_rejected("request-not-pending");
}
