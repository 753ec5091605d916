//! Workflow runs, as admins and auditors see them: calls and outcomes, without arguments and
//! results.

use super::{TestHost, note};
use eaf_core::consumers::{self, Step};
use eaf_core::id::{HostId, TenantId};
use eaf_core::workflow::{self, Divergence, Entry, State};
use serde_json::{Value, json};

/// Begins a run of acme without calls.
pub async fn begin(host: &TestHost) -> workflow::Lease {
    let acme = TenantId::derive("acme");
    let product = host.app.products.get("notes").expect("the product");
    consumers::prepare(&host.core.db, product.domain.as_ref()).await.unwrap();
    let started = async || loop {
        match host.core.consumers.run_trigger_batch(product.domain.as_ref(), acme, "remind").await.unwrap() {
            Step::Advanced { .. } | Step::Busy => {}
            Step::CaughtUp => break,
            step => panic!("{step:?}"),
        }
    };
    started().await;
    assert_eq!(host.give("requester@acme", "write-note", note("canary-title"), &[]).await.status, 202);
    started().await;
    let claimer = HostId(host.core.ambient.uuid());
    workflow::claim(&host.core.db, &host.core.keyring, claimer, workflow::LEASE, &["notes".to_owned()], 1)
        .await
        .unwrap()
        .remove(0)
        .1
}

/// Begins a run of acme with two calls in its journal.
async fn run(host: &TestHost) -> workflow::Lease {
    let lease = begin(host).await;
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
    let journal = &host.core.journal;
    let done = entry(1, State::Done(Ok(json!("canary-result"))));
    journal.write(&lease, &done).await.unwrap();
    journal.write(&lease, &entry(2, State::Intent)).await.unwrap();
    lease
}

#[tokio::test]
async fn a_run_has_its_calls_without_arguments_and_results() {
    let host = TestHost::new().await;
    run(&host).await;
    let listed = host.get("auditor@acme", "/api/host/runs?key=topic-1").await;
    let item = &listed.json["items"][0];
    assert_eq!(
        (&item["workflow"], &item["key"], &item["state"]),
        (&json!("remind"), &json!("topic-1"), &json!("running"))
    );
    let path = format!("/api/host/runs/{}", item["id"].as_str().expect("an id"));
    let shown = host.get("auditor@acme", &path).await;
    let steps = shown.json["steps"].as_array().expect("steps");
    let step = |step: &Value| (step["sequence"].clone(), step["call"].clone(), step["outcome"].clone());
    assert_eq!(step(&steps[0]), (json!(1), json!("echo.say"), json!("ok")));
    assert_eq!(step(&steps[1]), (json!(2), json!("echo.say"), json!(null)));
    assert!(!shown.text.contains("canary") && !listed.text.contains("canary"), "{}", shown.text);
    assert_eq!(host.get("auditor@acme", "/api/host/runs?key=other").await.json["items"], json!([]));

    assert_eq!(host.get("admin@globex", &path).await.refusal(), (404, "not-found", vec![]));
    assert_eq!(host.get("admin@globex", "/api/host/runs").await.json["items"], json!([]));
    let health = host.get("operator", "/api/host/workflows").await.json;
    assert_eq!(health["items"], json!([{ "plugin": "notes", "state": "open", "runs": 1, "overdue": 0 }]));
}

#[tokio::test]
async fn a_diverged_run_names_both_calls() {
    let host = TestHost::new().await;
    let lease = run(&host).await;
    let divergence = Divergence { sequence: 2, recorded: "echo.say".into(), replayed: Some("echo.shout".into()) };
    workflow::stop(&host.core.db, &lease, &divergence).await.unwrap();
    let item = host.get("admin@acme", "/api/host/runs").await.json["items"][0].clone();
    assert_eq!(item["state"], "stopped");
    assert_eq!(item["failure"], json!({ "seq": 2, "journal": "echo.say", "call": "echo.shout" }));
}
