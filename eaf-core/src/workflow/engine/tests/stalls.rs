//! Tests of the repetition of failed calls, of the retry budgets, and of the notifications of the
//! domain.

use super::scripts::Scripts;
use super::{Scene, failure, transient};
use crate::capability::{Class, Polled};
use crate::workflow::engine::memory_kernel::Ending;
use crate::workflow::engine::{Error, RetryPolicy};
use crate::workflow::{State, Wait};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn retries_keep_the_key_and_the_domain_learns_of_a_stall_and_its_end() {
    let scene = Scene::new("provision");
    scene.vcenter.starts.lock().unwrap().extend((0..6).map(|_| Err(transient())));
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    assert_eq!(scene.effects(), [1]);
    let notices = scene.commands("note-stall");
    let message = "vCenter cannot be reached";
    assert_eq!(
        notices,
        [
            json!({"key": "thing-1", "stalled": true, "code": "unreachable", "message": message}),
            json!({"key": "thing-1", "stalled": false, "code": "unreachable", "message": message}),
        ]
    );
    let waits: Vec<_> = scene.kernel.state().waiting.iter().map(|waiting| waiting.code.clone()).collect();
    assert!(waits.contains(&"unreachable".to_owned()), "the run says why it waits: {waits:?}");
}

#[tokio::test]
async fn a_few_seconds_without_vcenter_are_no_stall() {
    let scene = Scene::new("provision");
    scene.vcenter.starts.lock().unwrap().extend([Err(transient()), Err(transient())]);
    scene.vcenter.polls.lock().unwrap().extend([Err(transient()), Ok(Polled::Done(json!({})))]);
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    assert!(scene.commands("note-stall").is_empty());
}

#[tokio::test]
async fn a_final_failure_or_one_beyond_the_budget_is_abandoned_and_answered() {
    let scene = Scene::new("provision");
    scene.vcenter.starts.lock().unwrap().push_back(Err(failure(
        Class::NotFound,
        "no-template",
        "there is no template",
    )));
    assert!(matches!(scene.play().await, Ending::Failed(failure) if failure.code == "no-template"));
    assert_eq!(scene.abandoned(), [(2, "no-template".to_owned())]);

    let policy = RetryPolicy { give_up_after: Duration::from_secs(20), ..RetryPolicy::default() };
    let scene = Scene::with("provision", Scripts::new(), policy);
    scene.vcenter.starts.lock().unwrap().extend((0..100).map(|_| Err(transient())));
    assert!(matches!(scene.play().await, Ending::Failed(failure) if failure.code == "unreachable"));
    assert_eq!(scene.abandoned(), [(2, "unreachable".to_owned())]);
}

#[tokio::test]
async fn a_call_without_an_answer_has_an_unknown_outcome_and_is_restarted() {
    tokio::time::timeout(Duration::from_secs(20), async {
        let policy = RetryPolicy { call_timeout: Duration::from_millis(50), ..RetryPolicy::default() };
        let scene = Scene::with("provision", Scripts::new(), policy);
        *scene.kernel.crash_point.dies_before.lock().unwrap() = Some(4);
        scene.engine.run_once().await;
        let waits = matches!(&scene.kernel.state().journal[&2].state,
            State::Pending { wait: Wait::Start { stall }, .. } if stall.failure.class == Class::UnknownOutcome);
        assert!(waits);
        assert_eq!(scene.play().await, Ending::Completed(json!({})));
        assert_eq!(scene.effects(), [2], "started twice with one key");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_stall_that_could_not_be_notified_is_notified_later() {
    let scene = Scene::new("provision");
    scene.vcenter.starts.lock().unwrap().extend((0..8).map(|_| Err(transient())));
    scene.kernel.state().answers.push_back(Err(Error::Store("down".into())));
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    let stalled: Vec<Value> = scene.commands("note-stall").iter().map(|body| body["stalled"].clone()).collect();
    assert_eq!(stalled, [true, false]);
}

#[tokio::test]
async fn an_operation_with_a_retryable_failure_restarts_with_growing_delays() {
    let scene = Scene::new("provision");
    let full = || Ok(Polled::Ended(failure(Class::Capacity, "vcenter-capacity", "no room")));
    scene.vcenter.polls.lock().unwrap().extend((0..5).map(|_| full()));
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    assert_eq!(scene.effects(), [6], "started six times with one key");
    let stalled: Vec<Value> = scene.commands("note-stall").iter().map(|body| body["stalled"].clone()).collect();
    assert_eq!(stalled, [true, false], "running again is not recovered");
    let passed = scene.kernel.state().now - time::OffsetDateTime::UNIX_EPOCH;
    assert!(passed >= Duration::from_millis(1_000_000_000 + 500 + 1_000 + 2_000 + 4_000 + 8_000));
}

#[tokio::test]
async fn a_long_operation_with_the_same_failure_is_not_repeated_for_ever() {
    let scene = Scene::new("provision");
    let locked = failure(Class::Transient, "vcenter-locked", "locked").give_up_after(Duration::from_secs(600));
    for _ in 0..100 {
        let running = Polled::Running { progress: None, poll_after: Duration::from_secs(90) };
        let mut polls = scene.vcenter.polls.lock().unwrap();
        polls.extend([Ok(running), Ok(Polled::Ended(locked.clone()))]);
    }
    assert!(matches!(scene.play().await, Ending::Failed(failure) if failure.code == "vcenter-locked"));
    let effects = scene.effects();
    assert!((5..=8).contains(&effects[0]), "ten minutes of tasks that run for 90 s: {effects:?}");
    let stalled: Vec<Value> = scene.commands("note-stall").iter().map(|body| body["stalled"].clone()).collect();
    assert!(stalled.len() <= 2 * effects[0] as usize, "each time one notice and one of its end: {stalled:?}");
}

#[tokio::test]
async fn the_retry_budget_of_a_failure_ends_before_the_hosts_own() {
    let scene = Scene::new("provision");
    let starting = failure(Class::Transient, "vcenter-starting", "starts").give_up_after(Duration::from_secs(900));
    scene.vcenter.starts.lock().unwrap().extend((0..1_000).map(|_| Err(starting.clone())));
    assert!(matches!(scene.play().await, Ending::Failed(failure) if failure.code == "vcenter-starting"));
    let tried = 1_000 - scene.vcenter.starts.lock().unwrap().len();
    assert!((30..=40).contains(&tried), "15 minutes, 30 s apart: {tried}");
}

#[tokio::test]
async fn a_budget_counts_no_failures_of_its_code_with_another_budget() {
    let scene = Scene::new("provision");
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let busy = |budget| failure(Class::Transient, "vcenter-busy", "busy").give_up_after(budget);
    let mut starts = Vec::new();
    // For 20 minutes a task of another user is in the way, then the machine is not ready once, then
    // the task is in the way again.
    starts.extend((0..45).map(|_| busy(minutes(360))));
    starts.push(busy(minutes(15)));
    starts.extend((0..45).map(|_| busy(minutes(360))));
    scene.vcenter.starts.lock().unwrap().extend(starts.into_iter().map(Err));
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    let stalled: Vec<Value> = scene.commands("note-stall").iter().map(|body| body["stalled"].clone()).collect();
    assert_eq!(stalled, [true, false], "it is one cause for people");
}

#[tokio::test]
async fn a_providers_own_retry_budget_holds_for_every_retryable_failure() {
    let policy = RetryPolicy { give_up_after: Duration::from_secs(20), ..RetryPolicy::default() };
    let scene = Scene::with("provision", Scripts::new(), policy);
    *scene.vcenter.retry_budget.lock().unwrap() = Some(Duration::from_secs(3_600));
    scene.vcenter.starts.lock().unwrap().extend((0..20).map(|_| Err(transient())));
    assert_eq!(scene.play().await, Ending::Completed(json!({})), "minutes of failures that name no budget");
}

#[tokio::test]
async fn an_operation_that_ended_for_good_is_the_guests_failure() {
    let scene = Scene::new("provision");
    let broken = Polled::Ended(failure(Class::Permanent, "vcenter-fault", "broken"));
    scene.vcenter.polls.lock().unwrap().push_back(Ok(broken));
    assert!(matches!(scene.play().await, Ending::Failed(failure) if failure.code == "vcenter-fault"));
    assert_eq!(scene.effects(), [1]);
}
