//! Tests of the cross-check: a valid package has no finding, and for each rule an invalid copy of
//! it has one.

use super::source::{Referent, SourceReference};
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
                    "witness": { "type": "string", "x-eaf-person": { "permission": "audit" } },
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
        "settings": { "type": "object", "properties": { "days": { "type": "integer", "maximum": 90, "default": 30 } } },
    })
}

const TEXTS: &str =
    "[commands]\nlend = 'Lend'\n[rejections]\nlong = 'Too long.'\n[settings.days]\nlabel = 'Longest time'";

fn found(description: Value, has_workflow_component: bool) -> String {
    let description: Description = serde_json::from_value(description).unwrap();
    let texts = Locales::load(TEXTS, TEXTS).unwrap();
    let request = json!({ "capability": "shelf", "grant": "main" });
    let requests = [serde_json::from_value(request).unwrap()];
    let package = Package { description: &description, texts: &texts, has_workflow_component, requests: &requests };
    findings(&package).iter().map(|finding| format!("{finding}\n")).collect()
}

/// Sets `value` at the JSON pointer `pointer` of the valid description, and asserts that exactly
/// one finding results, about `place`.
#[track_caller]
fn breaks(pointer: &str, value: Value, place: &str, what: &str) {
    let mut broken = sound();
    *broken.pointer_mut(pointer).expect("a place in the description") = value;
    let report = found(broken, true);
    assert_eq!(report.lines().filter(|line| !line.starts_with("    ")).count(), 1, "one finding: {report}");
    assert!(report.starts_with(&format!("  {place}: ")), "{report}");
    assert!(report.contains(what), "{report}");
}

#[test]
fn a_consistent_package_has_no_finding() {
    assert_eq!(found(sound(), true), "");
}

#[test]
fn an_undeclared_permission_is_reported_with_the_declared_ones() {
    breaks("/commands/0/permission", json!("lent"), "command lend", "There are: lend, audit.");
    breaks("/views/0/read/0/permission", json!("aduit"), "view items, read rule", "`aduit` is not declared");
}

#[test]
fn a_member_with_choices_over_an_unrequested_grant_is_reported() {
    let mark = "/commands/0/schema/properties/item/x-eaf-choices";
    breaks(&format!("{mark}/grant"), json!("mian"), "command lend, member item", "There are: shelf/main.");
    breaks(mark, json!(true), "command lend, member item", "cannot be read");
}

#[test]
fn a_mark_of_a_person_that_the_host_cannot_apply_is_reported() {
    let (mark, place) = ("/commands/0/schema/properties/witness/x-eaf-person", "command lend, member witness");
    breaks(&format!("{mark}/permission"), json!("aduit"), place, "There are: lend, audit.");
    breaks(mark, json!({ "role": "auditor" }), place, "cannot be read");
    let nested = json!({ "type": "object", "properties": { "by": { "x-eaf-person": {} } } });
    breaks("/commands/0/schema/properties/reason", nested, "command lend", "does not look for it");
}

#[test]
fn an_unknown_role_is_reported() {
    breaks("/permissions/0/roles/0", json!("admn"), "permission lend", "`admn`");
}

#[test]
fn an_undeclared_event_is_reported() {
    breaks("/views/0/events/0", json!("lended"), "view items", "the event `lended` is not declared");
    let place = "workflow remind, trigger on lended";
    breaks("/workflows/0/triggers/0/event", json!("lended"), place, "There are: lent.");
}

#[test]
fn a_duplicate_name_is_reported() {
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
fn a_reserved_column_is_reported() {
    for name in row_members::RESERVED {
        breaks("/views/0/columns/3/name", json!(name), &format!("view items, column {name}"), "Reserved are");
    }
    breaks("/views/0/columns/3/name", json!("Label"), "view items", "`Label`");
    breaks("/views/0/columns/3/name", json!("status"), "view items, column status", "text column");
}

#[test]
fn a_departure_needs_a_command_and_the_columns_by_which_rows_are_found() {
    let mut broken = sound();
    broken["views"][0]["on_departure"] = json!("lend");
    let report = found(broken, true);
    for expected in ["the command `lend` needs", "no json column `waiting_for`"] {
        assert!(report.contains("view items, on_departure") && report.contains(expected), "{report}");
    }
    assert!(!report.contains("column `terminal`"), "{report}");
}

#[test]
fn a_pointer_to_people_leads_to_a_column() {
    let mut broken = sound();
    broken["views"][0]["people"] = json!(["/borrower_id", "/facts/*/by", "/lender_id", "/status/by", "borrower_id"]);
    let report = found(broken, true);
    for expected in ["`/lender_id` leads to no text", "`/status/by` leads to no json", "`borrower_id` leads to no text"]
    {
        assert!(report.contains("view items, people") && report.contains(expected), "{report}");
    }
    assert_eq!(report.matches("view items, people").count(), 3, "{report}");
}

#[test]
fn an_unusable_filter_is_reported() {
    for name in eaf_core::view::PARAMETERS {
        let mut broken = sound();
        broken["views"][0]["columns"][3] = json!({ "name": name, "type": "text", "filter": true });
        assert!(found(broken, true).contains("a filter by it is impossible"), "{name}");
        let mut broken = sound();
        broken["views"][0]["columns"][3] = json!({ "name": name, "type": "json" });
        broken["views"][0]["read"][1] = json!({ "permission": "lend", "asked": name });
        assert!(found(broken, true).contains("a filter by it is impossible"), "{name}");
    }
    let json_column = json!({ "name": "facts", "type": "json", "sort": true });
    breaks("/views/0/columns/3", json_column, "view items", "`facts` can be neither filtered nor sorted");
}

#[test]
fn a_column_of_the_host_with_another_type_is_reported() {
    breaks("/views/0/columns/0/type", json!("integer"), "view items, column status", "Make it a text column");
    breaks("/views/0/columns/1/type", json!("text"), "view items, column terminal", "Make it a boolean column");
}

#[test]
fn a_read_rule_on_a_missing_column_or_one_of_another_type_is_reported() {
    for own in ["borrower", "facts"] {
        breaks("/views/0/read/1/own", json!(own), "view items, read rule", "There are: status, borrower_id.");
    }
    for asked in ["waits_for", "borrower_id"] {
        let rule = json!({ "permission": "lend", "asked": asked });
        breaks("/views/0/read/1", rule, "view items, read rule", "is no json column of this view");
    }
    let both = json!({ "permission": "lend", "own": "borrower_id", "asked": "facts" });
    breaks("/views/0/read/1", both, "view items", "two of `own`, `asked` and `through`");
    for (through, why) in [
        (json!({ "column": "status", "view": "shelves" }), "`shelves`, which is no view of the package"),
        (json!({ "column": "status", "view": "items" }), "through `items` itself"),
        (json!({ "column": "borrower_id", "view": "shelves" }), "`borrower_id`, which is no text column with a filter"),
    ] {
        breaks("/views/0/read/1", json!({ "permission": "lend", "through": through }), "view items", why);
    }
    breaks("/views/0/read", json!([]), "view items", "it has no read rule");
    breaks("/views/0/events", json!([]), "view items", "no event fills it");
}

#[test]
fn a_trigger_pointer_to_a_missing_or_non_text_member_is_reported() {
    let place = "workflow remind, trigger on lent";
    breaks("/workflows/0/triggers/0/key", json!("/itm"), place, "There are: /item, /days, /borrower_id, /borrower.");
    breaks("/workflows/0/triggers/0/key", json!("item"), place, "does not have");
    breaks("/workflows/0/triggers/0/subject", json!("/days"), place, "is not a text");
}

#[test]
fn a_command_that_the_host_cannot_give_is_reported() {
    let place = "workflow remind, on_failure";
    breaks("/workflows/0/on_failure", json!("note-ende"), place, "There are: lend, note-end.");
    breaks("/workflows/0/on_failure", json!("lend"), place, "needs item, which the host does not give");
    breaks("/workflows/0/on_stall", json!("lend"), "workflow remind, on_stall", "key, stalled, code, message");
}

#[test]
fn workflows_without_a_component_are_reported() {
    assert!(found(sound(), false).contains("no workflow.wasm"));
}

#[test]
fn an_unsupported_personal_member_is_reported() {
    let marked = json!({ "x-eaf-personal": { "subject": "who" } });
    let hidden =
        json!({ "dependentSchemas": { "name": marked }, "properties": sound()["events"][0]["schema"]["properties"] });
    breaks("/events/0/schema", hidden, "event lent", "/dependentSchemas/name");
    let subject = "/events/0/schema/properties/borrower/x-eaf-personal/subject";
    breaks(subject, json!("borower_id"), "event lent", "`borower_id`");
    breaks(subject, json!("$actor"), "event lent", "is not beside it");
}

#[test]
fn a_command_of_people_without_a_title_is_reported() {
    breaks("/commands/1/permission", json!("lend"), "command note-end", "`commands.note-end`");
}

#[test]
fn a_setting_without_a_label_a_fitting_default_or_an_input_is_reported() {
    let of = |name: &str, property: Value| json!({ "properties": { name: property } });
    let days = |property: Value| of("days", property);
    let labelled = of("years", json!({ "type": "integer", "default": 1 }));
    breaks("/settings", labelled, "setting years", "`settings.years.label`");
    breaks("/settings", days(json!({ "type": "integer" })), "settings", "`days` has no default");
    let narrow = json!({ "type": "integer", "maximum": 10, "default": 30 });
    breaks("/settings", days(narrow), "settings", "refuses the defaults");
    let mut required = days(json!({ "type": "integer", "default": 30 }));
    required["required"] = json!(["days"]);
    breaks("/settings", required, "settings", "refuses the defaults");
    breaks("/settings", days(json!({ "type": "array", "default": [] })), "setting days", "no input for its type");
    breaks("/settings", json!({ "type": "object" }), "settings", "describes no members");
}

#[test]
fn undeclared_references_of_the_source_are_reported_with_their_line() {
    let description: Description = serde_json::from_value(sound()).unwrap();
    let texts = Arc::new(Locales::load(TEXTS, TEXTS).unwrap());
    let mails = Templates::load(&BTreeMap::new(), texts.clone()).unwrap();
    let reference = |referent| SourceReference { referent, is_certain: true, place: "src/lend.rs, line 7".into() };
    let text = |key: &str| reference(Referent::Text(key.into()));
    let mail = reference(Referent::Mail("lent".into()));
    let permission = reference(Referent::Permission("lnd".into()));
    let sound = [text("rejections.long"), reference(Referent::Permission("lend".into()))];
    assert_eq!(texts::references(&sound, &description, &texts, &mails), []);
    let broken = [text("rejections.short"), text("rejections.short"), mail, permission];
    let findings = texts::references(&broken, &description, &texts, &mails);
    let report: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert_eq!(report.len(), 3, "each once: {report:?}");
    for (finding, expected) in report.iter().zip(["`rejections.short`", "mails/lent/", "`lnd`"]) {
        assert!(finding.starts_with("  src/lend.rs, line 7: ") && finding.contains(expected), "{finding}");
    }
}
