//! Reminder of the people of a stage, before its deadline is over.

use super::deadline_stands;
use super::event::StageReminded;
use super::record::decided_in;
use crate::request::{Request, guarded, stream, unknown};
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RemindApprovers {
    pub request: String,
    pub stage: String,
    /// Time of the deadline to which the reminder belongs, in milliseconds since 1970. If the stage
    /// has another deadline by now, the command has no effect.
    pub due_at: i64,
}

impl Command for RemindApprovers {
    const NAME: &'static str = "remind-approvers";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        guarded(&self.request)
    }

    fn decide(self, _: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        let Some(approval) = deadline_stands(&request, &self.stage, self.due_at) else {
            return Ok(Accepted::nothing());
        };
        let asked = approval.open(&self.stage).iter().flat_map(|open| open.asked.iter().flatten()).cloned().collect();
        let reminded = StageReminded {
            request_id: self.request.clone(),
            requester_id: request.requester_id.clone(),
            requester_name: request.requester_name(),
            justification: request.justification(),
            stage_name: approval.planned(&self.stage).and_then(|planned| planned.name.clone()),
            asked,
            decided: decided_in(approval, &self.stage),
            stage: self.stage,
            due_at: self.due_at,
            spec: request.spec(),
        };
        Ok(Accepted::nothing().event(stream(&self.request), reminded))
    }
}
