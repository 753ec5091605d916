//! Operations on an approval. Each operation returns the changes that follow, or a rejection with
//! the reason.
//!
//! Invariants:
//! - the requester decides on nothing: neither by a group, a deputy or another actor id, nor by
//!   choosing the approvers;
//! - a decision is for the revision that was read;
//! - people that are missing lead to an escalation and never to an approval;
//! - an approval that has ended stays as it is.

use super::approval::{Ambient, Approval, Approvers, Cause, Change, Decision, Outcome, PassedBy, Progress, Verdict};
use super::document::{Approver, Finally, Needs};
use super::judge::{Judgement, Tally};
use super::plan::PlannedStage;
use super::seats::person_of;
use crate::permission::OPERATE;
use eaf_sdk::Rejection;
use std::collections::BTreeSet;

const NOT_AN_APPROVER: &str = "not-an-approver";

/// Decision of a person on an approval, before the decision is checked.
#[derive(Debug, Clone, Copy)]
pub struct Vote<'a> {
    /// Actor id of the person who decides.
    pub actor: &'a str,
    /// Actor id of the person whose deputy decides; `None`: the person decides for themselves.
    pub on_behalf_of: Option<&'a str>,
    /// Key of the stage on which the person decides; `None`: every open stage in which the person
    /// may decide.
    pub stage: Option<&'a str>,
    /// Revision of the request that the person has read.
    pub revision: u32,
    pub verdict: Verdict,
}

impl Approval {
    /// Opens the first stages of a new approval, or grants an approval that needs no people.
    pub fn start(&self, ambient: Ambient) -> Vec<Change> {
        self.reconsider(ambient)
    }

    /// Judges every open stage again, for example after the members of a group have changed.
    pub fn reconsider(&self, ambient: Ambient) -> Vec<Change> {
        let mut following = Following::new(self, ambient);
        following.settle();
        following.changes
    }

    /// Escalates every open stage that the people left cannot pass, because people have left a
    /// group, a role or the tenant. No stage passes and no approval ends by it.
    pub fn ask_others(&self, ambient: Ambient) -> Vec<Change> {
        let mut following = Following::new(self, ambient);
        following.escalate_all();
        following.changes
    }

    /// Actor ids of the people who may decide for themselves in a stage that is open.
    pub fn eligible(&self, approvers: &dyn Approvers, stage: &str) -> BTreeSet<String> {
        let Some(progress) = self.open(stage) else { return BTreeSet::new() };
        Tally::of(self, approvers, progress).open().map(|(_, actor)| actor.clone()).collect()
    }

    /// Keys of the open stages for which a vote counts. If the vote counts for no stage, a
    /// rejection with the reason.
    pub fn can_decide(&self, approvers: &dyn Approvers, vote: &Vote) -> Result<Vec<String>, Rejection> {
        self.undecided()?;
        self.not_requester(approvers, vote.actor)?;
        if let Some(behalf) = vote.on_behalf_of {
            self.not_requester(approvers, behalf)?;
        }
        self.is_at(vote.revision)?;
        if let Some(stage) = vote.stage {
            self.can_decide_in(approvers, vote, stage)?;
            return Ok(vec![stage.into()]);
        }
        let mut refused = None;
        let mut stages = Vec::new();
        for stage in self.open_stages() {
            match self.can_decide_in(approvers, vote, stage) {
                Ok(()) => stages.push(stage.to_owned()),
                // “Already decided” in one stage says more than “not asked” in another.
                Err(rejection) => {
                    refused = refused.filter(|known: &Rejection| known.code != NOT_AN_APPROVER).or(Some(rejection));
                }
            }
        }
        if stages.is_empty() {
            return Err(refused.unwrap_or_else(|| Rejection::forbidden(NOT_AN_APPROVER)));
        }
        Ok(stages)
    }

    /// Checks that `revision` is the present revision of the request, so that people decide on what
    /// they have read.
    pub fn is_at(&self, revision: u32) -> Result<(), Rejection> {
        if revision == self.revision {
            return Ok(());
        }
        Err(Rejection::conflict("revision-changed").param("revision", self.revision).param("expected", revision))
    }

    pub fn decide(&self, ambient: Ambient, vote: &Vote) -> Result<Vec<Change>, Rejection> {
        let stages = self.can_decide(ambient.approvers, vote)?;
        let mut following = Following::new(self, ambient);
        for stage in stages {
            let decision = Decision {
                actor: vote.actor.into(),
                on_behalf_of: vote.on_behalf_of.map(Into::into),
                verdict: vote.verdict,
                at: ambient.now,
            };
            following.record(Change::Decided { stage, decision });
        }
        following.settle();
        Ok(following.changes)
    }

    /// Passes a person's seat on to another person, who then decides instead.
    pub fn pass_on(&self, ambient: Ambient, stage: &str, from: &str, to: &str) -> Result<Vec<Change>, Rejection> {
        let approvers = ambient.approvers;
        let progress = self.open_or_refuse(stage)?;
        self.not_requester(approvers, from)?;
        if self.is_requester(approvers, to) {
            return Err(Rejection::forbidden("requester-cannot-decide"));
        }
        let tally = Tally::of(self, approvers, progress);
        let (giver, taker) = (person_of(approvers, from), person_of(approvers, to));
        has_open_seat(&tally, &giver)?;
        if tally.has_decided(&taker) {
            return Err(Rejection::conflict("already-decided"));
        }
        if tally.seats.contains_key(&taker) {
            return Err(Rejection::conflict("already-asked"));
        }
        if progress.passed_on.iter().any(|passed| person_of(approvers, &passed.from) == taker) {
            return Err(Rejection::conflict("passed-on-before"));
        }
        let mut following = Following::new(self, ambient);
        let (stage, from, to, levels) = (stage.into(), from.into(), to.into(), tally.levels_of(&giver));
        following.record(Change::PassedOn { stage, from, to, levels, at: ambient.now });
        following.settle();
        Ok(following.changes)
    }

    /// Replaces the approvers of an open stage, on behalf of an admin. Decisions that were given
    /// remain, and the stage's deadline begins again.
    pub fn reassign(
        &self,
        ambient: Ambient,
        stage: &str,
        approvers: Vec<Approver>,
        by: &str,
    ) -> Result<Vec<Change>, Rejection> {
        self.open_or_refuse(stage)?;
        self.not_requester(ambient.approvers, by)?;
        let Some(planned) = self.planned(stage) else { return Err(not_open(stage)) };
        let mut following = Following::new(self, ambient);
        let due_at = following.due_at(planned.deadline.as_ref().map(|deadline| deadline.hours));
        let (stage, by) = (stage.to_owned(), by.into());
        following.record(Change::Reassigned { stage: stage.clone(), approvers, by, due_at, at: ambient.now });
        if following.judge(&stage) == Judgement::Short {
            return Err(Rejection::conflict("approvers-too-few").param("needed", planned.needs.least()));
        }
        following.settle();
        Ok(following.changes)
    }

    /// Takes the next step of a stage's deadline, because the hours of the present step are over.
    pub fn escalate(&self, ambient: Ambient, stage: &str) -> Result<Vec<Change>, Rejection> {
        let (planned, progress) = self.overdue(ambient, stage)?;
        if progress.next_step(planned.deadline.as_ref()).is_none() {
            return Err(Rejection::conflict("no-escalation-left"));
        }
        let mut following = Following::new(self, ambient);
        following.escalate(stage, Cause::Time);
        following.settle();
        Ok(following.changes)
    }

    /// Tells whether the deadline of an open stage has a further step.
    pub fn has_escalation_left(&self, stage: &str) -> bool {
        let deadline = self.planned(stage).and_then(|planned| planned.deadline.as_ref());
        self.open(stage).is_some_and(|progress| progress.next_step(deadline).is_some())
    }

    /// Ends the last step of a stage's deadline, because its hours are over: the approval expires,
    /// or the stage passes without a decision.
    pub fn expire(&self, ambient: Ambient, stage: &str) -> Result<Vec<Change>, Rejection> {
        let (planned, progress) = self.overdue(ambient, stage)?;
        if progress.next_step(planned.deadline.as_ref()).is_some() {
            return Err(Rejection::conflict("escalation-left"));
        }
        let mut following = Following::new(self, ambient);
        let (stage, at) = (stage.to_owned(), ambient.now);
        match planned.deadline.as_ref().map(|deadline| deadline.finally) {
            Some(Finally::Approve) => following.record(Change::StagePassed { stage, by: PassedBy::Time, at }),
            _ => following.end(Outcome::Expired, Some(stage)),
        }
        following.settle();
        Ok(following.changes)
    }

    /// Asks the holders of `operate` instead of passing a stage at the end of its deadline, because
    /// the offering or its price changed. No deadline runs afterwards.
    pub fn ask_operators(&self, ambient: Ambient, stage: &str) -> Result<Vec<Change>, Rejection> {
        self.overdue(ambient, stage)?;
        let mut following = Following::new(self, ambient);
        following.record(Change::Escalated {
            stage: stage.into(),
            to: Approver::Permission(OPERATE.into()),
            cause: Cause::OfferingChanged,
            to_operators: false,
            due_at: None,
            at: ambient.now,
        });
        following.settle();
        Ok(following.changes)
    }

    fn can_decide_in(&self, approvers: &dyn Approvers, vote: &Vote, stage: &str) -> Result<(), Rejection> {
        let progress = self.open_or_refuse(stage)?;
        let tally = Tally::of(self, approvers, progress);
        let person = person_of(approvers, vote.actor);
        let Some(behalf) = vote.on_behalf_of else { return has_open_seat(&tally, &person) };
        let principal = person_of(approvers, behalf);
        let is_deputy = approvers.deputies(behalf).iter().any(|deputy| person_of(approvers, deputy) == person);
        if principal == person || !is_deputy {
            return Err(Rejection::forbidden("not-a-deputy"));
        }
        if tally.has_decided(&person) {
            return Err(Rejection::conflict("already-decided"));
        }
        // A person with a seat has a voice of their own, and only one.
        if tally.seats.contains_key(&person) {
            return Err(Rejection::conflict("own-voice"));
        }
        has_open_seat(&tally, &principal)
    }

    pub(super) fn undecided(&self) -> Result<(), Rejection> {
        if self.ended.is_some() {
            return Err(Rejection::conflict("approval-ended"));
        }
        Ok(())
    }

    fn not_requester(&self, approvers: &dyn Approvers, actor: &str) -> Result<(), Rejection> {
        if self.is_requester(approvers, actor) {
            return Err(Rejection::forbidden("own-request"));
        }
        Ok(())
    }

    fn open_or_refuse(&self, stage: &str) -> Result<&Progress, Rejection> {
        self.undecided()?;
        self.open(stage).ok_or_else(|| not_open(stage))
    }

    /// Returns an open stage, with its progress. Rejects if the present step of the stage's
    /// deadline is not over.
    fn overdue(&self, ambient: Ambient, stage: &str) -> Result<(&PlannedStage, &Progress), Rejection> {
        let progress = self.open_or_refuse(stage)?;
        let planned = self.planned(stage).ok_or_else(|| not_open(stage))?;
        if progress.due_at.is_none_or(|due| ambient.now < due) {
            return Err(Rejection::conflict("deadline-not-over"));
        }
        Ok((planned, progress))
    }
}

fn not_open(stage: &str) -> Rejection {
    Rejection::conflict("stage-not-open").param("stage", stage)
}

fn has_open_seat(tally: &Tally, person: &str) -> Result<(), Rejection> {
    if tally.has_decided(person) {
        return Err(Rejection::conflict("already-decided"));
    }
    if !tally.seats.contains_key(person) {
        return Err(Rejection::forbidden(NOT_AN_APPROVER));
    }
    Ok(())
}

/// Changes that an operation causes one after the other, and the approval after these changes.
struct Following<'a> {
    approval: Approval,
    ambient: Ambient<'a>,
    changes: Vec<Change>,
}

impl<'a> Following<'a> {
    fn new(approval: &Approval, ambient: Ambient<'a>) -> Self {
        Following { approval: approval.clone(), ambient, changes: Vec::new() }
    }

    fn record(&mut self, change: Change) {
        self.approval.apply(&change);
        self.changes.push(change);
    }

    fn end(&mut self, outcome: Outcome, stage: Option<String>) {
        self.record(Change::Ended { outcome, stage, at: self.ambient.now });
    }

    /// End of a step of a deadline that begins now; `None`: no deadline, or the approval
    /// waits for its requester.
    fn due_at(&self, hours: Option<u32>) -> Option<i64> {
        let hours = hours.filter(|_| !self.approval.is_paused())?;
        Some(self.ambient.hours.after(self.ambient.now, hours))
    }

    /// Opens, passes and escalates stages until no further change follows. The loop ends, because
    /// each stage opens and passes once and has a limited number of escalations.
    fn settle(&mut self) {
        while self.approval.ended.is_none() {
            let before = self.changes.len();
            self.open_ready();
            let open: Vec<String> = self.approval.open_stages().into_iter().map(Into::into).collect();
            for stage in open {
                self.follow(&stage);
            }
            if self.approval.is_complete() {
                let last = self.approval.plan.stages.last().map(|planned| planned.key.clone());
                self.end(Outcome::Granted, last);
            }
            if self.changes.len() == before {
                return;
            }
        }
    }

    fn open_ready(&mut self) {
        let at = self.ambient.now;
        let opened = |planned: &PlannedStage| {
            let due_at = self.due_at(planned.deadline.as_ref().map(|deadline| deadline.hours));
            Change::StageOpened { stage: planned.key.clone(), due_at, at }
        };
        let opened: Vec<Change> = self.approval.ready().into_iter().map(opened).collect();
        for change in opened {
            let Change::StageOpened { stage, .. } = &change else { continue };
            let stage = stage.clone();
            self.record(change);
            if let Some(decided) = self.approval.agreed_in(self.ambient, &stage) {
                self.record(decided);
            }
        }
    }

    fn follow(&mut self, stage: &str) {
        let at = self.ambient.now;
        match self.judge(stage) {
            Judgement::Passes => {
                self.record(Change::StagePassed { stage: stage.into(), by: PassedBy::Approvals, at });
            }
            Judgement::Rejects => self.end(Outcome::Rejected, Some(stage.into())),
            Judgement::Short => self.escalate(stage, Cause::PeopleMissing),
            Judgement::Waits => {}
        }
    }

    fn judge(&self, stage: &str) -> Judgement {
        let Some(progress) = self.approval.open(stage) else { return Judgement::Waits };
        let needs = self.approval.planned(stage).map_or(Needs::Any, |planned| planned.needs);
        Tally::of(&self.approval, self.ambient.approvers, progress).judge(needs)
    }

    /// Escalates the open stages that the people left cannot pass, until other people can, or no
    /// other people are left to ask.
    fn escalate_all(&mut self) {
        let open: Vec<String> = self.approval.open_stages().into_iter().map(Into::into).collect();
        for stage in open {
            loop {
                let before = self.changes.len();
                if !self.can_pass(&stage) {
                    self.escalate(&stage, Cause::PeopleMissing);
                }
                if self.changes.len() == before {
                    break;
                }
            }
        }
    }

    fn can_pass(&self, stage: &str) -> bool {
        let Some(progress) = self.approval.open(stage) else { return true };
        let needs = self.approval.planned(stage).map_or(Needs::Any, |planned| planned.needs);
        Tally::of(&self.approval, self.ambient.approvers, progress).can_pass(needs)
    }

    /// Asks the people of the deadline's next step. If no step is left, asks the holders of
    /// `operate`, once.
    fn escalate(&mut self, stage: &str, cause: Cause) {
        let (Some(progress), Some(planned)) = (self.approval.open(stage), self.approval.planned(stage)) else { return };
        let (stage, at) = (stage.to_owned(), self.ambient.now);
        let change = match progress.next_step(planned.deadline.as_ref()) {
            Some(step) => {
                let due_at = self.due_at(Some(step.hours));
                Change::Escalated { stage, to: step.to.clone(), cause, to_operators: false, due_at, at }
            }
            None if progress.operators_asked => return,
            None => {
                let (to, due_at) = (Approver::Permission(OPERATE.into()), progress.due_at);
                Change::Escalated { stage, to, cause, to_operators: true, due_at, at }
            }
        };
        self.record(change);
    }
}

#[cfg(test)]
pub(crate) mod tests;
