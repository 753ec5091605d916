//! Proposal of a person who may decide: a smaller, shorter or cheaper machine, which the person
//! would approve. Until the requester's answer no deadline runs.

use super::people::Resolved;
use super::record::Recording;
use super::{ambient, boundary, vote};
use crate::calendar::state::Current;
use crate::offering::{self, OfferingDefined, PATTERN as KEY, is_key};
use crate::permission::DECIDE;
use crate::policy::approval::{Approval, Approvers, Verdict};
use crate::policy::operations::Vote;
use crate::request::approve::can_decide;
use crate::request::revise::is_for_new_machine;
use crate::request::state::Proposed;
use crate::request::submit::{can_submit, defined};
use crate::request::{Request, RequestFacts, Spec, is_id, stream, unknown};
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, FieldError, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const COMMENT: std::ops::RangeInclusive<usize> = 3..=2000;

/// Changes to a request. What the body does not have stays as it is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ProposeChanges {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Revision of the request that the caller has read; without it, the first.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: Option<u32>,
    /// Key of an offering that makes the machine cheaper.
    #[schemars(regex(pattern = KEY), extend("x-eaf-own-words" = true))]
    pub offering: Option<String>,
    #[schemars(range(min = 1, max = 128), extend("x-eaf-own-words" = true))]
    pub cpus: Option<i64>,
    #[schemars(range(min = 1, max = 4096), extend("x-eaf-own-words" = true))]
    pub memory_gb: Option<i64>,
    #[schemars(range(min = 1, max = 60), extend("x-eaf-own-words" = true))]
    pub term_months: Option<i64>,
    /// Reason of the changes for the requester, 3 to 2,000 characters.
    #[schemars(length(min = 3, max = 2000), extend("x-eaf-own-words" = true))]
    pub comment: Personal<CommandActor>,
}

/// Proposed values; `None`: the value stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// Key of an offering.
    pub offering: Option<String>,
    pub offering_name: Option<String>,
    pub cpus: Option<u32>,
    pub memory_gb: Option<u32>,
    pub term_months: Option<u32>,
}

/// Checks that the request is undecided, that the caller may decide on this revision, and that no
/// proposal is open. Returns the vote that the proposal implies.
pub fn can_propose<'a>(
    approval: &Approval,
    people: &dyn Approvers,
    ctx: &'a Context,
    facts: &RequestFacts,
    revision: u32,
) -> Result<Vote<'a>, Rejection> {
    can_decide(ctx, facts, Verdict::Approve)?;
    is_for_new_machine(facts)?;
    let vote = vote(approval, people, ctx, revision, Verdict::Approve)?;
    approval.can_propose(people, &vote).map_err(|refused| refused.at("/request"))?;
    Ok(vote)
}

impl Command for ProposeChanges {
    const NAME: &'static str = "propose-changes";
    const PERMISSION: Option<&'static str> = Some(DECIDE);

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        let boundary = boundary(&self.request, loaded);
        let request = is_id(&self.request).then(|| loaded.fold::<Request>(&stream(&self.request)));
        let Some(request) = request.flatten() else { return boundary };
        let key = self.offering.clone().unwrap_or(request.spec().offering);
        if is_key(&key) { boundary.read(offering::stream(&key)) } else { boundary }
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        let Some(approval) = &request.approval else { return Err(unknown()) };
        let people = Resolved::new(approval, ctx, streams, &[]);
        let vote = can_propose(approval, &people, ctx, &request.facts(), self.revision.unwrap_or(1))?;
        let proposed = self.check(&request.spec(), streams)?;
        let Current { calendar, .. } = Current::of(streams);
        let changes = approval.propose(ambient(ctx, &people, &calendar), &vote)?;
        let comment = Some(Personal::new(self.comment.as_str().trim()));
        let recording =
            Recording { proposed: Some(proposed), ..Recording::new(ctx, &self.request, &request, comment, &calendar) };
        Ok(recording.changes(Accepted::nothing(), approval, changes).subject("requests", self.request))
    }
}

impl ProposeChanges {
    /// Checks the proposed values against the request and the offering. Returns the values that
    /// differ, with the price of the changed machine.
    fn check(&self, spec: &Spec, streams: &Streams) -> Result<Proposed, Rejection> {
        let key = self.offering.as_deref().unwrap_or(&spec.offering);
        let offering = defined(key, streams);
        let mut fields = Fields::default();
        fields.length("/comment", "proposal", self.comment.as_str(), COMMENT);
        let cpus = smaller(&mut fields, "/cpus", self.cpus, spec.cpus);
        let memory_gb = smaller(&mut fields, "/memory_gb", self.memory_gb, spec.memory_gb);
        let term_months = smaller(&mut fields, "/term_months", self.term_months, spec.term_months);
        let Some(offering) = offering else {
            fields.push(FieldError::new("/offering", "offering-unknown").param("offering", key));
            fields.into_result("invalid-proposal")?;
            return Err(Rejection::invalid("invalid-proposal"));
        };
        let changes = Changes { cpus, memory_gb, term_months, ..Changes::default() };
        let (cpus, memory_gb) = (cpus.unwrap_or(spec.cpus), memory_gb.unwrap_or(spec.memory_gb));
        let monthly_cents = offering.monthly_cents(cpus, memory_gb);
        fields.within("/cpus", "cpus-out-of-range", cpus.into(), offering.cpus());
        fields.within("/memory_gb", "memory-out-of-range", memory_gb.into(), offering.memory_gb());
        let changes = self.with_offering(&mut fields, changes, spec, &offering, monthly_cents);
        fields.into_result("invalid-proposal")?;
        if changes == Changes::default() {
            return Err(Rejection::conflict("nothing-proposed").at("/request"));
        }
        can_submit(offering.active, &offering.name)?;
        Ok(Proposed { changes, monthly_cents })
    }

    /// Adds the proposed offering, which must make the machine cheaper than requested.
    fn with_offering(
        &self,
        fields: &mut Fields,
        changes: Changes,
        spec: &Spec,
        offering: &OfferingDefined,
        monthly_cents: i64,
    ) -> Changes {
        if offering.key == spec.offering {
            return changes;
        }
        if monthly_cents >= spec.monthly_cents || offering.currency != spec.currency {
            fields.push(FieldError::new("/offering", "not-smaller"));
        }
        Changes { offering: Some(offering.key.clone()), offering_name: Some(offering.name.clone()), ..changes }
    }
}

/// Proposed value that differs from the present one; a larger value is an error.
fn smaller(fields: &mut Fields, pointer: &str, proposed: Option<i64>, present: u32) -> Option<u32> {
    let proposed = proposed.filter(|proposed| *proposed != i64::from(present))?;
    match u32::try_from(proposed) {
        Ok(value @ 1..) if value < present => Some(value),
        _ => {
            fields.push(FieldError::new(pointer, "not-smaller").param("present", present));
            None
        }
    }
}
