//! Checks of the marks of personal members in JSON Schemas. A mark must be at a position that the
//! host supports, and the member that names the person must be beside it. Otherwise the personal
//! value would be recorded in clear, or could not be recorded at all.

use super::{Finding, choices};
use eaf_core::contract::Description;
use eaf_core::crypto::personal;
use serde_json::Value;

const KEYWORD: &str = "x-eaf-personal";
/// Value of a mark that says: the personal member is about the actor who gives the command.
const ACTOR: &str = "$actor";

pub fn findings(description: &Description) -> Vec<Finding> {
    let commands = description.commands.iter().map(|command| ("command", &command.name, &command.schema));
    let events = description.events.iter().map(|event| ("event", &event.kind, &event.schema));
    commands
        .chain(events)
        .flat_map(|(what, name, schema)| {
            let place = format!("{what} {name}");
            unfollowed(&place, schema).into_iter().chain(without_subject(&place, what, schema))
        })
        .collect()
}

fn unfollowed(place: &str, schema: &Value) -> Vec<Finding> {
    let fix = "Move it below properties, items or a branch of anyOf, oneOf, allOf that is reached from the root.";
    let finding = |marked| {
        Finding::new(place, format!("its schema marks {marked} as personal, where the host does not look"), fix)
    };
    personal::unsupported_positions(schema).into_iter().map(finding).collect()
}

fn without_subject(place: &str, what: &str, schema: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut rest = vec![schema];
    while let Some(schema) = rest.pop() {
        match schema {
            Value::Object(members) => rest.extend(members.values()),
            Value::Array(items) => rest.extend(items),
            _ => {}
        }
        let Some(members) = schema.get("properties").and_then(Value::as_object) else { continue };
        for (name, member) in members {
            let Some(mark) = member.get(KEYWORD) else { continue };
            let subject = mark.get("subject").and_then(Value::as_str).unwrap_or_default();
            let is_there = members.contains_key(subject) || (what == "command" && subject == ACTOR);
            if !is_there {
                let what = format!("the subject `{subject}` of the personal member `{name}` is not beside it");
                let beside = choices(members.keys().map(String::as_str));
                found.push(Finding::new(place, what, format!("Name the member that holds the actor id. {beside}")));
            }
        }
    }
    found
}
