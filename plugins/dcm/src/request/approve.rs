//! Approval of a request in every open stage in which the caller may decide. By the four-eyes
//! principle a requester never approves their own request.

use super::decision::people::Resolved;
use super::decision::record::Recording;
use super::decision::{ambient, boundary, vote};
use super::event::Requester;
use super::{Request, RequestFacts, stream, unknown};
use crate::calendar::state::Current;
use crate::permission::DECIDE;
use crate::policy::approval::Verdict;
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const COMMENT: std::ops::RangeInclusive<usize> = 0..=2000;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApproveRequest {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Revision of the request that the caller has read; without it, the first.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: Option<u32>,
    /// Comment for the requester and the other approvers, up to 2,000 characters.
    #[schemars(length(max = 2000), extend("x-eaf-own-words" = true))]
    pub comment: Option<Personal<CommandActor>>,
}

/// Checks, for a decision, that the request is undecided and that the caller is not its requester.
/// A request whose requester was erased cannot be approved, because it cannot be excluded that the
/// same person decides under a new account.
pub fn can_decide(ctx: &Context, request: &RequestFacts, verdict: Verdict) -> Result<(), Rejection> {
    if request.requester_id == ctx.actor.id {
        return Err(Rejection::forbidden("own-request").at("/request"));
    }
    request.pending()?;
    if verdict == Verdict::Approve && request.requester_erased {
        return Err(Rejection::conflict("requester-erased").at("/request"));
    }
    Ok(())
}

impl Command for ApproveRequest {
    const NAME: &'static str = "approve-request";
    const PERMISSION: Option<&'static str> = Some(DECIDE);

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        boundary(&self.request, loaded)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let mut fields = Fields::default();
        let comment = self.comment.filter(|comment| !comment.as_str().trim().is_empty());
        if let Some(comment) = &comment {
            fields.length("/comment", "comment", comment.as_str(), COMMENT);
        }
        fields.into_result("invalid-comment")?;
        let decision = Decided {
            request: &self.request,
            revision: self.revision.unwrap_or(1),
            verdict: Verdict::Approve,
            comment: comment.map(Personal::reassign),
        };
        decision.decide(ctx, streams)
    }
}

/// Decision of the caller on a request, whose text has been checked.
pub(super) struct Decided<'a> {
    pub request: &'a str,
    pub revision: u32,
    pub verdict: Verdict,
    pub comment: Option<Personal<Requester>>,
}

impl Decided<'_> {
    pub fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(self.request)).ok_or_else(unknown)?;
        can_decide(ctx, &request.facts(), self.verdict)?;
        let Some(approval) = &request.approval else { return Err(unknown()) };
        let people = Resolved::new(approval, ctx, streams, &[]);
        let vote = vote(approval, &people, ctx, self.revision, self.verdict)?;
        let Current { calendar, .. } = Current::of(streams);
        let changes = approval.decide(ambient(ctx, &people, &calendar), &vote)?;
        let comment = self.comment;
        let recording = Recording { ctx, id: self.request, request: &request, comment, calendar: &calendar };
        Ok(recording.changes(Accepted::nothing(), approval, changes).subject("requests", self.request))
    }
}
