//! `eaf dev`: runs everything that the host needs on this machine, from the checkout. This crate is
//! no part of the `eaf` binary, which runs `eaf-dev` as a separate program.
//!
//! [`supervise`] is `make demo`; [`exec`] gives tests services of their own. To add a service:
//! 1. its port in [`ports`];
//! 2. its plan in [`services`] and its name in [`services::ALL`];
//! 3. its start in both.

mod api;
pub mod banner;
pub mod checkout;
pub mod cli;
pub mod clock;
pub mod env;
pub mod exec;
pub mod history;
pub mod host;
pub mod idp;
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
