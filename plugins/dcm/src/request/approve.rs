//! Approval of a request in every open stage in which the caller may decide. By the four-eyes
//! principle a requester never approves their own request.

use super::decision::people::Resolved;
use super::decision::record::Recording;
use super::decision::{ambient, boundary, vote};
use super::event::Requester;
use super::look_again::as_offered_now;
use super::{Request, RequestFacts, is_id, stream, unknown};
use crate::calendar::state::Current;
use crate::offering;
use crate::permission::DECIDE;
use crate::policy::approval::{Change, Outcome, Verdict};
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
    /// Present price that the caller agrees to, in cents per month, although price or offering
    /// changed since the request was priced; without it, such a change is a conflict.
    #[schemars(range(min = 0, max = 100_000_000_000_i64), extend("x-eaf-own-words" = true))]
    pub expected_monthly_cents: Option<i64>,
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
        with_offering(&self.request, loaded)
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
            expected_monthly_cents: self.expected_monthly_cents,
        };
        decision.decide(ctx, streams)
    }
}

/// Boundary of a decision: that of the approval, and the offering, which is looked at again.
pub(super) fn with_offering(request: &str, loaded: &Streams) -> Boundary {
    let boundary = boundary(request, loaded);
    if !is_id(request) {
        return boundary;
    }
    match loaded.fold::<Request>(&stream(request)) {
        Some(request) => boundary.read(offering::stream(&request.spec().offering)),
        None => boundary,
    }
}

/// Decision of the caller on a request, whose text has been checked.
pub(super) struct Decided<'a> {
    pub request: &'a str,
    pub revision: u32,
    pub verdict: Verdict,
    pub comment: Option<Personal<Requester>>,
    /// Present price that the caller agrees to, although price or offering changed.
    pub expected_monthly_cents: Option<i64>,
}

impl Decided<'_> {
    pub fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let mut request: Request = streams.fold(&stream(self.request)).ok_or_else(unknown)?;
        can_decide(ctx, &request.facts(), self.verdict)?;
        let Some(approval) = request.approval.clone() else { return Err(unknown()) };
        let approval = &approval;
        let people = Resolved::new(approval, ctx, streams, &[]);
        let vote = vote(approval, &people, ctx, self.revision, self.verdict)?;
        let Current { calendar, .. } = Current::of(streams);
        let changes = approval.decide(ambient(ctx, &people, &calendar), &vote)?;
        if changes.iter().any(|change| matches!(change, Change::Ended { outcome: Outcome::Granted, .. })) {
            request.spec = Some(as_offered_now(&request.spec(), streams, self.expected_monthly_cents)?);
        }
        let comment = self.comment;
        let recording = Recording::new(ctx, self.request, &request, comment, &calendar);
        Ok(recording.changes(Accepted::nothing(), approval, changes).subject("requests", self.request))
    }
}
