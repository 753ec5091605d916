//! Approval policies: documents that say which people approve a change, and the state of one
//! approval.
//!
//! Admins save, publish and retire policies by commands (`draft`, `publish`, `retire`), and see the
//! effect of a draft by `simulate`. The other files, from [`document`] to [`waiting`], are a pure
//! model: its caller resolves groups and managers to actor ids, knows the time and stores the
//! changes as events.

pub mod approval;
pub mod condition;
pub mod document;
pub mod draft;
pub mod event;
pub mod fact;
pub mod judge;
pub mod operations;
pub mod pause;
pub mod plan;
pub mod preview;
pub mod proposal;
pub mod publish;
pub mod question;
pub mod read;
pub mod retire;
pub mod seats;
pub mod simulate;
pub mod state;
pub mod versions;
pub mod view;
pub mod waiting;
