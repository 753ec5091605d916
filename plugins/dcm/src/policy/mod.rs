//! Approval policies: documents that say which people approve a change.

pub mod condition;
pub mod document;
pub mod fact;
pub mod read;
