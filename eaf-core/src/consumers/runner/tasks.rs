//! Set of asynchronous tasks, each with a key. Two tasks with the same key never run at once.

use std::collections::HashMap;
use std::hash::Hash;
use tokio::task::{Id, JoinSet};

pub(super) struct Tasks<K> {
    set: JoinSet<bool>,
    keys: HashMap<Id, K>,
    /// Keys of the running tasks, each with whether the key was requested again since its task
    /// started.
    requested_again: HashMap<K, bool>,
}

impl<K: Clone + Eq + Hash> Tasks<K> {
    pub fn new() -> Self {
        Tasks { set: JoinSet::new(), keys: HashMap::new(), requested_again: HashMap::new() }
    }

    /// Spawns a task, unless a task with the same key runs. The task returns whether there is more
    /// to do.
    pub fn request(&mut self, key: K, task: impl Future<Output = bool> + Send + 'static) {
        if let Some(again) = self.requested_again.get_mut(&key) {
            *again = true;
            return;
        }
        self.requested_again.insert(key.clone(), false);
        self.keys.insert(self.set.spawn(task).id(), key);
    }

    /// Waits until any task ends. Returns its key, and whether the task returned true or its key
    /// was requested again while it ran. `None`: no task runs.
    pub async fn next_ended(&mut self) -> Option<(K, bool)> {
        let (id, has_more) = match self.set.join_next_with_id().await? {
            Ok(ended) => ended,
            // A task that panicked is not repeated, because it would panic again at once.
            Err(panicked) => (panicked.id(), false),
        };
        let key = self.keys.remove(&id)?;
        let again = self.requested_again.remove(&key)?;
        Some((key, has_more || again))
    }

    /// Cancels all tasks and waits for their end.
    pub async fn abort(mut self) {
        self.set.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    #[tokio::test]
    async fn a_key_of_a_running_task_is_not_spawned_again() {
        let mut tasks = Tasks::new();
        tasks.request("a", ready(false));
        tasks.request("a", pending());
        tasks.request("b", ready(false));
        tasks.request("c", ready(true));
        let mut ended = [tasks.next_ended().await, tasks.next_ended().await, tasks.next_ended().await];
        ended.sort();
        assert_eq!(ended, [Some(("a", true)), Some(("b", false)), Some(("c", true))]);
        assert_eq!(tasks.next_ended().await, None);
        tasks.request("a", pending());
        tasks.abort().await;
    }

    #[tokio::test]
    async fn a_key_whose_task_panicked_can_be_requested_again() {
        let mut tasks = Tasks::new();
        tasks.request("a", async { panic!("on purpose") });
        assert_eq!(tasks.next_ended().await, Some(("a", false)));
        tasks.request("a", ready(false));
        assert_eq!(tasks.next_ended().await, Some(("a", false)));
    }
}
