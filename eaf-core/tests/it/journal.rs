//! The journal and its leases: what a crash, a pause and a thief find.

use crate::dump;
use crate::toy::{Toy, ordered, record};
use eaf_core::Core;
use eaf_core::directory::add_tenant;
use eaf_core::id::{HostId, RunId, TenantId};
use eaf_core::projection::prepare;
use eaf_core::testing::Database;
use eaf_core::workflow::{self, Divergence, Error, Finished, Lease, NewEntry, Reason, Run, RunState, State, Wake};
use serde_json::{Map, Value, json};
use std::time::Duration;

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
    let host = HostId(core.world.uuid());
    House { core, acme, host, database }
}

impl House {
    async fn claim(&self, host: HostId) -> Option<(Run, Lease)> {
        workflow::claim(&self.core, host, workflow::LEASE, &["toy".into()], 1).await.unwrap().pop()
    }

    /// As if the lease had run out: the database's clock decides, so the test turns that.
    async fn expire(&self, run: RunId) {
        let mut conn = self.database.superuser().await;
        sqlx::query("update eaf.run set lease_until = now() - interval '1 second' where run_id = $1")
            .bind(run)
            .execute(&mut conn)
            .await
            .unwrap();
    }
}

fn effect(seq: i32) -> NewEntry {
    NewEntry {
        seq,
        capability: "vsphere".into(),
        grant: Some("vcenter".into()),
        function: "clone".into(),
        args: json!({"name": CANARY}),
        idempotency_key: format!("run/{seq}"),
        target: Some("machine-1".into()),
        result: None,
    }
}

fn known(seq: i32, result: Value) -> NewEntry {
    let result = Some(Finished { result, outcome: "ok".into(), detail: None });
    NewEntry {
        capability: "flow".into(),
        grant: None,
        function: "now".into(),
        args: Value::Null,
        target: None,
        result,
        ..effect(seq)
    }
}

fn done(result: Value) -> Finished {
    Finished { result, outcome: "ok".into(), detail: None }
}

fn reason(code: &str) -> Reason {
    Reason { code: code.into(), params: Map::new() }
}

#[tokio::test]
async fn a_replay_reads_the_calls_in_order_each_as_far_as_it_came() {
    let house = house(1).await;
    let (run, lease) = house.claim(house.host).await.unwrap();
    assert_eq!((run.key.as_str(), run.workflow.as_str(), run.attempts), ("order-0", "act", 0));
    let core = &house.core;
    workflow::intend(core, &lease, &[known(1, json!(1_700)), effect(2)]).await.unwrap();
    workflow::pend(core, &lease, 2, &json!({"task": "task-7"}), Duration::from_secs(2)).await.unwrap();
    workflow::progress(core, &lease, 2, Some(40), Duration::from_secs(2)).await.unwrap();
    workflow::progress(core, &lease, 2, Some(10), Duration::from_secs(2)).await.unwrap();
    workflow::intend(core, &lease, &[effect(3)]).await.unwrap();
    workflow::finish(core, &lease, 3, &done(json!({"ip": "10.0.0.1"}))).await.unwrap();
    workflow::intend(core, &lease, &[effect(4)]).await.unwrap();
    workflow::retry(core, &lease, 4, "unreachable", Duration::from_secs(1)).await.unwrap();
    workflow::retry(core, &lease, 4, "unreachable", Duration::from_secs(1)).await.unwrap();

    let entries = workflow::load(core, &lease).await.unwrap();
    let states: Vec<_> = entries.iter().map(|entry| (entry.seq, entry.state)).collect();
    assert_eq!(states, [(1, State::Done), (2, State::Pending), (3, State::Done), (4, State::Intent)]);
    assert_eq!(entries[0].result, Some(json!(1_700)));
    assert_eq!(entries[1].handle, Some(json!({"task": "task-7"})));
    assert_eq!((entries[1].progress, entries[1].result.clone()), (Some(40), None));
    assert_eq!(entries[1].args, json!({"name": CANARY}));
    assert_eq!(entries[2].result, Some(json!({"ip": "10.0.0.1"})));
    assert_eq!((entries[3].attempts, entries[3].retry_code.as_deref()), (2, Some("unreachable")));
    assert!(entries[3].retry_at.is_some() && entries[1].poll_at.is_some());

    let shown = workflow::entries(core, house.acme, lease.run).await.unwrap();
    assert_eq!((shown[1].call.as_str(), shown[1].target.as_deref()), ("vsphere.clone", Some("machine-1")));
    assert_eq!(shown[2].outcome.as_deref(), Some("ok"));
}

#[tokio::test]
async fn what_is_done_stays_as_it_is() {
    let house = house(1).await;
    let (_, lease) = house.claim(house.host).await.unwrap();
    let core = &house.core;
    let not_open =
        |result: Result<(), Error>| assert!(matches!(result, Err(Error::NotOpen { seq: 1, .. })), "{result:?}");
    not_open(workflow::finish(core, &lease, 1, &done(json!(1))).await);
    workflow::intend(core, &lease, &[effect(1)]).await.unwrap();
    assert!(workflow::intend(core, &lease, &[effect(1)]).await.is_err());
    workflow::finish(core, &lease, 1, &done(json!(1))).await.unwrap();
    not_open(workflow::finish(core, &lease, 1, &done(json!(2))).await);
    not_open(workflow::pend(core, &lease, 1, &json!(1), Duration::ZERO).await);
    not_open(workflow::retry(core, &lease, 1, "x", Duration::ZERO).await);
    assert_eq!(workflow::load(core, &lease).await.unwrap()[0].result, Some(json!(1)));
    assert!(matches!(workflow::intend(core, &lease, &[effect(2_001)]).await, Err(Error::Full)));
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
async fn a_lease_is_one_hosts_until_it_runs_out_and_then_the_fence_holds_the_first_one_off() {
    let house = house(1).await;
    let core = &house.core;
    let (_, paused) = house.claim(house.host).await.unwrap();
    let other = HostId(core.world.uuid());
    assert!(house.claim(other).await.is_none());
    workflow::intend(core, &paused, &[effect(1)]).await.unwrap();

    house.expire(paused.run).await;
    // Run out, but nobody has taken it: harmless, and a renewal keeps others away again.
    workflow::renew(core, &paused).await.unwrap();
    assert!(house.claim(other).await.is_none());

    house.expire(paused.run).await;
    assert_eq!(workflow::health(core).await.unwrap()[0].overdue, 0);
    let (_, lease) = house.claim(other).await.unwrap();
    assert!(lease.fence > paused.fence);
    let fenced = |result: Result<(), Error>| assert!(matches!(result, Err(Error::Fenced)), "{result:?}");
    fenced(workflow::renew(core, &paused).await);
    fenced(workflow::release(core, &paused).await);
    fenced(workflow::intend(core, &paused, &[effect(2)]).await);
    fenced(workflow::pend(core, &paused, 1, &json!(1), Duration::ZERO).await);
    fenced(workflow::progress(core, &paused, 1, None, Duration::ZERO).await);
    fenced(workflow::retry(core, &paused, 1, "x", Duration::ZERO).await);
    fenced(workflow::finish(core, &paused, 1, &done(json!(1))).await);
    fenced(workflow::suspend(core, &paused, Wake::After(Duration::ZERO), &reason("x")).await);
    fenced(workflow::retry_run(core, &paused, Duration::ZERO, &reason("x")).await);
    fenced(workflow::complete(core, &paused, &json!(1)).await);
    fenced(workflow::fail(core, &paused, "permanent", "x").await);
    fenced(workflow::stop(core, &paused, &Divergence { seq: 1, journal: None, call: None }).await);
    fenced(workflow::load(core, &paused).await.map(drop));

    let entries = workflow::load(core, &lease).await.unwrap();
    assert_eq!(entries.iter().map(|entry| (entry.seq, entry.state)).collect::<Vec<_>>(), [(1, State::Intent)]);
}

#[tokio::test]
async fn a_sleeping_run_says_why_and_wakes_in_time_or_when_it_is_woken() {
    let house = house(1).await;
    let core = &house.core;
    let (_, lease) = house.claim(house.host).await.unwrap();
    let hour = Wake::After(Duration::from_secs(3_600));
    workflow::suspend(core, &lease, hour, &reason("vcenter-unreachable")).await.unwrap();
    assert!(house.claim(house.host).await.is_none());
    let run = workflow::find(core, house.acme, lease.run).await.unwrap().unwrap();
    assert_eq!((run.state, run.waiting.unwrap().code.as_str()), (RunState::Waiting, "vcenter-unreachable"));

    workflow::wake(core, house.acme, lease.run).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), core.feed.run_due()).await.unwrap();
    let (_, lease) = house.claim(house.host).await.unwrap();
    // A wake-up while it is at work changes nothing.
    workflow::wake(core, house.acme, lease.run).await.unwrap();
    assert!(house.claim(HostId(core.world.uuid())).await.is_none());

    workflow::retry_run(core, &lease, Duration::ZERO, &reason("trap")).await.unwrap();
    let (run, lease) = house.claim(house.host).await.unwrap();
    assert_eq!(run.attempts, 1);
    workflow::suspend(core, &lease, Wake::At(core.world.now() - Duration::from_secs(1)), &reason("timer"))
        .await
        .unwrap();
    assert!(house.claim(house.host).await.is_some());
}

#[tokio::test]
async fn a_run_that_is_over_is_claimed_no_more_and_shows_how_it_ended() {
    let house = house(3).await;
    let core = &house.core;
    let mut leases = Vec::new();
    while let Some((_, lease)) = house.claim(house.host).await {
        leases.push(lease);
    }
    let divergence = Divergence { seq: 2, journal: Some("vsphere.clone".into()), call: Some("mail.send".into()) };
    workflow::complete(core, &leases[0], &json!({"name": CANARY})).await.unwrap();
    workflow::fail(core, &leases[1], "configuration", "no-template").await.unwrap();
    workflow::stop(core, &leases[2], &divergence).await.unwrap();
    assert!(house.claim(house.host).await.is_none());
    assert!(matches!(workflow::renew(core, &leases[0]).await, Err(Error::Fenced)));
    let state = async |lease: &Lease| {
        let run = workflow::find(core, house.acme, lease.run).await.unwrap().unwrap();
        (run.state, run.failure)
    };
    assert_eq!(state(&leases[0]).await, (RunState::Done, None));
    let failure = json!({"class": "configuration", "code": "no-template"});
    assert_eq!(state(&leases[1]).await, (RunState::Failed, Some(failure)));
    let both = json!({"seq": 2, "journal": "vsphere.clone", "call": "mail.send"});
    assert_eq!(state(&leases[2]).await, (RunState::Stopped, Some(both)));
    assert!(!dump::table(&house.database, "eaf.run").await.contains(CANARY));
    let counts = workflow::health(core).await.unwrap();
    let counts: Vec<_> = counts.iter().map(|count| (count.state.as_str(), count.runs, count.overdue)).collect();
    assert_eq!(counts, [("done", 1, 0), ("failed", 1, 0), ("stopped", 1, 0)]);
    let globex = add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
    assert!(workflow::list(core, globex, None, None, 10).await.unwrap().is_empty());
    assert!(workflow::find(core, globex, leases[0].run).await.unwrap().is_none());

    let page = workflow::list(core, house.acme, None, None, 2).await.unwrap();
    let last = page.last().map(|run| (run.created_at, run.id));
    let rest = workflow::list(core, house.acme, None, last, 2).await.unwrap();
    assert_eq!((page.len(), rest.len()), (2, 1));
    assert_eq!(workflow::list(core, house.acme, Some("order-1"), None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_journal_is_sealed_at_rest_and_ends_with_its_subjects_key() {
    let house = house(1).await;
    let core = &house.core;
    let (_, lease) = house.claim(house.host).await.unwrap();
    workflow::intend(core, &lease, &[known(1, json!({"read": CANARY})), effect(2)]).await.unwrap();
    workflow::pend(core, &lease, 2, &json!({"task": CANARY}), Duration::ZERO).await.unwrap();
    workflow::finish(core, &lease, 2, &done(json!({"name": CANARY}))).await.unwrap();
    let dump = dump::table(&house.database, "eaf.journal").await;
    assert!(dump.contains("vsphere") && dump.contains("machine-1") && !dump.contains(CANARY), "{dump}");

    let mut tx = core.db.tenant(house.acme).await.unwrap();
    core.keyring.destroy(&mut tx, lease.subject).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(workflow::load(core, &lease).await, Err(Error::Erased(_))));
}

#[tokio::test]
async fn a_run_whose_event_cannot_be_read_keeps_no_other_waiting() {
    let house = house(2).await;
    let mut conn = house.database.superuser().await;
    sqlx::query("update eaf.run set event_pos = 99 where key = 'order-0'").execute(&mut conn).await.unwrap();
    assert!(house.claim(house.host).await.is_none());
    assert_eq!(house.claim(house.host).await.unwrap().0.key, "order-1");
    let shown = workflow::list(&house.core, house.acme, Some("order-0"), None, 1).await.unwrap().remove(0);
    assert_eq!((shown.state, shown.waiting.unwrap().code.as_str()), (RunState::Waiting, "event-unreadable"));
}
