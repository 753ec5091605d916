//! Question of a person who may decide, to the requester. Until the answer the request waits for
//! its requester, and no deadline runs.

use super::people::Resolved;
use super::record::Recording;
use super::{ambient, boundary, vote};
use crate::calendar::state::Current;
use crate::permission::DECIDE;
use crate::policy::approval::Verdict;
use crate::request::approve::can_decide;
use crate::request::{Request, stream, unknown};
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Length of a question or an answer, in characters.
pub(super) const TEXT: std::ops::RangeInclusive<usize> = 3..=2000;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AskBack {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Revision of the request that the caller has read; without it, the first.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: Option<u32>,
    /// Question to the requester, 3 to 2,000 characters.
    #[schemars(length(min = 3, max = 2000), extend("x-eaf-own-words" = true))]
    pub question: Personal<CommandActor>,
}

impl Command for AskBack {
    const NAME: &'static str = "ask-back";
    const PERMISSION: Option<&'static str> = Some(DECIDE);

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        boundary(&self.request, loaded)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        // A requester who was erased cannot answer, so the rule is that of an approval.
        can_decide(ctx, &request.facts(), Verdict::Approve)?;
        let Some(approval) = &request.approval else { return Err(unknown()) };
        let people = Resolved::new(approval, ctx, streams, &[]);
        let vote = vote(approval, &people, ctx, self.revision.unwrap_or(1), Verdict::Approve)?;
        let mut fields = Fields::default();
        fields.length("/question", "question", self.question.as_str(), TEXT);
        fields.into_result("invalid-question")?;
        let Current { calendar, .. } = Current::of(streams);
        let changes = approval.ask(ambient(ctx, &people, &calendar), &vote)?;
        let comment = Some(Personal::new(self.question.as_str().trim()));
        let recording = Recording::new(ctx, &self.request, &request, comment, &calendar);
        Ok(recording.changes(Accepted::nothing(), approval, changes).subject("requests", self.request))
    }
}
