//! What a decision reads: streams, folded into state.

use crate::document::{LoadedStream, StreamMode, StreamRef};
use crate::{EventSet, Recorded};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::any::type_name;

/// The state of one thing, from its events. It goes to JSON and back when the host keeps it as a snapshot, so nothing may
/// be skipped there.
pub trait State: Default + Serialize + DeserializeOwned {
    type Event: EventSet;

    /// Its streams are `<CATEGORY>/…`, and no other state is made of these.
    const CATEGORY: &'static str;

    fn apply(&mut self, event: Self::Event, recorded: &Recorded);
}

/// The streams that were loaded for a command.
#[derive(Debug)]
pub struct Streams {
    loaded: Vec<LoadedStream>,
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
        Streams { loaded }
    }

    /// Number of events; 0 when there are none or the stream was not asked for.
    pub fn version(&self, stream: &str) -> u64 {
        self.find(stream).map_or(0, |s| s.version)
    }

    /// None when the stream has no events (or was not loaded yet).
    ///
    /// # Panics
    /// When it is not a stream of this state's category.
    pub fn fold<S: State>(&self, stream: &str) -> Option<S> {
        assert_eq!(category(stream), S::CATEGORY, "`{stream}` is no stream of {}", type_name::<S>());
        let loaded = self.find(stream).filter(|s| s.version > 0)?;
        Some(fold(stream, loaded.snapshot.as_ref(), &loaded.events))
    }

    fn find(&self, stream: &str) -> Option<&LoadedStream> {
        self.loaded.iter().find(|s| s.stream == stream)
    }
}

/// What stands before the first slash.
pub(crate) fn category(stream: &str) -> &str {
    stream.split_once('/').map_or(stream, |(category, _)| category)
}

/// The state that the host keeps in place of these events.
pub(crate) fn keep<S: State>(stream: &str, snapshot: Option<&Value>, events: &[Recorded]) -> Value {
    at_rest(fold::<S>(stream, snapshot, events))
}

/// In place of the events of a stream that is guarded and never folded.
pub(crate) fn keep_nothing() -> Value {
    at_rest(())
}

fn at_rest<S: Serialize>(state: S) -> Value {
    serde_json::to_value(Kept { kind: type_name::<S>().into(), state }).expect("states are plain data")
}

fn fold<S: State>(stream: &str, snapshot: Option<&Value>, events: &[Recorded]) -> S {
    let mut state = snapshot.map_or_else(S::default, |kept| restored(stream, kept));
    for recorded in events {
        if let Some(event) = S::Event::decode(recorded) {
            state.apply(event, recorded);
        }
    }
    state
}

/// # Panics
/// When the snapshot is another type's.
fn restored<S: State>(stream: &str, kept: &Value) -> S {
    let Kept { kind, state } = Kept::<Value>::deserialize(kept).expect("a snapshot is what `keep` made");
    assert_ne!(kind, type_name::<()>(), "the plugin's list of states lacks {}", type_name::<S>());
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

    /// The first `snapshot` of `version` events come as a snapshot.
    fn streams(snapshot: Option<Value>, events: std::ops::RangeInclusive<u64>) -> Streams {
        let version = *events.end();
        let events = events.map(recorded).collect();
        Streams::new(vec![LoadedStream { stream: "sum/1".into(), mode: StreamMode::Guard, version, snapshot, events }])
    }

    #[test]
    fn a_state_goes_on_from_its_snapshot_as_from_all_events() {
        let events: Vec<_> = (1..=100).map(recorded).collect();
        let kept = keep::<Sum>("sum/1", None, &events);
        let rest = streams(Some(kept), 101..=103);
        assert_eq!(rest.fold::<Sum>("sum/1"), Some(Sum(5356)));
        assert_eq!(rest.fold::<Sum>("sum/1"), streams(None, 1..=103).fold::<Sum>("sum/1"));
    }

    #[test]
    #[should_panic(expected = "two types of state")]
    fn the_snapshot_of_another_state_is_refused() {
        streams(Some(keep::<Sum>("sum/1", None, &[])), 8..=8).fold::<Other>("sum/1");
    }

    #[test]
    #[should_panic(expected = "list of states lacks")]
    fn a_state_that_is_not_in_the_list_is_missed() {
        streams(Some(keep_nothing()), 8..=8).fold::<Sum>("sum/1");
    }

    #[test]
    #[should_panic(expected = "no stream of")]
    fn a_stream_of_another_category_is_refused() {
        streams(None, 1..=1).fold::<Sum>("product/1");
    }
}
