//! Observation: polls the managed resources of packages that request it (`observe` in
//! `plugin.toml`), and notifies the package of changes by a command. See ADR 0011.
//!
//! Each connection is polled every few minutes, by one host at a time and in sequence. The pause
//! grows after each failure, and is much longer after a refused login, because refusals lock
//! accounts.

use super::manifest::Observe;
use super::{Plugin, Plugins};
use eaf_capability::{Class, Failure, Observed, Provider, Providers, Seen, Trouble, Watch};
use eaf_core::Core;
use eaf_core::actor::{Caller, TraceId};
use eaf_core::command_bus::{Answer, Request};
use eaf_core::directory;
use eaf_core::grant::{self, Grant, ListedGrant};
use eaf_core::observation::{self, ManagedResource, Observation, ObservationLease, Reported};
use eaf_core::view;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Interval from poll to poll of one connection, so that no page is older than 5 minutes.
const EVERY: Duration = Duration::from_secs(4 * 60);
/// Interval at which due connections are claimed.
const LOOK: Duration = Duration::from_secs(5);
/// Limit of connections that one host polls concurrently.
const AT_ONCE: usize = 4;
/// Resources per batch; each batch is recorded before the next.
const ROUND: usize = 500;
/// Time-outs of reading and of a whole poll. The lease is longer, so that no other host polls the
/// connection meanwhile.
const READ: Duration = Duration::from_secs(80);
const LONGEST: Duration = Duration::from_secs(100);
const LEASE: Duration = Duration::from_secs(120);
/// Limit of the pause after failures, which doubles.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// Pause after a refused login, since directories lock an account after a few refusals within an
/// hour.
const LOGIN_PAUSE: Duration = Duration::from_secs(60 * 60);
const LONGEST_LOGIN_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

pub struct Observer {
    core: Arc<Core>,
    plugins: Plugins,
    providers: Arc<Providers>,
}

impl Observer {
    pub fn new(core: Arc<Core>, plugins: Plugins, providers: Arc<Providers>) -> Arc<Self> {
        Arc::new(Observer { core, plugins, providers })
    }

    /// Polls until `stop` ends. Another host claims a cancelled poll when its lease expires.
    pub async fn run(self: Arc<Self>, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut turns = JoinSet::new();
        loop {
            let is_due = turns.len() < AT_ONCE && self.begin(&mut turns).await;
            if is_due {
                continue;
            }
            tokio::select! {
                () = &mut stop => return,
                Some(_) = turns.join_next(), if !turns.is_empty() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    async fn begin(self: &Arc<Self>, turns: &mut JoinSet<()>) -> bool {
        let observing = self.providers.iter().filter(|(_, provider)| provider.observable().is_some());
        let capabilities: Vec<String> = observing.map(|(name, _)| name.clone()).collect();
        match observation::claim(&self.core.db, &capabilities, LEASE).await {
            Ok(Some(turn)) => {
                let observer = self.clone();
                turns.spawn(async move { observer.take(&turn).await });
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

    /// Polls one connection.
    pub async fn take(&self, turn: &ObservationLease) {
        let Some(provider) = self.providers.get(&turn.capability) else { return };
        let begun = Instant::now();
        let outcome = tokio::time::timeout(LONGEST, self.look(turn, provider.as_ref())).await;
        let outcome = outcome.unwrap_or_else(|_| {
            Err(Failure::new(Class::Transient, "observation-too-long", "The observation took too long."))
        });
        let before = observation::failures(&self.core.db, turn).await.unwrap_or_default();
        let (failures, pause) = match &outcome {
            // Measured from begin to begin, whatever the number of resources.
            Ok(()) => (0, EVERY.saturating_sub(begun.elapsed())),
            Err(failure) => (before + 1, pause(provider.connection_trouble(failure), failure, before)),
        };
        let (tenant, connection) = (turn.tenant, &turn.connection);
        let word = match &outcome {
            Ok(()) => "ok",
            Err(failure) => {
                tracing::info!(%tenant, connection, code = failure.code, seconds = pause.as_secs(), "an observation failed");
                "failed"
            }
        };
        metrics::counter!("eaf_observations_total", "capability" => turn.capability.clone(), "outcome" => word)
            .increment(1);
        if let Err(error) = observation::finish(&self.core.db, turn, failures, pause).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an observation could not be finished; its lease expires"
            );
        }
    }

    async fn look(&self, turn: &ObservationLease, provider: &dyn Provider) -> Result<(), Failure> {
        let until = Instant::now() + READ;
        let granted = grant::list(&self.core.db, turn.tenant).await.map_err(|error| store(&error))?;
        let products = directory::tenant(&self.core.db, turn.tenant).await.map_err(|error| store(&error))?;
        let products = products.map(|tenant| tenant.products).unwrap_or_default();
        for ListedGrant { grant: Grant { plugin, capability, name, connection, .. }, expired, .. } in granted {
            let is_of_turn = capability == turn.capability && connection == turn.connection;
            if !is_of_turn || expired || !products.contains(&plugin) {
                continue;
            }
            let Some(plugin) = self.plugins.get(&plugin) else { continue };
            let mut requests = plugin.manifest.requests.iter();
            let request = requests.find(|request| request.capability == capability && request.grant == name);
            if let Some(observe) = request.and_then(|request| request.observe.as_ref()) {
                self.look_for(turn, provider, (&plugin, &name, observe), until).await?;
            }
        }
        Ok(())
    }

    async fn look_for(
        &self,
        turn: &ObservationLease,
        provider: &dyn Provider,
        (plugin, grant, observe): (&Plugin, &str, &Observe),
        until: Instant,
    ) -> Result<(), Failure> {
        let observable = provider.observable().unwrap_or_default();
        let things =
            observation::resources(&self.core.db, turn.tenant, plugin.id(), &turn.capability, &observable).await;
        let things = things.map_err(|error| store(&error))?;
        for round in things.chunks(ROUND) {
            let trace = TraceId(self.core.ambient.uuid().simple().to_string());
            let (tenant, grant, id) = (turn.tenant, grant.to_owned(), plugin.id().to_owned());
            let watch = Watch { tenant, plugin: id, grant, things: round.to_vec(), trace, until };
            let (looked_at, failure) = self.look_at(&watch, provider, plugin, observe).await?;
            let noted =
                observation::record(&self.core.db, turn.tenant, plugin.id(), &turn.capability, &looked_at).await;
            noted.map_err(|error| store(&error))?;
            if let Some(failure) = failure {
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Reads a batch and notifies the package of changes: of a state other than the last one
    /// reported, and of an unchanged one if the row has seen events since, since a workflow may
    /// have reported another state meanwhile. Omits resources whose notification failed, so that
    /// they stay due. Returns the observations made before a failure as well.
    async fn look_at(
        &self,
        watch: &Watch,
        provider: &dyn Provider,
        plugin: &Plugin,
        observe: &Observe,
    ) -> Result<(Vec<Observation>, Option<Failure>), Failure> {
        // Positions before the read, so that later events cause another notification.
        let positions = self.positions(watch, plugin, observe).await?;
        let Observed { seen, failure } = provider.observe(watch).await;
        let things: HashMap<&str, &ManagedResource> =
            watch.things.iter().map(|thing| (thing.identity.as_str(), thing)).collect();
        let mut looked_at = Vec::new();
        for Seen { identity, found } in seen {
            let position = positions.get(&identity).cloned();
            let before = things.get(identity.as_str());
            let is_known =
                |thing: &&ManagedResource| thing.seen.as_ref() == Some(&found) && thing.seen_position == position;
            if before.is_some_and(is_known) {
                looked_at.push(Observation { identity, reported: None });
            } else if self.tell(watch, plugin, &observe.command, &identity, &found).await {
                looked_at.push(Observation { identity, reported: Some(Reported { state: found, position }) });
            }
        }
        Ok((looked_at, failure))
    }

    /// Positions of the last events of the resources' rows.
    async fn positions(
        &self,
        watch: &Watch,
        plugin: &Plugin,
        observe: &Observe,
    ) -> Result<HashMap<String, String>, Failure> {
        let mut views = plugin.description.views.iter();
        let Some(view) = views.find(|view| Some(&view.name) == observe.view.as_ref()) else {
            return Ok(HashMap::new());
        };
        let keys: Vec<&str> = watch.things.iter().map(|thing| thing.identity.as_str()).collect();
        let found = view::positions(&self.core.db, watch.tenant, plugin.id(), view, &keys).await;
        let found = found.map_err(|error| store(&error))?;
        Ok(found.into_iter().map(|(key, position)| (key, position.to_string())).collect())
    }

    /// Notifies the package of a state. False: the notification failed and is repeated by the next
    /// poll.
    async fn tell(&self, watch: &Watch, plugin: &Plugin, command: &str, key: &str, found: &Value) -> bool {
        let caller = Caller::system(watch.tenant, watch.trace.clone());
        let request = Request {
            name: command.to_owned(),
            body: json!({ "key": key, "found": found }),
            idempotency_key: format!("observed:{}:{key}", watch.trace.0),
            precondition: None,
            dry_run: false,
        };
        match self.core.bus.execute(plugin.domain.as_ref(), &caller, request).await {
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

/// Pause of a connection after a failure that follows `before` consecutive ones.
fn pause(trouble: Trouble, failure: &Failure, before: u32) -> Duration {
    let (first, longest) = match trouble {
        Trouble::Login => (LOGIN_PAUSE, LONGEST_LOGIN_PAUSE),
        Trouble::None | Trouble::Reach => (EVERY, LONGEST_PAUSE),
    };
    let doubled = first.saturating_mul(1 << before.min(10)).min(longest);
    doubled.max(failure.retry_after_ms.map(Duration::from_millis).unwrap_or_default())
}

fn store(error: &(dyn std::error::Error + 'static)) -> Failure {
    tracing::warn!(error, "the host's own store could not be reached by an observation");
    Failure::new(Class::Transient, "store", "The host's own store could not be reached.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Failure {
        Failure::new(Class::Transient, "vcenter-unreachable", "No.")
    }

    #[test]
    fn an_outage_is_asked_about_less_and_less_often_and_never_given_up() {
        let pauses: Vec<_> = (0..40).map(|before| pause(Trouble::Reach, &failure(), before).as_secs() / 60).collect();
        assert_eq!(pauses[..4], [4, 8, 15, 15]);
        assert_eq!(pauses[39], 15);
    }

    #[test]
    fn an_account_whose_login_was_refused_is_left_alone_for_hours() {
        let pauses: Vec<_> = (0..8).map(|before| pause(Trouble::Login, &failure(), before).as_secs() / 3600).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 24, 24, 24]);
    }

    #[test]
    fn a_server_that_names_a_later_time_is_believed() {
        let busy = failure().retry_after(Duration::from_secs(3_600));
        assert_eq!(pause(Trouble::None, &busy, 0), Duration::from_secs(3_600));
    }
}
