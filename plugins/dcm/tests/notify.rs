//! Mails that wait for the mail server go out only while they fit. The script stands for the host:
//! it compares the row of the condition as the host does.

mod cast;

use cast::*;
use dcm::request::approve::ApproveRequest;
use dcm::request::reject::RejectRequest;
use dcm::request::retry::RetryRequest;
use dcm::request::withdraw::WithdrawRequest;
use dcm::vm::decommission::DecommissionVm;
use dcm::{Dcm, DcmFlows};
use eaf_sdk::Recorded;
use eaf_sdk::testing::{Script, Stage, system};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

/// The templates that are mailed when `event` is acted on with the views as they stand now, and how
/// the run ends.
fn mailed(stage: &Stage<Dcm>, event: &Recorded) -> (Vec<String>, Value) {
    let views = ["approvals", "requests", "vms"].map(|name| (name, stage.view_named(name)));
    let fits = move |condition: &Value| {
        let (_, rows) = views.iter().find(|(name, _)| condition["view"] == *name).expect("a view of the package");
        let row = rows.get(condition["key"].as_str().expect("a key"));
        row.is_some_and(|row| row[condition["member"].as_str().expect("a column")] == condition["equals"])
    };
    let sent = Rc::new(RefCell::new(Vec::new()));
    let outbox = sent.clone();
    let script = Script::new().on("mail.send-while", move |mail| {
        let fits = fits(&mail["condition"]);
        if fits {
            outbox.borrow_mut().push(mail["template"].as_str().expect("a template").to_owned());
        }
        Ok(json!({ "sent": u32::from(fits), "failed": 0, "skipped": !fits }))
    });
    let played = script.play::<DcmFlows>("notify", event);
    (sent.take(), played.result.expect("the run ends well")["outcome"].clone())
}

fn last(stage: &Stage<Dcm>, kind: &str) -> Recorded {
    stage.log.iter().rev().find(|recorded| recorded.kind == kind).unwrap().clone()
}

fn with_failed() -> (Stage<Dcm>, String) {
    let (mut stage, id) = with_approved();
    let failed = json!({ "request": id, "attempt": 1, "step": "clone", "code": "full", "message": "Full." });
    stage.when_named(&system(), "fail-provisioning", 1, failed);
    (stage, id)
}

#[test]
fn approvers_are_asked_only_while_the_request_waits_for_them() {
    let (stage, _) = with_request();
    assert_eq!(mailed(&stage, &last(&stage, "request-submitted")), (vec!["approval-requested".into()], json!("told")));

    for settle in [
        |stage: &mut Stage<Dcm>, id: &str| drop(stage.when::<WithdrawRequest>(&requester(), json!({ "request": id }))),
        |stage: &mut Stage<Dcm>, id: &str| drop(stage.when::<ApproveRequest>(&approver(), json!({ "request": id }))),
        |stage: &mut Stage<Dcm>, id: &str| {
            drop(stage.when::<RejectRequest>(&approver(), json!({ "request": id, "reason": "Not now." })));
        },
    ] {
        let (mut stage, id) = with_request();
        settle(&mut stage, &id);
        assert_eq!(mailed(&stage, &last(&stage, "request-submitted")), (vec![], json!("skipped")));
    }
}

#[test]
fn a_failure_is_mailed_only_while_the_request_stands_failed() {
    let (mut stage, id) = with_failed();
    let event = last(&stage, "request-failed");
    let both = vec!["request-failed-admin".to_owned(), "request-failed".to_owned()];
    assert_eq!(mailed(&stage, &event), (both, json!("told")));

    stage.when::<RetryRequest>(&admin(), json!({ "request": id }));
    assert_eq!(mailed(&stage, &event), (vec![], json!("skipped")));
}

#[test]
fn a_machine_is_handed_over_by_mail_only_while_it_is_in_use() {
    let (mut stage, id) = with_vm();
    let event = last(&stage, "request-fulfilled");
    assert_eq!(mailed(&stage, &event), (vec!["request-fulfilled".into()], json!("told")));

    stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": "web-01" }));
    assert_eq!(mailed(&stage, &event), (vec![], json!("skipped")));
}
