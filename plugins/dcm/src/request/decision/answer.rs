//! Answer of the requester to the questions of approvers. The deadlines run again for the working
//! time that was left when the first question was asked.

use super::ask_back::TEXT;
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

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Revision of the request that the caller has read; without it, the first.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: Option<u32>,
    /// Answer to all open questions, 3 to 2,000 characters.
    #[schemars(length(min = 3, max = 2000), extend("x-eaf-own-words" = true))]
    pub text: Personal<CommandActor>,
}

/// Checks that the caller is the requester, that the request is undecided, and that a question is
/// open on this revision.
pub fn can_answer(ctx: &Context, request: &RequestFacts, approval: &Approval, revision: u32) -> Result<(), Rejection> {
    can_withdraw(ctx, request)?;
    approval.can_answer(revision).map_err(|refused| refused.at("/request"))
}

impl Command for Answer {
    const NAME: &'static str = "answer";
    const PERMISSION: Option<&'static str> = Some(REQUEST);

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        boundary(&self.request, loaded)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        let Some(approval) = &request.approval else { return Err(unknown()) };
        let revision = self.revision.unwrap_or(1);
        can_answer(ctx, &request.facts(), approval, revision)?;
        let mut fields = Fields::default();
        fields.length("/text", "answer", self.text.as_str(), TEXT);
        fields.into_result("invalid-answer")?;
        let (people, Current { calendar, .. }) = (Resolved::new(approval, ctx, streams, &[]), Current::of(streams));
        let changes = approval.answer(ambient(ctx, &people, &calendar), revision)?;
        let comment = Some(Personal::new(self.text.as_str().trim()));
        let recording = Recording::new(ctx, &self.request, &request, comment, &calendar);
        Ok(recording.changes(Accepted::nothing(), approval, changes).subject("requests", self.request))
    }
}
