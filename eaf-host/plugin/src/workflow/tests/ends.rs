//! How runs end that do not return a result, what the domain hears of it, and the limits that end them.

use super::super::kernel::{Divergence, Entry, Error, Kernel, State};
use super::{Scene, engine, failure};
use crate::workflow::component::Ended;
use crate::workflow::effects::{Acting, Providers};
use crate::workflow::execution::{Execution, Stop};
use crate::workflow::memory::{Ending, Memory};
use crate::workflow::repetition::Patience;
use crate::workflow::{Config, Engine};
use crate::{Plugins, fixtures};
use eaf_capability::{Class, Polled, Provider};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn told(scene: &Scene) -> Vec<(String, String)> {
    let state = scene.kernel.state();
    let ends = state.commands.iter().filter(|(_, command, _)| command == "note-end");
    ends.map(|(key, _, body)| {
        assert_eq!((&body["key"], &body["event"]), (&json!("thing-1"), &json!(state.run.event.id)));
        (key.clone(), body["code"].as_str().unwrap().to_owned())
    })
    .collect()
}

fn recorded(sequence: i32, function: &str) -> Entry {
    Entry {
        sequence,
        capability: "flow".into(),
        function: function.into(),
        grant: None,
        args: json!({}),
        idempotency_key: String::new(),
        state: State::Done(Ok(Value::Null)),
        progress: None,
    }
}

#[tokio::test]
async fn however_a_run_ends_without_a_result_the_domain_is_told_once_and_before() {
    let plugins = Plugins::default();
    let with = |workflow: &str| Scene::on(workflow, &plugins);

    let trapped = with("explode");
    assert!(matches!(trapped.play().await, Ending::Failed(_)));
    let key = format!("run:{}:ended", trapped.kernel.state().run.id);
    assert_eq!(told(&trapped), [(key, "component-stopped".to_owned())]);

    let too_long = with("chatter");
    assert!(matches!(too_long.play().await, Ending::Failed(_)));
    assert_eq!(told(&too_long)[0].1, "journal-entries");

    let diverged = with("provision");
    diverged.kernel.state().journal = BTreeMap::from([(1, recorded(1, "now"))]);
    assert!(matches!(diverged.play().await, Ending::Diverged(_)));
    assert_eq!(told(&diverged)[0].1, "diverged");

    let lost = with("provision");
    lost.kernel.state().lost = true;
    assert!(matches!(lost.play().await, Ending::Failed(failure) if failure.code == "erased"));
    assert_eq!(told(&lost)[0].1, "erased");

    let returned = with("provision");
    returned.kernel.state().granted = false;
    assert!(matches!(returned.play().await, Ending::Failed(_)));
    assert_eq!(told(&returned)[0].1, "not-granted");

    let fine = with("provision");
    assert_eq!(fine.play().await, Ending::Completed(json!({})));
    assert!(told(&fine).is_empty());
}

#[tokio::test]
async fn a_run_ends_only_when_the_domain_knows_or_refuses_to() {
    let plugins = Plugins::default();
    let scene = Scene::on("explode", &plugins);
    let busy = || Ok(Err(failure(Class::Transient, "conflict", "just now not")));
    scene.kernel.state().answers.extend([busy(), Err(Error::Store("down".into())), busy()]);
    assert!(matches!(scene.play().await, Ending::Failed(_)));
    assert_eq!(told(&scene).len(), 1);

    let scene = Scene::on("explode", &plugins);
    scene.kernel.state().answers.push_back(Ok(Err(failure(Class::Rejected, "attempt-over", ""))));
    assert!(matches!(scene.play().await, Ending::Failed(failure) if failure.code == "component-stopped"));
}

#[tokio::test]
async fn wherever_the_host_dies_a_denial_is_audited_once_and_its_end_is_told_once() {
    let plugins = Plugins::default();
    for step in 1.. {
        let scene = Scene::on("provision", &plugins);
        scene.kernel.state().granted = false;
        *scene.kernel.fuse.dies_before.lock().unwrap() = Some(step);
        let died = tokio::select! {
            _ = scene.play() => false,
            () = scene.kernel.fuse.dead.notified() => true,
        };
        scene.kernel.expire_lease();
        let next = Scene { engine: engine(&scene.kernel, &scene.vcenter, &plugins), ..scene };
        assert!(matches!(next.play().await, Ending::Failed(failure) if failure.class == Class::Denied));
        assert_eq!(next.kernel.state().denials, [1], "died before step {step}");
        assert_eq!(told(&next).len(), 1, "died before step {step}");
        if !died {
            assert!(step > 4, "only {step} places to die at");
            return;
        }
    }
}

#[tokio::test]
async fn a_stall_that_the_domain_could_not_be_told_of_is_told_later() {
    let scene = Scene::new("provision");
    scene.vcenter.starts.lock().unwrap().extend((0..8).map(|_| Err(super::transient())));
    scene.kernel.state().answers.push_back(Err(Error::Store("down".into())));
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    let stalled: Vec<Value> = scene.commands("note-stall").iter().map(|body| body["stalled"].clone()).collect();
    assert_eq!(stalled, [true, false]);
}

#[tokio::test]
async fn an_operation_that_ended_in_a_failure_that_may_pass_is_begun_again_further_and_further_apart() {
    let scene = Scene::new("provision");
    let full = || Ok(Polled::Ended(failure(Class::Capacity, "vcenter-capacity", "no room")));
    scene.vcenter.polls.lock().unwrap().extend((0..5).map(|_| full()));
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    assert_eq!(scene.effects(), [6], "begun six times with one key");
    let stalled: Vec<Value> = scene.commands("note-stall").iter().map(|body| body["stalled"].clone()).collect();
    assert_eq!(stalled, [true, false], "running again is not recovered");
    let begun = scene.kernel.state().now - time::OffsetDateTime::UNIX_EPOCH;
    assert!(begun >= Duration::from_millis(1_000_000_000 + 500 + 1_000 + 2_000 + 4_000 + 8_000));
}

#[tokio::test]
async fn an_operation_that_runs_for_long_and_ends_in_the_same_failure_each_time_is_not_repeated_without_end() {
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
    assert!(stalled.len() <= 2 * effects[0] as usize, "each time told once and once recovered: {stalled:?}");
}

#[tokio::test]
async fn the_retry_budget_of_a_failure_ends_its_repetition_long_before_the_hosts_own() {
    let scene = Scene::new("provision");
    let starting = failure(Class::Transient, "vcenter-starting", "starts").give_up_after(Duration::from_secs(900));
    scene.vcenter.starts.lock().unwrap().extend((0..1_000).map(|_| Err(starting.clone())));
    assert!(matches!(scene.play().await, Ending::Failed(failure) if failure.code == "vcenter-starting"));
    let tried = 1_000 - scene.vcenter.starts.lock().unwrap().len();
    assert!((30..=40).contains(&tried), "15 minutes, 30 s apart: {tried}");
}

#[tokio::test]
async fn a_budget_is_not_used_up_by_failures_of_the_same_code_that_had_another_one() {
    let scene = Scene::new("provision");
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let busy = |budget| failure(Class::Transient, "vcenter-busy", "busy").give_up_after(budget);
    let mut starts = Vec::new();
    // 20 minutes of a task of somebody else, then a machine that is not ready, then the task again.
    starts.extend((0..45).map(|_| busy(minutes(360))));
    starts.push(busy(minutes(15)));
    starts.extend((0..45).map(|_| busy(minutes(360))));
    scene.vcenter.starts.lock().unwrap().extend(starts.into_iter().map(Err));
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    let stalled: Vec<Value> = scene.commands("note-stall").iter().map(|body| body["stalled"].clone()).collect();
    assert_eq!(stalled, [true, false], "it is one cause for people");
}

#[tokio::test]
async fn a_provider_that_keeps_trying_does_so_whatever_failure_that_may_pass_its_call_meets() {
    let plugins = Plugins::default();
    let scene = Scene::on("provision", &plugins);
    let patience = Patience { budget: Duration::from_secs(20), ..Patience::default() };
    let providers = Providers::from([("vsphere".to_owned(), scene.vcenter.clone() as Arc<dyn Provider>)]);
    let config = Config { patience, ..Config::default() };
    let engine = Engine::new(scene.kernel.clone(), plugins, Arc::new(providers), config);
    let scene = Scene { engine, ..scene };
    *scene.vcenter.keep_trying.lock().unwrap() = Some(Duration::from_secs(3_600));
    scene.vcenter.starts.lock().unwrap().extend((0..20).map(|_| Err(super::transient())));
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

#[tokio::test]
async fn a_replay_that_returns_before_its_journal_is_used_up_has_diverged() {
    let scene = Scene::new("provision");
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    {
        let mut state = scene.kernel.state();
        let after = *state.journal.keys().last().unwrap() + 1;
        state.journal.insert(after, recorded(after, "now"));
        (state.ending, state.leased) = (None, false);
    }
    let Ending::Diverged(Divergence { recorded, replayed, .. }) = scene.play().await else { panic!("not stopped") };
    assert_eq!((recorded.as_str(), replayed), ("flow.now", None));
}

#[tokio::test]
async fn what_was_granted_for_reading_does_not_open_what_changes() {
    let manifest = fixtures::MANIFEST.replace("[\"lifecycle\"]", "[\"inventory\"]")
        + "[[requests]]\ncapability = \"vsphere\"\ngrant = \"other\"\ninterfaces = [\"lifecycle\"]\n";
    let plugins = Plugins::default();
    plugins.activate(fixtures::plugin_of(&manifest));
    let scene = Scene::on("provision", &plugins);
    assert!(matches!(scene.play().await, Ending::Failed(failure) if failure.code == "not-requested"));
    assert_eq!(scene.kernel.state().denials, [1]);
    assert!(scene.effects().is_empty());
}

async fn execution(kernel: &Arc<Memory>, journal: BTreeMap<i32, Entry>) -> Execution {
    let claimed = kernel.claim(1).await.unwrap().remove(0);
    let acting = Acting {
        kernel: kernel.clone(),
        lease: claimed.lease,
        run: claimed.run,
        providers: Arc::default(),
        patience: Patience::default(),
        on_stall: None,
        requests: Vec::new(),
    };
    Execution::new(Arc::new(acting), journal)
}

#[tokio::test]
async fn a_call_with_more_than_is_kept_fails_and_replays_as_failed() {
    let kernel = Arc::new(Memory::new("provision"));
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
    let kernel = Arc::new(Memory::new("provision"));
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

#[tokio::test]
async fn all_stretches_of_an_execution_together_have_a_limit() {
    use crate::engine::{Limits, Wasm};
    let limits = Limits { deadline: Duration::from_secs(600), total: Duration::from_millis(100), ..Limits::default() };
    let wasm = Wasm::new(None, limits).unwrap();
    let compiled = wasm.compile(&fixtures::component("workflow", fixtures::DURABLE)).unwrap();
    let component = crate::workflow::component::WorkflowComponent::new(wasm, &compiled).unwrap();
    let kernel = Arc::new(Memory::new("spin"));
    let execution = execution(&kernel, BTreeMap::new()).await;
    let started = Instant::now();
    let ended = component.run(execution, "spin", b"{}").await;
    assert!(matches!(ended, Ended::Trapped { .. }), "{ended:?}");
    assert!(started.elapsed() < Duration::from_secs(60));
}
