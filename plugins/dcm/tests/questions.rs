//! Tests of questions: given a request that waits for its approvers, when they ask back, then it
//! waits for its requester and no deadline runs until the answer.

mod cast;

use cast::*;
use dcm::Dcm;
use dcm::request::approvals::Approvals;
use dcm::request::approve::ApproveRequest;
use dcm::request::decision::answer::Answer;
use dcm::request::decision::ask_back::AskBack;
use dcm::request::decision::end_deadline::EndDeadline;
use dcm::request::decision::remind::RemindApprovers;
use dcm::request::decision::stages::Stages;
use dcm::request::reject::RejectRequest;
use dcm::request::submit::RequestVm;
use dcm::request::view::Requests;
use dcm::request::withdraw::WithdrawRequest;
use eaf_sdk::testing::{Stage, system};
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;
/// Monday, 2 November 2026, 9:00 in Berlin, the default zone of calendars.
const MONDAY_9: i64 = 1_793_606_400_000;

fn question(request: &str) -> Value {
    json!({ "request": request, "question": " Which campaign is this for? " })
}

fn answer(request: &str) -> Value {
    json!({ "request": request, "text": "For the one in spring." })
}

/// Request that waits for the requester's manager and for finance, which has 8 hours and a reminder
/// after 4; with the time when the deadline is over.
fn with_deadline() -> (Stage<Dcm>, String, i64) {
    let deadline = json!({ "hours": 8, "remind_after": [4], "finally": "expire" });
    let mut stage = with_policy(two_stages(json!({ "after": [], "deadline": deadline })));
    stage.now = MONDAY_9;
    let id = stage.when::<RequestVm>(&requester(), wanted("web-01")).command_id;
    let due = finance_row(&stage, &id)["due_at"].as_i64().unwrap();
    assert_eq!(due, MONDAY_9 + 8 * HOUR, "within the working day");
    (stage, id, due)
}

fn finance_row(stage: &Stage<Dcm>, id: &str) -> Value {
    json!(stage.view::<Stages>()[&format!("{id}/costly.finance")])
}

fn end_of(id: &str, due_at: i64) -> Value {
    json!({ "request": id, "stage": "costly.finance", "due_at": due_at })
}

#[test]
fn a_request_waits_for_its_requester_from_the_question_to_the_answer() {
    let (mut stage, id, _) = with_deadline();
    stage.now += HOUR;
    let asked_at = stage.now;
    stage.when::<AskBack>(&manager(), question(&id)).then_events(&["question-asked"]);
    let waiting = stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap();
    assert_eq!((waiting.code.as_str(), &waiting.params["since"]), ("answer", &json!(asked_at)));
    assert_eq!(waiting.params["people"]["x-eaf-people"]["actors"], json!([requester().id]));
    let row = stage.view::<Requests>()[&id].clone();
    assert_eq!(
        (&row["awaited"], &row["due_at"], &row["status"]),
        (&json!("requester"), &Value::Null, &json!("pending"))
    );
    let offered = stage.offered::<Requests>(&requester(), &id).actions;
    assert!(offered.iter().any(|action| action.command == "answer" && action.allowed), "{offered:?}");

    stage.now += HOUR;
    let answered_at = stage.now;
    stage.when::<Answer>(&requester(), answer(&id)).then_events(&["question-answered", "stage-deadline-set"]);
    let row = stage.view::<Approvals>()[&id].clone();
    assert_eq!(row["awaited"], "approvers");
    let thread = &row["thread"];
    let said = |index: usize| [&thread[index]["kind"], &thread[index]["by_name"], &thread[index]["text"]];
    assert_eq!(said(0), [&json!("question"), &json!("Mona Manager"), &json!("Which campaign is this for?")]);
    assert_eq!(said(1), [&json!("answer"), &json!("Rita Requester"), &json!("For the one in spring.")]);
    assert_eq!((&thread[1]["at"], &thread[1]["revision"]), (&json!(answered_at), &json!(1)));
    assert_eq!(stage.offered::<Requests>(&requester(), &id).waiting_on.unwrap().code, "approval");
    let offered = stage.offered::<Requests>(&requester(), &id).actions;
    assert!(offered.iter().all(|action| action.command != "answer"), "{offered:?}");
}

#[test]
fn after_the_answer_the_deadline_has_the_hours_and_reminders_that_remain() {
    let (mut stage, id, due) = with_deadline();
    stage.now = MONDAY_9 + 3 * HOUR;
    stage.when::<AskBack>(&manager(), question(&id));
    assert_eq!(finance_row(&stage, &id)["due_at"], Value::Null);
    stage.when::<RemindApprovers>(&system(), end_of(&id, due)).then_events(&[]);
    stage.now = due;
    stage.when::<EndDeadline>(&system(), end_of(&id, due)).then_events(&[]);

    // Tuesday, 12:00: 5 hours are left, which are the rest of the working day.
    stage.now = MONDAY_9 + 27 * HOUR;
    stage.when::<Answer>(&requester(), answer(&id)).then_events(&["question-answered", "stage-deadline-set"]);
    let later = MONDAY_9 + 32 * HOUR;
    assert_eq!(finance_row(&stage, &id)["due_at"], later);
    let set = &stage.log.last().unwrap().data;
    assert_eq!((&set["due_at"], &set["remind_at"]), (&json!(later), &json!([MONDAY_9 + 28 * HOUR])));
    stage.when::<EndDeadline>(&system(), end_of(&id, due)).then_events(&[]);
    stage.now = later;
    stage.when::<EndDeadline>(&system(), end_of(&id, later)).then_events(&["request-expired", "name-released"]);
}

#[test]
fn a_reminder_that_has_come_does_not_come_again_after_the_answer() {
    let (mut stage, id, _) = with_deadline();
    stage.now = MONDAY_9 + 5 * HOUR;
    stage.when::<AskBack>(&manager(), question(&id));
    stage.when::<Answer>(&requester(), answer(&id));
    assert_eq!(stage.log.last().unwrap().data["remind_at"], json!([]));
}

#[test]
fn only_people_who_are_asked_ask_back_and_on_the_revision_they_read() {
    let (mut stage, id, _) = with_deadline();
    stage.when::<AskBack>(&requester(), question(&id)).then_rejected("own-request");
    stage.when::<AskBack>(&admin(), question(&id)).then_rejected("not-an-approver");
    let unread = json!({ "request": id, "revision": 2, "question": "Which campaign?" });
    stage.when::<AskBack>(&manager(), unread).then_rejected("revision-changed");
    stage
        .when::<AskBack>(&manager(), json!({ "request": id, "question": "" }))
        .then_fields(&[("/question", "question-too-short")]);
    stage.when::<AskBack>(&deputy(), question(&id)).then_events(&["question-asked"]);
    let asked = &stage.log.last().unwrap().data;
    assert_eq!(asked["on_behalf_of_id"], manager().id.as_str());
    stage.when::<RejectRequest>(&manager(), json!({ "request": id, "reason": "Use the old one." }));
    stage.when::<AskBack>(&manager(), question(&id)).then_rejected("request-not-pending");
}

#[test]
fn only_the_requester_answers_and_only_an_open_question() {
    let (mut stage, id, _) = with_deadline();
    stage.when::<Answer>(&requester(), answer(&id)).then_rejected("no-question");
    stage.when::<AskBack>(&manager(), question(&id));
    stage.when::<Answer>(&admin(), answer(&id)).then_rejected("not-requester");
    let unread = json!({ "request": id, "revision": 2, "text": "For the one in spring." });
    stage.when::<Answer>(&requester(), unread).then_rejected("revision-changed");
    stage
        .when::<Answer>(&requester(), json!({ "request": id, "text": "" }))
        .then_fields(&[("/text", "answer-too-short")]);
    stage.when::<Answer>(&requester(), answer(&id));
    stage.when::<Answer>(&requester(), answer(&id)).then_rejected("no-question");
}

#[test]
fn one_answer_is_for_the_questions_of_several_people() {
    let (mut stage, id, _) = with_deadline();
    let [fritz, _] = finance();
    stage.when::<AskBack>(&manager(), question(&id));
    stage.when::<AskBack>(&fritz, question(&id)).then_events(&["question-asked"]);
    stage.when::<Answer>(&requester(), answer(&id));
    let answered = stage.log.iter().find(|recorded| recorded.kind == "question-answered").unwrap();
    let mut both = [manager().id, fritz.id];
    both.sort();
    assert_eq!(answered.data["asked_by"], json!(both));
}

#[test]
fn people_decide_and_the_requester_withdraws_while_a_question_is_open() {
    let (mut stage, id, _) = with_deadline();
    stage.when::<AskBack>(&manager(), question(&id));
    let [fritz, _] = finance();
    stage.when::<ApproveRequest>(&fritz, json!({ "request": id })).then_events(&["stage-decided", "stage-passed"]);
    assert_eq!(stage.view::<Requests>()[&id]["awaited"], "requester");
    stage.when::<ApproveRequest>(&manager(), json!({ "request": id })).then_events(&[
        "stage-decided",
        "stage-passed",
        "request-approved",
    ]);
    assert_eq!(stage.view::<Requests>()[&id]["awaited"], Value::Null);
    stage.when::<Answer>(&requester(), answer(&id)).then_rejected("request-not-pending");

    let (mut stage, id, _) = with_deadline();
    stage.when::<AskBack>(&manager(), question(&id));
    stage
        .when::<WithdrawRequest>(&requester(), json!({ "request": id }))
        .then_events(&["request-withdrawn", "name-released"]);
    assert_eq!(finance_row(&stage, &id)["status"], "ended");
}

#[test]
fn a_requester_who_was_erased_is_not_asked() {
    let (mut stage, id, _) = with_deadline();
    for recorded in &mut stage.log {
        if recorded.data.get("requester_name").is_some() {
            recorded.data["requester_name"] = "".into();
        }
    }
    stage.when::<AskBack>(&manager(), question(&id)).then_rejected("requester-erased");
}
