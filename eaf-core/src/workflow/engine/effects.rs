//! Effects of one run at its frontier: authorise a call, write its intent, act, write its outcome.
//!
//! A retryable failure is not the call's answer: the call stays pending, and is repeated with the
//! same idempotency key as [`RetryPolicy`] says.

use super::{Error, Kernel, Package, RetryPolicy};
use crate::capability::{Capabilities, Class, Failure, HostCode};
use crate::workflow::{Entry, Lease, Run, State};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use time::OffsetDateTime;

/// Maximum length, in bytes, of a call's answer as JSON. A longer answer makes the call fail.
pub(super) const ANSWER_MAX: usize = 1 << 20;
/// Maximum number of characters of a run's log line that are written to the host's log.
const LINE_MAX: usize = 2_000;

/// Effects of one run: performs the run's calls and writes its journal, while this host has the
/// lease.
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

    /// Idempotency key of the call with this sequence number, the same on every repetition of the
    /// call.
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

    /// Adds the entry of a call that has no effect outside the host to the journal.
    pub(super) async fn write(&self, entry: Entry) -> Result<Entry, Error> {
        self.kernel.write(&self.lease, &entry).await?;
        Ok(entry)
    }

    /// Updates the journal entry of a call that waits.
    pub(super) async fn set_pending(&self, entry: Entry) -> Result<Entry, Error> {
        self.kernel.set_pending(&self.lease, &entry).await?;
        Ok(entry)
    }
}

/// Answer to the last command that the run has given. A view row that the run reads must not be
/// older than that command. `None`: the run has given no command.
pub(super) fn last_command(journal: &BTreeMap<i32, Entry>) -> Option<Value> {
    journal.values().rev().find_map(|entry| match &entry.state {
        State::Done(Ok(answer)) if entry.capability == "flow" && entry.function == "submit" => Some(answer.clone()),
        _ => None,
    })
}

pub(super) fn too_large(what: &str) -> Failure {
    Failure::new(Class::Permanent, HostCode::TooLarge, format!("{what} is more than is kept"))
}
