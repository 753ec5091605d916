//! Checks that what an approval says of its waiting is true at each position of its history, by a
//! model that finds the people who may act from the directory and the recorded decisions alone.

use crate::people::{PEOPLE, REQUESTER, TestMembers, first_id, number};
use crate::{Case, REVISION};
use dcm::policy::approval::{Progress, Verdict};
use dcm::policy::document::{Approver, Needs, Whose};
use dcm::policy::operations::Vote;
use dcm::policy::waiting::{Then, WaitingStage, waiting_on};
use dcm::request::decision::waiting::message;
use eaf_sdk::testing::{Stage, person};
use eaf_sdk::{Context, Message, People};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static CONTEXT: LazyLock<Context> = LazyLock::new(|| Stage::<dcm::Dcm>::new().context(&person("Rita Requester", &[])));

impl Case {
    /// Checks that each open stage names exactly the people who may decide in it, and says that
    /// people are missing only if they are too few. The sentence about the approval agrees.
    pub fn check_waiting(&self) {
        let Some(waiting) = waiting_on(&self.approval, &self.people, self.now) else {
            assert!(self.approval.ended.is_some());
            assert!(self.approval.open_stages().is_empty(), "an ended approval waits");
            return;
        };
        assert!(self.approval.ended.is_none());
        assert_eq!(waiting.answer_since.is_some(), self.approval.can_answer(REVISION).is_ok());
        for stage in &waiting.stages {
            self.check_stage(stage);
        }
        self.check_sentence(&waiting.stages);
    }

    /// Checks that the open approval has open stages, and that each of them waits for people or for
    /// the next step of its deadline, or says that people are missing.
    pub fn check_stages(&self) {
        let Some(waiting) = waiting_on(&self.approval, &self.people, self.now) else { return };
        self.check_deadlines(waiting.answer_since.is_some());
        assert!(!waiting.stages.is_empty(), "an open approval without an open stage");
        for stage in waiting.stages {
            let has_step = matches!(stage.then, Then::Escalate { .. }) && stage.due_at.is_some();
            assert!(!stage.people.is_empty() || has_step || stage.people_missing, "{stage:?}");
        }
    }

    fn check_stage(&self, stage: &WaitingStage) {
        let progress = self.approval.open(&stage.stage).expect("it waits for open stages");
        let may_act = self.people.open_seats(progress);
        let named: BTreeSet<usize> = stage.people.iter().map(|actor| number(actor)).collect();
        assert_eq!(named, may_act, "{stage:?} of {progress:?}");
        let needed = match stage.needs {
            Needs::Any | Needs::All => 1,
            Needs::AtLeast(count) => (count as usize).saturating_sub(stage.approvals),
        };
        // A stage that has its approvals passes with the next event.
        let is_short = stage.people_missing && !has_quorum(stage);
        assert_eq!(is_short, may_act.len() < needed && !has_quorum(stage), "{stage:?} of {progress:?}");
        for actor in &stage.people {
            let vote = self.vote(actor, Some(&stage.stage), Verdict::Approve);
            assert!(self.approval.can_decide(&self.people, &vote).is_ok(), "{actor} in {stage:?}");
        }
    }

    /// Checks that the sentence of a row names the people who may act, stage by stage, and
    /// says of exactly the stages that lack people that they do. It knows a person by one actor id,
    /// as the host does.
    fn check_sentence(&self, stages: &[WaitingStage]) {
        let Some(said) = self.sentence() else { return };
        let references = said.params["people"].as_array().expect("one reference per stage");
        let named: BTreeSet<usize> = references.iter().flat_map(|people| self.people.named(people)).collect();
        let said = said.params["stages"].as_array().expect("the open stages");
        assert_eq!((said.len(), references.len()), (stages.len(), stages.len()));
        for (stage, said) in stages.iter().zip(said) {
            let seats = self.people.named(&said["seats"]);
            let open: BTreeSet<usize> = stage.people.iter().map(|actor| number(actor)).collect();
            assert_eq!(seats, open, "{said:?} of {:?}", self.approval);
            let is_too_few = (seats.len() as u64) < said["missing"].as_u64().expect("a number");
            let is_short = stage.people_missing && !has_quorum(stage);
            assert_eq!(is_too_few, is_short, "{said:?}: {stage:?} of {:?}", self.approval);
        }
        let acting: BTreeSet<usize> = (1..PEOPLE).filter(|person| self.may_act(*person)).collect();
        assert!(named.is_subset(&acting), "{named:?} of {acting:?}: {:?}", self.approval);
        // A reference cannot exclude a person for their own seat alone: a person who passed theirs
        // on and may decide as the deputy of another is not named.
        let open = stages.iter().filter_map(|stage| self.approval.open(&stage.stage));
        let givers: BTreeSet<usize> =
            open.flat_map(|open| &open.passed_on).map(|passed| number(&passed.from)).collect();
        let unnamed: BTreeSet<usize> = acting.difference(&named).copied().collect();
        assert!(unnamed.is_subset(&givers), "{unnamed:?} of {acting:?}: {:?}", self.approval);
    }

    /// Sentence that an open approval waits for its approvers. `None`: the people have several
    /// actor ids, unlike the host's, or the approval waits for its requester.
    fn sentence(&self) -> Option<Message> {
        if self.people.has_second_ids() || self.approval.is_paused() {
            return None;
        }
        Some(message(&self.approval, &Context { now: self.now, ..CONTEXT.clone() }))
    }

    /// Tells whether the host and the approval accept a decision of a person, for themselves or as
    /// a deputy.
    fn may_act(&self, person: usize) -> bool {
        let actor = first_id(person);
        let accepts = |on_behalf_of| {
            let vote = Vote { actor: &actor, on_behalf_of, stage: None, revision: REVISION, verdict: Verdict::Approve };
            self.approval.can_decide(&self.people, &vote).is_ok()
        };
        let mut principals = self.people.deputies.iter().filter(|(_, deputies)| deputies.contains(&actor));
        self.people.may_decide[person] && (accepts(None) || principals.any(|(of, _)| accepts(Some(of.as_str()))))
    }
}

/// Tells whether a stage that does not need everyone has the approvals that it needs.
fn has_quorum(stage: &WaitingStage) -> bool {
    stage.needs != Needs::All && stage.approvals as u64 >= stage.needs.least()
}

impl TestMembers {
    /// People who have a seat in a stage and have not used it.
    fn open_seats(&self, progress: &Progress) -> BTreeSet<usize> {
        let (acted, used) = self.used_seats(progress);
        let seats = (0..progress.asked.len()).flat_map(|level| self.seats(progress, level));
        seats.filter(|person| !acted.contains(person) && !used.contains(person)).collect()
    }

    /// People who have a seat in a level of a stage.
    pub fn seats(&self, progress: &Progress, level: usize) -> BTreeSet<usize> {
        let asked = progress.asked[level].iter().flat_map(|reference| self.listed(reference));
        let asked = asked.map(|actor| number(&actor)).filter(|person| self.may_decide[*person]);
        let kept = progress.passed_on.iter().filter(|passed| passed.levels.contains(&level));
        let givers = kept.map(|passed| number(&passed.from));
        let is_eligible = |person: &usize| *person != REQUESTER && self.may_decide[*person];
        asked.chain(givers).map(|person| passed_to(progress, person)).filter(is_eligible).collect()
    }

    /// People who have decided in a stage, and the people whose seats they used.
    pub fn used_seats(&self, progress: &Progress) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let seats: BTreeSet<usize> = (0..progress.asked.len()).flat_map(|level| self.seats(progress, level)).collect();
        let (mut acted, mut used) = (BTreeSet::new(), BTreeSet::new());
        for decision in &progress.decisions {
            let actor = number(&decision.actor);
            let behalf = decision.on_behalf_of.as_deref().map(number);
            let seat = behalf.filter(|_| !seats.contains(&actor)).unwrap_or(actor);
            if acted.insert(actor) && !used.insert(seat) {
                acted.remove(&actor);
            }
        }
        (acted, used)
    }

    /// People to whom a reference in the sentence leads, with their deputies if it includes these.
    fn named(&self, said: &Value) -> BTreeSet<usize> {
        let reference = said["x-eaf-people"].clone();
        let people: People = serde_json::from_value(reference).expect("a reference to people");
        assert!(is_empty(&people) || people.demanded() == ["decide"], "{people:?}");
        let named = |names: &[String], of: fn(String) -> Approver| {
            names.iter().flat_map(|name| self.listed(&of(name.clone()))).collect::<Vec<_>>()
        };
        let mut meant = named(people.groups(), Approver::Group);
        meant.extend(named(people.permissions(), Approver::Permission));
        meant.extend(named(people.managers_of(), |_| Approver::ManagerOf(Whose::Requester)));
        meant.extend(named(people.actors(), Approver::Actor));
        let is_eligible = |actor: &String| self.may_decide[number(actor)] && !people.excluded().contains(actor);
        meant.retain(is_eligible);
        if people.includes_deputies() {
            let deputies: Vec<String> = meant
                .iter()
                .filter_map(|of| self.deputies.get(of))
                .flatten()
                .filter(|deputy| is_eligible(deputy))
                .cloned()
                .collect();
            meant.extend(deputies);
        }
        meant.iter().map(|actor| number(actor)).collect()
    }
}

fn is_empty(people: &People) -> bool {
    [people.permissions(), people.groups(), people.managers_of(), people.actors()].concat().is_empty()
}

/// Person who has the seat of a person now.
fn passed_to(progress: &Progress, person: usize) -> usize {
    progress
        .passed_on
        .iter()
        .fold(person, |has, passed| if number(&passed.from) == has { number(&passed.to) } else { has })
}
