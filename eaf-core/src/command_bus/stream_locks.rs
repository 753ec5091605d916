//! Stream locks: commands of this host that guard the same streams are decided one after the other,
//! in order of arrival.
//!
//! Stream locks avoid conflicts within one host. They are not needed for correctness: the append
//! checks the versions of the streams, also against commands of other hosts.

use crate::id::StreamId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{Mutex as StreamMutex, OwnedMutexGuard};

/// Number of locks in memory above which unused ones are dropped. A lock is unused if no command
/// holds it or waits for it.
const MAX_IDLE_LOCKS: usize = 4_096;

/// Stream locks of one host. Cheap to clone.
#[derive(Clone, Default)]
pub struct StreamLocks {
    streams: Arc<Mutex<HashMap<StreamId, Weak<StreamMutex<()>>>>>,
}

/// Locks on some streams. Until this guard is dropped, no other command of this host decides on
/// these streams.
pub(super) struct StreamGuard {
    /// Whether this command had to wait for one of the locks, so that streams loaded before may
    /// have changed.
    pub contended: bool,
    _locks: Vec<OwnedMutexGuard<()>>,
}

impl StreamLocks {
    /// Locks the streams in the order of their ids, so that two commands never deadlock.
    pub(super) async fn lock(&self, mut streams: Vec<StreamId>) -> StreamGuard {
        streams.sort();
        streams.dedup();
        let (mut held, mut contended) = (Vec::with_capacity(streams.len()), false);
        for stream in streams {
            let mutex = self.mutex(stream);
            held.push(match mutex.clone().try_lock_owned() {
                Ok(guard) => guard,
                Err(_) => {
                    contended = true;
                    mutex.lock_owned().await
                }
            });
        }
        StreamGuard { contended, _locks: held }
    }

    fn mutex(&self, stream: StreamId) -> Arc<StreamMutex<()>> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mutex) = streams.get(&stream).and_then(Weak::upgrade) {
            return mutex;
        }
        if streams.len() >= MAX_IDLE_LOCKS {
            streams.retain(|_, mutex| mutex.strong_count() > 0);
        }
        let mutex = Arc::new(StreamMutex::new(()));
        streams.insert(stream, Arc::downgrade(&mutex));
        mutex
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
    async fn commands_on_one_stream_wait_and_others_do_not() {
        let locks = StreamLocks::default();
        let first = locks.lock(vec![stream(2), stream(1)]).await;
        assert!(!first.contended);
        assert!(!locks.lock(vec![stream(3)]).await.contended, "another stream is free");
        let second = tokio::spawn({
            let locks = locks.clone();
            async move { locks.lock(vec![stream(1), stream(3)]).await.contended }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drop(first);
        assert!(second.await.unwrap());
        assert!(!locks.lock(vec![stream(1), stream(2)]).await.contended, "all locks are free");
    }
}
