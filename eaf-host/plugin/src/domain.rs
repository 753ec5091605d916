//! Domain component of a package, which implements the trait [`Domain`] of eaf-core. Each call has
//! a new wasmtime store without imports, so that no state outlives the call.

use super::breaker::{Breaker, Operation, Outcome, Part};
use super::engine::{Guard, Wasm};
use super::trap;
use async_trait::async_trait;
use eaf_core::contract::{
    ActionsInput, ActionsOutput, BoundaryInput, BoundaryOutput, DecideInput, Decision, Description, Domain,
    DomainError, FoldInput, FoldOutput, KeysInput, KeysOutput, ProjectInput, ProjectOutput, Standing,
};
use eaf_core::id::{ActorId, TenantId};
use eaf_core::view::row_members;
use serde::{Serialize, de::DeserializeOwned};
use std::time::{Duration, Instant};
use wasmtime::Store;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

/// Maximum length, in bytes, of the answer of a domain component.
const ANSWER_MAX: usize = 4 << 20;

/// Maximum time for which a call waits until its instance is free and created. This time and the
/// deadline together must be shorter than the time that a database transaction may idle, because a
/// projection calls the component within a transaction.
const GRACE: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the component cannot be linked: {0:#}")]
    Link(wasmtime::Error),
    #[error("the component does not export {0}")]
    Export(String),
}

/// Package to which a domain component belongs: plugin id, digest, generation and description.
pub struct Identity {
    pub plugin: String,
    pub digest: String,
    pub generation: i64,
    pub description: Description,
}

pub struct WasmDomain {
    wasm: Wasm,
    identity: Identity,
    instance: InstancePre<Guard<()>>,
    breaker: Breaker,
    boundary: Export,
    decide: Export,
    fold: Export,
    keys: Export,
    project: Export,
    actions: Export,
}

struct Export {
    name: &'static str,
    index: ComponentExportIndex,
}

impl WasmDomain {
    pub fn new(wasm: Wasm, component: &Component, identity: Identity) -> Result<Self, Error> {
        // The linker has no functions, so a component with any import cannot be instantiated.
        let instance = Linker::new(wasm.engine()).instantiate_pre(component).map_err(Error::Link)?;
        Ok(WasmDomain {
            boundary: export(component, "eaf:domain/boundary@1.0.0", "boundary")?,
            decide: export(component, "eaf:domain/decide@1.0.0", "decide")?,
            fold: export(component, "eaf:domain/fold@1.0.0", "fold")?,
            keys: export(component, "eaf:domain/project@1.0.0", "keys")?,
            project: export(component, "eaf:domain/project@1.0.0", "project")?,
            actions: export(component, "eaf:domain/actions@1.0.0", "actions")?,
            breaker: Breaker::new(&identity.plugin),
            wasm,
            identity,
            instance,
        })
    }

    /// Calls an export of the component, unless the breaker refuses the operation. It is used for
    /// calls whose caller waits for the answer.
    async fn guarded<I: Serialize, O: DeserializeOwned>(
        &self,
        export: &Export,
        operation: Operation,
        input: &I,
    ) -> Result<O, DomainError> {
        let permit = self.breaker.enter(operation, Instant::now()).map_err(refused)?;
        let answer = self.call(export, input).await;
        if let Some(outcome) = outcome(&answer) {
            permit.ended(outcome, Instant::now());
        }
        answer
    }

    /// Calls an export as [`guarded`](Self::guarded) does, with input of the person `actor`. A trap
    /// counts only for this person, because it follows from their input. A time-out counts for all
    /// people.
    async fn guarded_for<I: Serialize, O: DeserializeOwned>(
        &self,
        export: &Export,
        (operation, actor): (Operation, ActorId),
        input: &I,
    ) -> Result<O, DomainError> {
        let own = Operation { part: Some(Part::Actor(actor)), ..operation.clone() };
        let permit = self.breaker.enter(operation, Instant::now()).map_err(refused)?;
        let own = self.breaker.enter(own, Instant::now()).map_err(refused)?;
        let answer = self.call(export, input).await;
        match outcome(&answer) {
            Some(Outcome::Success) => {
                permit.ended(Outcome::Success, Instant::now());
                own.ended(Outcome::Success, Instant::now());
            }
            Some(Outcome::Trap) => own.ended(Outcome::Trap, Instant::now()),
            Some(Outcome::Deadline) => permit.ended(Outcome::Deadline, Instant::now()),
            None => {}
        }
        answer
    }

    async fn call<I: Serialize, O: DeserializeOwned>(&self, export: &Export, input: &I) -> Result<O, DomainError> {
        let input = serde_json::to_vec(input).map_err(|error| DomainError::Host(error.to_string()))?;
        let started = Instant::now();
        let answer = self.answer(export, &input).await;
        let outcome = if answer.is_ok() { "ok" } else { "failed" };
        metrics::histogram!("eaf_domain_call_seconds", "plugin" => self.identity.plugin.clone(), "export" => export.name, "outcome" => outcome)
            .record(started.elapsed().as_secs_f64());
        serde_json::from_slice(&answer?).map_err(DomainError::Malformed)
    }

    async fn answer(&self, export: &Export, input: &[u8]) -> Result<Vec<u8>, DomainError> {
        // Epochs end a guest that computes too long. This deadline additionally ends a guest that
        // waits too long to be scheduled.
        let until = tokio::time::Instant::now() + self.wasm.limits().deadline + GRACE;
        let Ok(mut store) = tokio::time::timeout_at(until, self.wasm.store(())).await else {
            let why = "no instance became free in time";
            return Err(DomainError::Unavailable { why, retry_after: Duration::from_secs(1) });
        };
        let began = Instant::now();
        let ended = tokio::time::timeout_at(until, self.run(&mut store, export, input)).await;
        let error = match ended {
            Ok(Ok(answer)) if answer.len() > ANSWER_MAX => {
                return Err(DomainError::Trap(format!(
                    "the answer has {} bytes; {ANSWER_MAX} are permitted",
                    answer.len()
                )));
            }
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
            // The guest had less than its full time, because the call waited for a free instance.
            Err(_) if began.elapsed() < self.wasm.limits().deadline => {
                let why = "no instance became free in time";
                return Err(DomainError::Unavailable { why, retry_after: Duration::from_secs(1) });
            }
            Err(_) => return Err(self.stopped(export, DomainError::Deadline, None)),
        };
        if trap::is_deadline(&error) {
            return Err(self.stopped(export, DomainError::Deadline, None));
        }
        let panic = trap::panic_text(&mut store, &error);
        Err(self.stopped(export, DomainError::Trap(trap::reason(&error)), panic))
    }

    async fn run(&self, store: &mut Store<Guard<()>>, export: &Export, input: &[u8]) -> wasmtime::Result<Vec<u8>> {
        let started = Instant::now();
        let instance = self.instance.instantiate_async(&mut *store).await?;
        metrics::histogram!("eaf_instantiation_seconds", "plugin" => self.identity.plugin.clone(), "component" => "domain")
            .record(started.elapsed().as_secs_f64());
        let function = instance.get_typed_func::<(&[u8],), (Vec<u8>,)>(&mut *store, &export.index)?;
        let (answer,) = function.call_async(&mut *store, (input,)).await?;
        Ok(answer)
    }

    /// Logs why a guest was stopped. The log also gets the guest's panic text, which must not reach
    /// an answer.
    fn stopped(&self, export: &Export, error: DomainError, panic: Option<String>) -> DomainError {
        tracing::error!(
            plugin = self.identity.plugin,
            digest = self.identity.digest,
            export = export.name,
            %error,
            untrusted_guest_text = panic,
            "a domain component trapped or timed out"
        );
        error
    }
}

fn refused(retry_after: Duration) -> DomainError {
    DomainError::Unavailable { why: "the operation failed several times in a row", retry_after }
}

/// Outcome of a call as the breaker counts it. `None` if the component did not cause the failure.
fn outcome<O>(answer: &Result<O, DomainError>) -> Option<Outcome> {
    match answer {
        Ok(_) => Some(Outcome::Success),
        Err(DomainError::Trap(_) | DomainError::Malformed(_)) => Some(Outcome::Trap),
        Err(DomainError::Deadline) => Some(Outcome::Deadline),
        Err(DomainError::Host(_) | DomainError::Unavailable { .. }) => None,
    }
}

fn export(component: &Component, interface: &str, function: &'static str) -> Result<Export, Error> {
    component
        .get_export_index(None, interface)
        .and_then(|instance| component.get_export_index(Some(&instance), function))
        .map(|index| Export { name: function, index })
        .ok_or_else(|| Error::Export(format!("{interface} with {function}")))
}

fn operation(export: &Export, tenant: Option<TenantId>, name: &str) -> Operation {
    Operation { tenant, export: export.name, name: name.to_owned(), part: None }
}

fn of_row(view: Operation, key: &str) -> Operation {
    Operation { part: Some(Part::Row(key.to_owned())), ..view }
}

#[async_trait]
impl Domain for WasmDomain {
    fn plugin(&self) -> &str {
        &self.identity.plugin
    }

    fn digest(&self) -> &str {
        &self.identity.digest
    }

    fn generation(&self) -> i64 {
        self.identity.generation
    }

    fn description(&self) -> &Description {
        &self.identity.description
    }

    async fn boundary(&self, input: BoundaryInput) -> Result<BoundaryOutput, DomainError> {
        let operation = operation(&self.boundary, Some(input.context.tenant), &input.command.name);
        self.guarded_for(&self.boundary, (operation, input.context.actor.id), &input).await
    }

    async fn decide(&self, input: DecideInput) -> Result<Decision, DomainError> {
        let operation = operation(&self.decide, Some(input.context.tenant), &input.command.name);
        self.guarded_for(&self.decide, (operation, input.context.actor.id), &input).await
    }

    async fn fold(&self, input: FoldInput) -> Result<Option<FoldOutput>, DomainError> {
        // The name of a stream contains an id that belongs to one tenant, so the breaker need not
        // count per tenant.
        self.guarded(&self.fold, operation(&self.fold, None, &input.stream), &input).await.map(Some)
    }

    async fn keys(&self, input: KeysInput) -> Result<KeysOutput, DomainError> {
        self.call(&self.keys, &input).await
    }

    async fn project(&self, input: ProjectInput) -> Result<ProjectOutput, DomainError> {
        self.call(&self.project, &input).await
    }

    async fn actions(&self, input: ActionsInput) -> Result<ActionsOutput, DomainError> {
        let view = operation(&self.actions, Some(input.context.tenant), &input.view);
        let [row] = input.rows.as_slice() else { return self.guarded(&self.actions, view, &input).await };
        let key = row.get(row_members::KEY).and_then(|key| key.as_str()).unwrap_or_default();
        let answer = self.guarded(&self.actions, of_row(view.clone(), key), &input).await;
        if answer.is_ok() {
            // One row was answered, so the view as a whole works.
            self.breaker.record_success(view, Instant::now());
        }
        answer
    }

    fn standing(&self, tenant: TenantId, view: &str, key: &str) -> Standing {
        let row = of_row(operation(&self.actions, Some(tenant), view), key);
        self.breaker.standing(&row, Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;
    use eaf_core::actor::{Caller, TraceId};
    use eaf_core::contract::{Command, Context, ContextActor};
    use eaf_core::id::{ActorId, CommandId};
    use std::sync::Arc;

    fn domain() -> Arc<dyn Domain> {
        fixtures::plugin().domain
    }

    fn context() -> Context {
        let tenant = TenantId::derive("acme");
        Context {
            now: 0,
            tenant,
            actor: ContextActor::of(&Caller::system(tenant, TraceId(String::new())), "fixture"),
            locale: "en".into(),
            settings: Default::default(),
            seed: String::new(),
            command_id: CommandId::derive(tenant, ActorId::SYSTEM, "key"),
            trace_id: String::new(),
        }
    }

    fn command() -> Command {
        Command { name: "go".into(), version: 1, body: serde_json::Value::Null }
    }

    #[tokio::test]
    async fn a_component_that_answers_is_understood() {
        let input = ActionsInput { view: "v".into(), rows: Vec::new(), context: context() };
        assert!(domain().actions(input).await.unwrap().items.is_empty());
    }

    // The test runs on a single thread. If the guest blocked that thread, the counter task beside
    // it would stop.
    #[tokio::test(flavor = "current_thread")]
    async fn an_endless_component_is_ended_and_blocks_no_other_task() {
        let domain = domain();
        let beside = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let counter = beside.clone();
        let ticking = tokio::spawn(async move {
            loop {
                counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let input = BoundaryInput { command: command(), context: context(), loaded: Vec::new() };
        let ended = domain.boundary(input).await;
        ticking.abort();
        assert!(matches!(ended, Err(DomainError::Deadline)), "{ended:?}");
        assert!(beside.load(std::sync::atomic::Ordering::Relaxed) > 5);
    }

    #[test]
    fn a_call_is_over_before_the_database_ends_the_transaction_around_it() {
        let longest = super::super::engine::Limits::default().deadline + GRACE;
        assert!(longest < eaf_core::db::IDLE_IN_TRANSACTION, "{longest:?}");
    }

    #[tokio::test]
    async fn a_call_without_an_instance_in_time_is_unavailable() {
        let wasm = fixtures::wasm();
        let file = fixtures::package(fixtures::MANIFEST, fixtures::component("domain", fixtures::HOSTILE), None);
        let domain = super::super::load::load(&wasm, &file, 1, &fixtures::ceiling()).unwrap().domain;
        let mut taken = Vec::new();
        for _ in 0..super::super::engine::STORES {
            taken.push(wasm.store(()).await);
        }
        let input = || ActionsInput { view: "v".into(), rows: Vec::new(), context: context() };
        assert!(matches!(domain.actions(input()).await, Err(DomainError::Unavailable { .. })));
        drop(taken);
        domain.actions(input()).await.unwrap();
    }

    #[tokio::test]
    async fn a_failing_operation_is_refused_at_once_and_no_other() {
        let domain = domain();
        let boundary = |context: Context| BoundaryInput { command: command(), context, loaded: Vec::new() };
        for _ in 0..2 {
            assert!(matches!(domain.boundary(boundary(context())).await, Err(DomainError::Deadline)));
        }
        let began = Instant::now();
        for _ in 0..40 {
            let refused = domain.boundary(boundary(context())).await;
            assert!(matches!(refused, Err(DomainError::Unavailable { .. })), "{refused:?}");
        }
        assert!(began.elapsed() < Duration::from_millis(200), "less than one call that loops");
        let input = ActionsInput { view: "v".into(), rows: Vec::new(), context: context() };
        domain.actions(input).await.unwrap();
        let elsewhere = Context { tenant: TenantId::derive("globex"), ..context() };
        assert!(matches!(domain.boundary(boundary(elsewhere)).await, Err(DomainError::Deadline)));
    }

    #[tokio::test]
    async fn repeated_traps_of_one_person_do_not_affect_other_people() {
        let domain = domain();
        let decide = async |number: u128| {
            let mut context = context();
            context.actor.id = ActorId(uuid::Uuid::from_u128(number));
            domain.decide(DecideInput { command: command(), context, streams: Vec::new(), people: Vec::new() }).await
        };
        for _ in 0..5 {
            assert!(matches!(decide(1).await, Err(DomainError::Trap(_))));
        }
        assert!(matches!(decide(1).await, Err(DomainError::Unavailable { .. })));
        assert!(matches!(decide(2).await, Err(DomainError::Trap(_))), "a colleague is asked for");
    }

    #[tokio::test]
    async fn a_panic_is_a_trap_whose_text_stays_out_of_the_error() {
        let input = DecideInput { command: command(), context: context(), streams: Vec::new(), people: Vec::new() };
        let error = domain().decide(input).await.unwrap_err();
        assert!(matches!(&error, DomainError::Trap(reason) if reason.contains("unreachable")), "{error}");
        assert!(!error.to_string().contains("decide.rs"), "the guest's own words: {error}");
    }

    #[tokio::test]
    async fn the_panic_text_is_read_from_the_slot() {
        let hostile = fixtures::component("domain", fixtures::HOSTILE);
        assert_eq!(panic_of(&hostile, b"{}").await.as_deref(), Some("panicked at src/decide.rs:4:2"));
    }

    #[tokio::test]
    async fn the_panic_text_of_a_component_of_the_sdk_is_read_too() {
        let package = super::super::package::read(&fixtures::counter().await).unwrap();
        let text = panic_of(package.get("domain.wasm").unwrap(), b"no document").await.expect("a text");
        assert!(text.contains("not the agreed document") && text.contains(".rs:"), "{text}");
    }

    async fn panic_of(component: &[u8], input: &[u8]) -> Option<String> {
        let wasm = fixtures::wasm();
        let component = wasm.compile(component).unwrap();
        let instance: InstancePre<Guard<()>> = Linker::new(wasm.engine()).instantiate_pre(&component).unwrap();
        let decide = export(&component, "eaf:domain/decide@1.0.0", "decide").unwrap();
        let mut store = wasm.store(()).await;
        let instance = instance.instantiate_async(&mut store).await.unwrap();
        let decide = instance.get_typed_func::<(&[u8],), (Vec<u8>,)>(&mut store, &decide.index).unwrap();
        let error = decide.call_async(&mut store, (input,)).await.unwrap_err();
        trap::panic_text(&mut store, &error)
    }

    #[tokio::test]
    async fn an_answer_that_is_no_document_is_malformed() {
        let ended = domain().keys(KeysInput { view: "v".into(), events: Vec::new() }).await;
        assert!(matches!(ended, Err(DomainError::Malformed(_))), "{ended:?}");
    }

    #[tokio::test]
    async fn a_component_that_allocates_without_end_is_ended_at_its_limit() {
        let input = ProjectInput { view: "v".into(), events: Vec::new(), rows: Default::default() };
        let error = domain().project(input).await.unwrap_err();
        assert!(matches!(&error, DomainError::Trap(reason) if reason.contains("memory")), "{error}");
    }

    #[tokio::test]
    async fn after_every_kind_of_end_the_next_call_is_answered() {
        let domain = domain();
        for n in 0..40 {
            let command = Command { name: format!("go-{n}"), ..command() };
            let input = DecideInput { command, context: context(), streams: Vec::new(), people: Vec::new() };
            assert!(matches!(domain.decide(input).await, Err(DomainError::Trap(_))));
            let input = ActionsInput { view: "v".into(), rows: Vec::new(), context: context() };
            domain.actions(input).await.unwrap();
        }
    }
}
