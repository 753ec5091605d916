//! Imports of a workflow component. The host implements them with the journal of the component's
//! run.
//!
//! | module | content |
//! |---|---|
//! | [`flow`] | `eaf:workflow/flow`, which every component may import |
//! | [`capability`] | interfaces of capabilities, linked by their types |
//! | [`value`] | values between components and JSON |
//!
//! Every imported function counts the call and passes it to [`Execution`] with capability,
//! function, grant and arguments. [`Execution`] answers from the journal, or acts. A WIT resource
//! contains only a number: for an operation the sequence number of its call, for a connection the
//! position of its grant among the grants that the run has opened.

pub mod capability;
mod flow;
mod value;

use super::engine::Guard;
use bindings::eaf::workflow::flow::Failure as GuestFailure;
use eaf_capability::{Class, Failure};
use eaf_core::workflow::engine::Execution;
use serde_json::Value;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, HasSelf, Linker, Resource};

pub mod bindings {
    wasmtime::component::bindgen!({
        path: "../../sdk/wit",
        world: "eaf:plugin/flow",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "eaf:workflow/flow.operation": super::Operation,
        },
    });
}

/// Data of a workflow component's wasmtime store.
pub type Guest = Guard<Execution>;

/// WIT resource for an operation, identified by the sequence number of the call that started the
/// operation.
pub struct Operation;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("eaf:workflow/flow cannot be linked")]
    Flow(#[source] wasmtime::Error),
    #[error(transparent)]
    Capability(#[from] capability::Error),
}

/// Adds all imports of a workflow component to a linker. [`load`](crate::load) has already proved
/// that the package requests these imports and that the host has them.
pub fn add_to_linker(linker: &mut Linker<Guest>, component: &Component) -> Result<(), Error> {
    bindings::eaf::workflow::flow::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest).map_err(Error::Flow)?;
    let engine = linker.engine().clone();
    let ty = component.component_type();
    for (number, (import, item)) in ty.imports(&engine).enumerate() {
        let ComponentItem::ComponentInstance(instance) = item.ty else { continue };
        if let Some(interface) = capability::Interface::parse(import) {
            capability::add_to_linker(linker, import, &interface, (&instance, number as u32))?;
        }
    }
    Ok(())
}

impl Guest {
    fn enter(&mut self) -> wasmtime::Result<&mut Execution> {
        self.refresh();
        self.state.count_call()?;
        Ok(&mut self.state)
    }
}

fn operation(sequence: i32) -> Resource<Operation> {
    Resource::new_own(sequence as u32)
}

fn sequence(operation: &Resource<Operation>) -> i32 {
    operation.rep() as i32
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// Parses JSON that the guest passes. Invalid JSON is a bug of the guest, and stops the run.
fn document(bytes: &[u8], what: &str) -> wasmtime::Result<Value> {
    serde_json::from_slice(bytes).map_err(|error| wasmtime::Error::msg(format!("{what} is not JSON: {error}")))
}

fn guest_failure(failure: Failure) -> GuestFailure {
    GuestFailure {
        class: failure.class.as_str().to_owned(),
        code: failure.code,
        message: failure.message,
        retry_after_ms: failure.retry_after_ms,
    }
}

/// Converts a failure that the guest returns to a failure of the host. An unknown class becomes
/// permanent, and long texts are cut.
pub fn host_failure(failure: GuestFailure) -> Failure {
    let class = serde_json::from_value(Value::String(failure.class)).unwrap_or(Class::Permanent);
    let (code, message) = (cut(failure.code, 100), cut(failure.message, 2_000));
    let mut converted = Failure::from_parts(class, &code, message);
    converted.retry_after_ms = failure.retry_after_ms;
    converted
}

fn cut(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}
