//! EAF without WebAssembly and HTTP: tenancy, event store, command bus, projections, workflow journal, crypto.
//!
//! Everything here takes its clock and its entropy as a parameter ([`clock`]); every access to tenant data goes
//! through [`db::TenantTx`]. SQL lives in this crate and nowhere else.

pub mod actor;
pub mod clock;
pub mod contract;
pub mod db;
pub mod id;

/// What the modules of the framework share. Made once, by the host's composition root.
pub struct Core {
    pub db: db::Db,
    pub world: clock::World,
}
