use eaf_core::audit::trail::{Bounds, Cursor, Filter, page};
use eaf_core::directory::add_tenant;
use eaf_core::id::ActorId;
use eaf_core::testing::Database;
use std::time::Instant;
use time::macros::datetime;

#[tokio::test]
#[ignore]
async fn measure() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core, "acme", "ACME").await.unwrap();
    let n = 1_000_000;
    database.run(&format!(r#"insert into eaf.event (tenant_id, lane, pos, stream_id, version, event_id, type, schema_version, data, meta, at, leaf, chain)
      select '{acme}', 0, g, gen_random_uuid(), 1, gen_random_uuid(), 'dcm.request-submitted', 1, convert_to(repeat('x', 400), 'UTF8'),
        convert_to(format('{{"actor":"%s","actor_kind":"person","command_id":"%s","trace_id":"%s","stream":"dcm/request/%s","plugin":"dcm","generation":1,"digest":"%s"}}',
          case when g = 500 then '00000000-0000-0000-0000-00000000000a' else '00000000-0000-0000-0000-00000000000b' end, gen_random_uuid(), lpad(g::text, 32, '0'), g, repeat('a', 64)), 'UTF8'),
        '2026-01-01'::timestamptz + g * interval '10 seconds', repeat('l', 32)::bytea, repeat('l', 32)::bytea from generate_series(1, {n}) g"#)).await;
    database.run(&format!(r#"insert into eaf.audit (tenant_id, at, actor_id, act, object, outcome, trace_id)
      select '{acme}', '2026-01-01'::timestamptz + g * interval '33 seconds', gen_random_uuid(), 'connection.put', 'vsphere/vcenter', 'ok', lpad(g::text, 32, '0') from generate_series(1, 300000) g"#)).await;
    database.run(&format!(r#"insert into eaf.run (tenant_id, run_id, plugin, digest, workflow, event_id, event_pos, key, subject, trace)
       select '{acme}', md5(g::text)::uuid, 'dcm', '', 'provision', gen_random_uuid(), 1, 'thing-' || g, gen_random_uuid(), lpad(g::text, 32, '0') from generate_series(1, 50000) g;
      insert into eaf.journal (tenant_id, run_id, seq, capability, function, args, idempotency_key, state, result, outcome, target, started_at)
       select '{acme}', md5(g::text)::uuid, s, case when s % 2 = 0 then 'flow' else 'vsphere' end, 'clone', '', g::text, 'done', '', 'ok', 'machine', '2026-01-01'::timestamptz + g * interval '200 seconds' + s * interval '1 second'
       from generate_series(1, 50000) g, generate_series(1, 20) s"#)).await;
    database.run("analyze").await;
    let f = Filter::default;
    let t = |s: &str| Some(s.to_owned());
    let bounds = Bounds { items: 50, examined: 20_000 };
    for (what, filter) in [
        ("unfiltered", f()),
        ("to half", Filter { to: Some(datetime!(2026-03-01 0:00 UTC)), ..f() }),
        (
            "from-to",
            Filter { from: Some(datetime!(2026-02-27 0:00 UTC)), to: Some(datetime!(2026-03-01 0:00 UTC)), ..f() },
        ),
        ("act none", Filter { act: t("nothing"), ..f() }),
        ("object none", Filter { object: t("nothing"), ..f() }),
        ("trace", Filter { trace: t(&format!("{:032}", 999_000)), ..f() }),
        ("trace in runs and audit", Filter { trace: t(&format!("{:032}", 30_000)), ..f() }),
        ("actor", Filter { actor: Some(ActorId(uuid::Uuid::from_u128(0xa))), ..f() }),
    ] {
        for _ in 0..3 {
            let begun = Instant::now();
            let mut tx = core.db.tenant(acme).await.unwrap();
            let found = page(&mut tx, &filter, None, bounds).await.unwrap();
            println!(
                "{what}: {} items in {:?}, next {:?}",
                found.items.len(),
                begun.elapsed(),
                found.next.as_ref().map(ToString::to_string)
            );
        }
    }
    let mut cursor: Option<Cursor> = None;
    let begun = Instant::now();
    let mut pages = 0;
    loop {
        let mut tx = core.db.tenant(acme).await.unwrap();
        let found =
            page(&mut tx, &Filter { actor: Some(ActorId(uuid::Uuid::from_u128(0xa))), ..f() }, cursor.as_ref(), bounds)
                .await
                .unwrap();
        pages += 1;
        match found.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    println!("rare actor through all: {pages} pages {:?}", begun.elapsed());
    let begun = Instant::now();
    let (mut cursor, mut rows) = (None, 0);
    while rows < 100_000 {
        let mut tx = core.db.tenant(acme).await.unwrap();
        let found = page(&mut tx, &f(), cursor.as_ref(), Bounds { items: 1_000, examined: 20_000 }).await.unwrap();
        rows += found.items.len();
        match found.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    println!("export {rows} rows {:?}", begun.elapsed());
}
