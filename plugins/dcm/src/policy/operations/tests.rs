//! Tests of approvals: given a plan and people, when an operation, then changes or a refusal.

use super::super::approval::{BusinessHours, Ended};
use super::super::document::{Deadline, Escalation};
use super::super::plan::Plan;
use super::*;
use eaf_sdk::RejectionKind;
use serde_json::json;
use std::collections::BTreeMap;

pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const REQUESTER: &str = "rita";

/// People of a test: members by reference, all actor ids of each person, and the deputies of each
/// actor.
#[derive(Debug, Clone, Default)]
pub(crate) struct TestMembers {
    pub members: BTreeMap<Approver, BTreeSet<String>>,
    pub persons: Vec<BTreeSet<String>>,
    pub deputies: BTreeMap<String, BTreeSet<String>>,
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

pub(crate) fn group(key: &str) -> Approver {
    Approver::Group(key.into())
}

impl TestMembers {
    pub(crate) fn group(mut self, key: &str, members: &[&str]) -> Self {
        self.members.insert(group(key), set(members));
        self
    }

    pub(crate) fn operators(mut self, members: &[&str]) -> Self {
        self.members.insert(Approver::Permission(OPERATE.into()), set(members));
        self
    }

    fn person(mut self, ids: &[&str]) -> Self {
        self.persons.push(set(ids));
        self
    }

    pub(crate) fn deputy(mut self, of: &str, deputy: &str) -> Self {
        self.deputies.entry(of.into()).or_default().insert(deputy.into());
        self
    }
}

impl Approvers for TestMembers {
    fn members(&self, reference: &Approver) -> BTreeSet<String> {
        match reference {
            Approver::Actor(actor) => BTreeSet::from([actor.clone()]),
            _ => self.members.get(reference).cloned().unwrap_or_default(),
        }
    }

    fn person(&self, actor: &str) -> BTreeSet<String> {
        let known = self.persons.iter().find(|ids| ids.contains(actor));
        known.cloned().unwrap_or_else(|| BTreeSet::from([actor.to_owned()]))
    }

    fn deputies(&self, actor: &str) -> BTreeSet<String> {
        self.deputies.get(actor).cloned().unwrap_or_default()
    }
}

/// Calendar in which every hour is a business hour.
pub(crate) struct AllDay;

impl BusinessHours for AllDay {
    fn after_ms(&self, start: i64, ms: i64) -> i64 {
        start.saturating_add(ms)
    }

    fn ms_between(&self, start: i64, end: i64) -> i64 {
        (end - start).max(0)
    }
}

pub(crate) fn at(members: &TestMembers, now: i64) -> Ambient<'_> {
    Ambient { now, approvers: members, hours: &AllDay }
}

pub(crate) fn staged(key: &str, approvers: &[&str], needs: Needs) -> PlannedStage {
    let approvers = approvers.iter().map(|key| group(key)).collect();
    PlannedStage { key: key.into(), approvers, needs, ..PlannedStage::default_stage() }
}

pub(crate) fn timed(mut stage: PlannedStage, hours: u32, escalate: &[(&str, u32)], finally: Finally) -> PlannedStage {
    let escalate = escalate.iter().map(|(to, hours)| Escalation { to: group(to), hours: *hours }).collect();
    stage.deadline = Some(Deadline { hours, remind_after: Vec::new(), escalate, finally });
    stage
}

fn after(mut stage: PlannedStage, keys: &[&str]) -> PlannedStage {
    stage.after = keys.iter().map(ToString::to_string).collect();
    stage
}

/// Starts an approval of a plan with these stages, at the time 0.
pub(crate) fn started(members: &TestMembers, stages: Vec<PlannedStage>) -> Approval {
    let plan = Plan { stages, ..Plan::default() };
    let mut approval = Approval::new(plan, REQUESTER, BTreeSet::new(), 1);
    let changes = approval.start(at(members, 0));
    apply(&mut approval, &changes);
    approval
}

pub(crate) fn apply(approval: &mut Approval, changes: &[Change]) {
    changes.iter().for_each(|change| approval.apply(change));
}

fn vote(actor: &str) -> Vote<'_> {
    Vote { actor, on_behalf_of: None, stage: None, revision: 1, verdict: Verdict::Approve }
}

fn against(actor: &str) -> Vote<'_> {
    Vote { verdict: Verdict::Reject, ..vote(actor) }
}

fn behalf<'a>(actor: &'a str, of: &'a str) -> Vote<'a> {
    Vote { on_behalf_of: Some(of), ..vote(actor) }
}

/// Gives the vote, applies the changes that follow to the approval, and returns the names of the
/// changes.
pub(crate) fn voted(approval: &mut Approval, members: &TestMembers, vote: &Vote) -> Vec<String> {
    let changes = approval.decide(at(members, 0), vote).unwrap_or_else(|refused| panic!("{}", refused.code));
    apply(approval, &changes);
    names(&changes)
}

pub(crate) fn names(changes: &[Change]) -> Vec<String> {
    changes.iter().map(|change| json!(change)["change"].as_str().unwrap().to_owned()).collect()
}

fn refused(result: Result<Vec<Change>, Rejection>) -> String {
    result.unwrap_err().code
}

fn approve(approval: &mut Approval, members: &TestMembers, actor: &str) -> Vec<String> {
    voted(approval, members, &vote(actor))
}

fn outcome(approval: &Approval) -> Option<Outcome> {
    approval.ended.as_ref().map(|ended| ended.outcome)
}

fn heads() -> TestMembers {
    TestMembers::default().group("heads", &["anna", "bert", "carl"]).operators(&["olga"])
}

#[test]
fn one_approval_passes_a_stage_that_needs_any() {
    let members = heads();
    let mut approval = started(&members, vec![staged("a", &["heads"], Needs::Any)]);
    assert_eq!(approval.open_stages(), ["a"]);
    assert_eq!(approve(&mut approval, &members, "anna"), ["decided", "stage-passed", "ended"]);
    assert_eq!(approval.ended, Some(Ended { outcome: Outcome::Granted, at: 0 }));
    assert_eq!(refused(approval.decide(at(&members, 0), &vote("bert"))), "approval-ended");
}

#[test]
fn all_need_everyone_who_is_eligible_now() {
    let mut members = heads();
    let mut approval = started(&members, vec![staged("a", &["heads"], Needs::All)]);
    assert_eq!(approve(&mut approval, &members, "anna"), ["decided"]);
    assert_eq!(approve(&mut approval, &members, "bert"), ["decided"]);
    assert!(approval.reconsider(at(&members, 0)).is_empty());
    members = members.group("heads", &["anna", "bert"]);
    assert_eq!(names(&approval.reconsider(at(&members, 0))), ["stage-passed", "ended"]);
}

#[test]
fn a_quorum_counts_people_and_ends_when_it_cannot_be_reached() {
    let members = heads();
    let mut approval = started(&members, vec![staged("a", &["heads"], Needs::AtLeast(2))]);
    assert_eq!(voted(&mut approval, &members, &against("anna")), ["decided"]);
    let mut other = approval.clone();
    assert_eq!(approve(&mut other, &members, "bert"), ["decided"]);
    assert_eq!(approve(&mut other, &members, "carl"), ["decided", "stage-passed", "ended"]);
    assert_eq!(voted(&mut approval, &members, &against("bert")), ["decided", "ended"]);
    assert_eq!(outcome(&approval), Some(Outcome::Rejected));
}

#[test]
fn the_first_rejection_ends_an_approval_without_quorum() {
    let members = heads();
    for needs in [Needs::Any, Needs::All] {
        let mut approval = started(&members, vec![staged("a", &["heads"], needs)]);
        assert_eq!(voted(&mut approval, &members, &against("bert")), ["decided", "ended"]);
        assert_eq!(outcome(&approval), Some(Outcome::Rejected));
    }
}

#[test]
fn stages_without_a_common_order_are_open_together_and_others_follow() {
    let members = heads().group("finance", &["fred"]).group("board", &["anna"]);
    let stages = vec![
        staged("a", &["heads"], Needs::Any),
        staged("b", &["finance"], Needs::Any),
        after(staged("c", &["board"], Needs::Any), &["a", "b"]),
    ];
    let mut approval = started(&members, stages);
    assert_eq!(approval.open_stages(), ["a", "b"]);
    let early = Vote { stage: Some("c"), ..vote("anna") };
    assert_eq!(refused(approval.decide(at(&members, 0), &early)), "stage-not-open");
    assert_eq!(approve(&mut approval, &members, "anna"), ["decided", "stage-passed"]);
    assert_eq!(approval.open_stages(), ["b"]);
    assert_eq!(approve(&mut approval, &members, "fred"), ["decided", "stage-passed", "stage-opened"]);
    assert_eq!(approve(&mut approval, &members, "anna"), ["decided", "stage-passed", "ended"]);
}

#[test]
fn a_vote_without_a_stage_counts_in_each_open_stage_of_the_person() {
    let members = heads().group("finance", &["anna"]);
    let stages = vec![staged("a", &["heads"], Needs::Any), staged("b", &["finance"], Needs::Any)];
    let mut approval = started(&members, stages);
    let only = Vote { stage: Some("b"), ..vote("anna") };
    assert_eq!(approval.can_decide(&members, &only).unwrap(), ["b"]);
    assert_eq!(approve(&mut approval, &members, "anna").len(), 5);
    assert_eq!(outcome(&approval), Some(Outcome::Granted));
}

#[test]
fn the_requester_decides_by_no_path() {
    let members = TestMembers::default()
        .group("heads", &[REQUESTER, "rita-admin", "anna"])
        .operators(&[REQUESTER])
        .person(&[REQUESTER, "rita-admin"])
        .deputy("anna", REQUESTER)
        .deputy(REQUESTER, "dora")
        .deputy("rita-admin", "rita-admin");
    let approval = started(&members, vec![staged("a", &["heads"], Needs::Any)]);
    assert_eq!(approval.eligible(&members, "a"), set(&["anna"]));
    let at = at(&members, 0);
    for vote in [vote(REQUESTER), vote("rita-admin"), behalf(REQUESTER, "anna"), behalf("dora", REQUESTER)] {
        let rejection = approval.decide(at, &vote).unwrap_err();
        assert_eq!((rejection.code.as_str(), rejection.kind), ("own-request", RejectionKind::Forbidden));
    }
    assert_eq!(refused(approval.pass_on(at, "a", "anna", "rita-admin")), "requester-cannot-decide");
    assert_eq!(refused(approval.reassign(at, "a", vec![group("heads")], REQUESTER)), "own-request");
}

#[test]
fn an_id_that_was_the_requesters_at_submission_stays_theirs() {
    let members = heads();
    let plan = Plan { stages: vec![staged("a", &["heads"], Needs::Any)], ..Plan::default() };
    let mut approval = Approval::new(plan, REQUESTER, set(&["anna"]), 1);
    let changes = approval.start(at(&members, 0));
    apply(&mut approval, &changes);
    assert_eq!(refused(approval.decide(at(&members, 0), &vote("anna"))), "own-request");
}

#[test]
fn a_person_with_several_ids_counts_once() {
    let members = TestMembers::default().group("heads", &["anna", "anna-2", "bert"]).person(&["anna", "anna-2"]);
    let mut approval = started(&members, vec![staged("a", &["heads"], Needs::AtLeast(2))]);
    assert_eq!(approve(&mut approval, &members, "anna-2"), ["decided"]);
    assert_eq!(refused(approval.decide(at(&members, 0), &vote("anna"))), "already-decided");
    assert_eq!(approve(&mut approval, &members, "bert"), ["decided", "stage-passed", "ended"]);
}

#[test]
fn a_deputy_counts_once_and_for_one_person() {
    let members = heads().deputy("anna", "dora").deputy("bert", "dora").deputy("bert", "carl");
    let mut approval = started(&members, vec![staged("a", &["heads"], Needs::AtLeast(2))]);
    let now = at(&members, 0);
    assert_eq!(refused(approval.decide(now, &vote("dora"))), "not-an-approver");
    assert_eq!(refused(approval.decide(now, &behalf("dora", "carl"))), "not-a-deputy");
    assert_eq!(refused(approval.decide(now, &behalf("anna", "anna"))), "not-a-deputy");
    assert_eq!(refused(approval.decide(now, &behalf("carl", "bert"))), "own-voice");
    voted(&mut approval, &members, &behalf("dora", "anna"));
    assert_eq!(refused(approval.decide(now, &behalf("dora", "bert"))), "already-decided");
    assert_eq!(refused(approval.decide(now, &vote("anna"))), "already-decided");
    assert_eq!(approval.eligible(&members, "a"), set(&["bert", "carl"]));
}

#[test]
fn a_deputy_who_becomes_a_member_keeps_one_voice_and_frees_the_other_seat() {
    let mut members = TestMembers::default().group("heads", &["anna"]).deputy("anna", "dora").group("more", &[]);
    let mut approval = started(&members, vec![staged("a", &["heads", "more"], Needs::AtLeast(1))]);
    approval.plan.stages[0].needs = Needs::AtLeast(2);
    let decision =
        Decision { actor: "dora".into(), on_behalf_of: Some("anna".into()), verdict: Verdict::Approve, at: 0 };
    approval.apply(&Change::Decided { stage: "a".into(), decision });
    members = members.group("more", &["dora"]);
    assert_eq!(approval.eligible(&members, "a"), set(&["anna"]));
    assert_eq!(approve(&mut approval, &members, "anna"), ["decided", "stage-passed", "ended"]);
}

#[test]
fn a_decision_is_for_the_revision_that_was_read() {
    let members = heads();
    let approval = started(&members, vec![staged("a", &["heads"], Needs::Any)]);
    let old = Vote { revision: 0, ..vote("anna") };
    let rejection = approval.decide(at(&members, 0), &old).unwrap_err();
    assert_eq!((rejection.code.as_str(), rejection.kind), ("revision-changed", RejectionKind::Conflict));
}

#[test]
fn a_seat_that_was_passed_on_stays_in_its_level_when_its_giver_leaves() {
    let mut members = TestMembers::default().group("heads", &["anna"]).group("board", &["boris", "birgit"]);
    let planned = timed(staged("a", &["heads"], Needs::All), 8, &[("board", 4)], Finally::Expire);
    let mut approval = started(&members, vec![planned]);
    let changes = approval.escalate(at(&members, 8 * HOUR), "a").unwrap();
    apply(&mut approval, &changes);
    let changes = approval.pass_on(at(&members, 8 * HOUR), "a", "boris", "carl").unwrap();
    assert!(matches!(&changes[..], [Change::PassedOn { levels, .. }] if *levels == BTreeSet::from([1])), "{changes:?}");
    apply(&mut approval, &changes);
    members = members.group("board", &["birgit"]);
    let granted_by = |approval: &Approval| {
        ["anna", "birgit", "carl"].map(|person| {
            let changes = approval.decide(at(&members, 9 * HOUR), &vote(person)).unwrap();
            matches!(changes.last(), Some(Change::Ended { outcome: Outcome::Granted, .. }))
        })
    };
    assert_eq!(granted_by(&approval), [true, false, false]);
    // A handover without levels was recorded when the seat counted among the plan's approvers.
    let mut old = json!(approval);
    old["stages"]["a"]["passed_on"][0].as_object_mut().unwrap().remove("levels");
    assert_eq!(granted_by(&serde_json::from_value(old).unwrap()), [false, true, false]);
}

#[test]
fn an_item_is_passed_on_to_a_person_who_is_not_asked_yet() {
    let members = heads().person(&["anna", "anna-2"]);
    let mut approval = started(&members, vec![staged("a", &["heads"], Needs::All)]);
    let pass = |approval: &Approval, from: &str, to: &str| approval.pass_on(at(&members, 0), "a", from, to);
    assert_eq!(refused(pass(&approval, "zoe", "eva")), "not-an-approver");
    assert_eq!(refused(pass(&approval, "anna", "bert")), "already-asked");
    assert_eq!(refused(pass(&approval, "anna", "anna-2")), "already-asked");
    let changes = pass(&approval, "anna", "eva").unwrap();
    assert_eq!(names(&changes), ["passed-on"]);
    apply(&mut approval, &changes);
    assert_eq!(approval.eligible(&members, "a"), set(&["bert", "carl", "eva"]));
    assert_eq!(refused(pass(&approval, "anna", "frank")), "not-an-approver");
    assert_eq!(refused(pass(&approval, "eva", "anna")), "passed-on-before");
    let changes = pass(&approval, "eva", "frank").unwrap();
    apply(&mut approval, &changes);
    approve(&mut approval, &members, "frank");
    assert_eq!(refused(pass(&approval, "bert", "frank")), "already-decided");
    approve(&mut approval, &members, "bert");
    assert_eq!(approve(&mut approval, &members, "carl"), ["decided", "stage-passed", "ended"]);
}

#[test]
fn without_eligible_people_a_stage_asks_the_next_step_then_operators() {
    let members = TestMembers::default().group("heads", &[REQUESTER]).group("board", &[]).operators(&["olga"]);
    for needs in [Needs::Any, Needs::All, Needs::AtLeast(1)] {
        let stage = timed(staged("a", &["heads"], needs), 8, &[("board", 4)], Finally::Expire);
        let mut approval = started(&members, vec![stage]);
        let progress = &approval.stages["a"];
        assert_eq!(progress.asked[1..], [vec![group("board")], vec![Approver::Permission(OPERATE.into())]]);
        assert_eq!((progress.escalations, progress.operators_asked, progress.due_at), (1, true, Some(4 * HOUR)));
        assert_eq!(approve(&mut approval, &members, "olga"), ["decided", "stage-passed", "ended"]);
    }
}

#[test]
fn without_anybody_a_stage_waits() {
    let members = TestMembers::default();
    let approval = started(&members, vec![staged("a", &["heads"], Needs::All)]);
    assert_eq!(approval.open_stages(), ["a"]);
    assert!(approval.reconsider(at(&members, 0)).is_empty());
}

#[test]
fn a_quorum_with_too_few_people_asks_others_and_rejects_nothing() {
    let mut members = heads();
    let mut approval = started(&members, vec![staged("a", &["heads"], Needs::AtLeast(3))]);
    approve(&mut approval, &members, "anna");
    members = members.group("heads", &["anna", "bert"]);
    let changes = approval.reconsider(at(&members, 0));
    assert_eq!(names(&changes), ["escalated"]);
    apply(&mut approval, &changes);
    approve(&mut approval, &members, "olga");
    assert_eq!(approve(&mut approval, &members, "bert"), ["decided", "stage-passed", "ended"]);
}

#[test]
fn after_an_escalation_either_level_completes_a_stage_of_all() {
    let members = heads().group("board", &["boris", "berta"]);
    let stage = || timed(staged("a", &["heads"], Needs::All), 8, &[("board", 4)], Finally::Expire);
    let mut approval = started(&members, vec![stage()]);
    approve(&mut approval, &members, "anna");
    assert_eq!(refused(approval.escalate(at(&members, 8 * HOUR - 1), "a")), "deadline-not-over");
    let changes = approval.escalate(at(&members, 8 * HOUR), "a").unwrap();
    apply(&mut approval, &changes);
    assert_eq!(approval.stages["a"].due_at, Some(12 * HOUR));
    let mut other = approval.clone();
    approve(&mut approval, &members, "boris");
    assert_eq!(approve(&mut approval, &members, "berta"), ["decided", "stage-passed", "ended"]);
    approve(&mut other, &members, "bert");
    assert_eq!(approve(&mut other, &members, "carl"), ["decided", "stage-passed", "ended"]);
}

#[test]
fn the_last_step_of_a_deadline_expires_or_passes_by_time() {
    let members = heads();
    let stage = |finally| timed(staged("a", &["heads"], Needs::AtLeast(2)), 8, &[("board", 4)], finally);
    for (finally, outcome_then) in [(Finally::Expire, Outcome::Expired), (Finally::Approve, Outcome::Granted)] {
        let mut approval = started(&members, vec![stage(finally)]);
        assert_eq!(refused(approval.expire(at(&members, 8 * HOUR), "a")), "escalation-left");
        let changes = approval.escalate(at(&members, 8 * HOUR), "a").unwrap();
        apply(&mut approval, &changes);
        assert_eq!(refused(approval.escalate(at(&members, 12 * HOUR), "a")), "no-escalation-left");
        assert_eq!(refused(approval.expire(at(&members, 12 * HOUR - 1), "a")), "deadline-not-over");
        let changes = approval.expire(at(&members, 12 * HOUR), "a").unwrap();
        apply(&mut approval, &changes);
        assert_eq!(outcome(&approval), Some(outcome_then));
    }
    let untimed = started(&members, vec![staged("a", &["heads"], Needs::Any)]);
    assert_eq!(refused(untimed.expire(at(&members, i64::MAX), "a")), "deadline-not-over");
}

#[test]
fn an_admin_replaces_the_approvers_and_decisions_stand() {
    let members = heads().group("board", &["boris"]);
    let stage = timed(staged("a", &["heads"], Needs::AtLeast(2)), 8, &[], Finally::Expire);
    let mut approval = started(&members, vec![stage]);
    approve(&mut approval, &members, "anna");
    let reassign = |to: &[&str]| {
        let to = to.iter().map(|key| group(key)).collect();
        approval.reassign(at(&members, HOUR), "a", to, "admin")
    };
    assert_eq!(refused(reassign(&["nowhere"])), "approvers-too-few");
    let changes = reassign(&["board"]).unwrap();
    assert_eq!(names(&changes), ["reassigned"]);
    apply(&mut approval, &changes);
    assert_eq!(approval.stages["a"].due_at, Some(9 * HOUR));
    assert_eq!(refused(approval.decide(at(&members, HOUR), &vote("bert"))), "not-an-approver");
    assert_eq!(approve(&mut approval, &members, "boris"), ["decided", "stage-passed", "ended"]);
}

#[test]
fn once_ended_nothing_changes_an_approval() {
    let members = heads();
    let mut approval = started(&members, vec![staged("a", &["heads"], Needs::Any)]);
    voted(&mut approval, &members, &against("anna"));
    let ended = approval.clone();
    let now = at(&members, 1);
    assert_eq!(refused(approval.decide(now, &vote("bert"))), "approval-ended");
    assert_eq!(refused(approval.pass_on(now, "a", "bert", "eva")), "approval-ended");
    assert_eq!(refused(approval.reassign(now, "a", vec![group("heads")], "admin")), "approval-ended");
    assert_eq!(refused(approval.escalate(now, "a")), "approval-ended");
    assert_eq!(refused(approval.expire(now, "a")), "approval-ended");
    assert!(approval.reconsider(now).is_empty() && approval.start(now).is_empty());
    approval.apply(&Change::Ended { outcome: Outcome::Granted, stage: None, at: 2 });
    approval.apply(&Change::StagePassed { stage: "a".into(), by: PassedBy::Approvals, at: 2 });
    assert_eq!(approval, ended);
}

#[test]
fn a_change_that_needs_no_people_is_granted_at_once() {
    let rule = json!({ "policy": "p", "version": 1, "rule": "small", "name": { "de": "Klein", "en": "Small" }, "because": [] });
    let plan = Plan { auto: vec![serde_json::from_value(rule).unwrap()], ..Plan::default() };
    let approval = Approval::new(plan, REQUESTER, BTreeSet::new(), 1);
    assert_eq!(names(&approval.start(at(&TestMembers::default(), 0))), ["ended"]);
    // An empty plan without a rule asks the approvers.
    let empty = started(&TestMembers::default(), Vec::new());
    assert_eq!(empty.open_stages(), ["approval"]);
}

#[test]
fn stages_of_a_stored_plan_that_wait_for_each_other_open_nevertheless() {
    let members = heads();
    let stages =
        vec![after(staged("a", &["heads"], Needs::Any), &["b"]), after(staged("b", &["heads"], Needs::Any), &["a"])];
    assert_eq!(started(&members, stages).open_stages(), ["a", "b"]);
}

#[test]
fn state_and_changes_are_stored_without_loss() {
    let members = heads();
    let mut approval = started(&members, vec![timed(staged("a", &["heads"], Needs::All), 8, &[], Finally::Expire)]);
    let changes = approval.decide(at(&members, 5), &vote("anna")).unwrap();
    apply(&mut approval, &changes);
    assert_eq!(serde_json::from_value::<Vec<Change>>(json!(changes)).unwrap(), changes);
    assert_eq!(serde_json::from_value::<Approval>(json!(approval)).unwrap(), approval);
    let expected = json!([
        { "change": "decided", "stage": "a", "decision": { "actor": "anna", "verdict": "approve", "at": 5 } }
    ]);
    assert_eq!(json!(changes), expected);
}
