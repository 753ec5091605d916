//! Tests of the limits on a run's journal and on its calls.

use super::{Scene, effects};
use crate::capability::Class;
use crate::workflow::engine::memory_kernel::{Ending, MemoryKernel};
use crate::workflow::engine::{Execution, Stop};
use crate::workflow::{Entry, MAX_ENTRIES};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

async fn execution(kernel: &Arc<MemoryKernel>, journal: BTreeMap<i32, Entry>) -> Execution {
    Execution::new(Arc::new(effects(kernel).await), journal)
}

#[tokio::test]
async fn a_run_that_fills_its_journal_is_failed() {
    let scene = Scene::new("chatter");
    let Ending::Failed(failure) = scene.play().await else { panic!("not failed") };
    assert_eq!(failure.code, "journal-entries");
    assert_eq!(scene.kernel.state().journal.len(), MAX_ENTRIES as usize);
}

#[tokio::test]
async fn a_call_with_more_than_is_kept_fails_and_replays_as_failed() {
    let kernel = Arc::new(MemoryKernel::new("provision"));
    let body = json!({"command": "note", "body": "x".repeat(300 << 10)});
    for _ in 0..2 {
        let journal = kernel.state().journal.clone();
        let mut execution = execution(&kernel, journal).await;
        let sequence = execution.effect("flow", "submit", None, body.clone()).await.unwrap();
        let refused = execution.outcome(sequence).unwrap().unwrap_err();
        assert_eq!((refused.class, refused.code.as_str()), (Class::Permanent, "too-large"));
        kernel.expire_lease();
    }
    let state = kernel.state();
    assert!(state.commands.is_empty() && state.journal[&1].args.to_string().len() < 100);
}

#[tokio::test]
async fn a_log_line_is_cut_and_a_run_that_keeps_too_much_is_ended() {
    let kernel = Arc::new(MemoryKernel::new("provision"));
    let mut execution = execution(&kernel, BTreeMap::new()).await;
    execution.log("info".into(), "ä".repeat(100_000)).await.unwrap();
    assert!(kernel.state().journal[&1].args.to_string().len() < 9 << 10);
    let body = json!({"command": "note", "body": "x".repeat(200 << 10)});
    let mut calls = 0;
    while execution.effect("flow", "submit", None, body.clone()).await.is_ok() {
        calls += 1;
    }
    assert!((70..90).contains(&calls), "16 MiB: {calls}");
    assert!(matches!(execution.take_stop(), Some(Stop::Limit(failure)) if failure.code == "too-large"));
}
