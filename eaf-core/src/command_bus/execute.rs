//! Execution of one command, from the ledger look-up to the recorded answer.

use super::boundary::LoadedBoundary;
use super::ledger::{self, CommandAnswer, CommandIdentity};
use super::stream_locks::StreamGuard;
use super::subjects::{self, PersonReferences};
use super::{Answer, CommandBus, Error, Precondition, Request, boundary, output, snapshots};
use crate::actor::{ActorKind, Caller};
use crate::contract::{
    Accepted, Command, CommandType, Context, ContextActor, DecideInput, Decision, Domain, LoadedStream, NewEvent,
    StreamMode,
};
use crate::crypto::personal;
use crate::db::{self, TenantTx};
use crate::event_store::{self, AppendRequest, Fence, Meta, Outcome, PendingEvent, StreamWrite};
use crate::id::{CommandId, EventId, StreamId};
use crate::rate_limit::RateLimited;
use crate::setting;
use crate::trace;
use serde_json::{Map, Value};
use std::time::{Duration, Instant};
use tracing::{Instrument, field};

const BODY_BYTES: usize = 1024 * 1024;
const KEY_BYTES: std::ops::RangeInclusive<usize> = 1..=200;
/// Maximum number of times that one command is decided. A command is decided again after a
/// conflict. Conflicts come from other hosts only, because commands of one host hold stream locks.
const ATTEMPTS: u32 = 10;
/// Maximum wait after a conflict, before the maximum is doubled once for each attempt so far. The
/// wait itself is a random part of the doubled maximum.
const BACKOFF: Duration = Duration::from_millis(2);
const LONGEST_BACKOFF: Duration = Duration::from_millis(250);
/// Maximum number of times that one attempt loads and locks the boundary. A stream that changed
/// while the command waited for its lock may refer to further streams, which must be locked too.
const ROUNDS: usize = 4;

pub(super) async fn execute(
    bus: &CommandBus,
    domain: &dyn Domain,
    caller: &Caller,
    request: Request,
) -> Result<Answer, Error> {
    let started = Instant::now();
    let plugin = domain.plugin().to_owned();
    // Only a declared command's name becomes a label of metrics, because clients may send any other
    // name.
    let name = find(domain, &request.name).map_or("unknown", |known| known.name.as_str()).to_owned();
    let span = tracing::info_span!(
        "command", tenant = %caller.tenant, plugin = %plugin, command = %name, trace_id = %caller.trace,
        command_id = %CommandId::derive(caller.tenant, caller.actor, &request.idempotency_key),
        outcome = field::Empty
    );
    let result = run(bus, domain, caller, request).instrument(span.clone()).await;
    let outcome = label(&result);
    span.record("outcome", outcome);
    span.in_scope(|| tracing::info!(outcome, "command answered"));
    let labels = [("plugin", plugin), ("command", name), ("outcome", outcome.to_owned())];
    metrics::counter!("eaf_commands_total", &labels).increment(1);
    metrics::histogram!("eaf_command_seconds", &labels).record(started.elapsed().as_secs_f64());
    result
}

pub(super) async fn recorded_answer(
    bus: &CommandBus,
    domain: &dyn Domain,
    caller: &Caller,
    request: &Request,
) -> Result<Option<Answer>, Error> {
    if request.dry_run {
        return Ok(None);
    }
    check_rate_limit(bus, caller, request)?;
    look_up_answer(bus, domain, caller, request).await
}

/// Checks the tenant's rate limit of commands. Commands of workflows are exempt, so that many
/// commands of people cannot stop workflows.
fn check_rate_limit(bus: &CommandBus, caller: &Caller, request: &Request) -> Result<(), Error> {
    if caller.kind == ActorKind::System {
        return Ok(());
    }
    let bytes = request.body.to_string().len();
    bus.limits.take(caller.tenant, bytes).map_err(|RateLimited { retry_after }| Error::Overloaded { retry_after })
}

async fn look_up_answer(
    bus: &CommandBus,
    domain: &dyn Domain,
    caller: &Caller,
    request: &Request,
) -> Result<Option<Answer>, Error> {
    let identity = CommandIdentity::new(domain.plugin(), &request.name, &request.body);
    let command = CommandId::derive(caller.tenant, caller.actor, &request.idempotency_key);
    let mut tx = bus.db.tenant(caller.tenant).await?;
    ledger::look_up(&bus.keyring, &mut tx, caller, command, &identity).await
}

async fn run(bus: &CommandBus, domain: &dyn Domain, caller: &Caller, request: Request) -> Result<Answer, Error> {
    check_rate_limit(bus, caller, &request)?;
    if !KEY_BYTES.contains(&request.idempotency_key.len()) {
        return Err(Error::Key);
    }
    let Some(known) = find(domain, &request.name) else {
        let unknown = Error::UnknownCommand { name: request.name.clone() };
        let before = if request.dry_run { None } else { look_up_answer(bus, domain, caller, &request).await? };
        return before.ok_or(unknown);
    };
    let command = Command { name: request.name, version: known.version, body: request.body };
    if command.body.to_string().len() > BODY_BYTES {
        return Err(Error::TooLarge { what: "the command", limit: BODY_BYTES });
    }
    if let Some(pointer) = personal::reserved(&command.body) {
        return Err(Error::Reserved { pointer });
    }
    let context = context(bus, domain, caller, &request.idempotency_key);
    let span = trace::exported().map(|position| position.span);
    let mut attempt = Attempt { bus, domain, caller, command, context, precondition: request.precondition, span };
    if request.dry_run {
        return attempt.rehearse().await;
    }
    let mut appending = false;
    for number in 1..=ATTEMPTS {
        match attempt.once(&mut appending).await {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => {}
            // The next attempt finds the outcome in the ledger, once the database can be reached
            // again.
            Err(error) if appending && number < ATTEMPTS && is_unknown(&error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    number,
                    "the outcome is unknown; asking again"
                );
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(backoff(bus, number)).await;
    }
    Err(Error::Conflict { attempts: ATTEMPTS })
}

struct Attempt<'a> {
    bus: &'a CommandBus,
    domain: &'a dyn Domain,
    caller: &'a Caller,
    command: Command,
    context: Context,
    precondition: Option<Precondition>,
    /// Span of the command, if its trace is exported.
    span: Option<String>,
}

impl Attempt<'_> {
    /// Decides the command once. `None`: there was a conflict, and the command must be decided
    /// again. `appending` is set to true before the append: after an error of the append it is
    /// unknown whether the command had its effect.
    async fn once(&mut self, appending: &mut bool) -> Result<Option<Answer>, Error> {
        let Attempt { bus, caller, domain, .. } = *self;
        let mut tx = bus.db.tenant(caller.tenant).await?;
        let Command { name, body, .. } = &self.command;
        let identity = CommandIdentity::new(domain.plugin(), name, body);
        let lookup = ledger::look_up(&bus.keyring, &mut tx, caller, self.context.command_id, &identity);
        if let Some(answer) = lookup.instrument(tracing::debug_span!("ledger")).await? {
            return Ok(Some(answer));
        }
        let fingerprint = identity.fingerprint(&bus.keyring, &mut tx).await?;
        subjects::check_body(&mut tx, caller, self.schema(), body).await?;
        subjects::check_persons(&mut tx, domain.description(), self.schema(), body).await?;
        self.context.settings = settings(&mut tx, domain).await?;
        // No transaction stays open while the plugin decides: the append checks the versions.
        tx.commit().await?;
        let (loaded, _locks) = self.load_and_lock().await?;
        self.check_precondition(&loaded).await?;
        let decision = self.decide(&loaded).await?;
        let mut tx = bus.db.tenant(caller.tenant).await?;
        let sealing = self.sealed(&mut tx, &loaded, decision, fingerprint);
        let (request, answer) = sealing.instrument(tracing::debug_span!("seal")).await?;
        // New keys must exist before anything sealed under them does.
        tx.commit().await?;

        let started = Instant::now();
        *appending = true;
        let append = bus.appender.append(caller.tenant, request);
        let outcome = append.instrument(tracing::info_span!("append")).await.map_err(queue_full)?;
        metrics::histogram!("eaf_append_seconds", "plugin" => domain.plugin().to_owned())
            .record(started.elapsed().as_secs_f64());
        self.settle(&identity, &loaded.streams, answer, outcome).await
    }

    /// Turns the outcome of the append into the answer. `None`: there was a conflict.
    async fn settle(
        &self,
        identity: &CommandIdentity<'_>,
        streams: &[LoadedStream],
        answer: CommandAnswer,
        outcome: Outcome,
    ) -> Result<Option<Answer>, Error> {
        let Attempt { bus, caller, domain, .. } = *self;
        let command = self.context.command_id;
        match outcome {
            Outcome::Ok { positions } => {
                snapshots::store_after_decision(bus, caller.tenant, domain, streams).await;
                Ok(Some(answer.answer(command, positions.map(|(_, last)| last))))
            }
            Outcome::Duplicate { answer, positions } => {
                let mut tx = bus.db.tenant(caller.tenant).await?;
                let last = positions.map(|(_, last)| last);
                ledger::open(&bus.keyring, &mut tx, caller, command, &answer, last).await.map(Some)
            }
            // The command's version may differ: a host with another package may have decided it
            // meanwhile.
            Outcome::KeyReused => {
                let mut tx = bus.db.tenant(caller.tenant).await?;
                let known = ledger::look_up(&bus.keyring, &mut tx, caller, command, identity).await?;
                known.map(Some).ok_or(Error::KeyReused)
            }
            Outcome::Conflict { .. } | Outcome::Retry => {
                metrics::counter!("eaf_append_conflicts_total", "plugin" => domain.plugin().to_owned()).increment(1);
                tracing::debug!("conflict: a stream of the boundary has changed");
                Ok(None)
            }
            Outcome::Fenced => Err(Error::Generation),
            Outcome::Invalid => Err(Error::Invalid),
        }
    }

    /// Decides the command as a rehearsal: the ledger is not read, and nothing is appended.
    async fn rehearse(&mut self) -> Result<Answer, Error> {
        let mut tx = self.bus.db.tenant(self.caller.tenant).await?;
        subjects::check_body(&mut tx, self.caller, self.schema(), &self.command.body).await?;
        subjects::check_persons(&mut tx, self.domain.description(), self.schema(), &self.command.body).await?;
        self.context.settings = settings(&mut tx, self.domain).await?;
        tx.commit().await?;
        let loaded = self.load().await?;
        self.check_precondition(&loaded).await?;
        Ok(match self.decide(&loaded).await? {
            Decision::Accepted(accepted) => {
                let mut tx = self.bus.db.tenant(self.caller.tenant).await?;
                self.check_subjects(&mut tx, &loaded, &accepted).await?;
                tx.commit().await?;
                let Accepted { subject, preview, .. } = accepted;
                Answer::Accepted { command_id: self.context.command_id, position: None, subject, preview }
            }
            Decision::Rejected(rejection) => Answer::Rejected(rejection),
        })
    }

    /// Loads the boundary and locks its guarded streams against other commands of this host.
    async fn load_and_lock(&self) -> Result<(LoadedBoundary, StreamGuard), Error> {
        let mut loaded = self.load().await?;
        for _ in 0..ROUNDS {
            let locks = self.bus.stream_locks.lock(self.guards(&loaded.streams)).await;
            if !locks.contended {
                return Ok((loaded, locks));
            }
            // The command that held the lock may have changed the streams, which may lead to other
            // streams now.
            let again = self.load().await?;
            if self.guards(&again.streams) == self.guards(&loaded.streams) {
                return Ok((again, locks));
            }
            loaded = again;
        }
        Err(Error::Conflict { attempts: ROUNDS as u32 })
    }

    async fn check_precondition(&self, loaded: &LoadedBoundary) -> Result<(), Error> {
        let Some(precondition) = self.precondition else { return Ok(()) };
        let mut tx = self.bus.db.tenant(self.caller.tenant).await?;
        precondition.check(&mut tx, &self.guards(&loaded.streams)).await
    }

    /// JSON Schema of the command's body. `null` for a command that the package does not declare:
    /// that schema marks no member as personal.
    fn schema(&self) -> &Value {
        find(self.domain, &self.command.name).map_or(&Value::Null, |known| &known.schema)
    }

    fn guards(&self, streams: &[LoadedStream]) -> Vec<StreamId> {
        let guards = streams.iter().filter(|entry| entry.mode == StreamMode::Guard);
        guards.map(|entry| boundary::stream_id(self.caller.tenant, self.domain.plugin(), &entry.stream)).collect()
    }

    async fn load(&self) -> Result<LoadedBoundary, Error> {
        let loading = boundary::load(self.bus, self.caller.tenant, self.domain, &self.command, &self.context);
        loading.instrument(tracing::info_span!("load")).await
    }

    async fn decide(&self, loaded: &LoadedBoundary) -> Result<Decision, Error> {
        let streams = &loaded.streams;
        let input = DecideInput {
            command: self.command.clone(),
            context: self.context.clone(),
            streams: streams.clone(),
            people: loaded.resolved.clone(),
        };
        let decision = self.domain.decide(input).instrument(tracing::info_span!("decide")).await?;
        match &decision {
            Decision::Accepted(accepted) => output::check(self.domain.description(), streams, accepted)?,
            Decision::Rejected(rejection) => output::check_refusal(rejection)?,
        }
        Ok(decision)
    }

    /// Builds the append request, with every guard of the boundary and the sealed answer, and the
    /// answer for the caller.
    async fn sealed(
        &self,
        tx: &mut TenantTx,
        loaded: &LoadedBoundary,
        decision: Decision,
        fingerprint: [u8; 32],
    ) -> Result<(AppendRequest, CommandAnswer), Error> {
        let Attempt { bus, domain, caller, command, context, .. } = self;
        let answer = answer_of(&decision);
        let sealed = ledger::seal(&bus.keyring, tx, *domain, command, context, loaded, answer.clone()).await?;
        let guards: Vec<&LoadedStream> =
            loaded.streams.iter().filter(|entry| entry.mode == StreamMode::Guard).collect();
        let events = match decision {
            Decision::Accepted(accepted) => self.events(tx, loaded, &guards, accepted).await?,
            Decision::Rejected(_) => Vec::new(),
        };
        let write = |entry: &&LoadedStream| StreamWrite {
            stream: boundary::stream_id(caller.tenant, domain.plugin(), &entry.stream),
            expected: Some(entry.version),
        };
        let request = AppendRequest {
            actor: caller.actor,
            key: ledger::key(context.command_id),
            fingerprint,
            answer: sealed,
            fence: Some(Fence { plugin: domain.plugin().to_owned(), generation: domain.generation() }),
            streams: guards.iter().map(write).collect(),
            events,
        };
        Ok((request, answer))
    }

    async fn events(
        &self,
        tx: &mut TenantTx,
        loaded: &LoadedBoundary,
        guards: &[&LoadedStream],
        accepted: Accepted,
    ) -> Result<Vec<PendingEvent>, Error> {
        let Attempt { bus, domain, caller, context, .. } = self;
        self.check_subjects(tx, loaded, &accepted).await?;
        let mut pending = Vec::with_capacity(accepted.events.len());
        for mut event in accepted.events {
            let position = guards.iter().position(|entry| entry.stream == event.stream);
            let stream = position.ok_or_else(|| Error::OutsideBoundary { stream: event.stream.clone() })?;
            let id = EventId(bus.ambient.uuid());
            let schema = self.declared(&event)?;
            let aad = event_store::aad(id);
            personal::encrypt(&bus.keyring, tx, schema, &aad, &mut event.data).await?;
            let meta = Meta {
                actor: caller.actor,
                actor_kind: caller.kind,
                command_id: context.command_id,
                trace_id: caller.trace.0.clone(),
                span_id: self.span.clone(),
                stream: boundary::qualified_name(domain.plugin(), &event.stream),
                plugin: domain.plugin().to_owned(),
                generation: domain.generation(),
                digest: domain.digest().to_owned(),
            };
            let command = context.command_id;
            pending.push(PendingEvent {
                stream,
                id,
                kind: format!("{}.{}", domain.plugin(), event.kind),
                schema: event.schema,
                data: event.data.to_string().into_bytes(),
                meta: serde_json::to_vec(&meta).map_err(|cause| Error::Corrupt { command, cause })?,
            });
        }
        Ok(pending)
    }

    /// Checks that the events hold personal data of permitted people only. A rehearsal checks this
    /// too, because it must refuse whatever the recorded command would refuse.
    async fn check_subjects(
        &self,
        tx: &mut TenantTx,
        loaded: &LoadedBoundary,
        accepted: &Accepted,
    ) -> Result<(), Error> {
        let people = PersonReferences { caller: self.caller, loaded: &loaded.people, body: &self.command.body };
        let events = accepted.events.iter().map(|event| Ok((self.declared(event)?, &event.data)));
        subjects::check_events(tx, &people, &events.collect::<Result<Vec<_>, Error>>()?).await
    }

    fn declared(&self, event: &NewEvent) -> Result<&Value, Error> {
        let mut known = self.domain.description().events.iter();
        let declared = known.find(|known| known.kind == event.kind && known.schema_version == event.schema);
        declared
            .map(|known| &known.schema)
            .ok_or_else(|| Error::UndeclaredEvent { kind: event.kind.clone(), schema: event.schema })
    }
}

fn answer_of(decision: &Decision) -> CommandAnswer {
    match decision {
        Decision::Accepted(accepted) => CommandAnswer::Accepted { subject: accepted.subject.clone() },
        Decision::Rejected(rejection) => CommandAnswer::Rejected(rejection.clone()),
    }
}

fn find<'a>(domain: &'a dyn Domain, name: &str) -> Option<&'a CommandType> {
    let named = domain.description().commands.iter().filter(|known| known.name == name);
    named.max_by_key(|known| known.version)
}

/// Context of a command without the product's settings, which each attempt reads.
fn context(bus: &CommandBus, domain: &dyn Domain, caller: &Caller, key: &str) -> Context {
    Context {
        now: (bus.ambient.now().unix_timestamp_nanos() / 1_000_000) as i64,
        tenant: caller.tenant,
        actor: ContextActor::of(caller, domain.plugin()),
        locale: caller.locale.as_str().to_owned(),
        settings: Map::new(),
        seed: bus.ambient.bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect(),
        command_id: CommandId::derive(caller.tenant, caller.actor, key),
        trace_id: caller.trace.0.clone(),
    }
}

async fn settings(tx: &mut TenantTx, domain: &dyn Domain) -> Result<Map<String, Value>, Error> {
    Ok(setting::effective(tx, domain.plugin(), domain.description().settings.as_ref()).await?)
}

/// Random wait before the next attempt of a command. Its maximum doubles with each attempt. The
/// wait is random, so that two commands that collided do not collide again.
fn backoff(bus: &CommandBus, number: u32) -> Duration {
    let [jitter] = bus.ambient.bytes::<1>();
    (BACKOFF * 2u32.pow(number)).min(LONGEST_BACKOFF) * u32::from(jitter) / 255
}

/// Whether the command may have had its effect in spite of this error.
fn is_unknown(error: &Error) -> bool {
    db::is_transient(error) || matches!(error, Error::Store(event_store::Error::Lost))
}

/// Converts the error of a full append queue into the error of a rate limit, so that the client
/// repeats the request later.
fn queue_full(error: event_store::Error) -> Error {
    match error {
        event_store::Error::Overloaded { .. } => Error::Overloaded { retry_after: Duration::from_secs(1) },
        error => Error::Store(error),
    }
}

fn label(result: &Result<Answer, Error>) -> &'static str {
    match result {
        Ok(Answer::Accepted { .. }) => "accepted",
        Ok(Answer::Rejected(_)) => "rejected",
        Err(Error::Conflict { .. }) => "conflict",
        Err(Error::KeyReused) => "key-reused",
        Err(Error::Changed { .. }) => "changed",
        Err(Error::Generation) => "fenced",
        Err(Error::Overloaded { .. }) => "overloaded",
        Err(Error::Domain(_)) => "domain-failed",
        Err(_) => "failed",
    }
}
