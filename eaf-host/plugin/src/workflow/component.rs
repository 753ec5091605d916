//! A workflow component, ready to be run: from its start, over a journal.

use super::execution::{Execution, Stop};
use super::kernel::Divergence;
use crate::engine::Wasm;
use crate::imports::{self, Guest, bindings};
use crate::trap;
use eaf_capability::Failure;
use std::time::Instant;
use wasmtime::Store;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

type GuestFailure = bindings::eaf::workflow::flow::Failure;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("it cannot be linked: {0:#}")]
    Link(wasmtime::Error),
    #[error("it does not export {0}")]
    Export(&'static str),
}

/// How one execution ended.
#[derive(Debug)]
pub enum Ended {
    /// The function returned.
    Returned(Result<Vec<u8>, Failure>),
    /// The host ended it, for a reason of its own.
    Stopped(Stop),
    /// A bug or a limit. The second text is the guest's own: to the trace only.
    Trapped { reason: String, panic: Option<String> },
}

pub struct WorkflowComponent {
    wasm: Wasm,
    instance: InstancePre<Guest>,
    run: ComponentExportIndex,
}

impl WorkflowComponent {
    pub fn new(wasm: Wasm, component: &Component) -> Result<Self, Error> {
        let mut linker = Linker::new(wasm.engine());
        imports::add_to_linker(&mut linker).map_err(Error::Link)?;
        let instance = linker.instantiate_pre(component).map_err(Error::Link)?;
        let run = component
            .get_export_index(None, "eaf:workflow/run@1.0.0")
            .and_then(|interface| component.get_export_index(Some(&interface), "run"))
            .ok_or(Error::Export("eaf:workflow/run@1.0.0 with run"))?;
        Ok(WorkflowComponent { wasm, instance, run })
    }

    /// Runs a durable function in a fresh store, which is dropped however it ends.
    pub async fn run(&self, execution: Execution, workflow: &str, input: &[u8]) -> Ended {
        let mut store = self.wasm.store(execution).await;
        let error = match self.call(&mut store, workflow, input).await {
            Ok(answer) => {
                return match store.data().state.unused() {
                    None => Ended::Returned(answer.map_err(imports::host_failure)),
                    Some(recorded) => Ended::Stopped(Stop::Diverged(Divergence::ended(recorded))),
                };
            }
            Err(error) => error,
        };
        if let Some(stop) = store.data_mut().state.take_stop() {
            return Ended::Stopped(stop);
        }
        if trap::is_deadline(&error) {
            return Ended::Trapped { reason: "the component used up its time".into(), panic: None };
        }
        let panic = trap::panic_text(&mut store, &error);
        Ended::Trapped { reason: trap::reason(&error), panic }
    }

    async fn call(
        &self,
        store: &mut Store<Guest>,
        workflow: &str,
        input: &[u8],
    ) -> wasmtime::Result<Result<Vec<u8>, GuestFailure>> {
        let started = Instant::now();
        let instance = self.instance.instantiate_async(&mut *store).await?;
        metrics::histogram!("eaf_instantiation_seconds", "component" => "workflow")
            .record(started.elapsed().as_secs_f64());
        let function =
            instance.get_typed_func::<(&str, &[u8]), (Result<Vec<u8>, GuestFailure>,)>(&mut *store, &self.run)?;
        let (answer,) = function.call_async(&mut *store, (workflow, input)).await?;
        Ok(answer)
    }
}
