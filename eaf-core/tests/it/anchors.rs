//! Audit and journal are in a chain of their own: what is changed there behind the host's back is found.

use crate::toy::{Toy, ordered, record};
use crate::verify::names;
use eaf_core::actor::TraceId;
use eaf_core::anchor::anchor;
use eaf_core::audit::{self, Entry};
use eaf_core::directory::add_tenant;
use eaf_core::id::{ActorId, HostId, TenantId};
use eaf_core::projection::prepare;
use eaf_core::testing::Database;
use eaf_core::verify::{Report, verify};
use eaf_core::workflow::{self, Finished, NewEntry};
use eaf_core::{Core, trigger};
use serde_json::json;
use sqlx::Connection;

struct House {
    database: Database,
    core: Core,
    acme: TenantId,
}

async fn deny(core: &Core, tenant: TenantId, object: &str) {
    let entry = Entry {
        actor: ActorId::SYSTEM,
        act: "view.list".into(),
        object: object.into(),
        outcome: "denied".into(),
        trace: TraceId("7".repeat(32)),
    };
    let mut tx = core.db.tenant(tenant).await.unwrap();
    audit::record(&mut tx, &entry).await.unwrap();
    tx.commit().await.unwrap();
}

impl House {
    /// Two anchors: of the tenant's making and two denials; of two calls and a third denial. A third call goes on.
    async fn new() -> House {
        let database = Database::fresh().await;
        let core = database.core().await;
        prepare(&core, &Toy::new()).await.unwrap();
        let acme = add_tenant(&core, "acme", "Acme").await.unwrap();
        add_tenant(&core, "globex", "Globex").await.unwrap();
        record(&core, acme, vec![ordered("order-1")]).await;
        deny(&core, acme, "toy/1").await;
        deny(&core, acme, "toy/2").await;
        // Of globex that it was added.
        assert_eq!(anchor(&core).await.unwrap(), 4);

        trigger::run_once(&core, &Toy::new(), acme, "act").await.unwrap();
        let host = HostId(core.world.uuid());
        let claimed = workflow::claim(&core, host, workflow::LEASE, &["toy".into()], 1).await.unwrap().pop();
        let (_, lease) = claimed.unwrap();
        for seq in 1..=3 {
            let call = NewEntry {
                seq,
                capability: "vsphere".into(),
                grant: Some("vcenter".into()),
                function: "clone".into(),
                args: json!({ "name": seq }),
                idempotency_key: format!("run/{seq}"),
                target: Some("machine-1".into()),
                result: None,
            };
            workflow::intend(&core, &lease, &[call]).await.unwrap();
            if seq < 3 {
                let finished = Finished { result: json!({ "ok": seq }), outcome: "ok".into(), detail: None };
                workflow::finish(&core, &lease, seq, &finished).await.unwrap();
            }
        }
        deny(&core, acme, "toy/3").await;
        assert_eq!(anchor(&core).await.unwrap(), 3);
        House { database, core, acme }
    }

    async fn report(&self) -> Report {
        verify(&self.core, self.acme, |_| ()).await.unwrap()
    }

    /// What is found after this was done as superuser, and undone again.
    async fn found_after(&self, tampering: &str) -> Vec<String> {
        let mut root = self.database.superuser().await;
        for table in TABLES {
            let keep = format!("create table kept_{table} as select * from eaf.{table}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(keep)).execute(&mut root).await.unwrap();
        }
        let script = tampering.replace("$TENANT", &format!("'{}'", self.acme));
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut root).await.unwrap();
        let found = names(&self.report().await);
        for table in TABLES {
            let restore = format!(
                "truncate eaf.{table}; insert into eaf.{table} select * from kept_{table}; drop table kept_{table}"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(restore)).execute(&mut root).await.unwrap();
        }
        root.close().await.unwrap();
        assert!(self.report().await.findings.is_empty(), "it was not undone");
        found
    }
}

const TABLES: [&str; 3] = ["audit", "journal", "anchor"];

#[tokio::test]
async fn what_was_recorded_is_anchored_once_and_nothing_is_found() {
    let house = House::new().await;
    assert_eq!(anchor(&house.core).await.unwrap(), 0);
    let report = house.report().await;
    assert_eq!((report.anchors, report.not_anchored, names(&report)), (2, 0, Vec::new()));
    deny(&house.core, house.acme, "toy/4").await;
    let later = house.report().await;
    assert_eq!((later.not_anchored, &later.anchor_head), (1, &report.anchor_head));
    anchor(&house.core).await.unwrap();
    assert_ne!(house.report().await.anchor_head, report.anchor_head);
}

#[tokio::test]
async fn a_changed_or_deleted_row_of_audit_or_journal_is_found() {
    let house = House::new().await;
    for (tampering, expected) in [
        ("delete from eaf.audit where outcome = 'denied' and object = 'toy/1'", vec!["deleted audit 1 1"]),
        ("delete from eaf.audit where tenant_id = $TENANT", vec!["deleted audit 1 3", "deleted audit 2 1"]),
        ("update eaf.audit set outcome = 'ok' where object = 'toy/3'", vec!["altered audit 2"]),
        (
            "update eaf.audit set change = null where act = 'tenant.add' and tenant_id = $TENANT",
            vec!["altered audit 1"],
        ),
        ("update eaf.audit set origin = 'os:x@y' where object = 'toy/2'", vec!["altered audit 1"]),
        // To be anchored anew, as if it had just been written.
        ("update eaf.audit set anchor = null where object = 'toy/2'", vec!["deleted audit 1 1"]),
        ("update eaf.audit set anchor = 9 where object = 'toy/2'", vec!["deleted audit 1 1", "stray audit 1"]),
        ("update eaf.audit set anchor = 2 where object = 'toy/2'", vec!["deleted audit 1 1", "altered audit 2"]),
        ("delete from eaf.journal where seq = 2", vec!["deleted journal 2 1"]),
        ("update eaf.journal set outcome = 'denied' where seq = 1", vec!["altered journal 2"]),
        ("update eaf.journal set result = args where seq = 1", vec!["altered journal 2"]),
        ("update eaf.journal set grant_name = 'other' where seq = 2", vec!["altered journal 2"]),
        // It goes on and is not part of it yet.
        ("update eaf.journal set attempts = 7 where seq = 3", vec![]),
    ] {
        assert_eq!(house.found_after(tampering).await, expected, "{tampering}");
    }
}

#[tokio::test]
async fn an_anchor_that_was_changed_deleted_or_made_for_another_log_is_found() {
    let house = House::new().await;
    for (tampering, expected) in [
        ("delete from eaf.anchor where nr = 1 and tenant_id = $TENANT", vec!["anchor-gap 2 1", "anchor 2"]),
        ("delete from eaf.anchor where nr = 2 and tenant_id = $TENANT", vec!["stray audit 1", "stray journal 2"]),
        ("update eaf.anchor set oldest = '2001-01-01' where nr = 1 and tenant_id = $TENANT", vec!["anchor 1"]),
        ("update eaf.anchor set log_chain = '\\x00' where nr = 2 and tenant_id = $TENANT", vec!["anchor 2", "log 2 1"]),
    ] {
        assert_eq!(house.found_after(tampering).await, expected, "{tampering}");
    }
    // A log that was written anew from its first event on, with hashes that fit.
    house.database.run("update eaf.event set leaf = sha256(leaf), chain = sha256(chain) where pos = 1").await;
    assert!(names(&house.report().await).contains(&"log 1 1".to_owned()));
}

#[tokio::test]
async fn what_retention_deleted_and_recorded_is_no_finding_and_more_is() {
    let house = House::new().await;
    let tomorrow = (house.core.world.now() + time::Duration::days(1)).date();
    let prune = |rows: u32| {
        format!(
            "insert into eaf.audit (tenant_id, actor_id, act, object, outcome, trace_id)
             values ($TENANT, '{}', 'retention.prune', 'denials: {rows} before {tomorrow}', 'ok', '');
             delete from eaf.audit where outcome = 'denied'",
            ActorId::SYSTEM
        )
    };
    assert_eq!(house.found_after(&prune(3)).await, Vec::<String>::new());
    assert_eq!(house.found_after(&prune(2)).await, ["deleted audit 2 1"]);
    let yesterday = prune(3).replace(&tomorrow.to_string(), "2026-01-01");
    assert_eq!(house.found_after(&yesterday).await, ["deleted audit 1 2", "deleted audit 2 1"]);
}

#[tokio::test]
async fn hosts_that_anchor_at_the_same_time_make_one_chain_and_hold_up_no_writer() {
    let house = House::new().await;
    for number in 0..20 {
        deny(&house.core, house.acme, &format!("more/{number}")).await;
    }
    // A writer whose transaction is open when it is anchored is part of the next one.
    let mut late = house.core.db.tenant(house.acme).await.unwrap();
    let entry = Entry {
        actor: ActorId::SYSTEM,
        act: "view.list".into(),
        object: "late".into(),
        outcome: "denied".into(),
        trace: TraceId("7".repeat(32)),
    };
    audit::record(&mut late, &entry).await.unwrap();
    let other = house.database.core().await;
    let (one, two) = tokio::join!(anchor(&house.core), anchor(&other));
    assert_eq!(one.unwrap() + two.unwrap(), 20);
    late.commit().await.unwrap();
    assert_eq!(anchor(&other).await.unwrap(), 1);
    let report = house.report().await;
    assert_eq!((names(&report), report.not_anchored), (Vec::new(), 0));
}
