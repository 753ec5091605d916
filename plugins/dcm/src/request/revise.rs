//! Revision of an undecided request by its requester. Offering and price are looked up, the
//! policies plan the approval of the new revision, and decisions on the revision before do not
//! count.

use super::decision::begin::Planned;
use super::decision::record::Recording;
use super::decision::with_people;
use super::event::RequestRevised;
use super::order::{Others, others_of};
use super::quote::quote;
use super::submit::{RequestVm, can_submit};
use super::withdraw::can_withdraw;
use super::{Request, RequestFacts, Spec, guarded, is_id, stream, unknown};
use crate::calendar::state::{CALENDAR, Current};
use crate::offering::{self, OfferingDefined, PATTERN as KEY, is_key};
use crate::permission::REQUEST;
use crate::policy::fact::Kind;
use crate::policy::proposal::Agreed;
use crate::policy::state::PUBLISHED;
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// New revision of a request. What the body does not have stays as it is; the name always stays.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReviseRequest {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Revision of the request that the caller has read; without it, the first.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: Option<u32>,
    /// Key of an offering.
    #[schemars(regex(pattern = KEY), extend("x-eaf-own-words" = true))]
    pub offering: Option<String>,
    #[schemars(range(min = 1, max = 128), extend("x-eaf-own-words" = true))]
    pub cpus: Option<i64>,
    #[schemars(range(min = 1, max = 4096), extend("x-eaf-own-words" = true))]
    pub memory_gb: Option<i64>,
    /// Justification of the request for its approvers, 10 to 2,000 characters.
    #[schemars(length(min = 10, max = 2000), extend("x-eaf-own-words" = true))]
    pub justification: Option<Personal<CommandActor>>,
    /// Term of the machine in months, 1 to 60.
    #[schemars(range(min = 1, max = 60), extend("x-eaf-own-words" = true))]
    pub term_months: Option<i64>,
    /// Price that the caller saw, in cents per month; a different one by now is a conflict.
    #[schemars(range(min = 0, max = 100_000_000_000_i64), extend("x-eaf-own-words" = true))]
    pub expected_monthly_cents: Option<i64>,
}

/// Checks that the caller is the requester, that the request is undecided, and that it is for a new
/// machine.
pub fn can_revise(ctx: &Context, request: &RequestFacts) -> Result<(), Rejection> {
    can_withdraw(ctx, request)?;
    is_for_new_machine(request)
}

/// Checks that a request has values that can change.
pub fn is_for_new_machine(request: &RequestFacts) -> Result<(), Rejection> {
    if request.kind == Kind::VmCreate {
        return Ok(());
    }
    Err(Rejection::conflict("nothing-to-change").at("/request"))
}

impl Command for ReviseRequest {
    const NAME: &'static str = "revise-request";
    const PERMISSION: Option<&'static str> = Some(REQUEST);

    fn boundary(&self, ctx: &Context, loaded: &Streams) -> Boundary {
        let request = is_id(&self.request).then(|| loaded.fold::<Request>(&stream(&self.request))).flatten();
        let wanted = request.as_ref().map(|request| self.wanted(request));
        revised_boundary(&self.request, request.as_ref(), wanted.as_ref(), ctx, loaded)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        can_revise(ctx, &request.facts())?;
        let Some(approval) = &request.approval else { return Err(unknown()) };
        approval.is_at(self.revision.unwrap_or(1)).map_err(|refused| refused.at("/request"))?;
        let wanted = self.wanted(&request);
        let offering = wanted.offering(streams);
        if let Some(offering) = &offering {
            can_submit(offering.active, &offering.name)?;
        }
        let others = Others::of(&request, streams);
        let quoted = wanted.planned(ctx, streams, others, next(&request)).map(|planned| quote(ctx, &planned));
        let revision = Revision { id: &self.request, request, wanted, agreed: None };
        match (revision.begin(ctx, streams, offering, Accepted::nothing()), quoted) {
            (Ok(accepted), Some(quoted)) => Ok(accepted.preview(quoted)),
            (Err(rejection), Some(quoted)) => Err(rejection.params(quoted)),
            (decided, None) => decided,
        }
    }
}

impl ReviseRequest {
    /// Submission that asks for the same as the new revision.
    fn wanted(&self, request: &Request) -> RequestVm {
        let spec = request.spec();
        RequestVm {
            name: spec.vm_name,
            more_names: Vec::new(),
            offering: self.offering.clone().unwrap_or(spec.offering),
            cpus: self.cpus.unwrap_or(spec.cpus.into()),
            memory_gb: self.memory_gb.unwrap_or(spec.memory_gb.into()),
            justification: self.justification.clone().unwrap_or_else(|| request.justification().reassign()),
            term_months: self.term_months.unwrap_or(spec.term_months.into()),
            expected_monthly_cents: self.expected_monthly_cents,
        }
    }
}

/// Boundary of a command that begins a revision: the request, the other requests of its order, the
/// offering and the policies, and the people of the new plan.
pub(super) fn revised_boundary(
    id: &str,
    request: Option<&Request>,
    wanted: Option<&RequestVm>,
    ctx: &Context,
    loaded: &Streams,
) -> Boundary {
    let boundary = guarded(id);
    let (Some(request), Some(wanted)) = (request, wanted) else { return boundary };
    let mut boundary = others_of(boundary, request).read(PUBLISHED).read(CALENDAR);
    if is_key(&wanted.offering) {
        boundary = boundary.read(offering::stream(&wanted.offering));
    }
    // The references of the approval before are not needed, and all together may be too many.
    match wanted.planned(ctx, loaded, Others::of(request, loaded), next(request)) {
        Some(planned) => with_people(boundary, &planned.approval),
        None => boundary,
    }
}

/// Number of the revision that follows.
pub(super) fn next(request: &Request) -> u32 {
    request.approval.as_ref().map_or(1, |approval| approval.revision.saturating_add(1))
}

/// Next revision of a request, and the submission that asks for the same.
pub(super) struct Revision<'a> {
    pub id: &'a str,
    /// Request before the revision.
    pub request: Request,
    pub wanted: RequestVm,
    /// Approval of the person who proposed the revision; `None`: the requester made it alone.
    pub agreed: Option<Agreed>,
}

impl Revision<'_> {
    /// Adds the revision to `accepted` and begins its approval.
    pub fn begin(
        self,
        ctx: &Context,
        streams: &Streams,
        offering: Option<OfferingDefined>,
        accepted: Accepted,
    ) -> Result<Accepted, Rejection> {
        let Revision { id, request, wanted, agreed } = self;
        let offering = wanted.check(&ctx.settings(), offering)?;
        let spec = Spec { order: request.spec().order, ..wanted.spec(&ctx.settings(), &offering) };
        let justification = Personal::new(wanted.justification.as_str().trim());
        if spec == request.spec() && justification.as_str() == request.justification().as_str() {
            return Err(Rejection::conflict("nothing-revised").at("/request"));
        }
        let (calendar, revision) = (Current::of(streams).calendar, next(&request));
        let others = Others::of(&request, streams);
        let mut planned = Planned::new(ctx, streams, &calendar, (&spec, others), revision);
        planned.check()?;
        planned.approval.agreed = agreed;
        let revised = RequestRevised {
            request_id: id.into(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            justification,
            revision,
            closed_stages: request.open_stages(),
            spec,
        };
        let mut request = request;
        request.revise(&revised);
        let accepted = accepted.event(stream(id), revised).subject("requests", id);
        let recording = Recording::new(ctx, id, &request, None, &calendar);
        Ok(planned.begin(ctx, streams, &recording, accepted))
    }
}
