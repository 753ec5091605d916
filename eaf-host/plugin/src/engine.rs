//! WebAssembly engine of a host (wasmtime): permitted features, and limits of time and memory.
//!
//! Two clocks stop a guest that loops. An OS thread advances the epoch every 10 ms; at each epoch
//! the guest yields to the executor, and the host counts the ticks of its work. In addition, a
//! wall-clock deadline around the call ends the guest in any case.

use super::cache::{self, Cache};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::Component;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, Store, StoreLimits, StoreLimitsBuilder,
    UpdateDeadline,
};

/// Interval at which a running guest yields to the executor.
const TICK: Duration = Duration::from_millis(10);
/// Maximum memory of the host, in bytes, for the values that a guest passes in one call. JSON takes
/// one such value per byte; the limit suffices for the 256 KiB of JSON that a capability may get.
const HOSTCALL_FUEL: usize = 16 << 20;
/// Maximum number of wasmtime stores that exist at the same time. A further call waits until one is
/// dropped.
pub(super) const STORES: u32 = 128;

/// Number of bytes of an instance's memory that the pool keeps resident after a call and overwrites
/// for the next one, because page faults would cost more.
const KEPT_MEMORY: usize = 1 << 20;
/// Number of bytes of an instance's tables that the pool keeps resident after a call.
const KEPT_TABLE: usize = 64 << 10;
/// Maximum number of core instances per component. wit-component creates three: the module, its
/// shim and its fix-up.
const CORE_INSTANCES: u32 = 8;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the WebAssembly engine could not be configured: {0:#}")]
    Configure(wasmtime::Error),
    #[error("the epoch ticker could not be started")]
    Ticker(#[source] std::io::Error),
    #[error("the component could not be compiled: {0:#}")]
    Compile(wasmtime::Error),
}

/// Limits of one wasmtime store, which serves one call of a domain or one execution of a workflow.
#[derive(Debug, Clone)]
pub struct Limits {
    pub memory_bytes: usize,
    /// Maximum time for which guest code runs without a host call: a whole call of a domain, or the
    /// part of a workflow between two host calls.
    pub deadline: Duration,
    /// Maximum time for which guest code runs in one store: all parts between host calls together.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { memory_bytes: 64 << 20, deadline: Duration::from_secs(2), total: Duration::from_secs(30) }
    }
}

/// WebAssembly engine with the cache of compiled components and the limits of a store. Clones share
/// one engine.
#[derive(Clone)]
pub struct Wasm {
    engine: wasmtime::Engine,
    cache: Option<Arc<Cache>>,
    limits: Limits,
    slots: Arc<Semaphore>,
}

/// Data of a wasmtime store: the state of its call, and the time and memory that the guest may
/// still use.
pub struct Guard<T> {
    pub state: T,
    limits: StoreLimits,
    ticks: u64,
    budget: u64,
    ticks_in_all: u64,
    budget_in_all: u64,
    _slot: OwnedSemaphorePermit,
}

impl<T> Guard<T> {
    /// Starts the guest's deadline again, because the guest has called the host.
    pub fn refresh(&mut self) {
        self.ticks = 0;
    }
}

impl Wasm {
    /// Creates the engine. If `cache_directory` is `None`, the host compiles its components again
    /// at every start.
    pub fn new(cache_directory: Option<PathBuf>, limits: Limits) -> Result<Self, Error> {
        let engine = pooled_or_on_demand(&limits)?;
        start_ticker(&engine)?;
        let cache = cache_directory.and_then(|directory| match Cache::open(&directory) {
            Ok(cache) => Some(Arc::new(cache)),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "compiled components are not cached");
                None
            }
        });
        Ok(Wasm { engine, cache, limits, slots: Arc::new(Semaphore::new(STORES as usize)) })
    }

    pub fn engine(&self) -> &wasmtime::Engine {
        &self.engine
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Compiles a component, or loads it from the cache if this host has compiled it before.
    pub fn compile(&self, component: &[u8]) -> Result<Component, Error> {
        let name = cache::name(&self.engine, &hex(&Sha256::digest(component)));
        if let Some(component) = self.cache.as_ref().and_then(|cache| cache.load(&self.engine, &name)) {
            return Ok(component);
        }
        let started = Instant::now();
        let compiled = Component::new(&self.engine, component).map_err(Error::Compile)?;
        tracing::debug!(millis = started.elapsed().as_millis() as u64, "compiled a component");
        if let Some(cache) = &self.cache {
            cache.store(&compiled, &name);
        }
        Ok(compiled)
    }

    /// Creates a wasmtime store. Waits while the maximum number of stores exists. The caller drops
    /// the store after the call, even after a trap.
    pub async fn store<T: Send + 'static>(&self, state: T) -> Store<Guard<T>> {
        let slot = self.slots.clone().acquire_owned().await.expect("the semaphore is never closed");
        let limits = StoreLimitsBuilder::new()
            .memory_size(self.limits.memory_bytes)
            .memories(2)
            .tables(8)
            .table_elements(50_000)
            .instances(CORE_INSTANCES as usize)
            .trap_on_grow_failure(true)
            .build();
        let guard = Guard {
            state,
            limits,
            ticks: 0,
            budget: ticks(self.limits.deadline),
            ticks_in_all: 0,
            budget_in_all: ticks(self.limits.total),
            _slot: slot,
        };
        let mut store = Store::new(&self.engine, guard);
        store.set_hostcall_fuel(HOSTCALL_FUEL);
        store.limiter(|guard| &mut guard.limits);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut context| {
            let guard = context.data_mut();
            guard.ticks += 1;
            guard.ticks_in_all += 1;
            if guard.ticks > guard.budget || guard.ticks_in_all > guard.budget_in_all {
                return Ok(UpdateDeadline::Interrupt);
            }
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store
    }
}

fn ticks(time: Duration) -> u64 {
    (time.as_millis() / TICK.as_millis()).max(1) as u64
}

/// Formats bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Formats an error and its causes on one line, separated by colons.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn configuration() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Components with instructions of threads, GC or component-model-async are refused, because
        // wasmtime is built without them.
        .concurrency_support(false)
        .wasm_gc(false)
        .wasm_relaxed_simd(false)
        .cranelift_nan_canonicalization(true)
        .epoch_interruption(true)
        .coredump_on_trap(true);
    config
}

/// Creates an engine with a pool of instances. Where the address space is limited, as in a
/// container, the engine has no pool and creates instances on demand.
fn pooled_or_on_demand(limits: &Limits) -> Result<wasmtime::Engine, Error> {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(STORES)
        .total_core_instances(STORES * CORE_INSTANCES)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(2)
        .max_tables_per_component(8)
        .total_memories(STORES)
        .total_tables(STORES * 2)
        .total_stacks(STORES)
        .max_memory_size(limits.memory_bytes)
        .decommit_batch_size(16)
        .linear_memory_keep_resident(KEPT_MEMORY)
        .table_keep_resident(KEPT_TABLE)
        .pagemap_scan(Enabled::Auto);
    let mut pooled = configuration();
    pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    match wasmtime::Engine::new(&pooled) {
        Ok(engine) => Ok(engine),
        Err(error) => {
            tracing::warn!(
                error = format!("{error:#}"),
                "the instance pool could not be reserved; instances are allocated on demand"
            );
            wasmtime::Engine::new(&configuration()).map_err(Error::Configure)
        }
    }
}

/// Starts an OS thread that advances the epoch. A timer of the executor would be too late while the
/// executor is busy.
fn start_ticker(engine: &wasmtime::Engine) -> Result<(), Error> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("eaf-epoch".into())
        .spawn(move || {
            loop {
                std::thread::sleep(TICK);
                let Some(engine) = engine.upgrade() else { return };
                engine.increment_epoch();
            }
        })
        .map(drop)
        .map_err(Error::Ticker)
}
