//! Tests of journal and leases: crashes, paused hosts and stolen databases.

use crate::dump;
use crate::toy::{Toy, ordered, record};
use eaf_core::Core;
use eaf_core::capability::{Class, Failure};
use eaf_core::consumers::prepare;
use eaf_core::directory::add_tenant;
use eaf_core::id::{HostId, RunId, TenantId};
use eaf_core::testing::Database;
use eaf_core::workflow::{
    self, Attempt, Divergence, Entry, Error, Journal, Lease, Run, RunState, Stall, State, Wait, Waiting,
};
use serde_json::{Value, json};
use std::time::Duration;
use time::OffsetDateTime;

const CANARY: &str = "canary-of-a-person";

struct House {
    core: Core,
    acme: TenantId,
    host: HostId,
    database: Database,
}

async fn house(orders: usize) -> House {
    let database = Database::fresh().await;
    let core = database.core().await;
    prepare(&core.db, &Toy::new()).await.unwrap();
    let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    record(&core, acme, (0..orders).map(|n| ordered(&format!("order-{n}"))).collect()).await;
    core.consumers.run_trigger_batch(&Toy::new(), acme, "act").await.unwrap();
    let host = HostId(core.ambient.uuid());
    House { core, acme, host, database }
}

impl House {
    async fn claim(&self, host: HostId) -> Option<(Run, Lease)> {
        workflow::claim(&self.core.db, &self.core.keyring, host, workflow::LEASE, &["toy".into()], 1)
            .await
            .unwrap()
            .pop()
    }

    fn journal(&self) -> Journal {
        Journal::new(&self.core.db, &self.core.keyring)
    }

    /// Makes the lease of a run expire, by the clock of the database.
    async fn expire(&self, run: RunId) {
        let mut conn = self.database.superuser().await;
        sqlx::query("update eaf.run set lease_until = now() - interval '1 second' where run_id = $1")
            .bind(run)
            .execute(&mut conn)
            .await
            .unwrap();
    }
}

fn effect(sequence: i32) -> Entry {
    Entry {
        sequence,
        capability: "vsphere".into(),
        grant: Some("vcenter".into()),
        function: "clone".into(),
        args: json!({"identity": "machine-1", "name": CANARY}),
        idempotency_key: format!("run/{sequence}"),
        state: State::Intent,
        progress: None,
    }
}

/// Journal entry of a call that completes at once.
fn known(sequence: i32, answer: Value) -> Entry {
    let (capability, function) = ("flow".into(), "now".into());
    Entry { capability, grant: None, function, state: State::Done(Ok(answer)), args: Value::Null, ..effect(sequence) }
}

fn running(handle: Value) -> Wait {
    Wait::Operation { handle, stall: None, budget_start: None }
}

fn stalled(code: &str) -> Wait {
    Wait::Start { stall: Stall::of_call(None, Failure::from_parts(Class::Transient, code, code), 0) }
}

fn waiting(code: &str) -> Waiting {
    Waiting { code: code.into(), message: code.into() }
}

const AT_ONCE: Duration = Duration::ZERO;

/// Time at which calls of these tests are polled, far from the database's clock.
fn later() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::from_secs(86_400)
}

#[tokio::test]
async fn a_replay_reads_the_calls_in_order_with_their_states() {
    let house = house(1).await;
    let (run, lease) = house.claim(house.host).await.unwrap();
    assert_eq!((run.key.as_str(), run.workflow.as_str(), run.attempts), ("order-0", "act", 0));
    let journal = house.journal();
    journal.write(&lease, &known(1, json!(1_700))).await.unwrap();
    journal.write(&lease, &effect(2)).await.unwrap();
    let task = running(json!({"task": "task-7"}));
    journal.set_pending(&lease, 2, &task, Some(40), later()).await.unwrap();
    journal.set_pending(&lease, 2, &task, Some(10), later()).await.unwrap();
    journal.write(&lease, &effect(3)).await.unwrap();
    journal.finish(&lease, 3, &Ok(json!({"ip": "10.0.0.1"}))).await.unwrap();
    journal.write(&lease, &effect(4)).await.unwrap();
    journal.set_pending(&lease, 4, &stalled("unreachable"), None, later()).await.unwrap();
    journal.set_pending(&lease, 4, &stalled("unreachable"), None, later()).await.unwrap();
    let timer = State::Pending { wait: Wait::Time, poll_at: OffsetDateTime::UNIX_EPOCH };
    journal.write(&lease, &Entry { state: timer, ..effect(5) }).await.unwrap();
    journal.write(&lease, &effect(6)).await.unwrap();
    let failure = Failure::from_parts(Class::NotFound, "no-template", "there is no template");
    journal.finish(&lease, 6, &Err(failure.clone())).await.unwrap();
    journal.write(&lease, &effect(7)).await.unwrap();

    let entries = journal.load(&lease).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(entries[0], known(1, json!(1_700)));
    let State::Pending { wait, poll_at } = &entries[1].state else { panic!("{entries:?}") };
    assert_eq!((wait, entries[1].progress), (&task, Some(40)), "progress never goes back");
    assert_eq!(*poll_at, later(), "the time is the host's, not the database's");
    assert_eq!(entries[1].args["name"], CANARY);
    assert_eq!(entries[2].state, State::Done(Ok(json!({"ip": "10.0.0.1"}))));
    assert!(matches!(&entries[3].state, State::Pending { wait, .. } if *wait == stalled("unreachable")));
    assert_eq!(entries[4].poll_at(), Some(OffsetDateTime::UNIX_EPOCH));
    assert_eq!((&entries[5].state, &entries[6].state), (&State::Done(Err(failure)), &State::Intent));

    let shown = workflow::entries(&house.core.db, house.acme, lease.run).await.unwrap();
    assert_eq!((shown[1].call.as_str(), shown[1].target.as_deref()), ("vsphere.clone", Some("machine-1")));
    assert_eq!(shown[2].outcome.as_deref(), Some("ok"));
    assert_eq!((shown[3].attempts, shown[3].retry_code.as_deref()), (2, Some("unreachable")));
    assert!(shown[3].retry_at.is_some() && shown[4].retry_at.is_none());
    let outcome = (shown[5].outcome.as_deref(), shown[5].detail.as_deref());
    assert_eq!(outcome, (Some("no-template"), Some("there is no template")));
}

#[tokio::test]
async fn an_operation_that_is_started_again_has_no_attempts() {
    let house = house(1).await;
    let (_, lease) = house.claim(house.host).await.unwrap();
    let journal = house.journal();
    journal.write(&lease, &effect(1)).await.unwrap();
    let ended = Stall::of_operation(None, None, Failure::from_parts(Class::Transient, "locked", "locked"), 0);
    let attempts = async || {
        let shown = workflow::entries(&house.core.db, house.acme, lease.run).await.unwrap().remove(0);
        (shown.attempts, shown.retry_code)
    };
    journal.set_pending(&lease, 1, &Wait::Start { stall: ended.clone() }, None, later()).await.unwrap();
    assert_eq!(attempts().await, (1, Some("locked".to_owned())));
    let again = Wait::Operation { handle: json!("task-8"), stall: Some(ended), budget_start: None };
    journal.set_pending(&lease, 1, &again, None, later()).await.unwrap();
    assert_eq!(attempts().await, (0, None));
}

#[tokio::test]
async fn a_completed_entry_does_not_change() {
    let house = house(1).await;
    let (_, lease) = house.claim(house.host).await.unwrap();
    let journal = house.journal();
    let not_open =
        |result: Result<(), Error>| assert!(matches!(result, Err(Error::NotOpen { seq: 1, .. })), "{result:?}");
    not_open(journal.finish(&lease, 1, &Ok(json!(1))).await);
    journal.write(&lease, &effect(1)).await.unwrap();
    assert!(journal.write(&lease, &effect(1)).await.is_err());
    journal.finish(&lease, 1, &Ok(json!(1))).await.unwrap();
    not_open(journal.finish(&lease, 1, &Ok(json!(2))).await);
    not_open(journal.set_pending(&lease, 1, &running(json!(1)), None, later()).await);
    not_open(journal.set_pending(&lease, 1, &stalled("x"), None, later()).await);
    assert_eq!(journal.load(&lease).await.unwrap()[0].state, State::Done(Ok(json!(1))));
    let over = effect(workflow::MAX_ENTRIES + 1);
    assert!(matches!(journal.write(&lease, &over).await, Err(Error::Full)));
    let mut app = house.database.as_role("eaf_app").await;
    sqlx::query("select set_config('app.tenant_id', $1, false)")
        .bind(house.acme.to_string())
        .execute(&mut app)
        .await
        .unwrap();
    for sql in [
        "delete from eaf.journal",
        "update eaf.journal set args = ''",
        "update eaf.journal set seq = 9",
        "delete from eaf.run",
    ] {
        assert!(sqlx::query(sql).execute(&mut app).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn an_expired_lease_can_be_claimed_and_fences_off_its_former_host() {
    let house = house(1).await;
    let (core, journal) = (&house.core, house.journal());
    let (db, feed) = (&core.db, &core.feed);
    let (_, paused) = house.claim(house.host).await.unwrap();
    let other = HostId(core.ambient.uuid());
    assert!(house.claim(other).await.is_none());
    journal.write(&paused, &effect(1)).await.unwrap();

    house.expire(paused.run).await;
    // An expired lease that no host has claimed can be renewed.
    workflow::renew(db, &paused).await.unwrap();
    assert!(house.claim(other).await.is_none());

    house.expire(paused.run).await;
    assert_eq!(workflow::health(db).await.unwrap()[0].overdue, 0);
    let (_, lease) = house.claim(other).await.unwrap();
    assert!(lease.fence > paused.fence);
    let fenced = |result: Result<(), Error>| assert!(matches!(result, Err(Error::Fenced)), "{result:?}");
    fenced(workflow::renew(db, &paused).await);
    fenced(workflow::release(db, feed, &paused).await);
    fenced(journal.write(&paused, &effect(2)).await);
    fenced(journal.set_pending(&paused, 1, &running(json!(1)), None, later()).await);
    fenced(journal.set_pending(&paused, 1, &stalled("x"), None, later()).await);
    fenced(journal.finish(&paused, 1, &Ok(json!(1))).await);
    fenced(workflow::suspend(db, &paused, AT_ONCE, &waiting("x"), Attempt::Continue).await);
    fenced(workflow::suspend(db, &paused, AT_ONCE, &waiting("x"), Attempt::Count).await);
    fenced(workflow::complete(db, &core.keyring, &paused, &json!(1)).await);
    fenced(workflow::fail(db, &paused, &Failure::from_parts(Class::Permanent, "x", "x")).await);
    fenced(workflow::stop(db, &paused, &Divergence::returned_before(&effect(1))).await);
    fenced(journal.load(&paused).await.map(drop));

    assert_eq!(journal.load(&lease).await.unwrap(), [effect(1)]);
}

#[tokio::test]
async fn a_suspended_run_shows_its_wait_and_wakes_on_time_or_by_a_wake() {
    let house = house(1).await;
    let core = &house.core;
    let (db, feed) = (&core.db, &core.feed);
    let (_, lease) = house.claim(house.host).await.unwrap();
    let (hour, unreachable) = (Duration::from_secs(3_600), waiting("vcenter-unreachable"));
    workflow::suspend(db, &lease, hour, &unreachable, Attempt::Continue).await.unwrap();
    assert!(house.claim(house.host).await.is_none());
    let run = workflow::find(db, house.acme, lease.run).await.unwrap().unwrap();
    assert_eq!((run.state, run.waiting), (RunState::Waiting, Some(unreachable)));

    workflow::wake(db, feed, house.acme, lease.run).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), core.feed.run_due()).await.unwrap();
    let (_, lease) = house.claim(house.host).await.unwrap();
    // A wake of a claimed run changes nothing.
    workflow::wake(db, feed, house.acme, lease.run).await.unwrap();
    assert!(house.claim(HostId(core.ambient.uuid())).await.is_none());

    workflow::suspend(db, &lease, AT_ONCE, &waiting("trap"), Attempt::Count).await.unwrap();
    let (run, lease) = house.claim(house.host).await.unwrap();
    assert_eq!(run.attempts, 1);
    workflow::suspend(db, &lease, AT_ONCE, &waiting("timer"), Attempt::Continue).await.unwrap();
    assert_eq!(house.claim(house.host).await.unwrap().0.attempts, 0, "it went on");
}

#[tokio::test]
async fn a_run_asleep_for_three_days_wakes_when_the_clock_was_moved() {
    let house = house(2).await;
    let core = &house.core;
    let (db, feed) = (&core.db, &core.feed);
    let (_, asleep) = house.claim(house.host).await.unwrap();
    let (_, executed) = house.claim(house.host).await.unwrap();
    let days = Duration::from_secs(3 * 24 * 3_600);
    workflow::suspend(db, &asleep, days, &waiting("timer"), Attempt::Continue).await.unwrap();
    assert!(house.claim(house.host).await.is_none());

    assert_eq!(workflow::wake_all(db, feed, house.acme).await.unwrap(), 1, "not the one that is executed");
    tokio::time::timeout(Duration::from_secs(2), core.feed.run_due()).await.expect("the engine looks at once");
    let (run, lease) = house.claim(house.host).await.expect("it is due");
    assert_eq!((run.id, run.attempts), (asleep.run, 0));
    // A run whose time has not come suspends again, and another wake finds it.
    workflow::suspend(db, &lease, days, &waiting("timer"), Attempt::Continue).await.unwrap();
    workflow::suspend(db, &executed, days, &waiting("timer"), Attempt::Continue).await.unwrap();
    assert_eq!(workflow::wake_all(db, feed, house.acme).await.unwrap(), 2);
    assert_eq!(workflow::wake_all(db, feed, house.acme).await.unwrap(), 0);
}

#[tokio::test]
async fn an_ended_run_is_not_claimed_and_shows_its_result() {
    let house = house(3).await;
    let core = &house.core;
    let mut leases = Vec::new();
    while let Some((_, lease)) = house.claim(house.host).await {
        leases.push(lease);
    }
    let divergence = Divergence { sequence: 2, recorded: "vsphere.clone".into(), replayed: Some("mail.send".into()) };
    workflow::complete(&core.db, &core.keyring, &leases[0], &json!({"name": CANARY})).await.unwrap();
    let failure = Failure::from_parts(Class::Configuration, "no-template", CANARY);
    workflow::fail(&core.db, &leases[1], &failure).await.unwrap();
    workflow::stop(&core.db, &leases[2], &divergence).await.unwrap();
    assert!(house.claim(house.host).await.is_none());
    assert!(matches!(workflow::renew(&core.db, &leases[0]).await, Err(Error::Fenced)));
    let state = async |lease: &Lease| {
        let run = workflow::find(&core.db, house.acme, lease.run).await.unwrap().unwrap();
        (run.state, run.failure)
    };
    assert_eq!(state(&leases[0]).await, (RunState::Done, None));
    let failure = json!({"class": "configuration", "code": "no-template"});
    assert_eq!(state(&leases[1]).await, (RunState::Failed, Some(failure)));
    let both = json!({"seq": 2, "journal": "vsphere.clone", "call": "mail.send"});
    assert_eq!(state(&leases[2]).await, (RunState::Stopped, Some(both)));
    assert!(!dump::table(&house.database, "eaf.run").await.contains(CANARY));
    let counts = workflow::health(&core.db).await.unwrap();
    let counts: Vec<_> = counts.iter().map(|count| (count.state.as_str(), count.runs, count.overdue)).collect();
    assert_eq!(counts, [("done", 1, 0), ("failed", 1, 0), ("stopped", 1, 0)]);
    let globex = add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
    assert!(workflow::list(&core.db, globex, None, None, 10).await.unwrap().is_empty());
    assert!(workflow::find(&core.db, globex, leases[0].run).await.unwrap().is_none());

    let page = workflow::list(&core.db, house.acme, None, None, 2).await.unwrap();
    let last = page.last().map(|run| (run.created_at, run.id));
    let rest = workflow::list(&core.db, house.acme, None, last, 2).await.unwrap();
    assert_eq!((page.len(), rest.len()), (2, 1));
    assert_eq!(workflow::list(&core.db, house.acme, Some("order-1"), None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_journal_is_sealed_and_unreadable_without_its_subjects_key() {
    let house = house(1).await;
    let (core, journal) = (&house.core, house.journal());
    let (_, lease) = house.claim(house.host).await.unwrap();
    journal.write(&lease, &known(1, json!({"read": CANARY}))).await.unwrap();
    journal.write(&lease, &effect(2)).await.unwrap();
    journal.set_pending(&lease, 2, &running(json!({"task": CANARY})), None, later()).await.unwrap();
    journal.finish(&lease, 2, &Ok(json!({"name": CANARY}))).await.unwrap();
    let dump = dump::table(&house.database, "eaf.journal").await;
    assert!(dump.contains("vsphere") && dump.contains("machine-1") && !dump.contains(CANARY), "{dump}");

    let mut tx = core.db.tenant(house.acme).await.unwrap();
    core.keyring.destroy(&mut tx, lease.subject).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(journal.load(&lease).await, Err(Error::Erased(_))));
}

#[tokio::test]
async fn a_run_with_an_unreadable_event_delays_no_other_run() {
    let house = house(2).await;
    let mut conn = house.database.superuser().await;
    sqlx::query("update eaf.run set event_pos = 99 where key = 'order-0'").execute(&mut conn).await.unwrap();
    assert!(house.claim(house.host).await.is_none());
    assert_eq!(house.claim(house.host).await.unwrap().0.key, "order-1");
    let shown = workflow::list(&house.core.db, house.acme, Some("order-0"), None, 1).await.unwrap().remove(0);
    assert_eq!((shown.state, shown.waiting.unwrap().code.as_str()), (RunState::Waiting, "event-unreadable"));
}
