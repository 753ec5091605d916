//! Tests of events that earlier versions recorded: recorded events never change, so a member that
//! was added later has a default.
//!
//! `UPDATE_REQUIRED=1 cargo test --workspace --test old_events` writes `required.json`, for an
//! event or a version of an event that is new.

mod cast;

use cast::*;
use dcm::overview::Months;
use dcm::request::decision::stages::Stages;
use dcm::request::view::Requests;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Members that an event of a type and version has required since its first record.
const REQUIRED: &str = include_str!("required.json");

type Required = BTreeMap<String, BTreeSet<String>>;

fn present() -> Required {
    let required = |schema: &Value| -> BTreeSet<String> {
        let members = schema["required"].as_array().into_iter().flatten();
        members.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let described: Value = serde_json::from_str(include_str!("description.json")).unwrap();
    let events = described["events"].as_array().unwrap().iter();
    events
        .map(|event| {
            let name = format!("{} {}", event["type"].as_str().unwrap(), event["schema_version"]);
            (name, required(&event["schema"]))
        })
        .collect()
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test runs natively and takes its mode from the environment")]
fn an_event_requires_no_member_that_it_did_not_always_have() {
    let (first, present): (Required, _) = (serde_json::from_str(REQUIRED).unwrap(), present());
    if std::env::var_os("UPDATE_REQUIRED").is_some() {
        // Recorded entries stay: a member may become optional, and none becomes required.
        let all: Required = present.into_iter().chain(first).collect();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/required.json");
        std::fs::write(path, serde_json::to_string_pretty(&all).unwrap() + "\n").unwrap();
        return;
    }
    for (event, members) in &present {
        let known = first.get(event).unwrap_or_else(|| panic!("{event} is new: run this test with UPDATE_REQUIRED=1"));
        let added: Vec<_> = members.difference(known).collect();
        assert!(added.is_empty(), "{event} was recorded without {added:?}: give them a serde default");
    }
}

#[test]
fn events_of_the_first_version_are_read_and_shown() {
    let (mut stage, id) = with_vm();
    let later: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("request-approved", &["submitted_at", "on_behalf_of_id"][..]),
        ("request-rejected", &["submitted_at", "closed_stages", "on_behalf_of_id"]),
        ("request-withdrawn", &["closed_stages", "vm_name"]),
        ("vm-decommissioned", &["monthly_cents", "currency", "copies"]),
    ]);
    for (name, command) in [("web-02", "withdraw-request"), ("web-03", "reject-request")] {
        let other = stage.when_named(&requester(), "request-vm", 1, wanted(name)).command_id;
        let actor = if command == "reject-request" { approver() } else { requester() };
        let body = match command {
            "reject-request" => json!({ "request": other, "reason": "Use the old one." }),
            _ => json!({ "request": other }),
        };
        stage.when_named(&actor, command, 1, body);
    }
    stage.when_named(&requester(), "decommission-vm", 1, json!({ "vm": id, "confirm": "web-01" }));
    stage.when_named(&eaf_sdk::testing::system(), "complete-decommission", 1, json!({ "vm": id, "attempt": 1 }));

    let mut seen = BTreeSet::new();
    for recorded in &mut stage.log {
        for member in later.get(recorded.kind.as_str()).copied().unwrap_or_default() {
            recorded.data.as_object_mut().unwrap().remove(*member);
            seen.insert(recorded.kind.clone());
        }
    }
    assert_eq!(seen.len(), later.len(), "{seen:?}");
    let statuses: BTreeSet<String> =
        stage.view::<Requests>().values().map(|row| row["status"].as_str().unwrap().to_owned()).collect();
    assert_eq!(statuses, BTreeSet::from(["fulfilled", "rejected", "withdrawn"].map(String::from)));
    assert!(stage.view::<Stages>().len() >= 3);
    let month = stage.view::<Months>().into_values().next().unwrap();
    let counted = ["approved", "rejected", "withdrawn", "decommissioned"].map(|member| &month[member]);
    assert_eq!(json!(counted), json!([1, 1, 1, 1]));
    assert_eq!(month["decided_within"], json!([0, 0, 0, 0, 0, 0]), "it is not known how long they took");
    assert_eq!(month["cost_change"], json!({ "EUR": 3_000 }), "what the machine cost is not known");
}
