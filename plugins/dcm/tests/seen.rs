//! Tests of the expected values in commands: a command is rejected as a conflict if a value differs
//! from the value that the caller saw.

mod cast;

use cast::*;
use dcm::offering::define::DefineOffering;
use dcm::offering::view::Offerings;
use dcm::provisioning::fail::FailProvisioning;
use dcm::request::approve::ApproveRequest;
use dcm::request::retry::RetryRequest;
use dcm::request::submit::RequestVm;
use eaf_sdk::testing::system;
use serde_json::{Value, json};

#[test]
fn a_request_at_another_price_than_the_expected_one_is_a_conflict() {
    let mut stage = with_offering();
    let seeing = |name: &str, cents: Value| {
        let mut body = wanted(name);
        body["expected_monthly_cents"] = cents;
        body
    };
    stage.when::<RequestVm>(&requester(), seeing("web-01", json!(3_000))).then_events(SUBMITTED);
    stage.when::<DefineOffering>(&admin(), offering(json!({ "base_cents": 7_700 })));
    for seen in [3_000, 0, -1, 9_701, i64::MAX] {
        let refused =
            stage.when::<RequestVm>(&requester(), seeing("web-02", json!(seen))).then_rejected("price-changed");
        let params = &refused.rejection().unwrap().params;
        assert_eq!(params["expected_cents"], seen);
        assert_eq!((&params["monthly_cents"], &params["currency"]), (&json!(9_700), &json!("EUR")));
    }
    // Errors of the request come first, and a program may omit its expectation.
    let mut wrong = seeing("-bad-", json!(3_000));
    wrong["cpus"] = 9.into();
    stage.when::<RequestVm>(&requester(), wrong).then_rejected("invalid-request");
    for (name, cents) in [("web-02", json!(9_700)), ("web-03", Value::Null)] {
        stage.when::<RequestVm>(&requester(), seeing(name, cents)).then_events(SUBMITTED);
    }
}

#[test]
fn an_offering_has_its_author_and_an_equal_definition_is_no_event() {
    let mut stage = with_offering();
    stage.when::<DefineOffering>(&admin(), offering(json!({}))).then_events(&[]);
    stage.when::<DefineOffering>(&admin(), offering(json!({ "name": " Small server " }))).then_events(&[]);
    stage.when::<DefineOffering>(&admin(), offering(json!({ "base_cents": 7_700 }))).then_events(&["offering-defined"]);
    let row = &stage.view::<Offerings>()["small"];
    assert_eq!((&row["updated_by_id"], &row["updated_by_name"]), (&json!(admin().id), &json!(admin().name)));
}

#[test]
fn a_retry_with_another_offering_than_expected_is_a_conflict() {
    let (mut stage, id) = with_request();
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id }));
    let failed = json!({ "request": id, "attempt": 1, "step": "clone", "code": "template-missing", "message": "No." });
    stage.when::<FailProvisioning>(&system(), failed);
    stage.when::<DefineOffering>(&admin(), offering(json!({ "template": "templates/debian-13" })));
    let seeing = |template: &str, waits: bool| json!({ "request": id, "expected_template": template, "expected_await_address": waits });
    for (template, waits) in [("templates/debian-12", true), ("templates/debian-13", false), ("", true)] {
        stage.when::<RetryRequest>(&admin(), seeing(template, waits)).then_rejected("offering-changed");
    }
    stage.when::<RetryRequest>(&admin(), seeing("templates/debian-13", true)).then_events(&["request-retried"]);
}
