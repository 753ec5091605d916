//! A tenant in memory that calls a plugin as the host does. Each decision runs twice, on all events
//! and on a snapshot with the events after it, and both results must be equal.

use super::{id_of, system};
use crate::document::*;
use crate::{Event, EventSet, People, Plugin, component};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::marker::PhantomData;

/// Limits of the host, which the stage checks too: calls of `boundary` per command, streams and
/// references to people per command, and bytes per event.
const ROUNDS: usize = 4;
const STREAMS: usize = 32;
const PEOPLE: usize = 64;
const EVENT_BYTES: usize = 256 * 1024;

pub struct Stage<P> {
    pub log: Vec<Recorded>,
    pub now: i64,
    /// Actor ids to which each permission, group, manager and actor leads, as set by the test.
    /// A reference leads to those of its parts; a part that is not listed leads to no person.
    pub people: Vec<ResolvedPeople>,
    /// Settings of the tenant by name, as an admin set them. A setting without a value has its
    /// default.
    pub settings: Map<String, Value>,
    commands: u64,
    types: Vec<EventType>,
    plugin: PhantomData<P>,
}

/// Decision of a plugin on a command; a test compares it with the expected decision.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub command_id: String,
    pub decision: Decision,
}

impl<P: Plugin> Default for Stage<P> {
    fn default() -> Self {
        Stage::new()
    }
}

impl<P: Plugin> Stage<P> {
    pub fn new() -> Self {
        Stage {
            log: Vec::new(),
            now: 1_795_439_100_000,
            people: Vec::new(),
            settings: Map::new(),
            commands: 0,
            types: P::Events::describe(),
            plugin: PhantomData,
        }
    }

    /// Appends an event that is in the log before the tested command, with the system as its actor.
    pub fn given<E: Event>(mut self, stream: &str, event: E) -> Self {
        let accepted = Accepted::nothing().event(stream, event);
        self.append(&system(), accepted.events);
        self
    }

    /// Gives a command as the host would: boundary, decision, checks and append.
    pub fn when<C: crate::Command>(&mut self, actor: &Actor, body: Value) -> Outcome {
        self.when_named(actor, C::NAME, C::VERSION, body)
    }

    pub fn when_named(&mut self, actor: &Actor, name: &str, version: u16, body: Value) -> Outcome {
        self.commands += 1;
        let outcome = self.dry_run(actor, name, version, body);
        if let Decision::Accepted(accepted) = &outcome.decision {
            self.append(actor, accepted.events.clone());
        }
        self.now += 60_000;
        outcome
    }

    /// Decides a command without recording its events.
    pub fn dry_run(&self, actor: &Actor, name: &str, version: u16, body: Value) -> Outcome {
        let context = self.context(actor);
        let command_id = context.command_id.clone();
        let command = Command { name: name.into(), version, body };
        let (streams, named) = self.load(&command, &context);
        let people = named.into_iter().map(|reference| self.resolve(reference)).collect();
        let input = DecideInput { command, context, streams: streams.clone(), people };
        let decision: Decision = call(component::decide::<P>, &input);
        self.compare_with_snapshots(&input, &decision);
        if let Decision::Accepted(accepted) = &decision {
            self.check(&accepted.events, &streams);
        }
        Outcome { command_id, decision }
    }

    /// Repeats the decision with snapshots, and expects the same result. For each stream the
    /// repetition gets a snapshot of all events but the last one, and the last event.
    fn compare_with_snapshots(&self, whole: &DecideInput, expected: &Decision) {
        let mut input = whole.clone();
        for stream in &mut input.streams {
            let Some(last) = stream.events.pop() else { continue };
            for event in std::mem::replace(&mut stream.events, vec![last]) {
                let (of, snapshot) = (stream.stream.clone(), stream.snapshot.take());
                let input = FoldInput { stream: of, snapshot, events: vec![event] };
                let folded: FoldOutput = call(component::fold::<P>, &input);
                stream.snapshot = Some(folded.state);
            }
        }
        let decision: Decision = call(component::decide::<P>, &input);
        let comparable = |decision: &Decision| match decision {
            Decision::Accepted(accepted) => serde_json::json!([accepted.events, accepted.subject, accepted.preview]),
            Decision::Rejected(rejection) => serde_json::json!(rejection),
        };
        assert_eq!(
            comparable(&decision),
            comparable(expected),
            "{} decides differently on a snapshot",
            whole.command.name
        );
    }

    pub fn context(&self, actor: &Actor) -> Context {
        Context {
            now: self.now,
            tenant: id_of("tenant"),
            actor: actor.clone(),
            locale: "en".into(),
            settings: self.settings.clone(),
            seed: "00".repeat(32),
            command_id: id_of(&format!("command {}", self.commands)),
            trace_id: format!("{:032x}", self.commands),
        }
    }

    /// Sets the actor ids to which a reference to people leads from now on.
    pub fn set_people(&mut self, reference: People, actors: &[&str]) {
        self.people.retain(|known| known.reference != reference);
        let actors = actors.iter().map(ToString::to_string).collect();
        self.people.push(ResolvedPeople { reference, actors });
    }

    /// Resolves a reference as the host does, in order and without deputies.
    pub fn resolve(&self, reference: People) -> ResolvedPeople {
        let permissions = |names: &[String]| names.iter().map(|name| People::who_may(name)).collect::<Vec<_>>();
        let groups = reference.groups().iter().map(|key| People::in_group(key));
        let managers = reference.managers_of().iter().map(|actor| People::manager_of(actor));
        let actors = reference.actors().iter().map(|actor| People::actor(actor));
        let mut meant =
            self.listed(permissions(reference.permissions()).into_iter().chain(groups).chain(managers).chain(actors));
        meant.retain(|actor| !reference.excluded().contains(actor));
        if !reference.demanded().is_empty() {
            let holders = self.listed(permissions(reference.demanded()));
            meant.retain(|actor| holders.contains(actor));
        }
        ResolvedPeople { reference, actors: meant.into_iter().collect() }
    }

    fn listed(&self, parts: impl IntoIterator<Item = People>) -> BTreeSet<String> {
        let known = |part: People| self.people.iter().filter(move |known| known.reference == part);
        parts.into_iter().flat_map(known).flat_map(|known| known.actors.iter().cloned()).collect()
    }

    fn load(&self, command: &Command, context: &Context) -> (Vec<LoadedStream>, Vec<People>) {
        let mut loaded: Vec<LoadedStream> = Vec::new();
        for _ in 0..ROUNDS {
            let input = BoundaryInput { command: command.clone(), context: context.clone(), loaded: loaded.clone() };
            let named: BoundaryOutput = call(component::boundary::<P>, &input);
            let mut new = named.streams;
            new.retain(|r| loaded.iter().all(|l| l.stream != r.stream));
            assert!(named.people.len() <= PEOPLE, "{} names more than {PEOPLE} references to people", command.name);
            if new.is_empty() {
                return (loaded, named.people);
            }
            loaded.extend(new.into_iter().map(|r| self.stream(r)));
            assert!(loaded.len() <= STREAMS, "{} names more than {STREAMS} streams", command.name);
        }
        panic!("{} still names new streams after {ROUNDS} rounds", command.name);
    }

    fn stream(&self, reference: StreamRef) -> LoadedStream {
        let events: Vec<_> = self.log.iter().filter(|r| r.stream == reference.stream).cloned().collect();
        let version = events.len() as u64;
        LoadedStream { stream: reference.stream, mode: reference.mode, version, snapshot: None, events }
    }

    /// Checks new events as the host does: the stream is guarded, the event type is described, the
    /// size is within the limit, and each personal member names a person.
    fn check(&self, events: &[NewEvent], streams: &[LoadedStream]) {
        for event in events {
            let guarded = streams.iter().any(|s| s.stream == event.stream && s.mode == StreamMode::Guard);
            assert!(guarded, "{} goes to {}, which the boundary does not guard", event.kind, event.stream);
            let described = self.types.iter().find(|t| t.kind == event.kind);
            let described = described.unwrap_or_else(|| panic!("{} is not described", event.kind));
            assert!(event.data.to_string().len() <= EVENT_BYTES, "{} is too large", event.kind);
            let members = described.schema["properties"].as_object().cloned().unwrap_or_default();
            for (member, schema) in members {
                let Some(subject) = schema["x-eaf-personal"]["subject"].as_str() else { continue };
                let person = event.data[subject].as_str().unwrap_or_default();
                let empty = event.data[&member].is_null();
                assert!(empty || !person.is_empty(), "{}/{member} names no person in {subject}", event.kind);
            }
        }
    }

    fn append(&mut self, actor: &Actor, events: Vec<NewEvent>) {
        for event in events {
            let position = self.log.len() as u64 + 1;
            let version = self.log.iter().filter(|r| r.stream == event.stream).count() as u64 + 1;
            self.log.push(Recorded {
                id: id_of(&format!("event {position}")),
                stream: event.stream,
                version,
                position,
                kind: event.kind,
                schema: event.schema,
                data: event.data,
                at: self.now,
                actor: actor.id.clone(),
                actor_kind: actor.kind,
                trace_id: format!("{:032x}", self.commands),
            });
        }
    }
}

impl Outcome {
    pub fn events(&self) -> Vec<&str> {
        match &self.decision {
            Decision::Accepted(accepted) => accepted.events.iter().map(|e| e.kind.as_str()).collect(),
            Decision::Rejected(rejection) => panic!("rejected: {rejection:?}"),
        }
    }

    pub fn rejection(&self) -> Option<&Rejection> {
        match &self.decision {
            Decision::Accepted(_) => None,
            Decision::Rejected(rejection) => Some(rejection),
        }
    }

    #[track_caller]
    pub fn then_events(self, expected: &[&str]) -> Self {
        assert_eq!(self.events(), expected);
        self
    }

    #[track_caller]
    pub fn then_rejected(self, code: &str) -> Self {
        assert_eq!(self.rejection().map(|r| r.code.as_str()), Some(code), "{:?}", self.decision);
        self
    }

    /// Expects a rejection with these errors of members, each as pointer and code, in order.
    #[track_caller]
    pub fn then_fields(self, expected: &[(&str, &str)]) -> Self {
        let fields = self.rejection().map(|r| r.fields.as_slice()).unwrap_or_default();
        let found: Vec<_> = fields.iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
        assert_eq!(found, expected);
        self
    }
}

/// Calls an export of a component through JSON, as the host does.
pub(super) fn call<I: Serialize, O: DeserializeOwned>(export: fn(&[u8]) -> Vec<u8>, input: &I) -> O {
    let bytes = serde_json::to_vec(input).expect("documents are plain data");
    serde_json::from_slice(&export(&bytes)).expect("an export returns a valid document")
}
