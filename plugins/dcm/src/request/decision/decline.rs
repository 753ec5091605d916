//! Refusal of proposed changes by the requester. The request waits for its approvers again, and its
//! deadlines run for the working time that was left.

use super::people::Resolved;
use super::record::Recording;
use super::{ambient, boundary};
use crate::calendar::state::Current;
use crate::permission::REQUEST;
use crate::policy::approval::Approval;
use crate::request::withdraw::can_withdraw;
use crate::request::{Request, RequestFacts, stream, unknown};
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const TEXT: std::ops::RangeInclusive<usize> = 0..=2000;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeclineChanges {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Revision of the request that the caller has read; without it, the first.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: Option<u32>,
    /// Reason for the person who proposed the changes, up to 2,000 characters.
    #[schemars(length(max = 2000), extend("x-eaf-own-words" = true))]
    pub text: Option<Personal<CommandActor>>,
}

/// Checks, for the answer to proposed changes, that the caller is the requester, that the request
/// is undecided, and that a proposal is open on this revision.
pub fn can_answer_proposal(
    ctx: &Context,
    request: &RequestFacts,
    approval: &Approval,
    revision: u32,
) -> Result<(), Rejection> {
    can_withdraw(ctx, request)?;
    approval.open_proposal(revision).map(|_| ()).map_err(|refused| refused.at("/request"))
}

impl Command for DeclineChanges {
    const NAME: &'static str = "decline-changes";
    const PERMISSION: Option<&'static str> = Some(REQUEST);

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        boundary(&self.request, loaded)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        let Some(approval) = &request.approval else { return Err(unknown()) };
        let revision = self.revision.unwrap_or(1);
        can_answer_proposal(ctx, &request.facts(), approval, revision)?;
        let text = self.text.filter(|text| !text.as_str().trim().is_empty());
        let mut fields = Fields::default();
        if let Some(text) = &text {
            fields.length("/text", "answer", text.as_str(), TEXT);
        }
        fields.into_result("invalid-answer")?;
        let (people, Current { calendar, .. }) = (Resolved::new(approval, ctx, streams, &[]), Current::of(streams));
        let changes = approval.decline(ambient(ctx, &people, &calendar), revision)?;
        let comment = text.map(|text| Personal::new(text.as_str().trim()));
        let recording = Recording::new(ctx, &self.request, &request, comment, &calendar);
        Ok(recording.changes(Accepted::nothing(), approval, changes).subject("requests", self.request))
    }
}
