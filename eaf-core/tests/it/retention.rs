//! Tests of retention: rows that are older than their retention period are pruned, no other rows
//! are, and each pruning is an act.

use crate::anchors::anchored;
use eaf_core::Core;
use eaf_core::audit::trail::{Bounds, Filter, page};
use eaf_core::directory::add_tenant;
use eaf_core::id::TenantId;
use eaf_core::package::{self, Package};
use eaf_core::retention::{self, Retention};
use eaf_core::testing::Database;
use sqlx::Connection;
use time::Duration;

const DAYS: i64 = 100;

struct House {
    database: Database,
    core: Core,
    acme: TenantId,
}

impl House {
    /// Creates two tenants with rows of each kind, which are 200 and 50 days old.
    async fn new() -> House {
        let database = Database::fresh().await;
        let core = database.core().await;
        let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
        let globex = add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
        for (tenant, age) in [(acme, 200), (acme, 50), (globex, 50)] {
            database.run(&rows(tenant, age)).await;
        }
        anchored(&core).await;
        House { database, core, acme }
    }

    async fn counts(&self) -> Vec<i64> {
        let mut root = self.database.superuser().await;
        let mut counts = Vec::new();
        for table in ["ledger", "audit", "mail_log", "journal", "run"] {
            let of_test = if table == "audit" { " where act in ('audit.list', 'command.give')" } else { "" };
            let query = format!("select count(*) from eaf.{table}{of_test}");
            counts.push(sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&mut root).await.unwrap());
        }
        counts
    }

    async fn acts(&self) -> Vec<String> {
        let mut tx = self.core.db.tenant(self.acme).await.unwrap();
        let filter = Filter { act: Some("retention.prune".into()), ..Filter::default() };
        let found = page(&mut tx, &filter, None, Bounds { items: 50, examined: 100 }).await.unwrap();
        found.items.into_iter().map(|item| item.object.split(" before ").next().unwrap().to_owned()).collect()
    }
}

fn rows(tenant: TenantId, age: i64) -> String {
    let at = format!("now() - interval '{age} days'");
    format!(
        "insert into eaf.ledger (tenant_id, actor_id, key, fingerprint, lane, answer, at, keep_until)
           select '{tenant}', gen_random_uuid(), g::text, '', 0, '', {at}, {at} + interval '30 days' from generate_series(1, 3) g;
         insert into eaf.audit (tenant_id, at, actor_id, act, object, outcome, trace_id)
           select '{tenant}', {at}, gen_random_uuid(), 'audit.list', 'audit', o, '' from unnest(array['denied', 'ok', 'denied']) o;
         insert into eaf.audit (tenant_id, at, actor_id, act, object, outcome, trace_id)
           values ('{tenant}', {at}, gen_random_uuid(), 'command.give', 'dcm/request', 'limit-reached', '');
         insert into eaf.mail_log (tenant_id, message_id, plugin, template, event_id, run_id, call_seq, recipient, status, trace, updated_at)
           select '{tenant}', '{age}-' || s, 'p', 't', gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid(), s, '', {at}
           from unnest(array['sent', 'failed', 'skipped', 'pending']) s;
         with run as (
           insert into eaf.run (tenant_id, run_id, plugin, digest, workflow, event_id, event_pos, key, subject, trace, state, due_at, ended_at)
           select '{tenant}', gen_random_uuid(), 'dcm', 'd', 'w', gen_random_uuid(), 1, 'k', gen_random_uuid(), '', s,
                  case when s = 'open' then now() end, case when s <> 'open' then {at} end from unnest(array['open', 'done', 'failed']) s
           returning tenant_id, run_id)
         insert into eaf.journal (tenant_id, run_id, seq, capability, function, args, idempotency_key, state, result, started_at)
           select tenant_id, run_id, g, 'vsphere', 'clone', '', g::text, 'done', '', {at} from run, generate_series(1, 2) g;"
    )
}

#[tokio::test]
async fn rows_beyond_their_retention_are_pruned_on_record_and_no_others() {
    let house = House::new().await;
    assert_eq!(house.counts().await, [9, 12, 12, 18, 9]);
    let keep = Some(Duration::days(DAYS));
    let none = Retention::default();
    assert_eq!(pruned(&house.core, &none).await, 0);
    assert_eq!(house.counts().await, [9, 12, 12, 18, 9]);
    let all = Retention { ledger: keep, denials: keep, journals: keep, mails: keep, packages: keep };
    retention::prune(&house.core.db, &house.core.ambient, &all).await.unwrap();
    // Of the old rows, three answers and a refusal are pruned; two denials without the permitted
    // act; three mails without the pending one; the calls of two ended runs without the runs.
    assert_eq!(house.counts().await, [6, 9, 9, 14, 9]);
    let mut acts = house.acts().await;
    acts.sort();
    assert_eq!(acts, ["denials: 2", "journals: 4", "ledger: 3", "mails: 3", "refusals: 1"]);
    assert_eq!(pruned(&house.core, &all).await, 0);
    assert_eq!(house.acts().await.len(), 5, "nothing was pruned, so nothing is recorded");
}

/// Prunes without a failure, and returns the number of rows.
async fn pruned(core: &Core, retention: &Retention) -> u64 {
    let pruned = retention::prune(&core.db, &core.ambient, retention).await.unwrap();
    assert!(pruned.failures.is_empty() && pruned.skipped_tenants == 0, "{pruned:?}");
    pruned.rows
}

#[tokio::test]
async fn a_failed_pruning_of_one_tenant_does_not_stop_the_others() {
    let house = House::new().await;
    let globex = TenantId::derive("globex");
    house.database.run(&rows(globex, 200)).await;
    anchored(&house.core).await;
    let fails = format!(
        "create function public.fail() returns trigger language plpgsql as 'begin raise exception ''no''; end';
         create trigger fail before delete on eaf.ledger for each row when (old.tenant_id = '{}')
           execute function public.fail()",
        house.acme
    );
    house.database.run(&fails).await;
    let keep = Some(Duration::days(DAYS));
    let all = Retention { ledger: keep, denials: keep, journals: keep, mails: keep, packages: keep };
    let pruned = retention::prune(&house.core.db, &house.core.ambient, &all).await.unwrap();
    let failed: Vec<_> = pruned.failures.iter().map(|failure| (failure.tenant, failure.what)).collect();
    assert_eq!(failed, [(Some(house.acme), "ledger")]);
    // All kinds but the ledger of acme are pruned, and all kinds of globex.
    assert_eq!(pruned.rows, (1 + 2 + 4 + 3) + (3 + 1 + 2 + 4 + 3));
}

#[tokio::test]
async fn concurrent_hosts_prune_each_row_once() {
    let house = House::new().await;
    let other = house.database.core().await;
    let keep = Some(Duration::days(DAYS));
    let all = Retention { ledger: keep, denials: keep, journals: keep, mails: keep, packages: keep };
    let (one, two) = tokio::join!(
        retention::prune(&house.core.db, &house.core.ambient, &all),
        retention::prune(&other.db, &other.ambient, &all)
    );
    let rest = retention::prune(&house.core.db, &house.core.ambient, &all).await.unwrap().rows;
    assert_eq!(one.unwrap().rows + two.unwrap().rows + rest, 3 + 1 + 2 + 4 + 3);
    assert_eq!(house.counts().await, [6, 9, 9, 14, 9]);
}

#[tokio::test]
async fn old_rows_are_found_by_an_index() {
    let house = House::new().await;
    let tenant = house.acme;
    let many = format!(
        "insert into eaf.ledger (tenant_id, actor_id, key, fingerprint, lane, answer, at, keep_until)
           select '{tenant}', gen_random_uuid(), g::text, '', 0, '', now(), now() from generate_series(1, 5000) g;
         insert into eaf.audit (tenant_id, at, actor_id, act, object, outcome, trace_id, anchor)
           select '{tenant}', now(), gen_random_uuid(), 'view.list', 'o', 'denied', '', 1 from generate_series(1, 5000) g;
         insert into eaf.audit (tenant_id, at, actor_id, act, object, outcome, trace_id, anchor)
           select '{tenant}', now(), gen_random_uuid(), 'command.give', 'o', 'no', '', 1 from generate_series(1, 5000) g;
         insert into eaf.mail_log (tenant_id, message_id, plugin, template, event_id, run_id, call_seq, recipient, status, trace)
           select '{tenant}', 'm' || g, 'p', 't', gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid(), 'sent', ''
           from generate_series(1, 5000) g;
         analyze eaf.ledger; analyze eaf.audit; analyze eaf.mail_log"
    );
    house.database.run(&many).await;
    for (what, index) in [
        ("ledger", "ledger_due"),
        ("mails", "mail_settled"),
        ("denials", "audit_denials"),
        ("refusals", "audit_refusals"),
    ] {
        let mut root = house.database.superuser().await;
        let function = if matches!(what, "ledger" | "mails") { "prune" } else { "prune_anchored" };
        let script = format!(
            "begin; set local plan_cache_mode = force_generic_plan; set local app.tenant_id = '{tenant}';
             select * from eaf.{function}('{what}', now() - interval '100 days', 2000)"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut root).await.unwrap();
        let scans = format!("select pg_stat_get_xact_numscans('eaf.{index}'::regclass)");
        let scans: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(scans)).fetch_one(&mut root).await.unwrap();
        assert!(scans > 0, "{what} does not use {index}");
    }
}

#[tokio::test]
async fn rows_within_the_minimum_retention_cannot_be_pruned_by_a_role() {
    let house = House::new().await;
    house.database.run(&rows(house.acme, 3)).await;
    anchored(&house.core).await;
    let before = house.counts().await;
    let mut app = sqlx::PgConnection::connect(&house.database.url("eaf_app")).await.unwrap();
    let tenant = sqlx::query("select set_config('app.tenant_id', $1, false)").bind(house.acme.to_string());
    tenant.execute(&mut app).await.unwrap();
    for what in ["ledger", "mails"] {
        // The function deletes rows of the session's tenant only, at any cutoff.
        let sql = "select eaf.prune($1, now() + interval '1 year', 10000)";
        sqlx::query(sql).bind(what).execute(&mut app).await.unwrap();
    }
    for what in ["denials", "refusals", "journals"] {
        let sql = "select count(*) from eaf.prune_anchored($1, now() + interval '1 year', 10000)";
        sqlx::query(sql).bind(what).execute(&mut app).await.unwrap();
    }
    let left = house.counts().await;
    // Rows of globex and rows of three days ago remain; ledger rows of 30 days too.
    assert_eq!((before[0], left[0]), (12, 6));
    assert_eq!((left[1], left[2]), (4 + 4 + 2, 4 + 4 + 2));
    let delete = sqlx::query("delete from eaf.audit").execute(&mut app).await;
    assert!(delete.unwrap_err().to_string().contains("permission denied"));
}

#[tokio::test]
async fn unused_package_files_are_pruned_and_can_be_stored_again() {
    let house = House::new().await;
    let digest = |n: u8| format!("{n:02x}").repeat(32);
    let package = |n: u8| Package {
        digest: digest(n),
        plugin: "dcm".into(),
        version: format!("{n}"),
        bytes: vec![n; 10],
        description: serde_json::from_str(r#"{"commands":[],"events":[],"views":[],"permissions":[]}"#).unwrap(),
    };
    for n in 1..=6 {
        package::store(&house.core.db, &package(n)).await.unwrap();
        package::activate(&house.core.db, "dcm", &digest(n), &house.core.by).await.unwrap();
    }
    let old = "update eaf.package set stored_at = now() - interval '200 days';
               update eaf.activation set activated_at = now() - interval '200 days'";
    house.database.run(old).await;
    // An open run uses one of the oldest packages.
    house.database.run(&format!("update eaf.run set digest = '{}' where state = 'open'", digest(2))).await;
    let retention = Retention { packages: Some(Duration::days(DAYS)), ..Retention::default() };
    assert_eq!(retention::prune(&house.core.db, &house.core.ambient, &retention).await.unwrap().packages, 2);
    for (n, there) in [(1, false), (2, true), (3, false), (4, true), (5, true), (6, true)] {
        assert_eq!(package::load(&house.core.db, &digest(n)).await.unwrap().is_some(), there, "{n}");
    }
    let again = package::activate(&house.core.db, "dcm", &digest(3), &house.core.by).await;
    assert!(matches!(again, Err(package::Error::Unknown { .. })), "it has no file: {again:?}");
    package::store(&house.core.db, &package(1)).await.unwrap();
    // The retention of a package starts when it is stored, so that it can be activated before it is
    // pruned.
    assert_eq!(retention::prune(&house.core.db, &house.core.ambient, &retention).await.unwrap().packages, 0);
    assert_eq!(
        package::load(&house.core.db, &digest(1)).await.unwrap().map(|package| package.bytes),
        Some(vec![1; 10])
    );
}

#[tokio::test]
async fn mails_of_ended_runs_are_settled_and_pruned() {
    let house = House::new().await;
    let (acme, core) = (house.acme, &house.core);
    house.database.run("truncate eaf.mail_log").await;
    let run = |state: &str| {
        format!(
            "with run as (
               insert into eaf.run (tenant_id, run_id, plugin, digest, workflow, event_id, event_pos, key, subject, trace, state, due_at, ended_at)
               select '{acme}', gen_random_uuid(), 'dcm', 'd', 'w', gen_random_uuid(), 1, 'k', gen_random_uuid(), '', '{state}',
                      case when '{state}' = 'open' then now() end, case when '{state}' <> 'open' then now() - interval '3 hours' end
               returning run_id)
             insert into eaf.mail_log (tenant_id, message_id, plugin, template, event_id, run_id, call_seq, recipient, status, trace, unanswered, updated_at)
               select '{acme}', '{state}-' || u, 'p', 't', gen_random_uuid(), run_id, 1, gen_random_uuid(), 'pending', '', u, now() - interval '3 hours'
               from run, unnest(array[0, 1]) u;"
        )
    };
    house.database.run(&format!("{} {}", run("open"), run("done"))).await;
    let unknown = format!(
        "insert into eaf.mail_log (tenant_id, message_id, plugin, template, event_id, run_id, call_seq, recipient, status, trace, updated_at)
           select '{acme}', 'old', 'p', 't', gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid(), 'unknown', '', now() - interval '900 days'"
    );
    house.database.run(&unknown).await;
    let mails = Retention { mails: Some(Duration::days(DAYS)), ..Retention::default() };
    assert_eq!(retention::prune(&core.db, &core.ambient, &mails).await.unwrap().rows, 1);
    let mut root = house.database.superuser().await;
    let states = "select message_id, status, error from eaf.mail_log order by message_id";
    let states: Vec<(String, String, Option<String>)> = sqlx::query_as(states).fetch_all(&mut root).await.unwrap();
    let states: Vec<_> =
        states.iter().map(|(id, status, error)| (id.as_str(), status.as_str(), error.as_deref())).collect();
    assert_eq!(
        states,
        [
            ("done-0", "failed", Some("given-up")),
            ("done-1", "unknown", Some("answer-lost")),
            ("open-0", "pending", None),
            ("open-1", "pending", None),
        ]
    );
}
