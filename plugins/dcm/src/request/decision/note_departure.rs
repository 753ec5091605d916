//! Departure of people for whom a request may wait: a stage that the people left cannot pass is
//! escalated at once, as its policy says. By a departure no stage passes and no request ends.

use super::people::Resolved;
use super::record::Recording;
use super::{ambient, boundary};
use crate::calendar::state::Current;
use crate::request::{Request, Status, stream, unknown};
use eaf_sdk::{Accepted, Boundary, Command, Context, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NoteDeparture {
    /// Id of the request.
    pub key: String,
}

impl Command for NoteDeparture {
    const NAME: &'static str = "note-departure";
    const PERMISSION: Option<&'static str> = None;

    fn boundary(&self, _: &Context, loaded: &Streams) -> Boundary {
        boundary(&self.key, loaded)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.key)).ok_or_else(unknown)?;
        let approval = request.approval.as_ref().filter(|_| request.status == Status::Pending);
        let Some(approval) = approval else { return Ok(Accepted::nothing()) };
        let (people, Current { calendar, .. }) = (Resolved::new(approval, ctx, streams, &[]), Current::of(streams));
        let changes = approval.ask_others(ambient(ctx, &people, &calendar));
        let recording = Recording::new(ctx, &self.key, &request, None, &calendar);
        Ok(recording.changes(Accepted::nothing(), approval, changes))
    }
}
