//! What a workflow component can call: the WIT of `sdk/wit`, implemented over the journal.
//!
//! Every function here does the same: count the call, name capability, function, grant and arguments, and hand over to
//! [`Execution`], which answers from the journal or acts. To add a capability: a file here that implements its
//! generated traits, and its interfaces in the deployment's ceiling.
//!
//! Resources carry no state but a number: an operation is the sequence number of the call that began it, a
//! connection the position of its grant among those that the run opened.

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

/// The store's data of a workflow component.
pub type Guest = Guard<Execution>;

/// Its number is the sequence number of the call that began it.
pub struct Operation;
/// Its number is the position of its grant among those that the run opened.
pub struct Reader;
pub struct Writer;
pub struct Mailer;

/// Puts every import of the contract into a linker. What a component really imports was proven at load.
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

    /// A call whose answer is waited for.
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

    /// A call that takes time. It always gives an operation; how it went is the operation's result, so that a replay
    /// sees the same whether the call failed at once or later.
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

/// A document from the guest. One that is not JSON is the guest's bug; it stops the run.
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

/// From the guest: a class that the host does not know is permanent, and what is longer than a failure's texts is cut.
pub fn host_failure(failure: GuestFailure) -> Failure {
    let class = serde_json::from_value(Value::String(failure.class)).unwrap_or(Class::Permanent);
    let (code, message) = (cut(failure.code, 100), cut(failure.message, 2_000));
    Failure { retry_after_ms: failure.retry_after_ms, ..Failure::new(class, &code, message) }
}

fn cut(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}
