//! Tests of durable execution, with scripted functions, a simulated vCenter and a kernel that can
//! crash at any step.

mod ends;
mod limits;
mod scripts;
mod stalls;

use super::kernel::Kernel;
use super::memory_kernel::{Ending, MOMENT, MemoryKernel, Vcenter};
use super::{Config, Engine, RetryPolicy, RunEffects};
use crate::capability::{Capabilities, Capability, Class, Failure, Polled, Started};
use crate::workflow::{Entry, State};
use scripts::{Only, Scripts};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

struct Scene {
    kernel: Arc<MemoryKernel>,
    vcenter: Arc<Vcenter>,
    engine: Engine,
}

impl Scene {
    fn new(workflow: &str) -> Self {
        Self::with(workflow, Scripts::new(), RetryPolicy::default())
    }

    fn with(workflow: &str, scripts: Scripts, retry_policy: RetryPolicy) -> Self {
        let kernel = Arc::new(MemoryKernel::new(workflow));
        let vcenter = Arc::new(Vcenter::new(kernel.crash_point.clone()));
        let engine = engine(&kernel, &vcenter, scripts, retry_policy);
        Scene { kernel, vcenter, engine }
    }

    /// Replaces the host by another host, which can claim the run when the dead host's lease has
    /// expired.
    fn next(self) -> Self {
        let engine = engine(&self.kernel, &self.vcenter, Scripts::new(), RetryPolicy::default());
        Scene { engine, ..self }
    }

    /// Executes the run until it ends. Whenever the run is suspended, the clock is set to its
    /// wake-up time.
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

    fn abandoned(&self) -> Vec<(i32, String)> {
        self.vcenter.abandoned.lock().unwrap().clone()
    }

    fn effects(&self) -> Vec<u32> {
        self.vcenter.effects.lock().unwrap().values().copied().collect()
    }
}

fn engine(kernel: &Arc<MemoryKernel>, vcenter: &Arc<Vcenter>, scripts: Scripts, retry_policy: RetryPolicy) -> Engine {
    let capabilities = Capabilities::from([("vsphere".to_owned(), vcenter.clone() as Arc<dyn Capability>)]);
    let config = Config { retry_policy, ..Config::default() };
    Engine::new(kernel.clone(), Arc::new(Only(Arc::new(scripts))), Arc::new(capabilities), config)
}

fn failure(class: Class, code: &str, message: &str) -> Failure {
    Failure::from_parts(class, code, message)
}

fn transient() -> Failure {
    failure(Class::Transient, "unreachable", "vCenter cannot be reached")
}

/// Claims the run that is due now and returns its effects.
async fn effects(kernel: &Arc<MemoryKernel>) -> RunEffects {
    let (run, lease) = kernel.claim(&[], 1).await.unwrap().remove(0);
    RunEffects {
        kernel: kernel.clone(),
        lease,
        run,
        capabilities: Arc::default(),
        retry_policy: RetryPolicy::default(),
        package: Arc::new(Scripts::new()),
    }
}

#[tokio::test]
async fn a_run_goes_from_its_grant_to_its_result_and_sleeps_in_between() {
    let scene = Scene::new("provision");
    scene.vcenter.polls.lock().unwrap().push_back(Ok(Polled::Running { progress: Some(40), poll_after: MOMENT }));
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    assert_eq!(scene.effects(), [1]);
    assert_eq!(scene.commands("note").len(), 1);
    let state = scene.kernel.state();
    let waits: Vec<_> = state.waiting.iter().map(|waiting| waiting.code.as_str()).collect();
    assert_eq!(waits, ["vsphere.power-on", "vsphere.power-on"]);
}

#[tokio::test]
async fn wherever_the_host_dies_there_is_one_effect_by_key_and_one_command() {
    let mut deaths = 0;
    for step in 1.. {
        let scene = Scene::new("provision");
        *scene.kernel.crash_point.dies_before.lock().unwrap() = Some(step);
        let died = tokio::select! {
            ending = scene.play() => { assert_eq!(ending, Ending::Completed(json!({}))); false }
            () = scene.kernel.crash_point.dead.notified() => true,
        };
        if !died {
            break;
        }
        deaths += 1;
        scene.kernel.expire_lease();
        let next = scene.next();
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
async fn a_withdrawn_grant_denies_the_next_live_call_and_no_replayed_one() {
    let scene = Scene::new("provision");
    scene.vcenter.starts.lock().unwrap().push_back(Err(transient()));
    scene.engine.run_once().await;
    scene.kernel.state().granted = false;
    let Ending::Failed(failure) = scene.play().await else { panic!("not failed") };
    assert_eq!(failure.class, Class::Denied);
    assert_eq!(scene.kernel.state().denials, [2], "the repetition of call 2, not the replay of call 1");
    assert_eq!(scene.abandoned(), [(2, "not-granted".to_owned())]);
}

#[tokio::test]
async fn a_run_of_a_stopped_product_waits_with_the_reason_and_continues() {
    let scene = Scene::new("provision");
    scene.kernel.state().inactive = true;
    scene.engine.run_once().await;
    {
        let state = scene.kernel.state();
        let waiting = state.waiting.last().unwrap();
        assert_eq!(waiting.code, "product-inactive");
        assert!(state.journal.values().all(|entry| !matches!(entry.state, State::Done(Err(_)))));
        assert!(state.denials.is_empty());
    }
    assert!(scene.effects().is_empty());
    scene.kernel.state().inactive = false;
    assert_eq!(scene.play().await, Ending::Completed(json!({})));
    assert_eq!(scene.effects(), [1]);
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
async fn progress_wakes_a_run_that_waits_for_that_much_of_it() {
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
async fn a_divergence_stops_the_run_and_shows_both_calls_without_arguments() {
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
async fn a_run_that_traps_is_repeated_and_then_failed() {
    let scene = Scene::new("explode");
    let Ending::Failed(failure) = scene.play().await else { panic!("not failed") };
    assert_eq!(failure.code, "component-stopped");
    assert!(failure.message.contains("exploded"), "{}", failure.message);
    assert_eq!(scene.kernel.state().run.attempts, 2, "three attempts");
}

#[tokio::test]
async fn a_host_that_lost_its_lease_in_the_middle_of_a_call_writes_nothing_more() {
    let scene = Scene::new("provision");
    // The call does not return, and meanwhile another host claims the run.
    *scene.kernel.crash_point.dies_before.lock().unwrap() = Some(3);
    let (_, ()) = tokio::join!(scene.engine.run_once(), async {
        scene.kernel.crash_point.dead.notified().await;
        scene.kernel.expire_lease();
    });
    assert!(matches!(scene.kernel.state().journal[&2].state, State::Intent));
    assert!(scene.kernel.state().ending.is_none());
}

#[tokio::test]
async fn a_host_that_stops_in_the_middle_of_a_call_gives_the_run_back_at_once() {
    let scene = Scene::new("provision");
    *scene.kernel.crash_point.dies_before.lock().unwrap() = Some(3);
    let (engine, kernel) = (scene.engine.clone(), scene.kernel.clone());
    engine.run(async move { kernel.crash_point.dead.notified().await }).await;
    assert!(!scene.kernel.state().leased);
    let next = scene.next();
    assert_eq!(next.play().await, Ending::Completed(json!({})));
    assert_eq!(next.effects().len(), 1);
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
async fn a_grant_for_reading_does_not_open_an_interface_that_changes_things() {
    let scripts = Scripts { interfaces: vec!["inventory"], ..Scripts::new() };
    let scene = Scene::with("provision", scripts, RetryPolicy::default());
    assert!(matches!(scene.play().await, Ending::Failed(failure) if failure.code == "not-requested"));
    assert_eq!(scene.kernel.state().denials, [1]);
    assert!(scene.effects().is_empty());
}
