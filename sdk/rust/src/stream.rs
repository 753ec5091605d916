//! What a decision reads: streams, folded into state.

use crate::document::{LoadedStream, StreamMode, StreamRef};
use crate::{EventSet, Recorded};

/// The state of one thing, from its events.
pub trait State: Default {
    type Event: EventSet;

    fn apply(&mut self, event: Self::Event, recorded: &Recorded);
}

/// The streams that were loaded for a command.
#[derive(Debug, Default)]
pub struct Streams(Vec<LoadedStream>);

impl Streams {
    pub fn new(streams: Vec<LoadedStream>) -> Self {
        Streams(streams)
    }

    /// Number of events; 0 when there are none or the stream was not asked for.
    pub fn version(&self, stream: &str) -> u64 {
        self.find(stream).map_or(0, |s| s.version)
    }

    /// None when the stream has no events (or was not loaded yet).
    pub fn fold<S: State>(&self, stream: &str) -> Option<S> {
        let loaded = self.find(stream).filter(|s| s.version > 0)?;
        let mut state = S::default();
        for recorded in &loaded.events {
            if let Some(event) = S::Event::decode(recorded) {
                state.apply(event, recorded);
            }
        }
        Some(state)
    }

    fn find(&self, stream: &str) -> Option<&LoadedStream> {
        self.0.iter().find(|s| s.stream == stream)
    }
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
