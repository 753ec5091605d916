//! End of a step of a stage's deadline, as the deadline's run reports it: as the policy says, the
//! stage is escalated or passes, or the approval expires. A request whose offering or price changed
//! is not approved by time; the holders of `operate` decide instead.

use super::people::Resolved;
use super::record::Recording;
use super::{ambient, deadline_stands};
use crate::calendar::state::Current;
use crate::policy::approval::{Change, Outcome};
use crate::request::approve::with_offering;
use crate::request::look_again::as_offered_now;
use crate::request::{Request, stream, unknown};
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EndDeadline {
    pub request: String,
    pub stage: String,
    /// Time of the deadline that is over, in milliseconds since 1970. If the stage has another
    /// deadline by now, the command has no effect.
    pub due_at: i64,
}

impl Command for EndDeadline {
    const NAME: &'static str = "end-deadline";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        with_offering(&self.request, loaded)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        let Some(approval) = deadline_stands(&request, &self.stage, self.due_at) else {
            return Ok(Accepted::nothing());
        };
        let (people, Current { calendar, .. }) = (Resolved::new(approval, ctx, streams, &[]), Current::of(streams));
        let ambient = ambient(ctx, &people, &calendar);
        let changes = if approval.has_escalation_left(&self.stage) {
            approval.escalate(ambient, &self.stage)?
        } else {
            let changes = approval.expire(ambient, &self.stage)?;
            let is_granted =
                changes.iter().any(|change| matches!(change, Change::Ended { outcome: Outcome::Granted, .. }));
            let has_changed = is_granted && as_offered_now(&request.spec(), streams, None).is_err();
            if has_changed { approval.ask_operators(ambient, &self.stage)? } else { changes }
        };
        let recording = Recording::new(ctx, &self.request, &request, None, &calendar);
        Ok(recording.changes(Accepted::nothing(), approval, changes))
    }
}
