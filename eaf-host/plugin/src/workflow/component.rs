//! Workflow component as an [`Executor`] of the workflow engine. A run is executed from its start
//! over the journal.
//!
//! If a host call must not return, it ends the guest with an
//! [`Abort`](eaf_core::workflow::engine::Abort). This module alone converts an abort to a wasmtime
//! error.

use crate::engine::Wasm;
use crate::imports::{self, Guest, bindings};
use crate::trap;
use async_trait::async_trait;
use eaf_core::workflow::engine::{Ended, Execution, Executor};
use std::time::Instant;
use wasmtime::Store;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

type GuestFailure = bindings::eaf::workflow::flow::Failure;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the component cannot be linked: {0:#}")]
    Link(wasmtime::Error),
    #[error("the imports of the component cannot be linked")]
    Imports(#[from] imports::Error),
    #[error("the component does not export {0}")]
    Export(&'static str),
}

pub struct WorkflowComponent {
    wasm: Wasm,
    instance: InstancePre<Guest>,
    run: ComponentExportIndex,
}

impl WorkflowComponent {
    pub fn new(wasm: Wasm, component: &Component) -> Result<Self, Error> {
        let mut linker = Linker::new(wasm.engine());
        imports::add_to_linker(&mut linker, component)?;
        let instance = linker.instantiate_pre(component).map_err(Error::Link)?;
        let run = component
            .get_export_index(None, "eaf:workflow/run@1.0.0")
            .and_then(|interface| component.get_export_index(Some(&interface), "run"))
            .ok_or(Error::Export("eaf:workflow/run@1.0.0 with run"))?;
        Ok(WorkflowComponent { wasm, instance, run })
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

#[async_trait]
impl Executor for WorkflowComponent {
    /// Runs a workflow function in a new wasmtime store, which is dropped whatever the result.
    async fn run(&self, execution: Execution, workflow: &str, input: &[u8]) -> Ended {
        let mut store = self.wasm.store(execution).await;
        let error = match self.call(&mut store, workflow, input).await {
            Ok(answer) => return Ended::returned(&store.data().state, answer.map_err(imports::host_failure)),
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
}
