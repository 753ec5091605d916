//! Tests of the schema versions of events, with a real component: older events are upcast, newer
//! events are refused and park the view.

use eaf_core::Core;
use eaf_core::actor::ActorKind;
use eaf_core::event_store::{AppendRequest, Meta, Outcome, PendingEvent, StreamWrite};
use eaf_core::id::{ActorId, CommandId, EventId, StreamId, TenantId};
use eaf_system_tests::system::{System, WAIT_MAX};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Records an event with this schema version, as a package of another version would.
async fn recorded(core: &Core, counter: &str, schema: u16, data: Value) {
    let (tenant, stream) = (TenantId::derive("acme"), format!("counter/counter/{counter}"));
    let meta = Meta {
        actor: ActorId::SYSTEM,
        actor_kind: ActorKind::System,
        command_id: CommandId(core.ambient.uuid()),
        trace_id: "0".repeat(32),
        span_id: None,
        stream: stream.clone(),
        plugin: "counter".into(),
        generation: 1,
        digest: "0".repeat(64),
    };
    let event = PendingEvent {
        stream: 0,
        id: EventId(core.ambient.uuid()),
        kind: "counter.incremented".into(),
        schema,
        data: data.to_string().into_bytes(),
        meta: serde_json::to_vec(&meta).unwrap(),
    };
    let key = core.ambient.uuid().to_string();
    let mut tx = core.db.tenant(tenant).await.unwrap();
    let place = format!("ledger/{key}");
    let answer = core.keyring.seal(&mut tx, ActorId::SYSTEM, &place, b"recorded elsewhere").await.unwrap();
    tx.commit().await.unwrap();
    let request = AppendRequest {
        actor: ActorId::SYSTEM,
        key,
        fingerprint: [0; 32],
        answer,
        fence: None,
        streams: vec![StreamWrite { stream: StreamId::derive(tenant, &stream), expected: None }],
        events: vec![event],
    };
    let outcome = core.appender.append(tenant, request).await.unwrap();
    assert!(matches!(outcome, Outcome::Ok { .. }), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn older_events_are_upcast_and_newer_ones_are_refused() {
    let system = System::bare().await;
    let (core, requester) = (system.core().await, system.person("requester@acme").await);
    let increment = async |name: &str| {
        let body = json!({ "name": name, "by": 5 });
        requester.call(Method::POST, "/api/counter/commands/increment", None, Some(&body)).await
    };
    let value = async |name: &str, wanted: i64| {
        let path = format!("/api/counter/views/counters/{name}");
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            let answer = requester.get(&path).await;
            if answer.body["value"] == wanted {
                return;
            }
            assert!(Instant::now() < deadline, "{name}: {:#}", answer.body);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // Version 1 has no `by`.
    recorded(&core, "old", 1, json!({ "name": "old" })).await;
    increment("old").await.ok();
    value("old", 6).await;

    recorded(&core, "new", 3, json!({ "name": "new", "in": "a shape of tomorrow" })).await;
    let problem = increment("new").await.refused(503, "event-unknown");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("neuere Version")), "{problem:#}");
    increment("other").await.ok();
    let parked = async |said: String| said.contains("1 tenants behind, 1 parked");
    let deadline = Instant::now() + WAIT_MAX;
    while !parked(system.eaf(&["projection", "status"]).await.0).await {
        assert!(Instant::now() < deadline, "{}", system.eaf(&["projection", "status"]).await.0);
    }
    // Rows that were projected before stay.
    value("old", 6).await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_upcast_parks_its_view_in_its_tenant_alone() {
    let system = System::bare().await;
    let (core, requester) = (system.core().await, system.person("requester@acme").await);
    let increment = async |name: &str| {
        let body = json!({ "name": name, "by": 5 });
        requester.call(Method::POST, "/api/counter/commands/increment", None, Some(&body)).await.ok();
    };
    increment("before").await;
    // This event is one that version 1 never wrote: the name to upcast is missing.
    recorded(&core, "broken", 1, json!({ "canary": "Canary-Of-A-Broken-Event" })).await;
    let deadline = Instant::now() + WAIT_MAX;
    let status = loop {
        let status = system.eaf(&["projection", "status"]).await.0;
        if status.contains("1 parked") {
            break status;
        }
        assert!(Instant::now() < deadline, "{status}");
    };
    assert!(!status.contains("Canary"), "{status}");
    // Commands are still accepted and recorded; the view is parked and skips nothing.
    increment("after").await;
    assert_eq!(requester.get("/api/counter/views/counters/before").await.ok()["value"], 5);
    requester.get("/api/counter/views/counters/after").await.refused(404, "not-found");
    assert_eq!(system.database.events(TenantId::derive("acme")).await, 3);
    system.finish().await;
}
