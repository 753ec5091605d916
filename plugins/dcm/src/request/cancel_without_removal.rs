//! Cancellation by an admin of a request whose machine cannot be removed, because the connection
//! now leads to another vCenter. The machine may still exist in the former one, so the admin types
//! its name; this cannot be undone.

use super::event::RequestCancelRequested;
use super::{Request, RequestFacts, Status, stream, unknown};
use crate::naming;
use crate::permission::OPERATE;
use crate::vm::OTHER_VCENTER;
use eaf_sdk::{Accepted, Boundary, Command, Context, FieldError, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CancelWithoutRemoval {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Name of the machine, typed by a person.
    #[schemars(length(max = 100))]
    pub confirm: String,
}

pub fn can_cancel_without_removal(request: &RequestFacts) -> Result<(), Rejection> {
    if request.status == Status::CancelFailed && request.failed_code == Some(OTHER_VCENTER) {
        return Ok(());
    }
    Err(Rejection::conflict("request-not-elsewhere").at("/request"))
}

impl Command for CancelWithoutRemoval {
    const NAME: &'static str = "cancel-without-removal";
    const PERMISSION: Option<&'static str> = Some(OPERATE);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        super::guarded(&self.request)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        can_cancel_without_removal(&request.facts())?;
        let vm_name = request.spec().vm_name;
        let mut fields = Fields::default();
        if naming::without_invisible(&self.confirm) != vm_name {
            fields.push(FieldError::new("/confirm", "confirm-mismatch").param("expected", vm_name.clone()));
        }
        fields.into_result("invalid-confirmation")?;
        let requested = RequestCancelRequested {
            request_id: self.request.clone(),
            vm_name,
            requester_id: request.requester_id,
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
            reason: Personal::new(""),
            attempt: request.attempt + 1,
            without_removal: true,
            nothing_built: request.nothing_built,
        };
        Ok(Accepted::nothing().event(stream(&self.request), requested).subject("requests", self.request))
    }
}
