//! Workflow runs, as administrators and auditors see them: what was called and what came of it, never with what.

use super::{House, note};
use eaf_core::consumers::{self, Step};
use eaf_core::id::{HostId, TenantId};
use eaf_core::workflow::{self, Divergence, Entry, Journal, State};
use serde_json::{Value, json};
use std::time::Duration;

/// A run of acme that has called nothing yet.
pub async fn begun(house: &House) -> workflow::Lease {
    let acme = TenantId::derive("acme");
    let product = house.app.products.get("notes").expect("the product");
    consumers::prepare(&house.core.db, product.domain.as_ref()).await.unwrap();
    let started = async || loop {
        match house.core.consumers.run_trigger_batch(product.domain.as_ref(), acme, "remind").await.unwrap() {
            Step::Advanced { .. } | Step::Busy => {}
            Step::CaughtUp => break,
            step => panic!("{step:?}"),
        }
    };
    started().await;
    assert_eq!(house.give("requester@acme", "write-note", note("canary-title"), &[]).await.status, 202);
    started().await;
    let host = HostId(house.core.ambient.uuid());
    workflow::claim(&house.core.db, &house.core.keyring, host, workflow::LEASE, &["notes".to_owned()], 1)
        .await
        .unwrap()
        .remove(0)
        .1
}

/// A run of acme with two calls in its journal.
async fn run(house: &House) -> workflow::Lease {
    let lease = begun(house).await;
    let entry = |sequence, state| Entry {
        sequence,
        capability: "echo".into(),
        grant: Some("main".into()),
        function: "say".into(),
        args: json!({ "words": "canary-args", "identity": "target-1" }),
        idempotency_key: format!("key-{sequence}"),
        state,
        progress: None,
    };
    let journal = Journal::new(&house.core.db, &house.core.keyring);
    let done = entry(1, State::Done(Ok(json!("canary-result"))));
    journal.write(&lease, &done, Duration::ZERO).await.unwrap();
    journal.write(&lease, &entry(2, State::Intent), Duration::ZERO).await.unwrap();
    lease
}

#[tokio::test]
async fn a_run_shows_its_steps_without_what_was_said() {
    let house = House::new().await;
    run(&house).await;
    let listed = house.get("auditor@acme", "/api/host/runs?key=topic-1").await;
    let item = &listed.json["items"][0];
    assert_eq!(
        (&item["workflow"], &item["key"], &item["state"]),
        (&json!("remind"), &json!("topic-1"), &json!("running"))
    );
    let path = format!("/api/host/runs/{}", item["id"].as_str().expect("an id"));
    let shown = house.get("auditor@acme", &path).await;
    let steps = shown.json["steps"].as_array().expect("steps");
    let step = |step: &Value| (step["sequence"].clone(), step["call"].clone(), step["outcome"].clone());
    assert_eq!(step(&steps[0]), (json!(1), json!("echo.say"), json!("ok")));
    assert_eq!(step(&steps[1]), (json!(2), json!("echo.say"), json!(null)));
    assert!(!shown.text.contains("canary") && !listed.text.contains("canary"), "{}", shown.text);
    assert_eq!(house.get("auditor@acme", "/api/host/runs?key=other").await.json["items"], json!([]));

    assert_eq!(house.get("admin@globex", &path).await.refusal(), (404, "not-found", vec![]));
    assert_eq!(house.get("admin@globex", "/api/host/runs").await.json["items"], json!([]));
    let health = house.get("operator", "/api/host/workflows").await.json;
    assert_eq!(health["items"], json!([{ "plugin": "notes", "state": "open", "runs": 1, "overdue": 0 }]));
}

#[tokio::test]
async fn a_run_that_was_stopped_shows_both_sides() {
    let house = House::new().await;
    let lease = run(&house).await;
    let divergence = Divergence { sequence: 2, recorded: "echo.say".into(), replayed: Some("echo.shout".into()) };
    workflow::stop(&house.core.db, &lease, &divergence).await.unwrap();
    let item = house.get("admin@acme", "/api/host/runs").await.json["items"][0].clone();
    assert_eq!(item["state"], "stopped");
    assert_eq!(item["failure"], json!({ "seq": 2, "journal": "echo.say", "call": "echo.shout" }));
}
