//! Begin of an approval: the facts of a request, and the plan that the published policies give.

use super::people::{Resolved, references};
use super::record::Recording;
use super::{REFERENCES_MAX, ambient};
use crate::calendar::Calendar;
use crate::calendar::hours::Local;
use crate::policy::approval::Approval;
use crate::policy::fact::Facts;
use crate::policy::plan::plan;
use crate::policy::state::{PUBLISHED, Policies};
use crate::request::Spec;
use crate::request::order::Others;
use eaf_sdk::{Accepted, Context, Rejection, Streams};
use std::collections::BTreeSet;

/// Approval that has no open stage yet, with the facts on which its plan depends.
#[derive(Clone)]
pub struct Planned {
    pub facts: Facts,
    pub approval: Approval,
    /// Price of the machine alone, in cents per month.
    pub monthly_cents: i64,
    pub currency: String,
}

impl Planned {
    /// Plans the approval of the caller's request, by the policies in `streams`. The cost is that
    /// of the machine and the other machines of its order together.
    pub fn new(
        ctx: &Context,
        streams: &Streams,
        calendar: &Calendar,
        (spec, others): (&Spec, Others),
        revision: u32,
    ) -> Self {
        let policies = streams.fold::<Policies>(PUBLISHED).unwrap_or_default();
        let facts = facts(ctx, calendar, spec, others);
        let plan = plan(&policies.published, &facts);
        let requester = &ctx.actor.id;
        let approval = Approval::new(plan, requester, BTreeSet::from([requester.clone()]), revision);
        Planned { approval, facts, monthly_cents: spec.monthly_cents, currency: spec.currency.clone() }
    }

    /// Opens the first stages, or approves a request that needs no people, and adds the events.
    pub fn begin(self, ctx: &Context, streams: &Streams, recording: &Recording, accepted: Accepted) -> Accepted {
        let Planned { facts, approval, .. } = self;
        let people = Resolved::new(&approval, ctx, streams, &[]);
        let changes = approval.start(ambient(ctx, &people, recording.calendar));
        let accepted = recording.plan(accepted, facts, &approval);
        recording.changes(accepted, &approval, changes)
    }

    /// Checks that the host can resolve all people of the plan.
    pub fn check(&self) -> Result<(), Rejection> {
        let count = references(&self.approval).len();
        if count <= REFERENCES_MAX {
            return Ok(());
        }
        Err(Rejection::conflict("policy-people-too-many").param("count", count).param("max", REFERENCES_MAX))
    }
}

fn facts(ctx: &Context, calendar: &Calendar, spec: &Spec, others: Others) -> Facts {
    let order = others.plus(1, spec);
    // A time outside the years that the calendar can compute counts as Monday, 0:00.
    let local = calendar.local(ctx.now).unwrap_or(Local { weekday: 1, hour: 0 });
    Facts {
        kind: spec.kind(),
        cpus: spec.cpus,
        memory_gb: spec.memory_gb,
        term_months: spec.term_months,
        machines: order.machines,
        monthly_cents: order.monthly_cents,
        total_cents: order.total_cents,
        offering: spec.offering.clone(),
        requester_groups: ctx.actor.groups.iter().cloned().collect(),
        cost_centre: ctx.actor.cost_centre.clone(),
        at: ctx.now,
        weekday: local.weekday,
        hour: local.hour,
    }
}
