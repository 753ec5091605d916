//! Tests of connections, grants, mails and packages.

use crate::dump;
use crate::toy::Toy;
use eaf_core::Core;
use eaf_core::actor::TraceId;
use eaf_core::connection::{self, NewConnection};
use eaf_core::contract::Domain;
use eaf_core::directory::add_tenant;
use eaf_core::grant::{self, Grant, Terms};
use eaf_core::id::{ActorId, EventId, RunId, TenantId};
use eaf_core::mail_log::{self, Deferral, Mail, MailFilter, Offer, Status};
use eaf_core::mail_pause;
use eaf_core::package::{self, Package};
use eaf_core::testing::Database;
use serde_json::{Map, Value, json};
use std::time::Duration;

const CANARY: &str = "canary-of-a-password";

async fn house() -> (Database, Core, TenantId, TenantId) {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    let globex = add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
    (database, core, acme, globex)
}

fn vcenter(url: &str, password: Option<&str>) -> NewConnection {
    let secret = |password: &str| Map::from_iter([("password".to_owned(), Value::from(password))]);
    NewConnection {
        capability: "vsphere".into(),
        name: "main".into(),
        config: json!({"url": url, "folder": "EAF"}),
        secret: password.map(secret),
        non_routing_fields: &["folder"],
    }
}

async fn put(core: &Core, tenant: TenantId, new: NewConnection) -> Result<(), connection::Error> {
    let mut tx = core.db.tenant(tenant).await.unwrap();
    core.connections.put(&mut tx, &new, ActorId::SYSTEM).await?;
    tx.commit().await.unwrap();
    Ok(())
}

#[tokio::test]
async fn a_secret_is_sealed_not_listed_and_unchanged_when_omitted() {
    let (database, core, acme, globex) = house().await;
    assert!(matches!(put(&core, acme, vcenter("https://a", None)).await, Err(connection::Error::NoSecret)));
    put(&core, acme, vcenter("https://a", Some(CANARY))).await.unwrap();
    let set_at = core.connections.list(acme).await.unwrap()[0].updated_at;
    let check = async |error| core.connections.record_check(acme, "vsphere", "main", set_at, error).await.unwrap();
    check(Some("the password is wrong")).await;
    let listed = core.connections.list(acme).await.unwrap();
    assert_eq!(listed[0].last_error.as_deref(), Some("the password is wrong"));
    assert!(listed[0].last_check_at.is_some() && !format!("{listed:?}").contains(CANARY));

    let mut moved = vcenter("https://a", None);
    moved.config["folder"] = json!("EAF/acme");
    put(&core, acme, moved).await.unwrap();
    let known = core.connections.get(acme, "vsphere", "main").await.unwrap().unwrap();
    assert_eq!((&known.config["folder"], &known.secret["password"]), (&json!("EAF/acme"), &json!(CANARY)));
    // The result of this check is about the former settings, so it is not stored.
    assert!(core.connections.list(acme).await.unwrap()[0].last_check_at.is_none());
    check(None).await;
    assert!(core.connections.list(acme).await.unwrap()[0].last_check_at.is_none());

    let dump = dump::table(&database, "eaf.connection").await;
    assert!(dump.contains("EAF/acme") && !dump.contains(CANARY), "{dump}");
    assert!(core.connections.get(globex, "vsphere", "main").await.unwrap().is_none());
    assert!(core.connections.list(globex).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_changed_address_requires_the_secret_again() {
    let (_database, core, acme, _) = house().await;
    put(&core, acme, vcenter("https://a", Some(CANARY))).await.unwrap();
    let mut unknown = vcenter("https://a", None);
    unknown.config["proxy"] = json!("https://b");
    let mut without = vcenter("https://a", None);
    without.config = json!({"folder": "EAF"});
    for new in [vcenter("https://b", None), unknown, without] {
        assert!(matches!(put(&core, acme, new).await, Err(connection::Error::SecretNeededAgain)));
    }
    let known = core.connections.get(acme, "vsphere", "main").await.unwrap().unwrap();
    assert_eq!(known.config["url"], "https://a");
    put(&core, acme, vcenter("https://b", Some("another"))).await.unwrap();
}

#[tokio::test]
async fn a_secret_moved_to_another_connection_does_not_open() {
    let (database, core, acme, _) = house().await;
    put(&core, acme, vcenter("https://a", Some(CANARY))).await.unwrap();
    let mut conn = database.superuser().await;
    sqlx::query("update eaf.connection set name = 'other'").execute(&mut conn).await.unwrap();
    let moved = core.connections.get(acme, "vsphere", "other").await;
    assert!(matches!(moved, Err(connection::Error::Crypto { .. })));
}

#[tokio::test]
async fn a_grant_belongs_to_one_tenant_until_it_is_revoked() {
    let (_database, core, acme, globex) = house().await;
    let grant = Grant {
        plugin: "dcm".into(),
        capability: "vsphere".into(),
        name: "vcenter".into(),
        scope: json!({"folder": "acme"}),
        connection: "main".into(),
    };
    let narrower = Grant { scope: json!({"folder": "acme/dcm"}), ..grant.clone() };
    for grant in [&grant, &narrower] {
        let mut tx = core.db.tenant(acme).await.unwrap();
        grant::put(&mut tx, grant, &Terms::default(), &core.by).await.unwrap();
        tx.commit().await.unwrap();
    }
    let granted = async |tenant| {
        let listed = grant::list(&core.db, tenant).await.unwrap().into_iter();
        listed.map(|listed| listed.grant).collect::<Vec<_>>()
    };
    assert_eq!(granted(acme).await, [narrower]);
    assert_eq!(granted(globex).await, []);
    let mut tx = core.db.tenant(acme).await.unwrap();
    grant::remove(&mut tx, "dcm", "vsphere", "vcenter", &core.by).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(granted(acme).await, []);
}

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_mail_is_recorded_before_it_is_sent_and_remains_sent() {
    let (_database, core, acme, globex) = house().await;
    let mail = |id: &str| Mail {
        message_id: id.into(),
        plugin: "dcm".into(),
        template: "request-fulfilled".into(),
        event: EventId(core.ambient.uuid()),
        run: RunId(core.ambient.uuid()),
        sequence: 1,
        recipient: ActorId(core.ambient.uuid()),
        trace: TraceId("0".repeat(32)),
    };
    let (sent, refused) = (mail("<1@eaf>"), mail("<2@eaf>"));
    let status = async |mail: &Mail| mail_log::record(&core.db, acme, mail, core.ambient.now()).await.unwrap().status;
    assert_eq!(status(&sent).await, Status::Pending(None));
    mail_log::offer(&core.db, acme, &sent.message_id, "main", None).await.unwrap();
    let wait = Deferral { error: "unreachable", delay: Duration::from_secs(60), unanswered: 0, of_recipient: false };
    mail_log::defer(&core.db, acme, &sent.message_id, &wait, core.ambient.now()).await.unwrap();
    let waiting = mail_log::list(&core.db, acme, MailFilter::Pending, 10).await.unwrap().remove(0);
    assert_eq!(waiting.status, Status::Pending(Some("unreachable".into())));
    assert!(waiting.next_at.is_some_and(|next| next > waiting.created_at));
    mail_log::offer(&core.db, acme, &sent.message_id, "main", None).await.unwrap();
    mail_log::begin_transmission(&core.db, acme, &sent.message_id).await.unwrap();
    // After a crash the mail may have been sent.
    let crashed = mail_log::record(&core.db, acme, &sent, core.ambient.now()).await.unwrap();
    assert_eq!((crashed.unanswered, crashed.created_at), (1, waiting.created_at));
    mail_log::set_status(&core.db, acme, &sent.message_id, &Status::Sent, Some("4F3A")).await.unwrap();
    assert_eq!(status(&sent).await, Status::Sent);
    mail_log::set_status(&core.db, acme, &sent.message_id, &Status::Failed("late".into()), None).await.unwrap();

    assert_eq!(status(&refused).await, Status::Pending(None));
    mail_log::set_status(&core.db, acme, &refused.message_id, &Status::Failed("550".into()), None).await.unwrap();
    let failed = mail_log::list(&core.db, acme, MailFilter::Failed, 10).await.unwrap();
    assert_eq!(failed.iter().map(|logged| &logged.mail).collect::<Vec<_>>(), [&refused]);
    assert_eq!(failed[0].status, Status::Failed("550".into()));
    let all = mail_log::list(&core.db, acme, MailFilter::All, 10).await.unwrap();
    let first = all.iter().find(|logged| logged.mail == sent).unwrap();
    assert_eq!((&first.status, first.attempts), (&Status::Sent, 2));
    assert_eq!(first.relay.as_deref(), Some("4F3A"));
    assert_eq!(mail_log::recent_offers(&core.db, acme, "main").await.unwrap(), 1);
    assert_eq!(mail_log::recent_offers(&core.db, acme, "other").await.unwrap(), 0);
    assert!(mail_log::list(&core.db, globex, MailFilter::All, 10).await.unwrap().is_empty());

    assert!(mail_log::requeue(&core.db, acme, &refused.message_id, HOUR).await.unwrap());
    assert_eq!(status(&refused).await, Status::Pending(Some("550".into())));
    assert!(!mail_log::requeue(&core.db, acme, &sent.message_id, HOUR).await.unwrap(), "what was sent stays sent");
}

#[tokio::test]
async fn the_age_of_a_mail_is_by_the_hosts_clock_wherever_the_databases_stands() {
    let (_database, core, acme, _) = house().await;
    // The host's clock is 40 days ahead of that of the database, as after a restore or in a demo.
    let host_time = core.ambient.now().replace_nanosecond(0).unwrap() + 40 * 24 * HOUR;
    let mail = Mail {
        message_id: "<1@eaf>".into(),
        plugin: "dcm".into(),
        template: "request-fulfilled".into(),
        event: EventId(core.ambient.uuid()),
        run: RunId(core.ambient.uuid()),
        sequence: 1,
        recipient: ActorId(core.ambient.uuid()),
        trace: TraceId("0".repeat(32)),
    };
    let recorded = mail_log::record(&core.db, acme, &mail, host_time).await.unwrap();
    assert_eq!(recorded.created_at, host_time);
    // A repetition keeps the time, which is the mail's `Date` at every attempt.
    let repeated = mail_log::record(&core.db, acme, &mail, host_time + HOUR).await.unwrap();
    assert_eq!(repeated.created_at, host_time);
}

/// Records a number of pending mails for one call of a run.
async fn mails(core: &Core, tenant: TenantId, run: RunId, sequence: i32, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        let mail = Mail {
            message_id: format!("<{run}-{sequence}-{number}@eaf>"),
            plugin: "dcm".into(),
            template: "request-fulfilled".into(),
            event: EventId(core.ambient.uuid()),
            run,
            sequence,
            recipient: ActorId(core.ambient.uuid()),
            trace: TraceId("0".repeat(32)),
        };
        ids.push(mail_log::record(&core.db, tenant, &mail, core.ambient.now()).await.unwrap().mail.message_id);
    }
    ids
}

#[tokio::test]
async fn a_recipient_of_a_pending_mail_counts_as_notified() {
    let (database, core, acme, _) = house().await;
    let (asked, settled) = (RunId(core.ambient.uuid()), RunId(core.ambient.uuid()));
    for run in [asked, settled] {
        let sql = format!(
            "insert into eaf.run (tenant_id, run_id, plugin, digest, workflow, event_id, event_pos, key, subject, trace)
             values ('{acme}', '{run}', 'dcm', '', 'notify', gen_random_uuid(), 1, 'request-1', gen_random_uuid(), '0')"
        );
        database.run(&sql).await;
    }
    let ids = mails(&core, acme, asked, 1, 2).await;
    let notified = async || mail_log::recipients_of(&core.db, acme, settled, "request-fulfilled").await.unwrap().len();
    assert_eq!(notified().await, 0, "both wait");
    mail_log::offer(&core.db, acme, &ids[0], "main", None).await.unwrap();
    mail_log::begin_transmission(&core.db, acme, &ids[0]).await.unwrap();
    assert_eq!(notified().await, 1, "the server is being given it");
    mail_log::set_status(&core.db, acme, &ids[0], &Status::Sent, None).await.unwrap();
    mail_log::set_status(&core.db, acme, &ids[1], &Status::Skipped, None).await.unwrap();
    assert_eq!(notified().await, 1);
}

#[tokio::test]
async fn concurrent_calls_do_not_exceed_the_rate_per_minute() {
    let (_database, core, acme, _) = house().await;
    let ids = mails(&core, acme, RunId(core.ambient.uuid()), 1, 12).await;
    let offers = ids.iter().map(|id| mail_log::offer(&core.db, acme, id, "main", Some(5)));
    let offers: Vec<_> = futures_util::future::join_all(offers).await.into_iter().map(Result::unwrap).collect();
    let count = |wanted| offers.iter().filter(|offer| **offer == wanted).count();
    assert_eq!((count(Offer::Made), count(Offer::RateReached)), (5, 7));
    mail_log::set_status(&core.db, acme, &ids[0], &Status::Failed("late".into()), None).await.unwrap();
    assert_eq!(mail_log::offer(&core.db, acme, &ids[0], "main", None).await.unwrap(), Offer::NotPending);
    assert!(!mail_log::begin_transmission(&core.db, acme, &ids[0]).await.unwrap(), "settled while it was offered");
}

#[tokio::test]
async fn deferrals_count_from_the_first_and_per_call() {
    let (_database, core, acme, globex) = house().await;
    let run = RunId(core.ambient.uuid());
    let id = mails(&core, acme, run, 1, 1).await.remove(0);
    mails(&core, acme, run, 2, 1).await;
    let known = async || mail_log::find(&core.db, acme, &id).await.unwrap().unwrap();
    let wait = async |of_recipient| {
        let wait = Deferral { error: "e", delay: Duration::from_secs(60), unanswered: 0, of_recipient };
        mail_log::defer(&core.db, acme, &id, &wait, core.ambient.now()).await.unwrap();
        let known = known().await;
        (known.deferrals, known.deferred_since)
    };
    let (first, second) = (wait(true).await, wait(true).await);
    assert!((first.0, second.0) == (1, 2) && first.1.is_some() && first.1 == second.1, "{first:?} {second:?}");
    assert_eq!(wait(false).await, (0, None), "another cause is a break");
    wait(true).await;
    assert!(!mail_log::requeue(&core.db, acme, &id, HOUR).await.unwrap(), "it is pending");
    assert!(mail_log::requeue(&core.db, acme, &id, Duration::ZERO).await.unwrap());
    assert_eq!((known().await.deferrals, known().await.deferred_since, known().await.next_at), (0, None, None));

    let of = async |tenant, sequence| mail_log::pending_of(&core.db, tenant, run, sequence).await.unwrap().len();
    assert_eq!((of(acme, 1).await, of(acme, 2).await, of(acme, 3).await, of(globex, 1).await), (1, 1, 0, 0));
}

#[tokio::test]
async fn a_mail_pause_belongs_to_one_tenant() {
    let (_database, core, acme, globex) = house().await;
    let by = ActorId(core.ambient.uuid());
    for _ in 0..2 {
        let mut tx = core.db.tenant(acme).await.unwrap();
        mail_pause::begin(&mut tx, "main", by).await.unwrap();
        tx.commit().await.unwrap();
    }
    let paused = mail_pause::list(&core.db, acme).await.unwrap();
    assert_eq!(
        paused.iter().map(|pause| (pause.connection.as_str(), pause.paused_by)).collect::<Vec<_>>(),
        [("main", by)]
    );
    assert!(mail_pause::list(&core.db, globex).await.unwrap().is_empty());
    let mut tx = core.db.tenant(acme).await.unwrap();
    mail_pause::end(&mut tx, "main").await.unwrap();
    tx.commit().await.unwrap();
    assert!(mail_pause::list(&core.db, acme).await.unwrap().is_empty());
}

#[tokio::test]
async fn activating_the_active_package_again_changes_nothing() {
    let (database, core, ..) = house().await;
    let package = |digit: &str| Package {
        digest: digit.repeat(64),
        plugin: "toy".into(),
        version: format!("1.{digit}.0"),
        bytes: vec![1, 2, 3],
        description: Toy::new().description().clone(),
    };
    assert!(package::active(&core.db, "toy").await.unwrap().is_none());
    for digit in ["a", "b", "a"] {
        package::store(&core.db, &package(digit)).await.unwrap();
    }
    let activate = async |digit: &str| package::activate(&core.db, "toy", &digit.repeat(64), &core.by).await;
    assert_eq!(activate("a").await.unwrap(), 1);
    assert_eq!(activate("a").await.unwrap(), 1);
    assert_eq!(activate("b").await.unwrap(), 2);
    assert_eq!(activate("a").await.unwrap(), 3);
    assert!(matches!(activate("c").await, Err(package::Error::Unknown { .. })));
    let active = package::active(&core.db, "toy").await.unwrap().unwrap();
    assert_eq!(
        (active.generation, active.digest.as_str(), active.version.as_str()),
        (3, "a".repeat(64).as_str(), "1.a.0")
    );
    let loaded = package::load(&core.db, &active.digest).await.unwrap().unwrap();
    assert_eq!((loaded.bytes, loaded.description.views.len()), (vec![1, 2, 3], 2));

    let mut app = database.as_role("eaf_app").await;
    assert!(sqlx::query("select eaf.activate_package('toy', '', gen_random_uuid())").execute(&mut app).await.is_err());
    assert!(sqlx::query("insert into eaf.package select * from eaf.package").execute(&mut app).await.is_err());
}

#[tokio::test]
async fn a_tenant_above_the_connection_limit_can_change_its_connections() {
    let (database, core, acme, _) = house().await;
    put(&core, acme, vcenter("https://a", Some("secret"))).await.unwrap();
    let more = "insert into eaf.connection (tenant_id, capability, name, config, secret, updated_by)
                select tenant_id, capability, 'more-' || g, config, secret, updated_by
                from eaf.connection, generate_series(1, 60) g";
    database.run(more).await;
    put(&core, acme, vcenter("https://b", Some("secret"))).await.unwrap();
    let another = NewConnection { name: "another".into(), ..vcenter("https://a", Some("secret")) };
    assert!(matches!(put(&core, acme, another).await, Err(connection::Error::TooMany)));
}
