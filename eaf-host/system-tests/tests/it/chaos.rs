//! Test that repeatedly kills hosts and PostgreSQL by `kill -9` under load: no acknowledged command
//! is lost or recorded twice, the log has no gap, its chain hashes hold, and the views agree with
//! the log.
//!
//! PostgreSQL is a cluster of its own with every durability setting on. A kill follows a number of
//! acknowledged commands, which varies by round. `EAF_CHAOS_ROUNDS` sets the number of rounds;
//! `make chaos` runs 200.

use eaf_core::testing::Database;
use eaf_system_tests::host::Host;
use eaf_system_tests::person::Person;
use eaf_system_tests::server::Server;
use eaf_system_tests::system::{System, WAIT_MAX};
use eaf_test_support::maildev::free_address;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const ROUNDS: usize = 5;
const PEOPLE: usize = 8;
/// Number of counters, fewer than people, so that commands conflict on streams.
const COUNTERS: usize = 5;
const MOMENT: Duration = Duration::from_millis(50);

/// Acknowledged commands by idempotency key, each with the counter that it incremented and the
/// position of its event.
type Acknowledged = BTreeMap<String, Acknowledgement>;

struct Acknowledgement {
    counter: String,
    position: String,
}

struct Load {
    acknowledged: Mutex<Acknowledged>,
    count: AtomicUsize,
    over: AtomicBool,
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answered_command_is_lost_when_hosts_and_database_are_killed() {
    let mut server = Server::start().await;
    let database = Database::fresh_in(&server.superuser_url()).await;
    let mut system = System::on(database, "https://cloud.example").await;
    let other = format!("http://{}", free_address());
    let mut hosts = [system.host.take().expect("the host runs"), system.another_host(&other).await].map(Some);
    let bases = [system.base.clone(), other];

    let load =
        Arc::new(Load { acknowledged: Mutex::default(), count: AtomicUsize::new(0), over: AtomicBool::new(false) });
    let requester = system.person("requester@acme").await;
    let mut people = JoinSet::new();
    for n in 0..PEOPLE {
        people.spawn(count_on(requester.clone(), bases.clone(), n, load.clone()));
    }

    for round in 0..rounds() {
        // 1 to 23 acknowledged commands since the last recovery, different in consecutive rounds.
        more_acknowledged(&load, 1 + round * 7 % 23).await;
        match round % 4 {
            0 | 2 => server.kill_and_restart().await,
            turn => {
                let which = turn / 2;
                hosts[which].take().expect("it runs").kill().await;
                hosts[which] = Some(system.another_host(&bases[which]).await);
            }
        }
    }
    more_acknowledged(&load, 20).await;
    load.over.store(true, Ordering::Relaxed);
    while let Some(ended) = people.join_next().await {
        ended.expect("each person's last command is answered");
    }

    let acknowledged = std::mem::take(&mut *load.acknowledged.lock().unwrap());
    println!("{} kills, {} commands acknowledged", rounds(), acknowledged.len());
    each_command_has_its_event(&system.database, &acknowledged).await;
    assert_eq!(system.database.broken_logs().await, Vec::<String>::new());
    views_agree_with_the_log(&requester, &acknowledged).await;
    let (said, sound) = system.eaf(&["verify"]).await;
    assert!(sound, "{said}");
    views_equal_their_rebuild(&system).await;

    system.host = hosts[0].take();
    drop::<Option<Host>>(hosts[1].take());
    system.finish().await;
    server.stop().await;
}

fn rounds() -> usize {
    std::env::var("EAF_CHAOS_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().expect("EAF_CHAOS_ROUNDS is a number"))
}

/// Sends commands of one person to one of two hosts, and repeats each command with the same key
/// until the answer is final.
async fn count_on(person: Person, bases: [String; 2], n: usize, load: Arc<Load>) {
    let mut asked = 0;
    while !load.over.load(Ordering::Relaxed) {
        let counter = format!("counter-{}", (n + asked) % COUNTERS);
        let key = format!("{n}-{asked}");
        let mut at = asked;
        let answer = loop {
            let person = Person { base: bases[at % 2].clone(), ..person.clone() };
            match increment(&person, &counter, &key).await {
                Some(answer) => break answer,
                None => at += 1,
            }
            tokio::time::sleep(MOMENT).await;
        };
        let text = |member: &str| answer[member].as_str().expect("a member of the answer").to_owned();
        let acknowledgement = Acknowledgement { counter, position: text("position") };
        load.acknowledged.lock().unwrap().insert(text("command_id"), acknowledgement);
        load.count.fetch_add(1, Ordering::Relaxed);
        asked += 1;
    }
}

/// Sends one command; `None` if it is unknown whether the command was recorded.
async fn increment(person: &Person, counter: &str, key: &str) -> Option<Value> {
    let request = person
        .request(Method::POST, "/api/counter/commands/increment")
        .timeout(Duration::from_secs(20))
        .header("idempotency-key", key)
        .json(&json!({ "name": counter, "by": 1 }));
    let response = request.send().await.ok()?;
    let status = response.status();
    let body = response.json().await.ok()?;
    // Conflicts, rate limits and an unavailable database: all ask the client to repeat.
    let again = status.is_server_error() || [409, 429].contains(&status.as_u16());
    assert!(again || status.is_success(), "{status} {body:#}");
    status.is_success().then_some(body)
}

async fn more_acknowledged(load: &Load, more: usize) {
    let wanted = load.count.load(Ordering::Relaxed) + more;
    let deadline = Instant::now() + WAIT_MAX;
    while load.count.load(Ordering::Relaxed) < wanted {
        assert!(Instant::now() < deadline, "nothing is acknowledged any more");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Verifies that each acknowledged command has exactly one event at the acknowledged position, and
/// that the log contains no other events.
async fn each_command_has_its_event(database: &Database, acknowledged: &Acknowledged) {
    let recorded = database.recorded("counter.incremented").await;
    let commands: BTreeSet<&String> = recorded.iter().map(|(command, _)| command).collect();
    assert_eq!(commands.len(), recorded.len(), "a command was counted twice");
    for (command, position) in &recorded {
        let acknowledgement = acknowledged.get(command).unwrap_or_else(|| panic!("{command} was not acknowledged"));
        assert_eq!(&acknowledgement.position, position, "position of the event of {command}");
    }
    assert_eq!(recorded.len(), acknowledged.len(), "an acknowledged command has no event");
}

/// Rebuilds each view from the log and verifies that no row differs.
async fn views_equal_their_rebuild(system: &System) {
    let copies = all_caught_up(system).await;
    assert!(copies.len() > 5, "{copies:#?}");
    for copy in copies {
        let view = format!("{}/{}", copy["plugin"].as_str().unwrap(), copy["view"].as_str().unwrap());
        for arguments in [["rebuild", "--wait", &view].as_slice(), &["diff", &view], &["cancel", &view]] {
            let (said, well) = system.eaf(&[&["projection"], arguments].concat()).await;
            assert!(well, "{arguments:?}: {said}");
        }
    }
}

/// Waits until all views have caught up. A view that failed because its database was killed is
/// parked for up to a minute; a new copy would get ahead of the parked view in that time.
async fn all_caught_up(system: &System) -> Vec<Value> {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        let (said, _) = system.eaf(&["projection", "status", "--json"]).await;
        let copies: Vec<Value> = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
        if copies.iter().all(|copy| copy["tenants_behind"] == 0) {
            return copies;
        }
        assert!(Instant::now() < deadline, "views stay behind: {said}");
        tokio::time::sleep(MOMENT).await;
    }
}

async fn views_agree_with_the_log(requester: &Person, acknowledged: &Acknowledged) {
    let mut counted: BTreeMap<&str, i64> = BTreeMap::new();
    for acknowledgement in acknowledged.values() {
        *counted.entry(&acknowledgement.counter).or_default() += 1;
    }
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        let list = requester.get("/api/counter/views/counters?limit=100").await.ok();
        let shown: BTreeMap<&str, i64> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (item["key"].as_str().unwrap(), item["value"].as_i64().unwrap()))
            .collect();
        if shown == counted {
            return;
        }
        assert!(Instant::now() < deadline, "shown {shown:?}, counted {counted:?}");
        tokio::time::sleep(MOMENT).await;
    }
}
