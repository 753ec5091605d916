//! System tests over HTTP: the `eaf` process with PostgreSQL as the restricted role, the vCenter
//! simulator, a mail server and an OIDC issuer.
//!
//! `make test` starts the shared servers; see `eaf_system_tests`.

mod administration;
mod bad_input;
mod binary;
mod bootstrap;
mod canary;
mod chaos;
mod connection_draft;
mod deciding_together;
mod departures;
mod dev_vcenter;
mod difficult;
mod doctor;
mod failover;
mod groups;
mod hosts;
mod isolation;
mod journey;
mod kill;
mod late_mail;
mod mail_queue;
mod observation;
mod operating;
mod outage;
mod product_access;
mod recovery;
mod repair;
mod same_name;
mod sign_in;
mod traces;
mod versions;
