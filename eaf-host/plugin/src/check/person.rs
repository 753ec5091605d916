//! Checks of command members that name persons: the mark can be read, is where the host looks for
//! marks, and names a permission of the package.

use super::{Finding, choices};
use eaf_core::contract::person::{KEYWORD, Mark, marks};
use eaf_core::contract::{CommandType, Description};
use serde_json::Value;

pub fn findings(description: &Description) -> Vec<Finding> {
    let known: Vec<&str> = description.permissions.iter().map(|permission| permission.name.as_str()).collect();
    description.commands.iter().flat_map(|command| of_command(command, &known)).collect()
}

fn of_command(command: &CommandType, known: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, mark) in marks(&command.schema) {
        let place = format!("command {}, member {name}", command.name);
        match mark {
            Err(_) => {
                let fix = "It has no member but `permission`, a text.";
                findings.push(Finding::new(place, format!("its {KEYWORD} cannot be read"), fix));
            }
            Ok(Mark { permission: Some(permission) }) if !known.contains(&permission.as_str()) => {
                let fix =
                    format!("Declare it in PERMISSIONS, or name one of those. {}", choices(known.iter().copied()));
                findings.push(Finding::new(place, format!("the permission {permission} is not declared"), fix));
            }
            Ok(_) => {}
        }
    }
    if count(&command.schema) > marks(&command.schema).count() {
        let what = format!("a {KEYWORD} is where the host does not look for it");
        let fix = "Put the member, or the list of persons, directly into the command.";
        findings.push(Finding::new(format!("command {}", command.name), what, fix));
    }
    findings
}

/// Number of marks at any place of a schema.
fn count(schema: &Value) -> usize {
    match schema {
        Value::Object(members) => {
            usize::from(members.contains_key(KEYWORD)) + members.values().map(count).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}
