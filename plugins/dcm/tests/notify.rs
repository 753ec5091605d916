//! Tests of the conditions of mails, which may wait for the mail server. The script compares a
//! condition with the row of a view, as the host does.

mod cast;

use cast::*;
use dcm::request::approve::ApproveRequest;
use dcm::request::cancel::CancelRequest;
use dcm::request::decision::answer::Answer;
use dcm::request::decision::ask_back::AskBack;
use dcm::request::decision::confirm::ConfirmChanges;
use dcm::request::decision::decline::DeclineChanges;
use dcm::request::decision::end_deadline::EndDeadline;
use dcm::request::decision::propose::ProposeChanges;
use dcm::request::decision::remind::RemindApprovers;
use dcm::request::reject::RejectRequest;
use dcm::request::retry::RetryRequest;
use dcm::request::submit::RequestVm;
use dcm::request::withdraw::WithdrawRequest;
use dcm::vm::confirm_gone::ConfirmGone;
use dcm::vm::decommission::DecommissionVm;
use dcm::{Dcm, DcmFlows};
use eaf_sdk::testing::{Script, Stage, system};
use eaf_sdk::{Failure, Recorded};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

/// Runs the workflow of mails for `event`. Returns the templates that were mailed, given the
/// present views, and the result of the run.
fn mailed(stage: &Stage<Dcm>, event: &Recorded) -> (Vec<String>, Value) {
    let read = ["approvals", "requesters"].map(|name| (name, stage.view_named(name)));
    let views = ["approvals", "stages", "requests", "vms"].map(|name| (name, stage.view_named(name)));
    let fits = move |condition: &Value| {
        let (_, rows) = views.iter().find(|(name, _)| condition["view"] == *name).expect("a view of the package");
        let row = rows.get(condition["key"].as_str().expect("a key"));
        row.is_some_and(|row| row[condition["member"].as_str().expect("a column")] == condition["equals"])
    };
    let sent = Rc::new(RefCell::new(Vec::new()));
    let outbox = sent.clone();
    let plain = sent.clone();
    let script = Script::new().on("mail.send", move |mail| {
        plain.borrow_mut().push(mail["template"].as_str().expect("a template").to_owned());
        Ok(json!({ "sent": 1, "failed": 0 }))
    });
    let script = script.on("flow.read", move |args| {
        let (_, rows) = read.iter().find(|(name, _)| args["view"] == *name).expect("a view that mails read");
        Ok(json!(rows.get(args["key"].as_str().expect("a key"))))
    });
    let script = script.on("mail.send-while", move |mail| {
        let fits = fits(&mail["condition"]);
        if fits {
            outbox.borrow_mut().push(mail["template"].as_str().expect("a template").to_owned());
        }
        Ok(json!({ "sent": u32::from(fits), "failed": 0, "skipped": !fits }))
    });
    let run = script.run::<DcmFlows>("notify", event);
    (sent.take(), run.result.expect("the run ends well")["outcome"].clone())
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
fn approvers_get_a_mail_only_while_the_request_is_pending() {
    let (stage, _) = with_request();
    assert_eq!(mailed(&stage, &last(&stage, "stage-opened")), (vec!["approval-requested".into()], json!("told")));

    for settle in [
        |stage: &mut Stage<Dcm>, id: &str| drop(stage.when::<WithdrawRequest>(&requester(), json!({ "request": id }))),
        |stage: &mut Stage<Dcm>, id: &str| drop(stage.when::<ApproveRequest>(&approver(), json!({ "request": id }))),
        |stage: &mut Stage<Dcm>, id: &str| {
            drop(stage.when::<RejectRequest>(&approver(), json!({ "request": id, "reason": "Not now." })));
        },
    ] {
        let (mut stage, id) = with_request();
        settle(&mut stage, &id);
        assert_eq!(mailed(&stage, &last(&stage, "stage-opened")), (vec![], json!("skipped")));
    }
}

#[test]
fn asked_approvers_except_the_decider_learn_that_a_request_is_settled() {
    let reject = |id: &str| json!({ "request": id, "reason": "Not now." });
    for (kind, except, mails) in [
        ("request-withdrawn", requester().id, vec!["request-settled"]),
        ("request-approved", approver().id, vec!["request-settled"]),
        ("request-rejected", approver().id, vec!["request-rejected", "request-settled"]),
    ] {
        let (mut stage, id) = with_request();
        match kind {
            "request-withdrawn" => drop(stage.when::<WithdrawRequest>(&requester(), json!({ "request": id }))),
            "request-approved" => drop(stage.when::<ApproveRequest>(&approver(), json!({ "request": id }))),
            _ => drop(stage.when::<RejectRequest>(&approver(), reject(&id))),
        }
        let event = last(&stage, kind);
        assert_eq!(mailed(&stage, &event).0, mails, "{kind}");
        let row = json!(stage.view_named("approvals")[&id]);
        let run = Script::new().answer("flow.read", row).run::<DcmFlows>("notify", &event);
        let mail = &run.calls_of("mail.send-while")[0];
        assert_eq!(mail["condition"]["after"], "approval-requested", "{kind}");
        assert_eq!(mail["to"]["people"]["except"], json!([except]), "{kind}: {mail}");
        assert_eq!(mail["facts"]["vm_name"], "web-01", "{kind}");
    }
}

#[test]
fn the_mail_to_a_rejected_requester_waits_for_no_other_mailbox() {
    let (mut stage, id) = with_request();
    stage.when::<RejectRequest>(&approver(), json!({ "request": id, "reason": "Not now." }));
    let busy = || Failure::permanent("mailbox-full", "It takes nothing.");
    for (function, said) in [("mail.send-while", "the others"), ("mail.send", "the requester")] {
        let script = Script::new().answer("mail.send", json!({ "sent": 1, "failed": 0 }));
        let script = script.answer("flow.read", json!(stage.view_named("approvals")[&id]));
        let script = script.answer("mail.send-while", json!({ "sent": 1, "failed": 0, "skipped": false }));
        let run = script.fail(function, busy()).run::<DcmFlows>("notify", &last(&stage, "request-rejected"));
        let mails: Vec<_> = run.calls.iter().filter(|(name, _)| name.starts_with("mail.send")).collect();
        let templates: Vec<_> = mails.iter().map(|(_, mail)| mail["template"].as_str()).collect();
        assert_eq!(templates, [Some("request-rejected"), Some("request-settled")], "{said} get nothing");
        assert_eq!(run.result.expect_err("the run says so").code, "mailbox-full");
    }
}

#[test]
fn the_owner_gets_a_mail_when_others_decommission_or_when_it_fails() {
    for (by, mails) in [(admin(), vec!["vm-decommissioned"]), (requester(), vec![])] {
        let (mut stage, id) = with_vm();
        stage.when::<DecommissionVm>(&by, json!({ "vm": id, "confirm": "web-01" }));
        assert_eq!(mailed(&stage, &last(&stage, "vm-decommission-requested")).0, mails, "{}", by.name);
        let failed = json!({ "vm": id, "attempt": 1, "step": "destroy", "code": "vm-gone", "message": "It is gone." });
        stage.when_named(&system(), "fail-decommission", 1, failed);
        let event = last(&stage, "vm-decommission-failed");
        assert_eq!(mailed(&stage, &event).0, ["vm-decommission-failed"]);
        stage.when::<ConfirmGone>(&admin(), json!({ "vm": id, "confirm": "web-01" }));
        assert_eq!(mailed(&stage, &event).1, "skipped", "it is under way again");
        assert_eq!(mailed(&stage, &last(&stage, "vm-gone-confirmed")).0, ["vm-counted-as-removed"]);
    }
}

#[test]
fn the_requester_gets_a_mail_when_an_admin_cancels() {
    for (by, mails) in [(admin(), vec!["request-cancelled"]), (requester(), vec![])] {
        let (mut stage, id) = with_failed();
        stage.when::<CancelRequest>(&by, json!({ "request": id, "reason": "The project is over." }));
        let event = last(&stage, "request-cancel-requested");
        assert_eq!(mailed(&stage, &event).0, mails, "{}", by.name);
    }
}

#[test]
fn a_failure_is_mailed_only_while_the_request_is_failed() {
    let (mut stage, id) = with_failed();
    let event = last(&stage, "request-failed");
    let both = vec!["request-failed-admin".to_owned(), "request-failed".to_owned()];
    assert_eq!(mailed(&stage, &event), (both, json!("told")));

    stage.when::<RetryRequest>(&admin(), json!({ "request": id }));
    assert_eq!(mailed(&stage, &event), (vec![], json!("skipped")));
}

#[test]
fn the_handover_is_mailed_only_while_the_machine_is_active() {
    let (mut stage, id) = with_vm();
    let event = last(&stage, "request-fulfilled");
    assert_eq!(mailed(&stage, &event), (vec!["request-fulfilled".into()], json!("told")));

    stage.when::<DecommissionVm>(&requester(), json!({ "vm": id, "confirm": "web-01" }));
    assert_eq!(mailed(&stage, &event), (vec![], json!("skipped")));
}

#[test]
fn open_questions_are_mailed_to_the_requester_and_answers_to_the_asker() {
    let (mut stage, id) = with_request();
    stage.when::<AskBack>(&approver(), json!({ "request": id, "question": "Which campaign is this for?" }));
    let asked = last(&stage, "question-asked");
    assert_eq!(mailed(&stage, &asked), (vec!["question-asked".into()], json!("told")));
    stage.when::<Answer>(&requester(), json!({ "request": id, "text": "For the one in spring." }));
    assert_eq!(mailed(&stage, &asked), (vec![], json!("skipped")));

    let answered = last(&stage, "question-answered");
    assert_eq!(mailed(&stage, &answered), (vec!["question-answered".into()], json!("told")));
    let script = Script::new().answer("mail.send-while", json!({ "sent": 1, "failed": 0, "skipped": false }));
    let run = script.run::<DcmFlows>("notify", &answered);
    let mail = &run.calls_of("mail.send-while")[0];
    assert_eq!(mail["to"]["people"]["actors"], json!([approver().id]), "{mail}");
    assert_eq!(mail["facts"]["answer"], "For the one in spring.");
    stage.when::<RejectRequest>(&approver(), json!({ "request": id, "reason": "Not now." }));
    assert_eq!(mailed(&stage, &answered), (vec![], json!("skipped")));
}

#[test]
fn proposed_changes_are_mailed_to_the_requester_their_answer_to_proposer() {
    let propose = |stage: &mut Stage<Dcm>, id: &str| {
        let body = json!({ "request": id, "cpus": 1, "comment": "One is enough." });
        stage.when::<ProposeChanges>(&approver(), body).then_events(&["changes-proposed"]);
        last(stage, "changes-proposed")
    };
    let (mut stage, id) = with_request();
    let proposed = propose(&mut stage, &id);
    assert_eq!(mailed(&stage, &proposed), (vec!["changes-proposed".into()], json!("told")));
    stage.when::<DeclineChanges>(&requester(), json!({ "request": id, "text": "We need both." }));
    assert_eq!(mailed(&stage, &proposed), (vec![], json!("skipped")));
    let declined = last(&stage, "changes-declined");
    propose(&mut stage, &id);
    stage.when::<ConfirmChanges>(&requester(), json!({ "request": id }));
    for event in [declined, last(&stage, "changes-confirmed")] {
        let script = Script::new().answer("mail.send", json!({ "sent": 1, "failed": 0 }));
        let run = script.run::<DcmFlows>("notify", &event);
        let mail = &run.calls_of("mail.send")[0];
        assert_eq!(mail["template"], event.kind, "{mail}");
        assert_eq!(mail["to"]["actor"], approver().id, "{mail}");
    }
}

/// Actor ids that the mail of this event excepts.
fn excepted(event: &Recorded) -> Value {
    let to = Rc::new(RefCell::new(Value::Null));
    let sent = to.clone();
    let script = Script::new().on("mail.send-while", move |mail| {
        *sent.borrow_mut() = mail["to"].clone();
        Ok(json!({ "sent": 1, "failed": 0, "skipped": false }))
    });
    script.run::<DcmFlows>("notify", event).result.expect("the run ends well");
    to.take()["people"]["except"].clone()
}

#[test]
fn people_who_have_decided_on_a_stage_are_not_asked_again() {
    let deadline = json!({ "hours": 8, "remind_after": [4], "finally": "expire",
        "escalate": [{ "to": { "permission": "approve" }, "hours": 4 }] });
    let mut stage = with_policy(two_stages(json!({ "after": [], "needs": { "at_least": 2 }, "deadline": deadline })));
    let mut body = wanted("web-01");
    body["cpus"] = 4.into();
    let id = stage.when::<RequestVm>(&requester(), body).command_id;
    let opened = last(&stage, "stage-opened");
    assert_eq!((&opened.data["stage"], excepted(&opened)), (&json!("costly.finance"), json!([requester().id])));

    let [fritz, _] = finance();
    let comment = json!({ "request": id, "cpus": 2, "comment": "Two are enough to begin with." });
    stage.when::<ProposeChanges>(&fritz, comment);
    stage.when::<ConfirmChanges>(&requester(), json!({ "request": id }));
    let opened = last(&stage, "stage-opened");
    assert_eq!(opened.data["stage"], "costly.finance");
    assert_eq!(excepted(&opened), json!([requester().id, fritz.id]));

    let due = last(&stage, "stage-deadline-set").data["due_at"].clone();
    let body = json!({ "request": id, "stage": "costly.finance", "due_at": due });
    stage.when::<RemindApprovers>(&system(), body.clone()).then_events(&["stage-reminded"]);
    assert_eq!(excepted(&last(&stage, "stage-reminded")), json!([requester().id, fritz.id]));
    stage.now = due.as_i64().expect("a time");
    stage.when::<EndDeadline>(&system(), body).then_events(&["stage-escalated", "stage-deadline-set"]);
    assert_eq!(excepted(&last(&stage, "stage-escalated")), json!([requester().id, fritz.id]));
}

#[test]
fn the_mail_that_asks_says_why_who_approved_and_what_the_requester_has() {
    let costly = json!({ "when": { "fact": "monthly_cents", "is": "gt", "value": 1_000 } });
    let mut stage = with_policy(two_stages(costly));
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id }));
    let views = ["approvals", "requesters"].map(|name| (name, stage.view_named(name)));
    let script = Script::new().on("flow.read", move |args| {
        let (_, rows) = views.iter().find(|(name, _)| args["view"] == *name).expect("a view that mails read");
        Ok(json!(rows.get(args["key"].as_str().expect("a key"))))
    });
    let script = script.answer("mail.send-while", json!({ "sent": 1, "failed": 0, "skipped": false }));
    let run = script.run::<DcmFlows>("notify", &last(&stage, "stage-opened"));
    let facts = &run.calls_of("mail.send-while")[0]["facts"];
    assert_eq!(facts["stage"]["en"], "Finance");
    let reason = json!({ "fact": "monthly_cents", "actual": 3_000, "sign": ">", "bound": 1_000 });
    assert_eq!(facts["reasons"], json!([reason]));
    assert_eq!(facts["approved_by"], json!([manager().name]));
    let present = json!({ "vms": 0, "names": [], "monthly_cents": 0, "more": 0, "after_cents": 3_000 });
    assert_eq!(facts["present"], present);
}
