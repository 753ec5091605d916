//! Judgement of a stage: whether the stage passes, is rejected, waits, or lacks people.
//!
//! A person counts once per stage, whether the person decided for their own seat or as a deputy. A
//! seat counts once too.

use super::approval::{Approval, Approvers, Decision, Progress, Verdict};
use super::document::Needs;
use super::seats::{Seats, person_of};
use std::collections::{BTreeMap, BTreeSet};

/// Verdicts on a stage, counted for the people who have a seat at present.
pub(super) struct Tally {
    /// Seats of each level: first the seats of the approvers in the plan, then those of each
    /// escalation. A seat that was passed on stays in its levels when the giver leaves.
    levels: Vec<Seats>,
    /// Seats of all levels together.
    pub seats: Seats,
    /// Verdict of each seat that has decided, by the smallest actor id of the person who has the
    /// seat.
    decided: BTreeMap<String, Verdict>,
    /// Smallest actor ids of the people who have decided, for their own seat or as a deputy.
    acted: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Passes,
    Rejects,
    /// Too few people are left to pass the stage.
    Short,
    Waits,
}

impl Tally {
    pub fn of(approval: &Approval, approvers: &dyn Approvers, progress: &Progress) -> Tally {
        let mut levels: Vec<Seats> =
            progress.asked.iter().map(|asked| approval.seats(approvers, progress, asked)).collect();
        approval.keep_seats(approvers, progress, &mut levels);
        let mut seats = Seats::new();
        for (person, actor) in levels.iter().flatten() {
            seats.entry(person.clone()).or_insert_with(|| actor.clone());
        }
        let mut tally = Tally { levels, seats, decided: BTreeMap::new(), acted: BTreeSet::new() };
        for decision in &progress.decisions {
            if !approval.is_by_requester(approvers, decision) {
                tally.count(approvers, decision);
            }
        }
        tally
    }

    /// Counts a decision for the seat of the person who decided, or for the seat of the person for
    /// whom a deputy decided.
    fn count(&mut self, approvers: &dyn Approvers, decision: &Decision) {
        let person = person_of(approvers, &decision.actor);
        let behalf = decision.on_behalf_of.as_deref().map(|actor| person_of(approvers, actor));
        let seat = match behalf {
            Some(behalf) if !self.seats.contains_key(&person) => behalf,
            _ => person.clone(),
        };
        if self.acted.contains(&person) || self.decided.contains_key(&seat) {
            return;
        }
        self.acted.insert(person);
        self.decided.insert(seat, decision.verdict);
    }

    /// Levels in which a person has a seat.
    pub fn levels_of(&self, person: &str) -> BTreeSet<usize> {
        (0..).zip(&self.levels).filter(|(_, level)| level.contains_key(person)).map(|(index, _)| index).collect()
    }

    pub fn has_decided(&self, person: &str) -> bool {
        self.acted.contains(person) || self.decided.contains_key(person)
    }

    /// People who have a seat and have not decided: the smallest actor id of each, and the actor id
    /// by which the person was named.
    pub fn open(&self) -> impl Iterator<Item = (&String, &String)> {
        self.seats.iter().filter(|(person, _)| !self.has_decided(person))
    }

    pub fn approvals(&self) -> usize {
        self.decided.values().filter(|verdict| **verdict == Verdict::Approve).count()
    }

    pub fn judge(&self, needs: Needs) -> Judgement {
        let rejected = self.approvals() < self.decided.len();
        match needs {
            Needs::Any if rejected => Judgement::Rejects,
            Needs::Any => self.quorum(1),
            Needs::All if rejected => Judgement::Rejects,
            Needs::All if self.seats.is_empty() => Judgement::Short,
            Needs::All if self.levels.iter().any(|level| self.is_complete(level)) => Judgement::Passes,
            Needs::All => Judgement::Waits,
            Needs::AtLeast(count) => self.quorum(usize::try_from(count.max(1)).unwrap_or(usize::MAX)),
        }
    }

    /// Tells whether the people who have a seat and have not decided can pass the stage.
    pub fn can_pass(&self, needs: Needs) -> bool {
        let open = self.open().count();
        let missing = match needs {
            Needs::Any | Needs::All => 1,
            Needs::AtLeast(count) => {
                usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(self.approvals()).max(1)
            }
        };
        open >= missing
    }

    fn quorum(&self, count: usize) -> Judgement {
        let approvals = self.approvals();
        if approvals >= count {
            return Judgement::Passes;
        }
        if approvals + self.open().count() >= count {
            return Judgement::Waits;
        }
        // Where people are missing and none rejected, other people are asked.
        if approvals < self.decided.len() { Judgement::Rejects } else { Judgement::Short }
    }

    /// Tells whether every person of a level has approved; false for a level without people.
    fn is_complete(&self, level: &Seats) -> bool {
        !level.is_empty() && level.keys().all(|person| self.decided.get(person) == Some(&Verdict::Approve))
    }
}

impl Approval {
    fn is_by_requester(&self, approvers: &dyn Approvers, decision: &Decision) -> bool {
        self.is_requester(approvers, &decision.actor)
            || decision.on_behalf_of.as_deref().is_some_and(|actor| self.is_requester(approvers, actor))
    }
}
