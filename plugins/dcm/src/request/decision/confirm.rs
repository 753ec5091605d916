//! Confirmation of proposed changes by the requester. The changes become the next revision, on
//! which the approval of the person who proposed them counts already.

use super::decline::can_answer_proposal;
use super::event::ChangesConfirmed;
use crate::permission::REQUEST;
use crate::policy::proposal::Agreed;
use crate::request::revise::{Revision, next, revised_boundary};
use crate::request::state::Proposed;
use crate::request::submit::{RequestVm, can_submit};
use crate::request::{Request, is_id, stream, unknown};
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ConfirmChanges {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Revision of the request that the caller has read; without it, the first.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: Option<u32>,
    /// Price that the caller saw, in cents per month; without it, that of the proposal. A different
    /// one by now is a conflict.
    #[schemars(range(min = 0, max = 100_000_000_000_i64), extend("x-eaf-own-words" = true))]
    pub expected_monthly_cents: Option<i64>,
}

impl Command for ConfirmChanges {
    const NAME: &'static str = "confirm-changes";
    const PERMISSION: Option<&'static str> = Some(REQUEST);

    fn boundary(&self, ctx: &Context, loaded: &Streams) -> Boundary {
        let request = is_id(&self.request).then(|| loaded.fold::<Request>(&stream(&self.request))).flatten();
        let wanted = request.as_ref().and_then(|request| self.wanted(request));
        revised_boundary(&self.request, request.as_ref(), wanted.as_ref(), ctx, loaded)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        let Some(approval) = &request.approval else { return Err(unknown()) };
        let revision = self.revision.unwrap_or(1);
        can_answer_proposal(ctx, &request.facts(), approval, revision)?;
        let agreed = approval.open_proposal(revision)?.agreed.clone();
        let Some(wanted) = self.wanted(&request) else { return Err(unknown()) };
        let offering = wanted.offering(streams);
        if let Some(offering) = &offering {
            can_submit(offering.active, &offering.name)?;
        }
        let accepted = Accepted::nothing().event(stream(&self.request), self.confirmed(ctx, &request, &agreed));
        let revision = Revision { id: &self.request, request, wanted, agreed: Some(agreed) };
        revision.begin(ctx, streams, offering, accepted)
    }
}

impl ConfirmChanges {
    /// Submission that asks for the proposed machine; `None`: no proposal is open.
    fn wanted(&self, request: &Request) -> Option<RequestVm> {
        let Proposed { changes, monthly_cents } = request.proposed.clone()?;
        let spec = request.spec();
        Some(RequestVm {
            name: spec.vm_name,
            more_names: Vec::new(),
            offering: changes.offering.unwrap_or(spec.offering),
            cpus: changes.cpus.unwrap_or(spec.cpus).into(),
            memory_gb: changes.memory_gb.unwrap_or(spec.memory_gb).into(),
            justification: request.justification().reassign(),
            term_months: changes.term_months.unwrap_or(spec.term_months).into(),
            expected_monthly_cents: Some(self.expected_monthly_cents.unwrap_or(monthly_cents)),
        })
    }

    fn confirmed(&self, ctx: &Context, request: &Request, agreed: &Agreed) -> ChangesConfirmed {
        ChangesConfirmed {
            request_id: self.request.clone(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            proposer_id: agreed.by.clone(),
            revision: next(request),
            at: ctx.now,
            spec: request.spec(),
        }
    }
}
