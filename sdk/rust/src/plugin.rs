//! What a plugin consists of, by types.

use crate::{Commands, EventSet, States, Views, Workflows};

/// A permission and the roles that hold it: requester, approver, admin, auditor.
#[derive(Debug, Clone, Copy)]
pub struct Permission {
    pub name: &'static str,
    pub roles: &'static [&'static str],
}

/// The pure side. `type Commands = list![Submit, Approve];`
pub trait Plugin {
    type Events: EventSet;
    type Commands: Commands;
    /// All that commands fold streams into.
    type States: States;
    type Views: Views;
    const PERMISSIONS: &'static [Permission];
}

/// The side with effects. A type of its own, so that the domain component cannot reach it.
pub trait Flows {
    type Workflows: Workflows;
}
