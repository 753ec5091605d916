//! Tests of proposals: given open stages with deadlines, when an approver proposes changes and the
//! requester answers, then the deadlines stop and the approval of the proposer counts once.

use super::super::approval::Outcome;
use super::super::document::{Finally, Needs};
use super::super::operations::tests::*;
use super::*;

fn vote(actor: &str) -> Vote<'_> {
    Vote { actor, on_behalf_of: None, stage: None, revision: 1, verdict: Verdict::Approve }
}

fn heads() -> TestMembers {
    TestMembers::default().group("heads", &["anna", "bert", REQUESTER]).group("board", &["boris"]).operators(&["olga"])
}

/// Approval with a stage of all heads that has 8 hours, and then one of the board.
fn timely(members: &TestMembers) -> Approval {
    let heads = timed(staged("a", &["heads"], Needs::All), 8, &[], Finally::Expire);
    let mut board = staged("b", &["board"], Needs::Any);
    board.after = vec!["a".into()];
    started(members, vec![heads, board])
}

fn proposed(approval: &mut Approval, members: &TestMembers, actor: &str, now: i64) {
    let changes = approval.propose(at(members, now), &vote(actor)).unwrap_or_else(|refused| panic!("{}", refused.code));
    apply(approval, &changes);
}

/// Begins the next revision with the approval of the proposer. Returns the names of the changes.
fn confirmed(approval: &Approval, members: &TestMembers) -> (Approval, Vec<String>) {
    let agreed = approval.proposal.clone().map(|proposal| proposal.agreed);
    let fresh = Approval::new(approval.plan.clone(), REQUESTER, BTreeSet::new(), 2);
    let mut next = Approval { agreed, ..fresh };
    let changes = next.start(at(members, 0));
    let names = names(&changes);
    apply(&mut next, &changes);
    (next, names)
}

#[test]
fn the_deadline_stops_at_the_proposal_and_goes_on_when_it_is_declined() {
    let (members, mut approval) = (heads(), timely(&heads()));
    proposed(&mut approval, &members, "anna", 3 * HOUR);
    assert_eq!(approval.open("a").unwrap().due_at, None);
    assert_eq!(approval.expire(at(&members, 9 * HOUR), "a").unwrap_err().code, "deadline-not-over");
    let changes = approval.decline(at(&members, 100 * HOUR), 1).unwrap();
    apply(&mut approval, &changes);
    assert_eq!((approval.open("a").unwrap().due_at, approval.proposal.clone()), (Some(105 * HOUR), None));
    assert_eq!(approval.decline(at(&members, 0), 1).unwrap_err().code, "no-proposal");
}

#[test]
fn no_deadline_runs_until_both_a_question_and_a_proposal_are_answered() {
    for answer_first in [true, false] {
        let (members, mut approval) = (heads(), timely(&heads()));
        let changes = approval.ask(at(&members, 2 * HOUR), &vote("bert")).unwrap();
        apply(&mut approval, &changes);
        proposed(&mut approval, &members, "anna", 3 * HOUR);
        for answers in [answer_first, !answer_first] {
            assert_eq!(approval.open("a").unwrap().due_at, None);
            let now = at(&members, 10 * HOUR);
            let changes = if answers { approval.answer(now, 1) } else { approval.decline(now, 1) };
            apply(&mut approval, &changes.unwrap());
        }
        assert_eq!(approval.open("a").unwrap().due_at, Some(16 * HOUR));
    }
}

#[test]
fn one_proposal_is_open_at_a_time_and_only_people_with_a_seat_propose() {
    let (members, mut approval) = (heads(), timely(&heads()));
    let refused = |approval: &Approval, vote: &Vote| approval.propose(at(&members, 0), vote).unwrap_err().code;
    assert_eq!(refused(&approval, &vote(REQUESTER)), "own-request");
    assert_eq!(refused(&approval, &vote("boris")), "not-an-approver");
    assert_eq!(refused(&approval, &Vote { revision: 2, ..vote("anna") }), "revision-changed");
    assert_eq!(refused(&approval, &Vote { stage: Some("b"), ..vote("boris") }), "stage-not-open");
    proposed(&mut approval, &members, "anna", 0);
    assert_eq!(refused(&approval, &vote("bert")), "proposal-open");
    voted(&mut approval, &members, &Vote { verdict: Verdict::Reject, ..vote("bert") });
    assert_eq!(approval.ended.as_ref().unwrap().outcome, Outcome::Rejected);
    assert_eq!(refused(&approval, &vote("anna")), "approval-ended");
}

#[test]
fn the_approval_of_the_proposer_counts_once_in_the_next_revision() {
    let (members, mut approval) = (heads(), timely(&heads()));
    proposed(&mut approval, &members, "anna", 0);
    let (mut next, names) = confirmed(&approval, &members);
    assert_eq!(names, ["stage-opened", "decided"]);
    let again = Vote { revision: 2, ..vote("anna") };
    assert_eq!(next.decide(at(&members, 0), &again).unwrap_err().code, "already-decided");
    assert_eq!(next.open("a").unwrap().decisions.len(), 1);
    let last = Vote { revision: 2, ..vote("bert") };
    assert_eq!(voted(&mut next, &members, &last), ["decided", "stage-passed", "stage-opened"]);
}

#[test]
fn the_approval_of_a_later_proposer_counts_when_their_stage_opens() {
    let (members, mut approval) = (heads(), timely(&heads()));
    voted(&mut approval, &members, &vote("anna"));
    voted(&mut approval, &members, &vote("bert"));
    proposed(&mut approval, &members, "boris", 0);
    let (mut next, names) = confirmed(&approval, &members);
    assert_eq!(names, ["stage-opened"]);
    voted(&mut next, &members, &Vote { revision: 2, ..vote("anna") });
    let changes = voted(&mut next, &members, &Vote { revision: 2, ..vote("bert") });
    assert_eq!(changes, ["decided", "stage-passed", "stage-opened", "decided", "stage-passed", "ended"]);
}

#[test]
fn a_proposer_without_a_seat_at_the_confirmation_has_no_voice() {
    let (members, mut approval) = (heads(), timely(&heads()));
    proposed(&mut approval, &members, "anna", 0);
    let without = heads().group("heads", &["bert"]);
    assert_eq!(confirmed(&approval, &without).1, ["stage-opened"]);
    let none = heads().group("heads", &[REQUESTER]);
    let (next, _) = confirmed(&approval, &none);
    assert!(next.ended.is_none() && next.open("a").unwrap().decisions.is_empty(), "people are missing, none approved");
}

#[test]
fn a_proposer_who_decides_passes_on_or_is_replaced_meanwhile_has_no_voice() {
    let stages = vec![staged("a", &["heads"], Needs::AtLeast(2))];
    let members = heads().group("heads", &["anna", "bert", "carl"]);
    let mut approval = started(&members, stages);
    proposed(&mut approval, &members, "anna", 0);
    let against = Vote { verdict: Verdict::Reject, ..vote("anna") };
    for changes in [
        approval.decide(at(&members, 0), &against),
        approval.pass_on(at(&members, 0), "a", "anna", "dora"),
        approval.reassign(at(&members, 0), "a", vec![group("heads")], "olga"),
    ] {
        let mut approval = approval.clone();
        apply(&mut approval, &changes.unwrap());
        assert_eq!(confirmed(&approval, &members).1, ["stage-opened"]);
    }
}

#[test]
fn a_deputys_proposal_counts_for_the_seat_of_the_principal() {
    let members = heads().deputy("anna", "dora");
    let mut approval = timely(&members);
    let behalf = Vote { on_behalf_of: Some("anna"), ..vote("dora") };
    let changes = approval.propose(at(&members, 0), &behalf).unwrap();
    apply(&mut approval, &changes);
    let (next, names) = confirmed(&approval, &members);
    assert_eq!(names, ["stage-opened", "decided"]);
    let anna = Vote { revision: 2, ..vote("anna") };
    assert_eq!(next.decide(at(&members, 0), &anna).unwrap_err().code, "already-decided");
    // A deputy who has a seat by now does not approve with it.
    let seated = heads().group("heads", &["anna", "bert", "dora"]);
    assert_eq!(confirmed(&approval, &seated).1, ["stage-opened"]);
}
