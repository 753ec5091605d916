//! Test that the actions that the views offer agree with the decisions, in every reachable state.

mod cast;

use cast::*;
use dcm::offering::define::DefineOffering;
use dcm::policy::view::PoliciesView;
use dcm::request::decision::note_departure::NoteDeparture;
use dcm::request::view::Requests;
use dcm::vm::complete_decommission::CompleteDecommission;
use dcm::vm::decommission::DecommissionVm;
use eaf_sdk::People;
use eaf_sdk::document::Actor;
use eaf_sdk::testing::{SeededRandom, Stage, agreement, system};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Adds to a command's body the members that a person enters.
fn complete(stage: &Stage<dcm::Dcm>, command: &str, mut body: Value) -> Value {
    match command {
        "request-vm" => {
            for (member, value) in wanted("fresh-name").as_object().into_iter().flatten() {
                if body.get(member).is_none() {
                    body[member] = value.clone();
                }
            }
        }
        "reject-request" => body["reason"] = "Not in this quarter.".into(),
        "publish-policy" | "retire-policy" => body["reason"] = "Budget of next year.".into(),
        "revise-request" => {
            body["offering"] = "steady".into();
            body["justification"] = format!("Front end of campaign {}", stage.log.len()).into();
        }
        // The price of the offering stays; a person agrees that the offering was closed meanwhile.
        "approve-request" => {
            let rows = stage.view::<Requests>();
            let row = body["request"].as_str().and_then(|id| rows.get(id));
            body["expected_monthly_cents"] = row.map_or(Value::Null, |row| row["monthly_cents"].clone());
        }
        "ask-back" => body["question"] = "Which campaign is this for?".into(),
        "propose-changes" => {
            let rows = stage.view::<Requests>();
            let row = body["request"].as_str().and_then(|id| rows.get(id));
            let term = row.and_then(|row| row["term_months"].as_i64()).unwrap_or(12);
            body["offering"] = "cheap".into();
            body["term_months"] = (term - 1).max(1).into();
            body["comment"] = "A year is more than the campaign needs.".into();
        }
        "answer" => body["text"] = "For the one in spring.".into(),
        "pass-on-decision" => {
            let before = stage.log.iter().filter(|r| r.kind == "decision-passed-on").count();
            body["to"] = SUCCESSORS[before % SUCCESSORS.len()].into();
            body["reason"] = "On holiday from tomorrow.".into();
        }
        "reassign-stage" => {
            body["actors"] = json!(SUCCESSORS[..3]);
            body["reason"] = "The finance team is on a fair.".into();
        }
        "cancel-without-removal" => {
            let asked =
                stage.log.iter().find(|r| r.kind == "request-submitted" && r.data["request_id"] == body["request"]);
            body["confirm"] = asked.map_or("".into(), |r| r.data["vm_name"].clone());
        }
        "decommission-vm" | "confirm-gone" => {
            let built = stage.log.iter().find(|r| r.kind == "vm-provisioned" && r.data["vm_id"] == body["vm"]);
            body["confirm"] = built.map_or("".into(), |r| r.data["name"].clone());
        }
        _ => {}
    }
    body
}

const SYSTEM_ONLY: [&str; 8] = [
    "fail-decommission",
    "note-departure",
    "note-stall",
    "complete-provisioning",
    "fail-provisioning",
    "complete-cancel",
    "fail-cancel",
    "complete-decommission",
];

/// Body of a command that completes a cancellation; the attempt in it may be the present one or an
/// earlier one.
fn cancelling(stage: &Stage<dcm::Dcm>, random: &mut SeededRandom) -> Value {
    let asked = stage.log.iter().filter(|r| r.kind == "request-cancel-requested");
    let attempts: Vec<_> =
        asked.map(|r| json!({ "request": r.data["request_id"], "attempt": r.data["attempt"] })).collect();
    if attempts.is_empty() { json!({ "request": "", "attempt": 1 }) } else { random.pick(&attempts).clone() }
}

/// Id of a machine that is being decommissioned; `None`: there is no such machine.
fn decommissioning(stage: &Stage<dcm::Dcm>) -> Option<String> {
    let rows = stage.view_named("vms").into_iter();
    rows.filter(|(_, row)| row["status"] == "decommissioning").map(|(id, _)| id).next()
}

/// Key of a policy, and the revision and version that its row shows.
fn policy_row(stage: &Stage<dcm::Dcm>, random: &mut SeededRandom) -> (&'static str, Value, Value) {
    let key = *random.pick(&["costly", "nightly"]);
    let rows = stage.view::<PoliciesView>();
    let shown = |member: &str| rows.get(key).map_or(json!(0), |row| row[member].clone());
    (key, shown("revision"), shown("version"))
}

fn policy(stage: &Stage<dcm::Dcm>, random: &mut SeededRandom) -> Value {
    let (key, revision, _) = policy_row(stage, random);
    let approvers = json!([{ "permission": "approve" }]);
    let hours = 1 + random.below(100);
    let deadline = json!({ "hours": hours, "finally": "expire" });
    let name = json!({ "de": "Leitung", "en": "Management" });
    json!({ "policy": key, "revision": revision, "name_de": "Teuer", "name_en": "Costly", "document": {
        "applies_to": { "kinds": ["vm.create"] },
        "stages": [{ "key": "manager", "name": name, "approvers": approvers, "needs": "any", "deadline": deadline }],
    } })
}

/// Body that requests two machines.
fn order(random: &mut SeededRandom) -> Value {
    let mut body = wanted(&format!("vm-{}", random.below(6)));
    body["more_names"] = json!([format!("vm-{}", random.below(6))]);
    body
}

fn on_policy(stage: &Stage<dcm::Dcm>, random: &mut SeededRandom) -> Value {
    let (key, revision, version) = policy_row(stage, random);
    json!({ "policy": key, "revision": revision, "version": version })
}

/// Gives a random command by a random person; most of these commands are rejected. Only the admin
/// gives commands on policies, because others may not.
fn step(stage: &mut Stage<dcm::Dcm>, random: &mut SeededRandom, people: &[Actor]) {
    let submitted = stage.log.iter().filter(|r| r.kind == "request-submitted");
    let requests: Vec<_> = submitted.filter_map(|r| Some(r.data["request_id"].as_str()?.to_owned())).collect();
    let id = if requests.is_empty() { String::new() } else { random.pick(&requests).clone() };
    let (command, body) = match random.below(46) {
        0 => ("define-offering", offering(json!({ "active": random.below(4) > 0 }))),
        1 => ("request-vm", wanted(&format!("vm-{}", random.below(6)))),
        2 => ("request-vm", order(random)),
        3 | 35 => ("withdraw-request", json!({ "request": id })),
        4 | 5 | 31..=34 => ("approve-request", json!({ "request": id })),
        36 | 37 => ("ask-back", json!({ "request": id })),
        38 | 39 => ("answer", json!({ "request": id })),
        40 | 41 => ("revise-request", json!({ "request": id, "revision": 1 + random.below(2) })),
        42 | 43 => ("propose-changes", json!({ "request": id, "revision": 1 + random.below(2) })),
        44 => ("confirm-changes", json!({ "request": id })),
        45 => ("decline-changes", json!({ "request": id })),
        6 => ("reject-request", json!({ "request": id })),
        7 => ("retry-request", json!({ "request": id })),
        8 => ("refresh-vm", json!({ "vm": id })),
        9 | 15 => ("decommission-vm", json!({ "vm": id })),
        10 => ("note-stall", json!({ "key": id, "stalled": random.below(2) == 0, "code": "unreachable" })),
        11..=13 => ("complete-provisioning", json!({ "request": id, "attempt": 1 + random.below(2) })),
        14 | 20 => {
            let (attempt, step) = (1 + random.below(2), *random.pick(&["clone", "await-address"]));
            let body = json!({ "request": id, "attempt": attempt, "step": step, "code": "full", "message": "Full." });
            ("fail-provisioning", body)
        }
        16 | 17 => ("cancel-request", json!({ "request": id })),
        22 => {
            let body = json!({ "vm": id, "attempt": 1 + random.below(2), "step": "destroy", "code": "vm-gone", "message": "Gone." });
            ("fail-decommission", body)
        }
        23 => ("confirm-gone", json!({ "vm": id })),
        21 => ("complete-without-address", json!({ "request": id })),
        24 => ("cancel-without-removal", json!({ "request": id })),
        25 => ("note-departure", json!({ "key": id })),
        26 | 27 => ("draft-policy", policy(stage, random)),
        28 => ("publish-policy", on_policy(stage, random)),
        29 => ("discard-draft", on_policy(stage, random)),
        30 => ("retire-policy", on_policy(stage, random)),
        18 => ("complete-cancel", cancelling(stage, random)),
        19 => {
            let mut body = cancelling(stage, random);
            let code = *random.pick(&["busy", "other-vcenter"]);
            (body["step"], body["code"], body["message"]) = ("destroy".into(), code.into(), "No.".into());
            ("fail-cancel", body)
        }
        _ => ("complete-decommission", json!({ "vm": decommissioning(stage).unwrap_or(id), "attempt": 1 })),
    };
    let actor = match command {
        _ if SYSTEM_ONLY.contains(&command) => system(),
        "draft-policy" | "publish-policy" | "discard-draft" | "retire-policy" => admin(),
        _ => random.pick(people).clone(),
    };
    let body = complete(stage, command, body);
    stage.when_named(&actor, command, 1, body);
}

/// Gives a random command that the row of a random request offers to a random person, so that the
/// stories reach further states.
fn follow(stage: &mut Stage<dcm::Dcm>, random: &mut SeededRandom, people: &[Actor]) {
    let keys: Vec<String> = stage.view::<Requests>().into_keys().collect();
    let actor = random.pick(people).clone();
    if keys.is_empty() || random.below(2) == 0 {
        return;
    }
    let key: &String = random.pick(&keys);
    let offered = stage.offered::<Requests>(&actor, key).actions.into_iter();
    let offered: Vec<_> = offered.filter(|action| action.allowed).collect();
    if !offered.is_empty() {
        let action = random.pick(&offered).clone();
        let body = complete(stage, &action.command, Value::Object(action.body));
        stage.when_named(&actor, &action.command, 1, body);
    }
}

/// Creates a stage with a machine whose decommissioning waits for the manager of its owner.
fn with_awaited_decommission() -> Stage<dcm::Dcm> {
    let (mut stage, vm) = with_decommission_policy(json!({}));
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": vm, "confirm": "web-01" }));
    stage
}

/// Creates a stage with a machine that was decommissioned.
fn with_decommissioned() -> Stage<dcm::Dcm> {
    let (mut stage, vm) = with_vm();
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": vm, "confirm": "web-01" }));
    stage.when::<CompleteDecommission>(&system(), json!({ "vm": vm, "attempt": 1 }));
    stage
}

#[test]
fn offers_agree_with_decisions_in_every_reachable_state() {
    let [fritz, frieda] = finance();
    let people = [everyone(), vec![manager(), deputy(), fritz, frieda]].concat();
    let mut compared = 0;
    let mut statuses = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    let mut lines = BTreeSet::new();
    for seed in 1..=18 {
        let mut random = SeededRandom::new(seed);
        let mut stage = match seed % 6 {
            _ if seed == 17 => with_awaited_decommission(),
            _ if seed == 18 => with_decommissioned(),
            0 => with_failed("clone").0,
            1 => with_vm().0,
            2 => with_gone().0,
            3 => with_elsewhere().0,
            4 => with_policy(two_stages(json!({ "after": [], "needs": "all" }))),
            _ => with_offering(),
        };
        stage.when::<DefineOffering>(&admin(), offering(json!({ "key": "steady" })));
        stage.when::<DefineOffering>(&admin(), offering(json!({ "key": "cheap", "base_cents": 500 })));
        // Some states are transient, so rows are compared during the sequence too.
        for _ in 0..5 {
            compared += agreement::check(&stage, &people, |command, body| complete(&stage, command, body));
            for view in ["requests", "vms", "policies"] {
                statuses.extend(stage.view_named(view).into_values().map(|r| format!("{view} {}", r["status"])));
            }
            statuses.extend(stage.view_named("requests").into_values().map(|r| format!("awaited {}", r["awaited"])));
            lines.extend(stage.view_named("requests").into_values().map(|r| r["order_line"].to_string()));
            for _ in 0..20 {
                step(&mut stage, &mut random, &people);
                follow(&mut stage, &mut random, &people);
            }
        }
        kinds.extend(stage.log.iter().map(|recorded| recorded.kind.clone()));
    }
    assert!(compared > 1000, "only {compared} offers were compared");
    // Every status must be reached; otherwise the test proves too little.
    for status in [
        "pending",
        "approved",
        "fulfilled",
        "rejected",
        "withdrawn",
        "failed",
        "cancelling",
        "cancel-failed",
        "cancelled",
    ] {
        assert!(statuses.contains(&format!("requests \"{status}\"")), "no story reached {status}: {statuses:?}");
    }
    for awaited in ["approvers", "requester"] {
        assert!(statuses.contains(&format!("awaited \"{awaited}\"")), "no request waited for its {awaited}");
    }
    assert!(lines.contains("2"), "no order was submitted");
    for kind in ["vm-decommission-awaited", "changes-proposed", "changes-confirmed", "changes-declined"] {
        assert!(kinds.contains(kind), "no story reached {kind}");
    }
    for status in ["draft", "published", "retired"] {
        assert!(statuses.contains(&format!("policies \"{status}\"")), "no story reached {status}: {statuses:?}");
    }
    for status in ["active", "decommissioning", "decommission-failed", "decommissioned"] {
        assert!(statuses.contains(&format!("vms \"{status}\"")), "no story reached {status}: {statuses:?}");
    }
}

/// Changes the finance department and the people who may decide, and notes it of all requests, as
/// the host does of those that wait for the people.
fn change_people(stage: &mut Stage<dcm::Dcm>, random: &mut SeededRandom, people: &[Actor]) {
    let mut some = || people.iter().filter(|_| random.below(4) > 0).map(|actor| actor.id.as_str()).collect::<Vec<_>>();
    let (department, deciders) = (some(), some());
    stage.set_people(People::in_group("finance"), &department);
    stage.set_people(People::who_may("decide"), &deciders);
    for key in stage.view::<Requests>().into_keys() {
        stage.when::<NoteDeparture>(&system(), json!({ "key": key }));
    }
}

/// Person with the permissions and groups that the directory of the stage gives now.
fn at_present(stage: &Stage<dcm::Dcm>, actor: &Actor) -> Actor {
    let is_in = |reference: People| stage.resolve(reference).actors.contains(&actor.id);
    let mut actor = actor.clone();
    actor.permissions.retain(|name| name != "decide");
    actor.permissions.extend(is_in(People::who_may("decide")).then(|| "decide".to_owned()));
    actor.groups = is_in(People::in_group("finance")).then(|| "finance".to_owned()).into_iter().collect();
    actor
}

/// Checks that a request which is closed waits for no person, and that an open one names exactly
/// the people who can decide. Returns the number of these people.
fn check_waiting(stage: &Stage<dcm::Dcm>, key: &str, people: &[Actor]) -> usize {
    let row = stage.view::<Requests>()[key].clone();
    let waiting = stage.offered::<Requests>(&requester(), key).waiting_on;
    assert_eq!(waiting.is_none(), row["terminal"] == true, "{key}: {row:?}");
    let is_pending = row["status"] == "pending";
    for view in ["requests", "approvals"] {
        let row = &stage.view_named(view)[key];
        let people = ["waiting_for", "awaited"].map(|column| row[column].is_null());
        assert_eq!(people, [!is_pending; 2], "{view} {key}: {row:?}");
    }
    let Some(said) = waiting.filter(|said| said.code == "approval") else { return 0 };
    for (named, said) in open_seats(stage, &said).iter().zip(said.params["stages"].as_array().unwrap()) {
        let is_too_few = (named.len() as u64) < said["missing"].as_u64().unwrap();
        assert!(!named.is_empty() || is_too_few, "{key}: {said:?}");
    }
    let referred = row["waiting_for"].as_array().unwrap().iter();
    let references = referred.map(|reference| serde_json::from_value::<People>(reference.clone()).unwrap());
    let named: BTreeSet<String> = references.flat_map(|people| stage.resolve(people).actors).collect();
    let body = complete(stage, "approve-request", json!({ "request": key, "revision": row["revision"] }));
    for actor in people {
        let outcome = stage.dry_run(&at_present(stage, actor), "approve-request", 1, body.clone());
        let code = outcome.rejection().map(|rejection| rejection.code.as_str());
        let is_refused =
            matches!(code, Some("not-an-approver" | "already-decided" | "own-request" | "not-permitted" | "forbidden"));
        assert_eq!(named.contains(&actor.id), !is_refused, "{key} for {}: {code:?} of {row:?}", actor.name);
    }
    named.len()
}

#[test]
fn every_unfinished_row_says_what_it_waits_for() {
    let [fritz, frieda] = finance();
    let people = [everyone(), vec![manager(), boss(), fritz, frieda]].concat();
    let mut named = 0;
    for seed in 1..=16 {
        let mut random = SeededRandom::new(seed);
        let needs = *random.pick(&["any", "all"]);
        let mut stage = match seed % 4 {
            0 => with_offering(),
            1 => with_policy(two_stages(json!({ "needs": needs }))),
            _ => with_policy(two_stages(json!({ "after": [], "needs": needs }))),
        };
        stage.when::<DefineOffering>(&admin(), offering(json!({ "key": "steady" })));
        stage.when::<DefineOffering>(&admin(), offering(json!({ "key": "cheap", "base_cents": 500 })));
        let submitted = order(&mut random);
        stage.when_named(&requester(), "request-vm", 1, submitted);
        let mut checked = 0;
        for _ in 0..40 {
            step(&mut stage, &mut random, &people);
            follow(&mut stage, &mut random, &people);
            if random.below(5) == 0 {
                change_people(&mut stage, &mut random, &people);
            }
            let changed: BTreeSet<String> =
                stage.log[checked..].iter().map(|recorded| recorded.stream.clone()).collect();
            checked = stage.log.len();
            for key in stage.view::<Requests>().into_keys().filter(|key| changed.contains(&format!("request/{key}"))) {
                named += check_waiting(&stage, &key, &people);
            }
            for (key, row) in stage.view::<dcm::vm::view::Vms>() {
                let waiting = stage.offered::<dcm::vm::view::Vms>(&requester(), &key).waiting_on;
                assert_eq!(waiting.is_none(), row["terminal"] == true, "{key}: {row:?}");
            }
        }
    }
    assert!(named > 100, "only {named} people were named");
}
