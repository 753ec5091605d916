//! List of a plugin's parts, such as its commands and views. The parts are listed as Rust types.

use crate::{Commands, EventSet, States, Views, Workflows};
use serde_json::Value;

/// A permission, and the roles of the host that hold it. The build refuses a role that the host
/// does not have.
#[derive(Debug, Clone, Copy)]
pub struct Permission {
    pub name: &'static str,
    pub roles: &'static [&'static str],
}

/// Types that make up the domain of a plugin, such as `type Commands = list![Submit, Approve];`.
pub trait Plugin {
    type Events: EventSet;
    type Commands: Commands;
    /// State types into which commands fold streams.
    type States: States;
    type Views: Views;
    const PERMISSIONS: &'static [Permission];

    /// JSON Schema of the settings that a tenant's admins set, by
    /// [`settings_schema`](crate::settings_schema). `None`: the plugin has no settings.
    fn settings() -> Option<Value> {
        None
    }
}

/// Workflows of a plugin, in a separate type, so that the domain component cannot reach them.
pub trait Flows {
    type Workflows: Workflows;
}
