//! Observer: polls the managed resources of packages that request it (`observe` in `plugin.toml`),
//! and notifies the package of changes by a command. See ADR 0010.
//!
//! Each connection is polled every few minutes, by one host at a time, with one request after the
//! other. The pause before the next poll grows after each failure. After a refused login it is much
//! longer, because refused logins lock accounts.

use super::manifest::Observe;
use super::{Plugin, Plugins};
use eaf_capability::{
    Class, ConnectionProblem, Failure, HostCode, ObservationRequest, Observations, Provider, Providers, ResourceState,
};
use eaf_core::Core;
use eaf_core::actor::{Caller, TraceId};
use eaf_core::capability::granted::{self, Resolution};
use eaf_core::command_bus::{Answer, Request};
use eaf_core::grant::{self, Grant, ListedGrant};
use eaf_core::observation::{self, ManagedResource, Observation, ObservationLease, Reported};
use eaf_core::view;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Interval from the start of one poll of a connection to the start of the next. It is shorter than
/// 5 minutes, so that no page shows a state older than 5 minutes.
const POLL_INTERVAL: Duration = Duration::from_secs(4 * 60);
/// Interval at which the host claims connections whose next poll is due.
const CLAIM_INTERVAL: Duration = Duration::from_secs(5);
/// Maximum number of connections that one host polls at the same time.
const CONCURRENT_MAX: usize = 4;
/// Maximum number of managed resources per batch. The result of a batch is recorded before the next
/// batch is read.
const BATCH_SIZE: usize = 500;
/// Time-out for reading resources in one poll. The time-out of the whole poll and its lease are
/// longer, so that no other host polls the connection meanwhile.
const READ_TIMEOUT: Duration = Duration::from_secs(80);
const POLL_TIMEOUT: Duration = Duration::from_secs(100);
const LEASE_TIME: Duration = Duration::from_secs(120);
/// Maximum pause after failures of a connection. The pause doubles with each failure.
const PAUSE_MAX: Duration = Duration::from_secs(15 * 60);
/// Pause after a refused login. It is long because directories lock an account after a few refused
/// logins within an hour.
const LOGIN_PAUSE: Duration = Duration::from_secs(60 * 60);
const LOGIN_PAUSE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

pub struct Observer {
    core: Arc<Core>,
    plugins: Plugins,
    providers: Arc<Providers>,
}

impl Observer {
    pub fn new(core: Arc<Core>, plugins: Plugins, providers: Arc<Providers>) -> Arc<Self> {
        Arc::new(Observer { core, plugins, providers })
    }

    /// Polls connections until the future `stop` completes. Polls in progress are then cancelled;
    /// another host claims their connections as soon as the leases expire.
    pub async fn run(self: Arc<Self>, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut polls = JoinSet::new();
        loop {
            let is_due = polls.len() < CONCURRENT_MAX && self.claim(&mut polls).await;
            if is_due {
                continue;
            }
            tokio::select! {
                () = &mut stop => return,
                Some(_) = polls.join_next(), if !polls.is_empty() => {}
                () = tokio::time::sleep(CLAIM_INTERVAL) => {}
            }
        }
    }

    async fn claim(self: &Arc<Self>, polls: &mut JoinSet<()>) -> bool {
        let observing = self.providers.iter().filter(|(_, provider)| provider.observable().is_some());
        let capabilities: Vec<String> = observing.map(|(name, _)| name.clone()).collect();
        match observation::claim(&self.core.db, &capabilities, LEASE_TIME).await {
            Ok(Some(lease)) => {
                let observer = self.clone();
                polls.spawn(async move { observer.poll(&lease).await });
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a due connection could not be claimed for observation"
                );
                false
            }
        }
    }

    /// Polls one connection for which this host has the lease.
    pub async fn poll(&self, lease: &ObservationLease) {
        let Some(provider) = self.providers.get(&lease.capability) else { return };
        let begun = Instant::now();
        let outcome = tokio::time::timeout(POLL_TIMEOUT, self.observe(lease, provider.as_ref())).await;
        let outcome = outcome.unwrap_or_else(|_| {
            Err(Failure::new(Class::Transient, HostCode::ObservationTooLong, "The observation took too long."))
        });
        let before = observation::failures(&self.core.db, lease).await.unwrap_or_default();
        let (failures, pause) = match &outcome {
            // The interval counts from the start of one poll to the start of the next, however long
            // the poll took.
            Ok(()) => (0, POLL_INTERVAL.saturating_sub(begun.elapsed())),
            Err(failure) => (before + 1, pause(provider.connection_problem(failure), failure, before)),
        };
        let (tenant, connection) = (lease.tenant, &lease.connection);
        let word = match &outcome {
            Ok(()) => "ok",
            Err(failure) => {
                tracing::info!(%tenant, connection, code = failure.code, seconds = pause.as_secs(), "an observation failed");
                "failed"
            }
        };
        metrics::counter!("eaf_observations_total", "capability" => lease.capability.clone(), "outcome" => word)
            .increment(1);
        if let Err(error) = observation::finish(&self.core.db, lease, failures, pause).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an observation could not be finished; its lease expires"
            );
        }
    }

    async fn observe(&self, lease: &ObservationLease, provider: &dyn Provider) -> Result<(), Failure> {
        let deadline = Instant::now() + READ_TIMEOUT;
        let grants = grant::list(&self.core.db, lease.tenant).await.map_err(|error| store(&error))?;
        for ListedGrant { grant: Grant { plugin, capability, name, connection, .. }, .. } in grants {
            if capability != lease.capability || connection != lease.connection {
                continue;
            }
            let Some(plugin) = self.plugins.get(&plugin) else { continue };
            let mut requests = plugin.manifest.requests.iter();
            let request = requests.find(|request| request.capability == capability && request.grant == name);
            if let Some(observe) = request.and_then(|request| request.observe.as_ref()) {
                self.observe_plugin(lease, provider, (&plugin, &name, observe), deadline).await?;
            }
        }
        Ok(())
    }

    async fn observe_plugin(
        &self,
        lease: &ObservationLease,
        provider: &dyn Provider,
        (plugin, grant, observe): (&Plugin, &str, &Observe),
        deadline: Instant,
    ) -> Result<(), Failure> {
        let observable = provider.observable().unwrap_or_default();
        let (db, connections) = (&self.core.db, &self.core.connections);
        let resolved = granted::resolve(db, connections, lease.tenant, plugin.id(), &lease.capability, grant).await;
        let Resolution::Granted(granted) = resolved.map_err(|error| store(&error))? else { return Ok(()) };
        let resources =
            observation::resources(&self.core.db, lease.tenant, plugin.id(), &lease.capability, &observable).await;
        let resources = resources.map_err(|error| store(&error))?;
        for batch in resources.chunks(BATCH_SIZE) {
            let trace = TraceId(self.core.ambient.uuid().simple().to_string());
            let (tenant, granted, id) = (lease.tenant, (*granted).clone(), plugin.id().to_owned());
            let request =
                ObservationRequest { tenant, plugin: id, granted, resources: batch.to_vec(), trace, deadline };
            let (observations, failure) = self.observe_batch(&request, provider, plugin, observe).await?;
            let noted =
                observation::record(&self.core.db, lease.tenant, plugin.id(), &lease.capability, &observations).await;
            noted.map_err(|error| store(&error))?;
            if let Some(failure) = failure {
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Reads a batch of managed resources and notifies the package of changes. A state counts as a
    /// change if it differs from the state that was last reported. It also counts if the resource's
    /// row has had events since, because a workflow may have reported another state meanwhile.
    ///
    /// The returned observations omit a resource whose notification failed, so that the next poll
    /// repeats it. If reading fails, observations made before the failure are returned with it.
    async fn observe_batch(
        &self,
        request: &ObservationRequest,
        provider: &dyn Provider,
        plugin: &Plugin,
        observe: &Observe,
    ) -> Result<(Vec<Observation>, Option<Failure>), Failure> {
        // The positions are read before the resources, so that an event which comes between the two
        // reads causes another notification.
        let positions = self.positions(request, plugin, observe).await?;
        let Observations { states, failure } = provider.observe(request).await;
        let resources: HashMap<&str, &ManagedResource> =
            request.resources.iter().map(|resource| (resource.identity.as_str(), resource)).collect();
        let mut observations = Vec::new();
        for ResourceState { identity, state } in states {
            let position = positions.get(&identity).cloned();
            let before = resources.get(identity.as_str());
            let is_known = |resource: &&ManagedResource| {
                resource.seen.as_ref() == Some(&state) && resource.seen_position == position
            };
            if before.is_some_and(is_known) {
                observations.push(Observation { identity, reported: None });
            } else if self.notify(request, plugin, &observe.command, &identity, &state).await {
                observations.push(Observation { identity, reported: Some(Reported { state, position }) });
            }
        }
        Ok((observations, failure))
    }

    /// Positions of the last events of the managed resources' rows in the view, by the row's key.
    async fn positions(
        &self,
        request: &ObservationRequest,
        plugin: &Plugin,
        observe: &Observe,
    ) -> Result<HashMap<String, String>, Failure> {
        let mut views = plugin.description.views.iter();
        let Some(view) = views.find(|view| Some(&view.name) == observe.view.as_ref()) else {
            return Ok(HashMap::new());
        };
        let keys: Vec<&str> = request.resources.iter().map(|resource| resource.identity.as_str()).collect();
        let found = view::positions(&self.core.db, request.tenant, plugin.id(), view, &keys).await;
        let found = found.map_err(|error| store(&error))?;
        Ok(found.into_iter().map(|(key, position)| (key, position.to_string())).collect())
    }

    /// Notifies the package of a resource's state by a command. Returns false if that failed; the
    /// next poll then repeats the notification.
    async fn notify(
        &self,
        request: &ObservationRequest,
        plugin: &Plugin,
        command: &str,
        key: &str,
        state: &Value,
    ) -> bool {
        let caller = Caller::system(request.tenant, request.trace.clone());
        let notification = Request {
            name: command.to_owned(),
            body: json!({ "key": key, "found": state }),
            idempotency_key: format!("observed:{}:{key}", request.trace.0),
            precondition: None,
            dry_run: false,
        };
        match self.core.bus.execute(plugin.domain.as_ref(), &caller, notification).await {
            Ok(Answer::Accepted { .. }) => true,
            Ok(Answer::Rejected(rejection)) => {
                tracing::info!(command, code = rejection.code, "the package rejected an observation");
                true
            }
            Err(error) => {
                tracing::warn!(
                    command,
                    error = &error as &dyn std::error::Error,
                    "the package could not be notified of an observation"
                );
                false
            }
        }
    }
}

/// Pause before the next poll of a connection, after a failure that follows `before` consecutive
/// failures.
fn pause(problem: ConnectionProblem, failure: &Failure, before: u32) -> Duration {
    let (first, longest) = match problem {
        ConnectionProblem::LoginRefused => (LOGIN_PAUSE, LOGIN_PAUSE_MAX),
        ConnectionProblem::None | ConnectionProblem::Unreachable => (POLL_INTERVAL, PAUSE_MAX),
    };
    let doubled = first.saturating_mul(1 << before.min(10)).min(longest);
    doubled.max(failure.retry_after_ms.map(Duration::from_millis).unwrap_or_default())
}

fn store(error: &(dyn std::error::Error + 'static)) -> Failure {
    tracing::warn!(error, "the host's own store could not be reached by an observation");
    Failure::new(Class::Transient, HostCode::Store, "The host's own store could not be reached.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Failure {
        Failure::from_parts(Class::Transient, "vcenter-unreachable", "No.")
    }

    #[test]
    fn an_outage_is_asked_about_less_and_less_often_and_never_given_up() {
        let pauses: Vec<_> =
            (0..40).map(|before| pause(ConnectionProblem::Unreachable, &failure(), before).as_secs() / 60).collect();
        assert_eq!(pauses[..4], [4, 8, 15, 15]);
        assert_eq!(pauses[39], 15);
    }

    #[test]
    fn an_account_whose_login_was_refused_is_left_alone_for_hours() {
        let pauses: Vec<_> =
            (0..8).map(|before| pause(ConnectionProblem::LoginRefused, &failure(), before).as_secs() / 3600).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 24, 24, 24]);
    }

    #[test]
    fn a_server_that_names_a_later_time_is_believed() {
        let busy = failure().retry_after(Duration::from_secs(3_600));
        assert_eq!(pause(ConnectionProblem::None, &busy, 0), Duration::from_secs(3_600));
    }
}
