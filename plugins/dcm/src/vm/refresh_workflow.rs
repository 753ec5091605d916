//! Workflow that reads a machine's present data from vCenter.

use super::record_refresh::{RecordRefresh, RefreshResult};
use crate::Event;
use crate::provisioning::GRANT;
use crate::provisioning::stall::NoteStall;
use eaf_sdk::flow;
use eaf_sdk::{Command, Failure, Recorded, Trigger, Workflow};
use eaf_sdk_vsphere::Reader;
use serde_json::{Value, json};

pub struct Refresh;

impl Workflow for Refresh {
    type Event = Event;

    const NAME: &'static str = "refresh";
    const TRIGGERS: &'static [Trigger] =
        &[Trigger { event: "vm-refresh-requested", key: "/vm_id", subject: "/requester_id" }];
    const ON_STALL: Option<&'static str> = Some(NoteStall::NAME);

    fn run(event: Event, _: &Recorded) -> Result<Value, Failure> {
        let Event::VmRefreshRequested(requested) = event else {
            return Err(Failure::permanent("unexpected-event", "this event asks for no refresh"));
        };
        let found = match Reader::open(GRANT).and_then(|reader| reader.read_vm(&requested.vm_id)) {
            Ok(Some(m)) => RefreshResult::Machine {
                name: m.name,
                state: m.state,
                power: m.power,
                ip: m.ip,
                cpus: m.cpus,
                memory_mb: m.memory_mb,
            },
            Ok(None) => RefreshResult::Missing,
            Err(failure) => RefreshResult::Failed { code: failure.code, message: failure.message },
        };
        flow::submit::<RecordRefresh>(&RecordRefresh { vm: requested.vm_id, found })?;
        Ok(json!({ "outcome": "recorded" }))
    }
}
