//! Imports of workflow components: the WIT of `sdk/wit`, implemented over the journal.
//!
//! Every function counts the call, names capability, function, grant and arguments, and calls
//! [`Execution`], which answers from the journal or acts. To add a capability: a file here that
//! implements its generated traits, and its interfaces in the deployment's ceiling.
//!
//! A resource is a number only: an operation is the sequence number of the call that began it, a
//! connection the index of its grant among those that the run opened.

mod flow;
mod mail;
mod vsphere;

use super::engine::Guard;
use bindings::eaf::workflow::flow::Failure as GuestFailure;
use eaf_capability::{Class, Failure};
use eaf_core::workflow::engine::Execution;
use serde_json::Value;
use wasmtime::component::{HasSelf, Linker, Resource};

pub mod bindings {
    wasmtime::component::bindgen!({
        path: "../../sdk/wit",
        world: "eaf:plugin/workflow",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "eaf:workflow/flow.operation": super::Operation,
            "eaf:vsphere/inventory.reader": super::Reader,
            "eaf:vsphere/lifecycle.writer": super::Writer,
            "eaf:mail/outbox.mailer": super::Mailer,
        },
    });
}

/// Store data of a workflow component.
pub type Guest = Guard<Execution>;

/// Operation, identified by the sequence number of the call that began it.
pub struct Operation;
/// Connection, identified by the index of its grant among those that the run opened.
pub struct Reader;
pub struct Writer;
pub struct Mailer;

/// Adds every import of the contract to a linker. The load has checked which of them a component
/// may use.
pub fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    bindings::eaf::workflow::flow::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)?;
    bindings::eaf::vsphere::inventory::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)?;
    bindings::eaf::vsphere::lifecycle::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)?;
    bindings::eaf::mail::outbox::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)
}

impl Guest {
    fn enter(&mut self) -> wasmtime::Result<&mut Execution> {
        self.refresh();
        self.state.count_call()?;
        Ok(&mut self.state)
    }

    async fn open<T: 'static>(
        &mut self,
        capability: &'static str,
        interface: &'static str,
        grant: String,
    ) -> wasmtime::Result<Result<Resource<T>, GuestFailure>> {
        let opened = self.enter()?.open(capability, interface, grant).await?;
        Ok(opened.map(Resource::new_own).map_err(guest_failure))
    }

    /// Makes a call and waits for its answer.
    async fn call<T: 'static>(
        &mut self,
        connection: &Resource<T>,
        function: &'static str,
        args: Value,
    ) -> wasmtime::Result<Result<Value, GuestFailure>> {
        let execution = self.enter()?;
        let (capability, grant) = execution.opened(connection.rep())?;
        let sequence = execution.effect(capability, function, Some(grant), args).await?;
        Ok(execution.outcome(sequence)?.map_err(guest_failure))
    }

    /// Makes a call that takes time, and returns its operation in any case: a failure is the
    /// operation's result, so that a replay is the same whether the call failed at once or later.
    async fn begin<T: 'static>(
        &mut self,
        connection: &Resource<T>,
        function: &'static str,
        args: Value,
    ) -> wasmtime::Result<Result<Resource<Operation>, GuestFailure>> {
        let execution = self.enter()?;
        let (capability, grant) = execution.opened(connection.rep())?;
        let sequence = execution.effect(capability, function, Some(grant), args).await?;
        Ok(Ok(operation(sequence)))
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

/// Parses a JSON document of the guest. Invalid JSON is a bug of the guest, which stops the run.
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

/// Converts a failure of the guest: an unknown class becomes permanent, and long texts are cut.
pub fn host_failure(failure: GuestFailure) -> Failure {
    let class = serde_json::from_value(Value::String(failure.class)).unwrap_or(Class::Permanent);
    let (code, message) = (cut(failure.code, 100), cut(failure.message, 2_000));
    Failure { retry_after_ms: failure.retry_after_ms, ..Failure::new(class, &code, message) }
}

fn cut(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}
