//! Tests of anchors: changes of audit and journal rows that bypass the host are found.

use crate::toy::{Toy, ordered, record};
use crate::verify::names;
use eaf_core::Core;
use eaf_core::actor::TraceId;
use eaf_core::anchor::{AnchorThreshold, anchor};
use eaf_core::audit::{self, Entry};
use eaf_core::consumers::prepare;
use eaf_core::directory::add_tenant;
use eaf_core::id::{ActorId, HostId, TenantId};
use eaf_core::testing::Database;
use eaf_core::verify::{Report, verify};
use eaf_core::workflow::{self, Entry as JournalEntry, Journal, State};
use serde_json::json;
use sqlx::Connection;

struct House {
    database: Database,
    core: Core,
    acme: TenantId,
}

/// Anchors all rows of all tenants, and returns the number of anchored rows.
pub async fn anchored(core: &Core) -> u64 {
    let anchored = anchor(&core.db, AnchorThreshold::NONE).await.unwrap();
    assert!(anchored.failures.is_empty(), "{:?}", anchored.failures);
    anchored.rows
}

pub async fn deny(core: &Core, tenant: TenantId, object: &str) {
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
    /// Creates a house with two anchors. Anchor 1 has the tenant's creation and two denials; anchor
    /// 2 has two calls and a third denial. A third call is running.
    async fn new() -> House {
        let database = Database::fresh().await;
        let core = database.core().await;
        prepare(&core.db, &Toy::new()).await.unwrap();
        let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
        add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
        record(&core, acme, vec![ordered("order-1")]).await;
        deny(&core, acme, "toy/1").await;
        deny(&core, acme, "toy/2").await;
        // The fourth row is the creation of globex.
        assert_eq!(anchored(&core).await, 4);

        core.consumers.run_trigger_batch(&Toy::new(), acme, "act").await.unwrap();
        let host = HostId(core.ambient.uuid());
        let claimed =
            workflow::claim(&core.db, &core.keyring, host, workflow::LEASE, &["toy".into()], 1).await.unwrap().pop();
        let (_, lease) = claimed.unwrap();
        let journal = Journal::new(&core.db, &core.keyring);
        for seq in 1..=3 {
            let call = JournalEntry {
                sequence: seq,
                capability: "vsphere".into(),
                grant: Some("vcenter".into()),
                function: "clone".into(),
                args: json!({ "identity": "machine-1", "name": seq }),
                idempotency_key: format!("run/{seq}"),
                state: State::Intent,
                progress: None,
            };
            journal.write(&lease, &call).await.unwrap();
            if seq < 3 {
                journal.finish(&lease, seq, &Ok(json!(seq))).await.unwrap();
            }
        }
        deny(&core, acme, "toy/3").await;
        assert_eq!(anchored(&core).await, 3);
        House { database, core, acme }
    }

    async fn report(&self) -> Report {
        verify(&self.core.db, self.acme, |_| ()).await.unwrap()
    }

    async fn found_after(&self, tampering: &str) -> Vec<String> {
        found_after(&self.database, &self.core, self.acme, tampering).await
    }
}

/// Findings of the verification after a superuser has changed rows by the SQL script `tampering`.
/// The changes are undone afterwards.
pub async fn found_after(database: &Database, core: &Core, tenant: TenantId, tampering: &str) -> Vec<String> {
    let mut root = database.superuser().await;
    for table in TABLES {
        let keep = format!("create table kept_{table} as select * from eaf.{table}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(keep)).execute(&mut root).await.unwrap();
    }
    let script = tampering.replace("$TENANT", &format!("'{tenant}'"));
    sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut root).await.unwrap();
    let found = names(&verify(&core.db, tenant, |_| ()).await.unwrap());
    for table in TABLES {
        let restore = format!(
            "truncate eaf.{table}; insert into eaf.{table} select * from kept_{table}; drop table kept_{table}"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(restore)).execute(&mut root).await.unwrap();
    }
    root.close().await.unwrap();
    assert!(verify(&core.db, tenant, |_| ()).await.unwrap().findings.is_empty(), "it was not undone");
    found
}

const TABLES: [&str; 3] = ["audit", "journal", "anchor"];

#[tokio::test]
async fn rows_are_anchored_once_and_unchanged_rows_are_no_finding() {
    let house = House::new().await;
    assert_eq!(anchored(&house.core).await, 0);
    let report = house.report().await;
    assert_eq!((report.anchors, report.not_anchored, names(&report)), (2, 0, Vec::new()));
    deny(&house.core, house.acme, "toy/4").await;
    let later = house.report().await;
    assert_eq!((later.not_anchored, &later.anchor_head), (1, &report.anchor_head));
    anchored(&house.core).await;
    assert_ne!(house.report().await.anchor_head, report.anchor_head);
}

#[tokio::test]
async fn a_changed_or_deleted_audit_or_journal_row_is_a_finding() {
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
        // The row looks as if it had just been written and were to be anchored.
        ("update eaf.audit set anchor = null where object = 'toy/2'", vec!["deleted audit 1 1"]),
        ("update eaf.audit set anchor = 9 where object = 'toy/2'", vec!["deleted audit 1 1", "stray audit 1"]),
        ("update eaf.audit set anchor = 2 where object = 'toy/2'", vec!["altered audit 2", "deleted audit 1 1"]),
        ("delete from eaf.journal where seq = 2", vec!["deleted journal 2 1"]),
        ("update eaf.journal set outcome = 'denied' where seq = 1", vec!["altered journal 2"]),
        ("update eaf.journal set result = args where seq = 1", vec!["altered journal 2"]),
        ("update eaf.journal set grant_name = 'other' where seq = 2", vec!["altered journal 2"]),
        // A running call is not anchored.
        ("update eaf.journal set attempts = 7 where seq = 3", vec![]),
    ] {
        assert_eq!(house.found_after(tampering).await, expected, "{tampering}");
    }
}

#[tokio::test]
async fn a_changed_or_deleted_anchor_or_one_of_another_log_is_a_finding() {
    let house = House::new().await;
    for (tampering, expected) in [
        ("delete from eaf.anchor where nr = 1 and tenant_id = $TENANT", vec!["anchor-gap 2 1", "anchor 2"]),
        ("delete from eaf.anchor where nr = 2 and tenant_id = $TENANT", vec!["stray audit 1", "stray journal 2"]),
        ("update eaf.anchor set at = '2001-01-01' where nr = 1 and tenant_id = $TENANT", vec!["anchor 1"]),
        ("update eaf.anchor set log_chain = '\\x00' where nr = 2 and tenant_id = $TENANT", vec!["anchor 2", "log 2 1"]),
    ] {
        assert_eq!(house.found_after(tampering).await, expected, "{tampering}");
    }
    // The log is rewritten from its first event on, with matching hashes.
    house.database.run("update eaf.event set leaf = sha256(leaf), chain = sha256(chain) where pos = 1").await;
    assert!(names(&house.report().await).contains(&"log 1 1".to_owned()));
}

#[tokio::test]
async fn a_tenant_that_cannot_be_anchored_delays_no_other_tenant() {
    let house = House::new().await;
    let fails = format!(
        "create function public.fail() returns trigger language plpgsql as 'begin raise exception ''no''; end';
         create trigger fail before insert on eaf.anchor for each row when (new.tenant_id = '{}')
           execute function public.fail()",
        house.acme
    );
    house.database.run(&fails).await;
    let globex = TenantId::derive("globex");
    for tenant in [house.acme, globex] {
        deny(&house.core, tenant, "toy/9").await;
    }
    let found = anchor(&house.core.db, AnchorThreshold::NONE).await.unwrap();
    assert_eq!(found.rows, 1);
    let failed: Vec<_> = found.failures.iter().map(|(tenant, _)| *tenant).collect();
    assert_eq!(failed, [house.acme]);
}

#[tokio::test]
async fn few_rows_wait_for_the_threshold_and_large_rows_are_split() {
    let house = House::new().await;
    deny(&house.core, house.acme, "toy/9").await;
    assert_eq!(anchor(&house.core.db, AnchorThreshold::DEFAULT).await.unwrap().rows, 0);
    house.database.run("update eaf.audit set at = at - interval '1 minute' where object = 'toy/9'").await;
    assert_eq!(anchor(&house.core.db, AnchorThreshold::DEFAULT).await.unwrap().rows, 1);
    for number in 0..AnchorThreshold::DEFAULT.rows {
        deny(&house.core, house.acme, &format!("many/{number}")).await;
    }
    assert_eq!(
        anchor(&house.core.db, AnchorThreshold::DEFAULT).await.unwrap().rows,
        AnchorThreshold::DEFAULT.rows as u64
    );

    let large =
        "insert into eaf.journal (tenant_id, run_id, seq, capability, function, args, idempotency_key, state, result)
                 select tenant_id, run_id, 10 + g, capability, function, args, 'large/' || g, 'done',
                        convert_to(repeat('x', 3000000), 'UTF8')
                 from eaf.journal, generate_series(1, 7) g where seq = 1";
    house.database.run(large).await;
    assert_eq!(anchored(&house.core).await, 7);
    let mut root = house.database.superuser().await;
    let most: i32 = sqlx::query_scalar("select max(octet_length(journals)) / 32 from eaf.anchor where nr > 2")
        .fetch_one(&mut root)
        .await
        .unwrap();
    assert_eq!(most, 3);
    assert_eq!(names(&house.report().await), Vec::<String>::new());
}

#[tokio::test]
async fn concurrent_hosts_make_one_anchor_chain_and_block_no_writer() {
    let house = House::new().await;
    for number in 0..20 {
        deny(&house.core, house.acme, &format!("more/{number}")).await;
    }
    // A row of a transaction that is open during the anchoring is in the next anchor.
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
    let (one, two) = tokio::join!(anchored(&house.core), anchored(&other));
    assert_eq!(one + two, 20);
    late.commit().await.unwrap();
    assert_eq!(anchored(&other).await, 1);
    let report = house.report().await;
    assert_eq!((names(&report), report.not_anchored), (Vec::new(), 0));
}
