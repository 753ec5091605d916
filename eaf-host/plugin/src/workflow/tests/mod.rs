//! The rules of durable execution, over a component, a scripted vCenter and a kernel that can die at any step.

mod ends;

use super::effects::{Providers, failure};
use super::kernel::{Entry, Kernel, State, Wait};
use super::memory::{Ending, MOMENT, Memory, Vcenter};
use super::repetition::Patience;
use super::{Config, Engine};
use crate::{Plugins, fixtures};
use eaf_capability::{Class, Failure, Polled, Started};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

struct Scene {
    kernel: Arc<Memory>,
    vcenter: Arc<Vcenter>,
    engine: Engine<Memory>,
}

impl Scene {
    fn new(workflow: &str) -> Self {
        Self::on(workflow, &Plugins::default())
    }

    /// Scenes may share loaded plugins: compiling one takes longer than a whole run.
    fn on(workflow: &str, plugins: &Plugins) -> Self {
        if plugins.get("fixture").is_none() {
            plugins.activate(fixtures::plugin());
        }
        let kernel = Arc::new(Memory::new(workflow));
        let vcenter = Arc::new(Vcenter::new(kernel.fuse.clone()));
        let engine = engine(&kernel, &vcenter, plugins);
        Scene { kernel, vcenter, engine }
    }

    /// Runs, and lets time pass whenever the run sleeps, until it ended.
    async fn play(&self) -> Ending {
        for _ in 0..200 {
            self.engine.run_once().await;
            if let Some(ending) = self.kernel.state().ending.clone() {
                return ending;
            }
            self.kernel.wake();
        }
        panic!("the run does not end: waits for {:?}", self.kernel.state().waiting.last());
    }

    fn commands(&self, name: &str) -> Vec<Value> {
        let state = self.kernel.state();
        state.commands.iter().filter(|(_, command, _)| command == name).map(|(_, _, body)| body.clone()).collect()
    }

    fn given_up(&self) -> Vec<(i32, String)> {
        self.vcenter.given_up.lock().unwrap().clone()
    }

    fn effects(&self) -> Vec<u32> {
        self.vcenter.effects.lock().unwrap().values().copied().collect()
    }
}

fn engine(kernel: &Arc<Memory>, vcenter: &Arc<Vcenter>, plugins: &Plugins) -> Engine<Memory> {
    let mut providers = Providers::new();
    providers.insert("vsphere".into(), vcenter.clone());
    Engine::new(kernel.clone(), plugins.clone(), Arc::new(providers), Config::default())
}

fn transient() -> Failure {
    failure(Class::Transient, "unreachable", "vCenter cannot be reached")
}

#[tokio::test]
async fn a_run_goes_from_its_grant_to_its_result_and_sleeps_in_between() {
    let scene = Scene::new("provision");
    scene.vcenter.polls.lock().unwrap().push_back(Ok(Polled::Running { progress: Some(40), poll_after: MOMENT }));
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    assert_eq!(scene.effects(), [1]);
    assert_eq!(scene.commands("note").len(), 1);
    let state = scene.kernel.state();
    let waits: Vec<_> = state.waiting.iter().flatten().map(|waiting| waiting.code.as_str()).collect();
    assert_eq!(waits, ["vsphere.power-on", "vsphere.power-on"]);
}

#[tokio::test]
async fn wherever_the_host_dies_there_is_one_effect_by_key_and_one_command() {
    let plugins = Plugins::default();
    let mut deaths = 0;
    for step in 1.. {
        let scene = Scene::on("provision", &plugins);
        *scene.kernel.fuse.dies_before.lock().unwrap() = Some(step);
        let died = tokio::select! {
            ending = scene.play() => { assert_eq!(ending, Ending::Completed(json!({}))); false }
            () = scene.kernel.fuse.dead.notified() => true,
        };
        if !died {
            break;
        }
        deaths += 1;
        scene.kernel.expire_lease();
        let next = Scene { engine: engine(&scene.kernel, &scene.vcenter, &plugins), ..scene };
        assert_eq!(next.play().await, Ending::Completed(json!({})), "died before step {step}");
        assert_eq!(next.effects().len(), 1, "one key; died before step {step}");
        assert_eq!(next.commands("note").len(), 1, "died before step {step}");
    }
    assert!(deaths >= 10, "only {deaths} places to die at");
}

#[tokio::test]
async fn without_a_grant_the_guest_gets_a_denial_that_is_recorded_and_audited() {
    let scene = Scene::new("provision");
    scene.kernel.state().granted = false;
    let Ending::Failed(failure) = scene.play().await else { panic!("not failed") };
    assert_eq!((failure.class, failure.code.as_str()), (Class::Denied, "not-granted"));
    assert!(scene.effects().is_empty());
    let state = scene.kernel.state();
    assert_eq!(state.denials, [1]);
    assert!(matches!(&state.journal[&1].state, State::Done(Err(failure)) if failure.class == Class::Denied));
}

#[tokio::test]
async fn a_grant_that_is_taken_away_denies_the_next_live_call_but_not_the_replay_of_old_ones() {
    let scene = Scene::new("provision");
    scene.vcenter.starts.lock().unwrap().push_back(Err(transient()));
    scene.engine.run_once().await;
    scene.kernel.state().granted = false;
    let Ending::Failed(failure) = scene.play().await else { panic!("not failed") };
    assert_eq!(failure.class, Class::Denied);
    assert_eq!(scene.kernel.state().denials, [2], "the repetition of call 2, not the replay of call 1");
    assert_eq!(scene.given_up(), [(2, "not-granted".to_owned())]);
}

#[tokio::test]
async fn a_run_rests_with_its_reason_while_its_product_is_stopped_and_goes_on_without_a_trace_of_it() {
    let scene = Scene::new("provision");
    scene.kernel.state().resting = true;
    scene.engine.run_once().await;
    {
        let state = scene.kernel.state();
        let waiting = state.waiting.last().unwrap().as_ref().unwrap();
        assert_eq!(waiting.code, "product-resting");
        assert!(state.journal.values().all(|entry| !matches!(entry.state, State::Done(Err(_)))));
        assert!(state.denials.is_empty());
    }
    assert!(scene.effects().is_empty());
    scene.kernel.state().resting = false;
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    assert_eq!(scene.effects(), [1]);
}

#[tokio::test]
async fn failures_that_pass_are_repeated_with_the_same_key_and_the_domain_is_told_of_the_stall_and_its_end() {
    let scene = Scene::new("provision");
    scene.vcenter.starts.lock().unwrap().extend((0..6).map(|_| Err(transient())));
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    assert_eq!(scene.effects(), [1]);
    let told = scene.commands("note-stall");
    let message = "vCenter cannot be reached";
    assert_eq!(
        told,
        [
            json!({"key": "thing-1", "stalled": true, "code": "unreachable", "message": message}),
            json!({"key": "thing-1", "stalled": false, "code": "unreachable", "message": message}),
        ]
    );
    let waits: Vec<_> = scene.kernel.state().waiting.iter().flatten().map(|waiting| waiting.code.clone()).collect();
    assert!(waits.contains(&"unreachable".to_owned()), "the run says why it waits: {waits:?}");
}

#[tokio::test]
async fn a_moment_without_vcenter_is_not_told() {
    let scene = Scene::new("provision");
    scene.vcenter.starts.lock().unwrap().extend([Err(transient()), Err(transient())]);
    scene.vcenter.polls.lock().unwrap().extend([Err(transient()), Ok(Polled::Done(json!({})))]);
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    assert!(scene.commands("note-stall").is_empty());
}

#[tokio::test]
async fn a_failure_is_the_guests_answer_and_the_providers_end_when_it_does_not_pass_or_lasted_longer_than_the_budget() {
    let scene = Scene::new("provision");
    scene.vcenter.starts.lock().unwrap().push_back(Err(failure(
        Class::NotFound,
        "no-template",
        "there is no template",
    )));
    assert!(matches!(scene.play().await, Ending::Failed(failure) if failure.code == "no-template"));
    assert_eq!(scene.given_up(), [(2, "no-template".to_owned())]);

    let mut scene = Scene::new("provision");
    let patience = Patience { budget: Duration::from_secs(20), ..Patience::default() };
    let mut providers = Providers::new();
    providers.insert("vsphere".into(), scene.vcenter.clone());
    let config = Config { patience, ..Config::default() };
    let plugins = Plugins::default();
    plugins.activate(fixtures::plugin());
    scene.engine = Engine::new(scene.kernel.clone(), plugins, Arc::new(providers), config);
    scene.vcenter.starts.lock().unwrap().extend((0..100).map(|_| Err(transient())));
    assert!(matches!(scene.play().await, Ending::Failed(failure) if failure.code == "unreachable"));
    assert_eq!(scene.given_up(), [(2, "unreachable".to_owned())]);
}

#[tokio::test]
async fn await_any_answers_with_what_ended_first_and_remembers_it() {
    let scene = Scene::new("race");
    assert_eq!(scene.play().await, Ending::Completed(json!(0)), "the machine within a second");

    let scene = Scene::new("race");
    let slow = || Ok(Polled::Running { progress: None, poll_after: Duration::from_millis(400) });
    scene.vcenter.polls.lock().unwrap().extend((0..10).map(|_| slow()));
    assert_eq!(scene.play().await, Ending::Completed(json!(1)), "the timer");
    let state = scene.kernel.state();
    let recorded = state.journal.values().find(|entry| entry.function == "await-any").unwrap();
    assert!(matches!(&recorded.state, State::Done(Ok(index)) if *index == json!(1)));
}

#[tokio::test]
async fn progress_wakes_whoever_waits_for_that_much_of_it() {
    let scene = Scene::new("watch");
    let running = |progress| Ok(Polled::Running { progress: Some(progress), poll_after: MOMENT });
    scene.vcenter.polls.lock().unwrap().extend([running(10), running(49), running(52), running(60)]);
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    assert_eq!(scene.vcenter.polls.lock().unwrap().len(), 1, "it did not wait for more than it asked for");
    let state = scene.kernel.state();
    let watched = state.journal.values().find(|entry| entry.function == "progress-reaches").unwrap();
    assert!(matches!(&watched.state, State::Done(Ok(percent)) if *percent == json!(52)), "how far it really was");
}

#[tokio::test]
async fn a_replay_that_takes_another_way_stops_the_run_and_shows_both_sides_without_their_arguments() {
    let scene = Scene::new("provision");
    let other = Entry {
        sequence: 1,
        capability: "vsphere".into(),
        function: "open".into(),
        grant: Some("vcenter".into()),
        args: json!({"interface": "inventory", "person": "Erika Mustermann"}),
        idempotency_key: String::new(),
        state: State::Done(Ok(Value::Null)),
        progress: None,
    };
    scene.kernel.state().journal = BTreeMap::from([(1, other)]);
    let Ending::Diverged(divergence) = scene.play().await else { panic!("not stopped") };
    assert_eq!(divergence.sequence, 1);
    assert_eq!(divergence.recorded, "vsphere.open by vcenter");
    assert_eq!(divergence.replayed.as_deref(), Some("vsphere.open by vcenter, with other arguments"));
}

#[tokio::test]
async fn a_component_that_panics_or_spins_is_tried_again_and_then_failed() {
    for (workflow, reason) in [("explode", "unreachable"), ("spin", "used up its time")] {
        let scene = Scene::new(workflow);
        let Ending::Failed(failure) = scene.play().await else { panic!("{workflow} not failed") };
        assert_eq!(failure.code, "component-stopped");
        assert!(failure.message.contains(reason) && !failure.message.contains("flow.rs"), "{}", failure.message);
        assert_eq!(scene.kernel.state().run.attempts, 2, "{workflow}: three attempts");
    }
}

#[tokio::test]
async fn a_run_that_fills_its_journal_is_failed() {
    let scene = Scene::new("chatter");
    let Ending::Failed(failure) = scene.play().await else { panic!("not failed") };
    assert_eq!(failure.code, "journal-entries");
    assert_eq!(scene.kernel.state().journal.len(), 2_000);
}

#[tokio::test]
async fn a_host_that_lost_its_lease_in_the_middle_of_a_call_writes_nothing_more() {
    let scene = Scene::new("provision");
    // The call hangs; meanwhile another host takes the run over.
    *scene.kernel.fuse.dies_before.lock().unwrap() = Some(3);
    let (_, ()) = tokio::join!(scene.engine.run_once(), async {
        scene.kernel.fuse.dead.notified().await;
        scene.kernel.expire_lease();
    });
    assert!(matches!(scene.kernel.state().journal[&2].state, State::Intent));
    assert!(scene.kernel.state().ending.is_none());
}

#[tokio::test]
async fn a_host_that_stops_in_the_middle_of_a_call_gives_the_run_back_at_once() {
    let scene = Scene::new("provision");
    *scene.kernel.fuse.dies_before.lock().unwrap() = Some(3);
    let (engine, kernel) = (scene.engine.clone(), scene.kernel.clone());
    engine.run(async move { kernel.fuse.dead.notified().await }).await;
    assert!(!scene.kernel.state().leased);
    let plugins = Plugins::default();
    plugins.activate(fixtures::plugin());
    let next = Scene { engine: self::engine(&scene.kernel, &scene.vcenter, &plugins), ..scene };
    assert_eq!(next.play().await, Ending::Completed(json!({})));
    assert_eq!(next.effects().len(), 1);
}

#[tokio::test]
async fn a_call_whose_provider_never_comes_back_has_an_unknown_outcome_and_is_begun_again() {
    tokio::time::timeout(Duration::from_secs(20), async {
        let scene = Scene::new("provision");
        let patience = Patience { call: Duration::from_millis(50), ..Patience::default() };
        let mut providers = Providers::new();
        providers.insert("vsphere".into(), scene.vcenter.clone());
        let plugins = Plugins::default();
        plugins.activate(fixtures::plugin());
        let config = Config { patience, ..Config::default() };
        let engine = Engine::new(scene.kernel.clone(), plugins, Arc::new(providers), config);
        *scene.kernel.fuse.dies_before.lock().unwrap() = Some(4);
        engine.run_once().await;
        let waits = matches!(&scene.kernel.state().journal[&2].state,
            State::Pending { wait: Wait::Start { stall }, .. } if stall.failure.class == Class::UnknownOutcome);
        assert!(waits);
        assert_eq!(scene.play().await, Ending::Completed(json!({})));
        assert_eq!(scene.effects(), [2], "begun twice with one key");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_call_that_is_over_at_once_does_not_sleep() {
    let scene = Scene::new("provision");
    scene.vcenter.starts.lock().unwrap().push_back(Ok(Started::Done(json!({}))));
    scene.engine.run_once().await;
    assert_eq!(scene.kernel.state().ending, Some(Ending::Completed(json!({}))));
    assert!(scene.kernel.state().waiting.is_empty());
}

#[tokio::test]
async fn the_panic_text_of_a_workflow_is_read_after_an_asynchronous_host_call() {
    use super::component::Ended;
    use super::effects::Acting;
    use super::execution::Execution;

    let scene = Scene::new("explode");
    let claimed = scene.kernel.claim(1).await.unwrap().remove(0);
    let acting = Acting {
        kernel: scene.kernel.clone(),
        lease: claimed.lease,
        run: claimed.run,
        providers: Arc::default(),
        patience: Patience::default(),
        on_stall: None,
        requests: Vec::new(),
    };
    let plugin = fixtures::plugin();
    let component = plugin.workflow.as_ref().unwrap();
    let ended = component.run(Execution::new(Arc::new(acting), BTreeMap::new()), "explode", b"{}").await;
    let Ended::Trapped { panic, .. } = ended else { panic!("{ended:?}") };
    assert_eq!(panic.as_deref(), Some("panicked at src/flow.rs:10:5"));
}
