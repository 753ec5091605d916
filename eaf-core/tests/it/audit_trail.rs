//! Tests of the audit trail: log, audit table and journal in one list, newest first. Each row is
//! listed once, for every filter and over all pages.

use eaf_core::Core;
use eaf_core::actor::{ActorKind, Locale, TraceId};
use eaf_core::audit::trail::{Bounds, Cursor, Filter, Item, Page, Source, Things, page};
use eaf_core::audit::{Entry, record_denied_call, record_refusal, zone};
use eaf_core::directory::add_tenant;
use eaf_core::id::{ActorId, StreamId, TenantId};
use eaf_core::testing::Database;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const BEGIN: OffsetDateTime = datetime!(2026-11-23 08:00 UTC);
const ANNA: ActorId = ActorId(Uuid::from_u128(0xa));
const BEN: ActorId = ActorId(Uuid::from_u128(0xb));

struct House {
    database: Database,
    core: Core,
    acme: TenantId,
}

impl House {
    /// Fills each source with `rows` rows, one per second: event, audit row, call, event, …
    async fn with(rows: i64) -> House {
        let database = Database::fresh().await;
        let core = database.core().await;
        let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
        // Removes the row of the tenant's creation.
        database.run("delete from eaf.audit").await;
        let house = House { database, core, acme };
        house.fill(acme, BEGIN, 0, rows).await;
        house
    }

    async fn fill(&self, tenant: TenantId, begin: OffsetDateTime, before: i64, rows: i64) {
        let begin = begin.unix_timestamp();
        let run = Uuid::new_v5(&tenant.0, &before.to_be_bytes());
        self.database
            .run(&format!(
                r#"insert into eaf.event (tenant_id, lane, pos, stream_id, version, event_id, type, schema_version, data, meta, at, leaf, chain)
                 select '{tenant}', 0, {before} + g, gen_random_uuid(), 1, gen_random_uuid(),
                        case when g % 10 = 0 then 'dcm.offering-defined' else 'dcm.request-submitted' end, 1, '{{}}',
                        convert_to(format('{{"actor":"%s","actor_kind":"person","trace_id":"%s","stream":"dcm/request/%s"}}',
                          case when g % 2 = 0 then '{ANNA}' else '{BEN}' end, lpad(g::text, 32, '0'), g), 'UTF8'),
                        to_timestamp({begin} + 3 * g), '', '' from generate_series(1, {rows}) g;
                 insert into eaf.audit (tenant_id, at, actor_id, act, object, outcome, trace_id)
                 select '{tenant}', to_timestamp({begin} + 3 * g + 1), '{ANNA}', 'connection.put', 'vsphere/vcenter',
                        case when g % 10 = 0 then 'denied' else 'ok' end, lpad(g::text, 32, '0') from generate_series(1, {rows}) g;
                 insert into eaf.run (tenant_id, run_id, plugin, digest, workflow, event_id, event_pos, key, subject, trace)
                 values ('{tenant}', '{run}', 'dcm', '', 'provision', gen_random_uuid(), 1, 'thing-1', gen_random_uuid(), repeat('f', 32));
                 insert into eaf.journal (tenant_id, run_id, seq, capability, function, args, idempotency_key, state, result, outcome, target,
                                          started_at)
                 select '{tenant}', '{run}', g, 'vsphere', 'clone', '', g::text, case when g % 10 = 0 then 'pending' else 'done' end,
                        case when g % 10 = 0 then null else ''::bytea end, case when g % 10 = 0 then null else 'ok' end,
                        case when g % 2 = 0 then 'machine-' || g end, to_timestamp({begin} + 3 * g + 2) from generate_series(1, {rows}) g;
                 insert into eaf.journal (tenant_id, run_id, seq, capability, function, args, idempotency_key, state, result, outcome)
                 values ('{tenant}', '{run}', 1998, 'flow', 'submit', '', 'a', 'done', '', 'ok'),
                        ('{tenant}', '{run}', 1999, 'vsphere', 'open', '', 'b', 'done', '', 'ok')"#,
            ))
            .await;
    }

    async fn page(&self, filter: &Filter, cursor: Option<&Cursor>, bounds: Bounds) -> Page {
        let mut tx = self.core.db.tenant(self.acme).await.unwrap();
        page(&mut tx, filter, cursor, bounds).await.unwrap()
    }

    /// Items of all pages, and the number of pages.
    async fn all(&self, filter: &Filter, bounds: Bounds) -> (Vec<Item>, usize) {
        let (mut items, mut pages, mut cursor) = (Vec::new(), 0, None);
        loop {
            let Page { items: more, next } = self.page(filter, cursor.as_ref(), bounds).await;
            assert!(more.len() <= bounds.items as usize);
            items.extend(more);
            pages += 1;
            // The cursor is parsed from its text form, as a client returns it.
            match next {
                Some(next) => cursor = Some(next.to_string().parse().unwrap()),
                None => return (items, pages),
            }
        }
    }
}

const SMALL: Bounds = Bounds { items: 7, examined: 1_000 };

#[tokio::test]
async fn pages_list_the_rows_of_all_three_sources_once_and_in_order() {
    let house = House::with(40).await;
    let (items, pages) = house.all(&Filter::default(), SMALL).await;
    assert_eq!((items.len(), pages), (120, 18));
    for (index, item) in items.iter().enumerate() {
        assert_eq!(item.at, BEGIN + Duration::seconds(122 - index as i64));
        assert_eq!(item.source, [Source::Call, Source::Host, Source::Log][index % 3]);
    }
    let [call, host, log] = [&items[3], &items[1], &items[2]];
    assert_eq!((call.act.as_str(), call.object.as_str(), call.outcome.as_str()), ("vsphere.clone", "thing-1", "ok"));
    assert_eq!(
        (call.actor, call.actor_kind, call.trace.0.as_str()),
        (ActorId::SYSTEM, ActorKind::System, "f".repeat(32).as_str())
    );
    assert_eq!((host.act.as_str(), host.outcome.as_str(), host.actor), ("connection.put", "denied", ANNA));
    assert_eq!(
        (log.act.as_str(), log.object.as_str(), log.outcome.as_str()),
        ("dcm.offering-defined", "dcm/request/40", "ok")
    );
    assert_eq!(
        (log.actor, log.actor_kind, log.trace.0.as_str()),
        (ANNA, ActorKind::Person, "00000000000000000000000000000040")
    );
    // One call is running, and is named by its target.
    assert_eq!((items[0].outcome.as_str(), items[0].object.as_str()), ("pending", "machine-40"));
}

#[tokio::test]
async fn rows_written_between_two_pages_are_on_neither() {
    let house = House::with(5).await;
    let first = house.page(&Filter::default(), None, SMALL).await;
    house.fill(house.acme, BEGIN + Duration::hours(1), 5, 5).await;
    let rest = house.page(&Filter::default(), first.next.as_ref(), Bounds { items: 100, ..SMALL }).await;
    assert_eq!((first.items.len(), rest.items.len(), rest.next), (7, 8, None));
    assert!(rest.items[0].at < first.items[6].at);
    assert_eq!(house.all(&Filter::default(), SMALL).await.0.len(), 30);
}

#[tokio::test]
async fn rows_of_one_instant_are_listed_once() {
    let house = House::with(10).await;
    let at = "update eaf.event set at = '2026-11-23'; update eaf.audit set at = '2026-11-23';
              update eaf.journal set started_at = '2026-11-23'";
    house.database.run(at).await;
    for items in [1, 2, 3, 7] {
        let (found, _) = house.all(&Filter::default(), Bounds { items, examined: 1_000 }).await;
        let mut ids: Vec<&str> = found.iter().map(|item| item.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((found.len(), ids.len()), (30, 30), "pages of {items}");
    }
}

#[tokio::test]
async fn filters_hold_alone_and_together() {
    let house = House::with(40).await;
    let none = Filter::default;
    let text = |text: &str| Some(text.to_owned());
    let trace = format!("{:032}", 7);
    let rows = [
        (Filter { actor: Some(ANNA), ..none() }, 20 + 40),
        (Filter { actor: Some(BEN), ..none() }, 20),
        (Filter { actor: Some(ActorId::SYSTEM), ..none() }, 40),
        (Filter { act: text("dcm."), ..none() }, 40),
        (Filter { act: text("dcm.offering"), ..none() }, 4),
        (Filter { act: text("vsphere.clone"), ..none() }, 40),
        (Filter { act: text("flow"), ..none() }, 0),
        (Filter { object: text("dcm/request/1"), ..none() }, 11),
        (Filter { object: text("machine-"), ..none() }, 20),
        (Filter { object: text("thing-1"), ..none() }, 20),
        (Filter { outcome: text("denied"), ..none() }, 4),
        (Filter { outcome: text("pending"), ..none() }, 4),
        (Filter { outcome: text("ok"), ..none() }, 112),
        (Filter { trace: Some(trace.clone()), ..none() }, 2),
        (Filter { trace: text(&"f".repeat(32)), ..none() }, 40),
        (Filter { from: Some(BEGIN + Duration::seconds(60)), ..none() }, 63),
        (Filter { to: Some(BEGIN + Duration::seconds(60)), ..none() }, 57),
        (Filter { source: Some(Source::Host), ..none() }, 40),
        (Filter { source: Some(Source::Log), trace: Some(trace), actor: Some(BEN), ..none() }, 1),
        // A prefix is text, not a pattern.
        (Filter { act: text("dcm%"), ..none() }, 0),
    ];
    for (filter, expected) in rows {
        assert_eq!(house.all(&filter, SMALL).await.0.len(), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_page_compares_a_bounded_number_of_rows() {
    let house = House::with(100).await;
    let filter = Filter { act: Some("dcm.offering".into()), ..Filter::default() };
    let bounds = Bounds { items: 50, examined: 30 };
    let first = house.page(&filter, None, bounds).await;
    assert!(first.items.len() < 10 && first.next.is_some(), "{first:?}");
    let (items, pages) = house.all(&filter, bounds).await;
    assert_eq!(items.len(), 10);
    assert!(pages > 3, "{pages}");
    assert!(items.windows(2).all(|pair| pair[0].at > pair[1].at));
    let nothing = Filter { act: Some("nothing".into()), ..Filter::default() };
    assert_eq!(house.all(&nothing, bounds).await.0.len(), 0);
}

#[tokio::test]
async fn a_call_and_its_denial_have_plugin_and_grant() {
    let house = House::with(1).await;
    house.database.run("update eaf.journal set grant_name = 'vcenter' where seq = 1").await;
    let denial = Entry {
        actor: ActorId::SYSTEM,
        act: "mail.send".into(),
        object: "dcm/mail/run".into(),
        outcome: "denied".into(),
        trace: TraceId("f".repeat(32)),
    };
    let id = Uuid::from_u128(1);
    for _ in 0..2 {
        let mut tx = house.core.db.tenant(house.acme).await.unwrap();
        record_denied_call(&mut tx, id, "dcm", Some("mail"), &denial).await.unwrap();
        tx.commit().await.unwrap();
    }
    let of = |plugin: &str| Filter { plugin: Some(plugin.into()), ..Filter::default() };
    let (items, _) = house.all(&of("dcm"), SMALL).await;
    let found: Vec<_> =
        items.iter().map(|item| (item.act.as_str(), item.plugin.as_deref(), item.grant.as_deref())).collect();
    let expected = [
        ("mail.send", Some("dcm"), Some("mail")),
        ("vsphere.clone", Some("dcm"), Some("vcenter")),
        ("dcm.request-submitted", Some("dcm"), None),
    ];
    assert_eq!(found, expected);
    assert_eq!(house.all(&of("counter"), SMALL).await.0.len(), 0);
}

#[tokio::test]
async fn a_tenant_lists_its_own_rows_only() {
    let house = House::with(3).await;
    let globex = add_tenant(&house.core.db, &house.core.by, "globex", "GLOBEX").await.unwrap();
    house.database.run("delete from eaf.audit where act = 'tenant.add'").await;
    house.fill(globex, BEGIN, 0, 4).await;
    assert_eq!(house.all(&Filter::default(), SMALL).await.0.len(), 9);
    let mut tx = house.core.db.tenant(globex).await.unwrap();
    assert_eq!(
        page(&mut tx, &Filter::default(), None, Bounds { items: 50, examined: 50 }).await.unwrap().items.len(),
        12
    );
}

#[tokio::test]
async fn a_forged_cursor_is_rejected() {
    let house = House::with(1).await;
    let mut tx = house.core.db.tenant(house.acme).await.unwrap();
    for text in ["1.x~-~-", "-~1.x~-", "-~-~1.x", "-~-~1.0198f0a0-0000-7000-8000-000000000000/x"] {
        let cursor: Cursor = text.parse().unwrap();
        assert!(page(&mut tx, &Filter::default(), Some(&cursor), SMALL).await.is_err(), "{text}");
    }
}

#[tokio::test]
async fn a_thing_has_its_events_refusals_and_calls_and_no_others() {
    let house = House::with(40).await;
    let stream = StreamId::derive(house.acme, "dcm/request/7");
    house.database.run(&format!("update eaf.event set stream_id = '{stream}' where pos = 7")).await;
    let refused = Entry {
        actor: BEN,
        act: "command.give".into(),
        object: "dcm/approve-request".into(),
        outcome: "own-request".into(),
        trace: TraceId("e".repeat(32)),
    };
    let mut tx = house.core.db.tenant(house.acme).await.unwrap();
    for _ in 0..2 {
        record_refusal(&mut tx, Uuid::from_u128(2), &refused, Some("dcm/request/7")).await.unwrap();
    }
    record_refusal(&mut tx, Uuid::from_u128(3), &refused, None).await.unwrap();
    tx.commit().await.unwrap();
    let about = |streams: &[&str], runs: &[(&str, &str)]| Filter {
        about: Some(Things {
            streams: streams.iter().map(ToString::to_string).collect(),
            runs: runs.iter().map(|(plugin, key)| (plugin.to_string(), key.to_string())).collect(),
            objects: Vec::new(),
        }),
        ..Filter::default()
    };
    let (items, _) = house.all(&about(&["dcm/request/7"], &[]), SMALL).await;
    let found: Vec<_> = items.iter().map(|item| (item.source, item.about.as_deref(), item.change.as_ref())).collect();
    assert_eq!(found, [(Source::Host, Some("dcm/request/7"), None), (Source::Log, None, None)]);
    let (calls, _) = house.all(&about(&[], &[("dcm", "thing-1")]), SMALL).await;
    assert_eq!((calls.len(), calls[0].run_key.as_deref()), (40, Some("thing-1")));
    for filter in [about(&[], &[]), about(&["dcm/request/%"], &[("other", "thing-1")])] {
        assert_eq!(house.all(&filter, SMALL).await.0.len(), 0, "{filter:?}");
    }
    let connection = Things { objects: vec!["vsphere/vcenter".into()], ..Things::default() };
    let filter = Filter { about: Some(connection), ..Filter::default() };
    assert_eq!(house.all(&filter, SMALL).await.0.len(), 40);
}

#[tokio::test]
async fn a_person_is_found_as_actor_and_as_object() {
    let house = House::with(10).await;
    let cleo = ActorId(Uuid::from_u128(0xc));
    let of = |person: ActorId| Filter { person: Some(person), ..Filter::default() };
    assert_eq!(house.all(&of(cleo), SMALL).await.0.len(), 0);
    house
        .database
        .run(&format!(
            r#"update eaf.event set data = convert_to('{{"requester_id":"{cleo}"}}', 'UTF8') where pos = 3;
               update eaf.audit set object = 'member/{cleo}' where trace_id = lpad('4', 32, '0');
               update eaf.audit set actor_id = '{cleo}' where trace_id = lpad('5', 32, '0');
               update eaf.run set subject = '{cleo}'"#
        ))
        .await;
    let (items, _) = house.all(&of(cleo), SMALL).await;
    let of_source = |source| items.iter().filter(|item| item.source == source).count();
    assert_eq!((of_source(Source::Log), of_source(Source::Host), of_source(Source::Call)), (1, 2, 10));
    assert_eq!(house.all(&Filter { source: Some(Source::Log), ..of(BEN) }, SMALL).await.0.len(), 5);
}

#[tokio::test]
async fn an_instant_is_shown_in_local_time_with_its_offset() {
    let house = House::with(1).await;
    let mut tx = house.core.db.tenant(house.acme).await.unwrap();
    let instants = [datetime!(2026-07-01 10:00 UTC), datetime!(2026-12-01 10:00 UTC)];
    let german = zone::local(&mut tx, "Europe/Berlin", Locale::De, &instants).await.unwrap().unwrap();
    let times: Vec<_> = german.iter().map(|local| (local.at.as_str(), local.offset.as_str())).collect();
    assert_eq!(times, [("01.07.2026 12:00:00", "UTC+02:00"), ("01.12.2026 11:00:00", "UTC+01:00")]);
    let english = zone::local(&mut tx, "America/St_Johns", Locale::En, &instants[1..]).await.unwrap().unwrap();
    assert_eq!((english[0].at.as_str(), english[0].offset.as_str()), ("2026-12-01 06:30:00", "UTC-03:30"));
    drop(tx);
    let mut tx = house.core.db.tenant(house.acme).await.unwrap();
    assert_eq!(zone::local(&mut tx, "Mars/Olympus", Locale::De, &instants).await.unwrap(), None);
}
