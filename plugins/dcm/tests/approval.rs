//! Tests of approvals by policies: given policies and people, when people decide or time passes,
//! then stages pass, escalate or end.

mod cast;

use cast::*;
use dcm::request::approvals::Approvals;
use dcm::request::approve::ApproveRequest;
use dcm::request::decision::end_deadline::EndDeadline;
use dcm::request::decision::remind::RemindApprovers;
use dcm::request::decision::stages::Stages;
use dcm::request::reject::RejectRequest;
use dcm::request::submit::RequestVm;
use dcm::request::view::Requests;
use dcm::{Dcm, DcmFlows};
use eaf_sdk::document::{Actor, Decision};
use eaf_sdk::testing::{Script, Stage, person, system};
use eaf_sdk::{Failure, People, Principal};
use serde_json::{Value, json};
use std::cell::Cell;

const HOUR: i64 = 3_600_000;

fn submitted(stage: &mut Stage<Dcm>) -> String {
    stage.when::<RequestVm>(&requester(), wanted("web-01")).then_events(SUBMITTED).command_id
}

fn status(stage: &Stage<Dcm>, id: &str) -> Value {
    stage.view::<Requests>()[id]["status"].clone()
}

#[test]
fn two_stages_pass_one_after_the_other() {
    let mut stage = with_policy(two_stages(json!({})));
    let id = submitted(&mut stage);
    let body = json!({ "request": id });
    let [fritz, _] = finance();
    stage.when::<ApproveRequest>(&fritz, body.clone()).then_rejected("not-an-approver");
    stage.when::<ApproveRequest>(&approver(), body.clone()).then_rejected("not-an-approver");
    let waiting = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
    assert_eq!((waiting.code.as_str(), &waiting.params["stages"][0]["name"]), ("approval", &json!("Manager")));
    assert_eq!(waiting.params["people"][0]["x-eaf-people"]["managers_of"], json!([requester().id]));

    stage.when::<ApproveRequest>(&manager(), body.clone()).then_events(&[
        "stage-decided",
        "stage-passed",
        "stage-opened",
    ]);
    assert_eq!(status(&stage, &id), "pending");
    assert_eq!(stage.view::<Approvals>()[&id]["waiting_for"][0]["groups"], json!(["finance"]));
    stage.when::<ApproveRequest>(&fritz, json!({ "request": id, "comment": "Within the budget." })).then_events(&[
        "stage-decided",
        "stage-passed",
        "request-approved",
    ]);
    let row = stage.view::<Approvals>()[&id].clone();
    assert_eq!((&row["status"], &row["waiting_for"]), (&json!("approved"), &Value::Null));
    assert_eq!(row["decisions"][1]["comment"], "Within the budget.");
    assert_eq!(row["decisions"][1]["approver_name"], "Fritz Finance");
}

#[test]
fn a_small_request_is_approved_by_a_rule() {
    let mut stage = with_policy(two_stages(json!({})));
    let mut body = wanted("web-01");
    body["cpus"] = 1.into();
    let Decision::Accepted(accepted) = stage.dry_run(&requester(), "request-vm", 1, body.clone()).decision else {
        panic!("refused")
    };
    let quoted = Value::from(accepted.preview);
    assert_eq!(
        (&quoted["approval"]["stages"], &quoted["approval"]["rules"][0]["name"]),
        (&json!([]), &json!("Small ones"))
    );
    let id = stage
        .when::<RequestVm>(&requester(), body)
        .then_events(&["request-submitted", "name-claimed", "approval-planned", "request-auto-approved"])
        .command_id;
    assert_eq!(status(&stage, &id), "approved");
    let event = stage.log.last().unwrap();
    assert_eq!((&event.data["cause"], &event.data["rules"][0]["en"]), (&json!("rule"), &json!("Small ones")));
}

#[test]
fn a_rejection_in_any_stage_ends_the_request_and_releases_its_name() {
    let mut stage = with_policy(two_stages(json!({})));
    let id = submitted(&mut stage);
    let reject = json!({ "request": id, "reason": "Use the old one." });
    stage.when::<RejectRequest>(&manager(), reject).then_events(&[
        "stage-decided",
        "request-rejected",
        "name-released",
    ]);
    let rows = stage.view::<Stages>();
    assert_eq!(rows[&format!("{id}/costly.manager")]["status"], "ended");
    assert!(!rows.contains_key(&format!("{id}/costly.finance")));
    stage.when::<RequestVm>(&requester(), wanted("web-01")).then_events(SUBMITTED);
}

#[test]
fn a_quorum_counts_people_and_each_only_once() {
    let mut stage = with_policy(two_stages(json!({ "after": [], "needs": { "at_least": 2 } })));
    let opened = ["request-submitted", "name-claimed", "approval-planned", "stage-opened", "stage-opened"];
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).then_events(&opened).command_id;
    let body = json!({ "request": id });
    let [fritz, frieda] = finance();
    stage.when::<ApproveRequest>(&fritz, body.clone()).then_events(&["stage-decided"]);
    stage.when::<ApproveRequest>(&fritz, body.clone()).then_rejected("already-decided");
    let why = &stage.offered::<Approvals>(&fritz, &id).actions;
    assert!(why.is_empty(), "a decided person without the permission to approve is offered nothing: {why:?}");
    stage.when::<ApproveRequest>(&frieda, body.clone()).then_events(&["stage-decided", "stage-passed"]);
    stage.when::<ApproveRequest>(&manager(), body).then_events(&["stage-decided", "stage-passed", "request-approved"]);
}

#[test]
fn the_requester_never_decides_by_a_group_a_deputy_or_another_role() {
    let mut stage = with_policy(two_stages(json!({ "after": [] })));
    let [fritz, frieda] = finance();
    let mut body = wanted("own-01");
    body["name"] = "own-01".into();
    // Fritz is in the group that decides, is his own manager and holds every permission.
    let all = Actor { permissions: admin().permissions, manages: vec![fritz.id.clone()], ..fritz.clone() };
    stage.set_people(People::manager_of(&fritz.id), &[&fritz.id]);
    let id = stage.when::<RequestVm>(&all, body).command_id;
    stage.when::<ApproveRequest>(&all, json!({ "request": id })).then_rejected("own-request");
    // Frieda deputises for Fritz: his seat does not exist, and her own counts once.
    let (permissions, groups) = (all.permissions.clone(), fritz.groups.clone());
    let principal = Principal { id: fritz.id.clone(), permissions, groups, ..Principal::default() };
    let deputy = Actor { stands_in_for: vec![principal], ..person("Doris Deputy", &["request", "decide"]) };
    stage.when::<ApproveRequest>(&deputy, json!({ "request": id })).then_rejected("not-an-approver");
    stage.when::<ApproveRequest>(&frieda, json!({ "request": id })).then_events(&["stage-decided", "stage-passed"]);
    assert_eq!(status(&stage, &id), "pending", "his manager is himself, so that an admin must decide");
    stage.when::<ApproveRequest>(&admin(), json!({ "request": id })).then_events(&[
        "stage-decided",
        "stage-passed",
        "request-approved",
    ]);
}

#[test]
fn a_deputy_decides_in_the_name_of_the_person() {
    let mut stage = with_policy(two_stages(json!({})));
    let id = submitted(&mut stage);
    let deputy = deputy();
    let offered = stage.offered::<Approvals>(&deputy, &id).actions;
    assert!(offered.iter().all(|action| action.allowed) && offered.len() == 4, "{offered:?}");
    stage.when::<ApproveRequest>(&deputy, json!({ "request": id }));
    let decided = stage.log.iter().find(|recorded| recorded.kind == "stage-decided").unwrap();
    assert_eq!(decided.data["approver_id"], deputy.id.as_str());
    assert_eq!(decided.data["on_behalf_of_id"], manager().id.as_str());
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id })).then_rejected("not-an-approver");
}

#[test]
fn a_decision_is_for_the_revision_that_was_read() {
    let mut stage = with_policy(two_stages(json!({})));
    let id = submitted(&mut stage);
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id, "revision": 2 })).then_rejected("revision-changed");
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id, "revision": 1 }));
}

#[test]
fn a_request_of_an_erased_person_can_only_be_rejected() {
    let (mut stage, id) = with_request();
    for recorded in &mut stage.log {
        if recorded.data.get("requester_name").is_some() {
            recorded.data["requester_name"] = "".into();
        }
    }
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id })).then_rejected("requester-erased");
    let offered = stage.offered::<Approvals>(&approver(), &id).actions;
    let allowed: Vec<_> = offered.iter().map(|action| (action.command.as_str(), action.allowed)).collect();
    assert_eq!(allowed, [("approve-request", false), ("reject-request", true), ("pass-on-decision", true)]);
    stage.when::<RejectRequest>(&approver(), json!({ "request": id, "reason": "Left." }));
}

#[test]
fn a_stage_without_people_escalates_and_never_passes() {
    let mut stage = with_policy(two_stages(json!({})));
    stage.set_people(People::manager_of(&requester().id), &[]);
    let events = ["request-submitted", "name-claimed", "approval-planned", "stage-opened", "stage-escalated"];
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).then_events(&events).command_id;
    let waiting = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
    assert_eq!(open_seats(&stage, &waiting), [[admin().id]]);
    stage.when::<ApproveRequest>(&admin(), json!({ "request": id })).then_events(&[
        "stage-decided",
        "stage-passed",
        "stage-opened",
    ]);
}

fn with_deadline() -> (Stage<Dcm>, String, i64) {
    let deadline = json!({ "hours": 8, "remind_after": [4], "finally": "expire",
        "escalate": [{ "to": { "permission": "approve" }, "hours": 4 }] });
    let mut stage = with_policy(two_stages(json!({ "after": [], "deadline": deadline })));
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    let set = stage.log.iter().find(|recorded| recorded.kind == "stage-deadline-set").unwrap();
    assert_eq!(set.data["remind_at"].as_array().unwrap().len(), 1);
    let due = set.data["due_at"].as_i64().unwrap();
    (stage, id, due)
}

#[test]
fn a_deadline_reminds_escalates_and_then_expires() {
    let (mut stage, id, due) = with_deadline();
    let key = format!("{id}/costly.finance");
    let body = |due: i64| json!({ "request": id, "stage": "costly.finance", "due_at": due });
    stage.when::<RemindApprovers>(&system(), body(due)).then_events(&["stage-reminded"]);
    stage.when::<EndDeadline>(&system(), body(due)).then_rejected("deadline-not-over");

    stage.now = due;
    stage.when::<EndDeadline>(&system(), body(due)).then_events(&["stage-escalated", "stage-deadline-set"]);
    let second = stage.view::<Stages>()[&key]["due_at"].as_i64().unwrap();
    assert!(second >= due + 4 * HOUR);
    stage.when::<EndDeadline>(&system(), body(due)).then_events(&[]);
    stage.when::<RemindApprovers>(&system(), body(due)).then_events(&[]);

    stage.now = second;
    stage.when::<EndDeadline>(&system(), body(second)).then_events(&["request-expired", "name-released"]);
    assert_eq!(status(&stage, &id), "expired");
    let ended: Vec<_> = stage.view::<Stages>().into_values().map(|row| row["status"].clone()).collect();
    assert_eq!(ended, ["ended", "ended"]);
    stage.when::<EndDeadline>(&system(), body(second)).then_events(&[]);
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id })).then_rejected("request-not-pending");
}

#[test]
fn after_an_escalation_the_others_may_decide_too() {
    let (mut stage, id, due) = with_deadline();
    stage.now = due;
    stage.when::<EndDeadline>(&system(), json!({ "request": id, "stage": "costly.finance", "due_at": due }));
    stage.when::<ApproveRequest>(&approver(), json!({ "request": id })).then_events(&["stage-decided", "stage-passed"]);
    let [fritz, _] = finance();
    stage.when::<ApproveRequest>(&fritz, json!({ "request": id })).then_rejected("not-an-approver");
}

#[test]
fn the_run_of_a_deadline_waits_reminds_and_reports() {
    let (stage, id, due) = with_deadline();
    let event = stage.log.iter().find(|recorded| recorded.kind == "stage-deadline-set").unwrap();
    let tries = Cell::new(0);
    let script = Script::new().answer("flow.now", json!(stage.now)).answer("flow.sleep", json!({})).on(
        "flow.submit",
        move |call| {
            let is_first = call["command"] == "end-deadline" && tries.replace(tries.get() + 1) == 0;
            let early = Failure { class: "rejected".into(), ..Failure::permanent("deadline-not-over", "Too early.") };
            if is_first { Err(early) } else { Ok(json!({})) }
        },
    );
    let run = script.run::<DcmFlows>("stage-deadline", event);
    let commands: Vec<_> = run.submitted().into_iter().map(|(command, _)| command).collect();
    assert_eq!(commands, ["remind-approvers", "end-deadline", "end-deadline"]);
    assert_eq!(run.submitted()[1].1, &json!({ "request": id, "stage": "costly.finance", "due_at": due }));
}

#[test]
fn each_open_stage_waits_for_its_own_people() {
    let mut stage = with_policy(two_stages(json!({ "after": [], "needs": { "at_least": 2 } })));
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    let [fritz, frieda] = finance();
    stage.set_people(People::manager_of(&requester().id), &[&manager().id, &fritz.id]);
    let fritz_who_manages = Actor { manages: vec![requester().id], ..fritz.clone() };
    let body = json!({ "request": id });
    stage.when::<ApproveRequest>(&frieda, body.clone()).then_events(&["stage-decided"]);
    let seats = |stage: &Stage<Dcm>| {
        let waiting = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
        let lacks = waiting.params["stages"].as_array().unwrap().iter().map(|said| said["missing"].clone());
        (open_seats(stage, &waiting), json!(lacks.collect::<Vec<_>>()))
    };
    let mut both = vec![manager().id, fritz.id.clone()];
    both.sort();
    assert_eq!(seats(&stage), (vec![both.clone(), vec![fritz.id.clone()]], json!([1, 1])));
    // Frieda has decided for finance; she is asked again as the requester's new manager.
    stage.set_people(People::manager_of(&requester().id), &[&frieda.id]);
    assert_eq!(seats(&stage).0, [[frieda.id.clone()], [fritz.id.clone()]]);
    let waiting_for = stage.view::<Approvals>()[&id]["waiting_for"].clone();
    let named = |index: usize| stage.resolve(serde_json::from_value(waiting_for[index].clone()).unwrap()).actors;
    assert_eq!([named(0), named(1)], [[frieda.id.clone()], [fritz.id.clone()]]);
    // Finance lacks people although the other stage has some.
    stage.set_people(People::in_group("finance"), &[&frieda.id]);
    assert_eq!(seats(&stage), (vec![vec![frieda.id.clone()], vec![]], json!([1, 1])));
    stage.set_people(People::in_group("finance"), &[&fritz.id, &frieda.id]);
    let frieda = Actor { manages: vec![requester().id], ..frieda };
    stage.when::<ApproveRequest>(&frieda, body.clone()).then_events(&["stage-decided", "stage-passed"]);
    stage.set_people(People::manager_of(&requester().id), &[&fritz.id]);
    let decided = ["stage-decided", "stage-passed", "request-approved"];
    stage.when::<ApproveRequest>(&fritz_who_manages, body).then_events(&decided);
}
