//! Deadline of a stage: a run that waits in the host's database, reminds the people and reports the
//! end of the deadline. The commands ignore a deadline that no longer applies.

use super::end_deadline::EndDeadline;
use super::event::StageDeadlineSet;
use super::remind::RemindApprovers;
use crate::Event;
use eaf_sdk::{Failure, Recorded, Trigger, Workflow, flow};
use serde_json::{Value, json};

/// Time after which a report is repeated that came too early by the clock of the command, in
/// milliseconds.
const TOO_EARLY_MS: u64 = 1_000;

pub struct StageDeadline;

impl Workflow for StageDeadline {
    type Event = Event;

    const NAME: &'static str = "stage-deadline";
    const TRIGGERS: &'static [Trigger] =
        &[Trigger { event: "stage-deadline-set", key: "/request_id", subject: "/requester_id" }];

    fn run(event: Event, _: &Recorded) -> Result<Value, Failure> {
        let Event::StageDeadlineSet(StageDeadlineSet { request_id: request, stage, remind_at, due_at, .. }) = event
        else {
            return Err(Failure::permanent("unexpected-event", "this event begins no deadline"));
        };
        for at in remind_at.into_iter().filter(|at| *at < due_at) {
            wait_until(at)?;
            let remind = RemindApprovers { request: request.clone(), stage: stage.clone(), due_at };
            flow::submit::<RemindApprovers>(&remind)?;
        }
        let end = EndDeadline { request, stage, due_at };
        loop {
            wait_until(due_at)?;
            match flow::submit::<EndDeadline>(&end) {
                Err(failure) if failure.code == "deadline-not-over" => flow::sleep(TOO_EARLY_MS).result()?,
                submitted => return submitted.map(|_| json!({ "outcome": "over" })),
            };
        }
    }
}

/// Waits until a time, in milliseconds since 1970. Returns at once if the time has passed.
fn wait_until(at: i64) -> Result<(), Failure> {
    match u64::try_from(at).unwrap_or_default().saturating_sub(flow::now()) {
        0 => Ok(()),
        left => flow::sleep(left).result().map(|_| ()),
    }
}
