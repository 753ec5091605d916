//! Retry of a failed request by an admin. Template and address setting are those of the present
//! offering, because an admin may have corrected them there; price and size stay as approved.

use super::event::RequestRetried;
use super::{Request, RequestFacts, Spec, Status, is_id, stream, unknown};
use crate::offering::{self, Offering};
use crate::permission::OPERATE;
use eaf_sdk::{Accepted, Boundary, Command, Context, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RetryRequest {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Template that the caller saw; a different one by now is a conflict.
    #[schemars(length(max = 300), extend("x-eaf-own-words" = true))]
    pub expected_template: Option<String>,
    /// Address setting that the caller saw; a different one by now is a conflict.
    pub expected_await_address: Option<bool>,
}

pub fn can_retry(request: &RequestFacts) -> Result<(), Rejection> {
    if request.status == Status::Failed {
        return Ok(());
    }
    Err(Rejection::conflict("request-not-failed").param("status", request.status.as_str()).at("/request"))
}

impl Command for RetryRequest {
    const NAME: &'static str = "retry-request";
    const PERMISSION: Option<&'static str> = Some(OPERATE);

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        request_and_offering(&self.request, loaded)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        can_retry(&request.facts())?;
        let spec = as_offered_now(request.spec(), streams);
        self.check_seen(&spec)?;
        let retried = RequestRetried {
            request_id: self.request.clone(),
            spec,
            requester_id: request.requester_id,
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
            attempt: request.attempt + 1,
            from_step: request.failed_step.unwrap_or_default(),
        };
        Ok(Accepted::nothing().event(stream(&self.request), retried).subject("requests", self.request))
    }
}

impl RetryRequest {
    fn check_seen(&self, now: &Spec) -> Result<(), Rejection> {
        let template = self.expected_template.as_ref().is_none_or(|seen| *seen == now.template);
        let waiting = self.expected_await_address.is_none_or(|seen| seen == now.await_address);
        if template && waiting {
            return Ok(());
        }
        Err(Rejection::conflict("offering-changed").param("template", now.template.as_str()).at("/request"))
    }
}

/// Boundary of a retry: the stream of the request and, once this is loaded, the stream of its
/// offering.
fn request_and_offering(id: &str, loaded: &Streams) -> Boundary {
    if !is_id(id) {
        return Boundary::none();
    }
    let boundary = Boundary::none().guard(stream(id));
    match loaded.fold::<Request>(&stream(id)) {
        Some(request) => boundary.read(offering::stream(&request.spec().offering)),
        None => boundary,
    }
}

/// Spec with the template, image and address setting that the offering has now. If the offering is
/// closed, the spec is unchanged.
fn as_offered_now(mut spec: Spec, streams: &Streams) -> Spec {
    let offering = streams.fold::<Offering>(&offering::stream(&spec.offering)).and_then(|o| o.defined);
    if let Some(offering) = offering.filter(|o| o.active) {
        (spec.template, spec.image) = (offering.template, offering.image);
        spec.await_address = offering.await_address;
    }
    spec
}
