//! Tests of the simulation of a draft over earlier requests.

mod cast;

use cast::*;
use dcm::Dcm;
use dcm::policy::draft::DraftPolicy;
use dcm::policy::simulate::{REQUESTS_MAX, SimulatePolicy};
use dcm::request::submit::RequestVm;
use eaf_sdk::document::Decision;
use eaf_sdk::testing::Stage;
use serde_json::{Value, json};

/// Creates a stage with the published policy of two stages and a request of 2 CPUs, and then a
/// draft in which machines of up to `limit` CPUs need no people.
fn with_draft(limit: u32) -> (Stage<Dcm>, String) {
    let mut stage = with_policy(two_stages(json!({})));
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    let mut document = two_stages(json!({}));
    document["auto_approve"][0]["when"]["value"] = json!(limit);
    let draft =
        json!({ "policy": "costly", "name_de": "Teuer", "name_en": "Costly", "document": document, "revision": 1 });
    stage.when::<DraftPolicy>(&admin(), draft).then_events(&["policy-drafted"]);
    (stage, id)
}

fn simulation(stage: &Stage<Dcm>, revision: u32, requests: Value) -> Value {
    let body = json!({ "policy": "costly", "revision": revision, "requests": requests });
    match stage.dry_run(&admin(), "simulate-policy", 1, body).decision {
        Decision::Accepted(accepted) => accepted.preview.unwrap()["requests"].clone(),
        Decision::Rejected(rejection) => panic!("{rejection:?}"),
    }
}

#[test]
fn a_simulation_shows_both_plans_of_a_request_with_their_reasons() {
    let (stage, id) = with_draft(4);
    let simulated = &simulation(&stage, 2, json!([id]))[0];
    assert_eq!((&simulated["request"], &simulated["differs"]), (&json!(id), &json!(true)));
    let names = |plan: &Value| -> Vec<Value> {
        plan["stages"].as_array().unwrap().iter().map(|stage| stage["name"].clone()).collect()
    };
    assert_eq!(names(&simulated["before"]), ["Manager", "Finance"]);
    assert_eq!(simulated["before"]["stages"][1]["approvers"], json!([{ "group": "finance" }]));
    assert_eq!(simulated["before"]["rules"], json!([]));
    assert_eq!(names(&simulated["after"]), Vec::<Value>::new());
    assert_eq!(simulated["after"]["rules"][0]["name"], "Small ones");
    assert_eq!(simulated["after"]["rules"][0]["because"][0]["actual"], 2);
}

#[test]
fn a_draft_that_asks_the_same_people_makes_no_difference() {
    let (stage, id) = with_draft(2);
    assert_eq!(simulation(&stage, 2, json!([id]))[0]["differs"], false);
}

#[test]
fn a_draft_of_a_new_policy_is_compared_with_the_approval_without_it() {
    let (mut stage, id) = with_request();
    let draft = json!({ "policy": "costly", "name_de": "Teuer", "name_en": "Costly",
        "document": two_stages(json!({})), "revision": 0 });
    stage.when::<DraftPolicy>(&admin(), draft).then_events(&["policy-drafted"]);
    let simulated = &simulation(&stage, 1, json!([id]))[0];
    assert_eq!(simulated["before"]["stages"][0]["approvers"], json!([{ "permission": "approve" }]));
    assert_eq!((simulated["after"]["stages"].as_array().unwrap().len(), &simulated["differs"]), (2, &json!(true)));
}

#[test]
fn a_simulation_records_no_event() {
    let (mut stage, id) = with_draft(4);
    let body = json!({ "policy": "costly", "revision": 2, "requests": [id] });
    stage.when::<SimulatePolicy>(&admin(), body).then_events(&[]);
}

#[test]
fn a_simulation_needs_a_draft_that_was_read_and_requests_that_exist() {
    let (mut stage, id) = with_draft(4);
    let body =
        |revision: u32, requests: Value| json!({ "policy": "costly", "revision": revision, "requests": requests });
    stage.when::<SimulatePolicy>(&admin(), body(1, json!([id]))).then_rejected("draft-changed");
    stage.when::<SimulatePolicy>(&admin(), body(2, json!([SUCCESSORS[0]]))).then_rejected("request-unknown");
    stage.when::<SimulatePolicy>(&requester(), body(2, json!([id]))).then_rejected("not-permitted");
    let many = vec![json!(id); REQUESTS_MAX + 1];
    for wrong in [json!([]), json!(["policies/published"]), json!(["\u{0}"]), Value::from(many)] {
        stage.when::<SimulatePolicy>(&admin(), body(2, wrong)).then_rejected("invalid-simulation");
    }
    let mut unknown = body(0, json!([id]));
    unknown["policy"] = json!("unknown");
    stage.when::<SimulatePolicy>(&admin(), unknown).then_rejected("draft-missing");
}
