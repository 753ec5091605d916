//! Description of the package, compared with `description.json`. The description is a contract with
//! all clients and stored events, so changes of it must be deliberate. `UPDATE_DESCRIPTION=1 cargo
//! test -p dcm --test description` writes the file.

use dcm::{Dcm, DcmFlows};
use eaf_sdk::document::Description;
use std::collections::BTreeSet;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/description.json");

fn description() -> Description {
    serde_json::from_slice(&eaf_sdk::component::describe::<Dcm, DcmFlows>()).unwrap()
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test, not a component")]
fn the_description_equals_the_committed_one() {
    let now = serde_json::to_string_pretty(&description()).unwrap() + "\n";
    if std::env::var("UPDATE_DESCRIPTION").is_ok() {
        std::fs::write(GOLDEN, &now).unwrap();
    }
    let before = std::fs::read_to_string(GOLDEN).unwrap();
    assert!(now == before, "the description changed; if it is meant: UPDATE_DESCRIPTION=1 cargo test -p dcm");
}

#[test]
fn every_name_of_a_person_and_every_free_text_is_marked_as_personal() {
    for event in description().events {
        for (member, schema) in event.schema["properties"].as_object().unwrap() {
            let about_people = [
                "requester_name",
                "approver_name",
                "by_name",
                "justification",
                "reason",
                "comment",
                "question",
                "answer",
            ];
            let marked = schema["x-eaf-personal"]["subject"].as_str();
            assert_eq!(about_people.contains(&member.as_str()), marked.is_some(), "{}/{member}", event.kind);
            if let Some(subject) = marked {
                assert!(event.schema["properties"].get(subject).is_some(), "{}/{member}: no {subject}", event.kind);
            }
        }
    }
}

/// Tests that the product's schemas state a limit for each value, for forms and clients. The host
/// has limits of its own besides.
#[test]
fn every_value_of_a_body_has_a_limit_and_every_id_a_format() {
    for command in description().commands.iter().filter(|command| command.permission.is_some()) {
        for (member, schema) in command.schema["properties"].as_object().unwrap() {
            let states = |keywords: &[&str]| keywords.iter().any(|keyword| schema.get(keyword).is_some());
            let limited = match schema["type"].get(0).unwrap_or(&schema["type"]).as_str() {
                Some("string") if matches!(member.as_str(), "request" | "vm") => schema["format"] == "uuid",
                Some("string") => states(&["maxLength", "pattern"]),
                Some("integer") => states(&["minimum"]) && states(&["maximum"]),
                Some("array") => states(&["maxItems"]),
                // The command itself limits the content of the object.
                Some("object") => states(&["maxProperties"]),
                kind => kind == Some("boolean"),
            };
            assert!(limited, "{}/{member}: {schema}", command.name);
        }
    }
}

#[test]
fn every_view_has_status_and_terminal_and_reads_existing_events() {
    let description = description();
    let kinds: BTreeSet<_> = description.events.iter().map(|e| e.kind.as_str()).collect();
    for view in &description.views {
        let column = |name: &str| view.columns.iter().find(|c| c.name == name).map(|c| c.kind.as_str());
        assert_eq!((column("status"), column("terminal")), (Some("text"), Some("boolean")), "{}", view.name);
        for event in &view.events {
            assert!(kinds.contains(event.as_str()), "{} reads {event}, which does not exist", view.name);
        }
        for rule in &view.read {
            assert!(description.permissions.iter().any(|p| p.name == rule.permission), "{}", rule.permission);
            assert!(rule.own.as_deref().is_none_or(|own| column(own) == Some("text")), "{}", view.name);
        }
    }
}

#[test]
fn triggers_point_into_existing_events() {
    let description = description();
    for workflow in &description.workflows {
        for trigger in &workflow.triggers {
            let event = description.events.iter().find(|e| e.kind == trigger.event).unwrap();
            for pointer in [&trigger.key, &trigger.subject] {
                let member = &event.schema["properties"][pointer.trim_start_matches('/')];
                assert_eq!(member["type"], "string", "{} {pointer}", workflow.name);
            }
        }
        let known =
            |command: &String| description.commands.iter().any(|c| &c.name == command && c.permission.is_none());
        assert!(workflow.on_stall.as_ref().is_none_or(known), "{}", workflow.name);
        assert!(workflow.on_failure.as_ref().is_none_or(known), "{}", workflow.name);
    }
}
