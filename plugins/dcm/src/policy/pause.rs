//! Pause of an approval's deadlines while the approval waits for its requester, who has a question
//! to answer or proposed changes to confirm.
//!
//! The steps keep the working time that is left, and run for this time afterwards.

use super::approval::{Ambient, Approval, HOUR_MS};
use std::collections::BTreeMap;

impl Approval {
    /// Tells whether the approval waits for its requester, so that no deadline runs.
    pub fn is_paused(&self) -> bool {
        self.question.is_some() || self.proposal.is_some()
    }

    /// Working time that is left of the deadlines that run, in milliseconds, by the stage's key.
    pub(super) fn left_ms(&self, ambient: Ambient) -> BTreeMap<String, i64> {
        let left = |stage: &str| {
            let due_at = self.open(stage)?.due_at?;
            Some((stage.to_owned(), ambient.hours.ms_between(ambient.now, due_at)))
        };
        self.open_stages().into_iter().filter_map(left).collect()
    }

    /// Ends of the deadlines that were paused and run again now, by the stage's key.
    pub(super) fn due_again(&self, ambient: Ambient) -> BTreeMap<String, i64> {
        let due_at = |stage: &str| {
            let left = self.open(stage)?.left_ms?;
            Some((stage.to_owned(), ambient.hours.after_ms(ambient.now, left)))
        };
        self.open_stages().into_iter().filter_map(due_at).collect()
    }

    pub(super) fn pause(&mut self, left_ms: &BTreeMap<String, i64>) {
        for (stage, left) in left_ms {
            if let Some(progress) = self.stages.get_mut(stage) {
                (progress.due_at, progress.left_ms) = (None, Some(*left));
            }
        }
    }

    /// Lets the deadlines run again, unless the approval still waits for its requester.
    pub(super) fn resume(&mut self, due_at: &BTreeMap<String, i64>) {
        if self.is_paused() {
            return;
        }
        for (stage, progress) in &mut self.stages {
            progress.left_ms = None;
            progress.due_at = due_at.get(stage).copied().or(progress.due_at);
        }
    }

    /// Keeps all hours of a step of a stage's deadline that begins during a pause.
    pub(super) fn keep_hours(&mut self, stage: &str) {
        if !self.is_paused() {
            return;
        }
        let deadline = self.planned(stage).and_then(|planned| planned.deadline.clone());
        if let Some(progress) = self.stages.get_mut(stage) {
            let hours = deadline.and_then(|deadline| progress.step_hours(&deadline));
            progress.left_ms = hours.map(|hours| i64::from(hours) * HOUR_MS);
        }
    }
}
