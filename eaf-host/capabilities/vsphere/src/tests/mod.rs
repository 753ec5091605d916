//! Tests of the vSphere capability with the vCenter simulator. Where a test needs failures, a fault
//! proxy is between host and simulator.
//!
//! Run them with `cargo test -p eaf-vsphere`. `EAF_VCSIM` names a built simulator; without it, Go
//! builds the simulator. The tests in `database` also need `EAF_TEST_SUPERUSER_URL`.

mod address;
mod admin;
mod answers_lost;
mod check;
mod choices;
mod connections;
mod database;
mod difficult;
mod egress;
mod failures;
mod functions;
mod hostile;
mod identity;
mod logins;
mod names;
mod observe;
mod placement;
mod power;
mod sessions;

use super::client::transport::Timeouts;
use super::connection::{Connections, Error};
use super::core_connections::CAPABILITY;
use super::provider::VSphere;
use super::record::{self, Record, Records, Stage};
use super::sessions::Sessions;
use async_trait::async_trait;
use eaf_capability::egress::{Policy, testing};
use eaf_capability::{Call, Capability, Class, Failure, Granted, GrantedConnection, Polled, Provider, Report, Started};
use eaf_core::actor::TraceId;
use eaf_core::clock::{Ambient, Clock, Entropy};
use eaf_core::connection::Connection;
use eaf_core::id::{EventId, RunId, TenantId};
use eaf_core::managed_resource::Key;
use eaf_test_support::fault_proxy::{FaultProxy, Tls};
use eaf_test_support::vcsim::{PASSWORD, USER, Vcsim};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use uuid::Uuid;

/// Maximum time for which a test waits, longer than any operation takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

struct RealClock;
impl Clock for RealClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

struct NoEntropy;
impl Entropy for NoEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// Settings of the vCenter connection, which a test can change.
#[derive(Clone)]
struct Settings(Arc<Mutex<(Value, Map<String, Value>)>>);

#[async_trait]
impl Connections for Settings {
    async fn by_name(&self, _: TenantId, name: &str) -> Result<Option<Connection>, Error> {
        Ok(Some(self.stored(name)))
    }
}

impl Settings {
    fn stored(&self, name: &str) -> Connection {
        let (config, secret) = self.0.lock().unwrap().clone();
        Connection { capability: CAPABILITY.into(), name: name.to_owned(), config, secret, set_at: None }
    }

    /// Copy of the call as the workflow engine passes it to the provider: with the connection as
    /// its settings are now.
    fn resolved(&self, call: &Call) -> Call {
        if call.granted.name != "vcenter" {
            return call.clone();
        }
        let connection = GrantedConnection::Found(self.stored("main"));
        Call { granted: Granted { connection, ..call.granted.clone() }, ..call.clone() }
    }

    fn set(&self, key: &str, value: &str) {
        self.0.lock().unwrap().0[key] = json!(value);
    }

    fn set_password(&self, password: &str) {
        self.0.lock().unwrap().1.insert("password".into(), json!(password));
    }
}

/// Store of the machines' records in memory. It outlives a restart of the host in a test.
#[derive(Clone, Default)]
struct StoredRecords(Arc<Mutex<HashMap<Key, Record>>>);

#[async_trait]
impl Records for StoredRecords {
    async fn load(&self, key: &Key) -> Result<Option<Record>, record::Error> {
        Ok(self.0.lock().unwrap().get(key).cloned())
    }

    async fn save(&self, key: &Key, record: &Record) -> Result<(), record::Error> {
        self.0.lock().unwrap().insert(key.clone(), record.clone());
        Ok(())
    }

    async fn replace(&self, key: &Key, before: &Record, now: &Record) -> Result<(), record::Error> {
        if let Some(record) = self.0.lock().unwrap().get_mut(key).filter(|record| *record == before) {
            *record = now.clone();
        }
        Ok(())
    }
}

impl StoredRecords {
    /// Deletes the records of all machines, as if an older backup of the database were restored.
    fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    /// Changes every record to the state in which a clone was sent and its machine was not seen
    /// yet.
    fn creating(&self) {
        self.change(|record| *record = Record { stage: Stage::Creating, object: None, ..record.clone() });
    }

    /// Stage in the record of the test's only machine.
    fn stage(&self) -> Stage {
        self.0.lock().unwrap().values().next().expect("nothing is remembered").stage
    }

    fn change(&self, change: impl Fn(&mut Record)) {
        self.0.lock().unwrap().values_mut().for_each(change);
    }
}

/// vCenter simulator, the fault proxy in front of it, and a vSphere provider that connects through
/// the proxy.
struct Bench {
    vcsim: Vcsim,
    proxy: FaultProxy,
    settings: Settings,
    records: StoredRecords,
    provider: Engine,
    _dir: Dir,
}

/// Temporary directory of a test, deleted when dropped.
struct Dir(PathBuf);

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn directory() -> Dir {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("eaf-vsphere-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    Dir(std::env::temp_dir().join(name))
}

impl Bench {
    async fn start(options: &[&str]) -> Bench {
        let dir = directory();
        let vcsim = Vcsim::start(&dir.0, options).await;
        let tls = Tls::from_dir(&vcsim.cert_dir()).unwrap();
        let proxy = FaultProxy::start(vcsim.address(), Some(tls)).await.unwrap();
        let config = json!({
            "url": format!("https://localhost:{}/sdk", proxy.address().port()),
            "datacenter": "DC1",
            "folder": "EAF/acme",
            "ca_certificate": vcsim.ca_certificate(),
            "username": USER,
        });
        let mut secret = Map::new();
        secret.insert("password".into(), json!(PASSWORD));
        let settings = Settings(Arc::new(Mutex::new((config, secret))));
        let records = StoredRecords::default();
        let provider = provider(&settings, &records);
        Bench { vcsim, proxy, settings, records, provider, _dir: dir }
    }

    /// Replaces the host by a new process, which knows only the stored records.
    fn restart_host(&mut self) {
        self.provider = provider(&self.settings, &self.records);
    }

    /// Completes a call as the workflow engine does: starts and polls it, and repeats it after a
    /// retryable failure.
    async fn complete(&self, call: &Call) -> Result<Value, Failure> {
        let until = Instant::now() + DEADLINE;
        loop {
            match self.attempt(call, until).await {
                Err(failure) if matches!(failure.class, Class::Transient | Class::Capacity | Class::UnknownOutcome) => {
                    assert!(Instant::now() < until, "still failing: {failure}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Starts the call once and polls until it ends.
    async fn attempt(&self, call: &Call, until: Instant) -> Result<Value, Failure> {
        let handle = match self.provider.start(call).await? {
            Started::Done(answer) => return Ok(answer),
            Started::Pending { handle, .. } => handle,
        };
        loop {
            match self.provider.poll(call, &handle).await? {
                Polled::Done(answer) => return Ok(answer),
                Polled::Ended(failure) => return Err(failure),
                Polled::Running { .. } => {
                    assert!(Instant::now() < until, "{} does not end", call.function);
                    tokio::time::sleep(Duration::from_millis(30)).await;
                }
            }
        }
    }

    async fn clone_vm(&self) -> Value {
        self.complete(&ensure_folder()).await.unwrap();
        self.complete(&clone_of("web-01")).await.unwrap()
    }
}

/// vSphere provider whose calls are completed as the workflow engine does: each call gets the
/// connection as its settings are now.
struct Engine {
    settings: Settings,
    provider: VSphere,
}

impl Engine {
    async fn start(&self, call: &Call) -> Result<Started, Failure> {
        self.provider.start(&self.settings.resolved(call)).await
    }

    async fn poll(&self, call: &Call, handle: &Value) -> Result<Polled, Failure> {
        self.provider.poll(&self.settings.resolved(call), handle).await
    }
}

impl Deref for Engine {
    type Target = VSphere;

    fn deref(&self) -> &VSphere {
        &self.provider
    }
}

fn provider(settings: &Settings, records: &StoredRecords) -> Engine {
    let provider = provider_in(settings, records, testing::this_machine(), Duration::from_secs(20));
    Engine { settings: settings.clone(), provider }
}

fn provider_in(settings: &Settings, records: &StoredRecords, policy: Arc<Policy>, contact: Duration) -> VSphere {
    let ambient = Ambient { clock: Arc::new(RealClock), entropy: Arc::new(NoEntropy) };
    let timeouts = Timeouts { connect: Duration::from_secs(5), answer: Duration::from_secs(20), contact };
    let sessions = Sessions::new(timeouts, policy, Arc::default());
    VSphere::new(Arc::new(settings.clone()), Arc::new(records.clone()), ambient, sessions)
}

fn call(function: &str, args: Value) -> Call {
    Call {
        tenant: TenantId::derive("acme"),
        plugin: "shop".into(),
        run: RunId(Uuid::nil()),
        event: EventId(Uuid::nil()),
        sequence: 1,
        idempotency_key: format!("run/{function}"),
        granted: Granted { scope: json!({ "templates": ["*"] }), ..Granted::without_connection("vcenter") },
        function: function.into(),
        args,
        trace: TraceId("0".repeat(32)),
    }
}

fn ensure_folder() -> Call {
    call("ensure-folder", json!({ "path": "requests/web" }))
}

fn clone_of(name: &str) -> Call {
    let spec = json!({
        "template": "Templates/debian-12", "name": name, "folder": "requests/web", "cpus": 4, "memory_mb": 8192,
    });
    call("clone", json!({ "identity": "vm-1", "spec": spec }))
}

/// Answer of `destroy` if no copies of the machine were found.
fn absent() -> Value {
    json!({ "absent": true, "copies": [] })
}

/// Creates a call of `function` for the machine that [`clone_of`] creates.
fn about(function: &str) -> Call {
    call(function, json!({ "identity": "vm-1" }))
}
