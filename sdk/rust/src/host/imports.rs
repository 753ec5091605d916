//! Imports of the workflow component, one function each, so that a component imports only what its
//! workflows use.

use crate::bindings::workflow::eaf::mail::outbox;
use crate::bindings::workflow::eaf::vsphere::{inventory, lifecycle};
use crate::bindings::workflow::eaf::workflow::flow;
use crate::mail::Recipient;
use crate::workflow::Failure;

type Bytes = Vec<u8>;

pub struct Operation(flow::Operation);

impl Operation {
    pub fn result(&self) -> Result<Bytes, Failure> {
        Ok(self.0.result()?)
    }

    pub fn progress_reaches(&self, percent: u32) -> Operation {
        Operation(self.0.progress_reaches(percent))
    }
}

pub fn await_any(operations: &[&Operation]) -> u32 {
    let raw: Vec<_> = operations.iter().map(|o| &o.0).collect();
    flow::await_any(&raw)
}

pub fn sleep(millis: u64) -> Operation {
    Operation(flow::sleep(millis))
}

pub fn submit(command: &str, body: &[u8]) -> Result<Bytes, Failure> {
    Ok(flow::submit(command, body)?)
}

pub fn read(view: &str, key: &str) -> Result<Option<Bytes>, Failure> {
    Ok(flow::read(view, key)?)
}

pub fn now() -> u64 {
    flow::now()
}

pub fn log(level: &str, message: &str) {
    flow::log(level, message);
}

pub struct Reader(inventory::Reader);

impl Reader {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        Ok(Reader(inventory::open(grant)?))
    }

    pub fn read_vm(&self, identity: &str) -> Result<Option<Bytes>, Failure> {
        Ok(self.0.read_vm(identity)?)
    }

    pub fn await_address(&self, identity: &str, timeout_ms: u64) -> Result<Operation, Failure> {
        Ok(Operation(self.0.await_address(identity, timeout_ms)?))
    }
}

pub struct Writer(lifecycle::Writer);

impl Writer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        Ok(Writer(lifecycle::open(grant)?))
    }

    pub fn ensure_folder(&self, path: &str) -> Result<Bytes, Failure> {
        Ok(self.0.ensure_folder(path)?)
    }

    pub fn clone_vm(&self, identity: &str, spec: &[u8]) -> Result<Operation, Failure> {
        Ok(Operation(self.0.clone(identity, spec)?))
    }

    pub fn reconfigure(&self, identity: &str, cpus: u32, memory_mb: u64) -> Result<Operation, Failure> {
        Ok(Operation(self.0.reconfigure(identity, cpus, memory_mb)?))
    }

    pub fn power_on(&self, identity: &str) -> Result<Operation, Failure> {
        Ok(Operation(self.0.power_on(identity)?))
    }

    pub fn power_off(&self, identity: &str) -> Result<Operation, Failure> {
        Ok(Operation(self.0.power_off(identity)?))
    }

    pub fn destroy(&self, identity: &str) -> Result<Operation, Failure> {
        Ok(Operation(self.0.destroy(identity)?))
    }

    pub fn forget(&self, identity: &str) -> Result<Bytes, Failure> {
        Ok(self.0.forget(identity)?)
    }
}

pub struct Mailer(outbox::Mailer);

impl Mailer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        Ok(Mailer(outbox::open(grant)?))
    }

    pub fn send(&self, template: &str, to: Recipient, facts: &[u8]) -> Result<Bytes, Failure> {
        Ok(self.0.send(template, &recipient(to), facts)?)
    }

    pub fn send_while(&self, template: &str, to: Recipient, facts: &[u8], condition: &[u8]) -> Result<Bytes, Failure> {
        Ok(self.0.send_while(template, &recipient(to), facts, condition)?)
    }
}

fn recipient(to: Recipient) -> outbox::Recipient {
    match to {
        Recipient::Actor(id) => outbox::Recipient::Actor(id.into()),
        Recipient::Holders { permission } => outbox::Recipient::Holders((permission.into(), String::new())),
        Recipient::HoldersExcept { permission, except } => {
            outbox::Recipient::Holders((permission.into(), except.into()))
        }
    }
}
