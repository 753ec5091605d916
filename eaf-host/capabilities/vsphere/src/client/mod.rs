//! Client of vCenter's SOAP interface (vim25), which every supported vCenter and the simulator
//! offer. Each operation is one file with a function that takes a [`session::Session`]. The client
//! knows no tenants and no plugins.
//!
//! To add an operation:
//! 1. write a file here with a function that takes `&Session` and calls `Session::call`, with the
//!    arguments in the order of the vim25 schema;
//! 2. write a test against the simulator in `../tests/`.

pub mod account;
pub mod authorization;
pub mod clone;
pub mod destroy;
pub mod device;
pub mod find;
pub mod folder;
pub mod guest;
pub mod inventory;
pub mod kinds;
pub mod login;
pub mod machine;
pub mod path;
pub mod placement;
pub mod power;
pub mod privileges;
pub mod properties;
pub mod reconfigure;
mod repeat;
pub mod server;
pub mod service;
pub mod session;
pub mod soap;
pub mod task;
pub mod templates;
pub mod transport;
pub mod tree;
pub mod view;
pub mod visited_objects;
pub mod xml;

pub use session::{Error, Session, Shared};
pub use soap::{Fault, MoRef};

/// Reads from a method's answer the vCenter task that the method has started.
fn accepted(method: &'static str, answer: &xml::Element) -> Result<MoRef, Error> {
    answer.child("returnval").and_then(MoRef::read).ok_or(Error::Incomplete { method, missing: "task" })
}
