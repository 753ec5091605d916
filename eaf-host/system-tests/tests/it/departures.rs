//! Tests of departures: people for whom requests wait leave, and within seconds the stages that
//! the people left cannot pass are escalated.

use eaf_core::Core;
use eaf_core::directory::Basis;
use eaf_core::id::{ActorId, TenantId};
use eaf_dev::idp::accounts::ACCOUNTS;
use eaf_system_tests::person::Person;
use eaf_system_tests::system::{People, System, WAIT_MAX, until, wish};
use eaf_test_support::maildev::free_address;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const OPERATOR: &str = "miriam.vogt@acme.example";
const STAGE: &str = "costly.finance";
const ESCALATED: &str = "dcm.stage-escalated";

/// Part of the sentence that too few people can decide, in the requester's language.
const TOO_FEW: &str = "können zu wenige entscheiden";

/// Tenant in which a request needs both members of the group finance.
struct Firm {
    core: Core,
    acme: TenantId,
    people: People,
    /// The two members of the group finance.
    finance: [ActorId; 2],
}

impl Firm {
    async fn open(system: &System) -> Firm {
        let (core, people, acme) = (system.core().await, system.people().await, TenantId::derive("acme"));
        let finance = [actor(&core, acme, "approver@acme").await, actor(&core, acme, "auditor@acme").await];
        core.directory.set_roles(&core.by, acme, finance[1], &roles(&["auditor", "approver"])).await.unwrap();
        core.directory.put_group(&core.by, acme, "finance", "Finance", &Basis::Any).await.unwrap();
        for member in finance {
            core.directory.add_to_group(&core.by, acme, "finance", member).await.unwrap();
        }
        let document = json!({ "applies_to": { "kinds": ["vm.create"] }, "stages": [{
            "key": "finance", "name": { "de": "Finanzen", "en": "Finance" },
            "approvers": [{ "group": "finance" }], "needs": { "at_least": 2 },
        }] });
        let draft = json!({ "policy": "costly", "name_de": "Teuer", "name_en": "Costly", "document": document,
            "revision": 0 });
        people.admin.command("draft-policy", draft).await.ok();
        let publish = json!({ "policy": "costly", "revision": 1, "reason": "Agreed with finance." });
        people.admin.command("publish-policy", publish).await.ok();
        Firm { core, acme, people, finance }
    }

    async fn request(&self, name: &str) -> String {
        let answer = self.people.requester.command("request-vm", wish(name)).await.ok();
        answer["subject"]["key"].as_str().expect("a subject").to_owned()
    }

    async fn leave_group(&self, member: ActorId) {
        let left = self.core.directory.remove_from_group(&self.core.by, self.acme, "finance", member).await;
        assert!(left.unwrap());
    }

    async fn remove(&self, member: ActorId) {
        self.core.directory.remove_member(&self.core.by, self.acme, member).await.unwrap();
    }
}

fn display_name(account: &str) -> String {
    ACCOUNTS.iter().find(|known| known.name == account).expect("an account").display_name()
}

fn roles(roles: &[&str]) -> Vec<String> {
    roles.iter().map(|role| (*role).to_owned()).collect()
}

async fn actor(core: &Core, tenant: TenantId, subject: &str) -> ActorId {
    let members = core.directory.members(tenant).await.unwrap();
    members.into_iter().find(|member| member.subject == subject).expect("a member").actor
}

async fn escalated(person: &Person, request: &str) -> Value {
    let progress = |item: &Value| item["approval"]["stages"][STAGE].clone();
    until(person, "requests", request, |item| progress(item)["operators_asked"] == true).await
}

/// Waits until the products know all departures.
async fn known(system: &System) {
    let deadline = Instant::now() + WAIT_MAX;
    while system.database.departures().await > 0 {
        assert!(Instant::now() < deadline, "a departure stays");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_removal_of_one_of_two_needed_people_escalates_at_once() {
    let system = System::start().await;
    let firm = Firm::open(&system).await;
    let request = firm.request("web-01").await;
    let newcomer = actor(&firm.core, firm.acme, "newcomer@acme").await;
    firm.remove(newcomer).await;
    known(&system).await;
    assert_eq!(system.database.recorded_count(ESCALATED).await, 0, "nothing waited for the newcomer");

    let path = format!("/api/host/members/{}", firm.finance[0]);
    let removed = firm.people.admin.call(Method::DELETE, &path, None, None).await;
    assert!(removed.status.is_success(), "{:#}", removed.body);
    let item = escalated(&firm.people.requester, &request).await;
    assert_eq!(item["status"], "pending");
    assert!(item["waiting_on"].as_str().expect("a text").contains("Miriam Vogt"), "{item:#}");
    assert!(item["waiting"]["people"].as_array().expect("names").contains(&json!("Miriam Vogt")), "{item:#}");
    system.mail_to(OPERATOR, "web-01").await;
    known(&system).await;
    assert_eq!(system.database.recorded_count(ESCALATED).await, 1);
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loss_of_the_permission_to_decide_escalates_at_once() {
    let system = System::start().await;
    let firm = Firm::open(&system).await;
    let request = firm.request("web-01").await;
    let changed = firm.core.directory.set_roles(&firm.core.by, firm.acme, firm.finance[1], &roles(&["auditor"])).await;
    changed.unwrap();
    let item = escalated(&firm.people.requester, &request).await;
    let names = item["waiting"]["people"].as_array().expect("names");
    let auditor = display_name("auditor@acme");
    assert!(names.contains(&json!("Miriam Vogt")) && !names.contains(&json!(auditor)), "{names:?}");
    assert!(!item["waiting_on"].as_str().expect("a text").contains(TOO_FEW), "the approver and the admin suffice");

    // A group of auditors alone has no seat, so that the request escalates with its submission.
    firm.leave_group(firm.finance[0]).await;
    known(&system).await;
    let item = escalated(&firm.people.requester, &firm.request("web-02").await).await;
    let names = item["waiting"]["people"].as_array().expect("names");
    assert_eq!(names, &[json!("Miriam Vogt")]);
    assert!(item["waiting_on"].as_str().expect("a text").contains(TOO_FEW), "{item:#}");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_requests_that_wait_for_a_group_are_escalated_in_batches() {
    const REQUESTS: usize = 130;
    let system = System::start().await;
    let firm = Firm::open(&system).await;
    let mut requests = Vec::new();
    for n in 0..REQUESTS {
        requests.push(firm.request(&format!("web-{n:03}")).await);
    }
    let begun = Instant::now();
    firm.leave_group(firm.finance[1]).await;
    known(&system).await;
    println!("{REQUESTS} requests in {:?}", begun.elapsed());
    assert_eq!(system.database.recorded_count(ESCALATED).await, REQUESTS as i64);
    for request in [&requests[0], &requests[REQUESTS - 1]] {
        escalated(&firm.people.requester, request).await;
    }
    firm.remove(firm.finance[1]).await;
    known(&system).await;
    assert_eq!(system.database.recorded_count(ESCALATED).await, REQUESTS as i64, "each once");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_departure_before_a_restart_is_noted_after_it() {
    let mut system = System::start().await;
    let firm = Firm::open(&system).await;
    let request = firm.request("web-01").await;
    until(&firm.people.requester, "requests", &request, |item| !item["waiting_for"].is_null()).await;
    system.kill_host().await;
    firm.remove(firm.finance[0]).await;
    // Another host had the lease and was killed too.
    system.database.run("update eaf.departure set leased_until = now() + interval '3 seconds'").await;
    system.start_host().await;
    escalated(&firm.people.requester, &request).await;
    known(&system).await;
    assert_eq!(system.database.recorded_count(ESCALATED).await, 1);
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_note_a_departure_once() {
    let mut system = System::start().await;
    let firm = Firm::open(&system).await;
    let other = system.another_host(&format!("http://{}", free_address())).await;
    let requests = [firm.request("web-01").await, firm.request("web-02").await];
    firm.remove(firm.finance[0]).await;
    firm.leave_group(firm.finance[1]).await;
    for request in &requests {
        escalated(&firm.people.requester, request).await;
    }
    known(&system).await;
    assert_eq!(system.database.recorded_count(ESCALATED).await, 2, "once per request");
    other.kill().await;
    system.finish().await;
}
