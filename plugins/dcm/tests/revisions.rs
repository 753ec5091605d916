//! Tests of revisions: given a request that waits, when its requester revises it, then it is priced
//! and planned again, and earlier decisions do not count.

mod cast;

use cast::*;
use dcm::Dcm;
use dcm::offering::define::DefineOffering;
use dcm::policy::draft::DraftPolicy;
use dcm::policy::publish::PublishPolicy;
use dcm::request::approvals::Approvals;
use dcm::request::approve::ApproveRequest;
use dcm::request::decision::ask_back::AskBack;
use dcm::request::decision::end_deadline::EndDeadline;
use dcm::request::decision::stages::Stages;
use dcm::request::reject::RejectRequest;
use dcm::request::revise::ReviseRequest;
use dcm::request::submit::RequestVm;
use dcm::request::view::Requests;
use eaf_sdk::document::Decision;
use eaf_sdk::testing::{Stage, system};
use serde_json::{Value, json};

const REVISED: &[&str] = &["request-revised", "approval-planned", "stage-opened"];

/// Request that waits for finance, after the requester's manager approved.
fn half_approved() -> (Stage<Dcm>, String) {
    let mut stage = with_policy(two_stages(json!({})));
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id }));
    (stage, id)
}

fn larger(id: &str) -> Value {
    json!({ "request": id, "cpus": 4, "justification": "Front end of both campaigns" })
}

#[test]
fn a_revision_begins_the_approval_again_without_earlier_decisions() {
    let (mut stage, id) = half_approved();
    stage.when::<ReviseRequest>(&requester(), larger(&id)).then_events(REVISED);
    let row = stage.view::<Requests>()[&id].clone();
    let shown =
        ["status", "revision", "vm_name", "cpus", "memory_gb", "monthly_cents", "justification"].map(|m| &row[m]);
    let expected = json!(["pending", 2, "web-01", 4, 4, 4_000, "Front end of both campaigns"]);
    assert_eq!(json!(shown), expected);
    assert_eq!(stage.view::<Approvals>()[&id]["cpus"], 4);
    let trail = row["decisions"].as_array().unwrap();
    assert_eq!((trail.len(), &trail[0]["revision"], &trail[0]["verdict"]), (1, &json!(1), &json!("approve")));
    let stages = stage.view::<Stages>();
    assert_eq!(stages[&format!("{id}/costly.manager")]["status"], "open");
    assert_eq!(stages[&format!("{id}/costly.finance")]["status"], "ended");
    // The people of the revision before still read the request.
    assert_eq!(row["asked"]["groups"], json!(["finance"]));

    let [fritz, _] = finance();
    stage.when::<ApproveRequest>(&fritz, json!({ "request": id, "revision": 2 })).then_rejected("not-an-approver");
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id, "revision": 2 }));
    stage.when::<ApproveRequest>(&fritz, json!({ "request": id, "revision": 2 })).then_events(&[
        "stage-decided",
        "stage-passed",
        "request-approved",
    ]);
    assert_eq!(stage.log.last().unwrap().data["cpus"], 4);
}

#[test]
fn decisions_on_the_revision_before_are_refused() {
    let (mut stage, id) = half_approved();
    stage.when::<ReviseRequest>(&requester(), larger(&id));
    for revision in [json!(null), json!(1), json!(3)] {
        let body = json!({ "request": id, "revision": revision, "reason": "Use the old one.", "question": "Why?" });
        stage.when::<ApproveRequest>(&manager(), body.clone()).then_rejected("revision-changed");
        stage.when::<RejectRequest>(&manager(), body.clone()).then_rejected("revision-changed");
        stage.when::<AskBack>(&manager(), body).then_rejected("revision-changed");
    }
    stage.when::<ReviseRequest>(&requester(), larger(&id)).then_rejected("revision-changed");
}

#[test]
fn only_the_requester_revises_and_only_an_undecided_request() {
    let (mut stage, id) = half_approved();
    stage.when::<ReviseRequest>(&manager(), larger(&id)).then_rejected("not-requester");
    stage.when::<RejectRequest>(&finance()[0], json!({ "request": id, "reason": "Use the old one." }));
    stage.when::<ReviseRequest>(&requester(), larger(&id)).then_rejected("request-not-pending");
}

#[test]
fn a_revision_has_the_rules_of_a_submission_and_changes_something() {
    let (mut stage, id) = half_approved();
    let revise = |stage: &mut Stage<Dcm>, mut body: Value| {
        body["request"] = id.clone().into();
        stage.when::<ReviseRequest>(&requester(), body)
    };
    revise(&mut stage, json!({})).then_rejected("nothing-revised");
    revise(&mut stage, json!({ "cpus": 2, "term_months": 12 })).then_rejected("nothing-revised");
    revise(&mut stage, json!({ "cpus": 99, "justification": "Short" }))
        .then_fields(&[("/cpus", "cpus-out-of-range"), ("/justification", "justification-too-short")]);
    revise(&mut stage, json!({ "offering": "large" })).then_fields(&[("/offering", "offering-unknown")]);
    revise(&mut stage, json!({ "cpus": 4, "expected_monthly_cents": 1 })).then_rejected("price-changed");
    stage.when::<DefineOffering>(&admin(), offering(json!({ "active": false })));
    revise(&mut stage, json!({ "cpus": 4 })).then_rejected("offering-inactive");
}

#[test]
fn a_revision_has_the_price_and_the_policies_of_its_moment() {
    let (mut stage, id) = half_approved();
    stage.when::<DefineOffering>(&admin(), offering(json!({ "cpu_cents": 700, "template": "templates/debian-13" })));
    let policy = json!({ "applies_to": { "kinds": ["vm.create"] }, "stages": [{ "key": "board",
        "name": { "de": "Vorstand", "en": "Board" }, "approvers": [{ "permission": "approve" }], "needs": "any" }] });
    let draft =
        json!({ "policy": "costly", "name_de": "Teuer", "name_en": "Costly", "document": policy, "revision": 1 });
    stage.when::<DraftPolicy>(&admin(), draft).then_events(&["policy-drafted"]);
    stage.when::<PublishPolicy>(&admin(), json!({ "policy": "costly", "revision": 2, "reason": "The board decides." }));
    let body = json!({ "request": id, "cpus": 3 });
    let Decision::Accepted(accepted) = stage.dry_run(&requester(), "revise-request", 1, body.clone()).decision else {
        panic!("refused")
    };
    let quoted = Value::from(accepted.preview);
    assert_eq!((&quoted["monthly_cents"], &quoted["approval"]["stages"][0]["name"]), (&json!(4_100), &json!("Board")));
    stage.when::<ReviseRequest>(&requester(), body).then_events(REVISED);
    let row = stage.view::<Requests>()[&id].clone();
    assert_eq!((&row["monthly_cents"], &row["template"]), (&json!(4_100), &json!("templates/debian-13")));
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id, "revision": 2 })).then_events(&[
        "stage-decided",
        "stage-passed",
        "request-approved",
    ]);
}

#[test]
fn a_revision_to_a_small_machine_is_approved_by_a_rule() {
    let (mut stage, id) = half_approved();
    let small = json!({ "request": id, "cpus": 1 });
    stage.when::<ReviseRequest>(&requester(), small).then_events(&[
        "request-revised",
        "approval-planned",
        "request-auto-approved",
    ]);
    assert_eq!(stage.view::<Requests>()[&id]["status"], "approved");
}

#[test]
fn a_revision_closes_the_question_and_the_deadline_of_the_revision_before() {
    let deadline = json!({ "hours": 8, "finally": "expire" });
    let mut stage = with_policy(two_stages(json!({ "after": [], "deadline": deadline })));
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    let due = |stage: &Stage<Dcm>| stage.view::<Stages>()[&format!("{id}/costly.finance")]["due_at"].as_i64();
    let before = due(&stage).unwrap();
    stage.now += 3_600_000;
    stage.when::<AskBack>(&manager(), json!({ "request": id, "question": "Which campaign is this for?" }));
    assert_eq!((due(&stage), &stage.view::<Requests>()[&id]["awaited"]), (None, &json!("requester")));
    stage.now += 3_600_000;
    stage.when::<ReviseRequest>(&requester(), larger(&id));
    let row = stage.view::<Requests>()[&id].clone();
    assert_eq!((&row["awaited"], row["thread"].as_array().unwrap().len()), (&json!("approvers"), 1));
    assert!(due(&stage).unwrap() > before, "the deadline begins again");
    stage.now = before;
    let ended = json!({ "request": id, "stage": "costly.finance", "due_at": before });
    stage.when::<EndDeadline>(&system(), ended).then_events(&[]);
}
