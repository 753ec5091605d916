//! Tests of properties of approval policies, with random policies, people and sequences of
//! operations.
//!
//! `EAF_SEED` sets the seed, which is printed, and `EAF_CASES` the number of operations.

mod documents;
mod people;
mod waiting;

use dcm::policy::approval::{Ambient, Approval, BusinessHours, Cause, Change, Outcome, PassedBy, Verdict};
use dcm::policy::document::{Approver, Needs, Policy};
use dcm::policy::fact::Facts;
use dcm::policy::operations::Vote;
use dcm::policy::plan::{Plan, Published, plan};
use dcm::policy::waiting::{Then, waiting_on};
use documents::{approver, facts, policies};
use eaf_sdk::Rejection;
use eaf_sdk::testing::SeededRandom;
use people::{PEOPLE, REQUESTER, TestMembers, first_id, number, references};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const REVISION: u32 = 3;
const HOUR: i64 = 3_600_000;

#[allow(clippy::disallowed_methods, reason = "a test runs natively and takes its seed from the environment")]
fn from_environment(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default);
    println!("{name}={value}");
    value
}

struct AllDay;

impl BusinessHours for AllDay {
    fn after_ms(&self, start: i64, ms: i64) -> i64 {
        start + ms
    }

    fn ms_between(&self, start: i64, end: i64) -> i64 {
        (end - start).max(0)
    }
}

/// Approval under test, with the people and the time that its operations get.
struct Case {
    people: TestMembers,
    approval: Approval,
    now: i64,
}

impl Case {
    fn new(random: &mut SeededRandom) -> Self {
        let plan = plan(&policies(random), &facts(random));
        let approval = Approval::new(plan, &first_id(REQUESTER), BTreeSet::new(), REVISION);
        let mut case = Case { people: TestMembers::new(random), approval, now: 0 };
        let changes = case.approval.start(case.ambient());
        case.follow(&changes);
        case
    }

    fn ambient(&self) -> Ambient<'_> {
        Ambient { now: self.now, approvers: &self.people, hours: &AllDay }
    }

    fn follow(&mut self, changes: &[Change]) {
        for change in changes {
            self.check(change);
            self.approval.apply(change);
            self.check_waiting();
        }
        self.check_waiting();
        self.check_stages();
        self.check_end();
    }

    /// Checks that a change is permitted in the state before it.
    fn check(&self, change: &Change) {
        match change {
            Change::Decided { stage, decision } => {
                let actor = number(&decision.actor);
                let behalf = decision.on_behalf_of.as_deref().map(number);
                assert_ne!(actor, REQUESTER, "the requester decided");
                assert!(self.people.may_decide[actor], "{actor} decided without the permission");
                assert!(behalf != Some(0) && behalf != Some(actor), "{decision:?}");
                let before = &self.approval.open(stage).expect("decisions are on open stages").decisions;
                assert!(before.iter().all(|earlier| number(&earlier.actor) != actor), "{actor} decided twice");
            }
            Change::StagePassed { stage, by: PassedBy::Approvals, .. } => self.check_approvals(stage),
            Change::PassedOn { stage, from, to, levels, .. } => self.check_handover(stage, from, to, levels),
            Change::Asked { by, .. } => assert_ne!(number(by), 0, "the requester asked"),
            Change::StagePassed { by: PassedBy::Time, .. } | Change::Escalated { cause: Cause::Time, .. } => {
                assert!(self.approval.question.is_none(), "a deadline ended while a question is open");
            }
            _ => {}
        }
    }

    /// Checks that a stage passes only with as many people as the plan asks for.
    fn check_approvals(&self, stage: &str) {
        let planned = self.approval.planned(stage).unwrap();
        let progress = self.approval.open(stage).unwrap();
        let approved: BTreeSet<usize> = progress
            .decisions
            .iter()
            .filter(|decision| decision.verdict == Verdict::Approve)
            .map(|decision| number(&decision.actor))
            .collect();
        assert!(approved.len() as u64 >= planned.needs.least(), "{stage}: {approved:?} for {:?}", planned.needs);
        if planned.needs == Needs::All {
            let (_, used) = self.people.used_seats(progress);
            let mut levels = (0..progress.asked.len()).map(|level| self.people.seats(progress, level));
            let is_complete = |level: &BTreeSet<usize>| !level.is_empty() && level.is_subset(&used);
            assert!(levels.any(|level| is_complete(&level)), "{stage}: {used:?} of {progress:?}");
        }
    }

    /// Checks that a seat is passed on to another person than the requester, with the levels in
    /// which the giver has it.
    fn check_handover(&self, stage: &str, from: &str, to: &str, levels: &BTreeSet<usize>) {
        assert_ne!(number(to), REQUESTER);
        let progress = self.approval.open(stage).expect("seats are passed on in open stages");
        let has_seat = |level: &usize| self.people.seats(progress, *level).contains(&number(from));
        let had: BTreeSet<usize> = (0..progress.asked.len()).filter(has_seat).collect();
        assert_eq!(*levels, had, "{from} in {progress:?}");
    }

    /// Checks that a stage with a deadline waits for its end, or has hours left while a question is
    /// open.
    fn check_deadlines(&self, is_asked_back: bool) {
        for stage in self.approval.open_stages() {
            let (planned, progress) = (self.approval.planned(stage).unwrap(), self.approval.open(stage).unwrap());
            let has_deadline = planned.deadline.is_some();
            assert_eq!(progress.due_at.is_some(), has_deadline && !is_asked_back, "{progress:?}");
            assert_eq!(progress.left_ms.is_some(), has_deadline && is_asked_back, "{progress:?}");
            let hours = planned.deadline.iter().flat_map(|d| d.escalate.iter().map(|step| step.hours).chain([d.hours]));
            let longest = hours.max().unwrap_or_default();
            let left = progress.left_ms.or(progress.due_at.map(|due| due - self.now)).unwrap_or_default();
            assert!(left <= i64::from(longest) * HOUR, "{left} ms left: {progress:?}");
        }
    }

    fn check_end(&self) {
        if self.approval.ended.as_ref().is_some_and(|ended| ended.outcome == Outcome::Granted) {
            for planned in &self.approval.plan.stages {
                assert!(self.approval.stages[&planned.key].passed_at.is_some(), "{} has not passed", planned.key);
            }
        }
    }

    fn vote<'a>(&self, actor: &'a str, stage: Option<&'a str>, verdict: Verdict) -> Vote<'a> {
        Vote { actor, on_behalf_of: None, stage, revision: REVISION, verdict }
    }

    /// Tries one random operation; most of them are refused.
    fn step(&mut self, random: &mut SeededRandom) {
        self.now += 1 + random.below(3) as i64 * HOUR;
        let planned = self.approval.plan.stages.iter().map(|planned| planned.key.clone()).collect::<Vec<_>>();
        let stage = if planned.is_empty() { String::new() } else { random.pick(&planned).clone() };
        let (actor, other) = (self.people.actor(random), self.people.actor(random));
        let before = self.approval.ended.clone();
        let changes = match random.below(13) {
            0..=3 => {
                let verdict = if random.below(5) == 0 { Verdict::Reject } else { Verdict::Approve };
                let on_behalf_of = (random.below(3) == 0).then_some(other.as_str());
                // The host's people have one actor id and decide in all stages at once.
                let stage = (self.people.has_second_ids() && random.below(2) == 0).then_some(stage.as_str());
                let revision = REVISION - (random.below(20) == 0) as u32;
                self.approval.decide(self.ambient(), &Vote { actor: &actor, on_behalf_of, stage, revision, verdict })
            }
            4 => self.pass_on(&stage, &actor, &other),
            5 => self.approval.reassign(self.ambient(), &stage, vec![approver(random)], &actor),
            6 => self.approval.escalate(self.ambient(), &stage),
            7 => self.approval.expire(self.ambient(), &stage),
            8 => self.approval.ask(self.ambient(), &self.vote(&actor, None, Verdict::Approve)),
            9 => self.approval.answer(self.ambient(), REVISION),
            10 => {
                let reference = random.pick(&references()).clone();
                self.people.leave(random, &reference);
                Ok(self.departed())
            }
            11 => {
                self.people.may_decide[number(&actor)] = false;
                Ok(self.departed())
            }
            _ => {
                let reference = random.pick(&references()).clone();
                self.people.change(random, reference);
                self.people.may_decide[number(&actor)] = true;
                Ok(self.approval.reconsider(self.ambient()))
            }
        };
        let changes = changes.unwrap_or_default();
        assert!(before.is_none() || changes.is_empty(), "an approval changed after its end");
        self.follow(&changes);
    }

    /// Changes of a handover of the seat in this stage. The host's people have one actor id and
    /// hand over all their seats at once.
    fn pass_on(&self, stage: &str, from: &str, to: &str) -> Result<Vec<Change>, Rejection> {
        if self.people.has_second_ids() {
            return self.approval.pass_on(self.ambient(), stage, from, to);
        }
        let (mut approval, mut all) = (self.approval.clone(), Vec::new());
        for stage in approval.can_decide(&self.people, &self.vote(from, None, Verdict::Approve))? {
            let changes = approval.pass_on(self.ambient(), &stage, from, to)?;
            changes.iter().for_each(|change| approval.apply(change));
            all.extend(changes);
        }
        Ok(all)
    }

    /// Changes that follow from the departure of people, which are escalations alone. Afterwards
    /// people are left who can pass each open stage, or the operators were asked too.
    fn departed(&self) -> Vec<Change> {
        let changes = self.approval.ask_others(self.ambient());
        let is_for_people = |change: &Change| matches!(change, Change::Escalated { cause: Cause::PeopleMissing, .. });
        assert!(changes.iter().all(is_for_people), "{changes:?}");
        let mut after = self.approval.clone();
        changes.iter().for_each(|change| after.apply(change));
        assert!(after.ask_others(self.ambient()).is_empty(), "a second look escalates again: {changes:?}");
        for stage in after.open_stages() {
            let open = after.open(stage).unwrap();
            let is_last = open.operators_asked && !after.has_escalation_left(stage);
            assert!(is_last || !after.eligible(&self.people, stage).is_empty(), "{stage} lacks people: {open:?}");
        }
        changes
    }

    /// Ends the approval by operations that are permitted.
    fn end(&mut self) {
        for _ in 0..200 {
            self.now += 1;
            let Some(waiting) = waiting_on(&self.approval, &self.people, self.now) else { return };
            let stage = &waiting.stages[0];
            let (key, person) = (stage.stage.clone(), stage.people.first().cloned());
            let changes: Result<Vec<Change>, Rejection> = match (person, stage.due_at) {
                _ if waiting.answer_since.is_some() => self.approval.answer(self.ambient(), REVISION),
                (Some(person), _) => {
                    self.approval.decide(self.ambient(), &self.vote(&person, Some(&key), Verdict::Approve))
                }
                (None, Some(due)) => {
                    self.now = self.now.max(due);
                    match stage.then {
                        Then::Escalate { .. } => self.approval.escalate(self.ambient(), &key),
                        _ => self.approval.expire(self.ambient(), &key),
                    }
                }
                (None, None) => {
                    self.people.may_decide = [true; PEOPLE];
                    let everyone = (1..PEOPLE).map(|person| Approver::Actor(first_id(person))).collect();
                    self.approval.reassign(self.ambient(), &key, everyone, &first_id(1))
                }
            };
            let changes = changes.unwrap_or_else(|refused| panic!("{}: {:?}", refused.code, self.approval));
            self.follow(&changes);
        }
        panic!("it does not end: {:?}", self.approval);
    }
}

#[test]
fn approvals_keep_their_invariants_under_any_sequence_of_operations() {
    let (seed, cases) = (from_environment("EAF_SEED", 1), from_environment("EAF_CASES", 100_000));
    let mut random = SeededRandom::new(seed);
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    let mut operations = 0;
    while operations < cases {
        let mut case = Case::new(&mut random);
        for _ in 0..1 + random.below(12) {
            case.step(&mut random);
            operations += 1;
        }
        case.end();
        let outcome = case.approval.ended.as_ref().expect("it has ended").outcome;
        *outcomes.entry(format!("{outcome:?}")).or_default() += 1;
    }
    println!("{outcomes:?}");
    assert_eq!(outcomes.len(), 3, "every outcome occurs");
}

#[test]
fn state_changes_and_policies_are_stored_without_loss() {
    let mut random = SeededRandom::new(from_environment("EAF_SEED", 1));
    for _ in 0..from_environment("EAF_CASES", 100_000) / 100 {
        for published in policies(&mut random) {
            assert_eq!(serde_json::from_value::<Published>(json!(published)).unwrap(), published);
            let read = Policy::read(&json!(published.policy), "");
            // Quorums of named people may be larger than their number, and a policy may be empty.
            if let Err(rejection) = &read {
                assert!(
                    rejection
                        .fields
                        .iter()
                        .all(|f| ["quorum-out-of-range", "stages-missing"].contains(&f.code.as_str())),
                    "{rejection:?}"
                );
            }
            assert!(read.is_err() || read.unwrap() == published.policy);
        }
        let mut case = Case::new(&mut random);
        for _ in 0..3 {
            case.step(&mut random);
        }
        let changes = case.approval.reconsider(case.ambient());
        assert_eq!(serde_json::from_value::<Vec<Change>>(json!(changes)).unwrap(), changes);
        assert_eq!(serde_json::from_value::<Approval>(json!(case.approval)).unwrap(), case.approval);
    }
}

/// Plan that results from this policy alone, without the others.
fn alone(published: &Published, facts: &Facts) -> Plan {
    plan(std::slice::from_ref(published), facts)
}

#[test]
fn ties_never_need_fewer_approvals_than_one_of_them_alone() {
    let mut random = SeededRandom::new(from_environment("EAF_SEED", 1));
    let mut ties = 0;
    for _ in 0..from_environment("EAF_CASES", 100_000) / 5 {
        let (policies, facts) = (policies(&mut random), facts(&mut random));
        let all = plan(&policies, &facts);
        let counts = |published: &&Published| all.policies.iter().any(|applied| applied.policy == published.key);
        ties += usize::from(all.policies.len() > 1);
        for published in policies.iter().filter(counts) {
            assert!(all.approvals_needed() >= alone(published, &facts).approvals_needed());
        }
        let keys: BTreeSet<&str> = all.stages.iter().map(|stage| stage.key.as_str()).collect();
        assert_eq!(keys.len(), all.stages.len(), "keys are distinct");
        assert_eq!(all.stages.is_empty(), !all.auto.is_empty());
    }
    assert!(ties > 100, "{ties} ties");
}
