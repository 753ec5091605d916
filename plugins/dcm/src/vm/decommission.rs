//! Decommissioning of a machine by its requester or an admin, who types its name; this cannot be
//! undone. If policies ask people about it, a request waits for them, and the machine stays as it
//! is until they approve.

use super::event::{VmDecommissionAwaited, VmDecommissionRequested};
use super::{Status, Vm, VmFacts, stream, unknown};
use crate::calendar::state::{CALENDAR, Current};
use crate::naming;
use crate::permission::REQUEST;
use crate::policy::state::PUBLISHED;
use crate::request::decision::begin::Planned;
use crate::request::decision::record::Recording;
use crate::request::decision::with_people;
use crate::request::event::RequestSubmitted;
use crate::request::order::Others;
use crate::request::submit::FIRST_REVISION;
use crate::request::{self, Decommission, Request, Spec, is_id};
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, FieldError, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const REASON: std::ops::RangeInclusive<usize> = 0..=2000;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DecommissionVm {
    #[schemars(extend("format" = "uuid"))]
    pub vm: String,
    /// Name of the machine in DCM or in vCenter, typed by a person.
    #[schemars(length(max = 100))]
    pub confirm: String,
    /// Reason for the people whom a policy asks, at most 2,000 characters; optional.
    #[schemars(length(max = 2000), extend("x-eaf-own-words" = true))]
    pub reason: Option<Personal<CommandActor>>,
}

pub fn can_decommission(ctx: &Context, vm: &VmFacts) -> Result<(), Rejection> {
    vm.require_owner(ctx)?;
    vm.require_present()?;
    if vm.is_decision_awaited {
        return Err(Rejection::conflict("decommission-awaited").at("/vm"));
    }
    Ok(())
}

impl Command for DecommissionVm {
    const NAME: &'static str = "decommission-vm";
    const PERMISSION: Option<&'static str> = Some(REQUEST);

    fn boundary(&self, ctx: &Context, loaded: &Streams) -> Boundary {
        if !is_id(&self.vm) {
            return Boundary::none();
        }
        let boundary = Boundary::none().guard(stream(&self.vm)).guard(request::stream(&ctx.command_id));
        let boundary = boundary.read(request::stream(&self.vm)).read(PUBLISHED).read(CALENDAR);
        let vm = loaded.fold::<Vm>(&stream(&self.vm));
        match vm.and_then(|vm| self.planned(ctx, loaded, &vm)) {
            Some((planned, _)) => with_people(boundary, &planned.approval),
            None => boundary,
        }
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let vm: Vm = streams.fold(&stream(&self.vm)).ok_or_else(unknown)?;
        can_decommission(ctx, &vm.facts())?;
        check_confirmation(&self.confirm, &vm)?;
        let mut fields = Fields::default();
        if let Some(reason) = &self.reason {
            fields.length("/reason", "reason", reason.as_str(), REASON);
        }
        fields.into_result("invalid-reason")?;
        if let Some((planned, spec)) = self.planned(ctx, streams, &vm) {
            return self.ask(ctx, streams, &vm, planned, spec);
        }
        let requested = VmDecommissionRequested {
            vm_id: self.vm.clone(),
            requester_id: vm.requester_id,
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
            name: vm.name,
            attempt: vm.attempt + 1,
        };
        Ok(Accepted::nothing().event(stream(&self.vm), requested).subject("vms", self.vm))
    }
}

impl DecommissionVm {
    /// Plan of the approval with the machine's spec; `None`: no policy asks people, or the removal
    /// began before and failed.
    fn planned(&self, ctx: &Context, streams: &Streams, vm: &Vm) -> Option<(Planned, Spec)> {
        if vm.status != Status::Active {
            return None;
        }
        let built = streams.fold::<Request>(&request::stream(&self.vm))?;
        let (vm_id, owner_id) = (self.vm.clone(), vm.requester_id.clone());
        let decommission = Some(Decommission { vm_id, owner_id, attempt: vm.attempt + 1 });
        let spec = Spec { decommission, order: None, ..built.built() };
        let planned =
            Planned::new(ctx, streams, &Current::of(streams).calendar, (&spec, Others::default()), FIRST_REVISION);
        let plan = &planned.approval.plan;
        (!plan.policies.is_empty() && plan.auto.is_empty()).then_some((planned, spec))
    }

    /// Begins a request that waits for the people of the plan.
    fn ask(
        &self,
        ctx: &Context,
        streams: &Streams,
        vm: &Vm,
        planned: Planned,
        spec: Spec,
    ) -> Result<Accepted, Rejection> {
        planned.check()?;
        let id = ctx.command_id.clone();
        let reason = self.reason.as_ref().map(|reason| reason.as_str().trim()).unwrap_or_default();
        let submitted = RequestSubmitted {
            request_id: id.clone(),
            requester_id: ctx.actor.id.clone(),
            requester_name: Personal::new(&ctx.actor.name),
            justification: Personal::new(reason),
            spec,
        };
        let awaited = VmDecommissionAwaited {
            vm_id: self.vm.clone(),
            requester_id: vm.requester_id.clone(),
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
            request_id: id.clone(),
            name: vm.name.clone(),
        };
        let (request, Current { calendar, .. }) = (Request::of(&submitted, ctx.now), Current::of(streams));
        let accepted = Accepted::nothing()
            .event(request::stream(&id), submitted)
            .event(stream(&self.vm), awaited)
            .subject("vms", &self.vm);
        Ok(planned.begin(ctx, streams, &Recording::new(ctx, &id, &request, None, &calendar), accepted))
    }
}

/// Checks the name that a person typed. A machine that was renamed in vCenter is shown with both
/// names, so either name is valid.
pub fn check_confirmation(typed: &str, vm: &Vm) -> Result<(), Rejection> {
    let mut fields = Fields::default();
    let typed = naming::without_invisible(typed);
    let typed = typed.as_str();
    if typed != vm.name && Some(typed) != vm.vcenter_name.as_deref() {
        fields.push(FieldError::new("/confirm", "confirm-mismatch").param("expected", vm.name.clone()));
    }
    fields.into_result("invalid-confirmation")
}
