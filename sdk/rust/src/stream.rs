//! What a decision reads: streams, folded into state.

use crate::document::{LoadedStream, Snapshot, StreamMode, StreamRef};
use crate::{EventSet, Recorded};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::any::type_name;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The state of one thing, from its events. It goes to JSON and back when the host keeps it as a snapshot, so nothing may
/// be skipped there. One stream is always folded into the same type.
pub trait State: Default + Serialize + DeserializeOwned {
    type Event: EventSet;

    fn apply(&mut self, event: Self::Event, recorded: &Recorded);
}

/// So many events are read before the host is handed their state.
pub(crate) const SNAPSHOT_AFTER: usize = 100;

/// The streams that were loaded for a command.
#[derive(Debug)]
pub struct Streams {
    loaded: Vec<LoadedStream>,
    /// The states of long streams that were folded.
    folded: RefCell<BTreeMap<String, Value>>,
    snapshot_after: usize,
}

/// A state at rest. Its type is named, because another type's would be taken for it where all members have defaults.
#[derive(Serialize, Deserialize)]
struct Kept<S> {
    #[serde(rename = "type")]
    kind: String,
    state: S,
}

impl Streams {
    pub fn new(loaded: Vec<LoadedStream>) -> Self {
        Streams { loaded, folded: RefCell::default(), snapshot_after: SNAPSHOT_AFTER }
    }

    pub(crate) fn snapshot_after(self, events: usize) -> Self {
        Streams { snapshot_after: events, ..self }
    }

    /// Number of events; 0 when there are none or the stream was not asked for.
    pub fn version(&self, stream: &str) -> u64 {
        self.find(stream).map_or(0, |s| s.version)
    }

    /// None when the stream has no events (or was not loaded yet).
    pub fn fold<S: State>(&self, stream: &str) -> Option<S> {
        let loaded = self.find(stream).filter(|s| s.version > 0)?;
        let mut state = loaded.snapshot.as_ref().map_or_else(S::default, |kept| restored(stream, kept));
        for recorded in &loaded.events {
            if let Some(event) = S::Event::decode(recorded) {
                state.apply(event, recorded);
            }
        }
        if loaded.events.len() >= self.snapshot_after {
            self.folded.borrow_mut().entry(stream.to_owned()).or_insert_with(|| kept(&state));
        }
        Some(state)
    }

    pub(crate) fn into_snapshots(self) -> Vec<Snapshot> {
        self.folded.into_inner().into_iter().map(|(stream, state)| Snapshot { stream, state }).collect()
    }

    fn find(&self, stream: &str) -> Option<&LoadedStream> {
        self.loaded.iter().find(|s| s.stream == stream)
    }
}

fn kept<S: State>(state: &S) -> Value {
    serde_json::to_value(Kept { kind: type_name::<S>().into(), state }).expect("states are plain data")
}

/// # Panics
/// When the snapshot is another type's.
fn restored<S: State>(stream: &str, kept: &Value) -> S {
    let Kept { kind, state } = Kept::<Value>::deserialize(kept).expect("a snapshot is what `kept` made");
    assert_eq!(kind, type_name::<S>(), "`{stream}` is folded into two types of state: make it one");
    serde_json::from_value(state).unwrap_or_else(|_| panic!("`{kind}` does not come back from JSON as it went there"))
}

/// The streams that a command names.
#[derive(Debug, Default)]
pub struct Boundary(Vec<StreamRef>);

impl Boundary {
    pub fn none() -> Self {
        Boundary::default()
    }

    /// Read and guard: its version must still hold at commit; only guarded streams may be written to.
    pub fn guard(self, stream: impl Into<String>) -> Self {
        self.with(stream.into(), StreamMode::Guard)
    }

    /// Reference data: read, not guarded.
    pub fn read(self, stream: impl Into<String>) -> Self {
        self.with(stream.into(), StreamMode::Read)
    }

    pub fn into_refs(self) -> Vec<StreamRef> {
        self.0
    }

    fn with(mut self, stream: String, mode: StreamMode) -> Self {
        self.0.push(StreamRef { stream, mode });
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

        fn apply(&mut self, Happened::Added(added): Happened, _: &Recorded) {
            self.0 += added.by;
        }
    }

    #[derive(Debug, Default, Serialize, Deserialize)]
    struct Other(u64);

    impl State for Other {
        type Event = Happened;

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

    /// The first `snapshot` of `version` events come as a snapshot.
    fn streams(snapshot: Option<Value>, events: std::ops::RangeInclusive<u64>) -> Streams {
        let version = *events.end();
        let events = events.map(recorded).collect();
        Streams::new(vec![LoadedStream { stream: "sum/1".into(), mode: StreamMode::Guard, version, snapshot, events }])
    }

    #[test]
    fn a_state_goes_on_from_its_snapshot_as_from_all_events() {
        let whole = streams(None, 1..=100);
        assert_eq!(whole.fold::<Sum>("sum/1"), Some(Sum(5050)));
        let snapshots = whole.into_snapshots();
        assert_eq!(snapshots.len(), 1);
        let rest = streams(Some(snapshots[0].state.clone()), 101..=103);
        assert_eq!(rest.fold::<Sum>("sum/1"), streams(None, 1..=103).fold::<Sum>("sum/1"));
        assert!(rest.into_snapshots().is_empty(), "three events are soon read again");
    }

    #[test]
    fn short_streams_and_those_that_nobody_folded_leave_no_snapshot() {
        let short = streams(None, 1..=99);
        short.fold::<Sum>("sum/1");
        assert!(short.into_snapshots().is_empty());
        assert!(streams(None, 1..=500).into_snapshots().is_empty());
    }

    #[test]
    #[should_panic(expected = "two types of state")]
    fn the_snapshot_of_another_state_is_refused() {
        let snapshot = kept(&Sum(7));
        streams(Some(snapshot), 8..=8).fold::<Other>("sum/1");
    }
}
