//! Tests of questions: given open stages with deadlines, when people ask and the requester answers,
//! then the deadlines stop and run again for the time that was left.

use super::super::approval::Verdict;
use super::super::document::{Finally, Needs};
use super::super::operations::tests::*;
use super::super::waiting::waiting_on;
use super::*;
use std::collections::BTreeSet;

fn vote(actor: &str) -> Vote<'_> {
    Vote { actor, on_behalf_of: None, stage: None, revision: 1, verdict: Verdict::Approve }
}

fn members() -> TestMembers {
    TestMembers::default().group("heads", &["anna", "bert", REQUESTER]).group("board", &["boris"]).operators(&["olga"])
}

/// Approval with a stage that has 8 hours, and then 4 of the board.
fn timely(members: &TestMembers) -> Approval {
    started(members, vec![timed(staged("a", &["heads"], Needs::All), 8, &[("board", 4)], Finally::Expire)])
}

fn asked(approval: &mut Approval, members: &TestMembers, actor: &str, now: i64) {
    let changes = approval.ask(at(members, now), &vote(actor)).unwrap_or_else(|refused| panic!("{}", refused.code));
    apply(approval, &changes);
}

fn answered(approval: &mut Approval, members: &TestMembers, now: i64) {
    let changes = approval.answer(at(members, now), 1).unwrap_or_else(|refused| panic!("{}", refused.code));
    apply(approval, &changes);
}

fn due_at(approval: &Approval) -> Option<i64> {
    approval.open("a").unwrap().due_at
}

#[test]
fn the_deadline_stops_while_a_question_is_open_and_retains_its_hours() {
    let (members, mut approval) = (members(), timely(&members()));
    asked(&mut approval, &members, "anna", 3 * HOUR);
    assert_eq!(due_at(&approval), None);
    assert_eq!(waiting_on(&approval, &members, 4 * HOUR).unwrap().answer_since, Some(3 * HOUR));
    // The deadline would have been over at 8 hours.
    assert_eq!(approval.escalate(at(&members, 9 * HOUR), "a").unwrap_err().code, "deadline-not-over");
    asked(&mut approval, &members, "bert", 10 * HOUR);
    let question = approval.question.clone().unwrap();
    assert_eq!((question.since, question.by.len()), (3 * HOUR, 2));
    answered(&mut approval, &members, 100 * HOUR);
    assert_eq!((due_at(&approval), approval.question.clone()), (Some(105 * HOUR), None));
    assert_eq!(waiting_on(&approval, &members, 0).unwrap().answer_since, None);
    let changes = approval.escalate(at(&members, 105 * HOUR), "a").unwrap();
    apply(&mut approval, &changes);
    assert_eq!(due_at(&approval), Some(109 * HOUR));
}

#[test]
fn a_deadline_that_is_over_at_the_question_is_over_at_the_answer() {
    let (members, mut approval) = (members(), timely(&members()));
    asked(&mut approval, &members, "anna", 9 * HOUR);
    answered(&mut approval, &members, 20 * HOUR);
    assert_eq!(due_at(&approval), Some(20 * HOUR));
    assert!(approval.escalate(at(&members, 20 * HOUR), "a").is_ok());
}

#[test]
fn only_people_who_may_decide_ask_and_only_an_open_question_is_answered() {
    let (members, mut approval) = (members(), timely(&members()));
    let refused = |approval: &Approval, vote: &Vote| approval.ask(at(&members, 0), vote).unwrap_err().code;
    assert_eq!(refused(&approval, &vote(REQUESTER)), "own-request");
    assert_eq!(refused(&approval, &vote("boris")), "not-an-approver");
    assert_eq!(refused(&approval, &Vote { revision: 2, ..vote("anna") }), "revision-changed");
    assert_eq!(approval.answer(at(&members, 0), 1).unwrap_err().code, "no-question");
    asked(&mut approval, &members, "anna", 0);
    assert_eq!(approval.answer(at(&members, 0), 2).unwrap_err().code, "revision-changed");
    voted(&mut approval, &members, &vote("anna"));
    assert_eq!(refused(&approval, &vote("anna")), "already-decided");
}

#[test]
fn people_may_decide_while_a_question_is_open() {
    let members = members();
    let mut second = timed(staged("b", &["board"], Needs::Any), 6, &[], Finally::Approve);
    second.after = vec!["a".into()];
    let first = timed(staged("a", &["heads"], Needs::Any), 8, &[], Finally::Expire);
    let mut approval = started(&members, vec![first, second]);
    asked(&mut approval, &members, "anna", 3 * HOUR);
    assert_eq!(voted(&mut approval, &members, &vote("bert")), ["decided", "stage-passed", "stage-opened"]);
    let opened = approval.open("b").unwrap();
    assert_eq!((opened.due_at, opened.left_ms), (None, Some(6 * HOUR)));
    answered(&mut approval, &members, 50 * HOUR);
    assert_eq!(approval.open("b").unwrap().due_at, Some(56 * HOUR));
    assert_eq!(voted(&mut approval, &members, &vote("boris")), ["decided", "stage-passed", "ended"]);
    assert_eq!(approval.answer(at(&members, 0), 1).unwrap_err().code, "approval-ended");
}

#[test]
fn an_escalation_while_a_question_is_open_retains_the_hours_of_its_step() {
    let (mut members, mut approval) = (members(), timely(&members()));
    asked(&mut approval, &members, "anna", HOUR);
    members.members.insert(group("heads"), BTreeSet::new());
    let changes = approval.reconsider(at(&members, 2 * HOUR));
    apply(&mut approval, &changes);
    let open = approval.open("a").unwrap();
    assert_eq!((open.escalations, open.due_at, open.left_ms), (1, None, Some(4 * HOUR)));
    answered(&mut approval, &members, 10 * HOUR);
    assert_eq!(due_at(&approval), Some(14 * HOUR));
}
