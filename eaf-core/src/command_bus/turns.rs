//! Commands of this host that guard the same streams are decided one after the other, in the order of asking.
//!
//! It saves work and gives everybody a turn; that nothing is decided on what has changed is for the append alone to see, which
//! also knows the other hosts.

use crate::id::StreamId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// Streams above which those that nobody uses are forgotten.
const REMEMBERED: usize = 4_096;

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Turns {
    streams: Arc<Mutex<HashMap<StreamId, Weak<Turn<()>>>>>,
}

/// While it lives, no other command of this host decides on these streams.
pub(super) struct Held {
    /// Whether somebody else had the turn first, so that what was loaded before may be old.
    pub waited: bool,
    _turns: Vec<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Sorted, so that two commands never wait for each other.
    pub(super) async fn take(&self, mut streams: Vec<StreamId>) -> Held {
        streams.sort();
        streams.dedup();
        let (mut held, mut waited) = (Vec::with_capacity(streams.len()), false);
        for stream in streams {
            let turn = self.turn(stream);
            held.push(match turn.clone().try_lock_owned() {
                Ok(guard) => guard,
                Err(_) => {
                    waited = true;
                    turn.lock_owned().await
                }
            });
        }
        Held { waited, _turns: held }
    }

    fn turn(&self, stream: StreamId) -> Arc<Turn<()>> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = streams.get(&stream).and_then(Weak::upgrade) {
            return turn;
        }
        if streams.len() >= REMEMBERED {
            streams.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = Arc::new(Turn::new(()));
        streams.insert(stream, Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn stream(n: u128) -> StreamId {
        StreamId(Uuid::from_u128(n))
    }

    #[tokio::test]
    async fn one_after_the_other_on_one_stream_and_side_by_side_elsewhere() {
        let turns = Turns::default();
        let first = turns.take(vec![stream(2), stream(1)]).await;
        assert!(!first.waited);
        assert!(!turns.take(vec![stream(3)]).await.waited, "another stream is free");
        let second = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(vec![stream(1), stream(3)]).await.waited }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drop(first);
        assert!(second.await.unwrap());
        assert!(!turns.take(vec![stream(1), stream(2)]).await.waited, "nobody is left");
    }
}
