//! `eaf dev`: everything that the host needs, on this machine, from the checkout. The `eaf` binary has nothing of this: it runs
//! `eaf-dev` beside itself.
//!
//! [`supervise`] is `make demo`; [`exec`] gives tests services of their own. To add a service: 1. its port in
//! [`ports`]; 2. its plan in [`services`] and its name in [`services::ALL`]; 3. start it in both.

pub mod banner;
pub mod cli;
pub mod env;
pub mod exec;
pub mod host;
pub mod idp;
pub mod place;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod progress;
pub mod reset;
pub mod seed;
pub mod service;
pub mod services;
pub mod state;
pub mod supervise;
pub mod token;
mod variables;
pub mod vcenter;
