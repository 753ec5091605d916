//! Tests with three hosts on one database, which divide the work. Any of them may die, or stop
//! until its lease has expired and then continue.

use eaf_system_tests::host::Host;
use eaf_system_tests::person::Person;
use eaf_system_tests::system::{People, System, WAIT_MAX, approved, until, wish};
use eaf_test_support::fault_proxy::{Rule, RuleHandle};
use eaf_test_support::maildev::free_address;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Starts two more hosts. The system's own host is the first of the three.
async fn three_hosts(system: &mut System) -> Vec<Host> {
    let mut hosts = vec![system.host.take().expect("the host runs")];
    for _ in 0..2 {
        hosts.push(system.another_host(&format!("http://{}", free_address())).await);
    }
    hosts
}

fn at(host: &Host, person: &Person) -> Person {
    Person { base: host.base.clone(), ..person.clone() }
}

fn people_at(host: &Host, people: &People) -> People {
    let [requester, approver, admin, foreigner, foreign_admin] =
        [&people.requester, &people.approver, &people.admin, &people.foreigner, &people.foreign_admin]
            .map(|person| at(host, person));
    People { requester, approver, admin, foreigner, foreign_admin }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hosts_divide_the_runs_and_show_the_same_results() {
    let mut system = System::start().await;
    let people = system.people().await;
    let hosts = three_hosts(&mut system).await;

    let mut requests = Vec::new();
    for n in 0..9 {
        // Requests go to one host; any free host runs their workflows.
        requests.push(approved(&people_at(&hosts[n % 3], &people), &format!("web-{n:02}")).await);
    }
    for (n, request) in requests.iter().enumerate() {
        fulfilled(&system, &at(&hosts[(n + 1) % 3], &people.requester), request, &format!("web-{n:02}")).await;
    }

    for host in &hosts {
        let calls = system.log_at(&host.base).matches(r#""message":"host call","outcome":"ok""#).count();
        assert!(calls > 0, "the host at {} has done nothing of it", host.base);
    }
    agree(&hosts, &people.requester).await;
    reported_once(&at(&hosts[0], &people.requester), &requests).await;
    end(system, hosts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_resumes_after_its_lease_expired_changes_nothing() {
    let mut system = System::start().await;
    let people = system.people().await;
    let hosts = three_hosts(&mut system).await;
    // A held request takes effect late, after another host has repeated it; a held response is late
    // itself.
    for (n, held_back) in [false, true].into_iter().enumerate() {
        let name = format!("late-{n}");
        let hold = hold(&system, "CloneVM_Task", held_back);
        let request = approved(&people_at(&hosts[0], &people), &name).await;
        hold.wait_for_hit().await;
        let sleeper = lease_holder(&system, &hosts, "provision").await;
        sleeper.pause().await;
        // The other hosts are not notified: they see that the lease expires.
        let awake = hosts.iter().find(|host| host.base != sleeper.base).expect("three hosts");
        fulfilled(&system, &at(awake, &people.requester), &request, &name).await;
        system.vcenter.clear();
        sleeper.resume().await;
        until_serving(sleeper).await;
        fulfilled(&system, &at(sleeper, &people.requester), &request, &name).await;
        reported_once(&at(awake, &people.requester), &[request]).await;
    }
    agree(&hosts, &people.requester).await;
    end(system, hosts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_complete_while_hosts_die_and_stop() {
    let mut system = System::start().await;
    let people = system.people().await;
    let mut hosts = three_hosts(&mut system).await;
    let mut requests = Vec::new();
    for round in 0..3 {
        // One host is stopped, one is killed, one serves; the roles rotate.
        let [still, dead, serving] = [round % 3, (round + 1) % 3, (round + 2) % 3];
        let here = people_at(&hosts[serving], &people);
        let names = [format!("a-{round}"), format!("b-{round}")];
        let hold = hold(&system, "CloneVM_Task", round % 2 == 0);
        for name in &names {
            requests.push((approved(&here, name).await, name.clone()));
        }
        hold.wait_for_hit().await;
        hosts[still].pause().await;
        let base = hosts[dead].base.clone();
        hosts.remove(dead).kill().await;
        system.vcenter.clear();
        for (request, name) in requests.iter().filter(|(_, name)| names.contains(name)) {
            fulfilled(&system, &here.requester, request, name).await;
        }
        let reborn = system.another_host(&base).await;
        hosts.insert(dead, reborn);
        hosts[still].resume().await;
        until_serving(&hosts[still]).await;
    }
    let keys: Vec<String> = requests.into_iter().map(|(key, _)| key).collect();
    reported_once(&at(&hosts[0], &people.requester), &keys).await;
    agree(&hosts, &people.requester).await;
    end(system, hosts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_for_one_name_at_three_hosts_succeed_once() {
    let mut system = System::start().await;
    let people = system.people().await;
    let hosts = three_hosts(&mut system).await;
    let mut asking = tokio::task::JoinSet::new();
    for n in 0..18 {
        let person = at(&hosts[n % 3], if n % 2 == 0 { &people.requester } else { &people.approver });
        asking.spawn(async move { person.command("request-vm", wish("web-01")).await });
    }
    let answers = asking.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status.is_success());
    assert_eq!(won.len(), 1, "{lost:?}");
    for answer in lost {
        answer.refused(409, "vm-name-taken");
    }
    end(system, hosts).await;
}

fn hold(system: &System, effect: &'static str, held_back: bool) -> RuleHandle {
    let rule = Rule::on(effect).times(1);
    system.vcenter.rule(if held_back { rule.hold_answer() } else { rule.hold_request() })
}

/// Returns the host that holds the lease of this workflow's newest run.
async fn lease_holder<'a>(system: &System, hosts: &'a [Host], workflow: &str) -> &'a Host {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        if let Some((id, _)) = system.database.lease(workflow).await {
            let found = hosts.iter().find(|host| system.log_at(&host.base).contains(&format!("\"host\":\"{id}\"")));
            return found.expect("each host says who it is when it begins to serve");
        }
        assert!(Instant::now() < deadline, "nobody works on {workflow}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until a resumed host serves again, because it may need new connections first.
async fn until_serving(host: &Host) {
    let deadline = Instant::now() + WAIT_MAX;
    while !host.is_ready().await {
        assert!(Instant::now() < deadline, "the host at {} does not come back", host.base);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn fulfilled(system: &System, requester: &Person, request: &str, name: &str) {
    let item = until(requester, "requests", request, |item| item["terminal"] == true).await;
    assert_eq!(item["status"], "fulfilled", "{item:#}");
    let count = system.vcsim.machines().iter().filter(|machine| machine.name == name).count();
    assert_eq!(count, 1, "machines named {name}");
}

/// Verifies that no step of a request was reported twice, by any host.
async fn reported_once(requester: &Person, requests: &[String]) {
    for request in requests {
        let timeline = requester.get(&format!("/api/dcm/views/timeline?request_id={request}&limit=200")).await.ok();
        let steps: Vec<String> = timeline["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| format!("{} {} {} {}", item["process"], item["kind"], item["step"], item["percent"]))
            .collect();
        assert!(!steps.is_empty());
        let distinct: BTreeSet<&String> = steps.iter().collect();
        assert_eq!(distinct.len(), steps.len(), "{timeline:#}");
    }
}

/// Verifies that all hosts show the same rows; no run may be open meanwhile.
async fn agree(hosts: &[Host], requester: &Person) {
    for view in ["requests", "vms"] {
        let mut lists: Vec<Value> = Vec::new();
        for host in hosts {
            let list = at(host, requester).get(&format!("/api/dcm/views/{view}?limit=200")).await.ok();
            lists.push(json!(list["items"]));
        }
        assert!(lists[0].as_array().is_some_and(|items| !items.is_empty()));
        assert!(lists.windows(2).all(|pair| pair[0] == pair[1]), "{view}: {lists:#?}");
    }
}

async fn end(mut system: System, mut hosts: Vec<Host>) {
    system.host = Some(hosts.remove(0));
    system.finish().await;
}
