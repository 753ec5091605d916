//! Virtual machines in a tenant's vCenter, over SOAP (vim25).
//!
//! | module | content |
//! |---|---|
//! | `client/` | SOAP client without tenants, one file per operation |
//! | `functions/` | functions for plugins, one file each |
//! | `provider.rs` | dispatch of a call to a function |
//! | `sessions.rs` | shared sessions of all connections and their logout |
//! | `identity.rs` | instance UUID and marker of a machine |
//! | `record.rs` | managed resource of a machine |
//! | `observe.rs` | observation of all machines of a plugin, in few calls |
//! | `connection_problem.rs` | conclusions from a failure about the connection |
//! | `locate.rs` | search for a machine and proof of its absence |
//! | `connection.rs` | address and credentials |
//! | `connection_type.rs` | settings of a connection for its form |
//! | `choices.rs` | choices of an admin in vCenter |
//! | `choice_description.rs` | description of a choice, in one line |
//! | `scope.rs` | scope of a grant |
//! | `failure/` | failures: classes, retry budgets and texts |
//!
//! To add a function:
//! 1. its WIT function in `sdk/wit/deps/vsphere`;
//! 2. a file in `functions/` that reads before it acts;
//! 3. a line in `provider.rs`;
//! 4. a test in `tests/` that loses its answer and repeats the call.

mod check;
mod choice_description;
mod choices;
mod client;
mod connection;
mod connection_problem;
mod connection_type;
mod context;
mod core_connections;
mod core_records;
mod failure;
mod functions;
mod identity;
mod locate;
mod observe;
mod provider;
mod record;
mod scope;
mod sessions;
mod vcenter;

#[cfg(test)]
mod tests;

use crate::failure::Code;
use client::transport::Timeouts;
use core_connections::{CAPABILITY, CoreConnections};
use core_records::CoreRecords;
use eaf_capability::egress::Purpose;
use eaf_capability::text::Texts;
use eaf_capability::{FailureCode, Interface, Registration};
use provider::VSphere;
use sessions::Sessions;
use std::sync::Arc;

const TEXTS: Texts = Texts { de: include_str!("texts/de.toml"), en: include_str!("texts/en.toml") };
const AUDIT: Texts = Texts { de: include_str!("audit_texts/de.toml"), en: include_str!("audit_texts/en.toml") };
const INVENTORY: Interface = Interface { name: "inventory", functions: &["read-vm", "await-address"] };
const LIFECYCLE: Interface = Interface {
    name: "lifecycle",
    functions: &["ensure-folder", "clone", "reconfigure", "power-on", "power-off", "destroy", "forget"],
};

static VSPHERE: Purpose = Purpose { name: CAPABILITY, ports: &[443] };

inventory::submit! { &VSPHERE }
inventory::submit! {
    Registration { name: CAPABILITY, interfaces: &[INVENTORY, LIFECYCLE], failure_codes: Code::ALL, texts: TEXTS, audit: AUDIT, make: |parts| {
        let connections = Arc::new(CoreConnections { core: parts.core.clone() });
        let records = Arc::new(CoreRecords { core: parts.core.clone() });
        let sessions = Sessions::new(Timeouts::default(), parts.egress.clone(), parts.login_limiter.clone());
        Arc::new(VSphere::new(connections, records, parts.core.ambient.clone(), sessions))
    } }
}
