//! Tests of verification: changes of the log that bypass the host are found, with their position.

use crate::append::{request, stream};
use eaf_core::Core;
use eaf_core::directory;
use eaf_core::id::TenantId;
use eaf_core::testing::Database;
use eaf_core::verify::{Finding, Report, verify};

/// Creates a log of eight events: two streams with three events each, and two streams with one
/// event each.
async fn log() -> (Database, Core, TenantId) {
    let database = Database::fresh().await;
    let core = database.core().await;
    let tenant = directory::add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    let other = directory::add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
    let (a, b) = (stream(), stream());
    for streams in [
        vec![(a, Some(0), 2), (b, Some(0), 3)],
        vec![(a, Some(2), 1)],
        vec![(stream(), Some(0), 1)],
        vec![(stream(), Some(0), 1)],
    ] {
        core.appender.append(tenant, request(&streams)).await.unwrap();
        core.appender.append(other, request(&streams)).await.unwrap();
    }
    (database, core, tenant)
}

async fn found(core: &Core, tenant: TenantId) -> Report {
    verify(&core.db, tenant, |_| ()).await.unwrap()
}

/// Findings of a report as text, without ids.
pub fn names(report: &Report) -> Vec<String> {
    let name = |finding: &Finding| match finding {
        Finding::Gap { position, expected } => format!("gap {position} {expected}"),
        Finding::Leaf { position, .. } => format!("leaf {position}"),
        Finding::Chain { position, .. } => format!("chain {position}"),
        Finding::Clock { position, .. } => format!("clock {position}"),
        Finding::Versions { events, last, .. } => format!("versions {events} {last}"),
        Finding::Missing { position } => format!("missing {position}"),
        Finding::Altered { table, anchor, .. } => format!("altered {table} {anchor}"),
        Finding::Deleted { table, anchor, rows } => format!("deleted {table} {anchor} {rows}"),
        Finding::Pruning { .. } => "pruning".to_owned(),
        Finding::Stray { table, rows } => format!("stray {table} {rows}"),
        Finding::AnchorGap { anchor, expected } => format!("anchor-gap {anchor} {expected}"),
        Finding::Anchor { anchor } => format!("anchor {anchor}"),
        Finding::AnchoredLog { anchor, position } => format!("log {anchor} {position}"),
    };
    report.findings.iter().map(name).collect()
}

#[tokio::test]
async fn an_unchanged_log_has_no_findings() {
    let (_database, core, tenant) = log().await;
    let mut pages = Vec::new();
    let report = verify(&core.db, tenant, |events| pages.push(events)).await.unwrap();
    assert_eq!((report.events, report.findings.len(), pages), (8, 0, vec![8]));
    assert_eq!(report.head.len(), 64);
    let empty = directory::add_tenant(&core.db, &core.by, "empty", "Empty").await.unwrap();
    assert_eq!(found(&core, empty).await.events, 0);
}

#[tokio::test]
async fn each_kind_of_tampering_is_a_finding_with_its_position() {
    let at = "tenant_id = $TENANT and pos";
    for (tampering, expected) in [
        (format!("update eaf.event set data = '{{ }}' where {at} = 3"), vec!["leaf 3"]),
        (format!("update eaf.event set meta = '{{ }}' where {at} = 3"), vec!["leaf 3"]),
        (format!("update eaf.event set type = 'test.other' where {at} = 3"), vec!["leaf 3"]),
        (format!("update eaf.event set schema_version = 2 where {at} = 3"), vec!["leaf 3"]),
        (format!("update eaf.event set event_id = gen_random_uuid() where {at} = 3"), vec!["leaf 3"]),
        (format!("update eaf.event set at = at - interval '1 hour' where {at} = 4"), vec!["clock 4", "leaf 4"]),
        // The event was changed with a matching hash, so the next event's link differs.
        (
            format!(
                "update eaf.event set data = '{{ }}', leaf = eaf.leaf(tenant_id, lane, pos, stream_id, version, event_id, type, schema_version, '{{ }}', meta, at)
                 where {at} = 3"
            ),
            vec!["chain 3"],
        ),
        (format!("update eaf.event set chain = sha256('') where {at} = 3"), vec!["chain 3", "chain 4"]),
        (format!("delete from eaf.event where {at} = 1"), vec!["gap 2 1", "chain 2", "versions 2 3"]),
        (format!("delete from eaf.event where {at} = 7"), vec!["gap 8 7", "chain 8", "missing 7"]),
        // No later link shows the loss of the last event; the ledger does.
        (format!("delete from eaf.event where {at} = 8"), vec!["missing 8"]),
        (
            format!(
                "update eaf.event set pos = 100 where {at} = 7; update eaf.event set pos = 7 where {at} = 8;
                 update eaf.event set pos = 8 where {at} = 100"
            ),
            vec!["leaf 7", "chain 7", "clock 8", "leaf 8", "chain 8"],
        ),
        (format!("update eaf.event set version = 9 where {at} = 6"), vec!["leaf 6", "versions 3 9"]),
        (
            format!(
                "insert into eaf.event select tenant_id, lane, 9, gen_random_uuid(), 1, gen_random_uuid(), type, schema_version, data, meta, at, leaf, chain
                 from eaf.event where {at} = 8"
            ),
            vec!["leaf 9", "chain 9"],
        ),
    ] {
        let (database, core, tenant) = log().await;
        database.run(&tampering.replace("$TENANT", &format!("'{tenant}'"))).await;
        assert_eq!(names(&found(&core, tenant).await), expected, "{tampering}");
        let other = directory::tenant_by_slug(&core.db, "globex").await.unwrap().unwrap().id;
        assert_eq!(names(&found(&core, other).await), Vec::<String>::new(), "another tenant's log");
    }
}
