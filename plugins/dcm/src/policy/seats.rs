//! Seats of a stage: the people whose decision the stage asks for.
//!
//! A person has one seat, also if several groups name the person, or name the person by different
//! actor ids. The requester never has a seat. A seat that was passed on belongs to the other
//! person, also when the person who had it leaves.

use super::approval::{Approval, Approvers, Progress};
use super::document::Approver;
use std::collections::BTreeMap;

/// Seats of a stage: the smallest actor id of each person, with the actor id by which the person
/// was named.
pub type Seats = BTreeMap<String, String>;

/// Smallest actor id of a person, the same for each of their ids.
pub fn person_of(approvers: &dyn Approvers, actor: &str) -> String {
    let ids = approvers.person(actor);
    ids.into_iter().next().filter(|smallest| smallest.as_str() < actor).unwrap_or_else(|| actor.into())
}

impl Approval {
    /// Tells whether an actor id belongs to the requester, by the actor ids that the requester had
    /// at the submission or has at present.
    pub fn is_requester(&self, approvers: &dyn Approvers, actor: &str) -> bool {
        let is_known = |id: &str| self.requester == id || self.requester_ids.contains(id);
        is_known(actor) || approvers.person(actor).iter().any(|id| is_known(id))
    }

    /// Seats of the people to whom the references in `asked` lead, without the requester. A seat
    /// that was passed on is that of the person to whom it was passed, and ends if that person has
    /// left.
    pub(super) fn seats(&self, approvers: &dyn Approvers, progress: &Progress, asked: &[Approver]) -> Seats {
        let mut seats = Seats::new();
        for member in asked.iter().flat_map(|reference| approvers.members(reference)) {
            let actor = progress.passed_to(approvers, member.clone());
            let is_present = actor == member || approvers.is_present(&actor);
            if is_present && !self.is_requester(approvers, &actor) {
                seats.entry(person_of(approvers, &actor)).or_insert(actor);
            }
        }
        seats
    }

    /// Adds the seats that were passed on to the levels in which the giver had them, also if no
    /// reference leads to the giver any more, such as after the giver left.
    pub(super) fn keep_seats(&self, approvers: &dyn Approvers, progress: &Progress, levels: &mut [Seats]) {
        for passed in &progress.passed_on {
            let actor = progress.passed_to(approvers, passed.from.clone());
            if !approvers.is_present(&actor) || self.is_requester(approvers, &actor) {
                continue;
            }
            let kept = levels.iter_mut().enumerate().filter(|(level, _)| passed.levels.contains(level));
            for (_, seats) in kept {
                seats.entry(person_of(approvers, &actor)).or_insert_with(|| actor.clone());
            }
        }
    }
}

impl Progress {
    /// Actor id of the person who has the seat of `member` now. The seat may have been passed on,
    /// several times too.
    fn passed_to(&self, approvers: &dyn Approvers, member: String) -> String {
        let mut actor = member;
        // Each passing on is followed at most once, so that the search ends.
        for passed in &self.passed_on {
            if person_of(approvers, &passed.from) == person_of(approvers, &actor) {
                actor.clone_from(&passed.to);
            }
        }
        actor
    }
}
