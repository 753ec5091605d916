//! Removal of the machine of a failed request. If no attempt built anything, vCenter is not called,
//! because vCenter may be the cause of the failure. A machine in another vCenter counts as removed
//! if an admin says so; vCenter is called once more, because the admin may be wrong.

use super::complete_cancel::CompleteCancel;
use super::fail_cancel::FailCancel;
use crate::Event;
use crate::provisioning::note_run_end::NoteRunEnd;
use crate::provisioning::stall::NoteStall;
use crate::provisioning::take_down::{TakeDown, TakeDownStopped};
use crate::provisioning::{GRANT, Process, Step};
use eaf_sdk::flow;
use eaf_sdk::{Command, Failure, Recorded, Trigger, Workflow};
use eaf_sdk_vsphere::Writer;
use serde_json::{Value, json};

pub struct Cancel;

impl Workflow for Cancel {
    type Event = Event;

    const NAME: &'static str = "cancel";
    const TRIGGERS: &'static [Trigger] =
        &[Trigger { event: "request-cancel-requested", key: "/request_id", subject: "/requester_id" }];
    const ON_STALL: Option<&'static str> = Some(NoteStall::NAME);
    const ON_FAILURE: Option<&'static str> = Some(NoteRunEnd::NAME);

    fn run(event: Event, _: &Recorded) -> Result<Value, Failure> {
        let Event::RequestCancelRequested(requested) = event else {
            return Err(Failure::permanent("unexpected-event", "this event cancels nothing"));
        };
        let (request, attempt) = (requested.request_id, requested.attempt);
        let removed = if requested.nothing_built {
            Ok(Vec::new())
        } else if requested.without_removal {
            let forgotten = Writer::open(GRANT).and_then(|writer| writer.forget(&request));
            forgotten.map(|removed| removed.copies).map_err(|failure| TakeDownStopped::AtStep(Step::Destroy, failure))
        } else {
            TakeDown { id: &request, process: Process::Cancel, attempt }.run()
        };
        match removed {
            Ok(copies) => {
                flow::submit::<CompleteCancel>(&CompleteCancel { request, attempt, copies })?;
                Ok(json!({ "outcome": "cancelled" }))
            }
            Err(TakeDownStopped::AtStep(step, Failure { code, message, .. })) => {
                let step = step.as_str().into();
                flow::submit::<FailCancel>(&FailCancel { request, attempt, step, code, message })?;
                Ok(json!({ "outcome": "failed" }))
            }
            Err(TakeDownStopped::Superseded(failure)) => Err(failure),
        }
    }
}
