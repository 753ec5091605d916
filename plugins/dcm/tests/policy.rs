//! Tests of properties of approval policies, with random policies, people and sequences of
//! operations.
//!
//! `EAF_SEED` sets the seed, which is printed, and `EAF_CASES` the number of operations.

use dcm::policy::approval::{Ambient, Approval, Approvers, BusinessHours, Cause, Change, Outcome, PassedBy, Verdict};
use dcm::policy::condition::{Comparison, Condition, Operand, Operator};
use dcm::policy::document::{
    AppliesTo, Approver, AutoRule, Deadline, Escalation, Finally, Names, Needs, Policy, Stage, Whose,
};
use dcm::policy::fact::{Fact, Facts, Kind};
use dcm::policy::operations::Vote;
use dcm::policy::plan::{Plan, Published, plan};
use dcm::policy::waiting::{Then, waiting_on};
use eaf_sdk::Rejection;
use eaf_sdk::testing::SeededRandom;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const PEOPLE: usize = 6;
const GROUPS: usize = 3;
const REQUESTER: usize = 0;
const REVISION: u32 = 3;
const HOUR: i64 = 3_600_000;

#[allow(clippy::disallowed_methods, reason = "a test runs natively and takes its seed from the environment")]
fn from_environment(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default);
    println!("{name}={value}");
    value
}

/// Members of groups that change; some people have a second actor id.
struct TestMembers {
    members: BTreeMap<Approver, BTreeSet<String>>,
    second_id: [bool; PEOPLE],
    deputies: BTreeMap<String, BTreeSet<String>>,
}

fn first_id(person: usize) -> String {
    format!("{person:08}-0000-4000-8000-000000000001")
}

fn second_id(person: usize) -> String {
    format!("{person:08}-0000-4000-8000-000000000002")
}

fn number(actor: &str) -> usize {
    actor[..8].parse().unwrap()
}

fn references() -> Vec<Approver> {
    let groups = (0..GROUPS).map(|group| Approver::Group(format!("g{group}")));
    let permissions = ["approve", "operate"].map(|name| Approver::Permission(name.into()));
    groups.chain(permissions).chain([Approver::ManagerOf(Whose::Requester)]).collect()
}

impl TestMembers {
    fn new(random: &mut SeededRandom) -> Self {
        let second_id = std::array::from_fn(|_| random.below(3) == 0);
        let mut people = TestMembers { members: BTreeMap::new(), second_id, deputies: BTreeMap::new() };
        for reference in references() {
            people.change(random, reference);
        }
        for _ in 0..random.below(4) {
            let (of, deputy) = (people.actor(random), people.actor(random));
            people.deputies.entry(of).or_default().insert(deputy);
        }
        people
    }

    fn change(&mut self, random: &mut SeededRandom, reference: Approver) {
        let members = (0..random.below(4)).map(|_| self.actor(random)).collect();
        self.members.insert(reference, members);
    }

    /// Removes one person from a group, a role or the managers.
    fn leave(&mut self, random: &mut SeededRandom, reference: &Approver) {
        let members = self.members.entry(reference.clone()).or_default();
        let leaver = members.iter().nth(random.below(members.len().max(1))).cloned();
        leaver.map(|actor| members.remove(&actor));
    }

    fn actor(&self, random: &mut SeededRandom) -> String {
        let person = random.below(PEOPLE);
        if self.second_id[person] && random.below(2) == 0 { second_id(person) } else { first_id(person) }
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
        let person = number(actor);
        let second = self.second_id[person].then(|| second_id(person));
        second.into_iter().chain([first_id(person)]).collect()
    }

    fn deputies(&self, actor: &str) -> BTreeSet<String> {
        self.deputies.get(actor).cloned().unwrap_or_default()
    }
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

fn facts(random: &mut SeededRandom) -> Facts {
    Facts {
        kind: *random.pick(Kind::ALL),
        cpus: random.below(4) as u32,
        memory_gb: 8,
        term_months: 12,
        machines: 1,
        monthly_cents: random.below(4) as i64,
        total_cents: 0,
        offering: "ubuntu".into(),
        requester_groups: (0..random.below(2)).map(|group| format!("g{group}")).collect(),
        cost_centre: String::new(),
        at: 0,
        weekday: 1 + random.below(7) as u8,
        hour: 10,
    }
}

fn condition(random: &mut SeededRandom, depth: usize) -> Condition {
    let list =
        |random: &mut SeededRandom| (0..1 + random.below(2)).map(|_| condition(random, depth + 1)).collect::<Vec<_>>();
    match random.below(if depth < 3 { 6 } else { 3 }) {
        3 => Condition::All { all: list(random) },
        4 => Condition::Any { any: list(random) },
        5 => Condition::Not { not: Box::new(condition(random, depth + 1)) },
        0 => Condition::Comparison(Comparison {
            fact: Fact::RequesterGroups,
            is: Operator::Contains,
            value: Operand::Text("g0".into()),
        }),
        _ => Condition::Comparison(Comparison {
            fact: *random.pick(&[Fact::Cpus, Fact::MonthlyCents]),
            is: *random.pick(&[Operator::Gt, Operator::Le, Operator::Ne]),
            value: Operand::Number(random.below(4) as i64),
        }),
    }
}

fn sometimes<T>(random: &mut SeededRandom, make: impl FnOnce(&mut SeededRandom) -> T) -> Option<T> {
    (random.below(2) == 0).then(|| make(random))
}

fn approver(random: &mut SeededRandom) -> Approver {
    match random.below(4) {
        0 => Approver::Actor(first_id(random.below(PEOPLE))),
        _ => random.pick(&references()).clone(),
    }
}

fn names() -> Names {
    Names { de: "Leitung".into(), en: "Management".into() }
}

fn deadline(random: &mut SeededRandom) -> Deadline {
    let escalate =
        (0..random.below(3)).map(|_| Escalation { to: approver(random), hours: 1 + random.below(9) as u32 }).collect();
    let finally = *random.pick(&[Finally::Expire, Finally::Approve]);
    Deadline { hours: 2 + random.below(9) as u32, remind_after: vec![1], escalate, finally }
}

fn stages(random: &mut SeededRandom) -> Vec<Stage> {
    let stage = |number: usize, random: &mut SeededRandom| Stage {
        key: format!("s{number}"),
        name: names(),
        after: (0..number).filter(|_| random.below(3) == 0).map(|before| format!("s{before}")).collect(),
        when: sometimes(random, |random| condition(random, 2)),
        approvers: (0..1 + random.below(2)).map(|_| approver(random)).collect(),
        needs: *random.pick(&[Needs::Any, Needs::All, Needs::AtLeast(1), Needs::AtLeast(2), Needs::AtLeast(3)]),
        deadline: sometimes(random, deadline),
    };
    (0..random.below(4)).map(|number| stage(number, random)).collect()
}

fn policies(random: &mut SeededRandom) -> Vec<Published> {
    let policy = |random: &mut SeededRandom| Policy {
        applies_to: AppliesTo {
            kinds: Kind::ALL.iter().copied().collect(),
            when: sometimes(random, |random| condition(random, 3)),
        },
        auto_approve: sometimes(random, |random| AutoRule {
            key: "small".into(),
            name: names(),
            when: condition(random, 2),
        })
        .into_iter()
        .collect(),
        stages: stages(random),
        allow_timeout_approval: true,
    };
    let published = |number: usize, random: &mut SeededRandom| Published {
        key: format!("k{number}"),
        version: 1 + random.below(3) as u32,
        policy: policy(random),
    };
    (0..random.below(4)).map(|number| published(number, random)).collect()
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
        }
        self.check_waiting();
        self.check_end();
    }

    /// Checks that a change is permitted in the state before it.
    fn check(&self, change: &Change) {
        match change {
            Change::Decided { stage, decision } => {
                let actor = number(&decision.actor);
                let behalf = decision.on_behalf_of.as_deref().map(number);
                assert_ne!(actor, 0, "the requester decided");
                assert!(behalf != Some(0) && behalf != Some(actor), "{decision:?}");
                let before = &self.approval.open(stage).expect("decisions are on open stages").decisions;
                assert!(before.iter().all(|earlier| number(&earlier.actor) != actor), "{actor} decided twice");
            }
            Change::StagePassed { stage, by: PassedBy::Approvals, .. } => self.check_approvals(stage),
            Change::PassedOn { to, .. } => assert_ne!(number(to), 0),
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
        if planned.needs == Needs::All && progress.passed_on.is_empty() {
            let people = |level: &Vec<Approver>| -> BTreeSet<usize> {
                let members = level.iter().flat_map(|reference| self.people.members(reference));
                members.map(|actor| number(&actor)).filter(|person| *person != 0).collect()
            };
            let is_complete = |level: &BTreeSet<usize>| !level.is_empty() && level.len() <= approved.len();
            assert!(progress.asked.iter().map(people).any(|level| is_complete(&level)), "{stage}: {approved:?}");
        }
    }

    /// Checks that an open approval waits for people who may decide or for the next step of a
    /// deadline, or says that people are missing.
    fn check_waiting(&self) {
        let Some(waiting) = waiting_on(&self.approval, &self.people, self.now) else {
            assert!(self.approval.ended.is_some());
            return;
        };
        assert_eq!(waiting.answer_since.is_some(), self.approval.can_answer(REVISION).is_ok());
        self.check_deadlines(waiting.answer_since.is_some());
        assert!(!waiting.stages.is_empty(), "an open approval without an open stage");
        for stage in waiting.stages {
            let has_step = matches!(stage.then, Then::Escalate { .. }) && stage.due_at.is_some();
            assert!(!stage.people.is_empty() || has_step || stage.people_missing, "{stage:?}");
            for actor in &stage.people {
                let vote = self.vote(actor, Some(&stage.stage), Verdict::Approve);
                assert!(self.approval.can_decide(&self.people, &vote).is_ok(), "{actor} in {stage:?}");
            }
        }
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
        self.now += random.below(3) as i64 * HOUR;
        let planned = self.approval.plan.stages.iter().map(|planned| planned.key.clone()).collect::<Vec<_>>();
        let stage = if planned.is_empty() { String::new() } else { random.pick(&planned).clone() };
        let (actor, other) = (self.people.actor(random), self.people.actor(random));
        let before = self.approval.ended.clone();
        let changes = match random.below(12) {
            0..=3 => {
                let verdict = if random.below(5) == 0 { Verdict::Reject } else { Verdict::Approve };
                let on_behalf_of = (random.below(3) == 0).then_some(other.as_str());
                let stage = (random.below(2) == 0).then_some(stage.as_str());
                let revision = REVISION - (random.below(20) == 0) as u32;
                self.approval.decide(self.ambient(), &Vote { actor: &actor, on_behalf_of, stage, revision, verdict })
            }
            4 => self.approval.pass_on(self.ambient(), &stage, &actor, &other),
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
            _ => {
                let reference = random.pick(&references()).clone();
                self.people.change(random, reference);
                Ok(self.approval.reconsider(self.ambient()))
            }
        };
        let changes = changes.unwrap_or_default();
        assert!(before.is_none() || changes.is_empty(), "an approval changed after its end");
        self.follow(&changes);
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
