//! Completion of a cancellation: the machine is removed, and its name is free.

use super::event::RequestCancelled;
use super::release::request_and_held;
use super::{Request, stream, unknown};
use crate::naming::{self, NameReleased};
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CompleteCancel {
    pub request: String,
    pub attempt: u32,
    /// Names of copies of the machine, which carry the same marker and were not removed.
    #[serde(default)]
    pub copies: Vec<String>,
}

impl Command for CompleteCancel {
    const NAME: &'static str = "complete-cancel";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        request_and_held(&self.request, loaded)
    }

    fn decide(self, _: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        request.cancelling(self.attempt)?;
        let spec = request.spec();
        let released = NameReleased { name: spec.vm_name.clone(), request_id: self.request.clone() };
        let name_stream = naming::stream(&released.name);
        let cancelled = RequestCancelled {
            request_id: self.request.clone(),
            requester_name: request.requester_name(),
            requester_id: request.requester_id,
            copies: self.copies,
            spec,
        };
        Ok(Accepted::nothing()
            .event(stream(&self.request), cancelled)
            .event(name_stream, released)
            .subject("requests", self.request))
    }
}
