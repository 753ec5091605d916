//! Tests of workflow components that the workflow engine runs: the WIT contract in WebAssembly,
//! traps and limits.

use super::component::WorkflowComponent;
use crate::engine::{Limits, Wasm};
use crate::{Plugin, Plugins, fixtures};
use eaf_capability::{Capabilities, Capability};
use eaf_core::workflow::engine::memory_kernel::{Ending, MemoryKernel, Vcenter};
use eaf_core::workflow::engine::{
    Config, Ended, Engine, Execution, Executor, Kernel, Package, RetryPolicy, RunEffects,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Runs a workflow until it ends. If the run is suspended, it is woken at once.
async fn play(workflow: &str) -> (Arc<MemoryKernel>, Arc<Vcenter>, Ending) {
    let kernel = Arc::new(MemoryKernel::new(workflow));
    let vcenter = Arc::new(Vcenter::new(kernel.crash_point.clone()));
    let plugins = Plugins::default();
    plugins.activate(fixtures::plugin());
    let capabilities = Capabilities::from([("vsphere".to_owned(), vcenter.clone() as Arc<dyn Capability>)]);
    let engine = Engine::new(kernel.clone(), Arc::new(plugins), Arc::new(capabilities), Config::default());
    for _ in 0..200 {
        engine.run_once().await;
        let ending = kernel.state().ending.clone();
        if let Some(ending) = ending {
            return (kernel, vcenter, ending);
        }
        kernel.wake();
    }
    panic!("the run does not end: waits for {:?}", kernel.state().waiting.last());
}

async fn execution(workflow: &str, package: Plugin) -> Execution {
    let kernel = Arc::new(MemoryKernel::new(workflow));
    let (run, lease) = kernel.claim(&[], 1).await.unwrap().remove(0);
    let effects = RunEffects {
        kernel,
        lease,
        run,
        capabilities: Arc::default(),
        retry_policy: RetryPolicy::default(),
        package: Arc::new(package),
    };
    Execution::new(Arc::new(effects), BTreeMap::new())
}

#[tokio::test]
async fn a_component_reaches_its_result_over_suspensions_and_replays() {
    let (kernel, vcenter, ending) = play("provision").await;
    assert_eq!(ending, Ending::Completed(json!({})));
    assert_eq!(vcenter.effects.lock().unwrap().values().copied().collect::<Vec<_>>(), [1]);
    assert!(!kernel.state().waiting.is_empty());
    assert_eq!(play("race").await.2, Ending::Completed(json!(0)), "the machine within a second");
    assert_eq!(play("watch").await.2, Ending::Completed(json!({})));
    assert_eq!(play("terms").await.2, Ending::Completed(json!({ "open": true })), "the settings of the tenant");
}

#[tokio::test]
async fn a_component_that_panics_or_spins_is_repeated_and_then_failed() {
    for (workflow, reason) in [("explode", "unreachable"), ("spin", "used up its time")] {
        let (kernel, _, ending) = play(workflow).await;
        let Ending::Failed(failure) = ending else { panic!("{workflow} not failed") };
        assert_eq!(failure.code, "component-stopped");
        assert!(failure.message.contains(reason) && !failure.message.contains("flow.rs"), "{}", failure.message);
        assert_eq!(kernel.state().run.attempts, 2, "{workflow}: three attempts");
    }
}

#[tokio::test]
async fn an_abort_of_the_engine_ends_a_component_that_would_go_on() {
    let Ending::Failed(failure) = play("chatter").await.2 else { panic!("not failed") };
    assert_eq!(failure.code, "journal-entries");
}

#[tokio::test]
async fn the_panic_text_of_a_workflow_is_read_after_an_asynchronous_host_call() {
    let plugin = fixtures::plugin();
    let execution = execution("explode", fixtures::plugin()).await;
    let ended = plugin.executor().unwrap().run(execution, "explode", b"{}").await;
    let Ended::Trapped { panic, .. } = ended else { panic!("{ended:?}") };
    assert_eq!(panic.as_deref(), Some("panicked at src/flow.rs:10:5"));
}

#[tokio::test]
async fn all_stretches_of_an_execution_together_have_a_limit() {
    let limits = Limits { deadline: Duration::from_secs(600), total: Duration::from_millis(100), ..Limits::default() };
    let wasm = Wasm::new(None, limits).unwrap();
    let compiled = wasm.compile(&fixtures::component("workflow", fixtures::DURABLE)).unwrap();
    let component = WorkflowComponent::new(wasm, &compiled).unwrap();
    let execution = execution("spin", fixtures::plugin()).await;
    let started = Instant::now();
    let ended = component.run(execution, "spin", b"{}").await;
    assert!(matches!(ended, Ended::Trapped { .. }), "{ended:?}");
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_grant_for_reading_does_not_open_an_interface_that_changes_things() {
    let manifest = fixtures::MANIFEST.replace("[\"lifecycle\"]", "[\"inventory\"]")
        + "[[requests]]\ncapability = \"vsphere\"\ngrant = \"other\"\ninterfaces = [\"lifecycle\"]\n";
    let plugin = fixtures::plugin_of(&manifest);
    assert!(plugin.requests("vsphere", "vcenter", "inventory"));
    assert!(!plugin.requests("vsphere", "vcenter", "lifecycle"));
    assert!(plugin.requests("vsphere", "other", "lifecycle"));
}
