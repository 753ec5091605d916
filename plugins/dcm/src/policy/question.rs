//! Questions of approvers to the requester, and the answers.
//!
//! From the first question to the answer no deadline of the approval runs: its steps keep the
//! working time that is left, and run for this time after the answer. People may decide meanwhile.

use super::approval::{Ambient, Approval, Change};
use super::operations::Vote;
use eaf_sdk::Rejection;

impl Approval {
    /// Asks the requester a question, on behalf of a person who may decide in an open stage.
    pub fn ask(&self, ambient: Ambient, vote: &Vote) -> Result<Vec<Change>, Rejection> {
        self.can_decide(ambient.approvers, vote)?;
        Ok(vec![Change::Asked {
            by: vote.actor.into(),
            on_behalf_of: vote.on_behalf_of.map(Into::into),
            left_ms: self.left_ms(ambient),
            at: ambient.now,
        }])
    }

    /// Checks that the requester may answer, because a question is open on this revision.
    pub fn can_answer(&self, revision: u32) -> Result<(), Rejection> {
        self.undecided()?;
        self.is_at(revision)?;
        if self.question.is_none() {
            return Err(Rejection::conflict("no-question"));
        }
        Ok(())
    }

    /// Answers the open questions on behalf of the requester. The deadlines run again,
    /// unless proposed changes are open.
    pub fn answer(&self, ambient: Ambient, revision: u32) -> Result<Vec<Change>, Rejection> {
        self.can_answer(revision)?;
        let due_at = if self.proposal.is_none() { self.due_again(ambient) } else { Default::default() };
        Ok(vec![Change::Answered { due_at, at: ambient.now }])
    }
}

#[cfg(test)]
mod tests;
