//! Stall of a host call, and the end of the stall. The host reports both, and the row of the
//! waiting request or machine shows them.

use super::event::{Resumed, Stalled};
use crate::permission::OPERATE;
use crate::request::{self, Request, Status};
use crate::vm::{self, Vm};
use eaf_sdk::{Accepted, Boundary, Command, Context, Message, People, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NoteStall {
    /// Id of the request, which is also the id of its machine.
    pub key: String,
    pub stalled: bool,
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub message: Option<String>,
}

/// Codes of failures that a person must repair, in vCenter or at the connection. After the repair
/// the stalled call succeeds: with `vcenter-question` at any time, with the others only while the
/// host repeats the call, which is half an hour.
const FOR_A_PERSON: [&str; 3] = ["vcenter-question", "vcenter-login", "vm-unreadable"];

/// Message of a row whose host call stalls. The message says whether the call waits for the system
/// or for a person.
pub fn waiting(since: i64, code: &str) -> Message {
    if FOR_A_PERSON.contains(&code) {
        let people = People::who_may(OPERATE);
        return Message::new("stalled-for-person").param("since", since).param("code", code).param("people", people);
    }
    Message::new("stalled").param("since", since).param("code", code)
}

impl Command for NoteStall {
    const NAME: &'static str = "note-stall";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        if !request::is_id(&self.key) {
            return Boundary::none();
        }
        Boundary::none().guard(request::stream(&self.key)).guard(vm::stream(&self.key))
    }

    fn decide(self, _: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let vm: Option<Vm> = streams.fold(&vm::stream(&self.key));
        let request: Option<Request> = streams.fold(&request::stream(&self.key));
        let (stream, requester_id, stalled) = match (vm, request) {
            (Some(vm), _) if vm.status != vm::Status::Decommissioned => {
                (vm::stream(&self.key), vm.requester_id, vm.stalled)
            }
            (None, Some(request)) if matches!(request.status, Status::Approved | Status::Cancelling) => {
                (request::stream(&self.key), request.requester_id, request.stalled)
            }
            // The attempt has ended.
            _ => return Ok(Accepted::nothing()),
        };
        let request_id = self.key;
        let (code, message) = (self.code.unwrap_or_default(), self.message.unwrap_or_default());
        if !self.stalled {
            return Ok(match stalled {
                Some(_) => Accepted::nothing().event(stream, Resumed { request_id, requester_id }),
                None => Accepted::nothing(),
            });
        }
        if stalled.as_deref() == Some(&code) {
            return Ok(Accepted::nothing());
        }
        Ok(Accepted::nothing().event(stream, Stalled { request_id, requester_id, code, message }))
    }
}
