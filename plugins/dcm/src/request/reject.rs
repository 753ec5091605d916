//! Rejection of a request, with a reason.

use super::approve::{Decided, with_offering};
use crate::permission::DECIDE;
use crate::policy::approval::Verdict;
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const REASON: std::ops::RangeInclusive<usize> = 3..=2000;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RejectRequest {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Revision of the request that the caller has read; without it, the first.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: Option<u32>,
    /// Reason of the rejection for the requester, 3 to 2,000 characters.
    #[schemars(length(min = 3, max = 2000), extend("x-eaf-own-words" = true))]
    pub reason: Personal<CommandActor>,
}

impl Command for RejectRequest {
    const NAME: &'static str = "reject-request";
    const PERMISSION: Option<&'static str> = Some(DECIDE);

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        with_offering(&self.request, loaded)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let decision = Decided {
            request: &self.request,
            revision: self.revision.unwrap_or(1),
            verdict: Verdict::Reject,
            comment: Some(self.reason.clone().reassign()),
            expected_monthly_cents: None,
        };
        let decided = decision.decide(ctx, streams);
        // The caller must be permitted to decide before the text is worth a correction.
        let mut fields = Fields::default();
        fields.length("/reason", "reason", self.reason.as_str(), REASON);
        decided.and_then(|accepted| fields.into_result("invalid-reason").map(|()| accepted))
    }
}
