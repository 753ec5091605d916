//! Valid package, and an invalid copy of it for each rule.

use super::source::{Said, What};
use super::*;
use eaf_capability::text::mails::Templates;
use eaf_core::view::row_members;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

fn sound() -> Value {
    json!({
        "commands": [
            { "name": "lend", "version": 1, "permission": "lend", "schema": {
                "type": "object", "required": ["item"],
                "properties": {
                    "item": { "type": "string", "x-eaf-choices": { "capability": "shelf", "grant": "main", "of": "item" } },
                    "reason": { "type": "string", "x-eaf-personal": { "subject": "$actor" } },
                },
            } },
            { "name": "note-end", "version": 1, "permission": null, "schema": {
                "type": "object", "required": ["key", "code"], "properties": { "key": {}, "code": {} },
            } },
        ],
        "events": [{ "type": "lent", "schema_version": 1, "schema": {
            "type": "object",
            "properties": {
                "item": { "type": "string" },
                "days": { "type": "integer" },
                "borrower_id": { "type": "string" },
                "borrower": { "type": "string", "x-eaf-personal": { "subject": "borrower_id" } },
            },
        } }],
        "views": [{
            "name": "items", "version": 1,
            "columns": [
                { "name": "status", "type": "text", "filter": true },
                { "name": "terminal", "type": "boolean" },
                { "name": "borrower_id", "type": "text" },
                { "name": "facts", "type": "json" },
            ],
            "read": [{ "permission": "audit", "own": null }, { "permission": "lend", "own": "borrower_id" }],
            "events": ["lent"],
        }],
        "permissions": [{ "name": "lend", "roles": ["requester"] }, { "name": "audit", "roles": ["auditor"] }],
        "workflows": [{
            "name": "remind", "version": 1, "on_stall": null, "on_failure": "note-end",
            "triggers": [{ "event": "lent", "key": "/item", "subject": "/borrower_id" }],
        }],
    })
}

const TEXTS: &str = "[commands]\nlend = 'Lend'\n[rejections]\nlong = 'Too long.'";

fn found(description: Value, has_workflow_component: bool) -> String {
    let description: Description = serde_json::from_value(description).unwrap();
    let texts = Locales::load(TEXTS, TEXTS).unwrap();
    let request = json!({ "capability": "shelf", "grant": "main" });
    let requests = [serde_json::from_value(request).unwrap()];
    let package = Package { description: &description, texts: &texts, has_workflow_component, requests: &requests };
    faults(&package).iter().map(|fault| format!("{fault}\n")).collect()
}

/// Asserts that this value at this place causes exactly one finding.
#[track_caller]
fn breaks(pointer: &str, value: Value, place: &str, what: &str) {
    let mut broken = sound();
    *broken.pointer_mut(pointer).expect("a place in the description") = value;
    let report = found(broken, true);
    assert_eq!(report.lines().filter(|line| !line.starts_with("    ")).count(), 1, "one fault: {report}");
    assert!(report.starts_with(&format!("  {place}: ")), "{report}");
    assert!(report.contains(what), "{report}");
}

#[test]
fn a_package_whose_parts_know_each_other_has_no_fault() {
    assert_eq!(found(sound(), true), "");
}

#[test]
fn a_permission_that_is_not_declared_is_told_with_those_that_are() {
    breaks("/commands/0/permission", json!("lent"), "command lend", "There are: lend, audit.");
    breaks("/views/0/read/0/permission", json!("aduit"), "view items, read rule", "`aduit` is not declared");
}

#[test]
fn a_member_that_is_chosen_over_a_grant_that_is_not_requested_is_told() {
    let mark = "/commands/0/schema/properties/item/x-eaf-choices";
    breaks(&format!("{mark}/grant"), json!("mian"), "command lend, member item", "There are: shelf/main.");
    breaks(mark, json!(true), "command lend, member item", "cannot be read");
}

#[test]
fn a_role_that_nobody_can_have_is_told() {
    breaks("/permissions/0/roles/0", json!("admn"), "permission lend", "`admn`");
}

#[test]
fn an_event_that_is_not_declared_is_told() {
    breaks("/views/0/events/0", json!("lended"), "view items", "the event `lended` is not declared");
    let place = "workflow remind, trigger on lended";
    breaks("/workflows/0/triggers/0/event", json!("lended"), place, "There are: lent.");
}

#[test]
fn a_name_that_is_given_twice_is_told() {
    for (list, place) in [
        ("commands", "command lend 1"),
        ("events", "event lent"),
        ("views", "view items"),
        ("permissions", "permission lend"),
        ("workflows", "workflow remind"),
    ] {
        let mut broken = sound();
        let first = broken[list][0].clone();
        broken[list].as_array_mut().unwrap().push(first);
        let report = found(broken, true);
        assert!(report.contains(&format!("{place}: it is declared twice")), "{report}");
    }
}

#[test]
fn a_column_that_the_host_puts_into_every_row_itself_is_told() {
    for name in row_members::RESERVED {
        breaks("/views/0/columns/3/name", json!(name), &format!("view items, column {name}"), "Reserved are");
    }
    breaks("/views/0/columns/3/name", json!("Label"), "view items", "`Label`");
    breaks("/views/0/columns/3/name", json!("status"), "view items, column status", "text column");
}

#[test]
fn a_filter_that_nobody_can_ask_for_is_told() {
    for name in eaf_core::view::PARAMETERS {
        let mut broken = sound();
        broken["views"][0]["columns"][3] = json!({ "name": name, "type": "text", "filter": true });
        assert!(found(broken, true).contains("a filter by it is impossible"), "{name}");
    }
    let json_column = json!({ "name": "facts", "type": "json", "sort": true });
    breaks("/views/0/columns/3", json_column, "view items", "`facts` can be neither filtered nor sorted");
}

#[test]
fn a_column_whose_meaning_has_another_type_is_told() {
    breaks("/views/0/columns/0/type", json!("integer"), "view items, column status", "Make it a text column");
    breaks("/views/0/columns/1/type", json!("text"), "view items, column terminal", "Make it a boolean column");
}

#[test]
fn a_read_rule_on_a_column_that_is_not_there_or_no_text_is_told() {
    for own in ["borrower", "facts"] {
        breaks("/views/0/read/1/own", json!(own), "view items, read rule", "There are: status, borrower_id.");
    }
    breaks("/views/0/read", json!([]), "view items", "it has no read rule");
    breaks("/views/0/events", json!([]), "view items", "no event fills it");
}

#[test]
fn a_pointer_of_a_trigger_that_points_to_nothing_or_to_no_text_is_told() {
    let place = "workflow remind, trigger on lent";
    breaks("/workflows/0/triggers/0/key", json!("/itm"), place, "There are: /item, /days, /borrower_id, /borrower.");
    breaks("/workflows/0/triggers/0/key", json!("item"), place, "does not have");
    breaks("/workflows/0/triggers/0/subject", json!("/days"), place, "is not a text");
}

#[test]
fn a_command_that_the_host_cannot_give_for_a_workflow_is_told() {
    let place = "workflow remind, on_failure";
    breaks("/workflows/0/on_failure", json!("note-ende"), place, "There are: lend, note-end.");
    breaks("/workflows/0/on_failure", json!("lend"), place, "needs item, which the host does not give");
    breaks("/workflows/0/on_stall", json!("lend"), "workflow remind, on_stall", "key, stalled, code, message");
}

#[test]
fn workflows_without_a_component_that_could_run_them_are_told() {
    assert!(found(sound(), false).contains("no workflow.wasm"));
}

#[test]
fn a_personal_member_that_would_be_recorded_in_clear_or_not_at_all_is_told() {
    let marked = json!({ "x-eaf-personal": { "subject": "who" } });
    let hidden =
        json!({ "dependentSchemas": { "name": marked }, "properties": sound()["events"][0]["schema"]["properties"] });
    breaks("/events/0/schema", hidden, "event lent", "/dependentSchemas/name");
    let subject = "/events/0/schema/properties/borrower/x-eaf-personal/subject";
    breaks(subject, json!("borower_id"), "event lent", "`borower_id`");
    breaks(subject, json!("$actor"), "event lent", "is not beside it");
}

#[test]
fn a_command_of_people_without_a_title_is_told() {
    breaks("/commands/1/permission", json!("lend"), "command note-end", "`commands.note-end`");
}

#[test]
fn a_code_a_mail_and_a_permission_of_the_source_that_the_package_lacks_are_told_with_their_line() {
    let description: Description = serde_json::from_value(sound()).unwrap();
    let texts = Arc::new(Locales::load(TEXTS, TEXTS).unwrap());
    let mails = Templates::load(&BTreeMap::new(), texts.clone()).unwrap();
    let said = |what| Said { what, is_certain: true, place: "src/lend.rs, line 7".into() };
    let text = |key: &str| said(What::Text(key.into()));
    let mail = said(What::Mail("lent".into()));
    let permission = said(What::Permission("lnd".into()));
    let sound = [text("rejections.long"), said(What::Permission("lend".into()))];
    assert_eq!(texts::said(&sound, &description, &texts, &mails), []);
    let broken = [text("rejections.short"), text("rejections.short"), mail, permission];
    let faults = texts::said(&broken, &description, &texts, &mails);
    let report: Vec<String> = faults.iter().map(Fault::to_string).collect();
    assert_eq!(report.len(), 3, "each once: {report:?}");
    for (fault, expected) in report.iter().zip(["`rejections.short`", "mails/lent/", "`lnd`"]) {
        assert!(fault.starts_with("  src/lend.rs, line 7: ") && fault.contains(expected), "{fault}");
    }
}
