//! Completion of a build: the machine runs, and the request is fulfilled. If the offering says that
//! machines need an address, the machine has one.

use super::record_step::require_provisioning;
use crate::request::event::RequestFulfilled;
use crate::request::{self, Request};
use crate::vm;
use crate::vm::event::VmProvisioned;
use eaf_sdk::{Accepted, Boundary, Command, Context, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CompleteProvisioning {
    pub request: String,
    pub attempt: u32,
    #[serde(default)]
    pub ip: Option<String>,
}

impl Command for CompleteProvisioning {
    const NAME: &'static str = "complete-provisioning";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        if !request::is_id(&self.request) {
            return Boundary::none();
        }
        Boundary::none().guard(request::stream(&self.request)).guard(vm::stream(&self.request))
    }

    fn decide(self, _: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&request::stream(&self.request)).ok_or_else(request::unknown)?;
        require_provisioning(&request, self.attempt)?;
        let spec = request.built();
        let memory_mb = spec.memory_mb();
        let fulfilled = RequestFulfilled {
            request_id: self.request.clone(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            ip: self.ip.clone(),
            spec: spec.clone(),
        };
        let provisioned = VmProvisioned {
            vm_id: self.request.clone(),
            requester_name: Personal::new(request.requester_name().as_str()),
            requester_id: request.requester_id,
            name: spec.vm_name,
            offering: spec.offering,
            offering_name: spec.offering_name,
            image: spec.image,
            cpus: spec.cpus,
            memory_mb,
            term_months: spec.term_months,
            monthly_cents: spec.monthly_cents,
            currency: spec.currency,
            power: "on".into(),
            ip: self.ip,
        };
        Ok(Accepted::nothing()
            .event(request::stream(&self.request), fulfilled)
            .event(vm::stream(&self.request), provisioned)
            .subject("requests", self.request))
    }
}
