//! Test of DCM's workflow on the engine, which verifies that the SDK's bindings, the contract and
//! the journal agree.

use super::package;
use async_trait::async_trait;
use eaf_capability::{Call, Capabilities, Capability, Failure, Polled, Provider, Report, Started};
use eaf_core::id::TenantId;
use eaf_core::workflow::engine::memory_kernel::{Ending, MemoryKernel};
use eaf_core::workflow::engine::{Config, Engine};
use eaf_plugin::{Plugins, fixtures, load};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Simulated provider of a capability. A call that changes something needs three polls until it
/// ends; all other calls answer at once.
#[derive(Default)]
pub struct Datacenter {
    looks: Mutex<BTreeMap<String, u8>>,
    pub calls: Mutex<Vec<(String, Value)>>,
    /// Name of the function at which the provider panics; `None`: the provider does not panic.
    pub panics_at: Mutex<Option<&'static str>>,
}

#[async_trait]
impl Capability for Datacenter {
    async fn start(&self, call: &Call) -> Result<Started, Failure> {
        let panics_at = *self.panics_at.lock().unwrap();
        assert_ne!(panics_at, Some(call.function.as_str()), "as the test wants it");
        self.calls.lock().unwrap().push((call.function.clone(), call.args.clone()));
        Ok(match call.function.as_str() {
            "ensure-folder" => Started::Done(json!({"path": "dcm"})),
            "read-vm" => Started::Done(
                json!({"name": "web-01", "state": "connected", "power": "off", "cpus": 1, "memory_mb": 1024, "ip": null}),
            ),
            "await-address" => Started::Done(json!({"ip": "10.0.0.7"})),
            _ => Started::Pending { handle: json!(call.function), poll_after: SECOND },
        })
    }

    async fn poll(&self, call: &Call, _handle: &Value) -> Result<Polled, Failure> {
        let mut looks = self.looks.lock().unwrap();
        let look = looks.entry(call.idempotency_key.clone()).or_default();
        *look += 1;
        Ok(match *look {
            3.. => Polled::Done(json!({})),
            look => Polled::Running { progress: Some(look * 30), poll_after: SECOND },
        })
    }
}

#[async_trait]
impl Provider for Datacenter {
    async fn check(&self, _tenant: TenantId, _connection: &str) -> Report {
        Report::default()
    }
}

fn approved() -> Value {
    json!({
        "request_id": "6f1f64a0-5a3a-4d27-9d0c-000000000001",
        "requester_id": "6f1f64a0-5a3a-4d27-9d0c-000000000002",
        "approver_id": "6f1f64a0-5a3a-4d27-9d0c-000000000003",
        "approver_name": "A. Approver",
        "attempt": 1,
        "submitted_at": 1_793_606_400_000_i64,
        "vm_name": "web-01",
        "offering": "small",
        "offering_name": "Small",
        "image": "Debian 12",
        "template": "tpl-debian-12",
        "cpus": 4,
        "memory_gb": 8,
        "term_months": 12,
        "monthly_cents": 6200,
        "currency": "EUR",
    })
}

#[tokio::test]
async fn an_approved_request_becomes_a_machine_of_the_requested_size() {
    let plugins = Plugins::default();
    plugins.activate(load::load(&fixtures::wasm(), &package().await, 1, &Default::default()).unwrap());
    let kernel = Arc::new(MemoryKernel::of("dcm", "provision", "request-approved", approved()));
    let vcenter = Arc::new(Datacenter::default());
    let capabilities = Capabilities::from([("vsphere".to_owned(), vcenter.clone() as Arc<dyn Capability>)]);
    let engine = Engine::new(kernel.clone(), Arc::new(plugins), Arc::new(capabilities), Config::default());
    for _ in 0..100 {
        engine.run_once().await;
        kernel.wake();
    }
    let state = kernel.state();
    assert_eq!(state.ending, Some(Ending::Completed(json!({"outcome": "fulfilled"}))));

    let calls = vcenter.calls.lock().unwrap();
    let functions: Vec<&str> = calls.iter().map(|(function, _)| function.as_str()).collect();
    assert_eq!(functions, ["ensure-folder", "clone", "read-vm", "reconfigure", "power-on", "await-address"]);
    let reconfigured = &calls[3].1;
    assert_eq!((&reconfigured["cpus"], &reconfigured["memory_mb"]), (&json!(4), &json!(8192)));

    let percents: Vec<u64> = state.commands.iter().filter_map(|(_, _, body)| body["percent"].as_u64()).collect();
    assert_eq!(percents, [30, 60], "the clone tells how far it is");
    let (_, last, body) = state.commands.last().unwrap();
    assert_eq!((last.as_str(), &body["ip"]), ("complete-provisioning", &json!("10.0.0.7")));
}
