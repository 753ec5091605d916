//! Tests of the answer to “why does nothing happen?” for an open approval.

use super::super::approval::Verdict;
use super::super::operations::Vote;
use super::super::operations::tests::*;
use super::*;
use serde_json::json;

fn stage(approval: &Approval, members: &TestMembers, now: i64) -> WaitingStage {
    let mut waiting = waiting_on(approval, members, now).unwrap();
    assert_eq!(waiting.stages.len(), 1);
    waiting.stages.remove(0)
}

#[test]
fn an_open_stage_names_the_people_who_have_not_decided_and_what_follows() {
    let members = TestMembers::default().group("heads", &["anna", "bert", REQUESTER]).group("board", &["boris"]);
    let timed = timed(staged("a", &["heads"], Needs::All), 8, &[("board", 4)], Finally::Expire);
    let mut approval = started(&members, vec![timed]);
    let anna = Vote { actor: "anna", on_behalf_of: None, stage: None, revision: 1, verdict: Verdict::Approve };
    voted(&mut approval, &members, &anna);
    let found = stage(&approval, &members, HOUR);
    let expected = json!({
        "stage": "a",
        "people": ["bert"],
        "needs": "all",
        "approvals": 1,
        "since": 0,
        "due_at": 8 * HOUR,
        "is_overdue": false,
        "then": { "kind": "escalate", "to": { "group": "board" } },
        "people_missing": false,
    });
    assert_eq!(json!(found), expected);
    assert!(stage(&approval, &members, 8 * HOUR).is_overdue);
    let changes = approval.escalate(at(&members, 8 * HOUR), "a").unwrap();
    apply(&mut approval, &changes);
    let found = stage(&approval, &members, 8 * HOUR);
    assert_eq!((found.since, found.due_at, found.then), (8 * HOUR, Some(12 * HOUR), Then::Expire));
    assert_eq!(found.people.into_iter().collect::<Vec<_>>(), ["bert", "boris"]);
}

#[test]
fn a_stage_without_people_says_that_they_are_missing() {
    let members = TestMembers::default();
    let approval = started(&members, vec![staged("a", &["heads"], Needs::Any)]);
    let found = stage(&approval, &members, 0);
    assert!(found.people.is_empty() && found.people_missing);
    assert_eq!(found.then, Then::Nothing);
}

#[test]
fn an_approval_that_has_ended_waits_for_nothing() {
    let members = TestMembers::default().group("heads", &["anna"]);
    let mut approval = started(&members, vec![staged("a", &["heads"], Needs::Any)]);
    let anna = Vote { actor: "anna", on_behalf_of: None, stage: None, revision: 1, verdict: Verdict::Reject };
    voted(&mut approval, &members, &anna);
    assert_eq!(waiting_on(&approval, &members, 0), None);
}
