//! Virtual machines in a tenant's vCenter, over SOAP (vim25).
//!
//! | room | what |
//! |---|---|
//! | `client/` | the SOAP client: one file per operation, knows no tenants |
//! | `functions/` | what plugins can ask for: one file per function |
//! | `provider.rs` | from a call to a function |
//! | `sessions.rs` | the sessions of all connections, shared and logged out |
//! | `identity.rs` | how a machine is recognised: instance UUID and marker |
//! | `record.rs` | what this host remembers of a machine |
//! | `observe.rs` | reading all machines of a plugin again, in few calls |
//! | `trouble.rs` | what a failure says of the connection |
//! | `locate.rs` | finding a machine, and proving that it is not there |
//! | `connection.rs` | where address and credentials come from |
//! | `connection_type.rs` | what an admin may set for one |
//! | `choices.rs` | what an admin can choose from in vCenter |
//! | `scope.rs` | how far a grant goes |
//! | `failure/` | what went wrong, for the engine and for people: classes and retry budgets |
//!
//! To add a function: 1. its WIT function in `sdk/wit/deps/vsphere`; 2. a file in `functions/` that looks before it acts;
//! 3. a line in `provider.rs`; 4. a test in `tests/` that loses its answer and repeats it.

mod check;
mod choices;
mod client;
mod connection;
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
mod trouble;
mod vcenter;

#[cfg(test)]
mod tests;

use client::transport::Timeouts;
use core_connections::{CAPABILITY, CoreConnections};
use core_records::CoreRecords;
use eaf_capability::Registration;
use eaf_capability::egress::Purpose;
use provider::VSphere;
use sessions::Sessions;
use std::sync::Arc;

static VSPHERE: Purpose = Purpose { name: CAPABILITY, ports: &[443] };

inventory::submit! { &VSPHERE }
inventory::submit! {
    Registration { name: CAPABILITY, make: |parts| {
        let connections = Arc::new(CoreConnections { core: parts.core.clone() });
        let records = Arc::new(CoreRecords { core: parts.core.clone() });
        let sessions = Sessions::new(Timeouts::default(), parts.egress.clone(), parts.logins.clone());
        Arc::new(VSphere::new(connections, records, parts.core.world.clone(), sessions))
    } }
}
