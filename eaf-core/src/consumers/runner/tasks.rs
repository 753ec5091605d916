//! Tasks that are known by what they work on, so that no two work on the same.

use std::collections::HashMap;
use std::hash::Hash;
use tokio::task::{Id, JoinSet};

pub(super) struct Tasks<K> {
    set: JoinSet<bool>,
    keys: HashMap<Id, K>,
    /// Whether it was asked for again since it began.
    asked_again: HashMap<K, bool>,
}

impl<K: Clone + Eq + Hash> Tasks<K> {
    pub fn new() -> Self {
        Tasks { set: JoinSet::new(), keys: HashMap::new(), asked_again: HashMap::new() }
    }

    /// Begins, unless somebody works on it already. The task answers whether there is more to do.
    pub fn ask(&mut self, key: K, task: impl Future<Output = bool> + Send + 'static) {
        if let Some(again) = self.asked_again.get_mut(&key) {
            *again = true;
            return;
        }
        self.asked_again.insert(key.clone(), false);
        self.keys.insert(self.set.spawn(task).id(), key);
    }

    /// What the next one that ends has worked on, and whether there is more of it, as it says itself or was asked for meanwhile. None: nobody is
    /// at work.
    pub async fn ended(&mut self) -> Option<(K, bool)> {
        let (id, is_more) = match self.set.join_next_with_id().await? {
            Ok(ended) => ended,
            // It would panic again at once.
            Err(panicked) => (panicked.id(), false),
        };
        let key = self.keys.remove(&id)?;
        let again = self.asked_again.remove(&key)?;
        Some((key, is_more || again))
    }

    /// Ends all of them where they are.
    pub async fn abort(mut self) {
        self.set.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    #[tokio::test]
    async fn nobody_begins_what_somebody_works_on() {
        let mut tasks = Tasks::new();
        tasks.ask("a", ready(false));
        tasks.ask("a", pending());
        tasks.ask("b", ready(false));
        tasks.ask("c", ready(true));
        let mut ended = [tasks.ended().await, tasks.ended().await, tasks.ended().await];
        ended.sort();
        assert_eq!(ended, [Some(("a", true)), Some(("b", false)), Some(("c", true))]);
        assert_eq!(tasks.ended().await, None);
        tasks.ask("a", pending());
        tasks.abort().await;
    }

    #[tokio::test]
    async fn one_that_panics_can_be_asked_for_again() {
        let mut tasks = Tasks::new();
        tasks.ask("a", async { panic!("on purpose") });
        assert_eq!(tasks.ended().await, Some(("a", false)));
        tasks.ask("a", ready(false));
        assert_eq!(tasks.ended().await, Some(("a", false)));
    }
}
