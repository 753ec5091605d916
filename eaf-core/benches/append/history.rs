//! Benchmark of the latency of a command on a long stream, whose history is read whole, from the
//! stream cache, or with a snapshot.

use crate::ours::payload;
use crate::tally::{self, Tally};
use crate::verdict::quantile;
use eaf_core::Core;
use eaf_core::command_bus::Answer;
use eaf_core::event_store::{AppendRequest, Outcome, PendingEvent, StreamWrite};
use eaf_core::id::{ActorId, EventId, StreamId, TenantId};
use eaf_core::testing::Database;
use std::time::Instant;

const EVENTS: usize = 3_000;
const TIMES: usize = 60;
const STREAM: &str = "quota/long";

pub async fn bench(database: &Database) {
    let core = database.core().await;
    let tally = Tally::in_force(database).await;
    let keeping = Tally::folding(database).await;
    let tenant = tally::tenant(&core, "long-stream").await;
    fill(&core, tenant).await;
    let whole = median(&core, &tally, tenant, Core::with_empty_stream_cache).await;
    let cached = median(&core, &tally, tenant, Core::clone).await;
    let snapshot = median(&core, &keeping, tenant, Core::with_empty_stream_cache).await;
    let both = median(&core, &keeping, tenant, Core::clone).await;
    println!(
        "a command on a stream of {EVENTS} events: read whole {whole:.1} ms, cached {cached:.1} ms, \
         from a snapshot {snapshot:.1} ms, both {both:.1} ms"
    );
}

async fn median(core: &Core, tally: &Tally, tenant: TenantId, before: impl Fn(&Core) -> Core) -> f64 {
    let mut core = core.clone();
    let mut took = Vec::new();
    for time in 0..=TIMES {
        core = before(&core);
        let began = Instant::now();
        let answer = tally::count(&core, tally, tenant, STREAM).await;
        assert!(matches!(answer, Ok(Answer::Accepted { .. })), "VOID: not decided: {answer:?}");
        // The first command is not measured, since it fills the cache and stores the snapshot.
        if time > 0 {
            took.push(began.elapsed().as_secs_f64() * 1000.0);
        }
    }
    quantile(took, 0.5)
}

/// Appends events in batches, in the form in which the commands of the plugin `tally` record them.
async fn fill(core: &Core, tenant: TenantId) {
    let meta = String::from_utf8(payload().1.clone()).expect("metadata is JSON");
    let meta = meta.replace("\"bench\"", "\"tally\"").replace("bench/thing/1", &format!("tally/{STREAM}"));
    let event = |_| PendingEvent {
        stream: 0,
        id: EventId(core.ambient.uuid()),
        kind: "tally.counted".into(),
        schema: 1,
        data: payload().0.clone(),
        meta: meta.clone().into_bytes(),
    };
    for _ in 0..EVENTS / 250 {
        let request = AppendRequest {
            actor: ActorId::SYSTEM,
            key: core.ambient.uuid().to_string(),
            fingerprint: [7; 32],
            answer: Vec::new(),
            fence: None,
            streams: vec![StreamWrite { stream: StreamId::derive(tenant, &format!("tally/{STREAM}")), expected: None }],
            events: (0..250).map(event).collect(),
        };
        let outcome = core.appender.append(tenant, request).await.expect("an answer");
        assert!(matches!(outcome, Outcome::Ok { .. }), "VOID: {outcome:?}");
    }
}
