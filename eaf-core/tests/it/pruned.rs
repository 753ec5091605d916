//! Tests of the verification after pruning: a row that retention deleted is no finding, and any
//! other missing row is a finding.

use crate::anchors::{anchored, deny, found_after};
use crate::verify::names;
use eaf_core::Core;
use eaf_core::directory::add_tenant;
use eaf_core::id::{ActorId, TenantId};
use eaf_core::retention::{self, Retention};
use eaf_core::testing::Database;
use eaf_core::verify::verify;
use time::Duration;

struct House {
    database: Database,
    core: Core,
    acme: TenantId,
}

const NONE: Vec<String> = Vec::new();

impl House {
    /// Creates a house with two anchors. Anchor 1: from 200 days ago three denials, two refusals,
    /// an act, and the calls of an ended and of an open run; from 150 days ago two denials; and the
    /// tenant's creation. Anchor 2: a denial of today.
    async fn new() -> House {
        let database = Database::fresh().await;
        let core = database.core().await;
        let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
        let audit = |days: u32, act: &str, outcome: &str, rows: u32| {
            format!(
                "insert into eaf.audit (tenant_id, at, actor_id, act, object, outcome, trace_id)
                   select '{acme}', now() - interval '{days} days', gen_random_uuid(), '{act}', 'o/' || g, '{outcome}', ''
                   from generate_series(1, {rows}) g;"
            )
        };
        let runs = format!(
            "with run as (
               insert into eaf.run (tenant_id, run_id, plugin, digest, workflow, event_id, event_pos, key, subject, trace, state, due_at, ended_at)
               select '{acme}', gen_random_uuid(), 'dcm', 'd', 'w', gen_random_uuid(), 1, 'k', gen_random_uuid(), '', s,
                      case when s = 'open' then now() end, case when s <> 'open' then now() - interval '200 days' end
               from unnest(array['open', 'failed']) s
               returning tenant_id, run_id)
             insert into eaf.journal (tenant_id, run_id, seq, capability, function, args, idempotency_key, state, result, started_at)
             select tenant_id, run_id, g, 'vsphere', 'clone', '', g::text, case when g = 3 then 'intent' else 'done' end,
                    case when g < 3 then ''::bytea end,
                    now() - interval '200 days'
             from run, generate_series(1, 3) g;"
        );
        let rows = [
            audit(200, "view.list", "denied", 3),
            audit(200, "command.give", "limit-reached", 2),
            audit(200, "connection.put", "ok", 1),
            audit(150, "view.list", "denied", 2),
            runs,
        ];
        database.run(&rows.concat()).await;
        assert_eq!(anchored(&core).await, 13);
        deny(&core, acme, "toy/1").await;
        assert_eq!(anchored(&core).await, 1);
        House { database, core, acme }
    }

    async fn prune(&self) -> u64 {
        let keep = Some(Duration::days(180));
        let all = Retention { ledger: keep, denials: keep, journals: keep, mails: keep, packages: keep };
        let pruned = retention::prune(&self.core.db, &self.core.ambient, &all).await.unwrap();
        assert!(pruned.failures.is_empty(), "{:?}", pruned.failures);
        pruned.rows
    }

    async fn found(&self) -> Vec<String> {
        names(&verify(&self.core.db, self.acme, |_| ()).await.unwrap())
    }

    async fn found_after(&self, tampering: &str) -> Vec<String> {
        found_after(&self.database, &self.core, self.acme, tampering).await
    }
}

#[tokio::test]
async fn rows_that_retention_deletes_are_no_finding() {
    let house = House::new().await;
    // The rows are three denials, two refusals, and three calls of the ended run, one of them
    // without an end.
    assert_eq!(house.prune().await, 3 + 2 + 3);
    assert_eq!(house.found().await, NONE);
    anchored(&house.core).await;
    assert_eq!(house.found().await, NONE);
    assert_eq!(house.prune().await, 0);
}

#[tokio::test]
async fn rows_that_are_not_anchored_are_not_pruned() {
    let house = House::new().await;
    house
        .database
        .run("update eaf.audit set anchor = null; update eaf.journal set anchor = null; delete from eaf.anchor")
        .await;
    assert_eq!(house.prune().await, 0);
    anchored(&house.core).await;
    assert_eq!(house.prune().await, 8);
    assert_eq!(house.found().await, NONE);
}

#[tokio::test]
async fn a_prune_record_accounts_for_its_own_rows_only() {
    let house = House::new().await;
    house.prune().await;
    anchored(&house.core).await;
    for (tampering, expected) in [
        // The deleted act is older than the pruned denials.
        ("delete from eaf.audit where act = 'connection.put'", vec!["deleted audit 1 1"]),
        (
            "delete from eaf.audit where act = 'view.list' and at < now() - interval '1 day' and object = 'o/1'",
            vec!["deleted audit 1 1"],
        ),
        ("delete from eaf.audit where object = 'toy/1'", vec!["deleted audit 2 1"]),
        ("delete from eaf.journal where seq = 1", vec!["deleted journal 1 1"]),
        ("delete from eaf.audit where object like 'denials: %'", vec!["deleted audit 1 3", "deleted audit 3 1"]),
    ] {
        assert_eq!(house.found_after(tampering).await, expected, "{tampering}");
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a list of forgeries in one log")]
async fn a_forged_prune_record_is_a_finding_and_accounts_for_nothing() {
    let house = House::new().await;
    let forged = |at: &str, object: &str, pruned: &str, delete: &str| {
        format!(
            "insert into eaf.audit (tenant_id, at, actor_id, act, object, outcome, trace_id, pruned)
             values ($TENANT, {at}, '{}', 'retention.prune', '{object}', 'ok', '', '{pruned}');
             delete from eaf.audit where {delete}",
            ActorId::SYSTEM
        )
    };
    let now = house.core.ambient.now();
    let day = |days: i64| (now - Duration::days(days)).date();
    let (today, denied) = ("object = 'toy/1'", "outcome = 'denied'");
    for (tampering, expected) in [
        // A host writes such a record with rows younger than the minimum retention.
        (
            forged(
                "now()",
                &format!("denials: 5 before {}", day(100)),
                "1:5",
                "outcome = 'denied' and object <> 'toy/1'",
            ),
            vec![],
        ),
        // The cutoffs are of tomorrow and today, and one record is of the future.
        (
            forged("now()", &format!("denials: 9 before {}", day(-1)), "2:1", today),
            vec!["pruning", "deleted audit 2 1"],
        ),
        (forged("now()", &format!("denials: 9 before {}", day(6)), "2:1", today), vec!["pruning", "deleted audit 2 1"]),
        (
            forged("now() + interval '1 year'", &format!("denials: 9 before {}", day(-1)), "2:1", today),
            vec!["pruning", "deleted audit 2 1"],
        ),
        (forged("now()", "denials: 9 before 2026-13-45", "2:1", today), vec!["pruning", "deleted audit 2 1"]),
        // These records have a cutoff before the row's day, another kind, another anchor, or fewer
        // rows.
        (forged("now()", &format!("denials: 9 before {}", day(8)), "2:1", today), vec!["deleted audit 2 1"]),
        (
            forged("now()", &format!("denials: 9 before {}", day(8)), "1:6", "act = 'connection.put'"),
            vec!["deleted audit 1 1"],
        ),
        (
            forged("now()", &format!("refusals: 9 before {}", day(8)), "1:6", denied),
            vec!["deleted audit 1 5", "deleted audit 2 1"],
        ),
        (
            forged("now()", &format!("denials: 9 before {}", day(8)), "2:9", denied),
            vec!["deleted audit 1 5", "deleted audit 2 1"],
        ),
        (
            forged("now()", &format!("denials: 9 before {}", day(8)), "1:4", denied),
            vec!["deleted audit 1 1", "deleted audit 2 1"],
        ),
        (
            forged("now()", &format!("denials: 9 before {}", day(180)), "1:5", denied),
            vec!["deleted audit 1 2", "deleted audit 2 1"],
        ),
    ] {
        assert_eq!(house.found_after(&tampering).await, expected, "{tampering}");
    }
}

#[tokio::test]
async fn a_pruning_during_verification_is_no_finding() {
    let house = House::new().await;
    let mut root = house.database.superuser().await;
    sqlx::raw_sql("begin; lock table eaf.anchor in access exclusive mode").execute(&mut root).await.unwrap();
    let (core, acme) = (house.core.clone(), house.acme);
    let walking = tokio::spawn(async move { verify(&core.db, acme, |_| ()).await });
    let waits = "select exists (select from pg_locks where relation = 'eaf.anchor'::regclass and not granted)";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut root).await.unwrap() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(house.prune().await, 8);
    sqlx::raw_sql("commit").execute(&mut root).await.unwrap();
    assert_eq!(names(&walking.await.unwrap().unwrap()), NONE);
}
