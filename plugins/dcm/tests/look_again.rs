//! Tests of the last approval: given an offering that changed since the submission, when the last
//! person approves, then the change is refused or agreed to, and never swallowed.

mod cast;

use cast::*;
use dcm::Dcm;
use dcm::offering::define::DefineOffering;
use dcm::request::approvals::Approvals;
use dcm::request::approve::ApproveRequest;
use dcm::request::decision::end_deadline::EndDeadline;
use dcm::request::decision::stages::Stages;
use dcm::request::reject::RejectRequest;
use dcm::request::submit::RequestVm;
use dcm::request::view::Requests;
use eaf_sdk::testing::{Stage, system};
use serde_json::{Value, json};

const APPROVED: &[&str] = &["stage-decided", "stage-passed", "request-approved"];

fn with_changed(offered: Value) -> (Stage<Dcm>, String) {
    let (mut stage, id) = with_request();
    stage.when::<DefineOffering>(&admin(), offering(offered)).then_events(&["offering-defined"]);
    (stage, id)
}

fn approve(stage: &mut Stage<Dcm>, id: &str, expected: Option<i64>) -> eaf_sdk::testing::Outcome {
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id, "expected_monthly_cents": expected }))
}

#[test]
fn a_price_that_changed_is_approved_only_with_the_present_price() {
    let (mut stage, id) = with_changed(json!({ "cpu_cents": 700 }));
    let refused = approve(&mut stage, &id, None);
    let rejection = refused.rejection().unwrap();
    assert_eq!((rejection.code.as_str(), &rejection.params["expected_cents"]), ("price-changed", &json!(3_000)));
    assert_eq!(rejection.params["monthly_cents"], 3_400);
    approve(&mut stage, &id, Some(3_000)).then_rejected("price-changed");
    approve(&mut stage, &id, Some(3_400)).then_events(APPROVED);
    assert_eq!(stage.log.last().unwrap().data["monthly_cents"], 3_400);
    assert_eq!(stage.view::<Requests>()[&id]["monthly_cents"], 3_400);
    assert_eq!(stage.view::<Approvals>()[&id]["monthly_cents"], 3_400);
}

#[test]
fn a_template_that_changed_is_approved_only_with_the_present_price() {
    let (mut stage, id) = with_changed(json!({ "template": "templates/debian-13" }));
    let refused = approve(&mut stage, &id, None);
    let rejection = refused.rejection().unwrap();
    let shown = ["expected_template", "template", "closed"].map(|param| &rejection.params[param]);
    assert_eq!(rejection.code, "offering-changed");
    assert_eq!(json!(shown), json!(["templates/debian-12", "templates/debian-13", false]));
    approve(&mut stage, &id, Some(3_000)).then_events(APPROVED);
    assert_eq!(stage.log.last().unwrap().data["template"], "templates/debian-13");
}

#[test]
fn a_closed_offering_is_approved_only_with_the_present_price() {
    let (mut stage, id) = with_changed(json!({ "active": false }));
    let refused = approve(&mut stage, &id, None);
    let rejection = refused.rejection().unwrap();
    assert_eq!((rejection.code.as_str(), &rejection.params["closed"]), ("offering-changed", &json!(true)));
    approve(&mut stage, &id, Some(3_000)).then_events(APPROVED);
}

#[test]
fn a_rejection_and_an_approval_before_the_last_one_do_not_look_again() {
    let (mut stage, id) = with_changed(json!({ "cpu_cents": 700 }));
    stage.when::<RejectRequest>(&approver(), json!({ "request": id, "reason": "Use the old one." }));
    assert_eq!(stage.view::<Requests>()[&id]["monthly_cents"], 3_000);

    let mut stage = with_policy(two_stages(json!({})));
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    stage.when::<DefineOffering>(&admin(), offering(json!({ "cpu_cents": 700 })));
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id })).then_events(&[
        "stage-decided",
        "stage-passed",
        "stage-opened",
    ]);
    let [fritz, _] = finance();
    stage.when::<ApproveRequest>(&fritz, json!({ "request": id })).then_rejected("price-changed");
    let agreed = json!({ "request": id, "expected_monthly_cents": 3_400 });
    stage.when::<ApproveRequest>(&fritz, agreed).then_events(APPROVED);
}

#[test]
fn an_offering_that_is_as_before_needs_no_expected_price() {
    let (mut stage, id) = with_changed(json!({ "name": "Small one", "await_address": false }));
    approve(&mut stage, &id, None).then_events(APPROVED);
    let approved = &stage.log.last().unwrap().data;
    assert_eq!((&approved["monthly_cents"], &approved["offering_name"]), (&json!(3_000), &json!("Small server")));
}

/// Request that finance approves by the end of its deadline, with the body that ends the deadline.
fn approved_by_time() -> (Stage<Dcm>, String, Value) {
    let deadline = json!({ "hours": 8, "finally": "approve" });
    let mut document = two_stages(json!({ "after": [], "deadline": deadline }));
    document["stages"].as_array_mut().unwrap().remove(0);
    document["allow_timeout_approval"] = true.into();
    let mut stage = with_policy(document);
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    let due = stage.view::<Stages>()[&format!("{id}/costly.finance")]["due_at"].as_i64().unwrap();
    stage.now = due;
    let ended = json!({ "request": id, "stage": "costly.finance", "due_at": due });
    (stage, id, ended)
}

#[test]
fn a_deadline_approves_a_request_whose_offering_is_as_before() {
    let (mut stage, id, ended) = approved_by_time();
    stage.when::<EndDeadline>(&system(), ended).then_events(&["stage-passed", "request-auto-approved"]);
    assert_eq!(stage.view::<Requests>()[&id]["status"], "approved");
}

#[test]
fn a_deadline_never_approves_another_price_and_asks_the_operators() {
    for changed in
        [json!({ "cpu_cents": 700 }), json!({ "template": "templates/debian-13" }), json!({ "active": false })]
    {
        let (mut stage, id, ended) = approved_by_time();
        stage.when::<DefineOffering>(&admin(), offering(changed)).then_events(&["offering-defined"]);
        stage.when::<EndDeadline>(&system(), ended.clone()).then_events(&["stage-escalated"]);
        let escalated = &stage.log.last().unwrap().data;
        assert_eq!((&escalated["cause"], &escalated["due_at"]), (&json!("offering_changed"), &Value::Null));
        assert_eq!(escalated["to"], json!({ "permission": "operate" }));
        stage.when::<EndDeadline>(&system(), ended).then_events(&[]);
        let row = stage.view::<Requests>()[&id].clone();
        assert_eq!((&row["status"], &row["due_at"]), (&json!("pending"), &Value::Null));
        assert_eq!(row["waiting_for"][0]["permissions"], json!(["operate"]));
        let waiting = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
        assert!(open_seats(&stage, &waiting)[0].contains(&admin().id));
        let body = |cents: Value| json!({ "request": id, "expected_monthly_cents": cents });
        assert!(stage.when::<ApproveRequest>(&admin(), body(Value::Null)).rejection().is_some());
        let cents = offering_price(&stage);
        stage.when::<ApproveRequest>(&admin(), body(cents)).then_events(APPROVED);
    }
}

/// Present price of the requested machine of 2 CPUs and 4 GB, in cents per month.
fn offering_price(stage: &Stage<Dcm>) -> Value {
    let row = &stage.view_named("offerings")["small"];
    let cents = |member: &str| row[member].as_i64().unwrap();
    (cents("base_cents") + 2 * cents("cpu_cents") + 4 * cents("gb_cents")).into()
}
