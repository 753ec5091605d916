//! Readiness of the host: whether it can serve requests now.

use super::App;
use eaf_core::Core;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Time-out of the database check, shorter than the 3 s of the chart's probes, so that the answer
/// with its reason arrives.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// Lifetime of a cached result of the database check. Load balancers probe at most once a second,
/// so each of their probes gets a fresh result.
const RESULT_TTL: Duration = Duration::from_millis(500);

/// Cached result of the database check. Probes need no sign-in, so they must not be able to use up
/// the database connections.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Instant, Result<(), &'static str>)>>);

impl Readiness {
    /// Checks the database, at most once per [`RESULT_TTL`].
    async fn check(&self, core: &Core) -> Result<(), &'static str> {
        let mut last = self.0.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < RESULT_TTL
        {
            return *answer;
        }
        let answer = tokio::time::timeout(PROBE_TIMEOUT, database(core)).await;
        let answer = answer.unwrap_or(Err("the database does not answer"));
        *last = Some((Instant::now(), answer));
        answer
    }
}

async fn database(core: &Core) -> Result<(), &'static str> {
    if let Err(cause) = eaf_core::db::ready(&core.db).await {
        tracing::warn!(error = &cause as &dyn std::error::Error, "not ready");
        return Err("the database is not ready");
    }
    if let Err(cause) = core.master_keys.ready().await {
        tracing::warn!(error = &cause as &dyn std::error::Error, "not ready");
        return Err("the database's keys are wrapped with a master key that this host does not hold: see the log");
    }
    Ok(())
}

/// Checks whether the host can serve; the error is the text that says why not. Other systems
/// (vCenter, SMTP, the identity provider) are not checked, because a restart of the host would not
/// repair them. A host whose own settings prevent every sign-in is not ready, so that a deployment
/// does not replace a working host by one without sign-in.
pub async fn check(app: &App) -> Result<(), &'static str> {
    if app.draining.is_draining() {
        return Err("the host is shutting down");
    }
    if app.products.all().is_empty() {
        return Err("no product is loaded");
    }
    if app.identity.is_misconfigured() {
        return Err("the identity provider rejects the host's settings, so no sign-in is possible: see the log");
    }
    app.readiness.check(&app.core).await
}
