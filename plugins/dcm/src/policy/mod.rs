//! Approval policies: documents that say which people approve a change, and the state of one
//! approval.
//!
//! This room is a pure model. Its caller resolves groups and managers to actor ids, knows the time
//! and stores the changes as events.

pub mod approval;
pub mod condition;
pub mod document;
pub mod fact;
pub mod judge;
pub mod operations;
pub mod plan;
pub mod read;
pub mod seats;
pub mod waiting;
