//! What the system tests stand on. Proxy, mail server and simulator also serve the unit tests of the capabilities.

pub mod fault_proxy;
pub mod maildev;
pub mod vcsim;

pub mod browser;
pub mod canary;
pub mod govc;
pub mod host;
pub mod person;
pub mod server;
pub mod system;
