//! Build of an approved request's machine. Every step may be repeated. A later attempt reads
//! vCenter and continues at the failed step, or at the first step if vCenter does not have the
//! machine.

use super::complete::CompleteProvisioning;
use super::fail::FailProvisioning;
use super::note_run_end::NoteRunEnd;
use super::record_step::{RecordStep, StepState};
use super::stall::NoteStall;
use super::{GRANT, Process, Step};
use crate::Event;
use crate::request::Spec;
use eaf_sdk::flow::{self, Operation};
use eaf_sdk::{Command, Failure, Recorded, Trigger, Workflow};
use eaf_sdk_vsphere::{CloneSpec, Reader, Writer};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Folder of DCM's machines, relative to the connection's folder.
const FOLDER: &str = "dcm";
const ADDRESS_TIMEOUT_MS: u64 = 10 * 60 * 1000;
/// Percentages of a step's progress at which the progress is recorded.
const PERCENTAGES: [u32; 4] = [20, 40, 60, 80];

pub struct Provision;

impl Workflow for Provision {
    type Event = Event;

    const NAME: &'static str = "provision";
    const TRIGGERS: &'static [Trigger] = &[
        Trigger { event: "request-approved", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-auto-approved", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-retried", key: "/request_id", subject: "/requester_id" },
    ];
    const ON_STALL: Option<&'static str> = Some(NoteStall::NAME);
    const ON_FAILURE: Option<&'static str> = Some(NoteRunEnd::NAME);

    fn run(event: Event, _: &Recorded) -> Result<Value, Failure> {
        let mut build = match event {
            Event::RequestApproved(e) => Build::new(e.request_id, e.attempt, Step::EnsureFolder, e.spec),
            Event::RequestAutoApproved(e) => Build::new(e.request_id, e.attempt, Step::EnsureFolder, e.spec),
            Event::RequestRetried(e) => {
                let from = Step::parse(&e.from_step).unwrap_or(Step::EnsureFolder);
                Build::new(e.request_id, e.attempt, from, e.spec)
            }
            _ => return Err(Failure::permanent("unexpected-event", "no build starts with this event")),
        };
        match build.run() {
            Ok(ip) => {
                let done = CompleteProvisioning { request: build.id, attempt: build.attempt, ip };
                flow::submit::<CompleteProvisioning>(&done)?;
                Ok(json!({ "outcome": "fulfilled" }))
            }
            Err(BuildStopped::AtStep(failure)) => {
                let failed = FailProvisioning {
                    request: build.id,
                    attempt: build.attempt,
                    step: build.step.as_str().into(),
                    code: failure.code,
                    message: failure.message,
                };
                flow::submit::<FailProvisioning>(&failed)?;
                Ok(json!({ "outcome": "failed" }))
            }
            Err(BuildStopped::Superseded(failure)) => Err(failure),
        }
    }
}

/// Reason why a build ended early.
enum BuildStopped {
    /// vCenter failed a step, or the grant is insufficient.
    AtStep(Failure),
    /// The domain rejected a command of this run, because another attempt has superseded the run.
    Superseded(Failure),
}

struct Build {
    id: String,
    attempt: u32,
    from: Step,
    step: Step,
    spec: Spec,
}

impl Build {
    fn new(id: String, attempt: u32, from: Step, spec: Spec) -> Self {
        Build { id, attempt, from, step: from, spec }
    }

    /// Builds the machine and returns its address; `None` if the offering says that machines need
    /// no address.
    fn run(&mut self) -> Result<Option<String>, BuildStopped> {
        let writer = Writer::open(GRANT).map_err(BuildStopped::AtStep)?;
        let reader = Reader::open(GRANT).map_err(BuildStopped::AtStep)?;
        let memory_mb = self.spec.memory_mb();
        self.read_machine(&reader)?;
        self.step(Step::EnsureFolder, |_| writer.ensure_folder(FOLDER).map(|_| None::<Operation<Value>>))?;
        self.step(Step::Clone, |build| {
            let spec = CloneSpec {
                template: build.spec.template.clone(),
                name: build.spec.vm_name.clone(),
                folder: FOLDER.into(),
                cpus: build.spec.cpus,
                memory_mb,
            };
            writer.clone_vm(&build.id, &spec).map(Some)
        })?;
        if self.from <= Step::Reconfigure && !self.has_requested_size(&reader, memory_mb)? {
            let cpus = self.spec.cpus;
            self.step(Step::Reconfigure, |build| writer.reconfigure(&build.id, cpus, memory_mb).map(Some))?;
        }
        self.step(Step::PowerOn, |build| writer.power_on(&build.id).map(Some))?;
        if !self.spec.await_address {
            return Ok(None);
        }
        let found =
            self.step(Step::AwaitAddress, |build| reader.await_address(&build.id, ADDRESS_TIMEOUT_MS).map(Some))?;
        Ok(found.map(|f| f.ip))
    }

    /// Reads whether vCenter has the machine of an earlier attempt. If not, the build continues at
    /// the first step.
    fn read_machine(&mut self, reader: &Reader) -> Result<(), BuildStopped> {
        if self.from == Step::EnsureFolder {
            return Ok(());
        }
        if reader.read_vm(&self.id).map_err(BuildStopped::AtStep)?.is_none() {
            (self.from, self.step) = (Step::EnsureFolder, Step::EnsureFolder);
        }
        Ok(())
    }

    /// Whether the machine has the requested number of CPUs and size of memory. A clone may have
    /// the size of its template instead.
    fn has_requested_size(&mut self, reader: &Reader, memory_mb: u64) -> Result<bool, BuildStopped> {
        self.step = Step::Reconfigure;
        let machine = reader.read_vm(&self.id).map_err(BuildStopped::AtStep)?;
        Ok(machine.is_some_and(|m| m.cpus == Some(self.spec.cpus) && m.memory_mb == Some(memory_mb)))
    }

    /// Runs one step and records its events, unless an earlier attempt finished the step.
    fn step<T: DeserializeOwned>(
        &mut self,
        step: Step,
        begin: impl FnOnce(&Build) -> Result<Option<Operation<T>>, Failure>,
    ) -> Result<Option<T>, BuildStopped> {
        if step < self.from {
            return Ok(None);
        }
        self.step = step;
        self.record(StepState::Started, None)?;
        let answer = match begin(self).map_err(BuildStopped::AtStep)? {
            Some(operation) => Some(self.follow(&operation)?),
            None => None,
        };
        self.record(StepState::Finished, None)?;
        Ok(answer)
    }

    /// Waits for the operation of a step. Meanwhile the progress of a clone is recorded; other
    /// steps are too short.
    fn follow<T: DeserializeOwned>(&self, operation: &Operation<T>) -> Result<T, BuildStopped> {
        let percentages: &[u32] = if self.step == Step::Clone { &PERCENTAGES } else { &[] };
        let mut reached = 0;
        for percentage in percentages {
            if *percentage <= reached {
                continue;
            }
            match operation.progress_reaches(*percentage).result() {
                Ok(percent) if percent >= *percentage && percent < 100 => reached = percent,
                // The operation has ended; its result has the outcome.
                _ => break,
            }
            self.record(StepState::Progressed, Some(reached))?;
        }
        operation.result().map_err(BuildStopped::AtStep)
    }

    fn record(&self, state: StepState, percent: Option<u32>) -> Result<(), BuildStopped> {
        let (attempt, step) = (self.attempt, self.step);
        let request = self.id.clone();
        let body = RecordStep { request, process: Process::Provision, attempt, step, state, percent };
        flow::submit::<RecordStep>(&body).map(drop).map_err(BuildStopped::Superseded)
    }
}
