//! Tests of the erasure of a person: the person's fields become unreadable everywhere, and the log
//! remains unchanged.

use crate::command_bus::House as Guestbook;
use crate::toy::{Toy, home, record, record_sealed, upsert};
use eaf_core::command_bus::Request;
use eaf_core::consumers::{self, Runner, Step, prepare, rebuild, status};
use eaf_core::contract::Domain;
use eaf_core::crypto::key_cache_grace;
use eaf_core::crypto::personal;
use eaf_core::directory::{NewMember, add_tenant};
use eaf_core::erasure::Error;
use eaf_core::event_store::{self, new_epoch, read_after};
use eaf_core::id::{ActorId, TenantId};
use eaf_core::live::{PlatformFeed, Vector};
use eaf_core::testing::{Database, person};
use eaf_core::view::{self, PackageView, Query};
use eaf_core::{Core, actor::Locale};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn member(name: &str) -> NewMember {
    NewMember {
        issuer: "https://id.example".into(),
        subject: name.into(),
        name: name.into(),
        email: format!("{name}@example.org"),
        locale: Locale::De,
        roles: vec![],
    }
}

/// Runs a host until no consumer lags and no rebuild is scheduled.
async fn work(core: &Core) {
    let domains: Vec<Arc<dyn Domain>> = vec![Arc::new(Toy::new())];
    let running = tokio::spawn(Runner::new(Arc::new(core.clone()), domains).run(std::future::pending()));
    let deadline = Instant::now() + PATIENCE;
    while status(&core.db, core.ambient.now()).await.unwrap().iter().any(|copy| copy.tenants_behind > 0) {
        assert!(Instant::now() < deadline, "{:#?}", status(&core.db, core.ambient.now()).await.unwrap());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.abort();
}

pub async fn names(core: &Core, tenant: TenantId) -> Vec<String> {
    let query = Query { filters: vec![], search: None, sort: None, after: None, limit: 200 };
    let caller = person(tenant, &["toy.read"]);
    let page = view::query(&core.db, &caller, PackageView::alone("toy", Toy::new().view()), &query).await.unwrap();
    page.items.iter().map(|row| row.columns["name"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Records an event that puts a person's name into a row of the view. The name is sealed under that
/// person's key, as the command bus does.
pub async fn record_named(core: &Core, tenant: TenantId, key: &str, who: ActorId, name: &str) {
    let personal = json!({ "type": "string", "x-eaf-personal": { "subject": "owner" } });
    let row = json!({ "type": "object", "properties": { "owner": { "type": "string" }, "name": personal } });
    let schema = json!({ "type": "object", "properties": { "row": row } });
    record_sealed(core, tenant, upsert(key, json!({ "owner": who, "name": name })), &schema).await;
}

/// Reads all events of a tenant's log and opens them without cached keys.
async fn log(core: &Core, tenant: TenantId) -> String {
    let mut tx = core.db.tenant(tenant).await.unwrap();
    let mut text = String::new();
    for event in read_after(&mut tx, 0, 100).await.unwrap() {
        text += &event.open(&core.keyring, &mut tx).await.unwrap().data.to_string();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_clears_the_views_and_leaves_the_log_unchanged() {
    let (database, core, _, tenant) = home().await;
    let anna = core.directory.put_member(&core.by, tenant, member("Canary-Anna")).await.unwrap();
    let ben = core.directory.put_member(&core.by, tenant, member("Ben")).await.unwrap();
    record_named(&core, tenant, "a", anna, "Canary-Anna").await;
    record_named(&core, tenant, "b", ben, "Ben").await;
    work(&core).await;
    assert_eq!(names(&core, tenant).await, ["Canary-Anna", "Ben"]);
    let before = eaf_core::verify::verify(&core.db, tenant, |_| ()).await.unwrap();

    let views = core.erasure.erase(&core.by, tenant, anna, Duration::ZERO).await.unwrap();
    assert_eq!(core.erasure.finish(tenant, anna, views).await.unwrap(), None, "the views still show it");
    work(&core).await;
    let certificate = core.erasure.finish(tenant, anna, views).await.unwrap().expect("done");
    assert_eq!(names(&core, tenant).await, ["", "Ben"], "the other person remains");
    assert_eq!((certificate.person, certificate.events, certificate.views), (anna, 1, 2));
    let chain = (&certificate.chain.head, &certificate.chain.findings);
    assert_eq!(chain, (&before.head, &before.findings), "not a link has changed");

    // The name is in no row, and no event opens with the master key.
    let everything: String = database.dump().await.into_iter().map(|(_, rows)| rows).collect();
    let opened = log(&database.core().await, tenant).await;
    assert!(everything.contains("Ben") && !everything.contains("Canary"), "in clear somewhere");
    assert!(opened.contains("Ben") && !opened.contains("Canary"), "still opens somewhere");
    // A copy that starts during the key cache grace is rebuilt after it.
    rebuild::begin(&core.db, &core.by, "toy", "things").await.unwrap();
    work(&core).await;
    let due = "select count(*) from eaf.checkpoint where rebuild_at > now() + interval '30 s'";
    let due: i64 = sqlx::query_scalar(due).fetch_one(&mut database.superuser().await).await.unwrap();
    assert_eq!(due, 1);
    rebuild::cancel(&core.db, &core.by, &[tenant], "toy", "things").await.unwrap();

    // Repeating the erasure changes nothing.
    core.erasure.erase(&core.by, tenant, anna, Duration::ZERO).await.unwrap();
    work(&core).await;
    assert_eq!(names(&core, tenant).await, ["", "Ben"]);
}

#[tokio::test]
async fn the_certificate_counts_the_sealed_rows_of_the_person() {
    let house = Guestbook::open().await;
    let tenant = house.anna.tenant;
    let erased = house.core.directory.put_member(&house.core.by, tenant, member("Dora")).await.unwrap();
    let dora = eaf_core::actor::Caller { actor: erased, ..person(tenant, &[]) };
    let request = Request {
        name: "sign".into(),
        body: json!({ "note": "Canary-Note" }),
        idempotency_key: "k".into(),
        dry_run: false,
        precondition: None,
    };
    house.core.bus.execute(&house.book, &dora, request).await.unwrap();
    let mut tx = house.core.db.tenant(tenant).await.unwrap();
    let event = read_after(&mut tx, 0, 1).await.unwrap().remove(0);
    assert_eq!(personal::subjects(&event.data).into_iter().collect::<Vec<_>>(), [erased]);
    drop(tx);

    let views = house.core.erasure.erase(&house.core.by, tenant, erased, Duration::ZERO).await.unwrap();
    let certificate = house.core.erasure.finish(tenant, erased, views).await.unwrap().unwrap();
    assert_eq!((certificate.events, certificate.ledger_rows, certificate.views), (1, 1, 0));
    let text = serde_json::to_string(&certificate).unwrap();
    assert!(!text.contains("Dora") && !text.contains("Canary"), "{text}");
    assert_eq!(certificate.sha256.len(), 64);
}

#[tokio::test]
async fn an_erasure_in_a_tenant_without_events_finishes() {
    let (_database, core, _, tenant) = home().await;
    let erased = core.directory.put_member(&core.by, tenant, member("Dora")).await.unwrap();
    let views = core.erasure.erase(&core.by, tenant, erased, Duration::ZERO).await.unwrap();
    assert_eq!(views, 0);
    assert!(core.erasure.finish(tenant, erased, views).await.unwrap().is_some());
}

#[tokio::test]
async fn a_view_that_becomes_inactive_before_its_rebuild_is_cleared() {
    let (database, core, _, tenant) = home().await;
    let erased = core.directory.put_member(&core.by, tenant, member("Dora")).await.unwrap();
    record(&core, tenant, vec![upsert("a", json!({"name": "Dora"}))]).await;
    work(&core).await;
    let rows = format!(
        "select count(*) from eaf_view.{}",
        sqlx::query_scalar::<_, String>("select table_name from eaf.view_copy")
            .fetch_one(&mut database.superuser().await)
            .await
            .unwrap()
    );
    let rows = async || -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(rows.clone())).fetch_one(&mut database.superuser().await).await.unwrap()
    };
    assert_eq!(rows().await, 1);
    let views = core.erasure.erase(&core.by, tenant, erased, Duration::from_secs(65)).await.unwrap();
    assert!(core.erasure.finish(tenant, erased, views).await.unwrap().is_none(), "it waits for its folding");
    prepare(&core.db, &Toy::without_views()).await.unwrap();
    assert!(core.erasure.finish(tenant, erased, views).await.unwrap().is_some());
    assert_eq!(rows().await, 0);
}

#[tokio::test]
async fn a_person_who_was_never_a_member_can_be_erased() {
    let (_database, core, toy, tenant) = home().await;
    let guest = ActorId(core.ambient.uuid());
    record_named(&core, tenant, "a", guest, "Canary-Guest").await;
    core.consumers.project_batch(&toy, tenant, "things").await.unwrap();
    assert_eq!(names(&core, tenant).await, ["Canary-Guest"]);
    core.erasure.erase(&core.by, tenant, guest, Duration::ZERO).await.unwrap();
    core.consumers.project_batch(&toy, tenant, "things").await.unwrap();
    assert_eq!(names(&core, tenant).await, [""]);
}

#[tokio::test]
async fn an_unknown_person_cannot_be_erased() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let tenant = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    let refused = core.erasure.erase(&core.by, tenant, ActorId(core.ambient.uuid()), key_cache_grace()).await;
    assert!(matches!(refused, Err(Error::NoPerson)), "{refused:?}");
}

/// Tests a restore that loses the last event, so that checkpoints and followers are at a position
/// after the end of the log.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_views_and_followers_recover_in_a_new_epoch() {
    let (database, core, _, tenant) = home().await;
    record(&core, tenant, vec![upsert("a", json!({"name": "A"})), upsert("b", json!({"name": "B"}))]).await;
    let lost = record(&core, tenant, vec![upsert("c", json!({"name": "C"}))]).await;
    let quiet = add_tenant(&core.db, &core.by, "quiet", "Quiet").await.unwrap();
    record(&core, quiet, vec![upsert("q", json!({}))]).await;
    work(&core).await;
    let mut feed = PlatformFeed::after(&core.db, &core.doorbell, Vector::default());
    feed.poll().await.unwrap();
    // The log is restored without its checkpoints: the worst case, harder than a restore of the
    // database.
    database.run("delete from eaf.event where pos = 3; delete from eaf.ledger where last_pos = 3").await;
    assert_eq!(new_epoch(&core.db, &core.by).await.unwrap(), 2);
    assert_eq!(event_store::epoch(&core.db).await.unwrap(), 2);
    let lagging = async || -> i64 {
        let query = "select count(*) from eaf.lagging_consumers() where view is not null";
        sqlx::query_scalar(query).fetch_one(&mut database.superuser().await).await.unwrap()
    };
    assert_eq!(lagging().await, 4, "two views of two tenants, one without new events");

    work(&core).await;
    assert_eq!(lagging().await, 0);
    assert_eq!(names(&core, tenant).await, ["A", "B"], "what is not in the log is not in a view");
    let view = Toy::new();
    let refused = consumers::wait_for(&core.db, &core.feed, tenant, "toy", view.view(), lost, PATIENCE).await;
    assert!(matches!(refused, Err(view::Error::OtherEpoch)), "{refused:?}");
    let again = feed.poll().await.unwrap();
    let again = again.iter().find(|appended| appended.tenant == tenant).expect("the restored log");
    assert_eq!((again.last.to_string(), again.restored), ("2-2".into(), true));

    // New events are projected.
    let next = record(&core, tenant, vec![upsert("d", json!({"name": "D"}))]).await;
    assert_eq!(next.to_string(), "2-3");
    work(&core).await;
    consumers::wait_for(&core.db, &core.feed, tenant, "toy", view.view(), next, PATIENCE).await.unwrap();
    assert_eq!(names(&core, tenant).await, ["A", "B", "D"]);
    assert!(consumers::parked(&core.db, tenant).await.unwrap().is_empty());
}

/// Tests a restore after which the log grows to its former length before the checkpoint is read.
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_of_an_earlier_epoch_is_not_valid_in_a_later_one() {
    let (database, core, toy, tenant) = home().await;
    let ordered = |key: &str| ("ordered", json!({ "key": key, "subject": ActorId::SYSTEM }));
    let keep = ["a", "b"].map(|key| upsert(key, json!({ "name": key })));
    record(&core, tenant, keep.into()).await;
    record(&core, tenant, vec![upsert("c", json!({ "name": "lost" })), ordered("lost")]).await;
    let start = async || {
        while let Step::Advanced { .. } = core.consumers.run_trigger_batch(&toy, tenant, "act").await.unwrap() {}
    };
    work(&core).await;
    start().await;
    database.run("delete from eaf.event where pos > 2; delete from eaf.ledger where last_pos > 2").await;
    new_epoch(&core.db, &core.by).await.unwrap();
    record(&core, tenant, vec![upsert("d", json!({ "name": "d" })), ordered("new")]).await;
    work(&core).await;
    assert_eq!(names(&core, tenant).await, ["a", "b", "d"], "as long as before is not as before");
    record(&core, tenant, vec![upsert("e", json!({ "name": "e" })), ordered("newer")]).await;

    work(&core).await;
    assert_eq!(names(&core, tenant).await, ["a", "b", "d", "e"]);
    start().await;
    let keys: Vec<String> =
        sqlx::query_scalar("select key from eaf.run where workflow = 'act' order by event_pos, key")
            .fetch_all(&mut database.superuser().await)
            .await
            .unwrap();
    assert_eq!(keys, ["lost", "new", "newer"], "what had been started, and each new event once");
}
