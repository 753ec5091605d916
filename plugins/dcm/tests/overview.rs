//! Tests of the view of the months, which the charts of the home page show.

mod cast;

use cast::*;
use dcm::overview::Months;
use dcm::request::approve::ApproveRequest;
use dcm::request::reject::RejectRequest;
use dcm::request::submit::RequestVm;
use dcm::request::withdraw::WithdrawRequest;
use dcm::vm::complete_decommission::CompleteDecommission;
use dcm::vm::decommission::DecommissionVm;
use eaf_sdk::testing::system;
use serde_json::json;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

#[test]
fn requests_and_decisions_count_in_the_month_of_their_event() {
    let (mut stage, id) = with_request();
    stage.now += DAY;
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id }));
    let rejected = stage.when::<RequestVm>(&requester(), wanted("web-02")).command_id;
    let withdrawn = stage.when::<RequestVm>(&requester(), wanted("web-03")).command_id;
    stage.when::<WithdrawRequest>(&requester(), json!({ "request": withdrawn }));
    stage.now += 31 * DAY;
    stage.when::<RejectRequest>(&approver(), json!({ "request": rejected, "reason": "Not this year" }));

    let months = stage.view::<Months>();
    let keys: Vec<&str> = months.keys().map(String::as_str).collect();
    assert_eq!(keys, ["2026-11", "2026-12"]);
    let counted = |month: &str| {
        let row = &months[month];
        ["submitted", "approved", "rejected", "withdrawn", "auto_approved"]
            .map(|outcome| row[outcome].as_u64().unwrap())
    };
    assert_eq!(counted("2026-11"), [3, 1, 0, 1, 0]);
    assert_eq!(counted("2026-12"), [0, 0, 1, 0, 0]);
}

#[test]
fn decisions_of_people_are_counted_by_the_time_that_they_took() {
    let (mut stage, id) = with_request();
    stage.now += 3 * 60 * MINUTE;
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id }));
    let later = stage.when::<RequestVm>(&requester(), wanted("web-02")).command_id;
    stage.now += 8 * DAY;
    stage.when::<RejectRequest>(&approver(), json!({ "request": later, "reason": "Not this year" }));
    let months = stage.view::<Months>();
    let classes: Vec<u64> =
        (0..6).map(|class| months.values().map(|row| row["decided_within"][class].as_u64().unwrap()).sum()).collect();
    assert_eq!(classes, [0, 1, 0, 0, 0, 1]);
}

#[test]
fn an_approval_by_a_rule_is_no_decision_of_a_person() {
    let mut stage = with_policy(two_stages(json!({})));
    let mut small = wanted("web-01");
    small["cpus"] = json!(1);
    stage.when::<RequestVm>(&requester(), small);
    let row = &stage.view::<Months>()["2026-11"];
    assert_eq!((&row["auto_approved"], &row["approved"]), (&json!(1), &json!(0)));
    assert_eq!(row["decided_within"], json!([0, 0, 0, 0, 0, 0]));
}

#[test]
fn the_cost_changes_with_the_handover_and_the_removal_of_a_machine() {
    let (mut stage, id) = with_vm();
    let cost = |stage: &eaf_sdk::testing::Stage<dcm::Dcm>| stage.view::<Months>()["2026-11"]["cost_change"].clone();
    let (_, vm) = stage.view::<dcm::vm::view::Vms>().pop_first().unwrap();
    assert_eq!(cost(&stage), json!({ "EUR": vm["monthly_cents"] }));
    assert!(vm["monthly_cents"].as_i64().unwrap() > 0);
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": "web-01" }));
    stage.when::<CompleteDecommission>(&system(), json!({ "vm": id, "attempt": 1 }));
    assert_eq!(cost(&stage), json!({ "EUR": 0 }));
    assert_eq!(stage.view::<Months>()["2026-11"]["decommissioned"], 1);
}
