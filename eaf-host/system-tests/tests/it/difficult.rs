//! Random faults of vCenter (delays, lost sessions, lost answers, missing properties, failed tasks)
//! while machines are provisioned and decommissioned and a host is killed: exactly one machine,
//! then none, no change to foreign machines, and each request ends with a result.
//!
//! `EAF_DIFFICULT_ROUNDS` sets the number of machines; `make chaos` runs 200. `EAF_DIFFICULT_SEED`
//! takes the seed that a run has printed; it repeats the faults as far as the calls come in the
//! same order.

use eaf_dev::vcenter;
use eaf_system_tests::person::Person;
use eaf_system_tests::system::{People, System, approved, until};
use eaf_test_support::vcsim::StoredMachine;
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ROUNDS: usize = 6;
/// Minimum number of concurrent requests.
const AT_ONCE: usize = 3;
/// Time limit of the work on one machine, including repeated attempts.
const WAIT_MAX: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_vcenter_gets_one_machine_per_request_and_then_none() {
    let mut system = System::start().await;
    let people = system.people().await;
    let (origins, foreign) = foreign_machines(&system, &people).await;
    let seed = number("EAF_DIFFICULT_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("EAF_DIFFICULT_SEED={seed}");
    system.vcsim.seed(seed).await;
    for behaviour in vcenter::random() {
        system.vcsim.behave(behaviour).await;
    }

    let rounds = number("EAF_DIFFICULT_ROUNDS").map_or(ROUNDS, |rounds| usize::try_from(rounds).unwrap());
    let names: Vec<String> = (0..rounds).map(|n| format!("hard-{n}")).collect();
    let at_once = AT_ONCE.max(rounds / 20);
    let middle = rounds.div_ceil(at_once) / 2;
    for (turn, names) in names.chunks(at_once).enumerate() {
        let requests = join_all(names.iter().map(|name| approved(&people, name))).await;
        if turn == middle {
            kill_while_cloning(&mut system).await;
        }
        join_all(requests.iter().map(|request| provisioned(&people, request))).await;
        for name in names {
            assert_eq!(named(&system, name).len(), 1, "machines named {name}");
        }
        let taken_down =
            names.iter().zip(&requests).map(|(name, request)| decommissioned(&system, &people, request, name));
        join_all(taken_down).await;
        assert_eq!(machines_except(&system, &origins), foreign, "after {names:?}");
    }
    join_all(origins.iter().map(|origin| decommissioned(&system, &people, &origin.key, &origin.name))).await;
    assert_eq!(system.vcsim.machines(), foreign, "foreign machines alone are left");

    system.vcsim.calm().await;
    system.finish().await;
}

/// Machine of EAF of which an admin makes a copy by hand.
struct Origin {
    key: String,
    name: String,
}

/// Creates machines that are not EAF's in the managed folder: one by hand, and copies of managed
/// machines that carry their markers.
async fn foreign_machines(system: &System, people: &People) -> (Vec<Origin>, Vec<StoredMachine>) {
    let mut origins = Vec::new();
    for name in ["origin-a", "origin-b", "origin-c"] {
        origins.push(Origin { key: approved(people, name).await, name: name.to_owned() });
    }
    for Origin { key, name } in &origins {
        until(&people.requester, "requests", key, |item| item["status"] == "fulfilled").await;
        let copy = format!("copy-of-{name}");
        system.vcsim.copy_by_hand(name, &copy).await;
        let marker = |name: &str| named(system, name)[0].extra_config.get("eaf.marker").cloned();
        assert!(marker(&copy).is_some() && marker(&copy) == marker(name), "{copy} carries the marker");
    }
    system.vcsim.clone_by_hand("debian-12", "by-hand").await;
    let foreign = machines_except(system, &origins);
    (origins, foreign)
}

/// Kills one host while clones run; another host continues the runs.
async fn kill_while_cloning(system: &mut System) {
    let before = system.vcsim.calls("CloneVM_Task").await;
    let deadline = Instant::now() + WAIT_MAX;
    while system.vcsim.calls("CloneVM_Task").await == before && system.database.open_runs().await > 0 {
        assert!(Instant::now() < deadline, "no clone begins");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    system.kill_host().await;
    system.start_host().await;
}

/// Waits until the request's machine is provisioned; after each failure an admin retries the
/// request.
async fn provisioned(people: &People, request: &str) {
    persist(people, "requests", request, ["fulfilled", "failed"], |_| ("retry-request", json!({ "request": request })))
        .await;
}

async fn decommissioned(system: &System, people: &People, vm: &str, name: &str) {
    let again = json!({ "vm": vm, "confirm": name });
    people.admin.command("decommission-vm", again.clone()).await.ok();
    persist(people, "vms", vm, ["decommissioned", "decommission-failed"], |item| {
        if item["error_code"] != "vm-gone" {
            return ("decommission-vm", again.clone());
        }
        // vCenter has removed the machine and reported a failure; an admin confirms the removal.
        assert_eq!(named(system, name), [], "{item:#}");
        ("confirm-gone", again.clone())
    })
    .await;
}

/// Waits until the row has the status `good`. Each time the row has the status `bad`, verifies that
/// it shows a cause, and an admin gives the command that repairs the cause.
async fn persist(
    people: &People,
    view: &str,
    key: &str,
    [good, bad]: [&str; 2],
    remedy: impl Fn(&Value) -> (&'static str, Value),
) {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        let item = ended(&people.requester, view, key, [good, bad], deadline).await;
        if item["status"] == good {
            return;
        }
        has_a_cause(&item);
        let (command, body) = remedy(&item);
        let answer = people.admin.command(command, body).await;
        // The view may still show the previous end.
        assert!(answer.status.is_success() || answer.status == StatusCode::CONFLICT, "{:#}", answer.body);
    }
}

async fn ended(person: &Person, view: &str, key: &str, ends: [&str; 2], deadline: Instant) -> Value {
    loop {
        let answer = person.item(view, key).await; // refused until the view knows of it
        let status = answer.body["status"].as_str();
        if answer.status.is_success() && status.is_some_and(|status| ends.contains(&status)) {
            return answer.body;
        }
        assert!(Instant::now() < deadline, "{view}/{key} does not end: {:#}", answer.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[track_caller]
fn has_a_cause(item: &Value) {
    for member in ["error_code", "error_message", "waiting_on"] {
        assert!(item[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {item:#}");
    }
}

fn named(system: &System, name: &str) -> Vec<StoredMachine> {
    system.vcsim.machines().into_iter().filter(|machine| machine.name == name).collect()
}

fn machines_except(system: &System, origins: &[Origin]) -> Vec<StoredMachine> {
    let ours = |machine: &StoredMachine| origins.iter().any(|origin| origin.name == machine.name);
    system.vcsim.machines().into_iter().filter(|machine| !ours(machine)).collect()
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}
