//! Progress of a run's calls before the code is replayed: every pending call that is due is polled,
//! repeated or ended.

use super::effects::last_command;
use super::{Error, RunEffects};
use crate::workflow::{Entry, State, Wait};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl RunEffects {
    /// Advances the pending calls that are due, and writes their new states to the journal.
    pub(super) async fn advance(&self, journal: &mut BTreeMap<i32, Entry>) -> Result<(), Error> {
        let after = last_command(journal);
        for entry in journal.values_mut() {
            let State::Pending { wait, poll_at } = &entry.state else { continue };
            if *poll_at > self.now() || entry.function == "progress-reaches" {
                continue;
            }
            let due = entry.clone();
            *entry = match wait.clone() {
                Wait::Time => self.finish(due, Ok(Value::Null)).await?,
                Wait::Start { .. } => self.begin_again(due, after.as_ref()).await?,
                Wait::Operation { handle, .. } => self.poll(due, handle).await?,
            };
        }
        self.advance_progress(journal).await
    }

    /// Handles the calls that wait until another operation has reached some progress. Ends such a
    /// call if the progress is reached; otherwise the call is due when that operation is polled
    /// next.
    async fn advance_progress(&self, journal: &mut BTreeMap<i32, Entry>) -> Result<(), Error> {
        let is_watching = |entry: &&Entry| entry.function == "progress-reaches" && !entry.is_done();
        let watchers: Vec<Entry> = journal.values().filter(is_watching).cloned().collect();
        for mut watcher in watchers {
            let watched = watcher.args["operation"].as_i64().and_then(|sequence| journal.get(&(sequence as i32)));
            let Some(watched) = watched else { continue };
            let percent = watcher.args["percent"].as_u64().unwrap_or(100);
            if let Some(reached) = watched.reached(percent) {
                watcher = self.finish(watcher, Ok(json!(reached))).await?;
            } else if let (State::Pending { poll_at, .. }, State::Pending { .. }) = (&watched.state, &watcher.state) {
                watcher.state = State::Pending { wait: Wait::Time, poll_at: *poll_at };
            }
            journal.insert(watcher.sequence, watcher);
        }
        Ok(())
    }
}
