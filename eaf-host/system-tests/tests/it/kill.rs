//! Tests that kill the host by `kill -9` before and after each effect, and lose each answer:
//! exactly one machine or none exists, and the request ends as expected.
//!
//! The product contains no hook for kills. The fault proxy holds one exchange; the test waits until
//! the journal has the intent and no answer, kills the host, and releases the exchange. "Before"
//! holds the request, so that the effect has not happened. "After" holds the answer, so that the
//! effect has happened and the journal has no result.

use eaf_core::id::TenantId;
use eaf_core::testing::LockGuard;
use eaf_system_tests::person::{Answer, Person};
use eaf_system_tests::system::{People, System, WAIT_MAX, approved, until, wish};
use eaf_test_support::fault_proxy::{FaultProxy, Rule, RuleHandle};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Name of an effect's call in the journal, and text that identifies the exchange in which the
/// effect happens.
type Effect = (&'static str, &'static str);

const FOLDER: Effect = ("vsphere.ensure-folder", "CreateFolder");
const CLONE: Effect = ("vsphere.clone", "CloneVM_Task");
const RECONFIGURE: Effect = ("vsphere.reconfigure", "ReconfigVM_Task");
const POWER_ON: Effect = ("vsphere.power-on", "PowerOnVM_Task");
const POWER_OFF: Effect = ("vsphere.power-off", "PowerOffVM_Task");
const DESTROY: Effect = ("vsphere.destroy", "Destroy_Task");
/// Mail as an effect. Its exchange is the end of the mail's content, because there the server
/// accepts the mail.
const MAIL: Effect = ("mail.send-while", "\r\n.\r\n");
/// Name of the call by which a workflow gives a command: an effect in the database, which no proxy
/// sees.
const COMMAND: &str = "flow.submit";

/// Effects of each workflow around which the host is killed, in addition to the commands.
const PROVISION: [Effect; 3] = [CLONE, RECONFIGURE, POWER_ON];
const DECOMMISSION: [Effect; 2] = [POWER_OFF, DESTROY];

/// Calls that change nothing outside the journal, because a repetition only reads again.
const READS: [&str; 6] =
    ["vsphere.open", "vsphere.read-vm", "vsphere.await-address", "mail.open", "flow.progress-reaches", "flow.read"];

const MOMENTS: [Moment; 2] = [Moment::Before, Moment::After];

#[derive(Clone, Copy, Debug)]
enum Moment {
    Before,
    After,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_around_creating_the_folder_leaves_exactly_one_machine() {
    for moment in MOMENTS {
        // An existing folder is not created again, so each case has a vCenter of its own.
        let mut system = System::start().await;
        let people = system.people().await;
        let hold = arm(&system.vcenter, FOLDER, moment);
        let request = approved(&people, "web-01").await;
        kill(&mut system, &hold, FOLDER).await;
        fulfilled(&system, &people, &request, "web-01").await;
        system.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_around_any_effect_of_provision_leaves_one_machine() {
    let mut system = System::start().await;
    for (n, effect) in PROVISION.into_iter().enumerate() {
        for moment in MOMENTS {
            let people = system.people().await;
            let name = format!("p{n}-{moment:?}").to_lowercase();
            let cloned = (effect == RECONFIGURE).then(|| arm(&system.vcenter, CLONE, Moment::After));
            let hold = arm(&system.vcenter, effect, moment);
            let request = approved(&people, &name).await;
            if let Some(cloned) = cloned {
                shrink(&system, &cloned, &name).await;
            }
            kill(&mut system, &hold, effect).await;
            fulfilled(&system, &people, &request, &name).await;
        }
    }
    one_message_each(&system).await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_around_each_effect_of_decommission_leaves_none() {
    let mut system = System::start().await;
    for (n, effect) in DECOMMISSION.into_iter().enumerate() {
        for moment in MOMENTS {
            let people = system.people().await;
            let name = format!("d{n}-{moment:?}").to_lowercase();
            let request = approved(&people, &name).await;
            fulfilled(&system, &people, &request, &name).await;
            let hold = arm(&system.vcenter, effect, moment);
            people.requester.command("decommission-vm", json!({ "vm": request, "confirm": name })).await.ok();
            kill(&mut system, &hold, effect).await;
            until(&people.requester, "vms", &request, |vm| vm["status"] == "decommissioned").await;
            assert!(system.vcsim.machines().iter().all(|machine| machine.name != name), "{effect:?} {moment:?}");
        }
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_around_a_mail_sends_it_again_under_the_same_message_id() {
    let mut system = System::start().await;
    for (n, moment) in MOMENTS.into_iter().enumerate() {
        let people = system.people().await;
        let name = format!("mail-{n}");
        let hold = arm(&system.smtp, MAIL, moment);
        let answer = people.requester.command("request-vm", wish(&name)).await.ok();
        let request = answer["subject"]["key"].as_str().expect("a subject").to_owned();
        kill(&mut system, &hold, MAIL).await;
        // A decided request notifies no further approvers.
        all_runs_over(&system).await;
        people.approver.command("approve-request", json!({ "request": request })).await.ok();
        fulfilled(&system, &people, &request, &name).await;
    }
    one_message_each(&system).await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_around_each_command_of_a_workflow_records_each_once() {
    let mut system = System::start().await;
    let People { requester, approver, .. } = system.people().await;
    let answer = requester.command("request-vm", wish("web-01")).await.ok();
    let vm = answer["subject"]["key"].as_str().unwrap().to_owned();

    // Four steps with begin and end, the progress of the clone, and the report of the machine.
    let given = killed_around_each_command(&mut system, &approver, "approve-request", json!({ "request": vm })).await;
    assert!(given > 8, "{given} commands of provision");
    until(&requester, "requests", &vm, |item| item["status"] == "fulfilled").await;

    system.vcsim.power_off("web-01").await;
    let given = killed_around_each_command(&mut system, &requester, "refresh-vm", json!({ "vm": vm })).await;
    assert_eq!(given, 1, "commands of refresh");
    until(&requester, "vms", &vm, |vm| vm["power"] == "off").await;

    system.vcsim.power_on("web-01").await;
    let body = json!({ "vm": vm, "confirm": "web-01" });
    let given = killed_around_each_command(&mut system, &requester, "decommission-vm", body).await;
    assert_eq!(given, 5, "commands of decommission: two steps, and that it is gone");
    until(&requester, "vms", &vm, |vm| vm["status"] == "decommissioned").await;
    assert!(system.vcsim.machines().is_empty());

    let timeline = requester.get(&format!("/api/dcm/views/timeline?request_id={vm}&limit=200")).await.ok();
    let mut entries: Vec<String> = Vec::new();
    for item in timeline["items"].as_array().unwrap() {
        entries.push(format!("{} {} {} {}", item["process"], item["kind"], item["step"], item["percent"]));
    }
    let count = entries.len();
    entries.sort();
    entries.dedup();
    assert_eq!(entries.len(), count, "an entry was recorded twice: {timeline:#}");
    system.finish().await;
}

/// Gives a command that starts a run, kills the host before and after each command that the run
/// gives, and returns the number of the run's commands.
async fn killed_around_each_command(system: &mut System, person: &Person, order: &str, body: Value) -> i64 {
    let tenant = TenantId::derive("acme");
    all_runs_over(system).await;
    let (_, before) = system.database.journal(COMMAND).await;
    let mut appends = order_and_hold(system, person.command(order, body)).await;
    let mut given = 0;
    // Before: the journal contains the intent, and no event can be appended.
    while intends_a_command(system, before, given).await {
        let events = system.database.events(tenant).await;
        system.kill_host().await;
        system.database.clean_up_killed_host().await;
        assert_eq!(system.database.events(tenant).await, events);
        // After: the events are recorded, and the journal has no answer yet.
        system.start_host().await;
        waiting_to_append(system, 1).await;
        let journal = system.database.lock_journal(COMMAND).await;
        drop(appends);
        recorded(system, tenant, events).await;
        system.kill_host().await;
        system.database.clean_up_killed_host().await;
        // Appends are locked again before the next command; the ledger has the answer to this one.
        appends = system.database.lock_appends(tenant).await;
        drop(journal);
        system.start_host().await;
        given += 1;
    }
    assert_eq!(system.database.journal(COMMAND).await.1 - before, given, "a command went by without a kill");
    given
}

/// Waits until the person's command `order` is recorded, and locks appends before the workflow's
/// first command. PostgreSQL grants the lock in the order of the requests for it: the person, this
/// test, the workflow.
async fn order_and_hold(system: &System, order: impl Future<Output = Answer>) -> LockGuard {
    let tenant = TenantId::derive("acme");
    let first = system.database.lock_appends(tenant).await;
    let second = async {
        waiting_to_append(system, 1).await;
        let release = async {
            waiting_to_append(system, 2).await;
            drop(first);
        };
        tokio::join!(system.database.lock_appends(tenant), release).0
    };
    let (answer, held) = tokio::join!(order, second);
    answer.ok();
    held
}

/// Waits until the journal has the intent of the run's next command, after `given` commands; false
/// if no run is open.
async fn intends_a_command(system: &System, before: i64, given: i64) -> bool {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        if system.database.journal(COMMAND).await == (Some("intent".to_owned()), before + given) {
            return true;
        }
        // The run may not have started before its first command.
        if given > 0 && system.database.open_runs().await == 0 {
            return false;
        }
        assert!(Instant::now() < deadline, "the workflow gives no command and does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn waiting_to_append(system: &System, count: i64) {
    let deadline = Instant::now() + WAIT_MAX;
    while system.database.waiting_to_append().await < count {
        assert!(Instant::now() < deadline, "the command is not given");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn recorded(system: &System, tenant: TenantId, before: i64) {
    let deadline = Instant::now() + WAIT_MAX;
    while system.database.events(tenant).await == before {
        assert!(Instant::now() < deadline, "the command is not recorded");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Compares the effects in all journals with the list of kill tests, so that a new effect needs a
/// test.
#[tokio::test(flavor = "multi_thread")]
async fn every_effect_in_the_journals_has_a_kill_test() {
    let system = System::start().await;
    let people = system.people().await;
    let cloned = arm(&system.vcenter, CLONE, Moment::After);
    let request = approved(&people, "web-01").await;
    shrink(&system, &cloned, "web-01").await;
    fulfilled(&system, &people, &request, "web-01").await;
    people.requester.command("refresh-vm", json!({ "vm": request })).await.ok();
    people.requester.command("decommission-vm", json!({ "vm": request, "confirm": "web-01" })).await.ok();
    until(&people.requester, "vms", &request, |vm| vm["status"] == "decommissioned").await;
    all_runs_over(&system).await;

    let mut effects: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (workflow, call) in system.database.journaled_calls().await {
        if !READS.contains(&call.as_str()) {
            effects.entry(workflow).or_default().insert(call);
        }
    }
    let calls = |effects: &[Effect]| effects.iter().map(|(call, _)| *call).collect::<Vec<_>>();
    let expected = [
        ("decommission", [calls(&DECOMMISSION), vec![COMMAND]].concat()),
        ("notify", vec![MAIL.0]),
        ("provision", [calls(&PROVISION), vec![FOLDER.0, COMMAND]].concat()),
        ("refresh", vec![COMMAND]),
    ];
    let owned = |calls: Vec<&str>| calls.into_iter().map(str::to_owned).collect();
    assert_eq!(effects, expected.map(|(workflow, calls)| (workflow.to_owned(), owned(calls))).into());
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_of_vcenter_lost_in_turn_leaves_exactly_one_machine() {
    let system = System::start().await;
    let people = system.people().await;
    for (n, effect) in [FOLDER, CLONE, POWER_ON, RECONFIGURE].into_iter().enumerate() {
        let name = format!("lost-{n}");
        let cloned = (effect == RECONFIGURE).then(|| arm(&system.vcenter, CLONE, Moment::After));
        let lost = system.vcenter.rule(Rule::on(effect.1).lose_answer().times(1));
        let request = approved(&people, &name).await;
        if let Some(cloned) = cloned {
            shrink(&system, &cloned, &name).await;
        }
        lost.wait_for_hit().await;
        fulfilled(&system, &people, &request, &name).await;
        system.vcenter.clear();
    }
    for (n, effect) in DECOMMISSION.into_iter().enumerate() {
        let name = format!("lost-{n}");
        let request = key_of(&people, &name).await;
        let lost = system.vcenter.rule(Rule::on(effect.1).lose_answer().times(1));
        people.requester.command("decommission-vm", json!({ "vm": request, "confirm": name })).await.ok();
        lost.wait_for_hit().await;
        until(&people.requester, "vms", &request, |vm| vm["status"] == "decommissioned").await;
        system.vcenter.clear();
        assert!(system.vcsim.machines().iter().all(|machine| machine.name != name), "{effect:?}");
    }
    system.finish().await;
}

fn arm(proxy: &FaultProxy, effect: Effect, moment: Moment) -> RuleHandle {
    let rule = Rule::on(effect.1).times(1);
    proxy.rule(match moment {
        Moment::Before => rule.hold_request(),
        Moment::After => rule.hold_answer(),
    })
}

/// Reduces the clone's number of CPUs by hand before the workflow reads the clone, so that the
/// workflow must reconfigure it.
async fn shrink(system: &System, cloned: &RuleHandle, name: &str) {
    cloned.wait_for_hit().await;
    system.cloned(name).await;
    system.vcsim.set_cpus(name, 1).await;
    cloned.release();
}

/// Kills the host while the proxy holds the exchange and the journal has the intent and no answer;
/// then starts the host again.
async fn kill(system: &mut System, hold: &RuleHandle, effect: Effect) {
    hold.wait_for_hit().await;
    let (state, _) = system.database.journal(effect.0).await;
    assert_eq!(state.as_deref(), Some("intent"), "{effect:?}");
    system.kill_host().await;
    system.vcenter.clear();
    system.smtp.clear();
    system.start_host().await;
}

async fn fulfilled(system: &System, people: &People, request: &str, name: &str) {
    let item = until(&people.requester, "requests", request, |item| item["terminal"] == true).await;
    assert_eq!(item["status"], "fulfilled", "{item:#}");
    let count = system.vcsim.machines().iter().filter(|machine| machine.name == name).count();
    assert_eq!(count, 1, "machines named {name}");
}

async fn key_of(people: &People, name: &str) -> String {
    let list = people.requester.get("/api/dcm/views/vms?limit=100").await.ok();
    let items = list["items"].as_array().unwrap();
    items.iter().find(|vm| vm["name"] == name).unwrap()["key"].as_str().unwrap().to_owned()
}

async fn all_runs_over(system: &System) {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        let waiting = system.database.open_runs().await;
        if waiting == 0 {
            return;
        }
        assert!(Instant::now() < deadline, "{waiting} runs are not over");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Verifies that each mail arrived at least once, and that all copies for one recipient and subject
/// have the same Message-ID.
async fn one_message_each(system: &System) {
    all_runs_over(system).await;
    let mut ids: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for mail in system.mail.inbox().await {
        let entry = ids.entry((mail.to[0].address.clone(), mail.subject.clone())).or_default();
        if !entry.contains(&mail.message_id().to_owned()) {
            entry.push(mail.message_id().to_owned());
        }
    }
    assert!(!ids.is_empty());
    assert!(ids.values().all(|distinct| distinct.len() == 1), "{ids:#?}");
}
