//! Deletion of the managed resource of a machine that an admin counts as removed. vCenter is called
//! once more, because the admin may be wrong.

use super::complete_decommission::CompleteDecommission;
use super::fail_decommission::FailDecommission;
use crate::Event;
use crate::provisioning::note_run_end::NoteRunEnd;
use crate::provisioning::stall::NoteStall;
use crate::provisioning::{GRANT, Step};
use eaf_sdk::flow;
use eaf_sdk::{Command, Failure, Recorded, Trigger, Workflow};
use eaf_sdk_vsphere::Writer;
use serde_json::{Value, json};

pub struct Forget;

impl Workflow for Forget {
    type Event = Event;

    const NAME: &'static str = "forget";
    const TRIGGERS: &'static [Trigger] =
        &[Trigger { event: "vm-gone-confirmed", key: "/vm_id", subject: "/requester_id" }];
    const ON_STALL: Option<&'static str> = Some(NoteStall::NAME);
    const ON_FAILURE: Option<&'static str> = Some(NoteRunEnd::NAME);

    fn run(event: Event, _: &Recorded) -> Result<Value, Failure> {
        let Event::VmGoneConfirmed(confirmed) = event else {
            return Err(Failure::permanent("unexpected-event", "this event has nothing forgotten"));
        };
        let (vm, attempt) = (confirmed.vm_id, confirmed.attempt);
        match Writer::open(GRANT).and_then(|writer| writer.forget(&vm)) {
            Ok(removed) => {
                let copies = removed.copies;
                flow::submit::<CompleteDecommission>(&CompleteDecommission { vm, attempt, copies })?;
                Ok(json!({ "outcome": "forgotten" }))
            }
            Err(Failure { code, message, .. }) => {
                let step = Step::Destroy.as_str().into();
                flow::submit::<FailDecommission>(&FailDecommission { vm, attempt, step, code, message })?;
                Ok(json!({ "outcome": "failed" }))
            }
        }
    }
}
