//! Host functions in native tests, answered by the test's [`Script`](crate::testing::Script).

use crate::mail::Recipient;
use crate::testing::script::ask;
use crate::workflow::Failure;
use serde_json::{Value, json};

type Bytes = Vec<u8>;

/// An operation whose outcome is known from its start.
pub struct Operation {
    outcome: Result<Value, Failure>,
}

impl Operation {
    pub fn result(&self) -> Result<Bytes, Failure> {
        self.outcome.clone().map(|v| bytes(&v))
    }

    pub fn progress_reaches(&self, percent: u32) -> Operation {
        let reached = if self.outcome.is_ok() { percent } else { 0 };
        Operation { outcome: Ok(json!(reached)) }
    }
}

pub fn await_any(operations: &[&Operation]) -> u32 {
    assert!(!operations.is_empty(), "nothing to wait for");
    0
}

pub fn sleep(millis: u64) -> Operation {
    Operation { outcome: ask("flow.sleep", json!({ "ms": millis })) }
}

pub fn submit(command: &str, body: &[u8]) -> Result<Bytes, Failure> {
    ask("flow.submit", json!({ "command": command, "body": value(body) })).map(|v| bytes(&v))
}

pub fn read(view: &str, key: &str) -> Result<Option<Bytes>, Failure> {
    ask("flow.read", json!({ "view": view, "key": key })).map(|v| some_bytes(&v))
}

pub fn now() -> u64 {
    ask("flow.now", json!({})).ok().and_then(|v| v.as_u64()).unwrap_or(0)
}

pub fn log(level: &str, message: &str) {
    // A log line cannot fail.
    let _ = ask("flow.log", json!({ "level": level, "message": message }));
}

pub struct Reader(String);

impl Reader {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        ask("vsphere.open-inventory", json!({ "grant": grant })).map(|_| Reader(grant.into()))
    }

    pub fn read_vm(&self, identity: &str) -> Result<Option<Bytes>, Failure> {
        ask("vsphere.read-vm", json!({ "grant": self.0, "identity": identity })).map(|v| some_bytes(&v))
    }

    pub fn await_address(&self, identity: &str, timeout_ms: u64) -> Result<Operation, Failure> {
        let args = json!({ "grant": self.0, "identity": identity, "timeout_ms": timeout_ms });
        Ok(Operation { outcome: ask("vsphere.await-address", args) })
    }
}

pub struct Writer(String);

impl Writer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        ask("vsphere.open-lifecycle", json!({ "grant": grant })).map(|_| Writer(grant.into()))
    }

    pub fn ensure_folder(&self, path: &str) -> Result<Bytes, Failure> {
        ask("vsphere.ensure-folder", json!({ "grant": self.0, "path": path })).map(|v| bytes(&v))
    }

    pub fn clone_vm(&self, identity: &str, spec: &[u8]) -> Result<Operation, Failure> {
        self.begin("vsphere.clone", json!({ "grant": self.0, "identity": identity, "spec": value(spec) }))
    }

    pub fn reconfigure(&self, identity: &str, cpus: u32, memory_mb: u64) -> Result<Operation, Failure> {
        let args = json!({ "grant": self.0, "identity": identity, "cpus": cpus, "memory_mb": memory_mb });
        self.begin("vsphere.reconfigure", args)
    }

    pub fn power_on(&self, identity: &str) -> Result<Operation, Failure> {
        self.begin("vsphere.power-on", json!({ "grant": self.0, "identity": identity }))
    }

    pub fn power_off(&self, identity: &str) -> Result<Operation, Failure> {
        self.begin("vsphere.power-off", json!({ "grant": self.0, "identity": identity }))
    }

    pub fn destroy(&self, identity: &str) -> Result<Operation, Failure> {
        self.begin("vsphere.destroy", json!({ "grant": self.0, "identity": identity }))
    }

    pub fn forget(&self, identity: &str) -> Result<Bytes, Failure> {
        ask("vsphere.forget", json!({ "grant": self.0, "identity": identity })).map(|v| bytes(&v))
    }

    fn begin(&self, function: &str, args: Value) -> Result<Operation, Failure> {
        Ok(Operation { outcome: ask(function, args) })
    }
}

pub struct Mailer(String);

impl Mailer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        ask("mail.open", json!({ "grant": grant })).map(|_| Mailer(grant.into()))
    }

    pub fn send(&self, template: &str, to: Recipient, facts: &[u8]) -> Result<Bytes, Failure> {
        ask("mail.send", self.arguments(template, to, facts)).map(|v| bytes(&v))
    }

    pub fn send_while(&self, template: &str, to: Recipient, facts: &[u8], condition: &[u8]) -> Result<Bytes, Failure> {
        let mut args = self.arguments(template, to, facts);
        args["condition"] = value(condition);
        ask("mail.send-while", args).map(|v| bytes(&v))
    }

    fn arguments(&self, template: &str, to: Recipient, facts: &[u8]) -> Value {
        let to = match to {
            Recipient::Actor(id) => json!({ "actor": id }),
            Recipient::Holders { permission } => json!({ "holders": { "permission": permission } }),
            Recipient::HoldersExcept { permission, except } => {
                json!({ "holders": { "permission": permission, "except": except } })
            }
        };
        json!({ "grant": self.0, "template": template, "to": to, "facts": value(facts) })
    }
}

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("the guest sends JSON")
}

fn bytes(value: &Value) -> Bytes {
    serde_json::to_vec(value).expect("values are plain data")
}

fn some_bytes(value: &Value) -> Option<Bytes> {
    (!value.is_null()).then(|| bytes(value))
}
