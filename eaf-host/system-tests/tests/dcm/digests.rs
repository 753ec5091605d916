//! Tests of digests, on a real database and a real mail server: mails wait for the digest of a
//! person who wants one mail a day, and one host sends it.

use super::mail_conditions::{House, connect};
use eaf_capability::{Call, Provider, Started};
use eaf_core::Core;
use eaf_core::actor::Caller;
use eaf_core::clock::{Ambient, Clock};
use eaf_core::command_bus::CommandQuota;
use eaf_core::directory::{Basis, MailPreference};
use eaf_core::id::HostId;
use eaf_core::mail_log::{self, LoggedMail, MailFilter, Status};
use eaf_core::testing::{ambient, master_key};
use eaf_core::workflow::{self, Entry, State};
use eaf_test_support::fault_proxy::FaultProxy;
use eaf_test_support::maildev::Maildev;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

const DAY: Duration = Duration::from_secs(24 * 3_600);
const MINUTE_MS: i64 = 60_000;

/// Clock that is ahead of the machine's.
struct Ahead(Duration);

impl Clock for Ahead {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + self.0
    }
}

/// Tenant whose approver wants a daily digest, with a mail server behind a fault proxy.
struct Office {
    house: House,
    server: Maildev,
    proxy: FaultProxy,
}

impl Office {
    async fn open() -> Office {
        let (house, server) = (House::open().await, Maildev::start(&[]).await);
        let proxy = FaultProxy::start(server.address(), None).await.unwrap();
        connect(&house.core, house.tenant, proxy.address()).await;
        house.project();
        let office = Office { house, server, proxy };
        office.prefer(MailPreference::DAILY, &[]).await;
        office
    }

    async fn prefer(&self, delivery: &str, off: &[&str]) {
        let House { core, tenant, approver, .. } = &self.house;
        let off = off.iter().map(|kind| (*kind).to_owned()).collect();
        let new = MailPreference { delivery: delivery.into(), hour: 8, time_zone: "Europe/Berlin".into(), off };
        core.directory.set_mail_preference(&core.by, *tenant, *approver, &new, &Basis::Any).await.unwrap();
    }

    /// Host that was started later, with its clock ahead by `time`.
    async fn host_after(&self, time: Duration) -> Arc<dyn Provider> {
        let ambient = Ambient { clock: Arc::new(Ahead(time)), entropy: ambient().entropy };
        let core = Core::start(self.house.database.db().await, ambient, master_key(), CommandQuota::default());
        self.house.provider_of(Arc::new(core))
    }

    async fn host(&self) -> Arc<dyn Provider> {
        self.host_after(Duration::ZERO).await
    }

    /// Journals the call that asks the approvers about a request, in the run that the request
    /// started.
    async fn asks(&self, request: &str, facts: Value) -> Call {
        let mut call = self.house.ask_approvers(request).await;
        call.args["facts"].as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
        let core = &self.house.core;
        let (deadline, host) = (Instant::now() + Duration::from_secs(20), HostId(core.ambient.uuid()));
        let (run, lease) = loop {
            assert!(Instant::now() < deadline, "the request starts a run");
            let plugins = ["dcm".to_owned()];
            let claimed = workflow::claim(&core.db, &core.keyring, host, workflow::LEASE, &plugins, 10).await.unwrap();
            match claimed.into_iter().find(|(run, _)| run.key == request) {
                Some(found) => break found,
                None => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        };
        (call.run, call.event) = (lease.run, run.event.id);
        let entry = Entry {
            sequence: call.sequence,
            capability: "mail".into(),
            grant: Some("mail".into()),
            function: call.function.clone(),
            args: call.args.clone(),
            idempotency_key: call.idempotency_key.clone(),
            state: State::Done(Ok(json!({}))),
            progress: None,
        };
        core.journal.write(&lease, &entry).await.unwrap();
        call
    }

    /// Asks the approvers about a request by a call whose only mail is collected.
    async fn collects(&self, request: &str, vm_name: &str) {
        let call = self.asks(request, json!({ "vm_name": vm_name })).await;
        assert_eq!(answer(self.host().await.as_ref(), &call).await, json!({"sent": 1, "failed": 0, "skipped": false}));
    }

    /// Two requests, each with a collected mail.
    async fn two_wait(&self) -> [(String, Caller); 2] {
        let first = self.house.request().await;
        self.collects(&first.0, "web-01").await;
        let second = self.house.request_machine("web-02").await;
        self.collects(&second.0, "web-02").await;
        assert_eq!(self.server.inbox().await.len(), 0, "both wait");
        [first, second]
    }

    async fn log(&self) -> Vec<LoggedMail> {
        let mut log = mail_log::list(&self.house.core.db, self.house.tenant, MailFilter::All, 10).await.unwrap();
        log.sort_by_key(|logged| logged.created_at);
        log
    }

    async fn statuses(&self) -> Vec<Status> {
        self.log().await.into_iter().map(|logged| logged.status).collect()
    }
}

async fn answer(provider: &dyn Provider, call: &Call) -> Value {
    match provider.start(call).await.unwrap() {
        Started::Done(answer) => answer,
        Started::Pending { .. } => panic!("mail leaves nothing pending"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn collected_mails_come_in_one_digest_that_names_each_with_its_link() {
    let office = Office::open().await;
    let [(first, _), (second, _)] = office.two_wait().await;
    assert_eq!(office.statuses().await, [Status::Collected(None), Status::Collected(None)]);
    assert!(!office.host().await.run_due().await, "the hour has not come");

    // Another process sends it: nothing of a digest is only in memory.
    let tomorrow = office.host_after(DAY).await;
    assert!(tomorrow.run_due().await);
    let inbox = office.server.inbox().await;
    assert_eq!(inbox.len(), 1);
    assert_eq!(
        (inbox[0].subject.as_str(), inbox[0].to[0].address.as_str()),
        ("2 Nachrichten für Sie", "martin@acme.example")
    );
    // The facts of the test have one request's id in both mails.
    for part in ["Bitte um Freigabe", "web-01", "web-02", "https://eaf.example.com/approvals/", "/mail-settings"] {
        assert!(inbox[0].text.contains(part) && inbox[0].html.contains(part), "{part}: {}", inbox[0].text);
    }
    assert_ne!(first, second);
    for logged in office.log().await {
        assert_eq!((logged.status, logged.digest.as_deref()), (Status::Sent, Some(inbox[0].message_id())));
    }
    assert!(!tomorrow.run_due().await, "nothing waits any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_hosts_one_sends_the_digest() {
    let office = Office::open().await;
    office.two_wait().await;
    let (one, other) = (office.host_after(DAY).await, office.host_after(DAY).await);
    let (one, other) = tokio::join!(one.run_due(), other.run_due());
    assert!(one != other, "exactly one had the lease");
    assert_eq!(office.server.inbox().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_omits_what_no_longer_fits_and_is_not_sent_when_empty() {
    let office = Office::open().await;
    let [(first, requester), (second, other)] = office.two_wait().await;
    office.house.give(&requester, "withdraw-request", json!({ "request": first })).await;
    assert!(office.host_after(DAY).await.run_due().await);
    let inbox = office.server.inbox().await;
    assert_eq!((inbox.len(), inbox[0].subject.as_str()), (1, "1 Nachricht für Sie"));
    assert!(inbox[0].text.contains("web-02") && !inbox[0].text.contains("web-01"), "{}", inbox[0].text);
    assert_eq!(office.statuses().await, [Status::Skipped, Status::Sent]);

    let third = office.house.request_machine("web-03").await;
    office.collects(&third.0, "web-03").await;
    office.house.give(&third.1, "withdraw-request", json!({ "request": third.0 })).await;
    office.house.give(&other, "withdraw-request", json!({ "request": second })).await;
    let tomorrow = office.host_after(DAY).await;
    assert!(tomorrow.run_due().await);
    assert_eq!(office.server.inbox().await.len(), 1, "an empty digest is not sent");
    assert_eq!(office.statuses().await[2], Status::Skipped);
    assert!(!tomorrow.run_due().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_wants_mails_at_once_again_gets_now_what_waits() {
    let office = Office::open().await;
    office.two_wait().await;
    office.prefer(MailPreference::AT_ONCE, &[]).await;
    assert!(office.host().await.run_due().await);
    assert_eq!(office.server.inbox().await.len(), 1);
    assert_eq!(office.statuses().await, [Status::Sent, Status::Sent]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_person_gets_no_digest() {
    let office = Office::open().await;
    office.two_wait().await;
    let House { core, tenant, approver, .. } = &office.house;
    core.directory.remove_member(&core.by, *tenant, *approver).await.unwrap();
    assert!(office.host_after(DAY).await.run_due().await);
    assert_eq!(office.server.inbox().await.len(), 0);
    assert_eq!(office.statuses().await, [Status::Skipped, Status::Skipped]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_waits_for_a_server_keeps_its_mails_and_its_id() {
    let office = Office::open().await;
    office.two_wait().await;
    office.proxy.cut();
    assert!(office.host_after(DAY).await.run_due().await);
    let waits = Status::Collected(Some("mail-unreachable".into()));
    assert_eq!(office.statuses().await, [waits.clone(), waits]);
    let begun = office.log().await[0].digest.clone();

    // A mail of the meantime waits for the next digest.
    let third = office.house.request_machine("web-03").await;
    office.collects(&third.0, "web-03").await;
    office.proxy.restore();
    assert!(office.host_after(DAY + Duration::from_secs(3_600)).await.run_due().await);
    let inbox = office.server.inbox().await;
    assert_eq!((inbox[0].subject.as_str(), Some(inbox[0].message_id())), ("2 Nachrichten für Sie", begun.as_deref()));
    assert_eq!(office.statuses().await, [Status::Sent, Status::Sent, Status::Collected(None)]);
    assert!(office.host_after(2 * DAY).await.run_due().await);
    assert_eq!(office.server.inbox().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_deadline_is_before_the_digest_comes_at_once() {
    let office = Office::open().await;
    let (request, _) = office.house.request().await;
    let soon = (OffsetDateTime::now_utc().unix_timestamp() * 1_000) + MINUTE_MS;
    let call = office.asks(&request, json!({ "due_at": soon })).await;
    assert_eq!(answer(office.host().await.as_ref(), &call).await["sent"], 1);
    assert_eq!(office.statuses().await, [Status::Sent]);
    assert_eq!(office.server.inbox().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_is_turned_off_is_recorded_and_not_sent() {
    let office = Office::open().await;
    office.prefer(MailPreference::AT_ONCE, &["dcm/request-fulfilled", "dcm/approval-requested"]).await;
    let (request, _) = office.house.request().await;
    let mut call = office.asks(&request, json!({})).await;
    assert_eq!(answer(office.host().await.as_ref(), &call).await["sent"], 1, "DCM does not name it as optional");
    call.args["template"] = "request-fulfilled".into();
    assert_eq!(answer(office.host().await.as_ref(), &call).await["sent"], 0);
    assert_eq!(office.statuses().await, [Status::Sent, Status::TurnedOff]);
    assert_eq!(office.server.inbox().await.len(), 1);
}
