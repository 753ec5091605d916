//! Notification of the domain when a call stalls and when it recovers, by the workflow's `on_stall`
//! command. So people see why their request waits.
//!
//! The command's idempotency key names the stall. If a notification is repeated after a crash, the
//! ledger answers it and nothing happens twice.

use super::{Error, RunEffects};
use crate::capability::Class;
use crate::workflow::{Entry, Stall};
use serde_json::json;

#[derive(Clone, Copy, PartialEq, Eq)]
enum StallNotice {
    Stalled,
    Recovered,
}

impl StallNotice {
    fn word(self) -> &'static str {
        match self {
            StallNotice::Stalled => "stalled",
            StallNotice::Recovered => "recovered",
        }
    }
}

impl RunEffects {
    /// Notifies the domain of a stall if the retry policy says so. Returns the stall, marked as
    /// notified in that case.
    pub(super) async fn notify_stalled(&self, entry: &Entry, stall: Stall, now: i64) -> Result<Stall, Error> {
        let is_due = self.retry_policy.should_notify(&stall, now);
        if is_due && self.notify_domain(entry, &stall, StallNotice::Stalled).await? {
            return Ok(Stall { notified: true, notified_code: Some(stall.failure.code.clone()), ..stall });
        }
        Ok(stall)
    }

    pub(super) async fn notify_recovered(&self, entry: &Entry) -> Result<(), Error> {
        match entry.stall() {
            Some(stall) if stall.notified => self.notify_domain(entry, stall, StallNotice::Recovered).await.map(drop),
            _ => Ok(()),
        }
    }

    /// Notifies the domain that a call stalls or has recovered. Returns whether the domain knows it
    /// now. The domain also knows it if it rejected the command.
    async fn notify_domain(&self, entry: &Entry, stall: &Stall, notice: StallNotice) -> Result<bool, Error> {
        let command = self.package.workflow(&self.run.workflow).and_then(|workflow| workflow.on_stall.as_deref());
        let Some(command) = command else { return Ok(false) };
        let since = if notice == StallNotice::Stalled { stall.notice_since() } else { stall.since };
        let key = format!("{}:stall:{since}:{}", entry.idempotency_key, notice.word());
        let body = json!({
            "key": self.run.key,
            "stalled": notice == StallNotice::Stalled,
            "code": stall.failure.code,
            "message": stall.failure.message,
        });
        match self.kernel.submit(&self.run, command, &body, &key).await {
            Ok(Ok(_)) => Ok(true),
            // The domain may be in another state, or not be reachable, which must not delay the
            // run.
            Ok(Err(failure)) => {
                tracing::warn!(run = %self.run.id, command, code = failure.code, "the domain refused a stall's notice");
                Ok(failure.class == Class::Rejected)
            }
            Err(error @ Error::Store(_)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(run = %self.run.id, command, error, "the domain could not be notified of a stall");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}
