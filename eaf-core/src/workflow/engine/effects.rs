//! Acting for one run at its frontier: authorise, write the intent, act, write what came of it.
//!
//! A retryable failure is no answer: the call stays pending and is repeated with the same key, as
//! [`RetryPolicy`] says.

use super::{Error, Kernel, Package, RetryPolicy};
use crate::capability::{Capabilities, Class, Failure};
use crate::workflow::{Entry, Lease, Run, State};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use time::OffsetDateTime;

/// Bytes of an answer, as JSON; a larger one is the call's failure.
pub(super) const ANSWER_MAX: usize = 1 << 20;
/// Characters of a run's log line that go to the host's log.
const LINE_MAX: usize = 2_000;

/// The effects of one run, for as long as this host holds its lease.
pub struct RunEffects {
    pub kernel: Arc<dyn Kernel>,
    pub lease: Lease,
    pub run: Run,
    pub capabilities: Arc<Capabilities>,
    pub retry_policy: RetryPolicy,
    pub package: Arc<dyn Package>,
}

impl RunEffects {
    pub(super) fn now(&self) -> OffsetDateTime {
        self.kernel.now()
    }

    /// The same on every repetition of a call.
    pub(super) fn idempotency_key(&self, sequence: i32) -> String {
        format!("{}:{sequence}", self.run.id)
    }

    pub(super) fn log(&self, level: &str, message: &str) {
        let (plugin, run, trace_id) = (&self.run.plugin, self.run.id, &self.run.trace);
        let untrusted_guest_text: String = message.chars().take(LINE_MAX).collect();
        match level {
            "error" | "warn" => tracing::warn!(plugin, %run, %trace_id, untrusted_guest_text, "a workflow says"),
            _ => tracing::debug!(plugin, %run, %trace_id, untrusted_guest_text, "a workflow says"),
        }
    }

    /// Adds an entry that reaches nothing outside.
    pub(super) async fn write(&self, entry: Entry) -> Result<Entry, Error> {
        self.kernel.write(&self.lease, &entry).await?;
        Ok(entry)
    }

    /// Updates an entry that waits.
    pub(super) async fn set_pending(&self, entry: Entry) -> Result<Entry, Error> {
        self.kernel.set_pending(&self.lease, &entry).await?;
        Ok(entry)
    }
}

/// The answer of the run's last command: a row that is read must not be older.
pub(super) fn last_command(journal: &BTreeMap<i32, Entry>) -> Option<Value> {
    journal.values().rev().find_map(|entry| match &entry.state {
        State::Done(Ok(answer)) if entry.capability == "flow" && entry.function == "submit" => Some(answer.clone()),
        _ => None,
    })
}

pub(super) fn too_large(what: &str) -> Failure {
    Failure::new(Class::Permanent, "too-large", format!("{what} is more than is kept"))
}
