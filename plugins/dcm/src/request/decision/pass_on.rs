//! Handover of the caller's seat in open stages to another person, who then decides instead.

use super::people::{Resolved, check_deciders, decider};
use super::record::Recording;
use super::{ambient, boundary};
use crate::calendar::state::Current;
use crate::permission::DECIDE;
use crate::policy::approval::{Ambient, Approval, Approvers, Change, Verdict};
use crate::policy::operations::Vote;
use crate::request::{Request, RequestFacts, is_id, stream, unknown};
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) const REASON: std::ops::RangeInclusive<usize> = 3..=2000;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PassOnDecision {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Revision of the request that the caller has read; without it, the first.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: Option<u32>,
    /// Actor id of the person who decides instead of the caller.
    #[schemars(length(min = 1, max = 64), extend("x-eaf-own-words" = true))]
    pub to: String,
    /// Reason for the other person and the requester, 3 to 2,000 characters.
    #[schemars(length(min = 3, max = 2000), extend("x-eaf-own-words" = true))]
    pub reason: Personal<CommandActor>,
}

/// Keys of the open stages in which the caller has a seat of their own. Rejects if there are none.
pub fn own_stages(
    approval: &Approval,
    approvers: &dyn Approvers,
    ctx: &Context,
    request: &RequestFacts,
    revision: u32,
) -> Result<Vec<String>, Rejection> {
    request.pending()?;
    let vote = Vote { actor: &ctx.actor.id, on_behalf_of: None, stage: None, revision, verdict: Verdict::Approve };
    approval.can_decide(approvers, &vote).map_err(|refused| refused.at("/request"))
}

impl Command for PassOnDecision {
    const NAME: &'static str = "pass-on-decision";
    const PERMISSION: Option<&'static str> = Some(DECIDE);

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        let boundary = boundary(&self.request, loaded);
        // The host resolves only valid ids; `decide` rejects the others.
        if is_id(&self.to) { boundary.people(decider(&self.to)) } else { boundary }
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        let Some(approval) = &request.approval else { return Err(unknown()) };
        let people = Resolved::new(approval, ctx, streams, &[]);
        let revision = self.revision.unwrap_or(1);
        let stages = own_stages(approval, &people, ctx, &request.facts(), revision)?;
        let mut fields = Fields::default();
        check_deciders(&mut fields, streams, [("/to".to_owned(), &self.to)]);
        fields.length("/reason", "reason", self.reason.as_str(), REASON);
        fields.into_result("invalid-handover")?;
        let Current { calendar, .. } = Current::of(streams);
        let changes = self.changes(approval, ambient(ctx, &people, &calendar), &ctx.actor.id, &stages)?;
        let comment = Some(self.reason.reassign());
        let recording = Recording::new(ctx, &self.request, &request, comment, &calendar);
        Ok(recording.changes(Accepted::nothing(), approval, changes).subject("requests", self.request))
    }
}

impl PassOnDecision {
    /// Changes of one handover per stage, one after the other.
    fn changes(
        &self,
        approval: &Approval,
        ambient: Ambient,
        from: &str,
        stages: &[String],
    ) -> Result<Vec<Change>, Rejection> {
        let mut approval = approval.clone();
        let mut all = Vec::new();
        for stage in stages {
            let changes = approval.pass_on(ambient, stage, from, &self.to).map_err(|refused| refused.at("/to"))?;
            changes.iter().for_each(|change| approval.apply(change));
            all.extend(changes);
        }
        Ok(all)
    }
}
