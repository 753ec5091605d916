//! Departures: gives the products a command for each open thing that may wait for people who have
//! left (`on_departure` of a view). See ADR 0019.
//!
//! One host at a time works on a departure, and on several tenants at the same time, so that a
//! tenant whose views lag does not delay the others. The commands' idempotency keys are made from
//! the departure and the look, so that a repetition after a crash has no further effect.

use super::{Plugin, Plugins};
use eaf_core::Core;
use eaf_core::actor::{Caller, TraceId};
use eaf_core::command_bus::{Answer, Request};
use eaf_core::contract::{PeopleRef, ViewType};
use eaf_core::departure::{self, Departed, Lease, Look};
use eaf_core::event_store::{self, Position};
use eaf_core::product::{self, Inactive};
use eaf_core::{consumers, db, view};
use serde_json::json;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Interval at which the host claims departures that are due.
const CLAIM_INTERVAL: Duration = Duration::from_secs(2);
/// Duration of a lease, which is prolonged before each batch.
const LEASE_TIME: Duration = Duration::from_secs(30);
/// Maximum number of things per batch, and of commands at the same time.
const BATCH_SIZE: usize = 100;
const CONCURRENT_MAX: usize = 8;
/// Maximum number of tenants on whose departures one host works at the same time.
const TENANTS_MAX: usize = 4;
/// Maximum time to wait for a view that lags; then the departure is tried again later.
const VIEW_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause after the first failure; it doubles with each further one.
const PAUSE: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Departure(#[from] departure::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the head of the log could not be read")]
    Head(#[source] event_store::Error),
    #[error("the things that wait could not be listed")]
    List(#[source] view::Error),
    #[error("the product's state could not be read")]
    Product(#[source] product::Error),
    #[error("the product {0} is stopped")]
    Stopped(String),
    #[error("{0} commands had no answer")]
    Unanswered(usize),
    #[error("the host stops")]
    Stopping,
}

pub struct Departures {
    core: Arc<Core>,
    plugins: Plugins,
}

impl Departures {
    pub fn new(core: Arc<Core>, plugins: Plugins) -> Arc<Self> {
        Arc::new(Departures { core, plugins })
    }

    /// Works on departures until the future `stop` completes. A batch in progress is completed; the
    /// departure is then released to other hosts.
    pub async fn run(self: Arc<Self>, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let (stopping, stopped) = watch::channel(false);
        let mut working = JoinSet::new();
        loop {
            if working.len() < TENANTS_MAX && self.claim(&mut working, &stopped).await {
                continue;
            }
            tokio::select! {
                () = &mut stop => break,
                Some(_) = working.join_next(), if !working.is_empty() => {}
                () = tokio::time::sleep(CLAIM_INTERVAL) => {}
            }
        }
        stopping.send_replace(true);
        while working.join_next().await.is_some() {}
    }

    /// Claims a departure and begins the work on it. Returns false if none is due.
    async fn claim(self: &Arc<Self>, working: &mut JoinSet<()>, stopped: &watch::Receiver<bool>) -> bool {
        match departure::claim(&self.core.db, LEASE_TIME).await {
            Ok(Some(lease)) => {
                let (departures, stopped) = (self.clone(), stopped.clone());
                working.spawn(async move { departures.complete(lease, &stopped).await });
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "no departure could be claimed");
                false
            }
        }
    }

    async fn complete(&self, mut lease: Lease, stopped: &watch::Receiver<bool>) {
        let db = &self.core.db;
        let outcome = self.notify_products(&mut lease, stopped).await;
        if let Err(error) = &outcome
            && !matches!(error, Error::Stopping)
        {
            let (tenant, error) = (lease.tenant, error as &dyn std::error::Error);
            tracing::warn!(%tenant, departure = %lease.id, error, "a departure will be tried again");
        }
        let (word, ended) = match &outcome {
            Ok(look) => ("ok", departure::finish(db, &lease, *look).await),
            Err(Error::Stopping) => ("interrupted", departure::release(db, &lease).await),
            Err(_) => ("failed", departure::postpone(db, &lease, PAUSE, PAUSE_MAX).await),
        };
        metrics::counter!("eaf_departures_total", "outcome" => word).increment(1);
        if let Err(error) = ended {
            tracing::warn!(error = &error as &dyn std::error::Error, "a departure's lease expires by itself");
        }
    }

    /// Lets all products look at a departure. Returns which look that was.
    async fn notify_products(&self, lease: &mut Lease, stopped: &watch::Receiver<bool>) -> Result<Look, Error> {
        let (departed, look, head) = {
            let mut tx = self.core.db.tenant(lease.tenant).await?;
            let read = departure::read(&mut tx, lease).await?;
            let (departed, look) = read.ok_or(departure::Error::Fenced)?;
            (departed, look, event_store::head(&mut tx).await.map_err(Error::Head)?)
        };
        let mut outcome = Ok(look);
        for plugin in self.plugins.all() {
            for view in plugin.description.views.iter().filter(|view| view.on_departure.is_some()) {
                let notified = match self.is_active(lease, &plugin).await {
                    Ok(true) => self.notify_view(lease, (&plugin, view), (&departed, look), head, stopped).await,
                    Ok(false) => Ok(()),
                    Err(error) => Err(error),
                };
                match notified {
                    Err(error @ (Error::Stopping | Error::Departure(departure::Error::Fenced))) => return Err(error),
                    // The other products and views must not wait for this one.
                    Err(error) => outcome = outcome.and(Err(error)),
                    Ok(()) => {}
                }
            }
        }
        outcome
    }

    /// Whether the tenant uses the product. Fails for a stopped one, which is notified later.
    async fn is_active(&self, lease: &Lease, plugin: &Plugin) -> Result<bool, Error> {
        let inactive = product::inactive(&self.core.db, lease.tenant, plugin.id()).await;
        match inactive.map_err(Error::Product)? {
            Some(Inactive::NotEnabled) => Ok(false),
            Some(Inactive::Stopped) => Err(Error::Stopped(plugin.id().to_owned())),
            None => Ok(true),
        }
    }

    /// Gives the command for each row that may wait for the people, in batches.
    async fn notify_view(
        &self,
        lease: &mut Lease,
        (plugin, view): (&Arc<Plugin>, &ViewType),
        (departed, look): (&Departed, Look),
        head: Position,
        stopped: &watch::Receiver<bool>,
    ) -> Result<(), Error> {
        let people = PeopleRef::to_departed(departed, &plugin.description.permissions);
        let (db, feed) = (&self.core.db, &self.core.feed);
        match consumers::wait_for(db, feed, lease.tenant, plugin.id(), view, head, VIEW_TIMEOUT).await {
            // The table is created with the first events.
            Err(view::Error::NotCreated(_)) => return Ok(()),
            reached => reached.map_err(Error::List)?,
        }
        let (mut after, mut unanswered) = (String::new(), 0);
        loop {
            if *stopped.borrow() {
                return Err(Error::Stopping);
            }
            departure::renew(db, lease, LEASE_TIME).await?;
            let keys = self.keys(lease, (plugin, view), &people, &after).await?;
            let Some(last) = keys.last() else { break };
            after.clone_from(last);
            for some in keys.chunks(CONCURRENT_MAX) {
                unanswered += self.notify(lease, (plugin, view), look, some).await;
            }
        }
        if unanswered == 0 { Ok(()) } else { Err(Error::Unanswered(unanswered)) }
    }

    async fn keys(
        &self,
        lease: &Lease,
        (plugin, view): (&Arc<Plugin>, &ViewType),
        people: &PeopleRef,
        after: &str,
    ) -> Result<Vec<String>, Error> {
        let mut tx = self.core.db.tenant(lease.tenant).await?;
        view::waiting_keys(&mut tx, plugin.id(), view, people, after, BATCH_SIZE).await.map_err(Error::List)
    }

    /// Gives the commands for these rows at the same time. Returns how many had no answer.
    async fn notify(
        &self,
        lease: &Lease,
        (plugin, view): (&Arc<Plugin>, &ViewType),
        look: Look,
        keys: &[String],
    ) -> usize {
        let Some(command) = &view.on_departure else { return 0 };
        let look = match look {
            Look::First => "first",
            Look::Second => "second",
        };
        let mut commands = JoinSet::new();
        for key in keys {
            let request = Request {
                name: command.clone(),
                body: json!({ "key": key }),
                idempotency_key: format!("departed:{}:{look}:{}:{key}", lease.id, view.name),
                precondition: None,
                dry_run: false,
            };
            let caller = Caller::system(lease.tenant, TraceId(lease.id.0.simple().to_string()));
            let (core, plugin) = (self.core.clone(), plugin.clone());
            commands.spawn(async move { give(&core, &plugin, &caller, request).await });
        }
        commands.join_all().await.into_iter().filter(|answered| !answered).count()
    }
}

/// Gives one command. Returns false if it had no answer.
async fn give(core: &Core, plugin: &Plugin, caller: &Caller, request: Request) -> bool {
    let command = request.name.clone();
    match core.bus.execute(plugin.domain.as_ref(), caller, request).await {
        Ok(Answer::Accepted { .. }) => true,
        Ok(Answer::Rejected(rejection)) => {
            tracing::info!(command, code = rejection.code, "the package rejected a departure");
            true
        }
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(command, error, "the package could not be notified of a departure");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use eaf_core::actor::Locale;
    use eaf_core::directory::{NewMember, add_tenant};
    use eaf_core::product::Switch;
    use eaf_core::testing::Database;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_package_without_the_declaration_is_not_notified() {
        let database = Database::fresh().await;
        let core = Arc::new(database.core().await);
        let tenant = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
        let plugins = Plugins::default();
        let plugin = plugins.activate(fixtures::plugin());
        let mut tx = core.db.tenant(tenant).await.unwrap();
        product::switch(&mut tx, plugin.id(), Switch::Enable, "ordered", &core.by).await.unwrap();
        tx.commit().await.unwrap();
        let new = NewMember {
            issuer: "https://id.example.com".into(),
            subject: "anna".into(),
            name: "Anna".into(),
            email: "anna@example.com".into(),
            locale: Locale::De,
            roles: vec!["approver".into()],
        };
        let anna = core.directory.put_member(&core.by, tenant, new).await.unwrap();
        core.directory.remove_member(&core.by, tenant, anna).await.unwrap();
        database.run("update eaf.departure set due_at = now()").await;

        let departures = Departures::new(core.clone(), plugins);
        let (_running, stopped) = watch::channel(false);
        let mut working = JoinSet::new();
        assert!(departures.claim(&mut working, &stopped).await, "it is due");
        working.join_next().await.unwrap().unwrap();
        assert_eq!((database.departures().await, database.events(tenant).await), (0, 0));
        assert!(!departures.claim(&mut working, &stopped).await, "none is due");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_host_that_stops_ends_its_work() {
        let database = Database::fresh().await;
        let departures = Departures::new(Arc::new(database.core().await), Plugins::default());
        let ended = tokio::time::timeout(Duration::from_secs(10), departures.run(std::future::ready(()))).await;
        assert!(ended.is_ok());
    }
}
