//! Checks of the names of commands, events, permissions and roles: each name is declared once, and
//! each reference leads to a declared name.

use super::{Finding, choices};
use eaf_core::contract::{CommandType, Description};
use eaf_core::directory::ROLES;
use std::collections::BTreeSet;
use std::fmt::Display;

pub fn findings(description: &Description) -> Vec<Finding> {
    let Description { commands, events, views, permissions, workflows, settings: _ } = description;
    let mut found = twice("command", commands.iter().map(|command| format!("{} {}", command.name, command.version)));
    found.extend(twice("event", events.iter().map(|event| &event.kind)));
    found.extend(twice("view", views.iter().map(|view| &view.name)));
    found.extend(twice("permission", permissions.iter().map(|permission| &permission.name)));
    found.extend(twice("workflow", workflows.iter().map(|workflow| &workflow.name)));
    found.extend(commands.iter().filter_map(|command| permission_of(command, description)));
    found.extend(roles(description));
    found
}

/// Finding about a permission that the package does not declare; `None` if the package declares it.
pub fn permission(description: &Description, name: &str, place: String) -> Option<Finding> {
    let known = description.permissions.iter().map(|known| known.name.as_str());
    if known.clone().any(|known| known == name) {
        return None;
    }
    let fix = format!("Declare it in PERMISSIONS, or name one of those. {}", choices(known));
    Some(Finding::new(place, format!("the permission `{name}` is not declared"), fix))
}

/// Finding about an event that the package does not declare; `None` if the package declares it.
pub fn event(description: &Description, kind: &str, place: String) -> Option<Finding> {
    let known = description.events.iter().map(|known| known.kind.as_str());
    if known.clone().any(|known| known == kind) {
        return None;
    }
    let fix = format!("Declare it in events!, or name one of those. {}", choices(known));
    Some(Finding::new(place, format!("the event `{kind}` is not declared"), fix))
}

fn permission_of(command: &CommandType, description: &Description) -> Option<Finding> {
    permission(description, command.permission.as_deref()?, format!("command {}", command.name))
}

fn roles(description: &Description) -> Vec<Finding> {
    let named = description.permissions.iter().flat_map(|held| held.roles.iter().map(move |role| (&held.name, role)));
    named
        .filter(|(_, role)| !ROLES.contains(&role.as_str()))
        .map(|(permission, role)| {
            let what = format!("there is no role `{role}`");
            Finding::new(format!("permission {permission}"), what, format!("Name another. {}", choices(ROLES)))
        })
        .collect()
}

fn twice(what: &str, names: impl Iterator<Item = impl Ord + Display>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for name in names {
        let place = format!("{what} {name}");
        if !seen.insert(name) {
            found.push(Finding::new(place, "it is declared twice", "Give one of the two another name."));
        }
    }
    found
}
