//! `kill -9` of the host before and after every effect, and every answer lost in turn: exactly one machine or none, and the request
//! ends as it should.
//!
//! No hook in the product says when to kill. The fault proxy holds the very exchange; the test waits until the journal's row says
//! that the call is intended and not answered, kills the host, and lets go. "Before" holds the request, so that the effect has not
//! happened; "after" holds the answer, so that it has, and the journal does not know.

use crate::support::fault_proxy::{FaultProxy, Hold, Rule};
use crate::support::system::{PATIENCE, People, System, approved, until};
use eaf_core::id::TenantId;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// An effect: its function in the journal, and what is seen of it on the wire.
type Effect = (&'static str, &'static str);

const FOLDER: Effect = ("ensure-folder", "CreateFolder");
const CLONE: Effect = ("clone", "CloneVM_Task");
const RECONFIGURE: Effect = ("reconfigure", "ReconfigVM_Task");
const POWER_ON: Effect = ("power-on", "PowerOnVM_Task");
const POWER_OFF: Effect = ("power-off", "PowerOffVM_Task");
const DESTROY: Effect = ("destroy", "Destroy_Task");
/// The end of a mail's content: the server takes the mail here.
const MAIL: Effect = ("send", "\r\n.\r\n");

const MOMENTS: [Moment; 2] = [Moment::Before, Moment::After];

#[derive(Clone, Copy, Debug)]
enum Moment {
    Before,
    After,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_around_the_making_of_the_folder_leaves_exactly_one_machine() {
    for moment in MOMENTS {
        // Once it is there it is not made again, so each moment has a vCenter of its own.
        let mut system = System::start().await;
        let people = system.people().await;
        let hold = arm(&system.vcenter, FOLDER, moment);
        let request = approved(&people, "web-01").await;
        kill(&mut system, &hold, FOLDER).await;
        fulfilled(&system, &people, &request, "web-01").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_around_each_effect_of_provision_leaves_exactly_one_machine() {
    let mut system = System::start().await;
    for (n, effect) in [CLONE, RECONFIGURE, POWER_ON].into_iter().enumerate() {
        for moment in MOMENTS {
            let people = system.people().await;
            let name = format!("p{n}-{moment:?}").to_lowercase();
            let shrunk = (effect == RECONFIGURE).then(|| arm(&system.vcenter, CLONE, Moment::After));
            let hold = arm(&system.vcenter, effect, moment);
            let request = approved(&people, &name).await;
            if let Some(shrunk) = shrunk {
                // Somebody makes the clone smaller before the workflow looks, so that it has to be made larger again.
                shrunk.wait_for_hit().await;
                system.cloned(&name).await;
                system.vcsim.set_cpus(&name, 1).await;
                shrunk.release();
            }
            kill(&mut system, &hold, effect).await;
            fulfilled(&system, &people, &request, &name).await;
        }
    }
    one_message_each(&system).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_around_each_effect_of_decommission_leaves_none() {
    let mut system = System::start().await;
    for (n, effect) in [POWER_OFF, DESTROY].into_iter().enumerate() {
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
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_around_a_mail_sends_it_again_under_the_same_message_id() {
    let mut system = System::start().await;
    for (n, moment) in MOMENTS.into_iter().enumerate() {
        let people = system.people().await;
        let name = format!("mail-{n}");
        let hold = arm(&system.smtp, MAIL, moment);
        let request = approved(&people, &name).await;
        kill(&mut system, &hold, MAIL).await;
        fulfilled(&system, &people, &request, &name).await;
    }
    one_message_each(&system).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_around_each_command_of_a_workflow_gives_each_once() {
    let mut system = System::start().await;
    let people = system.people().await;
    let tenant = TenantId::derive("acme");
    let request = approved(&people, "web-01").await;
    let (mut commands, mut answered) = (0, None);
    let mut appends = system.database.hold_appends(tenant).await;
    // Before: the journal intends the command, and nothing can be appended.
    while let Some(done) = intends_a_command(&system, answered).await {
        (commands, answered) = (commands + 1, Some(done));
        let events = system.database.events(tenant).await;
        system.kill_host().await;
        system.database.end_sessions_of_the_host().await;
        assert_eq!(system.database.events(tenant).await, events);
        // After: its events are recorded, and the journal cannot say so.
        system.start_host().await;
        waits_to_append(&system).await;
        let journal = system.database.hold_journal("submit").await;
        drop(appends);
        recorded(&system, tenant, events).await;
        system.kill_host().await;
        system.database.end_sessions_of_the_host().await;
        // Held again before anybody can give the next command; the answer to this one is in the ledger.
        appends = system.database.hold_appends(tenant).await;
        drop(journal);
        system.start_host().await;
    }
    drop(appends);
    assert!(commands > 8, "{commands} commands");
    fulfilled(&system, &people, &request, "web-01").await;
    let timeline = people.requester.get(&format!("/api/dcm/views/timeline?request_id={request}&limit=200")).await.ok();
    let mut told: Vec<String> = Vec::new();
    for item in timeline["items"].as_array().unwrap() {
        told.push(format!("{} {} {}", item["kind"], item["step"], item["percent"]));
    }
    let count = told.len();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), count, "something was told twice: {timeline:#}");
}

/// Waits for a command after the one that was intended when so many were `answered`; none when all runs are over.
async fn intends_a_command(system: &System, answered: Option<i64>) -> Option<i64> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let done = system.database.journal_done("submit").await;
        if system.database.journal_state("submit").await.as_deref() == Some("intent") && Some(done) > answered {
            return Some(done);
        }
        if system.database.open_runs().await == 0 {
            return None;
        }
        assert!(Instant::now() < deadline, "the workflow gives no command and does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn waits_to_append(system: &System) {
    let deadline = Instant::now() + PATIENCE;
    while !system.database.waits_to_append().await {
        assert!(Instant::now() < deadline, "the command is not given again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn recorded(system: &System, tenant: TenantId, before: i64) {
    let deadline = Instant::now() + PATIENCE;
    while system.database.events(tenant).await == before {
        assert!(Instant::now() < deadline, "the command is not recorded");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_of_vcenter_lost_in_turn_leaves_exactly_one_machine() {
    let system = System::start().await;
    let people = system.people().await;
    for (n, effect) in [FOLDER, CLONE, POWER_ON].into_iter().enumerate() {
        let name = format!("lost-{n}");
        let lost = system.vcenter.rule(Rule::on(effect.1).lose_answer().times(1));
        let request = approved(&people, &name).await;
        lost.wait_for_hit().await;
        fulfilled(&system, &people, &request, &name).await;
        system.vcenter.clear();
    }
    for (n, effect) in [POWER_OFF, DESTROY].into_iter().enumerate() {
        let name = format!("lost-{n}");
        let request = key_of(&people, &name).await;
        let lost = system.vcenter.rule(Rule::on(effect.1).lose_answer().times(1));
        people.requester.command("decommission-vm", json!({ "vm": request, "confirm": name })).await.ok();
        lost.wait_for_hit().await;
        until(&people.requester, "vms", &request, |vm| vm["status"] == "decommissioned").await;
        system.vcenter.clear();
        assert!(system.vcsim.machines().iter().all(|machine| machine.name != name), "{effect:?}");
    }
}

fn arm(proxy: &FaultProxy, effect: Effect, moment: Moment) -> Hold {
    let rule = Rule::on(effect.1).times(1);
    proxy.rule(match moment {
        Moment::Before => rule.hold_request(),
        Moment::After => rule.hold_answer(),
    })
}

/// While the exchange is held: the journal intends the call and has no answer; the host dies; another one starts.
async fn kill(system: &mut System, hold: &Hold, effect: Effect) {
    hold.wait_for_hit().await;
    let state = system.database.journal_state(effect.0).await;
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

/// At least once, and never under two ids: per recipient and subject there is one Message-ID.
async fn one_message_each(system: &System) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let waiting = system.database.open_runs().await;
        if waiting == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{waiting} runs are not over");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
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
