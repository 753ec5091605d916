//! Tests of the view of each person's machines, which approvers see.

mod cast;

use cast::*;
use dcm::provisioning::complete::CompleteProvisioning;
use dcm::request::approve::ApproveRequest;
use dcm::request::submit::RequestVm;
use dcm::vm::complete_decommission::CompleteDecommission;
use dcm::vm::decommission::DecommissionVm;
use dcm::vm::record_refresh::RecordRefresh;
use dcm::vm::requesters::Requesters;
use dcm::vm::view::Vms;
use eaf_sdk::document::Actor;
use eaf_sdk::testing::{SeededRandom, Stage, system};
use serde_json::{Map, Value, json};

type Dcm = Stage<dcm::Dcm>;

fn built(stage: &mut Dcm, whose: &Actor, body: Value) -> String {
    let id = stage.when::<RequestVm>(whose, body).then_events(SUBMITTED).command_id;
    stage.when::<ApproveRequest>(&boss(), json!({ "request": id })).then_events(&[
        "stage-decided",
        "stage-passed",
        "request-approved",
    ]);
    stage.when::<CompleteProvisioning>(&system(), json!({ "request": id, "attempt": 1, "ip": "10.0.0.7" }));
    id
}

fn gone(stage: &mut Dcm, id: &str, name: &str) {
    stage.when::<DecommissionVm>(&admin(), json!({ "vm": id, "confirm": name }));
    stage.when::<CompleteDecommission>(&system(), json!({ "vm": id, "attempt": 1 }));
}

fn seen(stage: &mut Dcm, id: &str, cpus: u32, memory_mb: u64) {
    let found = json!({ "kind": "machine", "name": "web-01", "state": "connected", "power": "on", "ip": null, "cpus": cpus, "memory_mb": memory_mb });
    stage.when::<RecordRefresh>(&system(), json!({ "vm": id, "found": found }));
}

fn row_of(stage: &Dcm, whose: &Actor) -> Option<Map<String, Value>> {
    stage.view::<Requesters>().remove(&whose.id)
}

fn sums(row: &Map<String, Value>) -> [i64; 4] {
    ["vms", "cpus", "memory_mb", "monthly_cents"].map(|column| row[column].as_i64().unwrap())
}

#[test]
fn a_requester_has_a_row_from_the_first_request_on() {
    let mut stage = with_offering();
    assert!(row_of(&stage, &requester()).is_none());
    stage.when::<RequestVm>(&requester(), wanted("first-01"));
    let row = row_of(&stage, &requester()).expect("a row");
    assert_eq!((&row["requester_name"], &row["currency"]), (&json!("Rita Requester"), &json!("EUR")));
    assert_eq!(sums(&row), [0; 4]);
    let web = built(&mut stage, &requester(), wanted("web-01"));
    let mut larger = wanted("db-01");
    (larger["cpus"], larger["memory_gb"]) = (4.into(), 16.into());
    let db = built(&mut stage, &requester(), larger);
    built(&mut stage, &approver(), wanted("other-01"));
    let row = row_of(&stage, &requester()).unwrap();
    assert_eq!((&row["requester_name"], &row["currency"]), (&json!("Rita Requester"), &json!("EUR")));
    assert_eq!(sums(&row), [2, 6, 20 * 1024, 3_000 + 7_000]);

    // Until the removal completes, the machine exists and costs.
    stage.when::<DecommissionVm>(&requester(), json!({ "vm": web, "confirm": "web-01" }));
    assert_eq!(sums(&row_of(&stage, &requester()).unwrap())[0], 2);
    stage.when::<CompleteDecommission>(&system(), json!({ "vm": web, "attempt": 1 }));
    assert_eq!(sums(&row_of(&stage, &requester()).unwrap()), [1, 4, 16 * 1024, 7_000]);
    gone(&mut stage, &db, "db-01");
    assert_eq!(sums(&row_of(&stage, &requester()).unwrap()), [0; 4]);
    built(&mut stage, &requester(), wanted("web-01"));
    assert_eq!(sums(&row_of(&stage, &requester()).unwrap()), [1, 2, 4 * 1024, 3_000]);
}

#[test]
fn a_machine_that_grew_in_vcenter_is_subtracted_with_its_new_size() {
    let mut stage = with_offering();
    let web = built(&mut stage, &requester(), wanted("web-01"));
    built(&mut stage, &requester(), wanted("web-02"));
    seen(&mut stage, &web, 8, 1536);
    assert_eq!(sums(&row_of(&stage, &requester()).unwrap()), [2, 10, 4096 + 1536, 6_000]);
    stage.when::<RecordRefresh>(&system(), json!({ "vm": web, "found": { "kind": "missing" } }));
    assert_eq!(sums(&row_of(&stage, &requester()).unwrap()), [2, 10, 4096 + 1536, 6_000]);
    gone(&mut stage, &web, "web-01");
    assert_eq!(sums(&row_of(&stage, &requester()).unwrap()), [1, 2, 4 * 1024, 3_000]);
}

/// Tests that the sums in a person's row equal the sums over the list of machines, after any
/// sequence of events.
#[test]
fn the_sums_equal_those_of_the_list_of_machines() {
    for seed in 1..=8 {
        let mut random = SeededRandom::new(seed);
        let mut stage = with_offering();
        let people = [requester(), approver()];
        let mut machines = Vec::new();
        for number in 0..25 {
            match random.below(3) {
                0 => {
                    let (whose, name) = (random.pick(&people).clone(), format!("vm-{number}"));
                    machines.push((built(&mut stage, &whose, wanted(&name)), name));
                }
                _ if machines.is_empty() => {}
                1 => {
                    let (id, _) = random.pick(&machines).clone();
                    seen(&mut stage, &id, 1 + random.below(16) as u32, 4 * (1 + random.below(9_000) as u64));
                }
                _ => {
                    let (id, name) = machines.swap_remove(random.below(machines.len()));
                    gone(&mut stage, &id, &name);
                }
            }
        }
        let vms = stage.view::<Vms>();
        for whose in &people {
            let theirs: Vec<_> =
                vms.values().filter(|vm| vm["requester_id"] == whose.id && vm["terminal"] == false).collect();
            let sum = |column: &str| theirs.iter().map(|vm| vm[column].as_i64().unwrap()).sum();
            let expected = [theirs.len() as i64, sum("cpus"), sum("memory_mb"), sum("monthly_cents")];
            let found = row_of(&stage, whose).map_or([0; 4], |row| sums(&row));
            assert_eq!(found, expected, "seed {seed}, {}", whose.name);
        }
    }
}
