//! Kernel in memory, for tests, which can crash before any of its steps. Also a simulated vCenter
//! that records its effects.

use super::kernel::{Error, Kernel};
use crate::actor::{ActorKind, TraceId};
use crate::capability::{Call, Capability, Failure, Granted, HostCode, Polled, Started};
use crate::contract::Recorded;
use crate::grant::Denial;
use crate::id::{ActorId, EventId, HostId, RunId, TenantId};
use crate::workflow::{Attempt, Divergence, Entry, Lease, Outcome, Run, Waiting};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

/// Counter of the steps of a simulated host. The host dies before the chosen step, which then never
/// returns.
#[derive(Default)]
pub struct CrashPoint {
    pub steps: Mutex<usize>,
    pub dies_before: Mutex<Option<usize>>,
    pub dead: Notify,
}

impl CrashPoint {
    pub async fn step(&self) {
        let dies = {
            let mut steps = self.steps.lock().unwrap();
            *steps += 1;
            *self.dies_before.lock().unwrap() == Some(*steps)
        };
        if dies {
            self.dead.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    Completed(Value),
    Failed(Failure),
    Diverged(Divergence),
}

pub struct SimulatedWorld {
    pub now: OffsetDateTime,
    pub wake_at: OffsetDateTime,
    pub fence: i64,
    pub leased: bool,
    pub run: Run,
    pub journal: BTreeMap<i32, Entry>,
    pub waiting: Vec<Waiting>,
    pub ending: Option<Ending>,
    pub granted: bool,
    /// Whether the product of the run is inactive.
    pub inactive: bool,
    /// Whether the run's journal can no longer be read.
    pub lost: bool,
    /// Answers that the domain gives to the next commands. When none is left, the domain accepts
    /// every command.
    pub answers: VecDeque<Result<Outcome, Error>>,
    pub denials: Vec<i32>,
    /// Idempotency key, name and body of each command that the domain accepted, in the order of the
    /// first acceptance.
    pub commands: Vec<(String, String, Value)>,
}

pub struct MemoryKernel {
    pub crash_point: Arc<CrashPoint>,
    pub state: Mutex<SimulatedWorld>,
}

impl MemoryKernel {
    pub fn new(workflow: &str) -> Self {
        Self::of("fixture", workflow, "asked", json!({}))
    }

    /// Creates a kernel with one run of this workflow. An event of type `kind` with `data` started
    /// the run.
    pub fn of(plugin: &str, workflow: &str, kind: &str, data: Value) -> Self {
        let tenant = TenantId::derive("acme");
        let event = EventId(Uuid::from_u128(1));
        let run = Run {
            tenant,
            id: RunId::derive(tenant, workflow, event),
            plugin: plugin.into(),
            digest: String::new(),
            workflow: workflow.into(),
            event: Recorded {
                id: event,
                stream: "thing/1".into(),
                version: 1,
                position: 1,
                kind: kind.into(),
                schema: 1,
                data,
                at: 0,
                actor: ActorId::SYSTEM,
                actor_kind: ActorKind::System,
                trace_id: String::new(),
                span_id: None,
            },
            key: "thing-1".into(),
            subject: ActorId::SYSTEM,
            trace: TraceId("0".repeat(32)),
            attempts: 0,
        };
        let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        MemoryKernel {
            crash_point: Arc::default(),
            state: Mutex::new(SimulatedWorld {
                now,
                wake_at: now,
                fence: 0,
                leased: false,
                run,
                journal: BTreeMap::new(),
                waiting: Vec::new(),
                ending: None,
                granted: true,
                inactive: false,
                lost: false,
                answers: VecDeque::new(),
                denials: Vec::new(),
                commands: Vec::new(),
            }),
        }
    }

    pub fn state(&self) -> std::sync::MutexGuard<'_, SimulatedWorld> {
        self.state.lock().unwrap()
    }

    /// Lets the lease of the dead host expire.
    pub fn expire_lease(&self) {
        self.state().leased = false;
    }

    pub fn wake(&self) {
        let mut state = self.state();
        state.now = state.now.max(state.wake_at);
    }

    async fn change(&self, lease: &Lease, change: impl FnOnce(&mut SimulatedWorld)) -> Result<(), Error> {
        self.crash_point.step().await;
        let mut state = self.state();
        if state.fence != lease.fence || !state.leased {
            return Err(Error::Fenced);
        }
        change(&mut state);
        Ok(())
    }
}

#[async_trait]
impl Kernel for MemoryKernel {
    fn now(&self) -> OffsetDateTime {
        self.state().now
    }

    fn renew_every(&self) -> Duration {
        Duration::from_millis(20)
    }

    async fn due(&self) {
        std::future::pending().await
    }

    async fn claim(&self, _plugins: &[String], _limit: usize) -> Result<Vec<(Run, Lease)>, Error> {
        let mut state = self.state();
        if state.leased || state.ending.is_some() || state.wake_at > state.now {
            return Ok(Vec::new());
        }
        state.leased = true;
        state.fence += 1;
        let (run, host) = (state.run.clone(), HostId(Uuid::nil()));
        let (tenant, subject, length) = (run.tenant, run.subject, Duration::from_secs(1));
        Ok(vec![(run, Lease { tenant, run: state.run.id, host, fence: state.fence, subject, length })])
    }

    async fn renew(&self, lease: &Lease) -> Result<(), Error> {
        let state = self.state();
        if state.fence == lease.fence && state.leased { Ok(()) } else { Err(Error::Fenced) }
    }

    async fn release(&self, lease: &Lease) -> Result<(), Error> {
        let mut state = self.state();
        if state.fence != lease.fence || !state.leased {
            return Err(Error::Fenced);
        }
        state.leased = false;
        Ok(())
    }

    async fn load(&self, _lease: &Lease) -> Result<Vec<Entry>, Error> {
        let state = self.state();
        if state.lost {
            return Err(Error::Lost { code: HostCode::Erased, cause: "the key was destroyed".into() });
        }
        Ok(state.journal.values().cloned().collect())
    }

    async fn write(&self, lease: &Lease, entry: &Entry) -> Result<(), Error> {
        let entry = entry.clone();
        self.change(lease, |state| assert!(state.journal.insert(entry.sequence, entry).is_none(), "written twice"))
            .await
    }

    async fn set_pending(&self, lease: &Lease, entry: &Entry) -> Result<(), Error> {
        let entry = entry.clone();
        self.change(lease, |state| assert!(state.journal.insert(entry.sequence, entry).is_some(), "no intent")).await
    }

    async fn finish(&self, lease: &Lease, entry: &Entry) -> Result<(), Error> {
        self.set_pending(lease, entry).await
    }

    async fn suspend(
        &self,
        lease: &Lease,
        wake_at: OffsetDateTime,
        waiting: Waiting,
        attempt: Attempt,
    ) -> Result<(), Error> {
        self.change(lease, |state| {
            state.leased = false;
            state.wake_at = wake_at;
            state.waiting.push(waiting);
            state.run.attempts += i32::from(attempt == Attempt::Count);
        })
        .await
    }

    async fn complete(&self, lease: &Lease, result: &Value) -> Result<(), Error> {
        self.change(lease, |state| state.ending = Some(Ending::Completed(result.clone()))).await
    }

    async fn fail(&self, lease: &Lease, failure: &Failure) -> Result<(), Error> {
        self.change(lease, |state| state.ending = Some(Ending::Failed(failure.clone()))).await
    }

    async fn stop(&self, lease: &Lease, divergence: &Divergence) -> Result<(), Error> {
        self.change(lease, |state| state.ending = Some(Ending::Diverged(divergence.clone()))).await
    }

    async fn grant(&self, _run: &Run, capability: &str, name: &str) -> Result<Result<Granted, Denial>, Error> {
        if self.state().inactive {
            return Err(Error::Inactive("stopped for all tenants"));
        }
        let is_granted = self.state().granted && capability == "vsphere" && name == "vcenter";
        Ok(if is_granted { Ok(Granted::without_connection(name)) } else { Err(Denial::NotGranted) })
    }

    async fn denied(&self, _run: &Run, entry: &Entry) -> Result<(), Error> {
        self.crash_point.step().await;
        let mut state = self.state();
        if !state.denials.contains(&entry.sequence) {
            state.denials.push(entry.sequence);
        }
        Ok(())
    }

    async fn submit(&self, _run: &Run, command: &str, body: &Value, key: &str) -> Result<Outcome, Error> {
        self.crash_point.step().await;
        {
            let mut state = self.state();
            if let Some(answer) = state.answers.pop_front() {
                return answer;
            }
            if !state.commands.iter().any(|(known, _, _)| known == key) {
                state.commands.push((key.into(), command.into(), body.clone()));
            }
        }
        self.crash_point.step().await;
        Ok(Ok(json!({})))
    }

    async fn read(&self, _run: &Run, _view: &str, _key: &str, _after: Option<&Value>) -> Result<Outcome, Error> {
        Ok(Ok(Value::Null))
    }

    async fn settings(&self, _run: &Run) -> Result<Outcome, Error> {
        Ok(Ok(json!({ "open": true })))
    }
}

/// Simulated vCenter. It gives the scripted answers first, then answers with success. An effect
/// happens once per idempotency key, even if the call is started several times.
pub struct Vcenter {
    pub crash_point: Arc<CrashPoint>,
    pub starts: Mutex<VecDeque<Result<Started, Failure>>>,
    pub polls: Mutex<VecDeque<Result<Polled, Failure>>>,
    /// Number of starts of each call, by the call's idempotency key.
    pub effects: Mutex<BTreeMap<String, u32>>,
    /// Sequence number and failure code of each call that was abandoned.
    pub abandoned: Mutex<Vec<(i32, String)>>,
    pub retry_budget: Mutex<Option<Duration>>,
}

impl Vcenter {
    pub fn new(crash_point: Arc<CrashPoint>) -> Self {
        Vcenter {
            crash_point,
            starts: Mutex::default(),
            polls: Mutex::default(),
            effects: Mutex::default(),
            abandoned: Mutex::default(),
            retry_budget: Mutex::default(),
        }
    }
}

#[async_trait]
impl Capability for Vcenter {
    async fn start(&self, call: &Call) -> Result<Started, Failure> {
        self.crash_point.step().await;
        let scripted = self.starts.lock().unwrap().pop_front();
        let answer = scripted.unwrap_or_else(|| Ok(Started::Pending { handle: json!("task-1"), poll_after: MOMENT }));
        if answer.is_ok() {
            *self.effects.lock().unwrap().entry(call.idempotency_key.clone()).or_default() += 1;
        }
        // The effect has happened here, even if the answer never arrives.
        self.crash_point.step().await;
        answer
    }

    async fn poll(&self, _call: &Call, handle: &Value) -> Result<Polled, Failure> {
        assert_eq!(*handle, json!("task-1"));
        self.crash_point.step().await;
        let scripted = self.polls.lock().unwrap().pop_front();
        scripted.unwrap_or_else(|| Ok(Polled::Done(json!({"power": "on"}))))
    }

    async fn abandon(&self, call: &Call, failure: &Failure) -> Result<(), Failure> {
        self.crash_point.step().await;
        self.abandoned.lock().unwrap().push((call.sequence, failure.code.clone()));
        Ok(())
    }

    fn retry_budget(&self) -> Option<Duration> {
        *self.retry_budget.lock().unwrap()
    }
}

pub const MOMENT: Duration = Duration::from_millis(300);
