//! Streams that a command reads or guards, and the states that a plugin folds from them.

use crate::document::{BoundaryOutput, LoadedStream, ResolvedPeople, StreamMode, StreamRef};
use crate::{EventSet, People, Recorded};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::any::type_name;

/// State of one thing, such as a request, folded from the events of its stream. The host stores the
/// state as JSON in a snapshot, so no member may be skipped in serialization.
pub trait State: Default + Serialize + DeserializeOwned {
    type Event: EventSet;

    /// First part of the names of this state's streams, which are named `<CATEGORY>/…`. No other
    /// state type folds these streams.
    const CATEGORY: &'static str;

    fn apply(&mut self, event: Self::Event, recorded: &Recorded);
}

/// Streams that the host loaded for a command, and people to whom the host resolved references.
#[derive(Debug)]
pub struct Streams {
    loaded: Vec<LoadedStream>,
    people: Vec<ResolvedPeople>,
}

/// State as a snapshot stores it, with the name of the state's Rust type. The name is stored
/// because the JSON of another type would be readable too if all members have defaults.
#[derive(Serialize, Deserialize)]
struct StoredState<S> {
    #[serde(rename = "type")]
    kind: String,
    state: S,
}

impl Streams {
    pub fn new(loaded: Vec<LoadedStream>) -> Self {
        Streams { loaded, people: Vec::new() }
    }

    /// Adds the people to whom the boundary's references lead.
    pub fn with_people(self, people: Vec<ResolvedPeople>) -> Self {
        Streams { people, ..self }
    }

    /// Actor ids of the people to whom a reference leads; empty if the boundary does not name the
    /// reference.
    pub fn people(&self, reference: &People) -> &[String] {
        let found = self.people.iter().find(|resolved| resolved.reference == *reference);
        found.map(|resolved| resolved.actors.as_slice()).unwrap_or_default()
    }

    /// Number of events in a stream; 0 if the stream has no events, or if the boundary does not
    /// name it.
    pub fn version(&self, stream: &str) -> u64 {
        self.find(stream).map_or(0, |s| s.version)
    }

    /// Folds a stream into its state; `None` for a stream that has no events or is not loaded yet.
    ///
    /// # Panics
    ///
    /// If the stream is not of this state's category.
    pub fn fold<S: State>(&self, stream: &str) -> Option<S> {
        assert_eq!(category(stream), S::CATEGORY, "`{stream}` is not of the category of {}", type_name::<S>());
        let loaded = self.find(stream).filter(|s| s.version > 0)?;
        Some(fold(stream, loaded.snapshot.as_ref(), &loaded.events))
    }

    fn find(&self, stream: &str) -> Option<&LoadedStream> {
        self.loaded.iter().find(|s| s.stream == stream)
    }
}

/// Category of a stream: its name up to the first slash.
pub(crate) fn category(stream: &str) -> &str {
    stream.split_once('/').map_or(stream, |(category, _)| category)
}

/// Folds the snapshot and the events after it into the JSON that the host stores as the next
/// snapshot.
pub(crate) fn fold_to_json<S: State>(stream: &str, snapshot: Option<&Value>, events: &[Recorded]) -> Value {
    to_json(fold::<S>(stream, snapshot, events))
}

/// JSON of an empty state: the snapshot of a stream that commands only guard and never fold.
pub(crate) fn empty_state() -> Value {
    to_json(())
}

fn to_json<S: Serialize>(state: S) -> Value {
    serde_json::to_value(StoredState { kind: type_name::<S>().into(), state }).expect("states are plain data")
}

fn fold<S: State>(stream: &str, snapshot: Option<&Value>, events: &[Recorded]) -> S {
    let mut state = snapshot.map_or_else(S::default, |snapshot| restored(stream, snapshot));
    for recorded in events {
        if let Some(event) = S::Event::decode(recorded) {
            state.apply(event, recorded);
        }
    }
    state
}

/// Reads a state from the snapshot of its stream.
///
/// # Panics
///
/// If the snapshot contains a state of another type.
fn restored<S: State>(stream: &str, snapshot: &Value) -> S {
    let StoredState { kind, state } =
        StoredState::<Value>::deserialize(snapshot).expect("a snapshot of `fold_to_json`");
    assert_ne!(kind, type_name::<()>(), "the plugin's list of states lacks {}", type_name::<S>());
    assert_eq!(kind, type_name::<S>(), "`{stream}` is folded into two types of state; use one");
    serde_json::from_value(state).unwrap_or_else(|_| panic!("`{kind}` does not deserialize from its own JSON"))
}

/// Streams that a command needs, each of them read or guarded, and references to the people whose
/// actor ids the command needs.
#[derive(Debug, Default)]
pub struct Boundary {
    streams: Vec<StreamRef>,
    people: Vec<People>,
}

impl Boundary {
    pub fn none() -> Self {
        Boundary::default()
    }

    /// Adds a stream that is read and guarded. The version of a guarded stream must still hold at
    /// the append, and a command appends events to guarded streams alone.
    pub fn guard(self, stream: impl Into<String>) -> Self {
        self.with(stream.into(), StreamMode::Guard)
    }

    /// Adds a stream that is read without a guard, for reference data. Its version may change
    /// before the append.
    pub fn read(self, stream: impl Into<String>) -> Self {
        self.with(stream.into(), StreamMode::Read)
    }

    /// Adds a reference to people whose ids the decision needs, for [`Streams::people`].
    pub fn people(mut self, reference: People) -> Self {
        self.people.push(reference);
        self
    }

    pub fn into_output(self) -> BoundaryOutput {
        BoundaryOutput { streams: self.streams, people: self.people }
    }

    fn with(mut self, stream: String, mode: StreamMode) -> Self {
        self.streams.push(StreamRef { stream, mode });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Event;
    use crate::document::ActorKind;
    use schemars::JsonSchema;

    #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
    pub struct Added {
        by: u64,
    }

    impl Event for Added {
        const TYPE: &'static str = "added";
    }

    crate::events! {
        pub enum Happened { Added }
    }

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Sum(u64);

    impl State for Sum {
        type Event = Happened;
        const CATEGORY: &'static str = "sum";

        fn apply(&mut self, Happened::Added(added): Happened, _: &Recorded) {
            self.0 += added.by;
        }
    }

    #[derive(Debug, Default, Serialize, Deserialize)]
    struct Other(u64);

    impl State for Other {
        type Event = Happened;
        const CATEGORY: &'static str = "sum";

        fn apply(&mut self, _: Happened, _: &Recorded) {}
    }

    fn recorded(version: u64) -> Recorded {
        Recorded {
            id: String::new(),
            stream: "sum/1".into(),
            version,
            position: version,
            kind: "added".into(),
            schema: 1,
            data: serde_json::json!({ "by": version }),
            at: 0,
            actor: String::new(),
            actor_kind: ActorKind::System,
            trace_id: String::new(),
        }
    }

    /// Creates the streams of a command with one loaded stream. Its events have the versions in
    /// `events`; `snapshot` contains the state of the events before them.
    fn streams(snapshot: Option<Value>, events: std::ops::RangeInclusive<u64>) -> Streams {
        let version = *events.end();
        let events = events.map(recorded).collect();
        Streams::new(vec![LoadedStream { stream: "sum/1".into(), mode: StreamMode::Guard, version, snapshot, events }])
    }

    #[test]
    fn a_snapshot_and_later_events_give_the_state_of_all_events() {
        let events: Vec<_> = (1..=100).map(recorded).collect();
        let snapshot = fold_to_json::<Sum>("sum/1", None, &events);
        let rest = streams(Some(snapshot), 101..=103);
        assert_eq!(rest.fold::<Sum>("sum/1"), Some(Sum(5356)));
        assert_eq!(rest.fold::<Sum>("sum/1"), streams(None, 1..=103).fold::<Sum>("sum/1"));
    }

    #[test]
    #[should_panic(expected = "two types of state")]
    fn the_snapshot_of_another_state_is_refused() {
        streams(Some(fold_to_json::<Sum>("sum/1", None, &[])), 8..=8).fold::<Other>("sum/1");
    }

    #[test]
    #[should_panic(expected = "list of states lacks")]
    fn a_state_missing_from_the_list_of_states_is_an_error() {
        streams(Some(empty_state()), 8..=8).fold::<Sum>("sum/1");
    }

    #[test]
    #[should_panic(expected = "not of the category")]
    fn a_stream_of_another_category_is_refused() {
        streams(None, 1..=1).fold::<Sum>("product/1");
    }
}
